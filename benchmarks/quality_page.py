"""The page of figures that ``quality.py`` writes: from cards to Markdown. Knows no person and no vault."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ipse.scorecard import Compared, Comparison, Figure, Gate, Row, Scorecard
from ipse.scorecard.acts import ACTS
from ipse.scorecard.plots import shown
from ipse.scorecard.results import Unit

__all__ = ["Beside", "Leaky", "Outcome", "page"]

HEAD = """# Quality: clones of real people

Written by `benchmarks/quality.py` from cards that it made; nothing here is typed in. Five people of public
archives can be judged (two of a chat of mathematicians, one who helps with Ubuntu on IRC, a press secretary,
an author of a mailing list); those judged so far stand in the first table. None of their text trains the base
models that come with ipse. Personal data was replaced as the recognizers
find it before anything was learned. Each clone learned the oldest 60 % and is judged on the latest 20 %;
intervals are 95 %, by conversation. [What the figures mean](../guides/scorecard.md).
"""
ORDER = ("1", "2", "6")
METRICS = ("1", "2", "3", "4", "5a", "5b", "6", "7", "8", "9", "12")

UNTOLD = "–"  # of cards made before what a leaky clone read was told


class Leaky(msgspec.Struct, frozen=True, kw_only=True):
    """What gates 10c and 10d say of a clone that was made leaky on purpose, and how it was."""

    person: str
    voice: str
    gates: tuple[Gate, ...]
    examples: int  # that it read, those that hold secrets among them
    epochs: float
    tokens: int  # read in all; 0: not counted
    seconds: dict[str, float]  # of processor: train, judge


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One person and one voice: the card and what stands beside it."""

    person: str
    told: str
    voice: str
    pairs: int
    card: Scorecard
    leaky: Leaky | tuple[Gate, ...]  # the gates alone, of cards made before it was told what it read
    generations: int
    personal: int
    made_up: int = 0  # answers with something like personal data that stood nowhere in the archive
    seconds: dict[str, float]  # of processor: prepare, train, judge
    megabytes: float
    labels: tuple[tuple[str, str], ...] = ()  # acts by hand and by rule


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """One person's ensemble and each of its two voices alone, on the same contexts."""

    person: str
    told: str
    comparison: Comparison
    report: dict[str, float]
    seconds: dict[str, float]  # of processor: prepare, train, judge


def page(found: Sequence[Outcome], together: Sequence[Beside] = ()) -> str:
    """Markdown of all outcomes, one section a voice, then of voices beside each other."""
    parts = [HEAD, *_summary(found, together)]
    for voice in dict.fromkeys(one.voice for one in found):
        several = [one for one in found if one.voice == voice]
        parts += [f"## The voice `{voice}`\n", *_tables(several)]
    parts += [*_together(together), _acts(found)]
    return "\n".join(parts)


def _summary(found: Sequence[Outcome], together: Sequence[Beside]) -> Iterator[str]:
    """What was asked for, and what was found, one line each."""
    yield "## What was asked for\n"
    rows = []
    for voice in dict.fromkeys(one.voice for one in found):
        several = [one for one in found if one.voice == voice]
        for id_ in ORDER:
            order = Counter(_ordered(one.card, id_) for one in several)
            if set(order) != {"cannot"}:
                asked = f"`{voice}`: yourself ≥ own clone > wrong author > base on metric {id_}"
                rows.append([asked, ", ".join(f"{name} for {n}" for name, n in sorted(order.items()))])
        planted = sum(gate.found or 0 for one in several for gate in one.card.gates if gate.id == "10c")
        probes = sum(gate.answers for one in several for gate in one.card.gates if gate.id == "10c")
        answers = sum(one.generations for one in several)
        caught = sum(any(gate.passed is False for gate in _leaked(one.leaky)) for one in several)
        personal = sum(one.personal for one in several)
        made_up = sum(one.made_up for one in several)
        told = f"{planted} of {probes:,} probes, {personal} of {answers:,} answers"
        told += f" (and {made_up} with what stood nowhere)" if made_up else ""
        asked = f"`{voice}`: no planted secret, no personal data of others; a leaky clone is caught"
        rows.append([asked, f"{told}; {caught} of {len(several)} caught"])
    for voice in ("lora", "ensemble"):
        better = [one.person for one in together if _lifts(one.comparison, voice)]
        if together:
            asked = f"`{voice}` says more of what you said than retrieval alone (7), without losing metric 1"
            names = f": {', '.join(better)}" if better else ""
            rows.append([asked, f"{len(better)} of {len(together)} people{names}"])
    yield _table(["asked for", "found"], rows)


