"""Every byte that means something changed, every piece dropped, doubled, swapped or cut: refused.

Quick: some bytes of each value; `make soak`: all of them. The audit log has its own tests
(``tests/vault/test_audit_attacks.py``), and so has the log that was exported (``tests/tools``).
"""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.config import load_settings
from ipse.errors import AuditError, DamagedVaultError, UnknownVersionError, VaultError, WrongPassphraseError
from ipse.pipeline.backups import export_ledger, restore_vault
from ipse.pipeline.workspace import Workspace
from ipse.privacy.erasures import Erased
from ipse.privacy.roster import Roster
from ipse.vault import KdfParameters, Vault, documents, header, objects, segments
from ipse.vault.backup.checking import check
from ipse.vault.backup.restoring import restore

from ..soak import SOAK, rounds

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
PASSPHRASE = "correct horse"
REFUSED = (AuditError, DamagedVaultError, UnknownVersionError, WrongPassphraseError)
Clear = Callable[..., list[Any]]
Sql = Callable[..., list[tuple[Any, ...]]]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, messages: Clear, events: Clear) -> tuple[Path, str]:
    """A vault with something of every class in small pieces, with two backups, and its recovery key."""
    root = tmp_path_factory.mktemp("ready")
    with pytest.MonkeyPatch.context() as patch:
        _small(patch)
        vault, recovery = Vault.create(root / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
        with vault:
            vault.keep(messages("a", range(12)), source="whatsapp")
            vault.keep(messages("a", range(12, 20)) + messages("b", range(3)), source="whatsapp")
            vault.keep(messages("m", range(3)), source="gmail")
            vault.keep(events(range(4)), source="window")
            vault.put("roster", "roster", Roster().dumps(), action="t", details={})
            vault.put(
                "model", "v1", random.Random(1).randbytes(500), action="t", details={}, state="champion"
            )
            workspace = Workspace(vault, load_settings({}, environment={}))
            workspace.erasures().add("e1", [Erased("message", "a-99"), Erased("source", "signal")])
            workspace.keep_erasures()
            export_ledger(workspace, root / "ledger.json")
            vault.back_up(root / "copies", progress=quiet)
            vault.keep(messages("a", range(20, 22)), source="whatsapp")
            vault.back_up(root / "copies", progress=quiet)
    return root, recovery


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    _small(monkeypatch)


def _small(patch: pytest.MonkeyPatch) -> None:
    """Small segments, and files of several chunks: every byte in minutes."""
    patch.setattr(segments, "MAX_RECORDS", 4)
    patch.setattr(documents, "INLINE_BYTES", 200)
    patch.setattr(objects, "CHUNK", 200)


@pytest.fixture
def root(ready: tuple[Path, str], tmp_path: Path) -> Path:
    return Path(shutil.copytree(ready[0], tmp_path / "copy"))


@pytest.fixture
def sql(root: Path) -> Iterator[Sql]:
    """Somebody with the files and none of the keys, who does not wait for the disk."""
    with (
        closing(sqlite3.connect(root / "vault" / "catalog.db", isolation_level=None)) as catalog,
        closing(sqlite3.connect(root / "vault" / "keys.db", isolation_level=None)) as keys,
    ):
        for db in (catalog, keys):
            db.execute("PRAGMA synchronous=OFF")

        def run(statement: str, *values: object, file: str = "catalog") -> list[tuple[Any, ...]]:
            return (keys if file == "keys" else catalog).execute(statement, values).fetchall()

        yield run


def content(vault: Vault) -> object:
    """All there is to read, whoever asks for it."""
    records = [(talk.source, talk.id, talk.messages) for talk in vault.scan()]
    kinds = ("signing", "roster", "model", "erasures")
    held = {(kind, name): vault.get(kind, name) for kind in kinds for name in vault.ids(kind)}
    rows = [(row.seq, row.action, row.details) for row in vault.audit_rows()]
    states = {kind: vault.states(kind) for kind in kinds}
    vault.verify_audit()
    return records, list(vault.events()), held, states, vault.counts(), rows


def changes(value: bytes, pick: random.Random, few: int = 3) -> Iterator[bytes]:
    """The value with one bit of a byte flipped: of every byte, or of a few."""
    for at in range(len(value)) if SOAK else pick.sample(range(len(value)), min(few, len(value))):
        yield value[:at] + bytes([value[at] ^ 1 << pick.randrange(8)]) + value[at + 1 :]


def refuses(vault: Vault) -> bool:
    try:
        content(vault)
    except REFUSED:
        return True
    return False


VALUES = {
    "sources": ("catalog", "token, key_id, sealed"),
    "conversations": ("catalog", "token, key_id, sealed"),
    "segments": ("catalog", "sealed"),
    "documents": ("catalog", "token, key_id, state, label, sealed, object"),
    "keys": ("keys", "id, parent, wrapped"),
}


@pytest.mark.parametrize("table", VALUES)
def test_every_byte_of_every_value_is_held_to(root: Path, sql: Sql, table: str) -> None:
    file, columns = VALUES[table]
    pick, tried, left = random.Random(table), 0, list[str]()
    with Vault.open(root / "vault", PASSPHRASE) as vault:
        before = content(vault)
        for rowid, *held in sql(f"SELECT rowid, {columns} FROM {table}", file=file):
            for column, value in zip(columns.split(", "), held, strict=True):
                raw = value.encode() if isinstance(value, str) else value
                change = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
                for changed in changes(raw or b"", pick):
                    shown = changed.decode("latin1") if isinstance(value, str) else changed
                    sql(change, shown, rowid, file=file)
                    tried += 1
                    if not refuses(vault):
                        left.append(f"{column} of row {rowid}")
                sql(change, value, rowid, file=file)
        assert content(vault) == before  # the control: as it was, it is read
    assert left == []
    assert tried >= 20


def test_every_bit_of_the_header_is_held_to(root: Path) -> None:
    raw = (root / "vault" / "vault.json").read_bytes()
    header.parse(raw)
    for at in range(len(raw)):
        for bit in range(8):
            with pytest.raises((DamagedVaultError, UnknownVersionError)):
                header.parse(raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :])
    for length in range(len(raw)):
        with pytest.raises(DamagedVaultError):
            header.parse(raw[:length])
    with pytest.raises(DamagedVaultError):
        header.parse(raw + raw)


