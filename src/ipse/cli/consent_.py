"""``ipse consent``: what you allow, per source and purpose."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from ipse.cli.console import JsonOption, VaultOption, YesOption, confirm, console, opened, print_json
from ipse.errors import SettingsError

if TYPE_CHECKING:
    from ipse.consent import Consent, Purpose, Special

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
        list[PurposeName] | None,
        typer.Option(
            "--purpose",
            help="archive: keep; style: learn how you write; events: learn from events; "
            "enrich: look up its links.",
        ),
    ] = None,
    more: Annotated[
        list[PurposeName] | None, typer.Argument(metavar="[PURPOSE]…", help="Further ones.")
    ] = None,
    special: Annotated[
        str | None,
        typer.Option(
            "--special",
            metavar="CATEGORY,…",
            help="Let style also learn from messages about health, sexuality, religion, politics, union, "
            "ethnicity, biometrics: a consent of its own, on top of the one for style.",
        ),
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

    purposes = [wanted.value for wanted in (*(purpose or ()), *(more or ()))]
    categories = _categories(special)
    if not (purposes or categories):
        raise SettingsError("Say what it is for.", hint="Give --purpose archive, style, events or enrich.")
    with opened(vault) as workspace:
        if not (json or yes):
            console().print(NOTICE, markup=False)
        what = f"style from what is about {', '.join(categories)}" if categories else ", ".join(purposes)
        confirm(f"Allow {source} for {what}?", yes=yes)
        signed = keep(workspace, source, cast("list[Purpose]", purposes), days=days, special=categories)
    if json:
        print_json(signed)
        return
    consent = signed.consent
    until = f"until {consent.expires_at:%Y-%m-%d}" if consent.expires_at else "until withdrawn"
    told = f"{consent.source} for {_purposes(consent)}, {until}; notice {consent.notice_version}"
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
        purposes, given = _purposes(consent), f"{consent.given_at:%Y-%m-%d %H:%M}"
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
def receipt(
    name: IdArgument,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Where to; else stdout.")] = None,
    form: Annotated[
        Literal["jsonld", "html", "text"],
        typer.Option("--format", help="jsonld: signed, for programs; html: a page; text."),
    ] = "jsonld",
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write a receipt of a consent: ISO/IEC TS 27560 as JSON-LD in the terms of the W3C DPV, or a page."""
    from ipse.pipeline.receipting import receipt_of

    with opened(vault) as workspace:
        written = receipt_of(workspace, name, form)
    if to is None:
        typer.echo(written, nl=False)
        return
    to.write_text(written, encoding="utf-8")
    if json:
        print_json({"file": str(to), "format": form})
    else:
        console().print(f"Wrote {to}.", soft_wrap=True)


@app.command("verify")
def verify_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt in JSON-LD.")],
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="Whose it must be: see `ipse consent show`.")
    ] = None,
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
    json: JsonOption = False,
) -> None:
    """Verify a receipt; this needs no vault and no passphrase."""
    from ipse.pipeline.receipting import verify_receipt

    found = verify_receipt(file, key=key)
    if json:
        print_json(found)
        return
    whose = "the key you named" if key else f"{found.public_key}; --key KEY makes sure whose that is"
    told = f"{file}: what it says of {', '.join(found.consents)} is what was signed, by {whose}."
    console().print(told, soft_wrap=True)


@app.command()
def withdraw(
    name: IdArgument,
    erase: Annotated[
        bool, typer.Option("--erase", help="Destroy the keys of its source and delete what is kept.")
    ] = False,
    erase_models: Annotated[
        bool, typer.Option("--erase-models", help="Delete what was learned from it, and keep the messages.")
    ] = False,
    vault: VaultOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Withdraw a consent: from now on nothing of its source is used, in any terminal.

    One for special categories is withdrawn alone; --erase deletes the messages of these.
    """
    from ipse.pipeline.consents import withdraw as end

    if erase and erase_models:
        raise SettingsError("Give --erase or --erase-models.", hint="--erase takes the models along.")
    also = " and erase its source" if erase else " and what was learned from it" if erase_models else ""
    with opened(vault) as workspace:
        confirm(f"Withdraw the consent {name}{also}?", yes=yes)
        signed, erased = end(workspace, name, erase="models" if erase_models else erase)
    if json:
        print_json({"consent": signed, "erased_records": erased})
        return
    _print(signed.consent)
    if erase:
        console().print(
            f"Erased {erased:,} records of {signed.consent.source}: keys destroyed, ciphertext deleted."
        )
    if erase_models:
        console().print(f"Deleted what was learned from {signed.consent.source}; its messages are kept.")


def _categories(given: str | None) -> "list[Special]":
    from typing import get_args

    from ipse.consent import Special

    names = [name.strip() for name in (given or "").split(",") if name.strip()]
    known = get_args(Special)
    if unknown := [name for name in names if name not in known]:
        raise SettingsError(
            f"--special: there is no category {', '.join(unknown)}.", hint=f"There are: {', '.join(known)}."
        )
    return cast("list[Special]", names)


def _purposes(consent: "Consent") -> str:
    return ", ".join(consent.purposes) + (f" ({', '.join(consent.special)})" if consent.special else "")


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
