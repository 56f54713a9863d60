"""``ipse productivity``: what time went to, when there was focus, and what the owner says of apps."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.pipeline.days.productivity.overview import Productivity

__all__ = ["SinceOption", "UntilOption", "app", "length", "micros", "when"]

app = typer.Typer(help="What your time went to, when you had focus, at which hours.", no_args_is_help=True)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHOWN = 10
SinceOption = Annotated[
    datetime | None, typer.Option("--since", metavar="TIME", help="From then on; a week before --until.")
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", metavar="TIME", help="Until then, in UTC; now.")
]


@app.command()
def show(
    since: SinceOption = None, until: UntilOption = None, vault: VaultOption = None, json: JsonOption = False
) -> None:
    """Show what time went to, focus periods, your best hours, and what would help to know better."""
    from ipse.pipeline.days.productivity.overview import productivity

    end = when(until) or datetime.now(UTC)
    start = when(since) or end - timedelta(days=7)
    with opened(vault) as workspace:
        found = productivity(workspace, since=micros(start), until=micros(end))
    if json:
        print_json(found)
    else:
        _show(found)


@app.command()
def correct(
    app_name: Annotated[str, typer.Argument(metavar="APP", help="As `show` names it.")],
    category: Annotated[str, typer.Argument(metavar="CATEGORY", help="What it is for, in a word or two.")],
    shown: Annotated[
        str, typer.Option("--shown", metavar="CATEGORY", help="Only where its title falls in that.")
    ] = "",
    hour: Annotated[
        int | None, typer.Option("--hour", min=0, max=23, help="At that hour of the day.")
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say what an app is for; what is told of days learns from it, for this app and for others like it."""
    from ipse.pipeline.days.productivity.correcting import correct as say

    with opened(vault) as workspace:
        made = say(workspace, app_name, category, shown=shown, hour=hour)
    if json:
        print_json(made)
    else:
        console().print(f"Kept as {made.id}: {_about(made.app, made.shown, made.hour)} is {made.category}.")


@app.command()
def corrections(
    remove: Annotated[str, typer.Option("--remove", metavar="ID", help="Take one back.")] = "",
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """List what you said of apps, or take one of it back."""
    from rich.markup import escape
    from rich.table import Table

    from ipse.pipeline.days.productivity.correcting import corrections as said
    from ipse.pipeline.days.productivity.correcting import uncorrect

    with opened(vault) as workspace:
        if remove:
            uncorrect(workspace, remove)
        found = said(workspace)
    if json:
        print_json(found)
        return
    table = Table("id", "what", "is", "said at (UTC)", title="Corrections", title_justify="left")
    for one in found:
        told = escape(_about(one.app, one.shown, one.hour))
        table.add_row(one.id, told, escape(one.category), f"{one.known_at:%Y-%m-%d %H:%M}")
    console().print(table)


def when(given: datetime | None) -> datetime | None:
    """A time as an option gives it, in UTC."""
    return given.replace(tzinfo=UTC) if given is not None and given.tzinfo is None else given


def micros(at: datetime) -> int:
    """µs since the epoch."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _about(app_name: str, shown: str, hour: int | None) -> str:
    return app_name + f" ({shown})" * bool(shown) + (f" at {hour}:00" if hour is not None else "")


def _show(found: "Productivity") -> None:
    from rich.markup import escape
    from rich.table import Table

    out = console()
    if found.whose == "sample":
        out.print("[yellow]Made-up sample days[/]: nothing of your own was collected yet.")
    if not found.activities:
        out.print("Nothing is known of this time. Begin with `ipse collect start`, or `ipse collect sample`.")
    else:
        table = Table("activity", "", "share", "sure", title=_span(found), title_justify="left")
        for one in found.activities:
            sure = "by rule" if one.sure is None else f"{one.sure:.0%}"
            name = escape(one.category) + (" [green]focus[/]" if one.focus else "")
            table.add_row(name, length(one.seconds), f"{one.share:.0%}", sure)
        out.print(table)
    for period in found.focus[-SHOWN:]:
        offset = timedelta(minutes=period.tz)
        start, end = (datetime.fromtimestamp(at / 1e6, UTC) + offset for at in (period.start, period.end))
        times = f"{DAYS[start.weekday()]} {start:%m-%d %H:%M} to {end:%H:%M}"
        broken = f", interrupted {period.interruptions}×" if period.interruptions else ""
        out.print(f"Focus {times}: {length(period.seconds)} of {period.category}{broken}", markup=False)
    best = sorted((one for one in found.best_hours if one.best), key=lambda one: -one.mean)
    for hour in best[:SHOWN]:
        told = f"{DAYS[hour.weekday]} {hour.hour:02}:00"
        low, high = (length(one) for one in (hour.low, hour.high))
        out.print(
            f"Best hour {told}: {length(hour.mean)} of focus (90 %: {low} to {high}; {hour.weeks} weeks)"
        )
    for note in found.notes:
        out.print(note, markup=False, soft_wrap=True)
    for asked in found.questions[:3]:
        name = f"{asked.app} ({asked.shown})" if asked.shown not in ("", "other") else asked.app
        guess = f"maybe {asked.guess}" if asked.guess != "unknown" else "unknown"
        out.print(
            f"What is {name} for ({length(asked.seconds)}, {guess})? "
            f"ipse productivity correct {asked.app} CATEGORY",
            markup=False,
            soft_wrap=True,
        )


def _span(found: "Productivity") -> str:
    start, end = (datetime.fromtimestamp(at / 1e6, UTC) for at in (found.since, found.until))
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"


def length(seconds: float) -> str:
    """Hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
