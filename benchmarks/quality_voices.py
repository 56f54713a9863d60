"""One voice on the page: its cards side by side, their gates, checks and seconds."""

from collections.abc import Iterator, Sequence

from ipse.scorecard import Figure, Gate, Row, Scorecard
from ipse.scorecard.plots import shown
from ipse.scorecard.results import ECHO, WRONG
from quality_cards import Leaky, Outcome  # type: ignore[import-not-found]
from quality_order import order_table  # type: ignore[import-not-found]
from quality_text import between, table  # type: ignore[import-not-found]

__all__ = ["METRICS", "leaked", "metric", "verdict", "voice_tables"]

METRICS = ("1", "2", "3", "4", "5a", "5b", "6", "7", "8", "9", "12")

UNTOLD = "–"  # of cards made before what a leaky clone read was told


def voice_tables(several: Sequence[Outcome]) -> Iterator[str]:
    """The section of a voice: one column a person."""
    yield table(
        ["person", "pairs (T / J / E)", "verdict"],
        [[one.person + ": " + one.told, _sizes(one), verdict(one.card)] for one in several],
    )
    yield from _metrics(several)
    yield from order_table(several)
    yield "### What it amounts to, as a share of yourself\n"
    yield table(
        ["figure (asked for)", *(one.person for one in several)],
        [
            [
                f"{each.name} (> {100 * each.target:.0f} %)",
                *(_product(one.card, each.name) for one in several),
            ]
            for each in several[0].card.products
        ],
    )
    yield "In brackets behind the figure: its interval, and the same for a random own reply.\n"
    yield from _leaks(several)
    yield "### Self-checks\n"
    checks = [
        [check.name, *(_check(one.card, check.name) for one in several)]
        for check in several[0].card.self_checks
    ]
    yield table(["check", *(one.person for one in several)], checks)
    yield "### Seconds of processor\n"
    names = list(several[0].seconds)
    yield table(
        ["person", *names, "peak memory"],
        [
            [one.person, *(f"{one.seconds.get(name, 0):.0f}" for name in names), f"{one.megabytes:,.0f} MB"]
            for one in several
        ],
    )
    yield (
        "*prepare* reads the archive and freezes the dataset; *judge* makes the wrong authors' clones and "
        "the card. *peak memory* is that of the process that made the card and of the largest beside it.\n"
    )


def _metrics(several: Sequence[Outcome]) -> Iterator[str]:
    """Each metric; below the seventh what the last message scores there, said again."""
    yield "### Metrics: the clone, a wrong author's clone → yourself\n"
    rows = []
    for id_ in METRICS:
        rows.append([f"{id_} {_name(several, id_)}", *(metric(_row(one.card, id_)) for one in several)])
        if id_ == "7":
            rows.append(
                ["7 by the last message said again", *(_echo(_row(one.card, id_)) for one in several)]
            )
    yield table(["metric", *(one.person for one in several)], rows)
    both = [
        (one.person, row.value, row.baselines[ECHO].value)
        for one in several
        if (row := _row(one.card, "7")) and row.value is not None and ECHO in row.baselines
    ]
    if both:
        more = [person for person, own, echo in both if echo > own]
        yield (
            "Whoever says the last message again shares words with its answer and says nothing: on metric "
            f"7 that scores above the clone, by the value, for {len(more)} of "
            f"{len(both)}{': ' + ', '.join(more) if more else ''}.\n"
        )


def _echo(row: Row | None) -> str:
    echo = row.baselines.get(ECHO) if row is not None and row.value is not None else None
    return "–" if row is None or echo is None else between(echo, row.unit)


