"""Chats that grow: what is written for a message stays small, and chats of older versions go on."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.errors import ConsentError
from ipse.pipeline import chatting, sessions
from ipse.pipeline.consents import withdraw
from ipse.pipeline.sessions import Book, Entry, Said, Session
from ipse.pipeline.watching import Watch
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault.documents import Change

from .drafted import made, opened


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("spoken") / "made")


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Iterator[Workspace]:
    with opened(Path(shutil.copytree(template, tmp_path / "vault"))) as found:
        yield found


def said(number: int) -> Said:
    who = "clone" if number % 2 else "you"
    return Said(id=f"m{number}", who=who, text=f"t{number}", shown=f"t{number}", at=datetime.now(UTC))  # type: ignore[arg-type]


def entry(workspace: Workspace, name: str, *numbers: int) -> Entry:
    rows = tuple(Change("session.keep", {"session": name}) for _ in numbers)
    card = Registry(workspace.vault).card("champion")
    return Entry(session=name, card=card, contact=None, said=tuple(map(said, numbers)), changes=rows)


def ids(workspace: Workspace, name: str) -> list[str]:
    return [one.id for one in chatting.history(workspace, name)]


def test_long_chats_are_whole_and_what_is_written_each_time_is_not(workspace: Workspace) -> None:
    book = Book(lambda: _lent(workspace), watch=Watch(workspace.vault))
    for number in range(0, 260, 2):
        book.keep(entry(workspace, "long", number, number + 1))
        held = sessions.find(workspace, "long")
        assert held is not None
        assert len(held.said) <= sessions.FULL
        assert held.before + len(held.said) == number + 2
        assert book.session(workspace, "long") == held, "what is known by heart is what is kept"
    assert ids(workspace, "long") == [f"m{n}" for n in range(260)]
    parts = [name for name in workspace.vault.ids("session") if name.startswith("long.")]
    assert parts == ["long.0", "long.1", "long.2"]
    (listed,) = chatting.sessions(workspace)
    assert (listed.title, listed.messages) == ("t0", 260)
    chatting.delete(workspace, "long")
    assert workspace.vault.ids("session") == []


def test_a_chat_of_an_older_version_goes_on(workspace: Workspace) -> None:
    """It held up to 200 messages itself, and a hundred in each part."""
    book = Book.of(workspace)
    models = ("v1",)
    old = Session(
        id="old", made_at=datetime.now(UTC), said=tuple(map(said, range(100, 290))), parts=1, models=models
    )
    part = Session(id="old.0", made_at=old.made_at, said=tuple(map(said, range(100))), models=models)
    with workspace.vault.exclusive():
        book.put(workspace, [part, old], [Change("session.keep", {"session": "old"})])
    assert [one.messages for one in chatting.sessions(workspace)] == [290]
    book.keep(entry(workspace, "old", 290, 291))
    assert ids(workspace, "old") == [f"m{n}" for n in range(292)]
    assert [one.messages for one in chatting.sessions(workspace)] == [292]


def test_entries_of_several_chats_are_one_write_and_each_is_told_what_became_of_it(
    workspace: Workspace,
) -> None:
    book, before = Book.of(workspace), workspace.vault.journal.head()[0]
    several = [entry(workspace, "a", 0, 1), entry(workspace, "b", 2, 3), entry(workspace, "a", 4, 5)]
    assert book.write(workspace, several) == [None, None, None]
    assert (ids(workspace, "a"), ids(workspace, "b")) == (["m0", "m1", "m4", "m5"], ["m2", "m3"])
    rows = [row.action for row in workspace.vault.journal.entries(before)]
    assert rows[:6] == ["session.keep"] * 6
    withdraw(workspace, workspace.vault.ids("consent")[0])
    (refused,) = book.write(workspace, [entry(workspace, "a", 6)])
    assert isinstance(refused, ConsentError)
    assert ids(workspace, "a")[-1] == "m5"
    with pytest.raises(ConsentError):
        book.keep(entry(workspace, "a", 6))


def test_what_is_known_by_heart_is_let_go_when_another_process_writes(
    workspace: Workspace, tmp_path: Path
) -> None:
    book = Book(lambda: _lent(workspace), watch=Watch(workspace.vault))
    book.keep(entry(workspace, "a", 0, 1))
    with opened(tmp_path / "vault") as other:
        Book.of(other).keep(entry(other, "a", 2, 3))
    found = book.session(workspace, "a")
    assert found is not None
    assert [one.id for one in found.said] == ["m0", "m1", "m2", "m3"]
    chatting.delete(workspace, "a")
    assert book.session(workspace, "a") is None


def _lent(workspace: Workspace) -> AbstractContextManager[Workspace]:
    return nullcontext(workspace)
