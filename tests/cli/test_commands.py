"""Every command as a user without a terminal meets it: output, exit codes, one line for each error."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.cli import main

Run = Callable[..., tuple[int, str, str]]
CHAT = "WhatsApp Chat with Ilka Brandt.txt"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``ipse`` in this process and return exit code, stdout and stderr."""
    monkeypatch.setenv("IPSE_PASSPHRASE", "a passphrase for tests")

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["ipse", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return code if isinstance(code, int) else 0, captured.out, captured.err

    return call


@pytest.fixture
def vault_folder(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vault that IPSE_VAULT names."""
    folder = tmp_path / "mine"
    assert run("init", str(folder), "--json")[0] == 0
    monkeypatch.setenv("IPSE_VAULT", str(folder))
    return folder


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    """A chat of 80 pairs over two months."""
    file = tmp_path / CHAT
    with file.open("w", encoding="utf-8") as stream:
        for n in range(80):
            at = f"{n // 2 % 27 + 1:02}/{n // 54 + 1:02}/2023, {8 + n % 2 * 6:02}"
            stream.write(f"{at}:00 - Ilka Brandt: what about plan {n}?\n")
            stream.write(f"{at}:04 - Nora Feld: yes!! plan {n} sounds great :)\n")
    return file


def test_the_whole_way_from_a_vault_to_an_answer(
    run: Run, vault_folder: Path, chat: Path, tmp_path: Path
) -> None:
    assert (
        run("consent", "give", "--source", "whatsapp_zip", "--purpose", "archive", "style", "--yes")[0] == 0
    )
    code, out, _ = run("import", str(chat), "--me", "Nora Feld", "--tz", "Europe/Berlin", "--yes", "--json")
    (export,) = json.loads(out)["exports"]
    assert (code, export["read"], export["kept"]) == (0, 160, 160)
    code, out, _ = run("import", str(chat), "--me", "Nora Feld", "--tz", "Europe/Berlin")
    assert "160" in out
    code, out, _ = run("prepare", "--json")
    card = json.loads(out)
    assert (code, set(card["sets"])) == (0, {"train", "judge", "test"})
    assert run("prepare")[1].count(card["hash"]) == 1
    told = run("prepare", "--report")[1]
    assert "left out" in told
    assert "Coherence of reflections judged by" in told
    report = json.loads(run("prepare", "--report", "--json")[1])
    assert set(report) == {"card", "samples", "persona"}
    assert report["samples"].keys() <= report["card"]["filters"].keys()
    lines = run("export", "dataset", "--format", "alpaca")[1].splitlines()
    assert json.loads(lines[0])["output"]
    code, out, _ = run("train", "--yes", "--json")
    assert (code, json.loads(out)["dataset_hash"]) == (0, card["hash"])
    code, out, _ = run("answer", "what about plan 3?", "--contact", "ilka", "--json")
    assert (code, json.loads(out)["ai_generated"]) == (0, True)
    assert "AI-written" in run("answer", "what about plan 3?")[1]
    assert "default voice" in run("models", "list")[1]
    assert json.loads(run("models", "show", "--json")[1])["id"] == "v1"
    assert run("models", "show")[0] == run("models", "promote", "v1")[0] == 0
    assert "train" in run("jobs", "list")[1]
    assert json.loads(run("jobs", "list", "--json")[1])[0]["state"] == "done"
    code, out, _ = run("evaluate", "--out", str(tmp_path / "card"))
    assert (code, "Scorecard of v1" in out) == (0, True)
    assert {file.suffix for file in (tmp_path / "card").iterdir()} == {".json", ".html"}
    assert json.loads(run("evaluate", "--out", str(tmp_path / "card"), "--json")[1])["model"] == "v1"
    assert "the chain" not in run("audit", "show", "--last", "3")[1]
    assert json.loads(run("audit", "verify", "--json")[1])["valid"]
    assert "follows from the one before" in run("audit", "verify")[1]
    for form in ("jsonl", "csv"):
        assert run("export", "messages", "--format", form)[1].count("\n") in (160, 161)
    out_file = tmp_path / "messages.parquet"
    done = json.loads(run("export", "messages", "--format", "parquet", "--out", str(out_file), "--json")[1])
    assert done["written"] == 160
    assert out_file.read_bytes()[:4] == b"PAR1"
    assert json.loads(run("export", "dataset", "--part", "test")[1].splitlines()[0])["messages"]
    assert run("export", "dataset", "--out", str(tmp_path / "d.jsonl"))[0] == 0


def test_chat_talks_until_an_empty_line(
    run: Run, vault_folder: Path, chat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--purpose", "style", "--yes")
    run("import", str(chat), "--me", "Nora Feld")
    run("prepare")
    run("train")
    said = iter(["what about plan 3?", "/reset", "and plan 9?", ""])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(said))
    code, out, err = run("chat", "--contact", "Ilka")
    assert code == 0, err
    assert out.count("ai ") >= 2
    assert "AI-written" in out
    said = iter(["what about plan 3?", ""])
    assert json.loads(run("chat", "--json")[1])["model"] == "v1"


def test_consents_are_given_listed_shown_and_withdrawn(run: Run, vault_folder: Path) -> None:
    assert "What you allow" in run("consent", "notice")[1]
    code, out, _ = run(
        "consent", "give", "--source", "gmail", "--purpose", "archive", "--days", "30", "--yes"
    )
    assert (code, "gmail for archive, until 2" in out) == (0, True)
    (consent,) = json.loads(run("consent", "list", "--json")[1])
    assert consent["purposes"] == ["archive"]
    assert "given" in run("consent", "list")[1]
    assert "the signature holds" in run("consent", "show", consent["id"][:5])[1]
    assert json.loads(run("consent", "show", consent["id"], "--json")[1])["signature"]
    code, out, _ = run("consent", "withdraw", consent["id"], "--erase", "--yes")
    assert (code, "Erased 0 records" in out) == (0, True)
    code, _, err = run("consent", "withdraw", consent["id"], "--yes")
    assert (code, "withdrawn already" in err) == (1, True)


def test_a_consent_needs_agreement(run: Run, vault_folder: Path) -> None:
    code, _, err = run("consent", "give", "--source", "gmail", "--purpose", "archive")
    assert (code, "Add --yes" in err) == (1, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["import", "nowhere.txt", "--me", "Nora"], "No source has an active consent"),
        (["prepare"], "The vault is empty"),
        (["train"], "There is no dataset"),
        (["answer", "hello"], "Train one with `ipse train`"),
        (["models", "show", "v7"], "There is no model `v7`"),
        (["consent", "show", "abc"], "There is no consent `abc`"),
        (
            ["consent", "give", "--source", "pigeon", "--purpose", "archive", "--yes"],
            "No source is called `pigeon`",
        ),
        (["train", "--method", "astrology"], "There is no"),
        (["export", "messages", "--format", "parquet"], "--out messages.parquet"),
        (["models", "rollback"], "no earlier champion"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(
    run: Run, vault_folder: Path, words: list[str], says: str
) -> None:
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert says in " ".join(err.split())
    assert [line for line in err.splitlines() if line.startswith("ipse:")]
    assert "Traceback" not in err


def test_a_wrong_passphrase_is_said_plainly(
    run: Run, vault_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSE_PASSPHRASE", "not the passphrase")
    code, _, err = run("audit", "verify")
    assert code == 1
    assert "passphrase" in err


def test_the_recovery_key_opens_too(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = json.loads(run("init", str(tmp_path / "v"), "--json")[1])
    monkeypatch.setenv("IPSE_PASSPHRASE", made["recovery_key"].lower().replace("-", " "))
    assert run("audit", "verify", "--vault", str(tmp_path / "v"))[0] == 0


def test_without_terminal_and_passphrase_the_variable_is_named(
    run: Run, vault_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IPSE_PASSPHRASE")
    for words in (("prepare",), ("init", "elsewhere")):
        code, _, err = run(*words)
        assert (code, "Set IPSE_PASSPHRASE" in err) == (1, True)


def test_a_short_passphrase_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSE_PASSPHRASE", "short")
    code, _, err = run("init", str(tmp_path / "v"))
    assert (code, "fewer than 8" in err) == (1, True)
    assert not (tmp_path / "v").exists()


def test_where_the_vault_is(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = run("audit", "verify")
    assert (code, "Make one with `ipse init`" in err) == (1, True)
    assert run("init")[0] == 0  # the user's own
    assert run("audit", "verify")[0] == 0
    for name in ("flag", "environment", "here"):
        assert run("init", str(tmp_path / name))[0] == 0
    monkeypatch.chdir(tmp_path / "here")
    run("consent", "give", "--source", "gmail", "--purpose", "archive", "--yes")
    monkeypatch.setenv("IPSE_VAULT", str(tmp_path / "environment"))
    assert json.loads(run("consent", "list", "--json")[1]) == []
    monkeypatch.delenv("IPSE_VAULT")
    assert len(json.loads(run("consent", "list", "--json")[1])) == 1
    assert json.loads(run("consent", "list", "--json", "--vault", str(tmp_path / "flag"))[1]) == []
    assert json.loads(run("--vault", str(tmp_path / "flag"), "consent", "list", "--json")[1]) == []


def test_a_vault_is_not_made_over_another(run: Run, vault_folder: Path) -> None:
    code, _, err = run("init", str(vault_folder))
    assert (code, "Choose another folder" in err) == (1, True)


def test_sources_and_what_a_file_holds(run: Run, chat: Path) -> None:
    known = {source["name"] for source in json.loads(run("sources", "--json")[1])}
    assert known >= {"gmail", "reflections", "signal", "telegram", "whatsapp"}
    assert len(known) >= 19
    assert "whatsapp" in run("sources")[1]
    shown = json.loads(
        run("sources", "preview", str(chat), "--format", "whatsapp_txt", "--json", "--me", "Nora Feld")[1]
    )
    assert shown["counts"] == {"records": 160, "messages": 160, "system": 0, "unreadable": 0}
    assert [record["direction"] for record in shown["records"][:2]] == ["inbound", "outbound"]
    assert shown["records"][0]["ts"] == "2023-01-01T08:00:00"
    out = run("sources", "preview", str(chat))[1]
    assert "--json prints all" in out
    code, _, err = run("sources", "preview", str(chat.parent / "none"))
    assert (code, "no such file" in err) == (1, True)


def test_settings_are_shown_with_their_schema(run: Run) -> None:
    assert "burst_minutes: 2.0" in run("settings", "show")[1]
    assert json.loads(run("settings", "show", "--json")[1])["dataset"]["burst_minutes"] == 2.0
    assert json.loads(run("settings", "schema")[1])["title"] == "Settings"


def test_a_setting_is_chosen_in_the_vault_and_taken_back(run: Run) -> None:
    run("init")
    told = json.loads(run("settings", "set", "imports.tz", "Asia/Tbilisi", "--json")[1])
    assert told == {"setting": "imports.tz", "value": "Asia/Tbilisi", "origin": "vault"}
    assert json.loads(run("settings", "list", "--changed", "--json")[1])["imports.tz"]["origin"] == "vault"
    assert "imports.tz" in run("settings", "list")[1]
    assert run("settings", "set", "imports.tz", "[")[0] == 1
    code, _, err = run("settings", "set", "imports.tz", "Nowhere")
    assert (code, "no time zone" in err) == (1, True)
    assert "imports.tz is UTC (built-in)" in run("settings", "unset", "imports.tz")[1]


def test_a_job_is_stopped_without_a_passphrase(
    run: Run, vault_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IPSE_PASSPHRASE")
    assert run("jobs", "stop", "abc123")[0] == 0
    assert json.loads(run("jobs", "stop", "abc123", "--json")[1])["asked_to_stop"]
    assert (vault_folder / "jobs" / "abc123.stop").exists()


def test_version_and_usage(run: Run) -> None:
    assert run("--version")[1].startswith("ipse 0.")
    assert run("import")[0] == 2


def test_every_command_takes_a_vault() -> None:
    import typer.main

    from ipse.cli.app import app

    def lacking(command: object, path: str) -> list[str]:
        children = getattr(command, "commands", {})
        found = [name for child in children for name in lacking(children[child], f"{path} {child}")]
        takes = any("--vault" in parameter.opts for parameter in getattr(command, "params", []))
        return found if children or takes else [path]

    assert lacking(typer.main.get_command(app), "ipse") == []


def test_a_receipt_is_written_in_three_forms_and_verified_without_a_vault(
    run: Run, vault_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("consent", "give", "--source", "whatsapp", "--purpose", "style", "--yes")
    code, out, _ = run("consent", "give", "--source", "whatsapp", "--special", "health, religion", "--yes")
    assert (code, "whatsapp for style (health, religion)" in out) == (0, True)
    plain, special = json.loads(run("consent", "list", "--json")[1])
    assert (plain["special"], special["special"]) == ([], ["health", "religion"])
    key = json.loads(run("consent", "show", special["id"], "--json")[1])["public_key"]
    file, page = tmp_path / "receipt.jsonld", tmp_path / "receipt.html"
    assert json.loads(run("consent", "receipt", special["id"], "--to", str(file), "--json")[1])[
        "file"
    ] == str(file)
    assert run("consent", "receipt", special["id"][:5], "--format", "html", "--to", str(page))[0] == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "health; religion" in run("consent", "receipt", special["id"], "--format", "text")[1]
    assert json.loads(run("consent", "receipt", special["id"])[1])["@type"] == "dpv:ConsentReceipt"
    monkeypatch.delenv("IPSE_PASSPHRASE")
    monkeypatch.setenv("IPSE_VAULT", str(tmp_path / "nowhere"))
    assert special["id"] in run("consent", "verify", str(file))[1]
    found = json.loads(run("consent", "verify", str(file), "--key", key, "--json")[1])
    assert (found["public_key"], found["consents"]) == (key, [special["id"]])
    code, _, err = run("consent", "verify", str(file), "--key", "AAAA")
    assert (code, "another key signed it" in err) == (1, True)
    file.write_text(file.read_text(encoding="utf-8").replace("whatsapp", "gmail"), encoding="utf-8")
    code, _, err = run("consent", "verify", str(file))
    assert (code, "not what was signed" in err) == (1, True)
    file.write_bytes(b'{"proof": "\xe1"}')
    for wrong in (page, file):
        code, _, err = run("consent", "verify", str(wrong))
        assert (code, "is no receipt" in err) == (1, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--special", "health"], "not allowed whatsapp for the purpose style"),
        (["--special", "wealth"], "no category wealth. There are: health,"),
        ([], "Say what it is for"),
    ],
)
def test_a_consent_that_cannot_be_given_is_said(
    run: Run, vault_folder: Path, words: list[str], says: str
) -> None:
    code, _, err = run("consent", "give", "--source", "whatsapp", *words, "--yes")
    assert (code, says in err) == (1, True)


def test_special_categories_are_for_style_alone(run: Run, vault_folder: Path) -> None:
    run("consent", "give", "--source", "whatsapp", "--purpose", "style", "--yes")
    words = ["--source", "whatsapp", "--purpose", "archive", "--special", "health", "--yes"]
    code, _, err = run("consent", "give", *words)
    assert (code, "for style alone" in err) == (1, True)
