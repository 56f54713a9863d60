"""A scorecard, and a comparison of models, in a terminal of a hundred columns."""

from typing import TYPE_CHECKING

from ipse.cli.console import console

if TYPE_CHECKING:
    from rich.table import Table

    from ipse.scorecard import Comparison, Gate, Human, Row, Scorecard

__all__ = ["human_line", "print_comparison", "print_scorecard"]

COLOURS = {
    "better": "green", "worse": "red", "cannot tell": "yellow", "measured": "default", "not measured": "dim",
}  # fmt: skip
WIDTH = 100


def print_scorecard(card: "Scorecard") -> None:
    """The metrics beside their baselines, then product figures, gates, self-checks and the verdict."""
    out = console()
    out.print(_metrics(card), width=WIDTH)
    out.print(_products(card), width=WIDTH)
    if card.rounds > 1:
        out.print(
            f"Few pairs: measured over {card.rounds} rounds, in each of which the method was taught anew, on "
            "more, and answered what came next.", width=WIDTH,
        )  # fmt: skip
    missing = [each for each in card.rows if each.primary and each.verdict == "not measured"]
    for each in missing:
        out.print(f"[dim]{each.id} {each.name}: not measured.[/]", each.note, width=WIDTH, markup=True)
    for gate in card.gates:
        out.print(_gate(gate), width=WIDTH)
    for check in card.self_checks:
        state = {True: "[green]holds[/]", False: "[red]fails: the card is void[/]", None: "[dim]not made[/]"}
        out.print(f"Check  {state[check.passed]}  {check.name}", width=WIDTH)
    for human in card.humans:
        out.print(human_line(human), width=WIDTH, markup=False)
    if card.forced is not None:
        out.print(f"[yellow]Forced to speak[/] on {card.forced.at:%Y-%m-%d}, against its card.", width=WIDTH)
    verdict = "[green]It has earned to speak.[/]" if card.promotable else "[yellow]It has not earned it.[/]"
    out.print(verdict, " ".join(card.reasons), width=WIDTH)


def human_line(human: "Human") -> str:
    """A blind test in one line."""
    figure = human.figure
    low, high = (f"{100 * (end or 0):.0f}" for end in (figure.low, figure.high))
    told = f"Blind  {human.judge} named the real reply in {human.right} of {human.pairs} pairs: "
    told += f"{100 * figure.value:.0f} % [{low}, {high}]"
    chance = figure.low is not None and figure.high is not None and figure.low <= 0.5 <= figure.high
    return f"{told}, {'which may be chance' if chance else 'which is not chance'}."


def print_comparison(compared: "Comparison") -> None:
    """Each metric over the models, and who is better where that can be told."""
    from rich.table import Table

    out = console()
    held = f"{compared.contexts} held-out messages of {compared.conversations} conversations"
    shown = Table(title=f"{', '.join(compared.models)} on {held}", title_justify="left")
    shown.add_column("metric", max_width=28)
    for name in (*compared.models, "yourself"):
        shown.add_column(name, justify="right")
    shown.add_column("better")
    for row in compared.rows:
        if not row.figures:
            continue
        told = [_value(row.figures[n].value if n in row.figures else None) for n in compared.models]
        own = _value(row.figures["yourself"].value if "yourself" in row.figures else None)
        better = ", ".join(
            f"{each.better} than {each.other if each.better == each.one else each.one}"
            for each in row.differences
            if each.better
        )
        shown.add_row(f"{row.id} {row.name}", *told, own, better or "[yellow]cannot tell[/]")
    out.print(shown, width=WIDTH)
    for row in compared.rows:
        if not row.figures:
            out.print(f"[dim]{row.id} {row.name}: not measured.[/] {row.note}", width=WIDTH)


def _metrics(card: "Scorecard") -> "Table":
    """Every primary row: the clone with its interval, who it must beat, and the owner as the ceiling."""
    from rich import box
    from rich.table import Table

    rows = [row for row in card.rows if row.primary and row.verdict != "not measured"]
    title = f"Scorecard of {card.model} on dataset {card.dataset}"
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("", justify="right", no_wrap=True)
    shown.add_column("metric", max_width=32)
    shown.add_column("clone", justify="right", no_wrap=True)
    for name in ("wrong author", "random own", "yourself", "of the way"):
        shown.add_column(name, justify="right", max_width=8)
    shown.add_column("verdict", max_width=11)
    for row in rows:
        told = [_value(row.baselines[n].value if n in row.baselines else None) for n in _BESIDE]
        ceiling = _value(row.ceiling.value if row.ceiling else None)
        way = f"{row.headline.value:.0%}" if row.headline else "–"
        verdict = f"[{COLOURS[row.verdict]}]{row.verdict}[/]"
        name = row.name.partition(" (")[0]
        shown.add_row(row.id.split()[0], name, _interval(row), *told, ceiling, way, verdict)
    return shown


_BESIDE = ("wrong author", "random own reply")


def _products(card: "Scorecard") -> "Table":
    from rich import box
    from rich.table import Table

    title = "What it amounts to, as a share of yourself"
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("figure", "share", "asked", "random own", "reached"):
        shown.add_column(name, justify="left" if name == "figure" else "right")
    for each in card.products:
        reached = {True: "[green]yes[/]", False: "[red]no[/]", None: "[yellow]cannot tell[/]"}[each.met]
        figure, floor = each.figure, f"{100 * each.floor.value:.0f} %" if each.floor else "–"
        told = "not measured" if figure is None else f"{100 * figure.value:.0f} %"
        if figure is not None and figure.low is not None and figure.high is not None:
            told += f" [{100 * figure.low:.0f}, {100 * figure.high:.0f}]"
        shown.add_row(each.name, told, f"> {100 * each.target:.0f} %", floor, reached if figure else "–")
    return shown


def _gate(gate: "Gate") -> str:
    from ipse.scorecard import told_of

    state = {True: "[green]green[/]", False: "[red]red[/]", None: "[yellow]not tried[/]"}[gate.passed]
    state = state if gate.applies else "[dim]no gate here[/]"
    return f"Gate   {gate.id} {state}  {gate.name}: {told_of(gate)}"


def _value(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _interval(row: "Row") -> str:
    if row.low is None or row.high is None:
        return _value(row.value)
    return f"{_value(row.value)} [{_value(row.low)}, {_value(row.high)}]"
