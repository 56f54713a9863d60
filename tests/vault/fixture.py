"""Writes the fixture of the format that this checkout writes: ``python -m tests.vault.fixture``.

Each folder of ``tests/vault/fixtures`` is a small vault, named by the version of its header and the revision
of its catalog, written once by the code of that version and never again: they stand for the vaults that
people have. The JSON file beside it holds what opens it.
"""

import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from ipse.privacy import gate
from ipse.privacy.gate import Cleared
from ipse.records import Event, Message, Person, Record
from ipse.vault import KdfParameters, Vault
from ipse.vault.catalog import REVISION

FIXTURES = Path(__file__).with_name("fixtures")
PASSPHRASE = "a passphrase for fixtures"
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = (timezone(timedelta(hours=5, minutes=30)), UTC)
MODEL = bytes(range(256)) * 300  # above 64 KiB, so it is a file of its own


def message(conversation: str, number: int) -> Cleared[Record]:
    return Cleared(
        Message(
            id=f"{conversation}-{number}",
            conversation=conversation,
            platform="whatsapp",
            at=(START + timedelta(minutes=number)).astimezone(ZONES[number % 2]),
            sender=Person("me" if number % 3 else "PERSON_1"),
            text=f"hello {number}",
        ),
        gate._SEAL,
    )


def event(number: int) -> Cleared[Record]:
    held = Event(source="window", kind="state", ts=number, rx=9, key=f"e{number}", data={"n": number})
    return Cleared(held, gate._SEAL)


def fill(vault: Vault) -> None:
    """A conversation of two segments, three sources, documents of both sizes, and a source erased."""
    vault.keep([message("a", n) for n in range(300)], source="whatsapp")
    vault.keep([message("a", 300), *(message("b", n) for n in range(20))], source="whatsapp")
    vault.keep([message("c", n) for n in range(3)], source="gmail")
    vault.keep([event(n) for n in range(40)], source="window")
    vault.keep([message("gone", n) for n in range(9)], source="telegram")
    vault.put("roster", "roster", b"who is who", action="import.people", details={"known": 3})
    vault.put("model", "v1", MODEL, action="train", details={"model": "v1"}, state="champion")
    vault.erase("telegram")
    vault.journal.checkpoint()
    doom(vault)


def doom(vault: Vault) -> None:
    """Remove a document while a reader holds the log, so that its key is still to be destroyed."""
    vault.put("note", "n1", b"to be removed", action="test", details={})
    with vault._parts.catalog.read() as db:
        db.exec_driver_sql("SELECT count(*) FROM seen").scalar()
        vault.remove("note", "n1", action="test", details={})


def main() -> None:
    """Write the fixture; refuses to write over one."""
    folder = FIXTURES / "new"
    vault, recovery = Vault.create(folder, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with vault:
        fill(vault)
        rows = vault.verify_audit()
    name = f"{Vault.info(folder).version}-{REVISION}"
    expected = {"passphrase": PASSPHRASE, "recovery_key": recovery, "audit_rows": rows}
    (folder / "vault.lock").unlink(missing_ok=True)
    if (FIXTURES / name).exists():
        sys.exit(f"{FIXTURES / name} is there already: a fixture is never rewritten; remove {folder}")
    folder.rename(FIXTURES / name)
    (FIXTURES / f"{name}.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
