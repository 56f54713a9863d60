"""`ipse base` as a user meets it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.cli import main

Run = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.llm


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``ipse`` in this process and return exit code, stdout and stderr."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["ipse", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return code if isinstance(code, int) else 0, captured.out, captured.err

    return call


def test_added_listed_and_checked(run: Run, tiny_base: Path, tmp_path: Path) -> None:
    import torch

    code, out, _ = run("base", "add", str(tiny_base), "--name", "tiny")
    assert code == 0
    assert "`ipse base check tiny`" in out
    code, out, _ = run("base", "list")
    assert code == 0
    assert "tiny" in out
    assert "verified" in out
    code, out, _ = run("base", "check", "tiny", "--batch", "2", "--examples", "10", "--json")
    found = json.loads(out)
    assert (code, found["base"]["name"]) == (0, "tiny")
    assert [fit["work"]["method"] for fit in found["fits"]] == ["lora", "qlora", "full"]
    assert {fit["work"]["batch"] for fit in found["fits"]} == {2}
    assert {fit["work"]["tokens"] for fit in found["fits"]} == {128}  # what the model sees, not the setting
    works = {fit["work"]["method"]: fit for fit in found["fits"] if fit["fits"] and fit["seconds"] > 0}
    assert set(works) == ({"lora", "qlora", "full"} if torch.cuda.is_available() else {"lora", "full"})
    assert {fit["why_not"] for fit in works.values()} == {""}
    if "qlora" not in works:
        assert found["batches"]["qlora"] == 0
        assert found["fits"][1]["why_not"].startswith("qlora needs a CUDA device")
    code, out, _ = run("base", "check", "tiny")
    assert code == 0
    assert "Device: " in out
    assert torch.cuda.is_available() or "qlora needs a CUDA device" in out
    assert "about 200,000 tokens if these are fewer (the preset of this base" in out


def test_what_the_learner_refuses_does_not_fit(
    run: Run, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.learners.adapters import full

    monkeypatch.setattr(full, "MOST", 1000)
    code, out, _ = run("base", "check", str(tiny_base), "--json")
    found = {fit["work"]["method"]: fit for fit in json.loads(out)["fits"]}
    assert code == 0
    assert (found["lora"]["fits"], found["full"]["fits"]) == (True, False)
    assert "full trains bases up to 0 million" in found["full"]["why_not"]
    assert json.loads(out)["batches"]["full"] == 0


def test_a_changed_base_is_shown_as_such(run: Run, tiny_base: Path) -> None:
    run("base", "add", str(tiny_base), "--name", "tiny", "--json")
    base = next(
        row["base"] for row in json.loads(run("base", "list", "--json")[1]) if row["base"]["name"] == "tiny"
    )
    with (Path(base["folder"]) / "tokenizer.json").open("a") as file:
        file.write(" ")
    rows = {row["base"]["name"]: row["verified"] for row in json.loads(run("base", "list", "--json")[1])}
    assert rows["tiny"] is False
    rows = {
        row["base"]["name"]: row["verified"]
        for row in json.loads(run("base", "list", "--no-verify", "--json")[1])
    }
    assert rows["tiny"] is None
    assert "differs" in run("base", "list")[1]


def test_what_is_unsafe_is_one_line(run: Run, tiny_base: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_base, tmp_path / "pickled"))
    (folder / "model.safetensors").rename(folder / "model.pt")
    code, out, err = run("base", "add", str(folder))
    assert (code, out) == (1, "")
    assert "model.pt" in err
    assert len(err.strip().splitlines()) == 1


def test_a_base_is_grown_and_grows_on(run: Run, tmp_path: Path) -> None:
    text = tmp_path / "notes.jsonl"
    lines = (f"Line {n} of the boats and the tides, and the {n * 7} gulls." for n in range(300))
    text.write_text("".join(json.dumps({"text": line}) + "\n" for line in lines))
    shape = ("--vocabulary", "300", "--hidden", "32", "--layers", "1", "--context", "64")
    words = ("base", "grow", str(text), "--to", str(tmp_path / "base"), *shape, "--json")
    code, out, _ = run(*words, "--steps", "2")
    grown = json.loads(out)
    assert (code, grown["standing"]["step"]) == (0, 2)
    assert grown["held_out_bits_per_byte"]["notes"] > 0
    code, out, _ = run(*words, "--steps", "2", "--steps", "1")
    assert (code, json.loads(out)["standing"]["step"]) == (0, 3)
    assert run("base", "add", str(tmp_path / "base"), "--name", "own")[0] == 0
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    code, _, err = run("base", "grow", str(text), "--to", str(tmp_path / "full"))
    assert code == 1
    assert "not empty" in err
