"""``ipse vault``: what opens a vault and whether it is sound; its keys."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import (
    JsonOption,
    VaultOption,
    YesOption,
    confirm,
    console,
    new_passphrase,
    opened,
    passphrase,
    print_json,
    progress_bar,
    wait,
    ways,
)
from ipse.errors import (
    DamagedVaultError,
    SettingsError,
    UnknownVersionError,
    WrongPassphraseError,
)

if TYPE_CHECKING:
    from ipse.config import Settings
    from ipse.pipeline.health import Check
    from ipse.pipeline.keys import Status, Unlocked

__all__ = ["app", "minutes"]

app = typer.Typer(help="What opens your vault, and whether it is sound.", no_args_is_help=True)
keyring_app = typer.Typer(help="Let your operating system's keyring open the vault.", no_args_is_help=True)
app.add_typer(keyring_app, name="keyring")
MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "wrong": "[red]wrong[/]"}
UNITS = {"s": 1 / 60, "m": 1.0, "h": 60.0, "d": 1440.0, "": 1.0}


@app.command()
def status(vault: VaultOption = None, json: JsonOption = False) -> None:
    """Show what opens the vault and whether it is unlocked; what is in it, if it opens without asking."""
    import msgspec

    from ipse.pipeline.keys import inside
    from ipse.pipeline.keys import status as look
    from ipse.pipeline.workspace import Workspace, locate

    settings = _settings(vault)
    told = look(settings)
    try:
        with Workspace.open(settings, ways(locate(settings), quiet=True)) as workspace:
            told = msgspec.structs.replace(told, inside=inside(workspace))
    except (SettingsError, WrongPassphraseError):
        pass  # it is locked, and nobody is asked
    if json:
        print_json(told)
    else:
        _print_status(told)


@app.command()
def unlock(
    time: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="TIME", help="Lock after so long without use: 15m, 2h; 0: never by itself."
        ),
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Keep the vault's key in memory, so that no command asks for the passphrase, until it is locked."""
    from ipse.pipeline.keys import unlock as hold
    from ipse.pipeline.workspace import Workspace, locate

    settings = _settings(vault)
    held = hold(settings, ways(locate(settings)), minutes=minutes(time) if time is not None else None)
    with Workspace.open(settings, ways(locate(settings), quiet=True)):
        pass  # finishes what was cut short, and lets go of what is too old
    if json:
        print_json(held)
    else:
        console().print(f"Unlocked {_until(held)}. `ipse vault lock` ends it.")


@app.command()
def lock(vault: VaultOption = None, json: JsonOption = False) -> None:
    """Forget the key at once; commands that run already go on."""
    from ipse.pipeline.keys import lock as end

    ended = end(_settings(vault))
    if json:
        print_json({"locked": True, "was_unlocked": ended})
    else:
        console().print("Locked." if ended else "It was locked already.")


@app.command("passphrase")
def change_passphrase(vault: VaultOption = None, json: JsonOption = False) -> None:
    """Change the passphrase; the recovery key also allows it. For programs: IPSE_NEW_PASSPHRASE."""
    from ipse.pipeline.keys import change_passphrase as change

    settings = _settings(vault)
    secret = _secret(settings)
    change(settings, secret, new_passphrase("IPSE_NEW_PASSPHRASE", "New passphrase"), wait=wait)
    if json:
        print_json({"changed": "passphrase"})
    else:
        console().print("The new passphrase opens the vault; the old one does not. The recovery key stays.")


@app.command()
def recovery(vault: VaultOption = None, yes: YesOption = False, json: JsonOption = False) -> None:
    """Make a new recovery key; the old one opens the vault no more, but still the backups before."""
    from ipse.pipeline.keys import new_recovery

    settings = _settings(vault)
    confirm("Make a new recovery key? The old one will not open the vault any more.", yes=yes)
    _print_recovery(new_recovery(settings, _secret(settings), wait=wait), json=json)


@keyring_app.command("add")
def _keyring_add(vault: VaultOption = None, json: JsonOption = False) -> None:
    """Put a key into the keyring that opens the vault, for whoever is logged in as you."""
    from ipse.pipeline.keys import add_keyring

    settings = _settings(vault)
    name = add_keyring(settings, _secret(settings), wait=wait)
    if json:
        print_json({"keyring": name})
    else:
        console().print(f"{name} opens the vault from now on, as long as it is unlocked itself.")


@keyring_app.command("remove")
def _keyring_remove(vault: VaultOption = None, json: JsonOption = False) -> None:
    """Let the keyring open the vault no more."""
    from ipse.pipeline.keys import remove_keyring

    settings = _settings(vault)
    gone = remove_keyring(settings, _secret(settings), wait=wait)
    if json:
        print_json({"removed": True, "deleted_there": gone})
        return
    console().print("The keyring opens the vault no more.")
    if not gone:
        console().print("What is in the keyring could not be deleted there; it opens nothing.")


