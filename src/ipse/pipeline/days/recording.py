"""Recording: collectors in threads, the guard before a bounded queue, one writer that makes it durable.

What a collector emits is guarded at once; what is excluded leaves a count and nothing else. The queue is
bounded: what finds no room is dropped and counted. The writer keeps what waits every few seconds, in one
transaction a source; what it kept is acknowledged. A jump of the clock, a suspend or a pause closes every
open state, so that no interval spans one.
"""

import os
import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
import psutil

from ipse.errors import BusyError, ConsentError, IpseError, VaultError
from ipse.heartbeats import Pulse, pulse_of
from ipse.interfaces import Collector
from ipse.pipeline.taking import Intake, guard_of
from ipse.pipeline.workspace import Workspace
from ipse.records import Event, Sample

__all__ = ["Clock", "Recorder", "Report"]

JUMP = 2.0  # seconds that wall clock and monotonic clock may drift apart between two looks
AGAIN = 30.0  # seconds after which a collector that failed is tried again
MIB = 1024 * 1024


class Report(msgspec.Struct, kw_only=True):
    """How recording stands. ``collectors`` says of each how it is; ``cpu`` is percent of one core."""

    pid: int
    started_at: datetime
    at: datetime
    paused: bool = False
    kept: int = 0
    extended: int = 0
    duplicates: int = 0
    excluded: int = 0
    dropped: int = 0
    waiting: int = 0
    cpu: float = 0.0
    memory_mib: float = 0.0
    collectors: dict[str, str] = {}
    notes: tuple[str, ...] = ()


