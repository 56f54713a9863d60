"""The table of what is noticed (docs/concepts/audit.md), attack by attack, without and with an anchor."""

import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.audit import GENESIS, AuditRow, Checkpoint, EpochSecret, extend, sign
from ipse.errors import AuditError, DamagedVaultError
from ipse.vault import Vault
from ipse.vault.location import LOCATION

from ..soak import SOAK, rounds
from .conftest import CHEAP, PASSPHRASE
from .stores import catalog_bytes, copied, part, run_sql

DOC = Path(__file__).resolve().parents[2] / "docs" / "concepts" / "audit.md"
ANCHOR = "anchor.jsonl"
TOLD = {True: "noticed", False: "**missed**"}
OWN = EpochSecret(b"attacker" * 4)


@dataclass
class Scene:
    """Copies of a vault at four times, its anchor at two, and the anchor of another vault.

    Rows 1 to 5 are under the first checkpoint, 6 to 11 under the second, 12 to 18 are open. The copies:
    ``early`` before the first checkpoint, ``middle`` before the second, ``late`` among the open rows.
    """

    root: Path

    @property
    def vault(self) -> Path:
        return self.root / "vault"

    @property
    def anchor(self) -> Path:
        return self.root / ANCHOR

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return run_sql(self.vault, statement, *values)

    def swap(self, columns: str, one: int, other: int) -> None:
        names = [name.strip() for name in columns.split(",")]
        first, second = (
            self.sql(f"SELECT {columns} FROM audit WHERE seq = ?", seq)[0] for seq in (one, other)
        )
        for seq, values in ((one, second), (other, first)):
            sets = ", ".join(f"{name} = ?" for name in names)
            self.sql(f"UPDATE audit SET {sets} WHERE seq = ?", *values, seq)

    def roll_back(self, when: str) -> None:
        shutil.rmtree(self.vault)
        copied(self.root / when, self.vault)

    def roll_back_catalog(self, when: str) -> None:
        name = "catalog.db" if (self.vault / "catalog.db").exists() else LOCATION
        shutil.copy(self.root / when / name, self.vault / name)
        part(self.vault)

    def state(self) -> bytes:
        """All that an attack could change."""
        files = [file for file in sorted(self.vault.iterdir()) if file.is_file()]
        return b"".join(file.read_bytes() for file in [*files, self.anchor]) + catalog_bytes(self.vault)

    def checkpoints(self) -> list[Checkpoint]:
        rows = self.sql("SELECT checkpoint FROM epochs WHERE checkpoint IS NOT NULL ORDER BY number")
        return [msgspec.json.decode(line, type=Checkpoint) for (line,) in rows]

    def put_checkpoint(self, number: int, checkpoint: Checkpoint) -> None:
        self.sql("UPDATE epochs SET checkpoint = ? WHERE number = ?", checkpoint.line(), number)

    def noticed(self, *, anchored: bool) -> bool:
        """What `ipse audit verify` says."""
        try:
            with Vault.open(self.vault, PASSPHRASE) as vault:
                vault.journal.verify(self.anchor.read_bytes().splitlines(keepends=True) if anchored else None)
        except (AuditError, DamagedVaultError):
            return True
        return False


def fill(vault: Vault, messages: Any, first: int, count: int) -> None:
    for number in range(first, first + count):
        source = ("whatsapp", "gmail")[number % 2]
        vault.keep(messages(f"c{number}", [number]), source=source)


