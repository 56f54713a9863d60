"""The two clients: one that waits, one for ``async``. Errors of the service are those of ``ipse.errors``."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar, Unpack

import httpx2

from ipse.client import calls, results, verbs, wire
from ipse.client.calls import Call, Chatting
from ipse.client.results import Page
from ipse.client.streams import Lines, Told
from ipse.client.verbs import LOOK_SECONDS, Verb

__all__ = ["AsyncClient", "Client"]

T = TypeVar("T")

ADDRESS: Final = "http://127.0.0.1:4773"
SECONDS: Final = 120.0


class Client:
    """Asks a service that runs at ``address``, with a token of ``ipse token add``.

    ``verify`` is a file with the certificate of a service of your own, where it has one. It asks no proxy.
    Use it in a ``with`` block.
    """

    def __init__(
        self, token: str, *, address: str = ADDRESS, verify: str | bool = True, timeout: float = SECONDS
    ) -> None:
        self._http = httpx2.Client(**wire.options(token, address, verify, timeout))

    def __enter__(self) -> Self:
        """Use it in a ``with`` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def do(self, call: Call[T]) -> T:
        """One request; raises what the service says, as an ``IpseError``."""
        with ExitStack() as open_:
            files = [("files", (file.name, open_.enter_context(file.open("rb")))) for file in call.files]
            try:
                answer = self._http.request(call.method, call.path, **wire.sent(call, files))
            except httpx2.TransportError as error:
                raise wire.unreachable(self._http.base_url, error) from error
        return wire.read(call, answer)

    def every(self, of: Callable[..., Call[Page[T]]], **query: Any) -> Iterator[T]:  # noqa: ANN401 - its own
        """Every item of a list, page by page: ``client.every(calls.messages, contact="PERSON_2")``."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.do(of(**query, cursor=cursor))
            yield from page.items
            cursor = page.next

    def overview(self) -> results.Overview:
        """What is here, and what is next."""
        return self.do(calls.overview())

    def models(self) -> list[results.Model]:
        """Every model, the newest first."""
        return list(self.every(calls.models))

    def answer(self, message: str, **how: Unpack[Chatting]) -> results.Said:
        """What the clone says."""
        return self.do(calls.answer(message, **how)).message

    def stream(self, message: str, **how: Unpack[Chatting]) -> Iterator[Told]:
        """What the clone says, piece by piece, and the whole answer at the end; closing it early stops it."""
        call, lines = calls.stream(message, **how), Lines()
        try:
            with self._http.stream(call.method, call.path, json=call.body, headers=wire.EVENTS) as answer:
                if not answer.is_success:
                    answer.read()
                    raise wire.problem(answer)
                for line in answer.iter_lines():
                    yield from lines.read(line)
        except httpx2.TransportError as error:
            raise wire.unreachable(self._http.base_url, error) from error
        if lines.fault:
            raise wire.told(lines.fault)

    def import_(self, *files: Path, me: tuple[str, ...] = ()) -> results.Job:
        """Hand an export over, import it, and wait until that is done."""
        return self._through(verbs.import_(files, me))

    def train(self, method: str = "retrieval") -> results.Job:
        """Freeze a dataset, train a model on it, and wait until that is done."""
        return self._through(verbs.train(method))

    def wait(self, job: str, *, seconds: float = LOOK_SECONDS) -> results.Job:
        """Wait for a job, looking each so many seconds; raises ``IpseError`` with why it failed."""
        return self._through(verbs.wait(job, seconds))

    def _through(self, verb: Verb[T]) -> T:
        told: object = None
        while True:
            try:
                step = verb.send(told)
            except StopIteration as done:
                found: T = done.value
                return found
            if isinstance(step, Call):
                told = self.do(step)
            else:
                time.sleep(step)


class AsyncClient:
    """:class:`Client` for ``async``: the same calls, awaited."""

    def __init__(
        self, token: str, *, address: str = ADDRESS, verify: str | bool = True, timeout: float = SECONDS
    ) -> None:
        self._http = httpx2.AsyncClient(**wire.options(token, address, verify, timeout))

    async def __aenter__(self) -> Self:
        """Use it in an ``async with`` block."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def do(self, call: Call[T]) -> T:
        """One request; raises what the service says, as an ``IpseError``."""
        async with AsyncExitStack() as open_:
            files = [("files", (file.name, open_.enter_context(file.open("rb")))) for file in call.files]
            try:
                answer = await self._http.request(call.method, call.path, **wire.sent(call, files))
            except httpx2.TransportError as error:
                raise wire.unreachable(self._http.base_url, error) from error
        return wire.read(call, answer)

    async def every(self, of: Callable[..., Call[Page[T]]], **query: Any) -> AsyncIterator[T]:  # noqa: ANN401
        """Every item of a list, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            page = await self.do(of(**query, cursor=cursor))
            for item in page.items:
                yield item
            cursor = page.next

    async def overview(self) -> results.Overview:
        """What is here, and what is next."""
        return await self.do(calls.overview())

    async def models(self) -> list[results.Model]:
        """Every model, the newest first."""
        return [model async for model in self.every(calls.models)]

    async def answer(self, message: str, **how: Unpack[Chatting]) -> results.Said:
        """What the clone says."""
        return (await self.do(calls.answer(message, **how))).message

    async def stream(self, message: str, **how: Unpack[Chatting]) -> AsyncIterator[Told]:
        """What the clone says, piece by piece, and the whole answer at the end; closing it early stops it."""
        call, lines = calls.stream(message, **how), Lines()
        try:
            asking = self._http.stream(call.method, call.path, json=call.body, headers=wire.EVENTS)
            async with asking as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise wire.problem(answer)
                async for line in answer.aiter_lines():
                    for one in lines.read(line):
                        yield one
        except httpx2.TransportError as error:
            raise wire.unreachable(self._http.base_url, error) from error
        if lines.fault:
            raise wire.told(lines.fault)

    async def import_(self, *files: Path, me: tuple[str, ...] = ()) -> results.Job:
        """Hand an export over, import it, and wait until that is done."""
        return await self._through(verbs.import_(files, me))

    async def train(self, method: str = "retrieval") -> results.Job:
        """Freeze a dataset, train a model on it, and wait until that is done."""
        return await self._through(verbs.train(method))

    async def wait(self, job: str, *, seconds: float = LOOK_SECONDS) -> results.Job:
        """Wait for a job, looking each so many seconds; raises ``IpseError`` with why it failed."""
        return await self._through(verbs.wait(job, seconds))

    async def _through(self, verb: Verb[T]) -> T:
        told: object = None
        while True:
            try:
                step = verb.send(told)
            except StopIteration as done:
                found: T = done.value
                return found
            if isinstance(step, Call):
                told = await self.do(step)
            else:
                await asyncio.sleep(step)
