"""A file that is made for one answer: below the vault while it is sent, and gone with the answer."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

from starlette.background import BackgroundTask
from starlette.responses import FileResponse

__all__ = ["LINES", "download"]

NDJSON: Final = "application/x-ndjson"
LINES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "JSON lines", "content": {NDJSON: {"schema": {"type": "string"}}}}
}
"""What a route answers that gives a file of JSON lines."""


def download(name: str, write: Callable[[Path], object], *, media_type: str = NDJSON) -> FileResponse:
    """The file that ``write`` makes, to be kept as ``name``; raises what that raises."""
    place = Path(tempfile.mkdtemp(prefix="download-"))  # the process keeps its temporary files in the vault
    try:
        write(place / name)
    except BaseException:
        rmtree(place, ignore_errors=True)
        raise
    gone = BackgroundTask(rmtree, place, ignore_errors=True)
    return FileResponse(place / name, media_type=media_type, filename=name, background=gone)
