"""The clone for programs that speak OpenAI's chat protocol: `/v1/chat/completions` and `/v1/models`.

Nothing of it is kept but the audit row: such a program sends the conversation each time. It stands beside
`/api`, and tells errors as that protocol does. Settings of drawing are the owner's, not the caller's.
"""

import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from itertools import chain
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import JSONResponse, Response

from ipse.errors import BusyError, IpseError, SettingsError
from ipse.pipeline.answering import LABEL, Clone
from ipse.pipeline.sessions import CONTEXT
from ipse.records import Turn
from ipse.registry import ModelCard, Registry
from ipse.server.deps import Caller, CallingReading, Reading
from ipse.server.events import begun, streamed, told
from ipse.server.listening import while_heard
from ipse.server.metering import TOKEN, meter, tokens_in
from ipse.server.openai_errors import openai_error
from ipse.server.problems import Refused, status_of
from ipse.server.routing import component
from ipse.server.talking import Speaking, speaking

__all__ = [
    "Completing",
    "ErrorsOfOpenAI",
    "Part",
    "Spoken",
    "StreamOptions",
    "complete_chat",
    "list_model_ids",
    "router",
]

LONGEST: Final = 32_000
CHAMPION: Final = "champion"


class ErrorsOfOpenAI(APIRoute):
    """Tells what goes wrong as OpenAI does."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """The handler, with its errors turned."""
        handle = super().get_route_handler()

        async def handled(asked: Request) -> Response:
            try:
                return await handle(asked)
            except (IpseError, Refused) as raised:
                error = raised.why if isinstance(raised, Refused) else raised
                status = status_of(error)
                more = {"Retry-After": str(int(error.after) + 1)} if isinstance(error, BusyError) else {}
                if status == 401:
                    more["WWW-Authenticate"] = "Bearer"
                return openai_error(status, str(error), code=type(error).__name__, headers=more)
            except RequestValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"][1:]))
                return openai_error(400, f"{where}: {first['msg']}", param=where or None)

        return handled


router = component("openai", root="/v1", route_class=ErrorsOfOpenAI)


class Part(BaseModel):
    """A part of a message; others than text are passed over."""

    model_config = ConfigDict(extra="allow")

    type: str = "text"
    text: Annotated[str, StringConstraints(max_length=LONGEST)] = ""


class Spoken(BaseModel):
    """A message. What a `system` says is passed over: the clone's own is part of what it learned."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, StringConstraints(max_length=LONGEST)] | list[Part] | None = None

    def text(self) -> str:
        """What it says."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """Of a stream."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class Completing(BaseModel):
    """What OpenAI's clients send; settings that a clone has no use for are passed over."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [{"model": CHAMPION, "messages": [{"role": "user", "content": "Soup on Friday?"}]}]
        },
    )

    messages: Annotated[list[Spoken], Field(min_length=1, max_length=1000)]
    model: Annotated[str, StringConstraints(max_length=80)] = CHAMPION
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: str | list[str] | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = None

    @property
    def most(self) -> int | None:
        """Tokens of the answer at most."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def stops(self) -> list[str]:
        """What ends the answer."""
        found = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [one for one in found if one]


class _End(NamedTuple):
    card: ModelCard
    why: Literal["stop", "length"]
    asked: int
    said: int
    fallback: str | None


@router.get("/models")
def list_model_ids(asked: Reading) -> dict[str, Any]:
    """The models that can be named; first `champion`, the one that answers by default."""
    registry = Registry(asked.workspace.vault)
    cards = registry.cards()
    speaks = registry.champion()
    found = [_model(CHAMPION, card) for card in cards if card.id == speaks]
    return {"object": "list", "data": [*found, *(_model(card.id, card) for card in cards)]}


@router.post("/chat/completions")
async def complete_chat(asked: CallingReading, body: Completing, request: Request) -> Response:
    """Answer the last message as the owner would, as long as somebody listens."""
    if body.messages[-1].role == "assistant" or not _heard(body.messages):
        raise SettingsError("The last message is not a question.", hint="End with one of role `user`.")
    voice = speaking(asked.vault)
    name, now = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())
    how = _streamed if body.stream else _whole
    return await while_heard(request, how(voice, asked, body, name, now))


async def _whole(voice: Speaking, asked: Caller, body: Completing, name: str, now: int) -> Response:
    text, end = await voice.whole(asked.asker.id, lambda: _all(_work(voice, asked, body)))
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": end.why, "logprobs": None}
    head = _head(name, now, "chat.completion", end.card)
    return JSONResponse({**head, "choices": [choice], "usage": _usage(end), "ipse": _about(end)})


async def _streamed(voice: Speaking, asked: Caller, body: Completing, name: str, now: int) -> Response:
    return streamed(told(await begun(_chunks(voice, asked, body, name, now))))