def _leaks(several: Sequence[Outcome]) -> Iterator[str]:
    """The gates, the answers looked through, and the clone that was made leaky."""
    yield "### Leak gates\n"
    gates = [
        [f"{gate.id} {gate.name}", *(_gate(one.card, gate.id) for one in several)]
        for gate in several[0].card.gates
    ]
    gates += [
        [
            "answers with an identifier of the archive that a recognizer finds",
            *(f"{one.personal} of {one.generations:,}" for one in several),
        ],
        ["answers with one that stood nowhere in it", *(f"{one.made_up}" for one in several)],
        ["a leaky clone, made without the gate (10c, 10d)", *(_caught(one.leaky) for one in several)],
    ]
    read = [_read(one.leaky) for one in several]
    told = any(one != UNTOLD for one in read)
    if told:
        gates.append(["what it read", *read])
    yield table(["gate", *(one.person for one in several)], gates)
    partly = f" {UNTOLD}: it read no more than a training on a processor does, and not 20 times."
    yield (
        "Personal data is counted here (10b, and the answers looked through) as far as recognizers see it: "
        "by pattern, such as numbers, addresses and links. Names of people are not counted: they stay as "
        "they are in these public archives, for only a vault's roster knows them. Each of ten secrets "
        "stood in four examples of what the leaky clone read; 10c: how many of 200 probes brought one out, "
        f"10d: bits of exposure, of 10.{partly if told and UNTOLD in read else ''}\n"
    )


def _caught(leaky: Leaky | tuple[Gate, ...]) -> str:
    """Each gate's word on a leaky clone, with what it found."""
    told = []
    for gate in leaked(leaky):
        found = f"{gate.figure.value:.1f}" if gate.figure else f"{gate.found} of {gate.answers}"
        told.append(f"{'**caught**' if gate.passed is False else 'missed'} ({found})")
    return ", ".join(told)


def leaked(leaky: Leaky | tuple[Gate, ...]) -> tuple[Gate, ...]:
    """The gates, of a card of either age."""
    return leaky.gates if isinstance(leaky, Leaky) else leaky


def _read(leaky: Leaky | tuple[Gate, ...]) -> str:
    if not isinstance(leaky, Leaky):
        return UNTOLD
    epochs = "once" if leaky.epochs == 1 else f"{leaky.epochs:.3g} times"
    return f"{leaky.examples:,} examples, {epochs}"


def _sizes(one: Outcome) -> str:
    sizes = list(one.card.sizes.values())
    return f"{one.pairs:,} ({sizes[0]:,} / {sizes[1]:,} / {sizes[2]:,} answered)"


def verdict(card: Scorecard) -> str:
    """Promoted or not, and why not."""
    told = "void" if card.void else "promoted" if card.promotable else "not promoted"
    return told if card.promotable else f"{told}: {' '.join(card.reasons)}"


def _row(card: Scorecard, id_: str) -> Row | None:
    return next((row for row in card.rows if row.id == id_), None)


def _name(several: Sequence[Outcome], id_: str) -> str:
    row = _row(several[0].card, id_)
    return row.name.partition(" (")[0] if row else ""


def metric(row: Row | None) -> str:
    """The clone's value with its interval, a wrong author's, yours, and how it stands."""
    if row is None or row.value is None:
        return f"not measured: {row.note}" if row else "–"
    told = f"**{between(Figure(row.value, row.low, row.high), row.unit)}**"
    wrong = row.baselines.get(WRONG)
    if wrong is not None:
        told += f", {shown(wrong.value, row.unit)}"
    if row.ceiling is not None:
        told += f" → {shown(row.ceiling.value, row.unit)}"
    return told if row.verdict == "measured" else f"{told}: {row.verdict}"


def _product(card: Scorecard, name: str) -> str:
    each = next((each for each in card.products if each.name == name), None)
    if each is None or each.figure is None:
        return "not measured"
    value, _, interval = between(each.figure, "share").partition(" [")
    told = f"**{value}**" + (f" [{interval}" if interval else "")
    return told + (f" ({shown(each.floor.value, 'share')})" if each.floor else "")


def _gate(card: Scorecard, id_: str) -> str:
    gate = next((gate for gate in card.gates if gate.id == id_), None)
    if gate is None:
        return "–"
    state = {True: "green", False: "**red**", None: "not tried"}[gate.passed]
    state = state if gate.applies else "no gate"
    if gate.figure is not None:
        return f"{state}, {gate.figure.value:.2f}"
    return f"{state}, {gate.found} of {gate.answers}"


def _check(card: Scorecard, name: str) -> str:
    check = next((check for check in card.self_checks if check.name == name), None)
    if check is None:
        return "–"
    state = {True: "holds", False: "**fails**", None: "not made"}[check.passed]
    return f"{state} ({check.figure.value:.2f})" if check.figure else state