def lines(vault: Vault) -> bytes:
    return b"".join(checkpoint.line() + b"\n" for checkpoint in vault.journal.checkpoints())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene, made once. ``messages`` of the conftest belongs to a test, so it is made here again."""
    url = str(request.getfixturevalue("server").url) if request.param == "postgresql" else ""
    from datetime import UTC, datetime, timedelta

    from ipse.privacy import gate
    from ipse.privacy.gate import Cleared
    from ipse.records import Message, Person

    def messages(conversation: str, numbers: list[int]) -> list[Any]:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        return [
            Cleared(
                Message(
                    id=f"{conversation}-{number}", conversation=conversation, platform="p",
                    at=start + timedelta(minutes=number), sender=Person("me"), text="hello",
                ),
                gate._SEAL,
            )
            for number in numbers
        ]  # fmt: skip

    root = tmp_path_factory.mktemp("scene")
    for name in ("vault", "other"):
        vault, _ = Vault.create(root / name, PASSPHRASE, catalog=url, kdf=CHEAP, allow_weak=True)
        vault.close()
    with Vault.open(root / "other", PASSPHRASE) as other:
        other.journal.checkpoint()
        (root / "other.jsonl").write_bytes(lines(other))
    steps: list[tuple[str, int, int, bool]] = [
        ("early", 0, 4, True),
        ("middle", 4, 5, True),
        ("late", 9, 4, False),
    ]
    for name, first, count, ends in steps:
        with Vault.open(root / "vault", PASSPHRASE) as vault:
            fill(vault, messages, first, count)
        copied(root / "vault", root / name)
        if ends:
            with Vault.open(root / "vault", PASSPHRASE) as vault:
                vault.journal.checkpoint()
                (root / ANCHOR).write_bytes(lines(vault))
                if first == 0:
                    (root / "older.jsonl").write_bytes(lines(vault))
    with Vault.open(root / "vault", PASSPHRASE) as vault:
        fill(vault, messages, 13, 2)
    return root


@pytest.fixture
def scene(built: Path, tmp_path: Path) -> Scene:
    shutil.copytree(built, tmp_path / "scene")
    part(tmp_path / "scene" / "vault")
    return Scene(tmp_path / "scene")


def flip(scene: Scene, seq: int) -> None:
    ((value,),) = scene.sql("SELECT commitment FROM audit WHERE seq = ?", seq)
    scene.sql("UPDATE audit SET commitment = ? WHERE seq = ?", bytes([value[0] ^ 1]) + value[1:], seq)


def renumber(scene: Scene, start: int, by: int) -> None:
    scene.sql("UPDATE audit SET seq = -seq WHERE seq >= ?", start)
    scene.sql("UPDATE audit SET seq = -seq + ? WHERE seq < 0", by)


def insert(scene: Scene, copied: int, at: int) -> None:
    scene.sql(
        "INSERT INTO audit SELECT ?, key_id, sealed, commitment, mac FROM audit WHERE seq = ?", at, copied
    )


def insert_amid(scene: Scene) -> None:
    renumber(scene, 14, 1)
    insert(scene, 13, 14)


def delete_and_renumber(scene: Scene) -> None:
    scene.sql("DELETE FROM audit WHERE seq = 14")
    renumber(scene, 15, -1)


def cut_with_checkpoints(scene: Scene) -> None:
    """As the log stood in the middle: rows, checkpoints and the open epoch, whose key is destroyed."""
    epochs = run_sql(scene.root / "middle", "SELECT * FROM epochs")
    ((last,),) = run_sql(scene.root / "middle", "SELECT max(seq) FROM audit")
    scene.sql("DELETE FROM audit WHERE seq > ?", last)
    scene.sql("DELETE FROM epochs")
    for row in epochs:
        scene.sql("INSERT INTO epochs VALUES (?, ?, ?, ?)", *row)


def change_checkpoint(scene: Scene) -> None:
    second = scene.checkpoints()[1]
    scene.put_checkpoint(2, msgspec.structs.replace(second, seq=second.seq + 1))


def forge_checkpoint(scene: Scene) -> None:
    """The last one signed anew: all it says is true but for who says it."""
    first, second = scene.checkpoints()
    forged = sign(OWN, OWN, vault=second.vault, seq=second.seq, head=bytes.fromhex(second.head), before=first)
    scene.put_checkpoint(2, forged)


class _Known:
    """A key of which only the public half is known."""

    def __init__(self, public: str) -> None:
        self.public = public


def forge_history(scene: Scene) -> None:
    """A changed row, heads and checkpoints anew by keys of one's own, the last naming the true next key."""
    flip(scene, 3)
    head, made = GENESIS, list[Checkpoint]()
    ends = {checkpoint.seq: checkpoint for checkpoint in scene.checkpoints()}
    for seq, sealed, committed, mac in scene.sql(
        "SELECT seq, sealed, commitment, mac FROM audit ORDER BY seq"
    ):
        head = extend(head, AuditRow(seq, sealed, committed, mac))
        if seq in ends:
            true: Any = _Known(ends[seq].next)
            after = true if len(made) == 1 else OWN
            before = made[-1] if made else None
            made.append(sign(OWN, after, vault=ends[seq].vault, seq=seq, head=head, before=before))
            scene.put_checkpoint(len(made), made[-1])


def delete_last_checkpoint(scene: Scene) -> None:
    scene.sql("DELETE FROM epochs WHERE number = 3")
    scene.sql("UPDATE epochs SET checkpoint = NULL, key_id = zeroblob(16) WHERE number = 2")


