"""`ipse forget` and `ipse purge` as a user without a terminal meets them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("IPSE_PASSPHRASE", "a passphrase for tests")

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["ipse", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return code if isinstance(code, int) else 0, captured.out, " ".join(captured.err.split())

    return call


@pytest.fixture
def chat(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vault that IPSE_VAULT names, with a chat of 60 pairs in it and a model trained on them."""
    folder, file = tmp_path / "mine", tmp_path / "WhatsApp Chat with Ilka Brandt.txt"
    lines = []
    for n in range(60):
        at = f"{n // 2 % 27 + 1:02}/{n // 54 + 1:02}/2023, {8 + n % 2 * 6:02}"
        lines += [
            f"{at}:00 - Ilka Brandt: what about {n}?",
            f"{at}:04 - Nora Feld: yes!! {n} sounds great :)",
        ]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert run("init", str(folder), "--json")[0] == 0
    monkeypatch.setenv("IPSE_VAULT", str(folder))
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "style", "--yes")
    assert run("import", str(file), "--me", "Nora Feld")[0] == 0
    return file


def test_a_contact_is_shown_erased_proved_and_allowed_again(run: Run, chat: Path, tmp_path: Path) -> None:
    assert run("prepare")[0] == run("train", "--yes")[0] == 0
    code, out, _ = run("forget", "--contact", "ilka", "--preview", "--json")
    counts = json.loads(out)["counts"]
    assert (code, counts["messages"], counts["models"]) == (0, 120, 1)
    assert "models" in run("forget", "--contact", "ilka", "--preview")[1]
    code, _, err = run("forget", "--contact", "ilka")
    assert (code, "Add --yes" in err) == (1, True)
    proof = tmp_path / "proof.json"
    code, out, _ = run("forget", "--contact", "ilka", "--yes", "--retrain", "--certificate", str(proof))
    assert (code, "nothing of it was found since" in out, "Not trained anew" in out) == (0, True, True)
    told = json.loads(proof.read_text(encoding="utf-8"))
    assert (told["certificate"]["counts"]["messages"], "Ilka" in str(told)) == (120, False)
    assert json.loads(run("forget", "--list", "--json")[1]) == [told]
    assert told["certificate"]["id"] in run("forget", "--list")[1]
    assert json.loads(run("models", "list", "--json")[1])["models"] == []
    report = json.loads(run("import", str(chat), "--me", "Nora Feld", "--json")[1])
    assert report["exports"][0]["refused"] == {"you erased this conversation": 120}
    assert "Nothing of that name" in run("forget", "--allow-again", "--contact", "Somebody Else")[1]
    assert "may be imported again" in run("forget", "--allow-again", "--contact", "Ilka Brandt")[1]
    assert json.loads(run("forget", "--allow-again", "--contact", "Ilka Brandt", "--json")[1]) == {
        "tokens": 0
    }
    report = json.loads(run("import", str(chat), "--me", "Nora Feld", "--json")[1])
    assert report["exports"][0]["kept"] == 120
    code, out, _ = run("forget", "--all", "--yes", "--json")
    assert (code, json.loads(out)["certificate"]["certificate"]["counts"]["messages"]) == (0, 120)


def test_what_is_left_is_learned_anew(run: Run, chat: Path) -> None:
    other = chat.with_name("WhatsApp Chat with Jun Harada.txt")
    other.write_text(chat.read_text(encoding="utf-8").replace("Ilka Brandt", "Jun Harada"), encoding="utf-8")
    assert run("import", str(other), "--me", "Nora Feld")[0] == 0
    assert run("prepare")[0] == run("train", "--yes")[0] == 0
    code, out, _ = run("forget", "--contact", "Ilka Brandt", "--yes", "--retrain")
    assert (code, "Trained anew: v2 (retrieval)" in out) == (0, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "one thing at a time"),
        (["--contact", "ilka", "--source", "whatsapp"], "one thing at a time"),
        (["--contact", "zebedee", "--yes"], "Nobody called `zebedee`"),
        (["--conversation", "zebedee", "--yes"], "no one conversation"),
        (["--message", "m1", "--yes"], "There is no message"),
        (["--model", "v7", "--yes"], "There is no model"),
        (["--source", "signal", "--yes"], "The vault holds nothing of signal"),
    ],
)
def test_what_cannot_be_forgotten_is_said(run: Run, chat: Path, words: list[str], says: str) -> None:
    code, _, err = run("forget", *words)
    assert (code, says in err) == (1, True)


