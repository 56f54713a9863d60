"""Answers as they come, by both clients and by the terminal, from a real service with a model."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.client import AsyncClient, Client, calls
from ipse.client.results import Answer, Piece
from ipse.client.streams import Lines
from ipse.errors import AccessError, RegistryError, ServerError

from ..cli.test_commands import Run, run
from ..server.conftest import Running
from ..server.spoken import learned, served

__all__ = ["run"]  # a fixture


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served(learned(tmp_path_factory.mktemp("streamed"))) as started:
        yield started


def test_pieces_make_the_answer(service: Running) -> None:
    with Client(service.token(), address=service.address) as client:
        *pieces, last = list(client.stream("who brings the soup?", session="one"))
        assert isinstance(last, Answer)
        assert "".join(one.text for one in pieces if isinstance(one, Piece)) == last.message.shown
        assert last.message.label
        assert client.do(calls.rate(last.message.id, up=True, session="one"))["up"] is True
        assert client.do(calls.reset_context("one"))["begin"] == last.message.id


def test_the_other_client_hears_the_same(service: Running) -> None:
    async def heard() -> list[object]:
        async with AsyncClient(service.token(), address=service.address) as client:
            found: list[object] = [one async for one in client.stream("who brings the bread?", session="two")]
            with pytest.raises(RegistryError):
                async for _ in client.stream("soup?", model="v9"):
                    pass
            return found

    *pieces, last = asyncio.run(heard())
    assert isinstance(last, Answer)
    assert "".join(one.text for one in pieces if isinstance(one, Piece)) == last.message.shown


def test_what_is_refused_is_an_error_of_its_kind(service: Running) -> None:
    with Client(service.token("aggregates"), address=service.address) as client, pytest.raises(AccessError):
        list(client.stream("soup?"))
    nowhere = Client("ipse_none", address="http://127.0.0.1:9")
    with nowhere, pytest.raises(ServerError, match="Nobody answers"):
        list(nowhere.stream("soup?"))


def test_what_no_ipse_says_is_told_as_such() -> None:
    lines = Lines()
    assert list(lines.read(": still here")) == []
    assert list(lines.read("event: piece")) == []
    assert list(lines.read('data: {"text": "so"}')) == [Piece(text="so")]
    with pytest.raises(ServerError):
        list(lines.read("data: nonsense"))
    assert list(lines.read("event: error")) == []
    assert list(lines.read('data: {"detail": "no"}')) == []
    assert json.loads(lines.fault) == {"detail": "no"}


def test_the_terminal_talks_and_looks_after_a_service(
    service: Running, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPSE_TOKEN", service.token())
    there = ("--server", service.address)
    said = iter(["/good", "what about soup?", "/bad too stiff", "/reset", ""])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(said))
    code, out, err = run("chat", *there)
    assert code == 0, err
    assert "— " in out
    assert err.split("\n")[:2] == ["There is no answer to rate yet.", "Kept."]
    people = json.loads(run("contacts", "list", *there, "--json")[1])
    other = next(one for one in people if one["pseudonym"] != "me")
    assert other["name"] in run("contacts", "list", *there)[1]
    assert "Soup Friend" in run("contacts", "rename", other["pseudonym"], "Soup Friend", *there)[1]
    assert "left out" in run("contacts", "exclude", other["pseudonym"], *there)[1]
    assert "kept again" in run("contacts", "exclude", other["pseudonym"], "--undo", *there)[1]
    with Client(service.token(), address=service.address) as client:
        job = client.do(calls.begin_training()).job
    assert job in run("jobs", "list", *there)[1]
    assert run("jobs", "stop", job, "--force", *there)[0] == 0
    assert json.loads(run("jobs", "show", job, *there, "--json")[1])["state"] in (
        "cancelled",
        "done",
        "running",
    )
