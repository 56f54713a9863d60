"""Which source reads which file: by content, and only for sources the owner has consented to.

A file whose source has no consent is never opened; its name alone tells what might be missing.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ipse.errors import SourceError, UnknownFormatError
from ipse.interfaces import Source

__all__ = ["Export", "find"]


class Export(msgspec.Struct, frozen=True):
    """An export and the source that reads it."""

    path: Path
    source: Source


def find(paths: Iterable[Path], sources: Sequence[Source]) -> tuple[list[Export], list[Path]]:
    """Return the exports under ``paths`` and the files that none of ``sources`` recognizes.

    Raises ``SourceError`` for a path that is not there and ``UnknownFormatError`` for a file named by the
    owner that nothing recognizes.
    """
    exports: list[Export] = []
    unknown: list[Path] = []
    for path in paths:
        if not path.exists():
            raise SourceError(
                f"{path}: no such file or folder.", hint="Check the path; repeat --me for each name."
            )
        before = len(exports)
        for item in _walk(path, sources):
            if isinstance(item, Export):
                exports.append(item)
            else:
                unknown.append(item)
        if len(exports) == before:
            names = ", ".join(source.name for source in sources)
            raise UnknownFormatError(
                f"{path}: not recognized by {names}, the sources you have consented to.",
                hint="See `ipse sources`; give consent for its source, or name it with --format.",
            )
    return exports, unknown


def _walk(path: Path, sources: Sequence[Source]) -> list[Export | Path]:
    """The exports in ``path``, and the files that are none.

    A folder is one export where a source reads it as a whole (a maildir, a chat with its media) and no other
    source finds anything of its own in it; otherwise each thing in it is looked at alone.
    """
    whole = [source for source in sources if source.recognizes(path)]
    if not path.is_dir():
        return [Export(path, whole[0])] if whole else [path]
    inside = [
        item
        for child in sorted(path.iterdir())
        if not child.name.startswith(".")
        for item in _walk(child, sources)
    ]
    readers = {item.source.name for item in inside if isinstance(item, Export)}
    for source in whole:
        if readers <= {source.name}:
            return [Export(path, source)]
    return inside
