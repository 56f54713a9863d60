"""Verbs made wrong on purpose, in a process that ends with them: the checks after a kill must notice each.

Each takes away what makes the verb safe, and waits in the gap that this opens, to be killed there.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ipse.pipeline import forgetting, portability, tabular
from ipse.registry import ModelCard, Registry
from ipse.vault import Vault, catalog, files, keeping, keys
from ipse.vault.backup import writing
from ipse.vault.epochs import Epochs

from . import verbs

__all__ = ["MUTANTS"]

LONG = 60.0  # seconds; it is killed before
Say = Callable[[object], None]


def _patch(owner: object, **made: object) -> None:
    for name, value in made.items():
        setattr(owner, name, value)


def _gap(say: Say) -> None:
    say("gap")
    time.sleep(LONG)


def _halves(say: Say) -> None:
    """An import keeps half of a batch and marks all of it as kept."""
    real = keeping.Keeper._grow

    def half(self: Any, db: Any, home: Any, records: Any) -> None:
        real(self, db, home, records[: len(records) // 2])
        db.exec_driver_sql("COMMIT")
        db.exec_driver_sql("BEGIN")
        _gap(say)
        real(self, db, self._sources.find(db, home.ledger.name), records[len(records) // 2 :])

    _patch(keeping.Keeper, _grow=half)


def _card_first(say: Say) -> None:
    """A model's card is kept before its files."""

    def put(self: Vault, kind: str, name: str, payload: bytes, **more: Any) -> None:
        if kind == "artefact":
            waiting.append(lambda: real(self, kind, name, payload, **more))
            return
        real(self, kind, name, payload, **more)
        if kind == "model":
            _gap(say)
            waiting.pop()()

    real, waiting = Vault.put, list[Callable[[], object]]()
    _patch(Vault, put=put)


def _no_plan(say: Say) -> None:
    """An erasure keeps no plan before it begins."""
    real_put, real_remove = Vault.put, Vault.remove

    def put(self: Vault, kind: str, *values: Any, **more: Any) -> None:
        if kind != "forgetting":
            real_put(self, kind, *values, **more)

    def remove(self: Vault, kind: str, *values: Any, **more: Any) -> None:
        if kind != "forgetting":
            real_remove(self, kind, *values, **more)

    _patch(Vault, put=put, remove=remove)
    real_records = forgetting._records

    def records(*values: Any) -> None:
        _gap(say)
        real_records(*values)

    _patch(forgetting, _records=records)


def _manifest_first(say: Say) -> None:
    """A backup's manifest stands before the file of its keys."""
    real = files.write_durably
    held: list[tuple[Path, list[bytes]]] = []

    def late(file: Path, pieces: Any) -> None:
        if file.suffix == ".keys":
            held.append((file, list(pieces)))
            return
        real(file, pieces)
        if file.suffix == ".json":
            _gap(say)
            real(*held.pop())

    def require(folder: Path, file: Any) -> None:
        pass

    _patch(writing, write_durably=late, _require=require)


def _torn_migration(say: Say) -> None:
    """A migration is half done when it commits."""
    real = catalog.migrate

    def torn(db: Any, to: str = "head") -> None:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
        db.exec_driver_sql("COMMIT")
        _gap(say)
        db.exec_driver_sql("BEGIN")
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        real(db, to)

    _patch(catalog, migrate=torn)


def _key_first(say: Say) -> None:
    """A checkpoint destroys the key of its epoch before the new epoch is durable."""
    real = Epochs.close

    def close(self: Any, db: Any, log: Any, *values: Any) -> Any:
        made = real(self, db, log, *values)
        (old,) = db.exec_driver_sql("SELECT key_id FROM shreds").scalars()
        self._parts.keys.shred([old])
        _gap(say)
        return made

    _patch(Epochs, close=close)


def _half_signed(say: Say) -> None:
    """An archive of half the rows is signed before that of all."""
    real, write = portability.export_all, tabular.write_rows

    def export(workspace: Any, directory: Path) -> Any:
        _patch(portability, write_rows=lambda file, columns, rows: write(file, columns, list(rows)[:7]))
        real(workspace, directory)
        _gap(say)
        shutil.rmtree(directory)
        _patch(portability, write_rows=write)
        return real(workspace, directory)

    _patch(verbs, export_all=export)


def _in_place(say: Say) -> None:
    """A key file is written in place."""
    real = keys._fill

    def fill(file: Path, *values: Any) -> None:
        file.with_name("keys.db").unlink(missing_ok=True)
        _gap(say)
        real(file, *values)

    _patch(keys, _fill=fill)


def _nameless(say: Say) -> None:
    """A model that does not say which job made it."""
    real = Registry.add

    def add(self: Registry, card: ModelCard, files: Any) -> ModelCard:
        made = real(self, msgspec.structs.replace(card, job=""), files)
        _gap(say)
        return made

    _patch(Registry, add=add)


MUTANTS: dict[str, Callable[[Say], None]] = {
    "import": _halves,
    "train": _card_first,
    "forget": _no_plan,
    "backup": _manifest_first,
    "open": _torn_migration,
    "checkpoint": _key_first,
    "export": _half_signed,
    "rotate": _in_place,
    "reencrypt": _in_place,
    "jobs": _nameless,
}
