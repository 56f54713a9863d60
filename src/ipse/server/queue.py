"""Whose turn it is to be answered: people take turns, however many questions one of them asks at once.

A round goes over all who wait, one question each. Who waits is told how many are before them and about how
long that takes; where too many wait, nobody more is let in. All of it happens on one event loop.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from ipse.errors import BusyError

__all__ = ["FairQueue", "Place"]

SMOOTH: Final = 0.2  # how much the newest answer says of how long one takes
FIRST_GUESS: Final = 1.0  # seconds, before anything was answered


class Place(NamedTuple):
    """How many are answered before, and in about how many seconds it is one's turn."""

    ahead: int
    seconds: float


class FairQueue:
    """``slots`` are answered at once; ``each`` of one person and ``most`` of all may wait."""

    def __init__(self, slots: int, *, most: int = 64, each: int = 8) -> None:
        self._slots = slots
        self._most = most
        self._each = each
        self._free = slots
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._takes = FIRST_GUESS

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(line) for line in self._waiting.values())

    def place(self, who: str) -> Place:
        """Where a question of theirs would stand now."""
        mine = len(self._waiting.get(who, ()))
        ahead = sum(min(len(line), mine + 1) for name, line in self._waiting.items() if name != who) + mine
        beyond = ahead + 1 - self._free  # who finds a slot free waits for nobody, whoever else is answered
        return Place(ahead, max(0.0, self._takes * beyond / self._slots))

    def admits(self, who: str) -> bool:
        """Whether one more question of theirs may wait."""
        return len(self._waiting.get(who, ())) < self._each and self.waiting < self._most

    @asynccontextmanager
    async def turn(self, who: str, told: Callable[[Place], None] | None = None) -> AsyncIterator[None]:
        """Wait for one's turn and have it; raises ``BusyError`` where too many wait.

        ``told`` is called with one's place where there is a wait. Who goes away meanwhile loses it.
        """
        await self.take(who, told)
        began = time.monotonic()
        try:
            yield
        finally:
            self.give_back(time.monotonic() - began)

    async def take(self, who: str, told: Callable[[Place], None] | None = None) -> None:
        """Wait for one's turn; :meth:`give_back` ends it."""
        if self._free and not self._waiting:
            self._free -= 1
            return
        place = self.place(who)
        line = self._waiting.get(who, ())
        if len(line) >= self._each:
            raise BusyError(
                f"{len(line)} of your questions wait already.",
                hint="Let them be answered.",
                after=place.seconds,
            )
        if self.waiting >= self._most:
            raise BusyError(
                f"{self.waiting} questions wait.", hint="Ask again later.", after=max(1.0, place.seconds)
            )
        if told is not None:
            told(place)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came in the moment they went
                self._free += 1
                self._next()
            else:
                self._leave(who, turn)
            raise

    def give_back(self, took: float) -> None:
        """The turn is over, after so many seconds."""
        self._takes += SMOOTH * (took - self._takes)
        self._free += 1
        self._next()

    def _leave(self, who: str, turn: "asyncio.Future[None]") -> None:
        line = self._waiting.get(who)
        if line is not None and turn in line:
            line.remove(turn)
            if not line:
                del self._waiting[who]

    def _next(self) -> None:
        while self._free and self._waiting:
            who, line = next(iter(self._waiting.items()))
            turn = line.popleft()
            del self._waiting[who]
            if line:
                self._waiting[who] = line  # behind everyone else
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
