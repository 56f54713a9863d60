"""Does a card order yourself ≥ own clone > wrong author's clone > base model? Step by step."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import msgspec

from ipse.scorecard import Figure, Row, Scorecard
from ipse.scorecard.results import BASE, BEFORE, WRONG
from quality_cards import Outcome  # type: ignore[import-not-found]
from quality_text import between, table  # type: ignore[import-not-found]

__all__ = ["ORDER", "Step", "asked", "found", "order_table", "state", "steps", "told"]

ORDER = ("1", "2", "6")
ABOVE = "It does not sound more like you than you do"  # the card's own check of the first step, paired
BY_VALUE = "above yourself by the value alone"
NOT_BEFORE = "above your text of the test, not above what you wrote before"
MORE = {
    "1": "sounds more like you than",
    "2": "writes nearer to you than",
    "6": "gains more on your text than",
}
WHO = {"own": "your clone", "wrong": "a wrong author’s clone", "base": "the base model"}
STATES = {
    "holds": "holds",
    "fails": "does not hold",
    "cannot tell": "cannot be told",
    "not measured": "was not measured",
}

State = Literal["holds", "fails", "cannot tell", "not measured"]


class Step(msgspec.Struct, frozen=True):
    """One step of the order, and why it stands as it does: its figures where they do not speak for it."""

    name: str
    state: State
    why: str = ""
    above: str = ""  # how the clone's value is above yours where the step holds all the same


def steps(card: Scorecard, id_: str) -> tuple[Step, ...]:
    """The steps that a metric of a card has; one that was not measured has one, which says so."""
    row = next((row for row in card.rows if row.id == id_), None)
    if row is None or row.value is None:
        return (Step("", "not measured", row.note if row else "There is no such row."),)
    return tuple(_steps(card, row, Figure(row.value, row.low, row.high)))


def _steps(card: Scorecard, row: Row, own: Figure) -> Iterator[Step]:
    if row.ceiling is not None:
        yield _first(card, row, own, row.ceiling)
    line = {"own": own, "wrong": row.baselines.get(WRONG), "base": row.baselines.get(BASE)}
    there = [(name, figure) for name, figure in line.items() if figure is not None]
    for (one, more), (other, less) in pairwise(there):
        yield _step(row, (one, more), (other, less))


def _first(card: Scorecard, row: Row, own: Figure, yourself: Figure) -> Step:
    """Not above yourself beyond the interval. The card pairs the two of metric 1, which tells more.

    Yourself is your text of the test or, on metric 1, what you wrote before, whichever the judge takes for
    you more: that is where the clone's words are from.
    """
    name, higher = "yourself ≥ own", row.higher_is_better
    before = row.baselines.get(BEFORE)
    figures = f"own {between(own, row.unit)}, yourself {between(yourself, row.unit)}"
    figures += f", before {between(before, row.unit)}" if before else ""
    highest = before if before and _better(before, yourself, higher=higher) else yourself
    check = next((each for each in card.self_checks if each.name == ABOVE), None) if row.id == "1" else None
    if _apart(own, highest, higher=higher) or (check is not None and check.passed is False):
        paired = f"; paired, {between(check.figure, row.unit)} more" if check and check.figure else ""
        return Step(name, "fails", figures + paired)
    if own.low is None or yourself.low is None:
        return Step(name, "cannot tell", f"{figures}; there are no intervals")
    if _better(own, highest, higher=higher):
        return Step(name, "holds", f"above by its value, but cannot be told above: {figures}", BY_VALUE)
    if _better(own, yourself, higher=higher):
        return Step(name, "holds", f"{NOT_BEFORE}: {figures}", NOT_BEFORE)
    return Step(name, "holds")


def _step(row: Row, more: tuple[str, Figure], less: tuple[str, Figure]) -> Step:
    higher = row.higher_is_better
    name = f"{more[0]} > {less[0]}"
    if _apart(more[1], less[1], higher=higher):
        return Step(name, "holds")
    why = ", ".join(f"{who} {between(figure, row.unit)}" for who, figure in (more, less))
    reverse = f"{WHO[less[0]]} {MORE.get(row.id, 'does better than')} {WHO[more[0]]}"
    if _apart(less[1], more[1], higher=higher):
        return Step(name, "fails", f"{why}: {reverse}")
    turned = f"{reverse} by its value, and " if _better(less[1], more[1], higher=higher) else ""
    none = more[1].low is None or less[1].low is None
    return Step(
        name, "cannot tell", f"{why}: {turned}{'there are no intervals' if none else 'the intervals meet'}"
    )


def state(card: Scorecard, id_: str) -> State:
    """The order as a whole: it holds where every step does."""
    states = [step.state for step in steps(card, id_)]
    return next(each for each in ("not measured", "fails", "cannot tell", "holds") if each in states)


def told(card: Scorecard, id_: str) -> str:
    """The cell of the table."""
    out = []
    for step in steps(card, id_):
        if step.state == "not measured":
            return f"not measured: {step.why}"
        word = "**fails**" if step.state == "fails" else step.state
        out.append(f"{step.name} {word}" + (f" ({step.why})" if step.why else ""))
    return "; ".join(out)


def asked(several: Sequence[Outcome], id_: str) -> str:
    """The order that was asked for, as far as this voice and metric have those who stand in it."""
    rows = [row for one in several for row in one.card.rows if row.id == id_ and row.value is not None]
    line = ["yourself ≥ own clone"] if any(row.ceiling for row in rows) else ["own clone"]
    line += ["wrong author"] + (["base"] if any(BASE in row.baselines for row in rows) else [])
    lacks = [] if line[0].startswith("yourself") or not rows else ["it has no ceiling"]
    lacks += [] if line[-1] == "base" or not rows else ["this voice has no base model"]
    return f"{' > '.join(line)} on metric {id_}" + (f" ({', '.join(lacks)})" if lacks else "")


def found(several: Sequence[Outcome], id_: str) -> str:
    """For whom the order holds, for whom not and at which step, for whom it cannot be told."""
    groups: dict[str, list[str]] = {each: [] for each in STATES}
    reasons: dict[str, None] = {}
    for one in several:
        each = state(one.card, id_)
        at = [step for step in steps(one.card, id_) if step.state == each and each != "holds"]
        names = " and ".join(step.name for step in at if step.name)
        groups[each].append(f"{one.person}: {names}" if names else one.person)
        reasons |= {step.why: None for step in at if each == "not measured"}
    lines = [
        f"{words} for {len(groups[each])} ({', '.join(groups[each])})"
        + (f": {' '.join(reasons).rstrip('.')}" if each == "not measured" else "")
        for each, words in STATES.items()
        if groups[each]
    ]
    for how in (BY_VALUE, NOT_BEFORE):
        above = [one.person for one in several if any(step.above == how for step in steps(one.card, id_))]
        lines += [f"{how}: {', '.join(above)}"] if above else []
    void = [one.person for one in several if one.card.void and state(one.card, id_) != "not measured"]
    if void:
        lines.append(f"void, so not to be relied on: {', '.join(void)}")
    return "; ".join(lines)


def order_table(several: Sequence[Outcome]) -> Iterator[str]:
    """The steps of every person, and what each word means."""
    based = any(BASE in row.baselines for one in several for row in one.card.rows)
    base = " > base" if based else ""
    yield f"### Does the card order: yourself ≥ own clone > wrong author's clone{base}?\n"
    label: Mapping[str, str] = {"6": "6 (no ceiling: there is no model that is you)"}
    rows = [[label.get(id_, id_), *(told(one.card, id_) for one in several)] for id_ in ORDER]
    yield table(["metric", *(one.person for one in several)], rows)
    last = "" if based else " This voice has no base model, so the order ends with the wrong author."
    yield (
        "*yourself ≥ own* holds where the clone does not come out above your own held-out text by the "
        "whole interval; on metric 1, above that or your text of before, whichever the judge takes for you "
        "more, by the interval of the difference. Where its value is above yours and the interval does not "
        "tell, that is said. Every other step holds where the two intervals lie "
        "apart in this order, fails where they lie apart the other way round, and cannot be told where "
        f"they meet.{last}\n"
    )


def _better(one: Figure, other: Figure, *, higher: bool) -> bool:
    return one.value > other.value if higher else one.value < other.value


def _apart(more: Figure, less: Figure, *, higher: bool) -> bool:
    """Whether the first is better with its whole interval than the second with its own."""
    if more.low is None or more.high is None or less.low is None or less.high is None:
        return False
    return more.low > less.high if higher else more.high < less.low
