"""Changes of files below named folders: created, modified, moved, deleted; never what is in them.

watchdog tells of them. Every folder takes a watch of the system, so there is a budget; what it does not
reach is said (:attr:`Files.unwatched`), nearest folders first.
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from ipse.config import Settings
from ipse.interfaces import Stop
from ipse.records import Sample

__all__ = ["Files"]

# It logs each path as it sees it, excluded ones too, where anybody asks for everything that is logged.
logging.getLogger("watchdog").setLevel(logging.WARNING)

HELD = 4096  # changes that wait between two polls
SKIPPED = frozenset({".git", ".hg", "node_modules", "__pycache__", ".venv", ".cache"})
KINDS = {"created": "created", "modified": "modified", "moved": "moved", "deleted": "deleted"}


class _Handler(FileSystemEventHandler):
    def __init__(self, emit: Callable[[Sample], None]) -> None:
        self._emit = emit

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.is_directory or event.event_type not in KINDS:
            return
        path = os.fsdecode(event.dest_path if event.event_type == "moved" else event.src_path)
        extension = Path(path).suffix.lower()[:12]
        self._emit(Sample(kind="point", data={"change": event.event_type, "path": path, "ext": extension}))


class Files:
    """Tells of changes as they happen; polled, of those since it was polled before."""

    name = "files"
    says = "changes of files below collect.paths; never their content"
    every = 1.0

    def __init__(self, paths: Iterable[str] = (), budget: int = 4096) -> None:
        self._paths = [Path(path).expanduser() for path in paths]
        self._budget = budget
        self._held: deque[Sample] = deque(maxlen=HELD)
        self._observer: BaseObserver | None = None
        self.unwatched: tuple[str, ...] = ()

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Watch what the settings name."""
        return cls(settings.collect.paths, settings.collect.watches)

    def check(self) -> str | None:
        """Why it cannot watch: no folder is named, or none is there."""
        if not self._paths:
            return "No folder is named: set collect.paths."
        missing = [str(path) for path in self._paths if not path.is_dir()]
        return f"Not a folder: {', '.join(missing)}." if missing else None

    def poll(self) -> Iterable[Sample]:
        """What changed since the last look; the first one begins to watch."""
        if self._observer is None:
            self._observer = self._watching(self._held.append)
        while self._held:
            yield self._held.popleft()

    def run(self, emit: Callable[[Sample], None], stop: Stop) -> None:
        """Tell of changes as they come."""
        observer = self._watching(emit)
        try:
            while not stop.wait(0.5):
                pass
        finally:
            observer.stop()
            observer.join()

    def _watching(self, emit: Callable[[Sample], None]) -> BaseObserver:
        observer, handler = Observer(), _Handler(emit)
        # A link is not followed by what watches, so the folder that it leads to is watched.
        folders, self.unwatched = _folders([path.resolve() for path in self._paths], self._budget)
        for folder in folders:
            observer.schedule(handler, folder, recursive=False)
        observer.daemon = True
        observer.start()
        return observer


def _folders(roots: Iterable[Path], budget: int) -> tuple[list[str], tuple[str, ...]]:
    """The folders to watch, nearest first, and those that the budget does not reach."""
    found: list[str] = []
    level = [str(path) for path in roots]
    while level:
        found += level
        if len(found) > budget:
            return found[:budget], tuple(found[budget:])
        level = [below for folder in level for below in _below(folder)]
    return found, ()


def _below(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                one.path for one in entries if one.is_dir(follow_symlinks=False) and one.name not in SKIPPED
            )
    except OSError:
        return []
