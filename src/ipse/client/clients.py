"""The two clients: one that waits, one for ``async``. Errors of the service are those of ``ipse.errors``."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx2
import msgspec

from ipse import errors
from ipse.client import calls, results
from ipse.client.calls import Call
from ipse.client.results import Page
from ipse.client.streams import Lines, Told
from ipse.errors import AccessError, BusyError, IpseError, ServerError

__all__ = ["AsyncClient", "Client"]

T = TypeVar("T")

ADDRESS: Final = "http://127.0.0.1:4773"
SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.5
EVENTS: Final = {"Accept": "text/event-stream"}
KINDS: Final = {
    name.removesuffix("Error").lower(): getattr(errors, name)
    for name in errors.__all__
    if name != "IpseError"
}


class Client:
    """Asks a service that runs at ``address``, with a token of ``ipse token add``.

    ``verify`` is a file with the certificate of a service of your own, where it has one. It asks no proxy.
    Use it in a ``with`` block.
    """

    def __init__(
        self, token: str, *, address: str = ADDRESS, verify: str | bool = True, timeout: float = SECONDS
    ) -> None:
        self._http = httpx2.Client(**_options(token, address, verify, timeout))

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
                answer = self._http.request(call.method, call.path, **_sent(call, files))
            except httpx2.TransportError as error:
                raise _unreachable(self._http.base_url, error) from error
        return _read(call, answer)

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

    def answer(self, message: str, *, contact: str | None = None, model: str = "champion") -> results.Said:
        """What the clone says."""
        return self.do(calls.answer(message, contact=contact, model=model)).message

    def stream(
        self,
        message: str,
        *,
        contact: str | None = None,
        model: str = "champion",
        session: str = "main",
    ) -> Iterator[Told]:
        """What the clone says, piece by piece, and the whole answer at the end; closing it early stops it."""
        call = calls.stream(message, contact=contact, model=model, session=session)
        lines = Lines()
        try:
            with self._http.stream(call.method, call.path, json=call.body, headers=EVENTS) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _problem(answer)
                for line in answer.iter_lines():
                    if (told := lines.read(line)) is not None:
                        yield told
        except httpx2.TransportError as error:
            raise _unreachable(self._http.base_url, error) from error
        if lines.fault:
            raise _told(lines.fault)

    def import_(self, *files: Path, me: tuple[str, ...] = ()) -> results.Job:
        """Hand an export over, import it, and wait until that is done."""
        held = self.do(calls.upload(*files))
        return self.wait(self.do(calls.begin_import(held.id, me=me)).job)

    def train(self, method: str = "retrieval") -> results.Job:
        """Freeze a dataset, train a model on it, and wait until that is done."""
        return self.wait(self.do(calls.begin_training(method)).job)

    def wait(self, job: str, *, seconds: float = LOOK_SECONDS) -> results.Job:
        """Wait for a job, looking each so many seconds; raises ``IpseError`` with why it failed."""
        while not (found := self.do(calls.job(job))).ended:
            time.sleep(seconds)
        return _ended(found)


class AsyncClient:
    """:class:`Client` for ``async``: the same calls, awaited."""

    def __init__(
        self, token: str, *, address: str = ADDRESS, verify: str | bool = True, timeout: float = SECONDS
    ) -> None:
        self._http = httpx2.AsyncClient(**_options(token, address, verify, timeout))

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
                answer = await self._http.request(call.method, call.path, **_sent(call, files))
            except httpx2.TransportError as error:
                raise _unreachable(self._http.base_url, error) from error
        return _read(call, answer)

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

    async def answer(
        self, message: str, *, contact: str | None = None, model: str = "champion"
    ) -> results.Said:
        """What the clone says."""
        return (await self.do(calls.answer(message, contact=contact, model=model))).message

    async def stream(
        self,
        message: str,
        *,
        contact: str | None = None,
        model: str = "champion",
        session: str = "main",
    ) -> AsyncIterator[Told]:
        """What the clone says, piece by piece, and the whole answer at the end; closing it early stops it."""
        call = calls.stream(message, contact=contact, model=model, session=session)
        lines = Lines()
        try:
            async with self._http.stream(call.method, call.path, json=call.body, headers=EVENTS) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise _problem(answer)
                async for line in answer.aiter_lines():
                    if (told := lines.read(line)) is not None:
                        yield told
        except httpx2.TransportError as error:
            raise _unreachable(self._http.base_url, error) from error
        if lines.fault:
            raise _told(lines.fault)

    async def wait(self, job: str, *, seconds: float = LOOK_SECONDS) -> results.Job:
        """Wait for a job, looking each so many seconds; raises ``IpseError`` with why it failed."""
        while not (found := await self.do(calls.job(job))).ended:
            await asyncio.sleep(seconds)
        return _ended(found)


def _options(token: str, address: str, verify: str | bool, timeout: float) -> dict[str, Any]:  # noqa: FBT001
    import ssl

    return {
        "base_url": address.rstrip("/"),
        "headers": {"Authorization": f"Bearer {token}", "Accept": "application/json"},
        "timeout": timeout,
        "trust_env": False,
        "verify": ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify,
    }


def _sent(call: Call[Any], files: list[tuple[str, Any]]) -> dict[str, Any]:
    body = {"json": call.body} if call.body is not None else {}
    return {"params": dict(call.query), **body, **({"files": files} if files else {})}


def _read(call: Call[T], answer: httpx2.Response) -> T:
    if answer.is_success:
        try:
            return call.read(answer.content)
        except msgspec.MsgspecError as error:
            raise ServerError(
                f"{call.path}: the service answers as no ipse of this version does: {error}.",
                hint="Update both to one version.",
            ) from error
    raise _problem(answer)


def _problem(answer: httpx2.Response) -> IpseError:
    """The error that the service told, as the class it was there."""
    try:
        told = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ServerError(
            f"The service answered {answer.status_code}.", hint="Is it ipse that listens there?"
        )
    message, hint = str(told.get("detail", "")), str(told.get("hint", ""))
    kind: type[IpseError] = KINDS.get(str(told.get("type", "")).rsplit(":", 1)[-1], IpseError)
    if kind is BusyError:
        return BusyError(message, hint=hint, after=float(answer.headers.get("retry-after", 1)))
    if kind is AccessError:
        return AccessError(message, hint=hint, known=answer.status_code == 403)
    return kind(message, hint=hint)


def _told(fault: bytes) -> IpseError:
    """An error in the midst of a stream; its title is the class it was there."""
    told = msgspec.json.decode(fault, type=dict[str, Any])
    name = str(told.get("title", "")).removesuffix("Error").lower()
    kind: type[IpseError] = KINDS.get(name, IpseError)
    message, hint = str(told.get("detail", "")), str(told.get("hint", ""))
    if kind is BusyError:
        return BusyError(message, hint=hint, after=1.0)
    return kind(message, hint=hint)


def _unreachable(address: httpx2.URL, error: httpx2.TransportError) -> ServerError:
    return ServerError(
        f"Nobody answers at {address}: {type(error).__name__}.", hint="Start it with `ipse serve`."
    )


def _ended(job: results.Job) -> results.Job:
    if job.state != "done":
        raise IpseError(job.error or f"The {job.kind} job was {job.state}.", hint=job.hint)
    return job
