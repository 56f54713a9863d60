"""A child process that does a job: it gets the key by a pipe, is followed, stopped, killed, gone on from."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.config import load_settings
from ipse.errors import SettingsError, VaultError
from ipse.jobs import Job, Spec, find, starting
from ipse.jobs.queue import cancel, claimed, enqueue, recover
from ipse.jobs.starting import COMMAND, Child, Dispatcher, Order, start
from ipse.jobs.stopping import alive
from ipse.pipeline import tasks
from ipse.pipeline.child import do
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.queueing import followed, work_off
from ipse.pipeline.unlocking import Keeper
from ipse.pipeline.uploads import Uploads
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault import Vault
from ipse.vault.opening import by_secret

from ..conftest import PASSPHRASE
from ..pipeline.conftest import ME, chat

LONG = 120.0


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture
def keeper(vault: Vault) -> Keeper:
    """The key of the vault, as whoever opened it holds it."""
    held = Keeper(by_secret(PASSPHRASE))
    Vault.open_by(vault.folder, held).close()
    return held


@pytest.fixture
def workspace(vault: Vault, tmp_path: Path) -> Workspace:
    made = Workspace(vault, load_settings({"vault": str(vault.folder)}, environment={}))
    give(made, "whatsapp", ["archive", "style"])
    chat(tmp_path / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 60, 1)
    return made


def import_spec(tmp_path: Path, *, batch: int = 1000) -> Spec:
    words: dict[str, object] = {"paths": [str(tmp_path / "WhatsApp Chat with Ilka Brandt.txt")], "me": ME}
    return tasks.make("import", words, {"imports": {"batch": batch, "languages": ["en"]}})


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + LONG
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def ended(vault: Vault, name: str) -> Job:
    until(lambda: find(vault, name).ended and not alive(vault.folder, name))
    return find(vault, name)


def test_a_child_imports_prepares_and_trains_one_after_the_other(
    workspace: Workspace, keeper: Keeper, tmp_path: Path
) -> None:
    vault = workspace.vault
    names = [
        enqueue(vault, spec).id
        for spec in (
            import_spec(tmp_path),
            tasks.make("train", {"prepare": "true"}, {"retrieval": {"epochs": 1}}),
        )
    ]
    order = Order(vault=str(vault.folder), job=names[0])
    assert start(order, keeper.hand).wait(LONG) == 0, "and it begins the next itself"
    done = [ended(vault, name) for name in names]
    assert [job.state for job in done] == ["done", "done"], [job.live for job in done]
    assert vault.counts()["whatsapp"]["records"] == 120
    (card,) = Registry(vault).cards()
    assert (done[1].result["model"], card.job) == (card.id, names[1])
    assert done[0].live is not None
    assert [line.text for line in done[0].live.log] == ["Attempt 1 begins.", "Done."]


def test_the_key_is_in_no_argument_and_no_environment(
    workspace: Workspace, keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    class Watched(Child):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            there = Path(f"/proc/{self.pid}")
            until((there / "cmdline").read_bytes)  # the kernel writes it a moment after the start
            seen.extend((there / what).read_bytes() for what in ("cmdline", "environ"))

    monkeypatch.setenv("IPSE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr(starting, "Child", Watched)
    job = enqueue(workspace.vault, import_spec(tmp_path))
    assert start(Order(vault=str(workspace.vault.folder), job=job.id), keeper.hand).wait(LONG) == 0
    said = b"".join(seen)
    assert b"ipse.pipeline.child" in said
    for secret in (PASSPHRASE.encode(), keeper.key(), keeper.key().hex().encode()):
        assert secret not in said


def test_without_a_whole_key_or_with_a_wrong_one_nothing_is_done(
    workspace: Workspace, tmp_path: Path
) -> None:
    job = enqueue(workspace.vault, import_spec(tmp_path))
    order = Order(vault=str(workspace.vault.folder), job=job.id)
    for key in (b"", bytes(31), bytes(32)):
        assert start(order, lambda pipe, key=key: pipe.write(key)).wait(LONG) != 0  # type: ignore[misc]
    assert find(workspace.vault, job.id).state == "queued"
    for words in (b"", b"{}"):
        assert subprocess.run(COMMAND, input=words, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_is_ended_in_the_midst_is_gone_on_from(
    workspace: Workspace, keeper: Keeper, tmp_path: Path, how: signal.Signals
) -> None:
    vault = workspace.vault
    chat(tmp_path / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 250, 1)
    job = enqueue(vault, import_spec(tmp_path, batch=5))
    child = start(Order(vault=str(vault.folder), job=job.id), keeper.hand)
    until(lambda: find(vault, job.id).done >= 40)
    child.send_signal(how)
    child.wait(LONG)
    cut = find(vault, job.id)
    assert cut.state == "interrupted"
    kept = vault.counts()["whatsapp"]["records"]
    assert 40 <= kept < 500
    dispatcher = Dispatcher(vault, keeper.hand)
    dispatcher.step()
    done = ended(vault, job.id)
    assert (done.state, done.attempts) == ("done", 2 if how == signal.SIGKILL else 1)
    assert vault.counts()["whatsapp"]["records"] == 500
    ids = [one.id for talk in vault.scan() for one in talk.messages]
    assert len(ids) == len(set(ids)) == 500


def test_a_withdrawal_in_the_midst_ends_the_job(workspace: Workspace, keeper: Keeper, tmp_path: Path) -> None:
    vault = workspace.vault
    chat(tmp_path / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 500, 1)
    job = enqueue(vault, import_spec(tmp_path, batch=5))
    child = start(Order(vault=str(vault.folder), job=job.id), keeper.hand)
    until(lambda: find(vault, job.id).done >= 40)
    (consent,) = vault.ids("consent")
    withdraw(workspace, consent)
    assert child.wait(LONG) == 0
    done = find(vault, job.id)
    assert done.state == "failed"
    assert "whatsapp" in done.error
    assert done.done < 1000


def test_a_hung_job_is_told_and_its_process_can_be_ended(
    workspace: Workspace, keeper: Keeper, tmp_path: Path
) -> None:
    """A child that is stopped by the kernel says nothing any more, and does not look for its stop file."""
    vault = workspace.vault
    chat(tmp_path / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 500, 1)
    job = enqueue(vault, import_spec(tmp_path, batch=5))
    dispatcher = Dispatcher(vault, keeper.hand, hung_after=timedelta(seconds=1))
    (begun,) = dispatcher.step()
    until(lambda: find(vault, job.id).done >= 40)
    pid = find(vault, job.id).pid
    assert dispatcher.hung() == []
    os.kill(pid, signal.SIGSTOP)
    until(dispatcher.hung)
    assert [one.id for one in dispatcher.hung()] == [begun.id]
    assert cancel(vault, job.id).state == "running", "asked, it does not answer"
    assert cancel(vault, job.id, force=True).state == "cancelled"
    until(lambda: dispatcher._children[job.id].poll() is not None)
    assert not alive(vault.folder, job.id)
    assert recover(vault) == []


def test_two_dispatchers_do_each_job_once(workspace: Workspace, keeper: Keeper, tmp_path: Path) -> None:
    vault = workspace.vault
    job = enqueue(vault, import_spec(tmp_path))
    for one in (Dispatcher(vault, keeper.hand), Dispatcher(vault, keeper.hand)):
        one.step()
    done = ended(vault, job.id)
    assert (done.state, done.attempts) == ("done", 1)
    actions = [row.action for row in vault.audit_rows() if row.action.startswith("job.")]
    assert actions == ["job.import.queued", "job.import.start", "job.import.done"]


def test_a_job_is_followed_to_its_end(workspace: Workspace, keeper: Keeper, tmp_path: Path) -> None:
    job = enqueue(workspace.vault, import_spec(tmp_path))
    waits = enqueue(workspace.vault, tasks.make("prepare", {}))
    assert followed(workspace, waits.id, keeper.hand, quiet, wait=False).state == "queued"
    assert followed(workspace, waits.id, keeper.hand, quiet).state == "done"
    assert find(workspace.vault, job.id).state == "done"
    assert list(work_off(workspace, keeper.hand, once=True)) == []


def test_a_bug_is_told_with_its_trace_in_the_log(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, object]:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setitem(tasks.TASKS, "prepare", tasks.Task(tasks.Prepare, broken))
    job = enqueue(workspace.vault, tasks.make("prepare", {}))
    with pytest.raises(ZeroDivisionError):
        do(workspace, job.id)
    told = find(workspace.vault, job.id)
    assert (told.state, told.error) == ("failed", "ZeroDivisionError: by nothing")
    assert told.live is not None
    assert any("in broken" in line.text for line in told.live.log)


def test_what_a_job_was_told_in_confidence_is_not_kept(workspace: Workspace, tmp_path: Path) -> None:
    spec = import_spec(tmp_path)
    spec = msgspec.structs.replace(spec, arguments={**spec.arguments, "passphrase": "open sesame"})
    job = enqueue(workspace.vault, spec)
    assert b"open sesame" in workspace.vault.get("job", job.id)
    assert do(workspace, job.id)
    assert b"open sesame" not in workspace.vault.get("job", job.id)
    assert find(workspace.vault, job.id).state == "done"
    assert not do(workspace, job.id), "it is done"


def test_an_upload_is_let_go_once_imported_and_nothing_else(workspace: Workspace, tmp_path: Path) -> None:
    inside = chat(tmp_path / "WhatsApp Chat with Jun Harada.txt", "Jun Harada", 3, 2)
    outside = chat(tmp_path / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 3, 1)
    uploads = Uploads(workspace)
    arrival = uploads.begin()
    arrival.begin(inside.name)
    arrival.write(inside.read_bytes())
    arrival.end()
    held = uploads.keep(arrival)
    words: dict[str, object] = {"paths": [str(outside)], "upload": held.id, "me": ME}
    job = enqueue(workspace.vault, tasks.make("import", words, {"imports": {"languages": ["en"]}}))
    do(workspace, job.id)
    done = find(workspace.vault, job.id)
    assert done.state == "done", done
    exports: Any = done.result["exports"]
    assert {one["file"] for one in exports} == {outside.name, held.id}
    assert all(one["kept"] > 0 for one in exports)
    assert (uploads.all(), outside.exists()) == ([], True)
    assert not list((workspace.vault.folder / "uploads").iterdir())


@pytest.mark.parametrize(
    ("kind", "words", "why"),
    [
        ("dance", {}, "no task"),
        ("train", {"methd": "lora"}, "methd"),
        ("import", {}, "paths"),
        ("backup", {"directory": "x", "keep": "many"}, "keep"),
    ],
)
def test_what_cannot_be_done_is_refused_before_it_is_queued(
    kind: str, words: dict[str, object], why: str
) -> None:
    with pytest.raises(SettingsError, match=why):
        tasks.make(kind, words)
    with pytest.raises(SettingsError, match="epoch"):
        tasks.make("train", {}, {"retrieval": {"epoch": 3}})


def test_a_key_is_held_until_it_is_wiped(vault: Vault, keeper: Keeper) -> None:
    with Vault.open_by(vault.folder, keeper) as again:
        assert again.id == vault.id
    with Vault.open_by(vault.folder, Keeper.__call__.__get__(keeper)) as again:
        assert again.id == vault.id
    keeper.wipe()
    for ask in (keeper.key, lambda: keeper.hand(sys.stdout.buffer)):
        with pytest.raises(VaultError, match="locked"):
            ask()


def test_a_claim_of_what_is_not_there_fails(workspace: Workspace) -> None:
    with claimed(workspace.vault, "nothing") as job:
        assert job is None