@app.command()
def rotate(vault: VaultOption = None, yes: YesOption = False, json: JsonOption = False) -> None:
    """Give the vault a new master key: every key is wrapped anew; content is not touched."""
    from ipse.pipeline.keys import rotate as renew

    settings = _settings(vault)
    confirm("Make a new master key?", yes=yes)
    done = renew(settings, _secret(settings), wait=wait)
    if json:
        print_json(done)
        return
    console().print(f"Master key {done.master_key} holds. Passphrase and keyring are the same.")
    if done.recovery_key is not None:
        _print_recovery(done.recovery_key, json=False)


@app.command()
def reencrypt(vault: VaultOption = None, yes: YesOption = False, json: JsonOption = False) -> None:
    """Seal everything under new keys; goes on where it was stopped. For when keys may have become known."""
    from ipse.pipeline.keys import reencrypt as seal

    with opened(vault) as workspace:
        confirm("Seal everything in the vault anew?", yes=yes)
        with progress_bar("Sealing anew", quiet=json) as progress:
            pieces = seal(workspace, progress)
    if json:
        print_json({"pieces": pieces})
    else:
        console().print(f"Sealed {pieces:,} conversations and documents under new keys.")


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
    from ipse.pipeline.health import checks, closed_checks
    from ipse.pipeline.health import repair as mend
    from ipse.pipeline.workspace import locate

    done: list[str] = []
    try:
        with opened(vault) as workspace:
            done = mend(workspace) if repair else []
            found = checks(workspace, deep=deep)
    except (DamagedVaultError, UnknownVersionError) as error:
        found = closed_checks(locate(_settings(vault)), error)
    if json:
        print_json({"checks": found, "repaired": done})
    else:
        _print(found, done)
    if any(check.state == "wrong" for check in found):
        raise typer.Exit(1)


def minutes(text: str) -> float:
    """A length of time such as `15m`, `2h`, `90s`, or a bare number of minutes; raises ``SettingsError``."""
    read = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip().lower())
    if read is None:
        raise SettingsError(f"`{text}` is no length of time.", hint="Write for example 15m or 2h.")
    return float(read[1]) * UNITS[read[2]]


def _settings(vault: Path | None) -> "Settings":
    from ipse.config import load_settings

    return load_settings({"vault": str(vault)} if vault else {})


def _secret(settings: "Settings") -> str:
    """The passphrase itself: being unlocked is not enough to change what opens a vault."""
    from ipse.pipeline.workspace import locate
    from ipse.unlocking.memory import no_core_dumps
    from ipse.vault import Vault

    folder = locate(settings)
    Vault.info(folder)  # a vault that is not there asks nothing
    no_core_dumps()
    return passphrase(folder)


def _print_recovery(key: str, *, json: bool) -> None:
    if json:
        print_json({"recovery_key": key})
        return
    out = console()
    out.print("The new recovery key, shown this once; write it down and keep it elsewhere:\n")
    out.print(f"    [bold]{key}[/]\n", soft_wrap=True)
    out.print("Backups made before open with the old one: keep it as long as you keep them.")


def _until(held: "Unlocked") -> str:
    return f"until {held.until.astimezone():%H:%M:%S} without use" if held.until else "until it is locked"


def _print_status(told: "Status") -> None:
    from rich.table import Table

    table = Table(show_header=False, title=f"Vault {told.folder}", title_justify="left")
    rows = {
        "unlocked": _until(told.unlocked) if told.unlocked else "no",
        "opens with": ", ".join("recovery key" if kind == "recovery" else kind for kind in told.opened_by),
        "master key": f"{told.master_key}",
        "format": f"{told.format}" + (f", catalog {told.inside.catalog}" if told.inside else ""),
        "catalog": told.catalog,
        "size": f"{told.size / 1e6:,.1f} MB",
    }
    if told.inside:
        backed_up, verified = told.inside.last_backup, told.inside.last_verified
        for name, held in told.inside.sources.items():
            counts = f"{held['records']:,} records in {held['conversations']:,} conversations"
            rows[f"source {name}"] = counts
        rows["last backup"] = f"{backed_up:%Y-%m-%d %H:%M} UTC" if backed_up else "none: `ipse backup DIR`"
        rows["audit log verified"] = (
            f"{verified:%Y-%m-%d %H:%M} UTC" if verified else "never: `ipse audit verify`"
        )
        if told.inside.reencrypting:
            rows["sealing anew"] = "begun, not finished: `ipse vault reencrypt`"
    for name, shown in rows.items():
        table.add_row(name, shown)
    out = console()
    out.print(table)
    if not told.inside:
        out.print("More is told once it is unlocked: `ipse vault unlock`.")


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
