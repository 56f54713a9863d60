"""How figures are written on the page: tables, values with their intervals, beside what was asked for."""

from collections.abc import Sequence

from ipse.scorecard import Figure
from ipse.scorecard.plots import shown
from ipse.scorecard.results import Unit

__all__ = ["between", "held_to", "kept_below", "table", "times"]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown; each row as long as the head."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def between(figure: Figure, unit: Unit) -> str:
    """A value with its interval, where it has one."""
    if figure.low is None or figure.high is None:
        return shown(figure.value, unit)
    return f"{shown(figure.value, unit)} [{shown(figure.low, unit)}, {shown(figure.high, unit)}]"


def times(figure: Figure) -> str:
    """How many times something: a ratio with its interval."""
    if figure.low is None or figure.high is None:
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"


def held_to(figure: Figure, bar: float) -> str:
    """Whether a figure reaches what was asked for, and whether its interval does."""
    if figure.value < bar:
        reaches = figure.high is not None and figure.high >= bar
        return "**not met**" + (", but the interval reaches it" if reaches else "")
    if figure.low is None:
        return "met, without an interval"
    return "met" if figure.low >= bar else "met by the value; the interval reaches below"


def kept_below(value: float, bar: float) -> str:
    """Whether what was to be less is."""
    return "met" if value < bar else "**not met**"