def forge_anchor(scene: Scene) -> None:
    """By keys of one's own, in the name of this vault."""
    (first, second) = scene.checkpoints()
    one = sign(OWN, OWN, vault=first.vault, seq=first.seq, head=bytes.fromhex(first.head), before=None)
    two = sign(OWN, OWN, vault=first.vault, seq=second.seq, head=bytes.fromhex(second.head), before=one)
    scene.anchor.write_bytes(one.line() + b"\n" + two.line() + b"\n")


def roll_back_both(scene: Scene) -> None:
    scene.roll_back("middle")
    shutil.copy(scene.root / "older.jsonl", scene.anchor)


def rewrite_open(scene: Scene) -> None:
    scene.sql("DELETE FROM audit WHERE seq > 14")
    with Vault.open(scene.vault, PASSPHRASE) as vault:
        vault.note("answer", {"model": "what never was"})


def rewrite_covered(scene: Scene) -> None:
    """Every row anew under the open secret, the checkpoints as they were."""
    with Vault.open(scene.vault, PASSPHRASE) as vault:
        from ipse.audit import chain, link

        journal = vault.journal
        with vault._parts.catalog.write() as db:
            log = journal._epochs.log(db)
        ends = {checkpoint.seq: checkpoint for checkpoint in log.checkpoints}
        before = GENESIS
        flip(scene, 3)
        for seq, committed in scene.sql("SELECT seq, commitment FROM audit ORDER BY seq"):
            before = chain(log.secret.chain, before, seq, committed)
            scene.sql("UPDATE audit SET mac = ? WHERE seq = ?", before, seq)
            before = link(ends[seq].line()) if seq in ends else before


def rewrite_all(scene: Scene) -> None:
    scene.sql("DELETE FROM audit")
    scene.sql("DELETE FROM epochs")
    with Vault.open(scene.vault, PASSPHRASE) as vault:
        for _ in range(2):
            vault.note("answer", {"model": "what never was"})
            vault.journal.checkpoint()


MARK = ", ".join(("key_id", "sealed", "commitment", "mac"))

ATTACKS: dict[str, Callable[[Scene], object]] = {
    "change a covered row": lambda scene: flip(scene, 3),
    "change an open row": lambda scene: flip(scene, 14),
    "delete a covered row": lambda scene: scene.sql("DELETE FROM audit WHERE seq = 3"),
    "delete an open row": lambda scene: scene.sql("DELETE FROM audit WHERE seq = 14"),
    "delete an open row and number the rest anew": delete_and_renumber,
    "insert a row among the others": insert_amid,
    "insert a row at the end": lambda scene: insert(scene, 13, 19),
    "reorder two covered rows": lambda scene: scene.swap(MARK, 2, 3),
    "reorder two open rows": lambda scene: scene.swap(MARK, 14, 15),
    "duplicate the last row": lambda scene: insert(scene, 18, 19),
    "replace details by those of another row": lambda scene: scene.swap("sealed", 2, 4),
    "replace details by nothing": lambda scene: scene.sql(
        "UPDATE audit SET sealed = NULL, key_id = NULL WHERE seq = 3"
    ),
    "swap rows between two sources": lambda scene: scene.swap("key_id, sealed", 2, 3),
    "swap the keys of rows of two sources": lambda scene: scene.swap("key_id", 2, 3),
    "cut off open rows": lambda scene: scene.sql("DELETE FROM audit WHERE seq > 14"),
    "cut off rows below the last checkpoint": lambda scene: scene.sql("DELETE FROM audit WHERE seq > 9"),
    "cut off rows together with their checkpoints": cut_with_checkpoints,
    "roll back the whole vault to before a checkpoint": lambda scene: scene.roll_back("middle"),
    "roll back the whole vault to after the last checkpoint": lambda scene: scene.roll_back("late"),
    "roll back the catalog alone to before a checkpoint": lambda scene: scene.roll_back_catalog("middle"),
    "roll back the catalog alone to after the last checkpoint": lambda scene: scene.roll_back_catalog("late"),
    "change a checkpoint": change_checkpoint,
    "forge a checkpoint by a key of one's own": forge_checkpoint,
    "forge a history whose checkpoints lead to the true key": forge_history,
    "delete the last checkpoint": delete_last_checkpoint,
    "delete every checkpoint": lambda scene: scene.sql("DELETE FROM epochs"),
    "replace the anchor by that of another vault": lambda scene: shutil.copy(
        scene.root / "other.jsonl", scene.anchor
    ),
    "replace the anchor by a forged one": forge_anchor,
    "replace the anchor by nothing": lambda scene: scene.anchor.write_bytes(b""),
    "roll back the vault, replace the anchor by its older copy": roll_back_both,
    "write open rows anew": rewrite_open,
    "write covered rows anew under the present key": rewrite_covered,
    "write the whole log anew under new keys": rewrite_all,
}


