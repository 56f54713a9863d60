"""Errors in logs: of named files from their end on, and of the journal of systemd where there is one.

A line counts that says error, critical, fatal, panic or traceback. What it says is a text: the guard decides
what stays of it.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import msgspec

from ipse.collectors.polled import Polled
from ipse.config import Settings
from ipse.records import Sample

__all__ = ["Errors"]

LEVELS = re.compile(r"\b(emerg|alert|crit(?:ical)?|fatal|panic|err(?:or)?|traceback)\b", re.IGNORECASE)
SEVERE = ("emerg", "alert", "crit", "fatal", "panic")
LONGEST = 500  # characters of a line
AT_ONCE = 1024 * 1024  # bytes read of a log in one look
JOURNAL = "journal"


class Errors(Polled):
    """One point for each line that tells of an error."""

    name = "errors"
    says = "lines of logs that tell of errors (collect.logs)"
    every = 5.0

    def __init__(self, logs: Iterable[str] = ()) -> None:
        self._logs = [log for log in logs if log != JOURNAL]
        self._journal = JOURNAL in logs
        self._cursor = ""
        self._at: dict[str, tuple[int, int]] = {log: _end(log) for log in self._logs}

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Follow what the settings name."""
        return cls(settings.collect.logs)

    def check(self) -> str | None:
        """Why it cannot follow: nothing is named, or it is not there."""
        if not self._logs and not self._journal:
            return "No log is named: set collect.logs."
        if self._journal and shutil.which("journalctl") is None:
            return "There is no journal here (journalctl is not installed)."
        missing = [log for log in self._logs if not Path(log).expanduser().is_file()]
        return f"Not a file: {', '.join(missing)}." if missing else None

    def poll(self) -> Iterable[Sample]:
        """The errors since the last look; of a log that was begun anew, from its beginning."""
        for log in self._logs:
            for line in self._lines(log):
                found = LEVELS.search(line)
                if found:
                    yield _sample(Path(log).name, found[1].lower(), line)
        if self._journal:
            yield from self._entries()

    def _lines(self, log: str) -> Iterator[str]:
        """Whole lines only: one that is being written is read in the next look."""
        try:
            with Path(log).expanduser().open("rb") as stream:
                inode, size = _end(log)
                before, at = self._at.get(log, (inode, 0))
                stream.seek(at if before == inode and at <= size else 0)
                raw = stream.read(AT_ONCE)
                whole = raw[: raw.rfind(b"\n") + 1] or (raw if len(raw) == AT_ONCE else b"")
                self._at[log] = (inode, stream.tell() - len(raw) + len(whole))
        except OSError:
            return
        yield from whole.decode("utf-8", "replace").splitlines()

    def _entries(self) -> Iterator[Sample]:
        since = [f"--after-cursor={self._cursor}"] if self._cursor else ["--lines=0"]
        command = ["journalctl", "--quiet", "--output=json", "--priority=3", "--show-cursor", *since]
        told = subprocess.run(command, capture_output=True, timeout=20, check=False)  # noqa: S603
        for line in told.stdout.splitlines():
            if line.startswith(b"-- cursor: "):
                self._cursor = line.removeprefix(b"-- cursor: ").decode()
                continue
            try:
                entry = msgspec.json.decode(line, type=dict[str, object])
            except msgspec.DecodeError:
                continue
            unit = str(entry.get("_SYSTEMD_UNIT") or entry.get("SYSLOG_IDENTIFIER") or "")
            level = "crit" if str(entry.get("PRIORITY")) in "012" else "error"
            yield _sample(unit, level, str(entry.get("MESSAGE", "")))


def _sample(unit: str, level: str, line: str) -> Sample:
    severe = level.startswith(SEVERE)
    return Sample(
        kind="point",
        data={"unit": unit, "level": "critical" if severe else "error", "message": line[:LONGEST]},
    )


def _end(log: str) -> tuple[int, int]:
    """Inode and size of a file; zeros where there is none."""
    try:
        found = Path(log).expanduser().stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_size