def _ordered(card: Scorecard, id_: str) -> str:
    told = _order(card, id_)
    if told.startswith("cannot") or "there is none" in told.split(";")[0]:
        return "cannot"
    return "does not hold" if "**fails**" in told else "cannot be told" if "cannot tell" in told else "holds"


def _lifts(comparison: Comparison, voice: str) -> bool:
    """Better than retrieval on metric 7, and not worse on metric 1, both by the paired difference."""
    verdicts = {
        row.id: {each.better for each in row.differences if {each.one, each.other} == {voice, "retrieval"}}
        for row in comparison.rows
        if row.id in ("1", "7")
    }
    return voice in verdicts.get("7", set()) and "retrieval" not in verdicts.get("1", set())


def _tables(several: Sequence[Outcome]) -> Iterator[str]:
    yield _table(
        ["person", "pairs (T / J / E)", "verdict"],
        [[one.person + ": " + one.told, _sizes(one), _verdict(one.card)] for one in several],
    )
    yield "### Metrics: the clone, a wrong author's clone → yourself\n"
    yield _table(
        ["metric", *(one.person for one in several)],
        [
            [f"{id_} {_name(several, id_)}", *(_metric(_row(one.card, id_)) for one in several)]
            for id_ in METRICS
        ],
    )
    yield "### Does the card order: yourself ≥ own clone > wrong author's clone > base?\n"
    rows = [[id_, *(_order(one.card, id_) for one in several)] for id_ in ORDER]
    yield _table(["metric", *(one.person for one in several)], rows)
    yield (
        "*holds*: with intervals apart. A voice without a likelihood has no base model, so its last step "
        "cannot be tried.\n"
    )
    yield "### What it amounts to, as a share of yourself\n"
    yield _table(
        ["figure (asked for)", *(one.person for one in several)],
        [
            [f"{each.name} (> {100 * each.target:.0f} %)", *(_product(one.card, n) for one in several)]
            for n, each in enumerate(several[0].card.products)
        ],
    )
    yield "In brackets behind the figure: its interval, and the same for a random own reply.\n"
    yield "### Leak gates\n"
    gates = [
        [gate.id + " " + gate.name, *(_gate(one.card, n) for one in several)] for n, gate in _gates(several)
    ]
    gates += [
        ["personal data in so many answers", *(f"{o.personal} of {o.generations:,}" for o in several)],
        ["what looks like it and stood nowhere", *(f"{o.made_up}" for o in several)],
    ]
    gates.append(["a leaky clone, made without the gate (10c, 10d)", *(_caught(o.leaky) for o in several)])
    read = [_read(one.leaky) for one in several]
    told = any(one != UNTOLD for one in read)
    if told:
        gates.append(["what it read", *read])
    yield _table(["gate", *(one.person for one in several)], gates)
    partly = f" {UNTOLD}: it read no more than a training on a processor does, and not 20 times."
    yield (
        "Each of ten secrets stood in four examples of what the leaky clone read; 10c: how many of 200 "
        f"probes brought one out, 10d: bits of exposure, of 10.{partly if told and UNTOLD in read else ''}\n"
    )
    yield "### Self-checks\n"
    checks = [
        [check.name, *(_check(one.card, n) for one in several)]
        for n, check in enumerate(several[0].card.self_checks)
    ]
    yield _table(["check", *(one.person for one in several)], checks)
    yield "### Seconds of processor\n"
    names = list(several[0].seconds)
    yield _table(
        ["person", *names, "peak memory"],
        [
            [one.person, *(f"{one.seconds[name]:.0f}" for name in names), f"{one.megabytes:,.0f} MB"]
            for one in several
        ],
    )
    yield (
        "*prepare* reads the archive and freezes the dataset; *judge* makes the wrong authors' clones and "
        "the card.\n"
    )