def documented() -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| (.+?) \| (\S+) \| (\S+) \|$", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (alone, anchored) for name, alone, anchored in rows if name != "attack"}


def test_the_table_lists_these_attacks_and_no_others() -> None:
    assert list(documented()) == list(ATTACKS)


def test_an_untouched_log_verifies_with_and_without_its_anchor(scene: Scene) -> None:
    assert (scene.noticed(anchored=False), scene.noticed(anchored=True)) == (False, False)
    with Vault.open(scene.vault, PASSPHRASE) as vault:
        report = vault.journal.verify(scene.anchor.read_bytes().splitlines())
        older = vault.journal.verify((scene.root / "older.jsonl").read_bytes().splitlines())
    assert (report.rows, report.checkpoints, report.covered, report.anchored) == (18, 2, 11, 11)
    assert older.anchored == 5


@pytest.mark.parametrize("name", ATTACKS)
def test_what_the_table_says_is_what_is_noticed(scene: Scene, name: str) -> None:
    untouched = scene.state()
    ATTACKS[name](scene)
    assert scene.state() != untouched, "the attack did nothing"
    alone, anchored = documented()[name]
    if alone != "–":
        assert TOLD[scene.noticed(anchored=False)] == alone
    assert TOLD[scene.noticed(anchored=True)] == anchored


def test_every_byte_of_the_log_that_is_changed_is_noticed(scene: Scene) -> None:
    """Quick: some bytes of each value; `make soak`: all of them."""
    values = {"audit": ("seq", "key_id, sealed, commitment, mac"), "epochs": ("number", "key_id, checkpoint")}
    pick = random.Random(5)
    tried = 0
    with Vault.open(scene.vault, PASSPHRASE) as vault:
        for table, (name, columns) in values.items():
            for number, *held in scene.sql(f"SELECT {name}, {columns} FROM {table}"):
                for column, value in zip(columns.split(", "), held, strict=True):
                    if value is None:
                        continue
                    places = range(len(value)) if SOAK else pick.sample(range(len(value)), 3)
                    change = f"UPDATE {table} SET {column} = ? WHERE {name} = ?"
                    for at in places:
                        changed = bytes([value[at] ^ 1 << pick.randrange(8)])
                        scene.sql(change, value[:at] + changed + value[at + 1 :], number)
                        with pytest.raises((AuditError, DamagedVaultError)):
                            vault.journal.verify()
                        tried += 1
                    scene.sql(change, value, number)
        assert vault.journal.verify().rows == 18
    assert tried >= 200


def vandalize(scene: Scene, pick: random.Random) -> None:
    """A random change of rows by somebody without keys."""
    seqs = [seq for (seq,) in scene.sql("SELECT seq FROM audit ORDER BY seq")]
    if not seqs:
        return
    one, other = pick.choice(seqs), pick.choice(seqs)
    match pick.randrange(6):
        case 0:
            scene.sql("DELETE FROM audit WHERE seq = ?", one)
        case 1:
            scene.sql("DELETE FROM audit WHERE seq > ?", one)
        case 2:
            insert(scene, one, seqs[-1] + 1)
        case 3:
            scene.swap(pick.choice(["commitment", "mac", "sealed", "key_id", MARK]), one, other)
        case 4:
            scene.sql("DELETE FROM audit WHERE seq = ?", one)
            renumber(scene, one + 1, -1)
        case _:
            renumber(scene, one, 1)
            insert(scene, max(one - 1, 1), one)


@pytest.mark.parametrize("seed", range(rounds(40, 3000)))
def test_whatever_is_done_to_rows_only_a_cut_end_is_missed(scene: Scene, seed: int) -> None:
    """The rows as written, or without some open ones at their end, pass; anything else is noticed."""
    pick = random.Random(seed)
    everything = f"SELECT seq, {MARK} FROM audit ORDER BY seq"
    written = scene.sql(everything)
    for _ in range(pick.choice((1, 1, 2, 5))):
        vandalize(scene, pick)
    left = scene.sql(everything)
    cut = len(left) > 11 and left == written[: len(left)]
    assert scene.noticed(anchored=False) is not cut
    assert scene.noticed(anchored=True) is not cut
