"""Both clients against a real service: the same calls, the same errors as in the pipeline."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import ipse
from ipse.client import AsyncClient, Client, calls, results, reviewing, verbs
from ipse.errors import (
    AccessError,
    BusyError,
    ConsentError,
    DraftError,
    IpseError,
    NotFoundError,
    ServerError,
    SettingsError,
)

from ..cli.test_commands import Run, run
from ..pipeline.conftest import chat
from ..pipeline.drafted import made as drafted
from ..server.conftest import Running, made, running

__all__ = ["run"]  # a fixture


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running([made(tmp_path_factory.mktemp("client") / "vault")]) as started:
        yield started


@pytest.fixture
def client(service: Running) -> Iterator[Client]:
    with ipse.Client(service.token(), address=service.address) as made_:
        yield made_


def test_a_whole_way_from_consent_to_messages(client: Client, service: Running, tmp_path: Path) -> None:
    assert client.overview().next == "consent"
    given = client.do(calls.give_consent("whatsapp"))
    assert (given.state, given.purposes) == ("active", ("archive", "style"))
    file = chat(tmp_path / "WhatsApp Chat with Bo Lind.txt", "Bo Lind", 12, 3)
    job = client.import_(file, me=("Nora Feld",))
    assert (job.kind, job.state) == ("import", "done")

    async def again() -> results.Job:
        async with AsyncClient(service.token(), address=service.address) as other:
            held = await other.do(calls.upload(file))
            assert held.exports[0]["source"] == "whatsapp"
            return await other.wait(job.id)

    assert asyncio.run(again()) == job
    assert client.overview().records == 24
    every = list(client.every(calls.messages, limit=7))
    assert len(every) == len({one.id for one in every}) == 24
    assert {one.own for one in every} == {True, False}
    assert [one.name for one in client.every(calls.contacts, q="bo li")] == ["Bo Lind"]


def test_the_way_of_a_draft(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = drafted(tmp_path_factory.mktemp("reviewed") / "made")
    with running([folder]) as started, ipse.Client(started.token(), address=started.address) as owner:
        made_ = owner.do(reviewing.propose("who brings the soup?", contact="Ilka Brandt"))
        assert (made_.state, made_.waiting, made_.contact) == ("proposed", True, "Ilka Brandt")
        edited = owner.do(reviewing.edit(made_.id, text="me!\u200b"))
        assert [one.kind for one in edited.hidden] == ["invisible"]
        with pytest.raises(DraftError):
            owner.do(reviewing.approve(made_))  # it is not that any more
        clean = owner.do(reviewing.edit(made_.id, clean=True))
        approved = owner.do(reviewing.approve(clean))
        assert owner.do(reviewing.revoke(approved.id)).state == "edited"
        owner.do(reviewing.approve(clean))
        out = owner.do(reviewing.send(made_.id))
        assert (out.draft.state, out.text) == ("sent", clean.leaves)
        with pytest.raises(DraftError):
            owner.do(reviewing.send(made_.id))
        with pytest.raises(DraftError):
            owner.do(reviewing.settle(made_.id, sent=True))
        other = owner.do(reviewing.propose("and the bread?"))
        assert owner.do(reviewing.reject(other.id, reason="not me", about="content")).reason == "not me"
        assert [one.id for one in owner.every(reviewing.drafts, state=["rejected"])] == [other.id]
        assert owner.do(reviewing.reopen(other.id)) == owner.do(reviewing.draft(other.id))


def test_the_other_client_says_the_same(client: Client, service: Running) -> None:
    async def asked() -> tuple[object, ...]:
        async with AsyncClient(service.token(), address=service.address) as other:
            models = await other.models()
            sources = [one async for one in other.every(calls.sources, limit=7)]
            with pytest.raises(NotFoundError):
                await other.do(calls.promote("v9"))
            return await other.overview(), models, sources

    overview, models, sources = asyncio.run(asked())
    assert overview == client.overview()
    assert models == client.models() == []
    assert sources == list(client.every(calls.sources))


def test_a_job_is_waited_for_and_tells_why_it_failed() -> None:
    job = results.Job(id="j", kind="import", state="running")
    waiting = verbs.wait("j", 0.25)
    assert next(waiting) == calls.job("j")
    assert waiting.send(job) == 0.25
    assert next(waiting) == calls.job("j")
    with pytest.raises(IpseError, match="no room") as failed:
        waiting.send(msgspec.structs.replace(job, state="failed", error="no room", hint="make some"))
    assert failed.value.hint == "make some"
    stopped = verbs.wait("j")
    next(stopped)
    with pytest.raises(IpseError, match="import job was cancelled"):
        stopped.send(msgspec.structs.replace(job, state="cancelled"))


def test_errors_are_those_of_the_pipeline(client: Client, service: Running) -> None:
    with pytest.raises(NotFoundError, match="There is no model") as missing:
        client.do(calls.promote("v9"))
    assert missing.value.hint
    with pytest.raises(SettingsError):
        client.do(calls.begin_training("no method"))
    given = client.do(calls.give_consent("gmail", ["archive"]))
    client.do(calls.withdraw_consent(given.id))
    with pytest.raises(ConsentError, match="withdrawn already"):
        client.do(calls.withdraw_consent(given.id))
    with Client(service.token("aggregates"), address=service.address) as researcher:
        with pytest.raises(AccessError) as refused:
            researcher.do(calls.messages())
        assert refused.value.known
    with Client("ipse_none", address=service.address) as stranger, pytest.raises(AccessError) as unknown:
        stranger.overview()
    assert not unknown.value.known


def test_nobody_there_is_told_as_such() -> None:
    nowhere = Client("ipse_none", address="http://127.0.0.1:9")
    with nowhere, pytest.raises(ServerError, match="Nobody answers"):
        nowhere.overview()


def test_the_wait_of_a_rate_is_told(tmp_path: Path) -> None:
    from ipse.config import load_settings

    narrow = load_settings({"service": {"rate": "3/minute"}}, environment={})
    with running([made(tmp_path / "vault")], narrow) as started:
        with Client(started.token(), address=started.address) as client:
            for _ in range(3):
                client.overview()
            with pytest.raises(BusyError) as busy:
                client.overview()
        assert 1 <= busy.value.after <= 60
        with Client(started.token(), address=started.address) as other:
            assert other.overview().records == 0  # each token has a rate of its own


def test_no_other_name_is_found() -> None:
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        _ = ipse.nothing_of_that_name


def test_the_terminal_asks_a_service(
    service: Running, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run("models", "list", "--server", service.address)
    assert code == 1
    assert "IPSE_TOKEN" in err
    monkeypatch.setenv("IPSE_TOKEN", service.token())
    code, out, err = run("models", "list", "--server", service.address, "--json")
    assert (code, err) == (0, "")
    assert msgspec.json.decode(out) == {"champion": None, "by_default": False, "models": []}
    assert run("models", "list", "--server", "somewhere")[0] == 1