async def _chunks(
    voice: Speaking, asked: Caller, body: Completing, name: str, now: int
) -> AsyncGenerator[bytes, None]:
    """The answer as OpenAI's events, which end with `[DONE]`."""
    card: ModelCard | None = None
    end: _End | None = None
    try:
        async with aclosing(voice.stream(asked.asker.id, lambda: _work(voice, asked, body))) as items:
            async for together in items:
                chunks = list[bytes]()
                for item in together:
                    if isinstance(item, _End):
                        end = item
                        continue
                    first = isinstance(item, ModelCard)
                    card = item if isinstance(item, ModelCard) else card
                    assert card is not None
                    delta: dict[str, object] = {"content": item}
                    if first:
                        delta = {"role": "assistant", "content": ""}
                    chunks.append(_chunk(_head(name, now, "chat.completion.chunk", card), delta))
                if chunks:
                    yield b"".join(chunks)
    except IpseError as error:
        if card is None:
            raise
        told_ = openai_error(status_of(error), str(error), code=type(error).__name__)
        yield b"data: " + bytes(told_.body) + b"\n\n"
        return
    assert end is not None
    head = _head(name, now, "chat.completion.chunk", end.card)
    yield _chunk(head, {}, end.why, ipse=_about(end))
    if body.stream_options is not None and body.stream_options.include_usage:
        yield b"data: " + msgspec.json.encode({**head, "choices": [], "usage": _usage(end)}) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _work(voice: Speaking, asked: Caller, body: Completing) -> Generator[ModelCard | str | _End, None, None]:
    """In a worker thread: who speaks, the pieces, and how it ended."""
    with asked.lend() as workspace:
        clone = Clone(workspace, model=body.model or CHAMPION, shared=voice.warm, lend=asked.lend)
    heard = _heard(body.messages)[-CONTEXT:]
    turns = [_turn(clone, one) for one in heard]
    pieces = clone.going_on(turns, heard[-1].text())
    first = next(pieces, "")  # a voice that cannot speak lets another
    yield clone.card
    heard_ = said = why = ""
    for piece in chain((first,), pieces):
        heard_ += piece
        grown, why = _cut(heard_, body)
        sure = grown if why else grown[: len(grown) - _open(grown, body.stops)]
        if len(sure) > len(said):
            yield sure[len(said) :]
            said = sure
        if why:
            pieces.close()
            break
    else:
        if len(heard_) > len(said):  # what might have become a stop did not
            yield heard_[len(said) :]
            said = heard_
    meter(asked.vault).count(asked.asker.id, said)
    meter(asked.vault).keep_if_due()
    asked_ = sum(tokens_in(one.text()) for one in body.messages)
    yield _End(clone.card, "length" if why == "length" else "stop", asked_, tokens_in(said), clone.fallback)


def _cut(text: str, body: Completing) -> tuple[str, str]:
    """The text up to where it is to end, and why it ends there, if it does."""
    places = [at for one in body.stops if (at := text.find(one)) >= 0]
    if places:
        return text[: min(places)], "stop"
    if body.most is not None:
        ends = [found.end() for found in TOKEN.finditer(text)]
        if len(ends) > body.most:
            return text[: ends[body.most - 1]], "length"
    return text, ""


def _open(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end may be the beginning of a stop that is not whole yet."""
    return max(
        (n for one in stops for n in range(1, min(len(one), len(text) + 1)) if text.endswith(one[:n])),
        default=0,
    )


def _turn(clone: Clone, one: Spoken) -> Turn:
    asked = clone.asked(one.text())
    return Turn("owner", "me", asked.text) if one.role == "assistant" else asked


def _heard(messages: Sequence[Spoken]) -> list[Spoken]:
    return [one for one in messages if one.role in ("user", "assistant") and one.text()]


def _all(items: Generator[ModelCard | str | _End, None, None]) -> Iterator[tuple[str, _End] | None]:
    """The text and how it ended; it can be stopped before."""
    said = ""
    with closing(items):
        for item in items:
            if isinstance(item, _End):
                yield said, item
                return
            said += item if isinstance(item, str) else ""
            yield None


def _usage(end: _End) -> dict[str, int]:
    return {"prompt_tokens": end.asked, "completion_tokens": end.said, "total_tokens": end.asked + end.said}


def _about(end: _End) -> dict[str, object]:
    """What must travel with an answer."""
    about = {"label": LABEL, "ai_generated": True, "model": end.card.id, "method": end.card.method}
    return {**about, "dataset": end.card.dataset, "fallback": end.fallback}


def _head(name: str, now: int, kind: str, card: ModelCard) -> dict[str, object]:
    print_ = f"ipse_{card.artefact[:12]}"
    return {"id": name, "object": kind, "created": now, "model": card.id, "system_fingerprint": print_}


def _chunk(
    head: dict[str, object], delta: dict[str, object], why: str | None = None, **more: object
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": why, "logprobs": None}
    return b"data: " + msgspec.json.encode({**head, "choices": [choice], **more}) + b"\n\n"


def _model(name: str, card: ModelCard) -> dict[str, object]:
    made = int(card.created_at.timestamp())
    return {"id": name, "object": "model", "created": made, "owned_by": "ipse", "method": card.method}
