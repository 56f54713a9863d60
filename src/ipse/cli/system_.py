"""``ipse system``: how the machine is."""

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json
from ipse.cli.productivity_ import SinceOption, UntilOption, micros, when

if TYPE_CHECKING:
    from ipse.pipeline.days.system.anomalies import Anomaly
    from ipse.pipeline.days.system.overview import Forecast, Health

__all__ = ["app"]

app = typer.Typer(
    help="How your machine is: what was unusual and why, what runs out when, bursts of errors.",
    no_args_is_help=True,
)
UNITS = {
    "cpu": " %", "memory": " %", "swap": " %", "load": "",
    "read_bytes": " B/s", "written_bytes": " B/s", "received_bytes": " B/s", "sent_bytes": " B/s",
}  # fmt: skip


@app.command()
def show(
    since: SinceOption = None, until: UntilOption = None, vault: VaultOption = None, json: JsonOption = False
) -> None:
    """Show anomalies with their causes, when disk or memory run out, and bursts of errors."""
    from ipse.pipeline.days.system.overview import health

    end = when(until) or datetime.now(UTC)
    start = when(since) or end - timedelta(days=7)
    with opened(vault) as workspace:
        found = health(workspace, since=micros(start), until=micros(end))
    if json:
        print_json(found)
    else:
        _show(found)


@app.command()
def watch(
    every: Annotated[float, typer.Option("--every", min=1, help="Minutes between two looks.")] = 5.0,
    looks: Annotated[int, typer.Option("--looks", min=0, help="So many, then end; 0: until Ctrl-C.")] = 0,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Look again and again, and tell what is new."""
    from ipse.pipeline.days.system.overview import health

    told: set[tuple[str, int]] = set()
    number = 0
    with opened(vault) as workspace:
        while True:
            end = datetime.now(UTC)
            found = health(workspace, since=micros(end - timedelta(days=1)), until=micros(end))
            for line, kind, at, value in _lines(found):
                if (kind, at) not in told:
                    told.add((kind, at))
                    if json:
                        print_json({kind: value})
                    else:
                        console().print(line, markup=False, soft_wrap=True)
            number += 1
            if number == looks:
                return
            time.sleep(every * 60)


@app.command()
def dismiss(
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="As `show` names it, such as cpu.")],
    value: Annotated[float, typer.Argument(metavar="VALUE", help="Up to it that is no anomaly.")],
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="For so long.")] = 30,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say that something is no anomaly; it is shown as such until the days are over."""
    from ipse.pipeline.days.system.overview import dismiss as keep

    with opened(vault) as workspace:
        made = keep(workspace, metric, value, until=datetime.now(UTC) + timedelta(days=days))
    if json:
        print_json(made)
    else:
        until = f"{made.until:%Y-%m-%d}"
        console().print(
            f"{metric} of up to {made.high:g} is no anomaly until {until} ({made.id}).", markup=False
        )


def _show(found: "Health") -> None:
    out = console()
    if found.whose == "sample":
        out.print("[yellow]Made-up sample days[/]: nothing of your own was collected yet.")
    lines = [line for line, *_ in _lines(found)]
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
    if not found.anomalies and not found.notes and found.forecasts:
        out.print("Nothing was out of the usual.")
    if not found.forecasts:
        out.print("Nothing is known of this time. Begin with `ipse collect start`, or `ipse collect sample`.")
    for one in found.forecasts:
        out.print(_forecast(one), markup=False, soft_wrap=True)
    for note in found.notes:
        out.print(note, markup=False, soft_wrap=True)


def _lines(found: "Health") -> "list[tuple[str, str, int, object]]":
    """What happened, newest first: a line, its kind, when, and the whole of it."""
    lines: list[tuple[str, str, int, object]] = [
        (_anomaly(one), "anomaly", one.at, one) for one in found.anomalies
    ]
    for one in found.bursts:
        examples = "".join(f"\n    {each}" for each in one.examples)
        told = f"{_at(one.start)}  {one.errors} errors until {_at(one.end)[-5:]}, usual are {one.usual:.1f}"
        lines.append((told + examples, "burst", one.start, one))
    return sorted(lines, key=lambda one: -one[2])


def _anomaly(one: "Anomaly") -> str:
    unit = UNITS.get(one.metric, "")
    programs = [
        f"{each.name} ({each.share:.0%} of what grew)" for each in one.causes if each.kind == "process"
    ]
    others = [each.name for each in one.causes if each.kind == "metric" and each.name != one.metric]
    why = f"; {programs[0]}" if programs else ""
    beside = f"; with it {', '.join(others)}" if others else ""
    minutes = (one.end - one.at) / 60e6
    quiet = " (you said that is none)" if one.suppressed else ""
    return (
        f"{_at(one.at)}  {one.metric} {one.value:,.1f}{unit}, usual is {one.usual:,.1f}{unit}, "
        f"for {minutes:.0f} min{why}{beside}{quiet}"
    )


def _forecast(one: "Forecast") -> str:
    told, last = one.ending, one.points[-1]
    name = f"Disk ({one.path})" if one.what == "disk" else "Memory"
    left = f"{name}: {last.left / 1024:,.1f} GiB left"
    steps = f"; {told.steps} single steps left out" if told.steps else ""
    if told.low is None or told.median is None:
        return f"{left}; {told.why}{steps}."
    end = [
        datetime.fromtimestamp(last.at / 1e6, UTC) + timedelta(days=min(d, 36500))
        for d in (told.low, told.median)
    ]
    high = (
        f"{datetime.fromtimestamp(last.at / 1e6, UTC) + timedelta(days=told.high):%Y-%m-%d}"
        if told.high is not None
        else "beyond the horizon"
    )
    return (
        f"{left}, {told.rate / 1024:.2f} GiB go in a day: full about {end[1]:%Y-%m-%d} "
        f"(80 %: {end[0]:%Y-%m-%d} to {high}){steps}."
    )


def _at(micros_: int) -> str:
    return f"{datetime.fromtimestamp(micros_ / 1e6, UTC):%Y-%m-%d %H:%M}"
