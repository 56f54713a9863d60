"""``ipse import``: from exports into the vault."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.archive_ import print_archive
from ipse.cli.console import (
    JsonOption,
    MappingOption,
    PassphraseFileOption,
    PassphraseOption,
    VaultOption,
    YesOption,
    console,
    export_passphrase,
    interactive,
    opened,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from ipse.pipeline.importing import ImportReport
    from ipse.pipeline.owner import Candidate
    from ipse.pipeline.workspace import Workspace

__all__ = ["import_exports"]

SHOWN = 10  # unreadable places printed; --json has more


def import_exports(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Exports, or folders that hold some.")],
    me: Annotated[
        list[str] | None,
        typer.Option(
            "--me", metavar="NAME_OR_ADDRESS", help="You, as the export names you; may be repeated."
        ),
    ] = None,
    tz: Annotated[
        str | None, typer.Option("--tz", metavar="ZONE", help="Zone of local times, as Europe/Berlin.")
    ] = None,
    format_name: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="The source, if not by content.")
    ] = None,
    mapping: MappingOption = None,
    passphrase: PassphraseOption = "",
    passphrase_file: PassphraseFileOption = None,
    vault: VaultOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Import exports, with consent, pseudonymized, encrypted."""
    from ipse.pipeline.importing import import_

    flags = {"imports": {"tz": tz}} if tz else {}
    talk = not (yes or json) and interactive()
    with opened(vault, flags) as workspace:
        if talk and format_name is None:
            _offer(workspace, paths)
        with progress_bar("importing", quiet=json, unit="records") as progress:
            report = import_(
                workspace,
                paths,
                me=me or (),
                format_name=format_name,
                passphrase=export_passphrase(passphrase, passphrase_file),
                mapping=mapping,
                ask=_ask if talk else None,
                progress=progress,
            )
    if json:
        print_json(report)
    else:
        _print(report)


def _print(report: "ImportReport") -> None:
    out = console()
    if report.exports or not report.archives:
        out.print(_table(report))
    for archive in report.archives:
        print_archive(archive)
    for note, names in _notes(report).items():
        out.print(f"{', '.join(names)}: {note}", markup=False)
    for export in report.exports:
        name = Path(export.file).name
        for reason, count in export.refused.items():
            out.print(f"{name}: {count:,} refused: {reason}", markup=False)
        for bad in export.unreadable_at[:SHOWN]:
            out.print(f"{bad.file}, {bad.position}: {bad.reason}", markup=False)
        if export.unreadable > SHOWN:
            out.print(f"… and {export.unreadable - SHOWN:,} more unreadable places; --json names them.")
    for reason in report.failed:
        out.print(f"not imported: {reason}", markup=False)
    for path in report.unrecognized[:SHOWN]:
        out.print(f"not recognized: {path}", markup=False)
    if len(report.unrecognized) > SHOWN:
        out.print(f"… and {len(report.unrecognized) - SHOWN:,} more files not recognized.")


def _offer(workspace: "Workspace", paths: list[Path]) -> None:
    """Look, if the owner wants, for exports of sources not allowed yet, and ask about each source found."""
    from ipse.consent import NOTICE
    from ipse.pipeline.consents import give
    from ipse.pipeline.finding import look
    from ipse.pipeline.manifests import ArchiveReader

    out = console()
    if not typer.confirm("Look for exports of sources that you have not allowed yet?", default=True):
        return
    names: dict[str, list[str]] = {}
    found = look(paths)
    there = [(one.source.name, one.path.label) for one in found.exports]
    for one in found.archives:
        if one.path is not None and one.path.is_dir():
            there += [(source, one.label) for source in sorted(ArchiveReader.open(one.path).sources())]
    for source, label in there:
        if not workspace.allows(source):
            names.setdefault(source, []).append(label)
    if names:
        out.print(NOTICE, markup=False)
    for name, labels in names.items():
        more = f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else ""
        out.print(f"{name}: {', '.join(labels[:SHOWN])}{more}", markup=False)
        if typer.confirm(f"Allow {name} to be kept (archive) and to be learned from (style)?"):
            give(workspace, name, ["archive", "style"])


def _ask(export: str, candidates: "Sequence[Candidate]") -> list[str]:
    """Which of those who write in an export is its owner; asked on the terminal."""
    out = console()
    out.print(f"Who are you in {export}?", markup=False)
    for number, one in enumerate(candidates[:SHOWN], 1):
        likely = ", in every conversation" if one.likely else ""
        out.print(f"  {number}  {one.name} ({one.messages:,} messages{likely})", markup=False)
    chosen = typer.prompt("Number, or several with commas", default="1" if candidates[0].likely else None)
    picked = [int(word) for word in str(chosen).replace(",", " ").split() if word.isdecimal()]
    return [candidates[n - 1].name for n in picked if 0 < n <= len(candidates)]


def _notes(report: "ImportReport") -> dict[str, list[str]]:
    """What was noted, and of which exports: the same note is told once."""
    notes: dict[str, list[str]] = {}
    for export in report.exports:
        name = Path(export.file).name
        for note in export.notes:
            file, found, said = note.partition(": ")
            about, text = (file, said) if found and file.startswith(name) else (name, note)
            notes.setdefault(text, []).append(about)
    return notes


def _table(report: "ImportReport") -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Imported", title_justify="left", show_footer=len(report.exports) > 1)
    table.add_column("export", "all", overflow="fold")
    table.add_column("source")
    rows = [(e.read, e.kept, e.duplicates, sum(e.refused.values()), e.unreadable) for e in report.exports]
    totals = [sum(column) for column in zip(*rows, strict=True)] or [0] * 5
    for name, total in zip(("read", "kept", "duplicates", "refused", "unreadable"), totals, strict=True):
        table.add_column(name, f"{total:,}", justify="right")
    for export, row in zip(report.exports, rows, strict=True):
        table.add_row(escape(Path(export.file).name), export.source, *(f"{n:,}" for n in row))
    return table
