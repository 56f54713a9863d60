"""What is said is written together, and a token counts until the moment that it does not."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from ipse.errors import AccessError, IpseError, NotFoundError, VaultError
from ipse.pipeline.chatting import history
from ipse.pipeline.sessions import Book, Entry, Said
from ipse.pipeline.tokens import add, revoke
from ipse.pipeline.voicing import Warm
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.server.talking import speaking
from ipse.server.vaults import OpenVault
from ipse.vault import Vault
from ipse.vault.documents import Change

from ..conftest import PASSPHRASE
from .conftest import Running
from .spoken import learned, served

CHAT = "/api/ai-echo/chat"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learned(tmp_path_factory.mktemp("spoken"))


@pytest.fixture
def service(template: Path, tmp_path: Path) -> Iterator[Running]:
    with served(Path(shutil.copytree(template, tmp_path / "vault"))) as started:
        yield started


@pytest.fixture
def vault(service: Running) -> OpenVault:
    found = service.vaults.find("").opened
    assert found is not None
    return found


def entry(vault: OpenVault, name: str) -> Entry:
    with vault.lend() as workspace:
        card = Registry(workspace.vault).card("champion")
    one = Said(id=f"of-{name}", who="you", text="soup?", shown="soup?", at=datetime.now(UTC))
    change = Change("session.keep", {"session": name})
    return Entry(session=name, card=card, contact=None, said=(one,), changes=(change,))


def test_what_comes_while_it_writes_is_one_write(vault: OpenVault, monkeypatch: pytest.MonkeyPatch) -> None:
    write, sizes, gate = Book.write, list[int](), threading.Event()

    def watched(self: Book, workspace: Workspace, entries: Sequence[Entry]) -> list[IpseError | None]:
        gate.wait(20)
        sizes.append(len(entries))
        return write(self, workspace, entries)

    monkeypatch.setattr(Book, "write", watched)
    scribe = speaking(vault).scribe
    entries = [entry(vault, f"chat{n}") for n in range(12)]

    first = scribe.later(lambda: entries[0])
    while scribe._waiting:
        pass
    rest = [scribe.later(partial(lambda one: one, one)) for one in entries[1:]]
    gone = scribe.later(lambda: entry(vault, "gone"))
    assert gone.cancel(), "who asked has gone away"
    gate.set()
    assert not wait([first, *rest], timeout=20).not_done
    assert sizes == [1, 11]
    with vault.lend() as workspace:
        assert all([one.id for one in history(workspace, f"chat{n}")] == [f"of-chat{n}"] for n in range(12))


def test_what_is_recalled_is_durable_with_its_question_before_the_first_piece(
    service: Running, vault: OpenVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One write, and nothing told until it is done; of a voice that takes its time, two."""
    write, gate = Book.write, threading.Event()
    told, kept = list[str](), list[list[str]]()

    def watched(self: Book, workspace: Workspace, entries: Sequence[Entry]) -> list[IpseError | None]:
        gate.wait(20)
        done = write(self, workspace, entries)
        kept.append([one.who for entry in entries for one in entry.said])
        told.append("kept")
        return done

    asked = {"message": "who brings the soup?", "stream": True}
    with service.client(service.token()) as client:
        assert client.post(CHAT, json=asked, timeout=30).status_code == 200  # the voice is at hand
        monkeypatch.setattr(Book, "write", watched)
        threading.Timer(0.3, gate.set).start()
        with client.stream("POST", CHAT, json=asked, timeout=30) as answer:
            told += [line for line in answer.iter_lines() if line.startswith("event: ")]
        assert kept == [["you", "clone"]]
        assert told[0] == "kept"
        assert (told[1], told[-1]) == ("event: piece", "event: done")
        kept.clear()
        monkeypatch.setattr(Warm, "recalls", lambda *_: False)
        assert client.post(CHAT, json=asked, timeout=30).status_code == 200
        assert kept == [["you"], ["clone"]]


def test_one_that_cannot_be_made_and_one_that_cannot_be_written_take_nobody_along(
    vault: OpenVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    scribe = speaking(vault).scribe

    def nobody() -> Entry:
        raise NotFoundError("There is nobody.")

    good, bad = scribe.later(lambda: entry(vault, "good")), scribe.later(nobody)
    assert good.result(20) is None
    with pytest.raises(NotFoundError):
        bad.result(20)
    put_all = Vault.put_all

    def full(self: Vault, *given: object) -> int:
        raise VaultError("The disk is full.")

    monkeypatch.setattr(Vault, "put_all", full)
    with pytest.raises(VaultError, match="full"):
        scribe.keep(entry(vault, "lost"))
    monkeypatch.setattr(Vault, "put_all", put_all)
    scribe.keep(entry(vault, "after"))
    with vault.lend() as workspace:
        assert len(history(workspace, "after")) == 1
        with pytest.raises(NotFoundError):
            history(workspace, "lost")


def test_what_waits_is_written_before_the_vault_is_locked(
    service: Running, vault: OpenVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    scribe = speaking(vault).scribe
    last = [entry(vault, f"last{n}") for n in range(5)]
    waiting = [scribe.later(partial(lambda one: one, one)) for one in last]
    vault.close()
    assert all(one.done() and one.exception() is None for one in waiting)
    with pytest.raises(AccessError):
        scribe.later(lambda: None)  # type: ignore[arg-type,return-value]


def test_a_token_that_was_revoked_anywhere_opens_nothing_from_then_on(
    service: Running, vault: OpenVault
) -> None:
    with vault.lend() as workspace:
        here, there, brief = (add(workspace, name, scopes=["read"]) for name in ("here", "there", "brief"))
    for one in (here, there, brief):
        with service.client(one.secret) as client:
            for _ in range(3):
                assert client.post(CHAT, json={"message": "soup?"}, timeout=30).status_code == 200
        assert vault.known(one.secret) is not None, "looked up once"
    with vault.lend() as workspace:
        revoke(workspace, here.token.id)
    assert vault.known(here.secret) is None
    with service.client(here.secret) as client:
        assert client.post(CHAT, json={"message": "soup?"}).status_code == 401
        assert client.get("/api/session").status_code == 401
    with Vault.open(vault.folder, PASSPHRASE) as other:  # another process
        revoke(Workspace(other, vault.settings), there.token.id)
    with service.client(there.secret) as client, service.client(brief.secret) as still:
        assert client.post(CHAT, json={"message": "soup?"}).status_code == 401
        assert still.post(CHAT, json={"message": "soup?"}, timeout=30).status_code == 200


def test_a_token_that_ran_out_is_not_held_on_to(
    service: Running, vault: OpenVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with vault.lend() as workspace:
        made = add(workspace, "brief", scopes=["read"], expires_in=timedelta(hours=1))
    with service.client(made.secret) as client:
        assert client.post(CHAT, json={"message": "soup?"}, timeout=30).status_code == 200
        assert vault.known(made.secret) is not None

        class Later(datetime):
            @classmethod
            def now(cls, tz: object = None) -> "Later":
                return cls(2099, 1, 1, tzinfo=UTC)

        monkeypatch.setattr("ipse.server.passes.datetime", Later)
        monkeypatch.setattr("ipse.pipeline.tokens.datetime", Later)
        assert vault.known(made.secret) is None
        assert client.post(CHAT, json={"message": "soup?"}).status_code == 401
