"""``ipse collect``: watch what this machine does, as far as its owner allows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, confirm, console, opened, print_json, progress_bar, ways

if TYPE_CHECKING:
    from ipse.pipeline.days.collecting import CollectorView, Status

__all__ = ["app"]

app = typer.Typer(help="Collect what your machine does: apps, files, figures, errors.", no_args_is_help=True)


@app.command()
def start(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Allow the collectors without asking.")] = False,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Collect in this process, until Ctrl-C; for a unit.")
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Begin to collect; asks for your consent to each collector that has none. Ends a pause."""
    from ipse.config import load_settings
    from ipse.pipeline.days.collecting import allow, collectors, record, resume
    from ipse.pipeline.days.collecting import start as begin
    from ipse.pipeline.unlocking import Keeper
    from ipse.pipeline.workspace import locate

    folder = locate(load_settings({"vault": str(vault)} if vault else {}))
    keeper = Keeper(ways(folder))
    with opened(vault, opener=keeper) as workspace:
        found = [one for one in collectors(workspace) if one.wanted]
        asked = [one for one in found if not one.allowed and not one.why_not]
        if asked:
            _explain(asked, json=json)
            confirm(f"Allow {', '.join(one.name for one in asked)} to be kept and learned from?", yes=yes)
            allow(workspace, [one.name for one in asked])
        resume(workspace.vault.folder)
        if foreground:
            from ipse.pipeline.days.collector import ending

            report = record(workspace, ending())
            _say(report, f"Collected {report.kept:,} events.", json=json)
            return
        folder = workspace.vault.folder
    begin(folder, keeper.hand)
    running = [one.name for one in found if not one.why_not]
    left = [f"{one.name}: {one.why_not}" for one in found if one.why_not]
    _say(
        {"running": running, "not_here": left},
        "\n".join([f"Collecting: {', '.join(running)}.", *left, "`ipse collect status` shows how it goes."]),
        json=json,
    )


@app.command()
def stop(vault: VaultOption = None, json: JsonOption = False) -> None:
    """End collecting; what waited is kept first."""
    from ipse.pipeline.days.collecting import stop as end

    ran = end(_folder(vault))
    _say({"stopped": ran}, "Collecting has ended." if ran else "Nothing was collecting.", json=json)


@app.command()
def pause(
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0.1, help="For so long; else until `resume`.")
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Private mode: from this moment nothing is collected. Needs no passphrase."""
    from ipse.pipeline.days.collecting import pause as hold

    made = hold(_folder(vault), minutes)
    until = f"until {made.until:%H:%M} UTC" if made.until else "until `ipse collect resume`"
    _say(made, f"Private: nothing is collected {until}.", json=json)


@app.command()
def resume(vault: VaultOption = None, json: JsonOption = False) -> None:
    """End private mode."""
    from ipse.pipeline.days.collecting import resume as go_on

    was = go_on(_folder(vault))
    _say({"resumed": was}, "Collecting goes on." if was else "There was no pause.", json=json)


@app.command("list")
def list_collectors(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List the collectors: which are chosen and allowed, and why one cannot run here."""
    from ipse.pipeline.days.collecting import collectors

    with opened(vault) as workspace:
        found = collectors(workspace)
    if json:
        print_json(found)
    else:
        _table(found)


@app.command()
def status(vault: VaultOption = None, json: JsonOption = False) -> None:
    """Show whether it collects, what was kept, excluded and dropped, and what it costs."""
    from ipse.pipeline.days.collecting import status as look

    with opened(vault) as workspace:
        found = look(workspace)
    if json:
        print_json(found)
    else:
        _show(found)


@app.command()
def unit(
    write: Annotated[bool, typer.Option("--write", help="Write it where the system looks for it.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Print (or write) what starts collecting with your session: a unit, a launch agent, or a task."""
    from ipse.pipeline.days.units import enabling, here, write_unit
    from ipse.pipeline.days.units import unit as text

    folder, system = _folder(vault).resolve(), here()
    if not write:
        told = text(system, folder)
        _say({"system": system, "unit": told}, told.rstrip(), json=json)
        return
    path = write_unit(system, folder)
    then = enabling(system, path)
    said = f"Wrote {path}. Begin with: {then}\nIt opens the vault by your keyring: `ipse vault keyring add`."
    _say({"system": system, "path": str(path), "then": then}, said, json=json)


@app.command("import")
def import_events(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="CSV, JSON, JSON lines, Parquet; else all of `data_sources`."),
    ] = None,
    source: Annotated[str, typer.Option("--source", help="What to call it; else as the file.")] = "",
    time: Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="Which holds times.")] = None,
    tz: Annotated[str, typer.Option("--tz", metavar="ZONE", help="Zone of times without one.")] = "UTC",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Give consent without asking.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Keep the rows of a table as events, or an export of ActivityWatch; asks for your consent."""
    from ipse.pipeline.days.collecting import allow
    from ipse.pipeline.days.files import import_activitywatch, import_table, is_activitywatch, source_of
    from ipse.pipeline.days.files import zone as named_zone

    if path is None:
        _import_declared(vault, yes=yes, json=json)
        return
    watched = not source and is_activitywatch(path)
    name = "activitywatch" if watched else source or source_of(path)
    zone = named_zone(tz)
    with opened(vault) as workspace:
        if not workspace.allows(name):
            confirm(f"Allow {name} to be kept and learned from, on this machine?", yes=yes)
            allow(workspace, [name])
        with progress_bar(f"Importing {path.name}", quiet=json) as progress:
            if watched:
                done = import_activitywatch(workspace, path, progress=progress)
            else:
                done = import_table(workspace, path, name, time_column=time, zone=zone, progress=progress)
    left = f"; {done.excluded:,} excluded, {done.unreadable:,} unreadable" * bool(
        done.excluded + done.unreadable
    )
    left += f"; {done.late:,} came too late for days that are kept by longer intervals" * bool(done.late)
    _say(
        done, f"{done.source}: {done.kept:,} events kept, {done.duplicates:,} there before{left}.", json=json
    )


@app.command()
def sample(
    days: Annotated[int, typer.Option("--days", min=14, max=120, help="How many.")] = 28,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Give consent without asking.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Keep made-up days of a made-up person, to look at before you have some of your own."""
    from ipse.pipeline.days.collecting import allow
    from ipse.pipeline.days.sample import SAMPLE, take_sample

    with opened(vault) as workspace:
        if not workspace.allows(SAMPLE):
            confirm(f"Allow made-up days to be kept and learned from, as the source `{SAMPLE}`?", yes=yes)
            allow(workspace, [SAMPLE])
        with progress_bar("Sample days", quiet=json, unit="events") as progress:
            done = take_sample(workspace, progress, days=days)
    told = f"{done.days} made-up days: {done.events:,} events of the source {done.source}."
    then = "Look: ipse productivity show, ipse system show. Take them away: ipse forget --source sample."
    _say(done, f"{told}\n{then}", json=json)


