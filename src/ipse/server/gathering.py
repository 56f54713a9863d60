"""Events that programs push, kept together: who asks while a commit is under way shares the next one.

One thread a vault, with a workspace of its own. A request is answered once what it brought is durable.
"""

import asyncio
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from ipse.errors import BusyError, IpseError, VaultError
from ipse.heartbeats import Pulse
from ipse.pipeline.taking import Intake, guard_of
from ipse.records import Event
from ipse.server.pushed import Reader
from ipse.server.vaults import OpenVault
from ipse.vault import Kept

__all__ = ["Gathering", "Taken"]

WAITING = 2000  # requests; more are told to come again
TOGETHER = 50_000  # events in one commit
SECONDS = 30.0
STEP = 0.002  # seconds that are waited for more where several came together the last time
STEPS = 8  # of them at most; no more once as many are there, or nobody came in one


class Taken(NamedTuple):
    """What became of what a request brought: new, there before, left out by the guard, come too late."""

    kept: int
    duplicates: int
    excluded: int = 0
    late: int = 0


class _Given(NamedTuple):
    source: str
    events: Sequence[Event]
    pulses: Sequence[Pulse]
    done: "Future[Taken] | asyncio.Future[Taken]"


class Gathering:
    """Takes events in for one open vault; ``reader`` guards what it is to be given."""

    def __init__(self, vault: OpenVault) -> None:
        self._queue: queue.Queue[_Given | None] = queue.Queue(WAITING)
        self._vault = vault
        self._ended = threading.Event()
        self._together = 0
        with vault.lend() as workspace:
            self.reader = Reader(guard_of(workspace))
        self._thread = threading.Thread(target=self._run, name="gathering", daemon=True)
        self._thread.start()

    def take(self, source: str, events: Sequence[Event], pulses: Sequence[Pulse] = ()) -> Taken:
        """Keep them; durable when this returns. Raises what keeping raises, and ``BusyError``."""
        if not events and not pulses:
            return Taken(0, 0)
        done: Future[Taken] = Future()
        self._give(_Given(source, events, pulses, done))
        try:
            return done.result(SECONDS)
        except TimeoutError:
            raise _busy() from None

    async def taken(self, source: str, pulses: Sequence[Pulse]) -> Taken:
        """:meth:`take` for a few heartbeats, awaited: a thread of their own would cost more than they do."""
        if not pulses:
            return Taken(0, 0)
        done: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._give(_Given(source, (), pulses, done))
        try:
            async with asyncio.timeout(SECONDS):
                return await done
        except TimeoutError:
            raise _busy() from None

    def _give(self, given: _Given) -> None:
        try:
            self._queue.put_nowait(given)
        except queue.Full:
            raise BusyError("Too many events wait.", hint="Send fewer at once.", after=1.0) from None
        if self._ended.is_set():
            raise _ended()

    def close(self) -> None:
        """Keep what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            with self._vault.own() as workspace:
                intake = Intake(workspace)
                ended = False
                while not ended:
                    given, ended = self._waiting()
                    for source, some in given.items():
                        self._keep(intake, source, some)
                intake.finish()
        finally:
            self._ended.set()

    def _keep(self, intake: Intake, source: str, some: Sequence[_Given]) -> None:
        """Keep what several requests brought, and tell each; what fails together is tried alone."""
        events = [event for one in some for event in one.events]
        pulses = [pulse for one in some for pulse in one.pulses]
        try:
            kept, cleared = intake.take(source, events, pulses)
            self._vault.watch.look()  # so that whose tokens are good is known before they ask again
        except IpseError as error:
            if len(some) > 1:
                for one in some:
                    self._keep(intake, source, [one])
            else:
                _tell([(some[0], error)])
            return
        except BaseException:  # a bug: nobody is left waiting for it
            _tell([(one, _ended()) for one in some])
            raise
        _tell(list(zip(some, _shares(some, kept, cleared), strict=True)))

    def _waiting(self) -> tuple[dict[str, list[_Given]], bool]:
        """What waits, by source; waits for the first."""
        found: dict[str, list[_Given]] = defaultdict(list)
        one = self._queue.get()
        there, before = self._queue.qsize() + 1, 0
        for _ in range(STEPS):
            if before == there or there >= self._together:
                break
            time.sleep(STEP)
            before, there = there, self._queue.qsize() + 1
        count = self._together = 0
        while one is not None:
            found[one.source].append(one)
            self._together += 1
            count += len(one.events) + len(one.pulses)
            if count >= TOGETHER:
                return found, False
            try:
                one = self._queue.get_nowait()
            except queue.Empty:
                return found, False
        return found, True


def _shares(some: Sequence[_Given], kept: Kept, cleared: Sequence[Event]) -> Iterator[Taken]:
    """What each brought of what was kept; of two that brought the same event, the first did."""
    new, late = set(map(id, kept.new_events)), set(map(id, kept.late_events))
    left = iter(map(id, cleared))
    for one in some:
        own = list(islice(left, len(one.events)))
        fresh, behind = sum(event in new for event in own), sum(event in late for event in own)
        yield Taken(fresh + len(one.pulses), len(own) - fresh - behind, late=behind)


def _tell(answers: Sequence[tuple[_Given, Taken | IpseError]]) -> None:
    """Tell each what became of what it brought; those that one loop waits for, all at once."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Given, Taken | IpseError]]] = defaultdict(list)
    for one, told in answers:
        if isinstance(one.done, Future):
            _settle([(one, told)])
        else:
            loops[one.done.get_loop()].append((one, told))
    for loop, some in loops.items():
        with suppress(RuntimeError):  # the service has ended, and nobody waits
            loop.call_soon_threadsafe(_settle, some)


def _settle(answers: Sequence[tuple[_Given, Taken | IpseError]]) -> None:
    for one, told in answers:
        if one.done.done():  # who asked went away meanwhile
            continue
        if isinstance(told, IpseError):
            one.done.set_exception(told)
        else:
            one.done.set_result(told)


def _busy() -> BusyError:
    return BusyError("The vault is busy.", hint="Send it again; it is kept once.", after=2.0)


def _ended() -> VaultError:
    return VaultError("Taking events in has ended.", hint="Unlock the vault again.")
