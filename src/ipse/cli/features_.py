"""``ipse features``: what models see of your events."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.config import Settings
    from ipse.features import FeatureSet

__all__ = ["app"]

app = typer.Typer(help="Features of your events, as your YAML defines them.", no_args_is_help=True)
FileOption = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="YAML with `features:` and `set:`; else the settings."),
]


@app.command()
def preview(
    file: FileOption = None,
    rows: Annotated[int, typer.Option("--rows", min=1, help="The newest origins.")] = 10,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Compute the newest rows of a set, and keep nothing."""
    from rich.table import Table

    from ipse.pipeline.days.featuring import preview as look

    with opened(vault) as workspace:
        found = look(workspace, _set(workspace.settings, file), rows=rows)
    if json:
        print_json(
            {
                "set": found.name,
                "version": found.version,
                "columns": found.columns,
                "origins": found.origins.tolist(),
                "values": [[None if one != one else one for one in row] for row in found.values.tolist()],
            }
        )
        return
    table = Table("origin (UTC)", title=f"{found.name} (version {found.version})", title_justify="left")
    for name in found.columns:
        table.add_column(name, justify="right")
    for origin, row in zip(found.origins.tolist(), found.values.tolist(), strict=True):
        told = (f"{one:.4g}" if one == one else "–" for one in row)
        table.add_row(f"{datetime.fromtimestamp(origin / 1e6, UTC):%Y-%m-%d %H:%M}", *told)
    console().print(table)


@app.command()
def build(file: FileOption = None, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Compute a set at all its origins and keep the table, sealed, under its version."""
    from ipse.pipeline.days.featuring import build as make

    with opened(vault) as workspace:
        found = make(workspace, _set(workspace.settings, file))
    if json:
        print_json(found)
        return
    read = ", ".join(f"{many:,} of {name}" for name, many in found.events.items())
    console().print(
        f"{found.id}: {found.rows:,} rows of {len(found.columns)} columns, from {read} events.", markup=False
    )


@app.command()
def check(
    file: FileOption = None,
    origins: Annotated[int, typer.Option("--origins", min=1, help="How many are tried.")] = 100,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Tamper with what was known later and see that no feature moves; exit code 1 where one does."""
    from ipse.pipeline.days.featuring import check as tamper

    with opened(vault) as workspace:
        found = tamper(workspace, _set(workspace.settings, file), origins=origins)
    if json:
        print_json(found)
    else:
        out, held = console(), found.check
        caught = f"caught {found.control} times" if found.control else "not caught, for no row came late"
        out.print(f"{found.set} (version {found.version}) at {held.origins:,} origins.")
        out.print(f"{held.rows:,} rows that were known later were tampered with.")
        out.print(f"{len(held.breaches)} features moved. A leaky control was {caught}.")
        for one in found.check.breaches[:10]:
            out.print(f"[red]moved[/] {one.column} at {one.origin}: rows {one.done}")
    if found.check.breaches:
        raise typer.Exit(1)


def _set(settings: "Settings", file: Path | None) -> "FeatureSet":
    from ipse.pipeline.days.projects import feature_set_named, feature_set_of

    return feature_set_of(file) if file is not None else feature_set_named(settings)
