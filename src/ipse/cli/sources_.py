"""``ipse sources``: what can be read, and a look at what a file holds."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import (
    JsonOption,
    MappingOption,
    PassphraseFileOption,
    PassphraseOption,
    VaultOption,
    console,
    export_passphrase,
    print_json,
    temporary_in,
)

if TYPE_CHECKING:
    from ipse.pipeline.preview import Preview
    from ipse.records import Record, Unreadable

__all__ = ["app"]

app = typer.Typer(help="What ipse reads, and a look into an export.", invoke_without_command=True)
SHOWN = 20  # records printed for people; --json prints all


@app.callback()
def sources(
    context: typer.Context,
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
    json: JsonOption = False,
) -> None:
    """List the sources and what each reads."""
    if context.invoked_subcommand is not None:
        return
    from rich.table import Table

    from ipse import plugins

    known = plugins.sources()
    if json:
        print_json([{"name": s.name, "reads": s.reads, "formats": [s.name, *s.aliases]} for s in known])
        return
    table = Table("source", "reads", title="Sources", title_justify="left")
    for source in known:
        table.add_row(source.name, source.reads)
    console().print(table)
    console().print(
        "`ipse sources guide NAME` tells how to get an export; `ipse sources find PATH` what is there."
    )


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(help="An export: a file or a folder.")],
    format_name: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="The source, if not by content.")
    ] = None,
    me: Annotated[
        list[str] | None, typer.Option("--me", metavar="NAME", help="You, to see the direction.")
    ] = None,
    tz: Annotated[str, typer.Option("--tz", metavar="ZONE", help="Zone of local times.")] = "UTC",
    mapping: MappingOption = None,
    passphrase: PassphraseOption = "",
    passphrase_file: PassphraseFileOption = None,
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
    json: JsonOption = False,
) -> None:
    """Show the records of a file without keeping anything (as they are: not pseudonymized)."""
    from ipse.config import ImportSettings
    from ipse.pipeline.importing import read_options
    from ipse.pipeline.preview import preview as look

    options = read_options(
        ImportSettings(tz=tz),
        me or [],
        passphrase=export_passphrase(passphrase, passphrase_file),
        mapping=mapping,
    )
    found = look(file, options, format_name=format_name)
    if json:
        _print_json(file, found)
        return
    out = console()
    out.print(
        f"{file.name}: {found.source}, {found.units if found.units is not None else '?'} records",
        markup=False,
    )
    for note in found.notes:
        out.print(f"  {note}", markup=False)
    for index, item in enumerate(found.items):
        if index == SHOWN:
            out.print("… --json prints all.")
            break
        out.print(_line(item), markup=False, soft_wrap=True)


@app.command("find")
def find_exports(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files or folders to look through.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say which exports are in a folder, keeping nothing: before you consent to any."""
    from rich.markup import escape
    from rich.table import Table

    from ipse.pipeline.finding import look

    with temporary_in(vault):
        found = look(paths)
    if json:
        exports = [{"export": one.path.label, "source": one.source.name} for one in found.exports]
        unknown, closed = [one.label for one in found.unknown], [str(error) for error in found.closed]
        archives = [one.label for one in found.archives]
        told = {"exports": exports, "archives": archives, "unrecognized": unknown, "unreadable": closed}
        print_json(told)
        return
    out = console()
    if found.exports:
        table = Table("source", "export", title="Found", title_justify="left")
        for one in sorted(found.exports, key=lambda one: (one.source.name, one.path.label)):
            table.add_row(one.source.name, escape(one.path.label))
        out.print(table)
    for path in found.archives:
        out.print(f"an export of a vault: {path.label} (`ipse import-archive` brings it in)", markup=False)
    for error in found.closed:
        out.print(f"not readable: {error}", markup=False)
    for path in found.unknown[:SHOWN]:
        out.print(f"not recognized: {path.label}", markup=False)
    if len(found.unknown) > SHOWN:
        out.print(f"… and {len(found.unknown) - SHOWN:,} more files not recognized.")
    if found.exports:
        names = " ".join(sorted({one.source.name for one in found.exports}))
        out.print(f"To import them, allow each: ipse consent give --source NAME (of {names})")


@app.command()
def guide(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A source, as `ipse sources` names it.")],
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
    json: JsonOption = False,
) -> None:
    """How to get the export of a source, how long that takes, and what it lacks."""
    from ipse import plugins

    text = plugins.source_named(name).guide()
    if json:
        print_json({"source": name, "guide": text})
        return
    from rich.markdown import Markdown

    console().print(Markdown(text))


def _line(item: "Record | Unreadable") -> str:
    from ipse.records import Message, Unreadable

    if isinstance(item, Unreadable):
        return f"  unreadable: {item.position}: {item.reason}"
    if isinstance(item, Message):
        kind = "" if item.content_type == "text" else f" [{item.content_type}]"
        return f"  {item.at:%Y-%m-%d %H:%M:%S} {item.sender.name or item.sender.address}:{kind} {item.text}"
    return f"  {item.ts} {item.kind} {item.source}"


def _print_json(file: Path, found: "Preview") -> None:
    """One document, written record by record so that memory does not grow with the file."""
    import msgspec

    from ipse.pipeline.preview import plain
    from ipse.records import Unreadable

    counts = {"records": 0, "messages": 0, "system": 0, "unreadable": 0}
    head = {"file": str(file), "source": found.source, "notes": found.notes, "senders": found.senders}
    write = sys.stdout.write
    write(msgspec.json.encode(head).decode()[:-1] + ', "records": [')
    bad: list[Unreadable] = []
    for item in found.items:
        if isinstance(item, Unreadable):
            counts["unreadable"] += 1
            bad.append(item)
            continue
        row = plain(item)
        write((",\n" if counts["records"] else "\n") + msgspec.json.encode(row).decode())
        counts["records"] += 1
        counts["system" if row["kind"] == "system" else "messages"] += 1
    tail = {"unreadable": bad, "counts": counts}
    write("\n], " + msgspec.json.encode(tail).decode()[1:] + "\n")