class Clock:
    """The time, and whether it jumped: the wall clock was set, or the machine slept."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._steady = wall, steady
        self._offset = wall() - steady()

    def now(self) -> tuple[int, int]:
        """µs since the epoch in UTC, and minutes east of it at that moment, here."""
        at = self._wall()
        return int(at * 1_000_000), time.localtime(at).tm_gmtoff // 60

    def jumped(self) -> bool:
        """Whether it did since this was asked before."""
        offset = self._wall() - self._steady()
        jumped = abs(offset - self._offset) > JUMP
        self._offset = offset
        return jumped


class Recorder:
    """Runs collectors and keeps what they emit until it is told to stop."""

    def __init__(
        self,
        workspace: Workspace,
        collectors: Sequence[Collector],
        *,
        clock: Clock | None = None,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        settings = workspace.settings.collect
        self._workspace = workspace
        self._collectors = {one.name: one for one in collectors}
        self._guard = guard_of(workspace)
        self._intake = Intake(workspace)
        self._clock = clock or Clock()
        self._paused = paused
        self._flush = settings.flush
        self._queue: queue.Queue[tuple[str, Event] | None] = queue.Queue(settings.queue)
        self._unkept: list[tuple[str, Event] | None] = []
        self._last_key: dict[tuple[str, str], tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._own = psutil.Process()
        self._counts: Counter[str] = Counter()
        self._states = dict.fromkeys(self._collectors, "starting")
        self._partly = {one.name: str(getattr(one, "note", "")) for one in collectors}
        self._started = datetime.now(UTC)
        self._stop = threading.Event()
        self._refused: set[str] = set()

    def run(self, stop: threading.Event, told: Callable[[Report], None] = lambda _: None) -> Report:
        """Record until ``stop``; ``told`` how it stands at each flush. What waited is kept at the end."""
        threads = [
            threading.Thread(target=self._watch, args=(one,), name=f"collect-{one.name}", daemon=True)
            for one in self._collectors.values()
        ]
        self._own.cpu_percent()
        for thread in threads:
            thread.start()
        while not stop.wait(self._flush):
            self.flush()
            told(self.report())
        self._stop.set()
        for thread in threads:
            thread.join(2.0)
        self.flush()
        self._intake.finish()
        report = self.report()
        told(report)
        return report

    def emit(self, source: str, sample: Sample) -> None:
        """Take a sample in: guarded before it waits for anything."""
        if self._paused():
            self._note_pause()
            return
        passed = self._guard.passed(sample)
        with self._lock:
            if passed is None:
                self._counts["excluded"] += 1
                return
            if self._clock.jumped():
                self._put(None)
            now, east = self._clock.now()
            self._put((source, self._event(source, passed, now, east)))

    def flush(self) -> None:
        """Keep what waits; what cannot be kept now waits on, as far as there is room."""
        waiting, self._unkept = self._unkept, []
        while True:
            try:
                waiting.append(self._queue.get_nowait())
            except queue.Empty:
                break
        runs: list[list[tuple[str, Event]]] = [[]]
        for item in waiting:
            if item is None:
                runs.append([])
            else:
                runs[-1].append(item)
        for number, run in enumerate(runs):
            if number:
                self._intake.close_states()
            self._keep_run(run)

    def report(self) -> Report:
        """How it stands."""
        counts = self._counts
        unwatched = [
            f"{name}: {len(left)} folders are not watched (collect.watches)"
            for name, one in self._collectors.items()
            if (left := getattr(one, "unwatched", ()))
        ]
        unwatched += [f"{name}: {told}" for name, told in self._partly.items() if told]
        cpu, memory = self._own.cpu_percent(), self._own.memory_info().rss / MIB
        budget = self._workspace.settings.collect
        over = [f"takes {cpu:.1f} % of a core (collect.cpu_percent)"] if cpu > budget.cpu_percent else []
        over += [f"takes {memory:.0f} MiB (collect.memory_mib)"] if memory > budget.memory_mib else []
        return Report(
            pid=os.getpid(),
            started_at=self._started,
            at=datetime.now(UTC),
            paused=self._paused(),
            kept=counts["kept"],
            extended=counts["extended"],
            duplicates=counts["duplicates"],
            excluded=counts["excluded"],
            dropped=counts["dropped"],
            waiting=self._queue.qsize() + len(self._unkept),
            cpu=round(cpu, 2),
            memory_mib=round(memory, 1),
            collectors=dict(self._states),
            notes=(*unwatched, *over),
        )

    def _note_pause(self) -> None:
        with self._lock:
            if self._counts["paused"] == 0:
                self._put(None)
            self._counts["paused"] += 1

    def _put(self, item: tuple[str, Event] | None) -> None:
        try:
            self._queue.put_nowait(item)
            self._counts["paused"] = 0 if item else self._counts["paused"]
        except queue.Full:
            self._counts["dropped"] += item is not None

    def _event(self, source: str, sample: Sample, now: int, east: int) -> Event:
        ts = sample.ts if sample.ts is not None else now
        at = (source, sample.stream)
        before, count = self._last_key.get(at, (-1, 0))
        count = count + 1 if ts == before else 0  # several of one moment
        self._last_key[at] = (ts, count)
        return Event(
            source=source,
            stream=sample.stream,
            kind=sample.kind,
            ts=ts,
            dur=sample.dur,
            rx=now,
            tz=east,
            key=f"{ts + count:016x}",
            data=dict(sample.data),
        )

    def _keep_run(self, run: Sequence[tuple[str, Event]]) -> None:
        groups: dict[str, list[Event]] = defaultdict(list)
        for source, event in run:
            groups[source].append(event)
        for source, events in groups.items():
            if source in self._refused:
                continue
            pulse = pulse_of(self._collectors[source].every)
            pulses = [Pulse(one, pulse) for one in events if one.kind == "state"]
            others = [one for one in events if one.kind != "state"]
            try:
                kept = self._intake.keep(source, others, pulses)
            except ConsentError as error:
                self._refused.add(source)
                self._states[source] = f"stopped: {error.message}"
            except (VaultError, BusyError) as error:
                self._wait(source, events, error)
            else:
                self._counts.update(kept=kept.kept, extended=kept.extended, duplicates=kept.duplicates)

    def _wait(self, source: str, events: Sequence[Event], error: IpseError) -> None:
        """What the vault could not take now is tried again, as far as the queue has room for it."""
        room = max(self._queue.maxsize - len(self._unkept), 0)
        self._unkept += [(source, event) for event in events[:room]]
        self._counts["dropped"] += len(events) - len(events[:room])
        self._states[source] = f"waiting: {error.message}"

    def _watch(self, collector: Collector) -> None:
        """Run one collector, and begin again where it failed."""
        while not self._stop.is_set() and collector.name not in self._refused:
            why = collector.check()
            if why is not None:  # such as a screen that comes later than what starts with the session
                self._states[collector.name] = f"not here yet: {why}"
                self._stop.wait(AGAIN)
                continue
            self._states[collector.name] = "running"
            try:
                collector.run(lambda sample: self.emit(collector.name, sample), self._stop)
                return
            except (OSError, psutil.Error, IpseError) as error:
                self._states[collector.name] = f"failed, tried again: {type(error).__name__}"
            self._stop.wait(AGAIN)
