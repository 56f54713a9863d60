"""``ipse report exception``: why the owner stands by a line of the compliance report that does not hold."""

from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

__all__ = ["app"]

app = typer.Typer(help="Why you stand by a line that does not hold.", no_args_is_help=True)


@app.command("add")
def add_exception(
    line: Annotated[str, typer.Argument(metavar="LINE", help="Such as C7.")],
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why it is left so.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """State why a line is left as it is; it stands beside the result and changes none."""
    from ipse.pipeline.compliance import known_line
    from ipse.pipeline.requests import add_exception as add

    with opened(vault) as workspace:
        made = add(workspace, known_line(line), reason)
    if json:
        print_json(made)
    else:
        console().print(f"Exception {made.id} stands beside {made.line}.")


@app.command("list")
def list_exceptions(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List every exception."""
    from rich.table import Table

    from ipse.pipeline.requests import exceptions

    with opened(vault) as workspace:
        found = exceptions(workspace)
    if json:
        print_json(found)
        return
    table = Table("exception", "line", "since", "reason", title="Exceptions", title_justify="left")
    for one in found:
        table.add_row(one.id, one.line, f"{one.at:%Y-%m-%d}", one.reason)
    console().print(table)


@app.command("remove")
def remove_exception(
    name: Annotated[str, typer.Argument(metavar="ID", help="Of the exception, or its beginning.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Take an exception back."""
    from ipse.pipeline.requests import remove_exception as remove

    with opened(vault) as workspace:
        gone = remove(workspace, name)
    if json:
        print_json(gone)
    else:
        console().print(f"{gone.line} has no such exception any more.")
