"""Recording: guard before the queue, a bounded queue, states merged, and what stops or ends it."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from ipse.collectors import Polled
from ipse.config import CollectSettings, PrivacySettings, Settings
from ipse.errors import ConsentError, SettingsError, VaultError
from ipse.interfaces import Stop
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.days import collecting, events
from ipse.pipeline.days.recording import Clock, Recorder, Report
from ipse.pipeline.workspace import Workspace
from ipse.records import Sample

START = 1_760_000_000.0


class Scripted(Polled):
    """Emits what it is given, at once."""

    name = "window"
    says = "a script"
    every = 1.0

    def __init__(self, samples: Sequence[Sample] = ()) -> None:
        self.samples = list(samples)

    def poll(self) -> Iterable[Sample]:
        given, self.samples = self.samples, []
        return given


class Time:
    """A wall clock and a steady one that a test sets."""

    def __init__(self) -> None:
        self.wall, self.steady = START, 50.0

    def clock(self) -> Clock:
        return Clock(lambda: self.wall, lambda: self.steady)

    def go(self, seconds: float, *, asleep: float = 0.0) -> None:
        self.wall += seconds + asleep
        self.steady += seconds


def state(app: str = "mail", **more: str | int) -> Sample:
    return Sample(data={"app": app, **more})


@pytest.fixture
def allowed(workspace: Workspace) -> Workspace:
    give(workspace, "window", ("archive", "events"))
    return workspace


def kept(workspace: Workspace) -> list[tuple[float, float, object]]:
    table = events.read(workspace, "window")
    apps = events.fields(table, ["app"])["app"].to_pylist()
    ts, dur = table["ts"].to_pylist(), table["dur"].to_pylist()
    return [(at / 1e6 - START, of / 1e6, app) for at, of, app in zip(ts, dur, apps, strict=True)]


def test_what_is_seen_again_is_one_state(allowed: Workspace) -> None:
    now = Time()
    recorder = Recorder(allowed, [Scripted()], clock=now.clock())
    for app in "aaabbaa":
        recorder.emit("window", state(app))
        now.go(1)
        recorder.flush()
    assert kept(allowed) == [(0, 2, "a"), (3, 1, "b"), (5, 1, "a")]
    report = recorder.report()
    assert (report.kept, report.extended, report.waiting, report.dropped) == (3, 4, 0, 0)


def test_a_new_process_goes_on_with_the_state_that_was_open(allowed: Workspace) -> None:
    now = Time()
    first = Recorder(allowed, [Scripted()], clock=now.clock())
    first.emit("window", state())
    first.flush()
    now.go(1)
    second = Recorder(allowed, [Scripted()], clock=now.clock())
    second.emit("window", state())
    second.flush()
    assert kept(allowed) == [(0, 1, "mail")]


@pytest.mark.parametrize("asleep", [7200.0, -3600.0, 3.0])
def test_no_interval_spans_a_suspend_or_a_jump_of_the_clock(allowed: Workspace, asleep: float) -> None:
    now = Time()
    slow = Scripted()
    slow.every = 100_000.0  # the rule alone would merge over it
    recorder = Recorder(allowed, [slow], clock=now.clock())
    recorder.emit("window", state())
    now.go(1)
    recorder.emit("window", state())
    now.go(1, asleep=asleep)
    recorder.emit("window", state())
    now.go(1)
    recorder.emit("window", state())
    recorder.flush()
    found = sorted(kept(allowed))
    assert found == sorted([(0, 1, "mail"), (2 + asleep, 1, "mail")])


def test_a_day_that_changes_the_clocks_has_true_lengths_and_the_zone_of_the_moment(
    allowed: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        now = Time()
        now.wall = 1_761_438_600.0  # 2025-10-26 00:30 UTC: 02:30 there, and at 01:00 UTC it is 02:00 again
        slow = Scripted()
        slow.every = 1200.0
        recorder = Recorder(allowed, [slow], clock=now.clock())
        for _ in range(4):
            recorder.emit("window", state())
            now.go(1200)
        recorder.emit("window", state("other"))
        recorder.flush()
        table = events.read(allowed, "window")
        assert table["dur"].to_pylist() == [3600 * 1_000_000, 0]
        assert table["tz"].to_pylist() == [120, 60]
        assert ZoneInfo("Europe/Berlin") is not None
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_what_is_excluded_never_waits(allowed: Workspace) -> None:
    settings = allowed.settings.model_copy(update={"privacy": PrivacySettings(exclude_apps=("secret*",))})
    inside = Workspace(allowed.vault, settings)
    recorder = Recorder(inside, [Scripted()])
    recorder.emit("window", state("Secretive", title="x"))
    assert recorder.report().excluded == 1
    assert recorder._queue.empty()


def test_what_finds_no_room_is_dropped_and_counted(allowed: Workspace) -> None:
    settings = allowed.settings.model_copy(update={"collect": CollectSettings(queue=5)})
    recorder = Recorder(Workspace(allowed.vault, settings), [Scripted()])
    for n in range(9):
        recorder.emit("window", Sample(kind="point", data={"n": n}))
    assert (recorder.report().dropped, recorder.report().waiting) == (4, 5)
    recorder.flush()
    assert (recorder.report().kept, recorder.report().waiting) == (5, 0)


def test_events_of_one_moment_are_all_kept(allowed: Workspace) -> None:
    recorder = Recorder(allowed, [Scripted()], clock=Time().clock())
    for n in range(3):
        recorder.emit("window", Sample(kind="point", data={"app": f"{n}"}))
    recorder.flush()
    assert [app for _, _, app in kept(allowed)] == ["0", "1", "2"]


def test_nothing_is_collected_in_private(allowed: Workspace) -> None:
    now, private = Time(), [False]
    recorder = Recorder(allowed, [Scripted()], clock=now.clock(), paused=lambda: private[0])
    for n in range(6):
        private[0] = n in (2, 3)
        recorder.emit("window", state(n=n // 6))
        now.go(0.5)
    recorder.flush()
    assert kept(allowed) == [(0, 0.5, "mail"), (2, 0.5, "mail")]


def test_a_withdrawn_consent_stops_its_collector_at_once(allowed: Workspace) -> None:
    recorder = Recorder(allowed, [Scripted()])
    recorder.emit("window", state("a"))
    recorder.flush()
    withdraw(allowed, allowed.consents()[0].consent.id)
    recorder.emit("window", state("b"))
    recorder.flush()
    recorder.emit("window", state("c"))
    recorder.flush()
    assert [app for _, _, app in kept(allowed)] == ["a"]
    assert recorder.report().collectors["window"].startswith("stopped")


def test_a_consent_that_runs_out_ends_it(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=2)

    give(workspace, "window", ("archive", "events"), days=1)
    recorder = Recorder(workspace, [Scripted()])
    recorder.emit("window", state("a"))
    recorder.flush()
    monkeypatch.setattr("ipse.pipeline.taking.datetime", Later)
    monkeypatch.setattr("ipse.pipeline.workspace.datetime", Later)
    recorder.emit("window", state("b"))
    recorder.flush()
    assert [app for _, _, app in kept(workspace)] == ["a"]
    assert recorder.report().collectors["window"].startswith("stopped")


def test_what_the_vault_cannot_take_waits(allowed: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(allowed, [Scripted()])
    recorder.emit("window", state("a"))

    def full(*_: object, **__: object) -> None:
        raise VaultError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(allowed.vault, "keep_events", full)
        recorder.flush()
        recorder.flush()
        assert recorder.report().waiting == 1
        assert recorder.report().collectors["window"].startswith("waiting")
    recorder.flush()
    assert [app for _, _, app in kept(allowed)] == ["a"]


def test_it_records_until_it_is_stopped_and_keeps_what_waited(allowed: Workspace) -> None:
    told, stop = list[Report](), threading.Event()
    settings = allowed.settings.model_copy(
        update={"collect": CollectSettings(flush=0.1, cpu_percent=1e-9, memory_mib=1)}
    )
    inside = Workspace(allowed.vault, settings)
    quick = Scripted([Sample(kind="point", data={"app": str(n)}) for n in range(50)])
    recorder = Recorder(inside, [quick])
    threading.Timer(0.4, stop.set).start()
    report = recorder.run(stop, told.append)
    assert report.kept == len(kept(allowed)) == 50
    assert len(told) > 1
    assert any("memory_mib" in note for note in report.notes)
    rows = [row.details for row in allowed.vault.audit_rows() if row.action == "events.keep"]
    assert sum(int(str(row["kept"])) + int(str(row["before"])) for row in rows) == 50


def test_a_collector_that_fails_is_tried_again(allowed: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipse.pipeline.days.recording.AGAIN", 0.01)

    class Flaky(Scripted):
        tries = 0

        def run(self, emit: Callable[[Sample], None], stop: Stop) -> None:
            Flaky.tries += 1
            if Flaky.tries < 3:
                raise OSError("gone")
            super().run(emit, stop)

    stop = threading.Event()
    settings = allowed.settings.model_copy(update={"collect": CollectSettings(flush=0.1)})
    recorder = Recorder(Workspace(allowed.vault, settings), [Flaky([state()])])
    threading.Timer(0.5, stop.set).start()
    assert recorder.run(stop).kept == 1
    assert Flaky.tries == 3


def test_what_cannot_run_yet_begins_as_soon_as_it_can(
    allowed: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipse.pipeline.days.recording.AGAIN", 0.01)
    reports: list[Report] = []

    class Late(Scripted):
        note = "half of it is not seen"

        def check(self) -> str | None:
            return None if reports else "no screen yet"

    stop = threading.Event()
    settings = allowed.settings.model_copy(update={"collect": CollectSettings(flush=0.1)})
    recorder = Recorder(Workspace(allowed.vault, settings), [Late([state()])])
    threading.Timer(0.5, stop.set).start()
    assert recorder.run(stop, reports.append).kept == 1
    assert reports[0].collectors == {"window": "not here yet: no screen yet"}
    assert reports[-1].collectors == {"window": "running"}
    assert "window: half of it is not seen" in reports[0].notes


def test_recording_asks_first_and_is_alone(workspace: Workspace) -> None:
    chosen = Settings(
        vault=str(workspace.vault.folder), collect=CollectSettings(collectors=("context", "files"))
    )
    inside = Workspace(workspace.vault, chosen)
    with pytest.raises(ConsentError, match="context, files"):
        collecting.record(inside)
    assert collecting.allow(inside, ["files"]) == ["files"]
    with pytest.raises(SettingsError, match="No collector can run"):
        collecting.record(inside)
    collecting.allow(inside, ["context", "files"])
    stop = threading.Event()
    stop.set()
    report = collecting.record(inside, stop)
    assert list(report.collectors) == ["context", "files"]
    from ipse.jobs.stopping import holding

    with holding(workspace.vault.folder, "collect"), pytest.raises(VaultError, match="Another process"):
        collecting.record(inside, stop)
    with holding(workspace.vault.folder, "collect"), pytest.raises(VaultError, match="Another process"):
        collecting.start(workspace.vault.folder, lambda _: None)
    actions = [row.action for row in workspace.vault.audit_rows()]
    assert actions.count("collect.start") == actions.count("collect.stop") == 1
    found = collecting.status(inside)
    assert (found.running, found.pause) == (False, None)
    assert found.report is not None
    assert {one.name for one in found.collectors if one.wanted} == {"context", "files"}


def test_a_pause_holds_until_it_ends(workspace: Workspace) -> None:
    folder = workspace.vault.folder
    assert collecting.paused(folder) is None
    assert not collecting.resume(folder)
    made = collecting.pause(folder, 5)
    assert collecting.paused(folder) == made
    assert collecting.resume(folder)
    collecting.pause(folder)
    assert collecting.paused(folder) == collecting.Pause()
    collecting.pause(folder, -1)
    assert collecting.paused(folder) is None
    (folder / "jobs" / "collect.private").write_bytes(b"{")
    assert collecting.paused(folder) == collecting.Pause()
    assert not collecting.stop(folder)
