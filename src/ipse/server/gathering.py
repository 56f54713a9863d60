"""Events that programs push, kept together: who asks while a commit is under way shares the next one.

One thread a vault, with a workspace of its own. A request is answered once what it brought is durable.
"""

import asyncio
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import NamedTuple

from ipse.errors import BusyError, IpseError, VaultError
from ipse.heartbeats import Pulse
from ipse.pipeline.taking import Intake, guard_of
from ipse.privacy.guard import Guard
from ipse.records import Event, Sample
from ipse.server.vaults import OpenVault

__all__ = ["Gathering", "Taken"]

WAITING = 2000  # requests; more are told to come again
TOGETHER = 50_000  # events in one commit
SECONDS = 30.0
LINGER = 0.004  # seconds that are waited for more where several came together the last time


class Taken(NamedTuple):
    """What became of what a request brought: new, there before, and left out by the guard."""

    kept: int
    duplicates: int
    excluded: int = 0


class _Given(NamedTuple):
    source: str
    events: Sequence[Event]
    pulses: Sequence[Pulse]
    done: "Future[Taken]"


class Gathering:
    """Takes events in for one open vault."""

    def __init__(self, vault: OpenVault) -> None:
        self._queue: queue.Queue[_Given | None] = queue.Queue(WAITING)
        self._vault = vault
        self._ended = threading.Event()
        self._together = 0
        with vault.lend() as workspace:
            self._guard: Guard = guard_of(workspace)
        self._thread = threading.Thread(target=self._run, name="gathering", daemon=True)
        self._thread.start()

    def take(self, source: str, events: Sequence[Event], pulses: Sequence[Pulse] = ()) -> Taken:
        """Keep them; durable when this returns. Raises what keeping raises, and ``BusyError``."""
        done, excluded = self._given(source, events, pulses)
        try:
            return done.result(SECONDS)._replace(excluded=excluded)
        except TimeoutError:
            raise _busy() from None

    async def taken(self, source: str, pulses: Sequence[Pulse]) -> Taken:
        """:meth:`take` for a few heartbeats, awaited: a thread of their own would cost more than they do."""
        done, excluded = self._given(source, (), pulses)
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(done), SECONDS)
        except TimeoutError:
            raise _busy() from None
        return found._replace(excluded=excluded)

    def _given(
        self, source: str, events: Sequence[Event], pulses: Sequence[Pulse]
    ) -> "tuple[Future[Taken], int]":
        """What will tell what became of them, and how many the guard left out."""
        passed = [event for event in map(self._passed, events) if event is not None]
        beats = [
            Pulse(beat, pulse.pulse) for pulse in pulses if (beat := self._passed(pulse.beat)) is not None
        ]
        excluded = len(events) + len(pulses) - len(passed) - len(beats)
        if not passed and not beats:
            nothing: Future[Taken] = Future()
            nothing.set_result(Taken(0, 0))
            return nothing, excluded
        given = _Given(source, passed, beats, Future())
        try:
            self._queue.put_nowait(given)
        except queue.Full:
            raise BusyError("Too many events wait.", hint="Send fewer at once.", after=1.0) from None
        if self._ended.is_set():
            raise _ended()
        return given.done, excluded

    def close(self) -> None:
        """Keep what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    def _passed(self, event: Event) -> Event | None:
        sample = Sample(data=event.data, stream=event.stream)
        passed = self._guard.passed(sample)
        if passed is None:
            return None
        return event if passed.data == event.data else _with(event, passed)

    def _run(self) -> None:
        try:
            with self._vault.own() as workspace:
                intake = Intake(workspace)
                ended = False
                while not ended:
                    given, ended = self._waiting()
                    for source, some in given.items():
                        _keep(intake, source, some)
                    self._vault.watch.look()  # so that whose tokens are good is known again at once
                intake.finish()
        finally:
            self._ended.set()

    def _waiting(self) -> tuple[dict[str, list[_Given]], bool]:
        """What waits, by source; waits for the first."""
        found: dict[str, list[_Given]] = defaultdict(list)
        one = self._queue.get()
        if self._together > 1:
            time.sleep(LINGER)
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


def _keep(intake: Intake, source: str, some: Sequence[_Given]) -> None:
    """Keep what several requests brought, and tell each; what fails together is tried alone."""
    events = [event for one in some for event in one.events]
    pulses = [pulse for one in some for pulse in one.pulses]
    try:
        kept = intake.keep(source, events, pulses)
    except IpseError as error:
        if len(some) > 1:
            for one in some:
                _keep(intake, source, [one])
        else:
            _tell(some[0], error)
        return
    except BaseException:  # a bug: nobody is left waiting for it
        for one in some:
            _tell(one, _ended())
        raise
    new = set(kept.new)
    for one in some:
        own = {event.key for event in one.events} & new
        new -= own  # of two that brought the same event, the first kept it
        count = len(own) + len(one.pulses)
        _tell(one, Taken(count, len(one.events) - len(own)))


def _tell(one: _Given, told: Taken | BaseException) -> None:
    with suppress(InvalidStateError):  # who asked went away meanwhile
        if isinstance(told, BaseException):
            one.done.set_exception(told)
        else:
            one.done.set_result(told)


def _busy() -> BusyError:
    return BusyError("The vault is busy.", hint="Send it again; it is kept once.", after=2.0)


def _ended() -> VaultError:
    return VaultError("Taking events in has ended.", hint="Unlock the vault again.")


def _with(event: Event, passed: Sample) -> Event:
    return Event(
        source=event.source,
        kind=event.kind,
        ts=event.ts,
        rx=event.rx,
        key=event.key,
        dur=event.dur,
        tz=event.tz,
        data=passed.data,
        stream=event.stream,
    )
