"""Server-sent events: JSON behind a name, and a word now and then so that nobody thinks the line is dead."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec
from starlette.responses import StreamingResponse

from ipse.errors import IpseError
from ipse.server.problems import Problem, status_of

__all__ = ["EVENT_STREAM", "begun", "event", "failed", "streamed", "told"]

EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "events"}
}
QUIET_SECONDS: Final = 15.0


def event(name: str, data: Mapping[str, object]) -> bytes:
    """One event; without a name it is a message."""
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + msgspec.json.encode(data) + b"\n\n"


def failed(error: IpseError) -> dict[str, object]:
    """An error as it would be told before anything was said."""
    return Problem(
        type="urn:ipse:problem:stream", title=type(error).__name__, status=status_of(error),
        detail=error.message, hint=error.hint,
    ).model_dump()  # fmt: skip


async def begun(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """``events``, of which the first is there: what goes wrong before it is an answer of its own."""
    first = await anext(events, None)

    async def all_of_it() -> AsyncIterator[bytes]:
        try:
            if first is not None:
                yield first
            async for one in events:
                yield one
        finally:
            close = getattr(events, "aclose", None)
            if close is not None:
                await close()

    return all_of_it()


async def told(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """``events``, and a comment after each long silence."""
    waiting: asyncio.Task[bytes | None] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(_next(events))
            done, _ = await asyncio.wait({waiting}, timeout=QUIET_SECONDS)
            if not done:
                yield b": still here\n\n"
                continue
            one, waiting = waiting.result(), None
            if one is None:
                return
            yield one
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()


async def _next(events: AsyncIterator[bytes]) -> bytes | None:
    return await anext(events, None)


def streamed(events: AsyncIterator[bytes]) -> StreamingResponse:
    """The response; nobody on the way is to keep or to hold it."""
    return StreamingResponse(
        events,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
