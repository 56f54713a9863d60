"""kill -9 at random moments of an import: what was acknowledged is there, once, and the vault is whole."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from ipse.vault import Vault

from .stores import seeds

Clear = Callable[..., list[Any]]
PASSPHRASE = "correct horse"
BATCH = 40

# Keeps batches 0, 1, 2 … of the same made-up messages and says each number once it is durable.
CHILD = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ipse.privacy import gate
from ipse.records import Message, Person
from ipse.vault import Vault

def message(number):
    return gate.Cleared(Message(
        id=f"m{number}", conversation=f"c{number % 8}-{number // 200}", platform="p",
        at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        sender=Person("me"), text=f"text {number}",
    ), gate._SEAL)

with Vault.open(Path(sys.argv[1]), sys.argv[2]) as vault:
    print("open", flush=True)
    for batch in range(int(sys.argv[3]), int(sys.argv[4])):
        vault.keep([message(n) for n in range(batch * 40, batch * 40 + 40)], source="whatsapp")
        vault.put("roster", "roster", b"x" * (batch * 3000 % 90_000), action="roster.keep", details={})
        print(batch, flush=True)
"""

ERASE = """
import sys
from pathlib import Path
from ipse.vault import Vault

vault = Vault.open(Path(sys.argv[1]), sys.argv[2])
print("open", flush=True)
vault.erase("whatsapp")
"""


def child(folder: Path, first: int, last: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", CHILD, str(folder), PASSPHRASE, str(first), str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def numbers(folder: Path) -> list[int]:
    """The numbers of all messages in the vault, which is checked for being whole."""
    with Vault.open(folder, PASSPHRASE) as vault:
        found = [int(one.id[1:]) for conversation in vault.scan() for one in conversation.messages]
        assert vault.counts().get("whatsapp", {"records": 0})["records"] == len(found)
        assert vault.verify_audit() >= 1
        for name in vault.ids("roster"):
            assert set(vault.get("roster", name)) <= set(b"x")
    for name in ("catalog.db", "keys.db"):
        if (folder / name).exists():
            with closing(sqlite3.connect(folder / name)) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return sorted(found)


def fault(found: list[int], acknowledged: int) -> str | None:
    """What is wrong with these message numbers after batch ``acknowledged`` was said to be durable."""
    if len(set(found)) < len(found):
        return "twice"
    if found != list(range(len(found))) or len(found) % BATCH:
        return "a hole or half a batch"
    return "lost" if len(found) < (acknowledged + 1) * BATCH else None


def test_the_check_would_notice() -> None:
    whole = list(range(3 * BATCH))
    assert fault(whole, 2) is fault(whole, 1) is None
    assert fault(whole, 3) == "lost"
    assert fault([0, *whole], 2) == "twice"
    assert fault(whole[1:], 1) == fault(whole[:-1], 1) == "a hole or half a batch"


@seeds(6, 200)
def test_what_was_acknowledged_before_a_kill_is_there_once(folder: Path, recovery: str, seed: int) -> None:
    pick = random.Random(seed)
    acknowledged = -1
    with child(folder, 0, 10_000) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        for _ in range(pick.randrange(1, 8)):
            acknowledged = int(process.stdout.readline())
        time.sleep(pick.random() * 0.03)  # somewhere within the next batch
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split(b"\n")[:-1]  # said before the kill, read after it
        acknowledged = int(rest[-1]) if rest else acknowledged
    assert fault(numbers(folder), acknowledged) is None
    with child(folder, 0, acknowledged + 3) as again:
        assert again.wait(30) == 0
    assert numbers(folder) == list(range((acknowledged + 3) * BATCH))


@seeds(2, 50)
def test_an_erasure_that_is_killed_is_finished_and_touches_nothing_else(
    folder: Path, recovery: str, messages: Clear, seed: int
) -> None:
    with Vault.open(folder, PASSPHRASE) as vault:
        vault.keep([one for n in range(300) for one in messages(f"c{n}", (1, 2))], source="whatsapp")
        vault.keep(messages("m", range(5)), source="gmail")
    command = [sys.executable, "-c", ERASE, str(folder), PASSPHRASE]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        time.sleep(random.Random(seed).random() * 0.02)
        process.send_signal(signal.SIGKILL)
    with Vault.open(folder, PASSPHRASE) as vault:
        assert vault.counts().get("whatsapp", {"records": 0})["records"] in (0, 600)
        vault.erase("whatsapp")
        assert [conversation.id for conversation in vault.scan()] == ["m"]
        assert vault.verify_audit() > 3
    with closing(sqlite3.connect(folder / "keys.db")) as db:
        # gmail, its one conversation, the signing key and the log's; no orphan, for nothing was being kept
        assert db.execute("SELECT count(*) FROM keys").fetchone() == (4,)
