"""Chat with the clone: whole or as events, its history, why an answer, and a WebSocket to stop it by."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from functools import partial
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import Header, Query, Request, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ipse.errors import IpseError
from ipse.pipeline import chatting
from ipse.pipeline.chatting import Conversation, Summary, Why
from ipse.pipeline.sessions import MAIN, Said, Session
from ipse.server.deps import Caller, CallingReading, Identifier, Reading, recheck
from ipse.server.events import EVENT_STREAM, begun, event, failed, streamed, told
from ipse.server.listening import while_heard
from ipse.server.metering import meter
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.queue import Place
from ipse.server.routing import component
from ipse.server.talking import Speaking, speaking

__all__ = [
    "Answered",
    "Asking",
    "Resetting",
    "chat",
    "chat_history",
    "chat_socket",
    "chat_why",
    "delete_chat",
    "list_chats",
    "new_chat",
    "reset_context",
    "router",
]

router = component("chat", prefix="/ai-echo")

SaidView = mirrored(Said)
SummaryView = mirrored(Summary)
WhyView = mirrored(Why)
NAME: Final = r"^[a-z0-9-]{1,40}$"
SessionName = Annotated[str, Query(pattern=NAME, description="which chat; `main` unless another was made")]
ChatId = Identifier
MessageId = Identifier
Item = tuple[Literal["piece", "done"], Any]
Told = tuple[str, dict[str, Any]]


class Asking(BaseModel):
    """What to say to the clone."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"message": "Soup on Friday?", "stream": False}]}
    )

    message: Annotated[str, StringConstraints(min_length=1, max_length=16_000)]
    session: Annotated[str, StringConstraints(pattern=NAME)] = MAIN
    contact: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="who asks, by name; null: nobody in particular"
    )
    model: Annotated[str, StringConstraints(max_length=40)] = Field(
        default="champion", description="a version; `champion`: the one that answers by default"
    )
    stream: bool | None = Field(
        default=None, description="as events; null: as the header `Accept: text/event-stream` says"
    )


