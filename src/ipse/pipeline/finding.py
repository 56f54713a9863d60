"""Which source reads which file: by content, and only for sources the owner has consented to.

An import never opens a file whose source has no consent; :func:`look` does when the owner asks what there is.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ipse import plugins
from ipse.errors import SourceError, UnknownFormatError
from ipse.exports import ExportPath, merged
from ipse.interfaces import Source
from ipse.pipeline.manifests import MANIFEST, is_archive

__all__ = ["Export", "Found", "find", "look"]


class Export(msgspec.Struct, frozen=True):
    """An export and the source that reads it."""

    path: ExportPath
    source: Source


class Found(msgspec.Struct, frozen=True):
    """The exports, the files that no source recognizes, and what could not be looked into and why.

    ``archives`` are folders that `ipse export all` wrote: no source reads them, ``pipeline.archives`` does.
    """

    exports: list[Export]
    unknown: list[ExportPath]
    closed: list[SourceError]
    archives: list[ExportPath] = []


def find(paths: Sequence[Path], sources: Sequence[Source], *, forced: bool = False) -> Found:
    """Look for exports under ``paths``; ``forced``: a file named is read by the first source in any case.

    Raises ``SourceError`` for a path that is not there and ``UnknownFormatError`` for one in which nothing is
    recognized.
    """
    found = Found([], [], [])
    for named in _named(paths):
        before = len(found.exports) + len(found.archives)
        if forced and (named.is_file() or sources[0].recognizes(named)):
            found.exports.append(Export(named, sources[0]))
            continue
        _walk(named, sources, found)
        if len(found.exports) + len(found.archives) == before:
            if len(found.closed) == 1 and not found.unknown:
                raise found.closed[0]
            names = ", ".join(source.name for source in sources)
            raise UnknownFormatError(
                f"{named.label}: not recognized by {names}, the sources you have consented to.",
                hint="See `ipse sources find PATH`; give consent for its source, or name it with --format.",
            )
    return found


def look(paths: Sequence[Path]) -> Found:
    """What is under ``paths``, by every source there is: for an owner who asks, before any consent.

    It opens heads of files and keeps nothing. Raises ``SourceError`` for a path that is not there.
    """
    found = Found([], [], [])
    for named in _named(paths):
        _walk(named, plugins.sources(), found)
    return found


def _named(paths: Sequence[Path]) -> list[ExportPath]:
    for path in paths:
        if not path.exists():
            raise SourceError(
                f"{path}: no such file or folder.", hint="Check the path; repeat --me for each name."
            )
    return merged(paths)


def _walk(path: ExportPath, sources: Sequence[Source], found: Found) -> None:
    """Add the exports in ``path``.

    A folder is one export where a source reads it as a whole (a maildir, a chat with its media) and no other
    source finds anything of its own in it; otherwise each thing in it is looked at alone. What a source for
    general files would read there does not count against it.
    """
    inside = Found([], [], [])
    try:
        if path.is_dir() and is_archive((path / MANIFEST).head):
            found.archives.append(path)
            return
        whole = [source for source in sources if source.recognizes(path)]
        for child in path.iterdir() if path.is_dir() else ():
            _walk(child, sources, inside)
    except SourceError as error:
        found.closed.append(error)
        return
    specific = {export.source.name for export in inside.exports if not export.source.general}
    for source in sorted(whole, key=lambda source: source.general):
        if specific <= {source.name}:
            found.exports.append(Export(path, source))
            found.archives.extend(inside.archives)
            return
    if path.is_file() and not path.name.endswith(".mapping.yaml"):  # that belongs to the table beside it
        found.unknown.append(path)
    found.exports.extend(inside.exports)
    found.archives.extend(inside.archives)
    found.unknown.extend(inside.unknown)
    found.closed.extend(inside.closed)