def test_a_header_whose_checksum_was_made_right_again_is_refused(root: Path) -> None:
    """Every byte that can be changed into another header, under a checksum that fits."""
    raw, pick, tried = (root / "vault" / "vault.json").read_bytes(), random.Random(2), 0
    for changed in changes(raw, pick, few=200):
        try:
            tree = msgspec.json.decode(changed, type=dict[str, object])
            tree["checksum"] = header._checksum(tree)
            held = header.parse(header._canonical(tree))
        except (ValueError, DamagedVaultError, UnknownVersionError):
            continue
        if header._canonical(tree) == raw:
            continue  # it was the checksum alone
        tried += 1
        with pytest.raises(REFUSED):
            header.unlock(held, PASSPHRASE)
    assert tried >= 50


def test_every_byte_of_a_file_is_held_to_and_every_chunk_of_it(root: Path) -> None:
    (path,) = (root / "vault" / "objects").iterdir()
    raw, step = path.read_bytes(), objects.CHUNK + 28
    pieces = [raw[at : at + step] for at in range(0, len(raw), step)]
    assert len(pieces) == 3
    cases = [
        *changes(raw, random.Random(3), few=30),
        *(raw[:length] for length in (range(len(raw)) if SOAK else (0, 1, 27, step, 2 * step, len(raw) - 1))),
        raw + b"x",
        *(b"".join(pieces[:n] + pieces[n + 1 :]) for n in range(3)),  # dropped
        *(b"".join(pieces[: n + 1] + pieces[n:]) for n in range(3)),  # doubled
        b"".join([pieces[1], pieces[0], pieces[2]]),
        b"".join(reversed(pieces)),
    ]
    with Vault.open(root / "vault", PASSPHRASE) as vault:
        good = vault.get("model", "v1")
        for case in cases:
            path.write_bytes(case)
            with pytest.raises(DamagedVaultError):
                vault.get("model", "v1")
        path.write_bytes(raw)
        assert vault.get("model", "v1") == good


