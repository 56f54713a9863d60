"""``ipse vault``: what opens a vault and whether it is sound; its keys."""

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json
from ipse.errors import DamagedVaultError, UnknownVersionError

if TYPE_CHECKING:
    from ipse.pipeline.health import Check

__all__ = ["app"]

app = typer.Typer(help="What opens your vault, and whether it is sound.", no_args_is_help=True)
MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "wrong": "[red]wrong[/]"}


@app.command()
def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend first what can be mended without loss.")
    ] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Read every record too.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Look the vault over; exit code 1 where something is wrong."""
    from ipse.config import load_settings
    from ipse.pipeline.health import checks, closed_checks
    from ipse.pipeline.health import repair as mend
    from ipse.pipeline.workspace import locate

    done: list[str] = []
    try:
        with opened(vault) as workspace:
            done = mend(workspace) if repair else []
            found = checks(workspace, deep=deep)
    except (DamagedVaultError, UnknownVersionError) as error:
        found = closed_checks(locate(load_settings({"vault": str(vault)} if vault else {})), error)
    if json:
        print_json({"checks": found, "repaired": done})
    else:
        _print(found, done)
    if any(check.state == "wrong" for check in found):
        raise typer.Exit(1)


def _print(found: "list[Check]", done: list[str]) -> None:
    from rich.markup import escape
    from rich.table import Table

    out = console()
    for one in done:
        out.print(f"Repaired: {one}.", markup=False)
    table = Table("check", "", "found", "what to do", title="Your vault", title_justify="left")
    for check in found:
        table.add_row(check.name, MARKS[check.state], escape(check.found), escape(check.todo))
    out.print(table)
    counts = {state: sum(check.state == state for check in found) for state in MARKS}
    out.print(", ".join(f"{n} {state}" for state, n in counts.items() if n))
