"""Who asked may go before there is anything to tell: then nobody waits for it, and it is computed no further.

A response that streams looks for that itself, from its first byte on; this is for all that comes before.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["GONE", "while_heard"]

GONE: Final = 499
"""The status of an answer that nobody receives, as nginx writes it down."""


async def while_heard(asked: Request, answer: Coroutine[Any, Any, Response]) -> Response:
    """What ``answer`` comes to; it is cancelled when the connection is closed before.

    The body of ``asked`` must have been read.
    """
    answering = asyncio.ensure_future(answer)
    leaving = asyncio.ensure_future(_left(asked))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return answering.result() if answering.done() else Response(status_code=GONE)
    finally:
        leaving.cancel()
        if not answering.done():
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)


async def _left(asked: Request) -> None:
    while (await asked.receive())["type"] != "http.disconnect":
        pass
