"""``ipse events``: which streams of events there are, and how good they are."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.pipeline.days.listing import StreamKept
    from ipse.pipeline.days.quality import StreamQuality

__all__ = ["app"]

app = typer.Typer(help="Events in your vault: which there are, and how good they are.", no_args_is_help=True)
TIERS = {0: "as they came", 60: "by the minute", 3600: "by the hour"}


@app.command("list")
def list_streams(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List the streams: events, from when to when, and how finely metrics are kept."""
    from ipse.pipeline.days.listing import listed

    with opened(vault) as workspace:
        found = listed(workspace)
    if json:
        print_json(found)
    else:
        _table(found)


@app.command()
def check(
    source: Annotated[str, typer.Argument(help="Of which source; else of all.")] = "",
    stream: Annotated[str | None, typer.Option("--stream", help="One of its streams.")] = None,
    days: Annotated[
        float | None, typer.Option("--days", min=0.01, help="Only the last so many days.")
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Look for gaps, clocks set back, disorder, repetition, overlaps, and figures that cannot be."""
    from ipse.pipeline.days.quality import check as look

    since = datetime.now(UTC) - timedelta(days=days) if days is not None else None
    with opened(vault) as workspace:
        found = look(workspace, source=source, stream=stream, since=since)
    if json:
        print_json(found)
    else:
        _report(found)


def _table(found: "list[StreamKept]") -> None:
    from rich.table import Table

    if not found:
        console().print("There are no events. Begin with `ipse collect start`.")
        return
    table = Table("source", "stream", "events", "from", "to", "MB", "kept", title="Streams of events",
                  title_justify="left")  # fmt: skip
    for one in found:
        kept = ", ".join(
            f"{days:,} d {TIERS.get(every, f'by {every} s')}" for every, days in one.tiers.items()
        )
        ends = (f"{at:%Y-%m-%d %H:%M}" for at in (one.first, one.last))
        table.add_row(one.source, one.stream, f"{one.events:,}", *ends, f"{one.size / 1e6:,.2f}", kept)
    console().print(table)


def _report(found: "list[StreamQuality]") -> None:
    out = console()
    if not found:
        out.print("There are no events.")
    for one in found:
        name = f"{one.source}.{one.stream}" if one.stream else one.source
        step = f", usually every {one.every:g} s" if one.every else ""
        out.print(f"{name}: {one.events:,} events{step}.", markup=False)
        for each in one.findings:
            where = ", ".join(f"{at.at:%Y-%m-%d %H:%M:%S}" for at in each.samples[:3])
            of = f" ({each.field})" if each.field else ""
            out.print(f"  {each.problem}{of}: {each.count:,}; first at {where}", markup=False, soft_wrap=True)
        if not one.findings:
            out.print("  nothing found")