def test_rows_of_documents_and_keys_swapped_doubled_or_dropped_are_refused(root: Path, sql: Sql) -> None:
    """Each value of each row put in the place of another's; each key dropped."""
    tried = 0
    with Vault.open(root / "vault", PASSPHRASE) as vault:
        for table in ("documents", "keys"):
            file, columns = VALUES[table]
            rows = sql(f"SELECT rowid, {columns} FROM {table}", file=file)
            for column in columns.split(", "):
                place = 1 + columns.split(", ").index(column)
                for one in rows:
                    for other in rows if SOAK else rows[:2]:
                        if one[place] in (None, other[place]) or (table, column) == ("keys", "id"):
                            continue
                        if column == "token":  # unique: by way of none
                            sql("UPDATE documents SET token = zeroblob(16) WHERE rowid = ?", other[0])
                        change = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
                        sql(change, other[place], one[0], file=file)
                        assert refuses(vault), (table, column, one[0], other[0])
                        sql(change, one[place], one[0], file=file)
                        sql(change, other[place], other[0], file=file)
                        tried += 1
        for row in sql("SELECT id, parent, wrapped FROM keys", file="keys"):
            sql("DELETE FROM keys WHERE id = ?", row[0], file="keys")
            assert refuses(vault)
            sql("INSERT INTO keys VALUES (?, ?, ?)", *row, file="keys")
            tried += 1
        content(vault)
    assert tried >= 30


@pytest.mark.parametrize("name", ["keys.db", "catalog.db"])
def test_no_byte_of_a_database_leads_to_other_content(root: Path, tmp_path: Path, name: str) -> None:
    """Whole files, the free space in them too, which means nothing: an error, or what was there."""
    with Vault.open(root / "vault", PASSPHRASE) as vault:
        before = content(vault)
    raw = (root / "vault" / name).read_bytes()
    pick, refused = random.Random(name), 0
    for n, at in enumerate(pick.sample(range(len(raw)), rounds(25, 2000))):
        folder = Path(shutil.copytree(root / "vault", tmp_path / str(n)))
        (folder / name).write_bytes(raw[:at] + bytes([raw[at] ^ 1 << pick.randrange(8)]) + raw[at + 1 :])
        try:
            with Vault.open(folder, PASSPHRASE) as vault:
                assert content(vault) == before, at
        except REFUSED:
            refused += 1
        shutil.rmtree(folder)
    assert refused >= rounds(1, 100)


def test_every_byte_of_a_backup_is_held_to(root: Path, ready: tuple[Path, str], tmp_path: Path) -> None:
    """Found without a key, and no restore of it makes a vault."""
    copies, recovery, pick = root / "copies", ready[1], random.Random(5)
    files = sorted(path for path in copies.rglob("*") if path.is_file() and path.suffix != ".lock")
    assert {path.suffix for path in files} == {".json", ".index", ".keys", ".pack"}
    assert [one.faults for one in check(copies, recovery_key=recovery, progress=quiet)] == [(), ()]
    for path in files:
        raw = path.read_bytes()
        cuts = [raw[: pick.randrange(len(raw))] for _ in range(rounds(1, 40))]
        for case in (*changes(raw, pick, few=4), *cuts, raw + b"\n", raw + raw):
            path.write_bytes(case)
            assert any(one.faults for one in check(copies, progress=quiet)), path
        path.write_bytes(cuts[0])
        newest = max(path.name for path in copies.glob("snapshots/*.json"))
        if path.suffix != ".json":  # the manifests say nothing of their own file
            for name in {path.stem, newest[:-5]} - {path.stem if path.suffix == ".pack" else ""}:
                try:
                    restore(copies, tmp_path / path.name / name, recovery, PASSPHRASE, name=name, kdf=CHEAP,
                            progress=quiet)  # fmt: skip
                except VaultError:
                    assert not (tmp_path / path.name / name / "vault.json").exists()
                else:
                    assert not any(o.faults for o in check(copies, progress=quiet) if o.name == name)
        path.write_bytes(raw)
    assert [one.faults for one in check(copies, recovery_key=recovery, progress=quiet)] == [(), ()]


def test_every_byte_of_a_ledger_of_erasures_is_held_to(
    root: Path, ready: tuple[Path, str], tmp_path: Path
) -> None:
    """It decides what a restore leaves out: changed, it is refused before there is a vault."""
    file = root / "ledger.json"
    raw, settings, tried = file.read_bytes(), load_settings({}, environment={}), 0

    def restored(target: Path) -> None:
        restore_vault(
            root / "copies",
            target,
            ready[1],
            PASSPHRASE,
            settings=settings,
            ledger=file,
            kdf=CHEAP,
            progress=quiet,
        )

    for n, changed in enumerate([*changes(raw[:-1], random.Random(6), few=6), raw[:-40], b""]):
        file.write_bytes(changed)
        with pytest.raises(VaultError, match="no ledger that this vault signed"):
            restored(tmp_path / str(n))
        assert not (tmp_path / str(n) / "vault.json").exists()
        shutil.rmtree(tmp_path / str(n), ignore_errors=True)
        tried += 1
    file.write_bytes(raw)
    restored(tmp_path / "good")
    assert tried >= 5
