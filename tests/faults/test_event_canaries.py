"""Marked strings in excluded apps, paths and titles, through all that is made of events: none is anywhere.

The same hunt after the same days without a rule finds each of them, and with the rules finds what they let
through on purpose.
"""

import json
import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipse.collectors import Polled
from ipse.collectors.errors import Errors
from ipse.collectors.files import Files
from ipse.config import load_settings
from ipse.features import parse_features, parse_set
from ipse.pipeline.backups import back_up
from ipse.pipeline.consents import give
from ipse.pipeline.days import featuring
from ipse.pipeline.days.files import export_events, import_activitywatch, import_table
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.predicting import predict
from ipse.pipeline.days.recording import Recorder
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.portability import export_all
from ipse.pipeline.workspace import Workspace
from ipse.records import Sample
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from .hunting import bytes_of, found, opened_documents

APP, PATH, LINKED, TITLE, LINE, TABLE, BUCKET, STREAM = MARKS = (
    "zqvkapp", "zqvkpath", "zqvklnkd", "zqvktitl", "zqvkline", "zqvktabl", "zqvkbuck", "zqvkstrm",
)  # fmt: skip
"""In the title of an excluded app, below an excluded path, by a link, in another's title, a line of a log, a
table and a bucket of an excluded app, and the name of a stream."""
THROUGH = "bdfnlscq"  # the name of an app that nobody excluded
SOURCES = ("window", "files", "errors", "desk", "activitywatch")
MINUTE = 60_000_000


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


class Windows(Polled):
    """What was in front: an app of each kind, by the minute."""

    name, says, every = "window", "a script", 60.0

    def poll(self) -> Iterable[Sample]:
        start = 1_780_000_000_000_000
        for n in range(240):
            app, title = (("Vaultkeeper", f"{APP} – secrets"), (THROUGH, f"{TITLE} – notes"))[n % 2]
            yield Sample(data={"app": app, "title": title}, ts=start + n * MINUTE, dur=MINUTE // 2)
        yield Sample(data={"app": "vaultkeeper", "title": STREAM}, stream="other", ts=start)


def days(folder: Path, rules: dict[str, object]) -> tuple[Workspace, list[str]]:
    """Everything that can happen to events, once; returns what lay in the queue before it was kept."""
    vault, _ = Vault.create(folder / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    workspace = Workspace(vault, load_settings({"privacy": rules}, environment={}))
    for source in SOURCES:
        give(workspace, source, ("archive", "events"))
    queued = recorded(workspace, folder)
    imported(workspace, folder)
    made(workspace, folder)
    return workspace, queued


def recorded(workspace: Workspace, folder: Path) -> list[str]:
    (folder / "secret").mkdir()
    (folder / "link").symlink_to(folder / "secret")
    (folder / "open").mkdir()
    log = folder / "some.log"
    log.write_text("")
    files, errors = Files([str(folder / "open"), str(folder / "link")]), Errors([str(log)])
    list(files.poll())
    list(errors.poll())
    (folder / "secret" / f"{PATH}.txt").write_text("x")
    (folder / "open" / LINKED).symlink_to(folder / "secret" / "deep")
    log.write_text(f"error: {LINE} failed\n")
    recorder = Recorder(workspace, [Windows(), files, errors])
    until, seen = time.monotonic() + 20, ""
    while not (PATH in seen and LINKED in seen) and time.monotonic() < until:
        for sample in files.poll():
            seen += str(sample.data["path"])
            recorder.emit("files", sample)
        time.sleep(0.05)
    assert PATH in seen, "the collector must have seen it, or nothing is proved"
    assert LINKED in seen
    for one in (Windows(), errors):
        for sample in one.poll():
            recorder.emit(one.name, sample)
    queued = [str(item) for item in list(recorder._queue.queue)]
    recorder.flush()
    recorder._intake.finish()
    return queued


def imported(workspace: Workspace, folder: Path) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [
        f"{first + timedelta(hours=n)},{('desk', 'vaultkeeper')[n % 3 == 0]},"
        f"{('plain', TABLE)[n % 3 == 0]},{n % 7}.5"
        for n in range(400)
    ]
    (folder / "desk.csv").write_text("\n".join(["time,app,note,load", *rows]))
    import_table(workspace, folder / "desk.csv", "desk", progress=quiet)
    told = [
        {"timestamp": f"2026-03-0{n % 9 + 1}T10:00:00Z", "duration": 5,
         "data": {"app": "vaultkeeper", "title": BUCKET}}
        for n in range(9)
    ]  # fmt: skip
    (folder / "aw.json").write_text(json.dumps({"buckets": {"aw-watcher-window_pc": {"events": told}}}))
    import_activitywatch(workspace, folder / "aw.json", progress=quiet)


def made(workspace: Workspace, folder: Path) -> None:
    tree: dict[str, object] = {
        "apps": {"from": "window", "agg": "nunique", "field": "app", "window": "1h"},
        "load": {"from": "desk", "agg": "mean", "window": "2d"},
    }
    features = parse_features(tree)
    featuring.build(workspace, parse_set({"name": "days", "features": ["apps"], "origins": {"every": "10m"}},
                                         features))  # fmt: skip
    learn(workspace, Wanted(project="desk", stream="desk", field="load", algorithm="ridge"), quiet)
    predict(workspace, "desk")
    for source in workspace.vault.counts():
        export_events(workspace, folder / "out" / f"{source}.jsonl", source)
    export_all(workspace, folder / "out" / "all")
    back_up(workspace, folder / "out" / "copies", progress=quiet)


def hunted(workspace: Workspace, folder: Path, queued: list[str], logged: str) -> set[str]:
    """Which of the words are in the queue, the logs, the vault opened and as it lies, exports and backups."""
    blobs = opened_documents(workspace.vault)
    files = bytes_of(workspace.vault.folder, folder / "out")
    return found((*MARKS, THROUGH), [*queued, logged, *blobs, *files])


RULES: dict[str, object] = {"exclude_apps": ["vaultk*"], "titles": "category"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path


def test_no_marked_string_is_anywhere_and_what_was_let_through_is(
    out: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    workspace, queued = days(out, {**RULES, "exclude_paths": [str(out / "link")]})
    logged = caplog.text + "".join(capfd.readouterr())
    assert hunted(workspace, out, queued, logged) == {THROUGH}
    sealed = bytes_of(workspace.vault.folder)
    assert found([THROUGH], sealed) == set()  # as it lies, nothing can be read
    workspace.vault.close()


def test_the_hunter_finds_each_where_no_rule_holds(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    workspace, queued = days(out, {"titles": "full"})
    assert hunted(workspace, out, queued, caplog.text) == {*MARKS, THROUGH}
    assert any(one.stream == "other" for one in workspace.vault.events())
    workspace.vault.close()
