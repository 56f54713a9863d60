"""Answers from worker threads to an event loop: piece by piece, stopped when nobody listens any more.

One for each vault that is open: its voices stay warm, and the fair queue is its own.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Final, Generic, TypeVar

from ipse.pipeline.chatting import Conversation
from ipse.pipeline.sessions import Entry
from ipse.pipeline.voicing import Warm
from ipse.server.queue import FairQueue, Place
from ipse.server.scribe import Scribe
from ipse.server.vaults import OpenVault

__all__ = ["Speaking", "speaking"]

T = TypeVar("T")
Work = Callable[[], Iterator[T | None]]
"""Yields pieces; None is none, and lets the work be stopped there."""

END: Final = 5.0  # seconds for answers to end when the vault is locked


class Speaking:
    """What speaks for one vault."""

    def __init__(self, vault: OpenVault) -> None:
        limits = vault.settings.service
        self.vault = vault
        self.warm = Warm(vault.watch.look)
        self.scribe = Scribe(vault, self.warm)
        self.queue = FairQueue(limits.answers, most=limits.waiting, each=limits.waiting_each)
        self._threads = ThreadPoolExecutor(limits.answers, thread_name_prefix="answer")
        self._running: set[_Pump[object]] = set()
        self._ended = False

    async def stream(
        self, who: str, work: "Work[T]", told: Callable[[Place], None] | None = None
    ) -> AsyncGenerator[list[T], None]:
        """What ``work`` yields, once it is their turn; raises ``BusyError`` and whatever the work raises.

        What came since the last time comes together.

        Closing it early stops the work at its next piece; the turn is over when it has stopped.
        """
        await self.queue.take(who, told)
        loop, began = asyncio.get_running_loop(), time.monotonic()
        pump = _Pump(loop, work)

        def over(_: object) -> None:
            self._running.discard(pump)
            loop.call_soon_threadsafe(self.queue.give_back, time.monotonic() - began)

        self._running.add(pump)  # type: ignore[arg-type]
        try:
            self._threads.submit(pump.run).add_done_callback(over)
        except BaseException:
            over(None)
            raise
        try:
            async for pieces in pump:
                yield pieces
        finally:
            pump.stop()

    async def whole(self, who: str, work: "Work[T]") -> T:
        """The one thing that ``work`` yields, once it is their turn; cancelled, it stops at its next None."""
        async with aclosing(self.stream(who, work)) as found:
            async for (one,) in found:
                return one
        raise AssertionError("work yields once")

    async def reply(self, who: str, begin: Callable[[], Conversation], text: str, model: str) -> Conversation:
        """Once it is their turn, the whole answer to ``text``, durable: ``answered`` of what this returns.

        Cancelled, it stops at the next piece of it; what was said until then is kept.
        """
        made: list[Conversation] = []

        def make() -> Entry:
            made.append(begin())
            return made[-1].reply(text)

        def piecemeal() -> Iterator[Entry | None]:
            made.append(begin())
            yield (yield from made[-1].replying(text))

        if self.warm.recalls(model):
            async with self.queue.turn(who):
                await asyncio.wrap_future(self.scribe.later(make))
        else:
            entry = await self.whole(who, piecemeal)
            await asyncio.wrap_future(self.scribe.later(lambda: entry))
        return made[-1]

    def close(self) -> None:
        """Let what is said end, and let go of the voices."""
        for pump in list(self._running):
            pump.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.scribe.close()
        self.warm.forget()


def speaking(vault: OpenVault) -> Speaking:
    """The one of this vault."""
    return vault.part(Speaking, Speaking)


class _Pump(Generic[T]):
    """Runs an iterator in a thread and hands on what it yields."""

    def __init__(self, loop: asyncio.AbstractEventLoop, work: "Work[T]") -> None:
        self._loop = loop
        self._work = work
        self._guard = threading.Lock()
        self._pieces: deque[T] = deque()
        self._ready = asyncio.Event()
        self._told = self._stopped = self._over = False
        self._error: BaseException | None = None

    def stop(self) -> None:
        """Go no further than the next piece."""
        self._stopped = True

    def run(self) -> None:
        """In the thread."""
        try:
            pieces = self._work()
            try:
                for piece in pieces:
                    if self._stopped:
                        break
                    if piece is not None:
                        self._hand(piece)
            finally:
                close = getattr(pieces, "close", None)
                if close is not None:
                    close()
        except BaseException as error:  # noqa: BLE001 - raised where it is listened to
            self._error = error
        finally:
            self._over = True
            self._wake()

    def __aiter__(self) -> AsyncIterator[list[T]]:
        """The pieces as they come, those together that came together; what the work raised, at its end."""
        return self._heard()

    async def _heard(self) -> AsyncIterator[list[T]]:
        while True:
            await self._ready.wait()
            self._ready.clear()
            over = self._over
            with self._guard:
                pieces, self._told = list(self._pieces), False
                self._pieces.clear()
            if pieces:
                yield pieces
            if over:
                break
        if self._error is not None:
            raise self._error

    def _hand(self, piece: T) -> None:
        with self._guard:
            self._pieces.append(piece)
            if self._told:
                return
            self._told = True
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ready.set)