def test_what_is_too_old_is_shown_and_goes(run: Run, chat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Nothing is older" in run("purge")[1]
    assert json.loads(run("purge", "--json")[1]) is None
    monkeypatch.setenv("IPSE_RETENTION__MESSAGES", "30")  # looking does not let go of it
    assert json.loads(run("purge", "--preview", "--json")[1])["counts"]["messages"] == 120
    assert "messages" in run("purge", "--preview")[1]
    code, _, err = run("purge")
    assert (code, "Add --yes" in err) == (1, True)
    code, out, _ = run("purge", "--yes")
    assert (code, "Erased." in out) == (0, True)
    assert run("export", "messages")[1] == ""


def test_whoever_objects_is_frozen_shown_and_released(run: Run, chat: Path, tmp_path: Path) -> None:
    assert run("prepare")[0] == run("train", "--yes")[0] == 0
    proof = tmp_path / "proof.json"
    code, out, _ = run("contacts", "object", "ilka", "--note", "by mail", "--certificate", str(proof))
    assert (code, "is frozen: kept, and used for nothing" in out, "v1; kept, and may not speak" in out) == (
        0,
        True,
        True,
    )
    told = json.loads(proof.read_text(encoding="utf-8"))["objection"]
    assert (told["note"], told["models"], "Ilka" in str(told)) == ("by mail", ["v1"], False)
    assert "(objected)" in run("contacts", "list")[1]
    code, _, err = run("answer", "what about 3?", "--model", "v1")
    assert (code, "who objected" in err) == (1, True)
    assert "is used again" in run("contacts", "release", "ilka")[1]
    done = json.loads(run("contacts", "object", "ilka", "--models", "retrain", "--json")[1])
    assert (done["retrained"], "no reply of the owner" in done["not_retrained"]) == ([], True)
    assert json.loads(run("contacts", "release", "ilka", "--json")[1])["certificate"]["objection"][
        "released_at"
    ]


def test_special_categories_are_counted(run: Run, chat: Path, tmp_path: Path) -> None:
    assert "No message seems" in run("privacy", "review", "--special")[1]
    more = tmp_path / "WhatsApp Chat with Jun Harada.txt"
    lines = [f"0{n}/01/2024, 10:00 - Nora Feld: I have diabetes {n}" for n in range(1, 4)]
    more.write_text("\n".join([*lines, "04/01/2024, 10:00 - Jun Harada: oh no"]), encoding="utf-8")
    assert run("import", str(more), "--me", "Nora Feld")[0] == 0
    out = run("privacy", "review", "--special")[1]
    assert "health" in out
    assert "no" in out
    run("consent", "give", "--source", "whatsapp", "--special", "health", "--yes")
    (found,) = json.loads(run("privacy", "review", "--special", "--json")[1])
    assert (found["messages"], bool(found["consent"])) == (3, True)
    assert "by consent" in run("privacy", "review", "--special")[1]


def test_a_withdrawal_may_take_models_alone(run: Run, chat: Path) -> None:
    assert run("prepare")[0] == run("train", "--yes")[0] == 0
    (consent,) = json.loads(run("consent", "list", "--json")[1])
    code, _, err = run("consent", "withdraw", consent["id"], "--erase", "--erase-models", "--yes")
    assert (code, "--erase takes the models along" in err) == (1, True)
    code, out, _ = run("consent", "withdraw", consent["id"], "--erase-models", "--yes")
    assert (code, "its messages are kept" in out) == (0, True)
    assert json.loads(run("models", "list", "--json")[1])["models"] == []
    assert run("export", "messages")[1]
