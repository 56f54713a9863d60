"""``ipse contacts``: who is in the vault, joined over platforms, renamed, or left out."""

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.pipeline.contacts import Contact

__all__ = ["app"]

app = typer.Typer(help="The people in your vault.", no_args_is_help=True)
SHOWN = 40  # printed for people; --json prints all
WhoArgument = Annotated[
    str, typer.Argument(metavar="WHO", help="A pseudonym such as PERSON_2, a name, or an address.")
]


@app.command("list")
def list_contacts(
    everyone: Annotated[bool, typer.Option("--all", help="Everybody, not only the first 40.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """List everybody, with their names and addresses, by how much they wrote."""
    from rich.markup import escape
    from rich.table import Table

    from ipse.pipeline.contacts import contacts

    with opened(vault) as workspace:
        found = contacts(workspace)
    if json:
        print_json(found)
        return
    table = Table("pseudonym", "name", "also", "in", title="Contacts", title_justify="left")
    table.add_column("messages", justify="right")
    for one in found if everyone else found[:SHOWN]:
        also = [handle for handle in one.handles if handle != one.name]
        name = f"{one.name} (excluded)" if one.excluded else one.name
        table.add_row(
            one.pseudonym,
            escape(name),
            escape(", ".join(also)),
            ", ".join(one.platforms),
            f"{one.messages:,}",
        )
    out = console()
    out.print(table)
    if len(found) > SHOWN and not everyone:
        out.print(f"… and {len(found) - SHOWN:,} more; --all lists them.")


@app.command()
def merge(
    into: WhoArgument,
    others: Annotated[list[str], typer.Argument(metavar="OTHER…", help="Who is the same person.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say that several are one person; put `me` first to say that somebody is you."""
    from ipse.pipeline.contacts import merge as join

    with opened(vault) as workspace:
        _print(join(workspace, into, others), "is now one person, known as", json=json)


@app.command()
def rename(who: WhoArgument, name: str, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Call somebody by another name, also in answers."""
    from ipse.pipeline.contacts import rename as call

    with opened(vault) as workspace:
        _print(call(workspace, who, name), "is known as", json=json)


@app.command()
def exclude(
    who: WhoArgument,
    undo: Annotated[bool, typer.Option("--undo", help="Allow it again.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Keep nothing more that somebody writes, and learn from none of it."""
    from ipse.pipeline.contacts import exclude as leave_out

    with opened(vault) as workspace:
        contact = leave_out(workspace, who, excluded=not undo)
    _print(contact, "is kept again; known as" if undo else "is left out from now on; known as", json=json)


def _print(contact: "Contact", became: str, *, json: bool) -> None:
    if json:
        print_json(contact)
        return
    names = ", ".join(dict.fromkeys((contact.name, *contact.handles)))
    console().print(f"{contact.pseudonym} {became} {names}", markup=False)
