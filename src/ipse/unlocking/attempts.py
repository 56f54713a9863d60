"""A wait that grows with each wrong passphrase: 1, 2, 4 … seconds, at most a minute.

It slows down who types at this machine. Who copies the files is slowed down by Argon2id alone.
"""

import json
import time
from pathlib import Path

__all__ = ["Attempts"]

LONGEST = 60.0  # seconds


class Attempts:
    """The wrong passphrases in a row of the vault in ``folder``, kept in a file there."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "attempts"

    def wait(self, at: float | None = None) -> float:
        """Seconds to wait before the next one is tried."""
        failed, last = self._read()
        if not failed:
            return 0.0
        due = min(LONGEST, 2.0 ** (failed - 1))
        return min(due, max(0.0, last + due - (time.time() if at is None else at)))

    def failed(self) -> None:
        """One more was wrong."""
        failed, _ = self._read()
        try:
            self._file.touch(mode=0o600)
            self._file.write_text(json.dumps([min(failed + 1, 99), time.time()]), encoding="ascii")
        except OSError:
            return  # a vault on a medium that cannot be written to

    def passed(self) -> None:
        """One was right."""
        self._file.unlink(missing_ok=True)

    def _read(self) -> tuple[int, float]:
        try:
            failed, last = json.loads(self._file.read_text(encoding="ascii"))
            return int(failed), float(last)
        except (OSError, ValueError, TypeError):
            return 0, 0.0
