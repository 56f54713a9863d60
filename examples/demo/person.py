"""Writes the exports of Tilda Marwede, who does not exist, for the demo: the same bytes every time.

    python examples/demo/person.py [FOLDER]

Standard library alone. See README.md beside it.
"""

import sys
from pathlib import Path

from chats import write_chats
from journal import write_reflections
from mails import write_mails

__all__ = ["exports", "main"]

SEED = "Tilda Marwede, Bristol"
MAILBOX = "All mail Including Spam and Trash.mbox"


def exports() -> dict[str, bytes]:
    """All files by name."""
    return {**write_chats(SEED), MAILBOX: write_mails(SEED), "reflections.csv": write_reflections(SEED)}


def main(folder: Path) -> None:
    """Write them into a folder and say how large they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in exports().items():
        (folder / name).write_bytes(content)
        print(f"{len(content):>8} bytes  {name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "exports")
