"""``ipse import-archive``: what ``ipse export all`` wrote, into another vault."""

from pathlib import Path
from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json, progress_bar

__all__ = ["import_archive"]


def import_archive(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What `ipse export all` wrote.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Bring an export of a whole vault into a new one; its sources need consent here first."""
    from ipse.pipeline.archives import import_archive as bring

    with opened(vault) as workspace, progress_bar("Importing", quiet=json) as progress:
        report = bring(workspace, directory, progress=progress)
    if json:
        print_json(report)
        return
    out = console()
    out.print(f"Kept {report.kept:,} of {report.read:,} records of vault {report.vault}.")
    for reason, count in report.refused.items():
        out.print(f"    {count:,} refused: {reason}", markup=False)
    out.print(f"{report.evidence:,} consents were kept as evidence; they allow nothing here.")
