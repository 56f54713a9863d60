"""What programs push: the body of a request as it lies on the wire, and the events that it becomes.

Most events of a batch carry what others of it carry. What one carries is read, guarded and given its key
once, and is known again by a digest of its bytes, so that nothing stays of what the guard takes away. The
bodies are msgspec's and not the framework's for that.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Any, Final, NamedTuple, TypeAlias, TypeVar

import msgspec
from fastapi.exceptions import RequestValidationError
from msgspec import Meta
from starlette.requests import Request

from ipse.errors import SettingsError
from ipse.heartbeats import Pulse, digest_key
from ipse.privacy.guard import Guard
from ipse.records import Event, EventKind, Sample

__all__ = ["SOURCE", "Batch", "Beats", "EventGiven", "Reader", "Sent", "body_of", "described", "schemas"]

SOURCE: Final = r"^[a-z][a-z0-9_-]{0,63}$"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
AT_ONCE: Final = 20_000
MANY: Final = 20_000  # different things that are known again; then all are forgotten

Name = Annotated[str, Meta(max_length=128)]
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Value = Annotated[str, Meta(max_length=4096)] | Whole | float | bool | None
Data = Annotated[dict[Name, Value], Meta(max_length=64, examples=[{"app": "editor"}])]

_data = msgspec.json.Decoder(Data)
_PATH = re.compile(r" - at `\$([^`]*)`$")


class EventGiven(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An event; ``duration`` in seconds. Without a ``key``, its content is its key: sent again, kept once."""

    at: Annotated[
        datetime,
        Meta(tz=True, description="when it began, with zone", examples=["2026-04-01T10:15:00+02:00"]),
    ]
    data: Annotated[msgspec.Raw, Meta(extra_json_schema=msgspec.json.schema(Data))]
    kind: EventKind = "state"
    duration: Annotated[float, Meta(ge=0, le=366 * 86_400, examples=[12.5])] = 0.0
    key: Annotated[str, Meta(max_length=128, examples=["b1946ac92492d234"])] = ""


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """Events of one source and stream."""

    source: Annotated[str, Meta(pattern=SOURCE, examples=["window"])]
    events: Annotated[list[EventGiven], Meta(max_length=AT_ONCE)]
    stream: Name = ""


class Beats(Batch):
    """Heartbeats: one with the data of the last extends it, up to ``pulsetime`` seconds after its end."""

    pulsetime: Annotated[float, Meta(ge=0, le=86_400)] = 60.0


B = TypeVar("B", bound=Batch)

EXAMPLE: Final[dict[str, Any]] = {
    "source": "window",
    "stream": "laptop",
    "events": [{"at": "2026-04-01T10:15:00+02:00", "duration": 12.5, "data": {"app": "editor"}}],
}
_DECODERS: Final = {kind: msgspec.json.Decoder(kind) for kind in (Batch, Beats)}


class Sent(NamedTuple):
    """The events of a request that passed the guard, in their order, and how many it left out."""

    source: str
    events: list[Event]
    excluded: int


class _Said(NamedTuple):
    """What an event carries once guarded, and the part of its key that comes of that."""

    data: dict[str, str | int | float | bool | None]
    digest: str


_Which: TypeAlias = tuple[str, EventKind, bytes]  # stream, kind, digest of what it carries


def described(kind: type[Batch]) -> dict[str, Any]:
    """What the document of the routes says of a route that takes such a body."""
    example = EXAMPLE if kind is Batch else {**EXAMPLE, "pulsetime": 60.0}
    content = {
        "schema": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "examples": {"one": {"value": example}},
    }
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def schemas() -> dict[str, Any]:
    """The schemas of the bodies, by name, for the document of the routes."""
    _, made = msgspec.json.schema_components((Batch, Beats), ref_template="#/components/schemas/{name}")
    return made


async def body_of(request: Request, kind: type[B]) -> B:
    """The body of a request, as it is described; raises ``RequestValidationError`` with the place in it."""
    if "json" not in request.headers.get("content-type", ""):
        raise _invalid("", "Send JSON, and say so: `Content-Type: application/json`.")
    try:
        return _DECODERS[kind].decode(await request.body())  # type: ignore[return-value]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unread(error) from None


class Reader:
    """Reads the events of one vault; ``guard`` is the owner's. Used by several threads."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._secret = secrets.token_bytes(16)
        self._known: dict[_Which, _Said | None] = {}

    def events(self, body: Batch) -> Sent:
        """The events of a body; raises ``SettingsError`` for a time that none can have."""
        rx = _micros(datetime.now(UTC))
        events: list[Event] = []
        source, stream, secret = body.source, body.stream, self._secret
        for number, one in enumerate(body.events):
            at, kind = one.at, one.kind
            which = (stream, kind, blake2b(one.data, digest_size=16, key=secret).digest())
            try:
                said = self._known[which]
            except KeyError:
                said = self._learn(which, one.data, number)
            ts = _micros(at)
            if not 0 <= ts < LATEST:
                raise SettingsError(
                    "A time is not between 1970 and 2200.", hint="Send it in ISO 8601, with a zone."
                )
            if said is not None:
                data, own = said
                events.append(
                    Event(
                        source=source,
                        kind=kind,
                        ts=ts,
                        rx=rx,
                        key=one.key or f"{ts:016x}{own}",
                        dur=int(one.duration * 1_000_000),
                        tz=0 if at.tzinfo is UTC else _east(at),
                        data=data,
                        stream=stream,
                    )
                )
        return Sent(source, events, len(body.events) - len(events))

    def pulses(self, body: Beats) -> tuple[list[Pulse], int]:
        """Heartbeats that passed, and how many did not."""
        sent, pulse = self.events(body), int(body.pulsetime * 1_000_000)
        return [Pulse(event, pulse) for event in sent.events], sent.excluded

    def _learn(self, which: _Which, raw: msgspec.Raw, number: int) -> _Said | None:
        try:
            data = _data.decode(raw)
        except msgspec.ValidationError as error:
            raise _unread(error, f".events[{number}].data") from None
        stream, kind, _ = which
        passed = self._guard.passed(Sample(data=data, stream=stream))
        said = None if passed is None else _Said(passed.data, digest_key(stream, kind, passed.data))
        # Another thread may be reading: what is forgotten is left to it, never emptied under it.
        known = self._known if len(self._known) < MANY else {}
        known[which] = said
        self._known = known
        return said


def _micros(at: datetime) -> int:
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _east(at: datetime) -> int:
    """Minutes east of UTC."""
    return int((at.utcoffset() or timedelta()).total_seconds() // 60)


def _unread(error: Exception, place: str = "") -> RequestValidationError:
    """What the decoder says, with the place in the body as others of the service name it."""
    found = _PATH.search(str(error))
    where = place + (found[1] if found else "")
    return _invalid(where, _PATH.sub("", str(error)))


def _invalid(where: str, what: str) -> RequestValidationError:
    loc: Sequence[str] = ["body", *re.findall(r"[^.\[\]]+", where)]
    return RequestValidationError([{"loc": loc, "msg": what, "type": "value_error"}])