def _import_declared(vault: Path | None, *, yes: bool, json: bool) -> None:
    from ipse.errors import SettingsError
    from ipse.pipeline.days.collecting import allow
    from ipse.pipeline.days.declared import declared_tables, import_declared

    with opened(vault) as workspace:
        names = [one.name for one in declared_tables(workspace.settings)]
        if not names:
            raise SettingsError("No file is named.", hint="Name one, or a `path` under `data_sources`.")
        asked = [name for name in names if not workspace.allows(name)]
        if asked:
            confirm(f"Allow {', '.join(asked)} to be kept and learned from, on this machine?", yes=yes)
            allow(workspace, asked)
        with progress_bar("Importing", quiet=json) as progress:
            done = import_declared(workspace, progress=progress)
    lines = [f"{one.source}: {one.kept:,} events kept, {one.duplicates:,} there before." for one in done]
    _say(done, "\n".join(lines), json=json)


@app.command("export")
def export_events(
    source: Annotated[str, typer.Argument(help="Of which source.")],
    out: Annotated[Path, typer.Option("--out", help="A .csv, .jsonl or .parquet file.")],
    stream: Annotated[str | None, typer.Option("--stream", help="One of its streams.")] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write the events of a source, as your vault holds them."""
    from ipse.pipeline.days.files import export_events as write

    with opened(vault) as workspace:
        rows = write(workspace, out, source, stream=stream)
    _say({"file": str(out), "events": rows}, f"Wrote {rows:,} events to {out}.", json=json)


def _folder(vault: Path | None) -> Path:
    from ipse.config import load_settings
    from ipse.errors import VaultMissingError
    from ipse.pipeline.workspace import locate

    folder = locate(load_settings({"vault": str(vault)} if vault else {}))
    if not (folder / "vault.json").is_file():
        raise VaultMissingError(f"There is no vault in {folder}.", hint="Make one with `ipse init`.")
    return folder


def _say(told: object, text: str, *, json: bool) -> None:
    if json:
        print_json(told)
    else:
        console().print(text, markup=False, soft_wrap=True)


def _explain(asked: "list[CollectorView]", *, json: bool) -> None:
    if json:
        return
    out = console()
    out.print("What would be collected, on this machine and for you alone:")
    for one in asked:
        out.print(f"  {one.name}: {one.says}", markup=False, soft_wrap=True)
    out.print("It is kept encrypted in your vault, and what learns from it stays here. Withdraw at any time.")


def _table(found: "list[CollectorView]") -> None:
    from rich.table import Table

    table = Table(
        "collector", "watches", "chosen", "allowed", "here", title="Collectors", title_justify="left"
    )
    for one in found:
        marks = ["yes" if flag else "no" for flag in (one.wanted, one.allowed)]
        table.add_row(one.name, one.says, *marks, one.why_not or "yes")
    console().print(table)


def _show(found: "Status") -> None:
    out = console()
    state = "collecting" if found.running else "not collecting"
    if found.pause is not None:
        state += (
            f", private until {found.pause.until:%Y-%m-%d %H:%M} UTC" if found.pause.until else ", private"
        )
    out.print(f"Now: {state}.")
    report = found.report
    if report is None:
        return
    out.print(
        f"Since {report.started_at:%Y-%m-%d %H:%M} UTC: kept {report.kept:,}, extended {report.extended:,}, "
        f"excluded {report.excluded:,}, dropped {report.dropped:,}; {report.waiting:,} wait."
    )
    out.print(f"It takes {report.cpu:.2f} % of a core and {report.memory_mib:.0f} MiB.")
    for name, how in report.collectors.items():
        out.print(f"  {name}: {how}", markup=False, soft_wrap=True)
    for note in report.notes:
        out.print(f"  {note}", markup=False, soft_wrap=True)
