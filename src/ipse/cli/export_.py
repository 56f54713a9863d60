"""``ipse export``: your messages and datasets, out again."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json
from ipse.errors import SettingsError

__all__ = ["app"]

app = typer.Typer(help="Your messages and datasets, out again.", no_args_is_help=True)
OutOption = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to; else stdout.")]


@app.command()
def messages(
    form: Annotated[
        Literal["jsonl", "csv", "parquet"], typer.Option("--format", help="Of the file.")
    ] = "jsonl",
    out: OutOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write every message in the wire schema (pseudonymized, as the vault holds it)."""
    from ipse.pipeline.exporting import export_messages

    if out is None and form == "parquet":
        raise SettingsError("Parquet is not for a terminal.", hint="Name a file: --out messages.parquet.")
    with opened(vault) as workspace:
        written = export_messages(workspace, out or sys.stdout, form)
    if out is not None:
        _told(written, "messages", out, json=json)


@app.command()
def dataset(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="Else the newest.")] = None,
    part: Annotated[Literal["train", "judge", "test"], typer.Option("--part", help="Which set.")] = "train",
    form: Annotated[
        Literal["chat", "sharegpt", "alpaca"], typer.Option("--format", help="Of each line.")
    ] = "chat",
    out: OutOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write a dataset as JSON lines: Hugging Face chat (system, user, assistant), ShareGPT or Alpaca."""
    from ipse.pipeline.learning import export_dataset

    with opened(vault) as workspace:
        lines = export_dataset(workspace, name, part, form)
        if out is None:
            sys.stdout.writelines(line + "\n" for line in lines)
            return
        with out.open("w", encoding="utf-8") as stream:
            written = sum(1 for line in lines if stream.write(line + "\n"))
    _told(written, "examples", out, json=json)


@app.command("all")
def everything(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder.")],
    form: Annotated[
        Literal["jsonl", "csv", "parquet"], typer.Option("--format", help="Of every table.")
    ] = "jsonl",
    names: Annotated[
        bool, typer.Option("--names", help="With the names and addresses of your contacts.")
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write all your vault holds, signed: messages, events, consents, lineage, contacts, the log."""
    from ipse.pipeline.portability import export_all

    with opened(vault) as workspace:
        archive = export_all(workspace, directory, form, names=names)
    if json:
        print_json(archive)
        return
    for file in archive.files:
        console().print(f"{file.rows:>10,}  {file.name}")
    _told(sum(file.rows for file in archive.files), "rows", directory, json=False)
    console().print(f"Signed by {archive.public_key}; `ipse export verify` checks it.", soft_wrap=True)


@app.command()
def verify(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What `ipse export all` wrote.")],
    mine: Annotated[
        bool, typer.Option("--mine", help="Open the vault: did it sign this? Exit code 1 if not.")
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Check signature, hashes and every row of an export; needs no vault and no key."""
    from ipse.pipeline.portability import verify_archive

    if mine:
        with opened(vault) as workspace:
            checked = verify_archive(directory, workspace)
    else:
        checked = verify_archive(directory)
    if json:
        print_json(checked)
    else:
        out = console()
        out.print(
            f"Whole: {sum(checked.rows.values()):,} rows in {len(checked.rows)} tables, "
            f"of vault {checked.vault}, {checked.at:%Y-%m-%d %H:%M} UTC"
            f"{', with names' if checked.names else ''}."
        )
        whose = {True: "this vault", False: "another vault", None: ""}[checked.mine]
        out.print(f"Signed by {whose or checked.public_key}.", soft_wrap=True)
    if checked.mine is False:
        raise typer.Exit(1)


def _told(written: int, what: str, out: Path, *, json: bool) -> None:
    if json:
        print_json({"written": written, "file": str(out)})
        return
    console(stderr=True).print(
        f"Wrote {written:,} {what} to {out}. They are not encrypted: mind where they lie."
    )