class Resetting(BaseModel):
    """Which chat begins anew."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"session": "main"}]})

    session: Annotated[str, StringConstraints(pattern=NAME)] = MAIN


class Answered(BaseModel):
    """An answer, labelled; ``context`` is what the voice is told of a chat after it."""

    session: str
    message: SaidView  # type: ignore[valid-type]


@router.post("/chat", response_model=Answered, responses=EVENT_STREAM)
async def chat(
    asked: CallingReading, body: Asking, request: Request, accept: Annotated[str, Header()] = ""
) -> Response:
    """Answer as the owner would: whole, or as events `place`, `piece`, `done` and `error`.

    It is computed as long as somebody listens.
    """
    stream = "text/event-stream" in accept if body.stream is None else body.stream
    return await while_heard(request, _streamed(asked, body) if stream else _whole(asked, body))


@router.get("/history")
def chat_history(
    asked: Reading, session: SessionName = MAIN, limit: Limit = 100, cursor: Cursor = ""
) -> Page[SaidView]:  # type: ignore[valid-type]
    """What was said in a chat, the newest first."""
    found = [reflected(one) for one in reversed(chatting.history(asked.workspace, session))]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.post("/reset-context")
def reset_context(asked: Reading, body: Resetting) -> dict[str, str]:
    """Begin anew: what was said stays in the history and is told to the clone no more."""
    done: Session = chatting.reset(asked.workspace, body.session)
    return {"session": done.id, "begin": done.begin}


@router.get("/sessions")
def list_chats(asked: Reading, limit: Limit = 100, cursor: Cursor = "") -> Page[SummaryView]:  # type: ignore[valid-type]
    """Every chat, the last used first."""
    found = [reflected(one) for one in chatting.sessions(asked.workspace)]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.post("/sessions", status_code=201)
def new_chat(_asked: Reading) -> dict[str, str]:
    """A name for a chat of its own; it is kept from its first message on."""
    return {"session": secrets.token_hex(6)}


@router.delete("/sessions/{session}")
def delete_chat(asked: Reading, session: ChatId) -> dict[str, str]:
    """Delete a chat and destroy its key."""
    chatting.delete(asked.workspace, session)
    return {"session": session}


@router.get("/sessions/{session}/messages/{message}/why", response_model=WhyView)
def chat_why(asked: Reading, session: ChatId, message: MessageId) -> BaseModel:
    """What an answer rests on: its model, and the nearest of what the owner said before."""
    return reflected(chatting.why(asked.workspace, session, message, speaking(asked.vault).warm))


@router.websocket("/ws")
async def chat_socket(socket: WebSocket, asked: CallingReading) -> None:
    """Messages both ways: `ask` and `cancel` in; `place`, `piece`, `done`, `cancelled` and `error` out.

    A question while one is answered waits for it.
    """
    await socket.accept()
    voice = speaking(asked.vault)
    running: asyncio.Task[None] | None = None
    try:
        while True:
            said = await socket.receive_json()
            kind = said.get("type") if isinstance(said, dict) else None
            if kind == "cancel":
                if running is not None and not running.done():
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
                    await socket.send_json({"type": "cancelled"})
            elif kind == "ask":
                if running is not None:
                    await asyncio.gather(running, return_exceptions=True)
                running = asyncio.create_task(_answer(socket, voice, asked, said))
            else:
                await socket.send_json({"type": "error", "detail": "Send `ask` or `cancel` as `type`."})
    except (WebSocketDisconnect, ValueError, KeyError):
        with suppress(RuntimeError):
            await socket.close(1003)
    finally:
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _answer(socket: WebSocket, voice: Speaking, asked: Caller, said: dict[str, Any]) -> None:
    try:
        body = Asking.model_validate({name: value for name, value in said.items() if name != "type"})
        await recheck(asked)
        async with aclosing(_items(voice, asked, body)) as items:
            async for together in items:
                for kind, value in together:
                    await socket.send_json({"type": kind, **value})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        await socket.send_json({"type": "error", "detail": f"{where}: {first['msg']}", "status": 422})
    except IpseError as error:
        await socket.send_json({"type": "error", **failed(error)})


async def _whole(asked: Caller, body: Asking) -> Response:
    clone = await _replied(speaking(asked.vault), asked, body)
    told_ = msgspec.json.encode({"session": body.session, "message": clone.answered})
    return Response(told_, media_type="application/json")


async def _streamed(asked: Caller, body: Asking) -> Response:
    return streamed(told(await begun(_events(speaking(asked.vault), asked, body))))


async def _events(voice: Speaking, asked: Caller, body: Asking) -> AsyncGenerator[bytes, None]:
    """The answer as events; an error after the first of them is one too."""
    begun_ = False
    try:
        async with aclosing(_items(voice, asked, body)) as items:
            async for together in items:
                begun_ = True
                yield b"".join(event(kind, value) for kind, value in together)
    except IpseError as error:
        if not begun_:
            raise
        yield event("error", failed(error))


async def _items(voice: Speaking, asked: Caller, body: Asking) -> AsyncGenerator[list[Told], None]:
    """What is told, with what is told at the same moment."""
    places: list[Place] = []
    place = voice.queue.place(asked.asker.id)
    if place.seconds and voice.queue.admits(asked.asker.id):
        yield [("place", {"ahead": place.ahead, "seconds": round(place.seconds, 1)})]
    if voice.warm.recalls(body.model):
        # It answers in a moment: question and answer are durable in one write, before the first piece.
        clone = await _replied(voice, asked, body)
        said = [_told(body, "piece", piece) for piece in clone.pieces]
        yield [*said, _told(body, "done", clone.answered)]
        return
    work = voice.stream(asked.asker.id, lambda: _work(voice, asked, body), places.append)
    async with aclosing(work) as items:
        async for together in items:
            yield [_told(body, kind, value) for kind, value in together]


def _told(body: Asking, kind: Literal["piece", "done"], value: object) -> Told:
    if kind == "piece":
        return kind, {"text": value}
    return kind, {"session": body.session, "message": msgspec.to_builtins(value)}


async def _replied(voice: Speaking, asked: Caller, body: Asking) -> Conversation:
    clone = await voice.reply(
        asked.asker.id, partial(_conversation, voice, asked, body), body.message, body.model
    )
    used = meter(asked.vault)
    used.count(asked.asker.id, clone.answered.shown if clone.answered else "")
    if used.due:
        await run_in_threadpool(used.keep)
    return clone


def _work(voice: Speaking, asked: Caller, body: Asking) -> Iterator[Item]:
    """In a worker thread: the pieces, and the answer as it was kept."""
    clone = _conversation(voice, asked, body)
    for piece in clone.stream(body.message):
        yield "piece", piece
    _counted(asked, clone)
    yield "done", clone.answered


def _counted(asked: Caller, clone: Conversation) -> None:
    used = meter(asked.vault)
    used.count(asked.asker.id, clone.answered.shown if clone.answered else "")
    used.keep_if_due()


def _conversation(voice: Speaking, asked: Caller, body: Asking) -> Conversation:
    with voice.scribe.moment() as workspace:
        return Conversation(
            workspace, body.session, contact=body.contact, model=body.model, book=voice.scribe,
            by=asked.asker.id,
        )  # fmt: skip
