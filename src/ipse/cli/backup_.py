"""``ipse backup`` and ``ipse restore``: copies of the vault elsewhere, and a vault again from them."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ipse.cli.console import (
    JsonOption,
    VaultOption,
    console,
    new_passphrase,
    opened,
    print_json,
    progress_bar,
)
from ipse.errors import SettingsError

if TYPE_CHECKING:
    from ipse.vault.backup.checking import Checked

__all__ = ["app", "restore"]

CREATE = "create"


class _Group(TyperGroup):
    """``ipse backup DIR`` is ``ipse backup create DIR``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as click has it
        known = args and args[0] in self.commands
        return super().resolve_command(ctx, args if known else [CREATE, *args])


app = typer.Typer(cls=_Group, help="Copies of your vault elsewhere: `ipse backup DIR`.", no_args_is_help=True)
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of backups.")]


@app.command(CREATE)
def create(
    directory: FolderArgument,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Keep so many backups there, delete older ones.")
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write what changed since the last backup, and read all of it again."""
    from ipse.pipeline.backups import back_up

    with opened(vault) as workspace, progress_bar("Backing up", quiet=json) as progress:
        made = back_up(workspace, directory, keep=keep, progress=progress)
    if json:
        print_json(made)
        return
    out = console()
    out.print(
        f"Backup {made.name}: {_mb(made.size)}, of which {_mb(made.written)} were new. It was read again."
    )
    if made.removed:
        out.print(f"Deleted {len(made.removed)} older.")
    if made.damaged:
        out.print("[red]Some files of older backups are damaged[/]: see `ipse backup verify`.")
    out.print("It opens with your recovery key alone. Keep that elsewhere.")


@app.command("list")
def list_(directory: FolderArgument, vault: VaultOption = None, json: JsonOption = False) -> None:  # noqa: ARG001
    """List the backups in a folder; needs no key."""
    from rich.table import Table

    from ipse.pipeline.backups import list_backups

    found = list_backups(directory)
    if json:
        rows = [
            {"name": one.name, "at": one.created_at, "size": one.size, "counts": one.counts} for one in found
        ]
        print_json(rows)
        return
    table = Table("backup", "at (UTC)", title="Backups", title_justify="left")
    for column in ("size", "records", "files"):
        table.add_column(column, justify="right")
    for one in found:
        records, files = one.counts.get("seen", 0), one.counts.get("files", 0)
        table.add_row(
            one.name, f"{one.created_at:%Y-%m-%d %H:%M}", _mb(one.size), f"{records:,}", f"{files:,}"
        )
    console().print(table)


@app.command()
def verify(
    directory: FolderArgument,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every record too; needs the recovery key.")
    ] = False,
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Open what is sealed: asks for the recovery key.")
    ] = False,
    vault: VaultOption = None,  # noqa: ARG001 - taken by every verb
    json: JsonOption = False,
) -> None:
    """Read every file of every backup and compare; exit code 1 where anything is not what was written."""
    from ipse.pipeline.backups import check_backups

    key = _recovery_key() if deep or with_key else None
    with progress_bar("Verifying", quiet=json) as progress:
        found = check_backups(directory, recovery_key=key, deep=deep, progress=progress)
    if json:
        print_json(found)
    else:
        _told(found, opened=key is not None)
    if any(one.faults for one in found):
        raise typer.Exit(1)


@app.command()
def drill(directory: FolderArgument, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Try a restore of the newest backup without keeping it; the vault remembers that it was tried."""
    from ipse.pipeline.drills import drill as try_it

    with opened(vault) as workspace, progress_bar("Trying", quiet=json) as progress:
        done = try_it(workspace, directory, _recovery_key(), progress=progress)
    if json:
        print_json(done)
    elif not done.faults:
        console().print(f"{done.backup} can be restored: {done.records:,} records were read from it.")
    else:
        console().print(f"{done.backup} [red]cannot be restored[/]: {done.faults[0]}.")
    if done.faults:
        raise typer.Exit(1)


@app.command()
def ledger(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where to.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write what you erased, as tokens: a restore of an older backup erases it again (`--ledger FILE`)."""
    from ipse.pipeline.backups import export_ledger

    with opened(vault) as workspace:
        export_ledger(workspace, out)
    if json:
        print_json({"file": str(out)})
    else:
        console().print(f"Wrote {out}. It says nothing without your vault's key.", markup=False)


def restore(
    directory: FolderArgument,
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="An empty folder.")],
    backup: Annotated[
        str | None, typer.Option("--backup", metavar="NAME", help="Which one; else the newest.")
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option("--ledger", metavar="FILE", help="What a newer vault erased.")
    ] = None,
    catalog: Annotated[
        str, typer.Option("--catalog", metavar="URL", help="Keep the catalog in this PostgreSQL database.")
    ] = "",
    vault: VaultOption = None,  # noqa: ARG001 - taken by every verb
    json: JsonOption = False,
) -> None:
    """Bring a vault back by its recovery key, under a new passphrase, without what was erased since."""
    from ipse.config import load_settings
    from ipse.pipeline.backups import restore_vault

    key = _recovery_key()
    passphrase = new_passphrase()
    with progress_bar("Restoring", quiet=json) as progress:
        done = restore_vault(
            directory,
            target,
            key,
            passphrase,
            settings=load_settings({}),
            name=backup,
            ledger=ledger,
            catalog=catalog,
            progress=progress,
        )
    if json:
        print_json(
            {"vault": str(done.folder.resolve()), "id": done.vault, "backup": done.backup}
            | {"erased_again": done.replayed}
        )
        return
    out = console()
    out.print(f"Restored {done.backup} into [bold]{done.folder}[/]; the recovery key is the same.")
    if done.replayed:
        out.print(f"{done.replayed:,} records that were erased since were erased again.")


def _recovery_key() -> str:
    given = os.environ.get("IPSE_RECOVERY_KEY")
    if given is None and not sys.stdin.isatty():
        raise SettingsError(
            "There is no terminal to ask for the recovery key.", hint="Set IPSE_RECOVERY_KEY."
        )
    return given if given is not None else str(typer.prompt("Recovery key", hide_input=True))


def _told(found: "list[Checked]", *, opened: bool) -> None:
    from rich.markup import escape

    out = console()
    for one in found:
        state = "[red]damaged[/]" if one.faults else "whole"
        closed = ", not opened: made under another recovery key" if opened and not one.opened else ""
        read = f", {one.records:,} records read" if one.records is not None else ""
        out.print(f"{one.name}: {state}{read}{closed if not one.faults else ''}")
        for fault in one.faults:
            out.print(f"    {escape(fault)}")


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
