"""``ipse consent``: what you allow, per source and purpose."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ipse.cli.console import JsonOption, VaultOption, YesOption, confirm, console, opened, print_json

if TYPE_CHECKING:
    from ipse.consent import Consent, Purpose

__all__ = ["PurposeName", "app"]


class PurposeName(StrEnum):
    """The purposes, in the form typer wants for a choice that may be given several times."""

    ARCHIVE = "archive"
    STYLE = "style"
    EVENTS = "events"
    ENRICH = "enrich"


app = typer.Typer(help="What you allow: nothing is read without it.", no_args_is_help=True)
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Of a consent, or its beginning.")]


@app.command()
def give(
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="See `ipse sources`.")],
    purpose: Annotated[
        list[PurposeName],
        typer.Option(
            "--purpose",
            help="archive: keep; style: learn how you write; events: learn from events; "
            "enrich: look up its links.",
        ),
    ],
    more: Annotated[
        list[PurposeName] | None, typer.Argument(metavar="[PURPOSE]…", help="Further ones.")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="For so long; else until withdrawn.")
    ] = None,
    vault: VaultOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Give consent for a source and its purposes; it is signed and kept."""
    from ipse.consent import NOTICE
    from ipse.pipeline.consents import give as keep

    with opened(vault) as workspace:
        if not (json or yes):
            console().print(NOTICE, markup=False)
        purposes = [wanted.value for wanted in (*purpose, *(more or ()))]
        confirm(f"Allow {source} for {', '.join(purposes)}?", yes=yes)
        signed = keep(workspace, source, cast("list[Purpose]", purposes), days=days)
    if json:
        print_json(signed)
        return
    consent = signed.consent
    until = f"until {consent.expires_at:%Y-%m-%d}" if consent.expires_at else "until withdrawn"
    told = f"{consent.source} for {', '.join(consent.purposes)}, {until}; notice {consent.notice_version}"
    console().print(
        f"Consent {consent.id}: {told}; signed. `ipse consent show {consent.id[:4]}` shows it whole."
    )


@app.command()
def notice(
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
) -> None:
    """Show what consent means here, as it is shown before you give it."""
    from ipse.consent import NOTICE

    console().print(NOTICE, markup=False)


@app.command("list")
def list_consents(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List every consent ever given, withdrawn ones included."""
    from rich.table import Table

    with opened(vault) as workspace:
        consents = [signed.consent for signed in workspace.consents()]
    if json:
        print_json(consents)
        return
    table = Table(
        "consent", "source", "purposes", "given", "until", "state", title="Consents", title_justify="left"
    )
    for consent in consents:
        until = f"{consent.expires_at:%Y-%m-%d}" if consent.expires_at else "withdrawn"
        purposes, given = ", ".join(consent.purposes), f"{consent.given_at:%Y-%m-%d %H:%M}"
        table.add_row(consent.id, consent.source, purposes, given, until, _state(consent))
    console().print(table)


@app.command()
def show(name: IdArgument, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Show one consent whole, and whether its signature holds."""
    from ipse.consent import verify
    from ipse.pipeline.consents import consent_named

    with opened(vault) as workspace:
        signed = consent_named(workspace, name)
    verify(signed)
    if json:
        print_json(signed)
        return
    _print(signed.consent)
    console().print(f"signed with Ed25519 key {signed.public_key}; the signature holds.", soft_wrap=True)


@app.command()
def withdraw(
    name: IdArgument,
    erase: Annotated[
        bool, typer.Option("--erase", help="Destroy the keys of its source and delete what is kept.")
    ] = False,
    vault: VaultOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Withdraw a consent: from now on nothing of its source is used."""
    from ipse.pipeline.consents import withdraw as end

    with opened(vault) as workspace:
        confirm(f"Withdraw the consent {name}{' and erase its source' if erase else ''}?", yes=yes)
        signed, erased = end(workspace, name, erase=erase)
    if json:
        print_json({"consent": signed, "erased_records": erased})
        return
    _print(signed.consent)
    if erase:
        console().print(
            f"Erased {erased:,} records of {signed.consent.source}: keys destroyed, ciphertext deleted."
        )


def _state(consent: "Consent") -> str:
    expired = consent.expires_at is not None and consent.expires_at <= datetime.now(UTC)
    return "expired" if consent.state == "given" and expired else consent.state


def _print(consent: "Consent") -> None:
    import msgspec
    from rich.table import Table

    table = Table(show_header=False, title=f"Consent {consent.id}: {_state(consent)}", title_justify="left")
    for name, value in msgspec.structs.asdict(consent).items():
        if value not in (None, (), ""):
            shown = ", ".join(value) if isinstance(value, tuple) else str(value)
            table.add_row(name.replace("_", " "), shown)
    console().print(table)
