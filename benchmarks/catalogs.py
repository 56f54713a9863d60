"""One vault's catalog in a file and on a PostgreSQL server of the same machine: the same work, taking turns.

The server is the tests' own, on a socket, and writes to the disk as one in use does (fsync on); `--url` names
another. Each turn is a process of its own. Timed are the whole import of a WhatsApp chat, from consent to
durable ciphertext, opening the vault, reading every record twice, and erasing the source. Medians.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from imports import whatsapp_file  # type: ignore[import-not-found]

STEPS = ("import", "open", "read", "read again", "erase")
PASSPHRASE = "benchmark passphrase"
Seconds = dict[str, float]


def turn(url: str, file: Path) -> Seconds:
    """Make a vault, fill it, read it, empty it; Argon2's cost is counted in none of it."""
    from ipse.config import load_settings
    from ipse.pipeline.consents import give
    from ipse.pipeline.importing import import_
    from ipse.pipeline.workspace import Workspace
    from ipse.vault import Vault
    from ipse.vault.opening import by_master, by_secret, opened

    took: Seconds = {}

    def timed(step: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        took[step] = time.perf_counter() - started

    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "vault"
        vault, _ = Vault.create(folder, PASSPHRASE, catalog=url)
        with vault:
            workspace = Workspace(vault, load_settings(environment={}))
            give(workspace, "whatsapp", ["archive"])
            timed(
                "import",
                lambda: import_(
                    workspace, [file], me=["Nora Feld"], format_name="whatsapp", progress=lambda *_: None
                ),
            )
        master = opened(folder, by_secret(PASSPHRASE)).master
        timed("open", lambda: Vault.open_by(folder, by_master(master)).close())
        with Vault.open_by(folder, by_master(master)) as vault:
            for step in ("read", "read again"):
                timed(step, lambda: sum(len(talk.messages) for talk in vault.scan()))
            timed("erase", lambda: vault.erase("whatsapp"))
    return took


def once(url: str, file: Path) -> Seconds:
    """One turn in a process of its own."""
    words = [sys.executable, __file__, "--one", "--url", url, "--file", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: Seconds = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(url: str, count: int, repeats: int) -> None:
    """Take turns and print medians and ratios."""
    results: dict[str, list[Seconds]] = {"": [], url: []}
    with tempfile.TemporaryDirectory() as folder:
        file = whatsapp_file(Path(folder), count)
        for _ in range(repeats):
            for where, found in results.items():
                found.append(once(where, file))
    print(f"{count:,} messages, median of {repeats}; seconds")
    print(f"{'':10} {'SQLite':>8} {'PostgreSQL':>11} {'ratio':>6}")
    for step in STEPS:
        here, there = (statistics.median(one[step] for one in found) for found in results.values())
        print(f"{step:10} {here:8.3f} {there:11.3f} {there / here:5.2f} ×")


def main() -> int:
    """Measure, or do one turn of it; without a server it says so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--url", default="", help="a server to use; else one is started")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.one:
        print(json.dumps(turn(words.url, words.file)))
        return 0
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.postgres_server import binaries, served

    with ExitStack() as held:
        if not words.url and binaries() is None:
            print("left out: there is no PostgreSQL here (apt: postgresql)")
            return 0
        compare(words.url or held.enter_context(served(durable=True)).url, words.messages, words.repeats)
    return 0


if __name__ == "__main__":
    sys.exit(main())
