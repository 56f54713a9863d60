"""A scorecard in the terminal."""

from typing import TYPE_CHECKING

from ipse.cli.console import console

if TYPE_CHECKING:
    from rich.table import Table

    from ipse.scorecard import Row, Scorecard

__all__ = ["print_scorecard"]

COLOURS = {"better": "green", "worse": "red", "cannot tell": "yellow", "not measured": "dim"}


def print_scorecard(card: "Scorecard") -> None:
    """The metrics beside their baselines, then gates, self-checks and whether it has earned to speak."""
    out = console()
    out.print(_metrics(card))
    for each in card.rows:
        if each.primary and each.verdict == "not measured":
            out.print(f"{each.id}: not measured: {each.note}", markup=False)
    for gate in card.gates:
        state = "[green]green[/]" if gate.passed else "[red]red[/]"
        out.print(f"Gate {gate.id} {state}: {gate.name}: {gate.found} of {gate.answers} answers. {gate.note}")
    for check in card.self_checks:
        state = {True: "holds", False: "[red]fails: the card is void[/]", None: "could not be made"}[
            check.passed
        ]
        out.print(f"Self-check: {check.name}: {state}.")
    verdict = "[green]It has earned to speak.[/]" if card.promotable else "[yellow]It has not earned it.[/]"
    out.print(verdict, " ".join(card.reasons))


def _metrics(card: "Scorecard") -> "Table":
    """Every primary row: the clone with its interval, each baseline, and the owner as the ceiling."""
    from rich.table import Table

    rows = [row for row in card.rows if row.primary and row.verdict != "not measured"]
    names = list(dict.fromkeys(name for row in rows for name in row.baselines))
    shown = Table(title=f"Scorecard of {card.model} on dataset {card.dataset}", title_justify="left")
    shown.add_column("metric", max_width=26)
    for name in ("clone", *names, "yourself", "of the way"):
        shown.add_column(name, justify="right", no_wrap=name == "clone", min_width=6, max_width=17)
    shown.add_column("verdict", no_wrap=True)
    for row in rows:
        told = [_value(row.baselines[name].value if name in row.baselines else None) for name in names]
        ceiling = _value(row.ceiling.value if row.ceiling else None)
        way = f"{row.headline.value:.0%}" if row.headline else "–"
        verdict = f"[{COLOURS[row.verdict]}]{row.verdict}[/]"
        shown.add_row(f"{row.id.split()[0]} {row.name}", _interval(row), *told, ceiling, way, verdict)
    return shown


def _value(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _interval(row: "Row") -> str:
    if row.low is None or row.high is None:
        return _value(row.value)
    return f"{_value(row.value)} [{_value(row.low)}, {_value(row.high)}]"
