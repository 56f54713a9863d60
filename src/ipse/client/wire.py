"""What both clients put on the wire and read off it: errors of the service are those of ``ipse.errors``."""

from typing import Any, Final, TypeVar

import httpx2
import msgspec

from ipse import errors
from ipse.client.calls import Call
from ipse.errors import AccessError, BusyError, IpseError, ServerError

__all__ = ["EVENTS", "options", "problem", "read", "sent", "told", "unreachable"]

T = TypeVar("T")

EVENTS: Final = {"Accept": "text/event-stream"}
KINDS: Final = {
    name.removesuffix("Error").lower(): getattr(errors, name)
    for name in errors.__all__
    if name != "IpseError"
}


def options(token: str, address: str, verify: str | bool, timeout: float) -> dict[str, Any]:  # noqa: FBT001
    """Of either of httpx's clients; it asks no proxy."""
    import ssl

    return {
        "base_url": address.rstrip("/"),
        "headers": {"Authorization": f"Bearer {token}", "Accept": "application/json"},
        "timeout": timeout,
        "trust_env": False,
        "verify": ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify,
    }


def sent(call: Call[Any], files: list[tuple[str, Any]]) -> dict[str, Any]:
    """What goes along with a call."""
    body = {"json": call.body} if call.body is not None else {}
    return {"params": dict(call.query), **body, **({"files": files} if files else {})}


def read(call: Call[T], answer: httpx2.Response) -> T:
    """What a call returns; raises what the service says, as an ``IpseError``."""
    if answer.is_success:
        try:
            return call.read(answer.content)
        except msgspec.MsgspecError as error:
            raise ServerError(
                f"{call.path}: the service answers as no ipse of this version does: {error}.",
                hint="Update both to one version.",
            ) from error
    raise problem(answer)


def problem(answer: httpx2.Response) -> IpseError:
    """The error that the service told, as the class it was there."""
    try:
        held = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ServerError(
            f"The service answered {answer.status_code}.", hint="Is it ipse that listens there?"
        )
    message, hint = str(held.get("detail", "")), str(held.get("hint", ""))
    kind: type[IpseError] = KINDS.get(str(held.get("type", "")).rsplit(":", 1)[-1], IpseError)
    if kind is BusyError:
        return BusyError(message, hint=hint, after=float(answer.headers.get("retry-after", 1)))
    if kind is AccessError:
        return AccessError(message, hint=hint, known=answer.status_code == 403)
    return kind(message, hint=hint)


def told(fault: bytes) -> IpseError:
    """An error in the midst of a stream; its title is the class it was there."""
    held = msgspec.json.decode(fault, type=dict[str, Any])
    name = str(held.get("title", "")).removesuffix("Error").lower()
    kind: type[IpseError] = KINDS.get(name, IpseError)
    message, hint = str(held.get("detail", "")), str(held.get("hint", ""))
    if kind is BusyError:
        return BusyError(message, hint=hint, after=1.0)
    return kind(message, hint=hint)


def unreachable(address: httpx2.URL, error: httpx2.TransportError) -> ServerError:
    """Nobody answers."""
    return ServerError(
        f"Nobody answers at {address}: {type(error).__name__}.", hint="Start it with `ipse serve`."
    )
