"""``ipse import-archive``: what ``ipse export all`` wrote, into another vault."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json, progress_bar

if TYPE_CHECKING:
    from ipse.pipeline.archives import ArchiveReport

__all__ = ["import_archive", "print_archive"]


def import_archive(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What `ipse export all` wrote.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Bring an export of a whole vault into this one; its sources need consent here first."""
    from ipse.pipeline.archives import import_archive as bring

    with opened(vault) as workspace, progress_bar("Importing", quiet=json) as progress:
        report = bring(workspace, directory, progress=progress)
    if json:
        print_json(report)
        return
    print_archive(report)


def print_archive(report: "ArchiveReport") -> None:
    """What became of an archive."""
    out = console()
    out.print(f"Kept {report.kept:,} of {report.read:,} records of vault {report.vault}.")
    for reason, count in report.refused.items():
        out.print(f"    {count:,} refused: {reason}", markup=False)
    if report.duplicates:
        out.print(f"    {report.duplicates:,} were here already.")
    if report.joined:
        out.print(f"{report.joined:,} of its people were known here.")
    out.print(f"{report.evidence:,} consents were kept as evidence; they allow nothing here.")
