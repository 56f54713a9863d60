"""``ipse audit``: what was done with your data."""

from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

__all__ = ["app"]

app = typer.Typer(
    help="What was kept, used and erased, in a chain that shows tampering.", no_args_is_help=True
)


@app.command()
def show(
    last: Annotated[int, typer.Option("--last", min=1, help="So many rows, from the end.")] = 50,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Show the log, oldest first."""
    from collections import deque

    from rich.table import Table

    with opened(vault) as workspace:
        rows = deque(workspace.vault.audit_rows(), maxlen=last)
    if json:
        print_json(list(rows))
        return
    table = Table("row", "at (UTC)", "action", "details", title="Audit log", title_justify="left")
    for row in rows:
        details = ", ".join(f"{name} {value}" for name, value in row.details.items() if value != "")
        table.add_row(
            str(row.seq), f"{row.at:%Y-%m-%d %H:%M:%S}" if row.at else "erased", row.action, details
        )
    console().print(table)


@app.command()
def verify(vault: VaultOption = None, json: JsonOption = False) -> None:
    """Check the chain from its first row to its last."""
    with opened(vault) as workspace:
        rows = workspace.vault.verify_audit()
    if json:
        print_json({"rows": rows, "valid": True})
    else:
        console().print(
            f"{rows:,} rows, each follows from the one before. (Rows cut off the end would not show.)"
        )
