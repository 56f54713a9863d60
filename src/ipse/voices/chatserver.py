"""A client of any server that speaks OpenAI's chat protocol: llama.cpp, Ollama, vLLM, LM Studio.

It asks addresses of this machine alone, unless the owner allowed another; it takes no proxy and no key from
the environment but the one that the settings name, so a prompt goes where they say and nowhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec

from ipse.config import ServerSettings, on_this_machine
from ipse.errors import ServerError

if TYPE_CHECKING:
    from httpx2 import Client, Response

__all__ = ["ChatServer"]

_Kind = TypeVar("_Kind")

EXTENSIONS = (
    "top_k",
    "repetition_penalty",
    "repeat_penalty",
)  # of llama.cpp and vLLM; others may refuse them
SHOWN = 200  # characters of a server's own words


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta = _Delta()


class _Chunk(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] = ()
    error: object = None


class _Model(msgspec.Struct, frozen=True):
    id: str


class _Models(msgspec.Struct, frozen=True):
    data: tuple[_Model, ...] = ()


class ChatServer:
    """One server and the model of it that the settings name, or else the first that it lists."""

    def __init__(self, settings: ServerSettings) -> None:
        _check_address(settings)
        self._settings = settings
        self._model = settings.model
        self._plain = False  # whether the server refused what is not of the protocol

    @property
    def host(self) -> str:
        """Where prompts go, as host and port."""
        return urlsplit(self._settings.url).netloc

    def model(self) -> str:
        """The model that answers; raises ``ServerError`` where the server has none."""
        if not self._model:
            with self._asking() as client:
                found = self._read(client.get("models"), _Models).data
            if not found:
                raise ServerError(f"{self.host} has no model.", hint="Load one there, or set server.model.")
            self._model = found[0].id
        return self._model

    def stream(self, messages: Sequence[Mapping[str, str]], **sampling: float) -> Iterator[str]:
        """Yield the answer as it comes; closing the generator ends the request.

        ``sampling`` is sent as is; what is not of the protocol is left out where the server refuses it.
        Raises ``ServerError``.
        """
        wanted = {"model": self.model(), "messages": messages, "stream": True, **sampling}
        if not self._plain:
            try:
                yield from self._once(wanted)
            except _RefusedError:
                self._plain = True
            else:
                return
        yield from self._once({name: held for name, held in wanted.items() if name not in EXTENSIONS})

    def _once(self, wanted: Mapping[str, object]) -> Iterator[str]:
        with (
            self._asking() as client,
            client.sse("chat/completions", method="POST", json=dict(wanted)) as events,
        ):
            if events.response.status_code != 200:
                events.response.read()
                self._refuse(events.response, wanted)
            for event in events:
                if event.data == "[DONE]":
                    return
                chunk = self._decoded(event.data.encode(), _Chunk)
                if chunk.error is not None:
                    raise ServerError(f"{self.host} broke off: {str(chunk.error)[:SHOWN]}.")
                yield from (choice.delta.content for choice in chunk.choices[:1] if choice.delta.content)

    @contextmanager
    def _asking(self) -> "Iterator[Client]":
        """A client for one question; what goes wrong with the connection is told in one line."""
        import httpx2

        key = self._settings.key.get_secret_value()
        try:
            with httpx2.Client(
                base_url=self._settings.url.rstrip("/") + "/",
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=self._settings.timeout,
                trust_env=False,
            ) as client:
                yield client
        except httpx2.TimeoutException as error:
            raise ServerError(
                f"{self.host} did not answer within {self._settings.timeout:g} s.",
                hint="Wait until its model is loaded, or raise server.timeout.",
            ) from error
        except httpx2.HTTPError as error:
            raise ServerError(
                f"No chat server answers at {self._settings.url} ({type(error).__name__}).",
                hint="Start one, such as `llama-server` or Ollama, or set server.url.",
            ) from error

    def _refuse(self, answer: "Response", wanted: Mapping[str, object]) -> None:
        if (
            answer.status_code in (400, 422)
            and not self._plain
            and any(name in wanted for name in EXTENSIONS)
        ):
            raise _RefusedError(answer.text[:SHOWN])
        hint = {401: "Set server.key.", 403: "Set server.key.", 404: "Check server.url and server.model."}
        said = " ".join(answer.text.split())[:SHOWN]
        raise ServerError(
            f"{self.host} answered {answer.status_code}: {said}.", hint=hint.get(answer.status_code, "")
        )

    def _read(self, answer: "Response", kind: type[_Models]) -> _Models:
        if answer.status_code != 200:
            self._refuse(answer, {})
        return self._decoded(answer.content, kind)

    def _decoded(self, data: bytes, kind: type[_Kind]) -> _Kind:
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ServerError(
                f"{self.host} does not speak the chat protocol.", hint="Its address often ends in /v1."
            ) from error


class _RefusedError(Exception):
    """The server would not have the request as it was; it is asked again with less."""


def _check_address(settings: ServerSettings) -> None:
    """Raise ``ServerError`` for an address that is none, or one of another machine that is not allowed."""
    parts = urlsplit(settings.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ServerError(
            f"`{settings.url}` is no address of a server.", hint="Write for example http://127.0.0.1:8080/v1."
        )
    if settings.allow_network or on_this_machine(parts.hostname):
        return
    raise ServerError(
        f"{parts.hostname} is another machine: your messages would leave this one.",
        hint="Set server.allow_network: true if you want that.",
    )
