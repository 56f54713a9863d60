"""Where exports lie: on disk, in a zip, or spread over several that belong together."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from ipse.errors import SourceError
from ipse.exports.archives import Archive, Member, is_zip
from ipse.exports.base import ExportPath, hidden

__all__ = ["merged", "on_disk"]

_PART = re.compile(r"(?:[-_ ]*(?:part)?[-_ ]*\d{1,3}|\s*\(\d{1,3}\))$", re.IGNORECASE)


def on_disk(path: Path, label: str, parent: ExportPath | None) -> ExportPath:
    """The file or folder at ``path``, a zip as a folder."""
    disk = _Disk(path, label, parent)
    return Member(Archive(disk, depth=1), "", path.name, label, parent) if is_zip(disk) else disk


def merged(paths: Sequence[Path], parent: ExportPath | None = None) -> list[ExportPath]:
    """The exports at ``paths``, where the parts of one export that came in several zips are one.

    Parts are zips in one folder whose names differ in a last number (`takeout-…-001.zip`, `chat (1).zip`).
    """
    before = f"{parent.label}/" if parent is not None else ""
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in paths:
        stem = _PART.sub("", path.stem) if path.suffix.lower() == ".zip" else path.name
        groups.setdefault((path.parent, stem), []).append(path)
    out: list[ExportPath] = []
    for (_, stem), group in groups.items():
        parts = [on_disk(path, f"{before}{path.name or path}", parent) for path in group]
        if len(parts) > 1 and all(isinstance(part, Member) for part in parts):
            out.append(_Merged(f"{stem}.zip", f"{parts[0].label} and {len(parts) - 1} more", parent, parts))
        else:
            out += parts
    return out


class _Disk(ExportPath):
    """A file or folder on disk."""

    def __init__(self, path: Path, label: str, parent: ExportPath | None) -> None:
        self.name, self.label, self._path, self.parent = path.name, label, path, parent

    @property
    def path(self) -> Path:
        return self._path

    def is_dir(self) -> bool:
        return self._path.is_dir()

    def is_file(self) -> bool:
        return self._path.is_file()

    def iterdir(self) -> Iterator[ExportPath]:
        try:
            children = sorted(self._path.iterdir())
        except OSError as error:
            raise _closed(self.label, error) from error
        zips: list[Path] = []
        for child in children:
            if hidden(child.name) or (child.is_symlink() and child.is_dir()):
                continue  # a linked folder could lead back here
            if child.suffix.lower() == ".zip" and child.is_file():
                zips.append(child)
            else:
                yield on_disk(child, f"{self.label}/{child.name}", self)
        yield from merged(zips, self)

    def joinpath(self, *names: str) -> ExportPath:
        found: ExportPath = self
        for n, name in enumerate(names):
            path = self._path.joinpath(*names[: n + 1])
            found = on_disk(path, f"{found.label}/{name}", found)
            if not isinstance(found, _Disk):
                return found.joinpath(*names[n + 1 :])
        return found

    @property
    def size(self) -> int:
        return self._path.stat().st_size

    @property
    def modified(self) -> datetime:
        return datetime.fromtimestamp(int(self._path.stat().st_mtime), UTC)

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise _closed(self.label, error) from error


def _closed(label: str, error: OSError) -> SourceError:
    return SourceError(f"{label}: cannot be opened ({error.strerror}).", hint="Check who may read it.")


class _Merged(ExportPath):
    """One export in several archives: folders of one name are one, files of one name are several."""

    def __init__(self, name: str, label: str, parent: ExportPath | None, parts: Sequence[ExportPath]) -> None:
        self.name, self.label, self.parent, self._parts = name, label, parent, parts

    def is_dir(self) -> bool:
        return True

    def is_file(self) -> bool:
        return False

    def iterdir(self) -> Iterator[ExportPath]:
        names: dict[str, list[ExportPath]] = {}
        for part in self._parts:
            for child in part.iterdir():
                names.setdefault(child.name, []).append(child)
        for name in sorted(names):
            yield from self._joined(name, names[name])

    def _joined(self, name: str, found: Sequence[ExportPath]) -> Iterator[ExportPath]:
        folders = [one for one in found if one.is_dir()]
        yield from (one for one in found if not one.is_dir())
        if len(folders) == 1:
            yield folders[0]
        elif folders:
            yield _Merged(name, f"{self.label}/{name}", self, folders)

    def joinpath(self, *names: str) -> ExportPath:
        if not names:
            return self
        found = [one for part in self._parts if (one := part.joinpath(names[0])).exists()]
        children = list(self._joined(names[0], found)) or [self._parts[0].joinpath(names[0])]
        return children[-1].joinpath(*names[1:])

    @property
    def size(self) -> int:
        return sum(part.size for part in self._parts)

    @property
    def modified(self) -> datetime:
        return max(part.modified for part in self._parts)

    def _open(self) -> BinaryIO:
        raise SourceError(f"{self.label}: a folder, not a file.", hint="Import it as it is.")
