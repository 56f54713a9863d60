"""``ipse vault move-catalog``: to a PostgreSQL server and back."""

from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json, progress_bar

__all__ = ["move_catalog"]


def move_catalog(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="postgresql+psycopg://you@host/database, or `sqlite`.")
    ],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Move the catalog to a PostgreSQL server, or back into the vault's folder: wholly or not at all."""
    from ipse.pipeline.catalogs import move_catalog as move

    with opened(vault) as workspace, progress_bar("Moving", quiet=json) as progress:
        moved = move(workspace, url, progress=progress)
    if json:
        print_json(moved)
        return
    told = f"Moved {moved.rows:,} rows from {moved.before} to {moved.after}."
    console().print(told, markup=False, soft_wrap=True)