def _caught(leaky: Leaky | tuple[Gate, ...]) -> str:
    """Each gate's word on a leaky clone, with what it found."""
    told = []
    for gate in _leaked(leaky):
        found = f"{gate.figure.value:.1f}" if gate.figure else f"{gate.found} of {gate.answers}"
        told.append(f"{'**caught**' if gate.passed is False else 'missed'} ({found})")
    return ", ".join(told)


def _leaked(leaky: Leaky | tuple[Gate, ...]) -> tuple[Gate, ...]:
    return leaky.gates if isinstance(leaky, Leaky) else leaky


def _read(leaky: Leaky | tuple[Gate, ...]) -> str:
    if not isinstance(leaky, Leaky):
        return UNTOLD
    epochs = "once" if leaky.epochs == 1 else f"{leaky.epochs:.3g} times"
    return f"{leaky.examples:,} examples, {epochs}"


def _together(together: Sequence[Beside]) -> Iterator[str]:
    if not together:
        return
    yield "## Do an adapter and the ensemble beat retrieval?\n"
    yield (
        "On the same contexts, with the same training pairs; the difference to retrieval is paired by "
        "context, and *better* or *worse* stands where it is told apart after Holm's correction over all "
        "pairs and metrics.\n"
    )
    names = together[0].comparison.models
    rows = []
    for one in together:
        for id_ in ("7", "1", "5b"):
            row = next(row for row in one.comparison.rows if row.id == id_)
            cells = [_beside_cell(row, name) for name in names]
            rows.append([one.person, f"{row.id} {row.name}", *cells])
    yield _table(["person", "metric", *names], rows)
    yield _table(
        ["person", "contexts", "what the ensemble weighs, learned on held-out contexts"],
        [[one.person, str(one.comparison.contexts), _weights(one.report)] for one in together],
    )


def _beside_cell(row: Compared, name: str) -> str:
    if name not in row.figures:
        return "–"
    told = _between(row.figures[name], row.unit)
    for each in row.differences:
        if {each.one, each.other} == {name, "retrieval"}:
            sign = 1 if each.one == name else -1
            gain = shown(sign * each.figure.value, row.unit)
            verdict = {"": "cannot tell", name: "better"}.get(each.better, "worse")
            return f"**{told}**: {gain}, {verdict}"
    return f"**{told}**"


def _weights(report: Mapping[str, float]) -> str:
    found = {name: value for name, value in report.items() if name.startswith("weight of ")}
    return ", ".join(f"{name.removeprefix('weight of ')} {value:.3f}" for name, value in found.items())


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def _sizes(one: Outcome) -> str:
    sizes = list(one.card.sizes.values())
    return f"{one.pairs:,} ({sizes[0]:,} / {sizes[1]:,} / {sizes[2]:,} answered)"


def _verdict(card: Scorecard) -> str:
    told = "void" if card.void else "promoted" if card.promotable else "not promoted"
    return told if card.promotable else f"{told}: {' '.join(card.reasons)}"


def _row(card: Scorecard, id_: str) -> Row | None:
    return next((row for row in card.rows if row.id == id_), None)


def _name(several: Sequence[Outcome], id_: str) -> str:
    row = _row(several[0].card, id_)
    return row.name.partition(" (")[0] if row else ""


def _figure(figure: Figure | None, row: Row) -> str:
    return "–" if figure is None else _between(figure, row.unit)


def _between(figure: Figure, unit: Unit) -> str:
    if figure.low is None or figure.high is None:
        return shown(figure.value, unit)
    return f"{shown(figure.value, unit)} [{shown(figure.low, unit)}, {shown(figure.high, unit)}]"


