"""``ipse draft`` and ``ipse review`` as a user meets them, by keyboard alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ..pipeline.drafted import copied, made
from .test_commands import Run, run

__all__ = ["run"]  # a fixture

Typed = Callable[..., None]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("drafted") / "made")


@pytest.fixture(autouse=True)
def vault(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = copied(template, tmp_path / "vault")
    monkeypatch.setenv("IPSE_VAULT", str(folder))
    return folder


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """What is typed, line by line; then the end of input."""

    def given(*lines: str) -> None:
        left = iter(lines)

        def answer(_question: str = "") -> str:
            try:
                return next(left)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("builtins.input", answer)

    return given


def only(run: Run) -> dict[str, object]:
    (draft,) = json.loads(run("draft", "list", "--all", "--json")[1])
    return dict(draft)


def test_the_way_of_a_draft(run: Run, tmp_path: Path) -> None:
    name = str(only(run)["id"])
    code, out, _ = run("draft", "show", name[:6])
    assert (code, "who brings the soup on friday?" in out, "[Drafted by AI" in out) == (0, True, True)
    code, _, err = run("draft", "send", name)
    assert (code, "Approve it first" in err) == (1, True)
    code, out, _ = run(
        "draft",
        "edit",
        name,
        "--text",
        "me\u202e!",
        "--by",
        "eml",
        "--to",
        "ilka@example.org",
        "--subject",
        "Re: soup",
    )
    assert "\u27e6U+202E RIGHT-TO-LEFT OVERRIDE\u27e7" in out
    assert "\u202e" not in out
    assert run("draft", "approve", name)[0] == 1
    seen = json.loads(run("draft", "edit", name, "--clean", "--json")[1])["digest"]
    assert run("draft", "approve", name, "--digest", "0" * 64)[0] == 1
    assert run("draft", "approve", name, "--digest", seen)[0] == 0
    assert run("draft", "revoke", name)[0] == 0
    assert run("draft", "approve", name, "--digest", seen)[0] == 0
    file = tmp_path / "out.eml"
    code, _, err = run("draft", "send", name, "--out", str(file))
    assert (code, "made a mail file" in err) == (0, True)
    assert b"AI-Disclosure: mode=ai-modified" in file.read_bytes()
    code, _, err = run("draft", "send", name, "--out", str(file))
    assert (code, "cannot be made" in err) == (1, True)
    assert only(run)["state"] == "sent"


def test_rejecting_and_taking_back(run: Run) -> None:
    name = str(only(run)["id"])
    assert (
        json.loads(run("draft", "reject", name, "--reason", "no", "--about", "content", "--json")[1])["about"]
        == "content"
    )
    assert run("draft", "reopen", name)[0] == 0
    code, _, err = run("draft", "settle", name, "--sent")
    assert (code, "cannot be settled" in err) == (1, True)


def test_new_ones_answer_one_thing(run: Run) -> None:
    made = json.loads(run("draft", "new", "bread?", "--contact", "Ilka", "--by", "mailto", "--json")[1])
    assert (made["draft"]["channel"], made["contact"]) == ("mailto", "Ilka Brandt")
    assert run("draft", "new")[0] == run("draft", "new", "a", "--message", "b")[0] == 1
    assert run("draft", "list", "--state", "nope")[0] == 1
    assert "proposed" in run("draft", "list")[1]
    assert "smtp" in run("draft", "channels")[1]
    assert len(json.loads(run("draft", "channels", "--json")[1])) == 5


def test_a_secret_is_sealed(run: Run, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSE_CHANNEL_SECRET", "a secret of a channel")
    code, out, _ = run("draft", "secret", "webhook")
    assert (code, "sealed" in out) == (0, True)
    assert all(
        b"a secret of a channel" not in file.read_bytes() for file in vault.rglob("*") if file.is_file()
    )
    assert json.loads(run("draft", "secret", "webhook", "--forget", "--json")[1])["kept"] is False


def test_a_review_by_keyboard(run: Run, typed: Typed) -> None:
    typed("z", "e", "I will", "bring it", ".", "s")
    code, out, _ = run("review")
    assert code == 0
    assert "I will\nbring it\n\n[Drafted by AI" in out
    assert out.rstrip().endswith("That was the last one.")
    assert only(run)["state"] == "sent"
    assert "Nothing waits for you." in run("review")[1]


def test_a_review_stops_where_its_reader_does(run: Run, typed: Typed) -> None:
    typed("e")  # and then the end of input: nothing was typed, nothing is changed
    assert run("review")[0] == 0
    assert (only(run)["state"], only(run)["revision"]) == ("proposed", 1)
    typed("n")
    assert run("review")[0] == 0
    typed("y", "too loud")
    assert run("review")[0] == 0
    assert (only(run)["state"], only(run)["reason"], only(run)["about"]) == ("rejected", "too loud", "style")


def test_hidden_characters_are_asked_about(run: Run, typed: Typed) -> None:
    run("draft", "edit", str(only(run)["id"]), "--text", "yes\u200b")
    typed("a", "no", "a", "yes")
    code, out, _ = run("review")
    assert (code, "hidden or deceptive" in out) == (0, True)
    assert only(run)["state"] == "approved"


def test_an_answer_is_rated_in_a_chat(run: Run, typed: Typed) -> None:
    typed("/good", "soup?", "/bad too loud", "")
    code, _, err = run("chat")
    assert (code, "no answer to rate" in err, "Kept." in err) == (0, True, True)
