"""``ipse report requests``: what people asked for about their data, and by when it is due."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.pipeline.requests import RightsRequest

__all__ = ["RequestKind", "app"]

app = typer.Typer(help="What people asked for about their data, and by when.", no_args_is_help=True)
DATE = ["%Y-%m-%d"]


class RequestKind(StrEnum):
    """What may be asked for, as typer wants a choice."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"


NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT", help="What it was about.")]


@app.command("add")
def add_request(
    kind: Annotated[RequestKind, typer.Argument(metavar="KIND", help=", ".join(RequestKind))],
    who: Annotated[str, typer.Option("--of", metavar="WHO", help="Who asked; kept as their pseudonym.")] = "",
    received: Annotated[
        datetime | None, typer.Option("--received", formats=DATE, help="When it came in; else today.")
    ] = None,
    note: NoteOption = "",
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Log a request; it is due one month after it came in."""
    from ipse.pipeline.requests import add_request as add

    with opened(vault) as workspace:
        came = received.date() if received else None
        made = add(workspace, kind.value, who, received=came, note=note)
    _told(made, f"Request {made.id} of {made.subject} ({made.kind}) is due on {made.due}.", json=json)


@app.command("list")
def list_requests(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List every request."""
    from datetime import UTC

    from rich.table import Table

    from ipse.pipeline.requests import requests

    with opened(vault) as workspace:
        found = requests(workspace)
    if json:
        print_json(found)
        return
    table = Table("request", "kind", "of", "received", "due", "answered", "note", title="Requests",
                  title_justify="left")  # fmt: skip
    today = datetime.now(UTC).date()
    for one in found:
        closed = str(one.closed) if one.closed else "open"
        late = " [red]late[/]" if one.overdue(today) else ""
        table.add_row(one.id, one.kind, one.subject, str(one.received), str(one.due), closed + late, one.note)
    console().print(table)


@app.command("close")
def close_request(
    name: Annotated[str, typer.Argument(metavar="ID", help="Of the request, or its beginning.")],
    closed: Annotated[
        datetime | None, typer.Option("--on", formats=DATE, help="When it was answered; else today.")
    ] = None,
    note: NoteOption = "",
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say that a request was answered."""
    from ipse.pipeline.requests import close_request as close

    with opened(vault) as workspace:
        done = close(workspace, name, note=note, closed=closed.date() if closed else None)
    _told(done, f"Request {done.id} was answered on {done.closed}; it was due on {done.due}.", json=json)


def _told(request: "RightsRequest", text: str, *, json: bool) -> None:
    if json:
        print_json(request)
    else:
        console().print(text, markup=False)