def _metric(row: Row | None) -> str:
    if row is None or row.value is None:
        return f"not measured: {row.note}" if row else "–"
    told = f"**{_figure(Figure(row.value, row.low, row.high), row)}**"
    wrong = row.baselines.get("wrong author")
    if wrong is not None:
        told += f", {shown(wrong.value, row.unit)}"
    if row.ceiling is not None:
        told += f" → {shown(row.ceiling.value, row.unit)}"
    return told if row.verdict == "measured" else f"{told}: {row.verdict}"


def _order(card: Scorecard, id_: str) -> str:
    row = _row(card, id_)
    if row is None or row.value is None:
        return f"cannot: {row.note if row else 'no such row'}"
    own = Figure(row.value, row.low, row.high)
    steps = [("own > wrong", own, row.baselines.get("wrong author"))]
    if "base model" in row.baselines:
        steps.append(("wrong > base", steps[0][2] or own, row.baselines["base model"]))
    told = []
    if row.ceiling is not None:
        above = _apart(own, row.ceiling, higher=row.higher_is_better)
        # The card pairs the two of metric 1 by conversation, which tells more than two intervals.
        above |= id_ == "1" and card.self_checks[-1].passed is False
        told.append("yourself ≥ own " + ("**fails**" if above else "holds"))
    for name, more, less in steps:
        if less is None:
            told.append(f"{name} cannot: there is none")
        else:
            apart = _apart(more, less, higher=row.higher_is_better)
            told.append(f"{name} {'holds' if apart else 'cannot tell: the intervals meet'}")
    return "; ".join(told)


def _apart(more: Figure, less: Figure, *, higher: bool) -> bool:
    """Whether the first is better with its whole interval than the second with its own."""
    if more.low is None or more.high is None or less.low is None or less.high is None:
        return False
    return more.low > less.high if higher else more.high < less.low


def _product(card: Scorecard, n: int) -> str:
    each = card.products[n]
    if each.figure is None:
        return "not measured"
    told = f"**{shown(each.figure.value, 'share')}**"
    if each.figure.low is not None:
        told += f" [{shown(each.figure.low, 'share')}, {shown(each.figure.high, 'share')}]"
    return told + (f" ({shown(each.floor.value, 'share')})" if each.floor else "")


def _gates(several: Sequence[Outcome]) -> Iterator[tuple[int, Gate]]:
    yield from enumerate(several[0].card.gates)


def _gate(card: Scorecard, n: int) -> str:
    gate = card.gates[n]
    state = {True: "green", False: "**red**", None: "no gate"}[gate.passed]
    if gate.figure is not None:
        return f"{state}, {gate.figure.value:.2f}"
    return f"{state}, {gate.found} of {gate.answers}"


def _check(card: Scorecard, n: int) -> str:
    check = card.self_checks[n]
    state = {True: "holds", False: "**fails**", None: "not made"}[check.passed]
    return f"{state} ({check.figure.value:.2f})" if check.figure else state


def _acts(found: Sequence[Outcome]) -> str:
    """How often the rules of metric 8 give the label that a person gave."""
    pairs = [pair for one in {one.person: one for one in found}.values() for pair in one.labels]
    if not pairs:
        return ""
    right = Counter(hand for hand, rule in pairs if hand == rule)
    hands, rules = Counter(hand for hand, _ in pairs), Counter(rule for _, rule in pairs)
    f1 = {name: 2 * right[name] / (hands[name] + rules[name]) for name in ACTS if hands[name]}
    each = ", ".join(f"{name} {value:.2f} of {hands[name]}" for name, value in f1.items())
    chance = sum(hands[name] * rules[name] for name in ACTS) / len(pairs) ** 2
    share = right.total() / len(pairs)
    return (
        f"## The rules of metric 8\n\n{len(pairs)} replies of these people were read and labelled, "
        f"without the rules' labels in sight: the rules agree in {100 * share:.0f} % (kappa "
        f"{(share - chance) / (1 - chance):.2f}, mean F1 {sum(f1.values()) / len(f1):.2f}; {each}). Two "
        "patterns were put right after these replies had been read; before, it was 80 %, kappa .57 and F1 "
        ".56. A ceiling of 100 % is beyond what such rules can tell.\n"
    )
