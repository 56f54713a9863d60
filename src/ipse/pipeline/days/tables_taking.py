"""The owner's own table into the vault: consent, gate, sealed events; nothing twice."""

from itertools import islice
from pathlib import Path

import msgspec
import numpy as np

from ipse import plugins
from ipse.errors import UnknownFormatError
from ipse.interfaces import Progress
from ipse.pipeline.days import events
from ipse.pipeline.days.own_tables import OwnTable, events_of, read_table, source_name
from ipse.pipeline.workspace import Workspace

__all__ = ["Taken", "own_name", "take"]

AT_A_TIME = 5_000


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table; ``skipped`` rows had no time, ``shared`` ones that of another.

    ``zoned``: its times say themselves how far east they are.
    """

    file: str
    source: str
    time: str
    rows: int
    kept: int
    duplicates: int
    skipped: int
    fields: tuple[str, ...]
    shared: int = 0
    zoned: bool = False


def own_name(file: Path, name: str = "") -> str:
    """What the source of a table is called: as told, else its file's name; never that of an export."""
    plain = name or source_name(file)
    try:
        plugins.source_named(plain)
    except UnknownFormatError:
        return plain
    return f"{plain}-table"


def take(workspace: Workspace, file: Path, progress: Progress, *, source: str = "", time: str = "") -> Taken:
    """Keep the rows of a table as events of ``source``. Raises ``ConsentError`` without leave."""
    name = own_name(file, source)
    workspace.permit(name, "archive")
    zone = workspace.settings.imports.tz
    table: OwnTable = read_table(file, time=time, tz=zone)
    rows = events_of(table, name, tz=zone)
    kept = duplicates = done = 0
    while batch := list(islice(rows, AT_A_TIME)):
        found = events.keep(workspace, batch, told={"events": len(batch)})
        kept, duplicates, done = kept + found.kept, duplicates + found.duplicates, done + len(batch)
        progress(done, len(table), {})
    return Taken(
        file=file.name,
        source=name,
        time=table.time,
        rows=len(table),
        kept=kept,
        duplicates=duplicates,
        skipped=table.skipped,
        fields=tuple(table.columns),
        shared=len(table) - len(np.unique(table.ts)),
        zoned=table.east is not None,
    )
