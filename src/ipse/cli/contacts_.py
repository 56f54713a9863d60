"""``ipse contacts``: who is in the vault, joined over platforms, renamed, or left out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json, progress_bar
from ipse.cli.remote import ServerOption

if TYPE_CHECKING:
    from ipse.client.results import Contact as Told
    from ipse.pipeline.contacts import Contact
    from ipse.pipeline.objecting import Frozen

__all__ = ["app"]

app = typer.Typer(help="The people in your vault.", no_args_is_help=True)
SHOWN = 40  # printed for people; --json prints all
WhoArgument = Annotated[
    str, typer.Argument(metavar="WHO", help="A pseudonym such as PERSON_2, a name, or an address.")
]


@app.command("list")
def list_contacts(
    everyone: Annotated[bool, typer.Option("--all", help="Everybody, not only the first 40.")] = False,
    server: ServerOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """List everybody, with their names and addresses, by how much they wrote."""
    from rich.markup import escape
    from rich.table import Table

    from ipse.cli.there import contacts_there
    from ipse.pipeline.contacts import contacts

    if server:
        contacts_there(server, most=None if everyone else SHOWN, json=json)
        return
    with opened(vault) as workspace:
        found = contacts(workspace)
    if json:
        print_json(found)
        return
    table = Table("pseudonym", "name", "also", "in", title="Contacts", title_justify="left")
    table.add_column("messages", justify="right")
    for one in found if everyone else found[:SHOWN]:
        also = [handle for handle in one.handles if handle != one.name]
        name = one.name + (" (excluded)" if one.excluded else "") + (" (objected)" if one.objected else "")
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
    server: ServerOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say that several are one person; put `me` first to say that somebody is you."""
    from ipse.cli.there import contact_there
    from ipse.pipeline.contacts import merge as join

    if server:
        _print(contact_there(server, into, others=others), "is now one person, known as", json=json)
        return
    with opened(vault) as workspace:
        _print(join(workspace, into, others), "is now one person, known as", json=json)


@app.command()
def rename(
    who: WhoArgument,
    name: str,
    server: ServerOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Call somebody by another name, also in answers."""
    from ipse.cli.there import contact_there
    from ipse.pipeline.contacts import rename as call

    if server:
        _print(contact_there(server, who, name=name), "is known as", json=json)
        return
    with opened(vault) as workspace:
        _print(call(workspace, who, name), "is known as", json=json)


@app.command()
def exclude(
    who: WhoArgument,
    undo: Annotated[bool, typer.Option("--undo", help="Allow it again.")] = False,
    server: ServerOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Keep nothing more that somebody writes, and learn from none of it."""
    from ipse.cli.there import contact_there
    from ipse.pipeline.contacts import exclude as leave_out

    contact: Contact | Told
    if server:
        contact = contact_there(server, who, excluded=not undo)
    else:
        with opened(vault) as workspace:
            contact = leave_out(workspace, who, excluded=not undo)
    _print(contact, "is kept again; known as" if undo else "is left out from now on; known as", json=json)


CertificateOption = Annotated[
    Path | None, typer.Option("--certificate", metavar="FILE", help="Write the signed certificate there.")
]


@app.command("object")
def object_to(
    who: WhoArgument,
    note: Annotated[str, typer.Option("--note", help="Kept with it, such as when they told you.")] = "",
    models: Annotated[
        Literal["retrain", "erase", "keep-unused"],
        typer.Option("--models", help="What becomes of those that learned from their messages."),
    ] = "keep-unused",
    certificate: CertificateOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Freeze somebody who objects: what they wrote stays kept and is used for nothing."""
    from ipse.pipeline.objecting import object_to as freeze

    with opened(vault) as workspace, progress_bar("training anew", quiet=json) as progress:
        done = freeze(workspace, who, note=note, models=models, progress=progress)
    _print_frozen(done, certificate, json=json)


@app.command()
def release(
    who: WhoArgument,
    certificate: CertificateOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Let somebody's messages be used again, since they objected no more."""
    from ipse.pipeline.objecting import release as end

    with opened(vault) as workspace:
        done = end(workspace, who)
    _print_frozen(done, certificate, json=json)


def _print_frozen(done: "Frozen", file: Path | None, *, json: bool) -> None:
    from ipse.pipeline.objecting import write

    if file is not None:
        write(done.certificate, file)
    if json:
        print_json(done)
        return
    out, told = console(), done.certificate.objection
    if told.released_at is not None:
        out.print(f"{told.contact} ({done.name}) is used again. Certificate {told.id}.", markup=False)
        return
    frozen = "is frozen: kept, and used for nothing"
    out.print(
        f"{told.contact} ({done.name}) {frozen}. Certificate {told.id}, audit row {told.audit_row}.",
        markup=False,
    )
    if told.models:
        became = {"erase": "erased", "retrain": "erased", "keep-unused": "kept, and may not speak"}
        out.print(f"Models that learned from them: {', '.join(told.models)}; {became[told.models_were]}.")
    for card in done.retrained:
        out.print(f"Trained anew: {card.id} ({card.method}).")
    if done.not_retrained:
        out.print(f"Not trained anew: {done.not_retrained}", markup=False)


def _print(contact: "Contact | Told", became: str, *, json: bool) -> None:
    if json:
        print_json(contact)
        return
    names = ", ".join(dict.fromkeys((contact.name, *contact.handles)))
    console().print(f"{contact.pseudonym} {became} {names}", markup=False)
