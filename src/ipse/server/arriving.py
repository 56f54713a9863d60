"""An upload on its way in: each file of the form is sealed piece by piece, and never lies on a disk.

The framework's own reading of forms puts large files among temporary ones, in the clear. So a route that
takes files reads the form by this instead, and shows in the OpenAPI document what a form is.
"""

from collections.abc import Callable
from typing import Any, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ipse.pipeline.uploads import Arrival

__all__ = ["FORM", "receive"]

FIELD: Final = b"files"
FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                        }
                    },
                }
            }
        },
    }
}
"""What a route takes that reads a form by :func:`receive`."""


async def receive(request: Request, arrival: Arrival) -> None:
    """Read the files of a form into ``arrival``; raises what that raises, and 400 for what is no form."""
    kind, told = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        return  # no file was sent
    boundary = told.get(b"boundary")
    if not boundary:
        raise HTTPException(400, "The form does not say where its parts end.")
    form = _Form(boundary, arrival)
    try:
        async for piece in request.stream():
            steps = form.cut(piece)
            if steps:
                await run_in_threadpool(_take, steps)
    except FormParserError as error:
        raise HTTPException(400, "The form cannot be read.") from error
    if not form.whole:
        raise HTTPException(400, "The form breaks off.")


Step = Callable[[], None]


def _take(steps: list[Step]) -> None:
    for step in steps:
        step()


class _Form:
    """Cuts a form; what is to be done with its files, each piece tells as steps in their order."""

    def __init__(self, boundary: bytes, arrival: Arrival) -> None:
        self.whole = False
        self._arrival = arrival
        self._steps: list[Step] = []
        self._name = self._value = b""
        self._disposition = b""
        self._taking = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begun,
                "on_header_field": self._named,
                "on_header_value": self._valued,
                "on_header_end": self._headed,
                "on_headers_finished": self._described,
                "on_part_data": self._held,
                "on_part_end": self._ended,
                "on_end": self._over,
            },
        )

    def cut(self, piece: bytes) -> list[Step]:
        """The steps that a piece of the form leads to."""
        self._steps = []
        self._parser.write(piece)
        return self._steps

    def _begun(self) -> None:
        self._disposition = b""

    def _named(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _valued(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _headed(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _described(self) -> None:
        told = parse_options_header(self._disposition)[1]
        name = told.get(b"filename", b"").decode(errors="replace")
        self._taking = bool(name) and told.get(b"name") == FIELD
        if self._taking:
            self._steps.append(lambda: self._arrival.begin(name))

    def _held(self, data: bytes, start: int, end: int) -> None:
        if self._taking:
            held = data[start:end]
            self._steps.append(lambda: self._arrival.write(held))

    def _ended(self) -> None:
        if self._taking:
            self._steps.append(self._arrival.end)
        self._taking = False

    def _over(self) -> None:
        self.whole = True
