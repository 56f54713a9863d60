"""What stands on the page after the voices: together, without weights, in time, on few words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ipse.scorecard import Compared, Comparison, Row
from ipse.scorecard.acts import ACTS
from ipse.scorecard.plots import shown
from ipse.scorecard.results import RANDOM
from quality_cards import (  # type: ignore[import-not-found]
    Among,
    Beside,
    Cards,
    Few,
    Floors,
    Mean,
    Outcome,
    Speed,
    Timed,
)  # fmt: skip
from quality_text import between, held_to, kept_below, table, times  # type: ignore[import-not-found]
from quality_voices import METRICS, metric, verdict  # type: ignore[import-not-found]

__all__ = ["asked_beside", "sections"]

OTHER_VOICES = ("lora", "ensemble")  # that are held against retrieval alone
# What was asked for.
OVER_BM25, OF_OTHERS, ALL_CANDIDATES = 1.3, 0.6, 100
MANY, BUILT_SECONDS, ANSWER_MS = 100_000, 120, 100
IMPORTED = 25_000
TIME_SECONDS = {"retrieval": 180, "lora": 900}
KINDS = {"own": "own other replies", "of others": "other people's replies"}


def asked_beside(cards: Cards) -> Iterator[list[str]]:
    """Rows of what was asked for and what was found, of whatever there is."""
    for voice in OTHER_VOICES if cards.together else ():
        better = [one.person for one in cards.together if _lifts(one.comparison, voice)]
        asked = f"`{voice}` says more of what you said than retrieval alone (7), without losing metric 1"
        names = f": {', '.join(better)}" if better else ""
        yield [asked, f"{len(better)} of {len(cards.together)} people{names}"]
    own, others = cards.floors.means.get("own"), cards.floors.means.get("of others")
    if own is not None:
        asked = f"no weights: R@1 among {ALL_CANDIDATES} own replies ≥ {OVER_BM25} × BM25, mean of people"
        told = [
            f"{times(ratio)} × {name}: {held_to(ratio, OVER_BM25)}"
            for name, ratio in (
                ("BM25 of texts", own.over_texts),
                ("BM25 of texts and names", own.over_named),
            )
        ]
        yield [asked, "; ".join(told)]
    if others is not None:
        asked = (
            f"no weights: among {ALL_CANDIDATES} of other people's ≥ {100 * OF_OTHERS:.0f} %, mean of people"
        )
        yield [asked, f"{between(others.voice, 'share')}: {held_to(others.voice, OF_OTHERS)}"]
    if cards.floors.speed is not None:
        yield [
            f"no weights: {MANY:,} pairs indexed in < {BUILT_SECONDS} s, p95 of an answer < {ANSWER_MS} ms",
            "; ".join(
                f"{name} {found}: {met}" for name, found, _, met in _speed_rows(cards.floors.speed)[:2]
            ),
        ]
    for one in cards.times:
        yield [
            f"`{one.voice}`: {IMPORTED:,} pairs imported to a scored, promoted clone in time",
            _in_time(one),
        ]
    for few in cards.few:
        yield [
            f"`{few.voice}`: the whole path on {few.answers} reflections, and an honest card",
            _honest(few),
        ]


def sections(cards: Cards) -> Iterator[str]:
    """The sections themselves, each where its figures are there."""
    yield from _together(cards.together)
    yield from _floors(cards.floors)
    yield from _times(cards.times)
    yield from _few(cards.few)
    yield _acts(cards.found)


def _lifts(comparison: Comparison, voice: str) -> bool:
    """Better than retrieval on metric 7, and not worse on metric 1, both by the paired difference."""
    verdicts = {
        row.id: {each.better for each in row.differences if {each.one, each.other} == {voice, "retrieval"}}
        for row in comparison.rows
        if row.id in ("1", "7")
    }
    return voice in verdicts.get("7", set()) and "retrieval" not in verdicts.get("1", set())


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
    yield table(["person", "metric", *names], rows)
    yield table(
        ["person", "contexts", "what the ensemble weighs, learned on held-out contexts"],
        [[one.person, str(one.comparison.contexts), _weights(one.report)] for one in together],
    )


def _beside_cell(row: Compared, name: str) -> str:
    if name not in row.figures:
        return "–"
    told = between(row.figures[name], row.unit)
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


def _floors(floors: Floors) -> Iterator[str]:
    if not floors.people and floors.speed is None:
        return
    yield "## Retrieval without any weights\n"
    for kind, told in KINDS.items() if floors.people else ():
        bar = f"≥ {OVER_BM25} × BM25" if kind == "own" else f"≥ {100 * OF_OTHERS:.0f} %"
        yield f"### The real reply among {told} (R@1; asked for: {bar} as the mean of people)\n"
        rows = [
            [f"{one.person}: {one.told}", f"{one.situations:,}", *_among(one.among[kind])]
            for one in floors.people
            if kind in one.among
        ]
        mean = floors.means.get(kind)
        if mean is not None:
            rows.append([f"**mean of {', '.join(mean.people)}**", "", *_among(mean)])
        head = [
            "person",
            "situations",
            "among",
            "voice",
            "BM25 of texts",
            "×",
            "BM25 of texts and names",
            "×",
        ]
        yield table(head, rows)
    if floors.means:
        yield (
            f"The mean is that of people with {ALL_CANDIDATES} candidates; its × is the ratio of the two "
            "means, and behind it stands the mean of the people's ratios. BM25 stands there in whichever "
            "way of asking does best on this very set, and knows the candidates, which the voice does "
            "not.\n"
        )
    if floors.speed is not None:
        speed = floors.speed
        yield f"### With {speed.pairs:,} pairs\n"
        yield table(["what", "found", "asked for", ""], _speed_rows(speed))
        yield (
            f"By the clock of a machine of {speed.cores} cores; in brackets, of processor. Files of "
            f"{speed.files_mib:.0f} MiB, {speed.memory_gib:.1f} GiB of memory at the peak.\n"
        )


def _among(one: Among | Mean) -> list[str]:
    means = ["", ""]
    if isinstance(one, Mean):
        means = [f"; {one.mean_over_texts:.2f}", f"; {one.mean_over_named:.2f}"]
    return [
        f"{one.candidates}", f"**{between(one.voice, 'share')}**", shown(one.texts.value, "share"),
        times(one.over_texts) + means[0], shown(one.named.value, "share"), times(one.over_named) + means[1],
    ]  # fmt: skip


def _speed_rows(speed: Speed) -> list[list[str]]:
    """What, found, asked for, whether it is met: fewer pairs than were asked about meet nothing."""
    enough = speed.pairs >= MANY

    def met(value: float, bar: float) -> str:
        return kept_below(value, bar) if enough else f"cannot be told: {speed.pairs:,} pairs"

    return [
        [
            "learned and indexed", f"{speed.learned[0]:.0f} s ({speed.learned[1]:.0f} s)",
            f"< {BUILT_SECONDS} s", met(speed.learned[0], BUILT_SECONDS),
        ],
        [
            "an answer, p95", f"{speed.p95[0]:.0f} ms ({speed.p95[1]:.0f} ms)",
            f"< {ANSWER_MS} ms", met(speed.p95[0], ANSWER_MS),
        ],
        ["an answer, p50", f"{speed.p50[0]:.0f} ms ({speed.p50[1]:.0f} ms)", "", ""],
        ["loaded", f"{speed.loaded[0]:.1f} s ({speed.loaded[1]:.1f} s)", "", ""],
    ]  # fmt: skip


def _times(several: Sequence[Timed]) -> Iterator[str]:
    if not several:
        return
    yield "## From an import to a scored clone\n"
    names = list(dict.fromkeys(name for one in several for name in one.steps))
    rows = [[name, *(_seconds(one.steps.get(name)) for one in several)] for name in names]
    rows += [
        ["**in all**", *(f"**{sum(one.steps.values()):.0f} s**" for one in several)],
        ["asked for", *(f"≤ {_bar(one):.0f} s" if _bar(one) else "" for one in several)],
        ["", *(_in_time(one) for one in several)],
        ["promoted", *(_promoted(one) for one in several)],
        ["pairs in its dataset", *(f"{one.pairs:,}" for one in several)],
        ["peak memory", *(f"{one.megabytes:,.0f} MB" for one in several)],
    ]
    yield table(["step", *(f"`{one.voice}`, {one.imported:,} pairs imported" for one in several)], rows)
    told = "; ".join(dict.fromkeys(one.told for one in several))
    cores = ", ".join(dict.fromkeys(str(one.cores) for one in several))
    yield f"By the clock of a machine of {cores} cores, step by step: {told}.\n"


def _bar(one: Timed) -> float:
    return TIME_SECONDS.get(one.voice, 0)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def _in_time(one: Timed) -> str:
    total = sum(one.steps.values())
    told = f"{total:.0f} s for {one.imported:,} pairs"
    if one.imported < IMPORTED:
        return f"{told}: cannot be told of {IMPORTED:,}"
    if not _bar(one):
        return told
    met = "met" if total <= _bar(one) else "**not met**"
    return f"{told} (≤ {_bar(one):.0f} s): {met}; {'promoted' if one.promotable else '**not promoted**'}"


def _promoted(one: Timed) -> str:
    return "yes" if one.promotable else f"no: {' '.join(one.reasons)}"


def _few(several: Sequence[Few]) -> Iterator[str]:
    if not several:
        return
    yield f"## {several[0].answers} reflections of one person\n"
    yield f"{several[0].told}, [as the guide has it](../guides/few-words.md).\n"
    rows = [
        ["examples", *(", ".join(f"{name} {n:,}" for name, n in one.sets.items()) for one in several)],
        ["left out", *(_left_out(one) for one in several)],
        ["verdict", *(verdict(one.card) for one in several)],
        ["tests of a rolling origin", *(str(one.card.rounds) for one in several)],
    ]
    for id_ in METRICS:
        row = next((row for one in several for row in one.card.rows if row.id == id_), None)
        if row is not None:
            own = [next((each for each in one.card.rows if each.id == id_), None) for one in several]
            rows.append([f"{id_} {row.name.partition(' (')[0]}", *(_few_cell(each) for each in own)])
    rows.append(["gates that are red", *(_red(one) for one in several)])
    steps = [", ".join(f"{name} {value:.0f}" for name, value in one.seconds.items()) for one in several]
    rows.append(["seconds of processor", *steps])
    yield table(["", *(f"`{one.voice}`" for one in several)], rows)


def _few_cell(row: Row | None) -> str:
    """As elsewhere, and a random own reply: where nobody else writes, that is who a clone is held against."""
    told = str(metric(row))
    floor = row.baselines.get(RANDOM) if row is not None and row.value is not None else None
    return told if row is None or floor is None else f"{told} (random own reply {between(floor, row.unit)})"


def _left_out(one: Few) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in one.left_out.items() if n) or "nothing"


def _red(one: Few) -> str:
    return ", ".join(f"{gate.id} {gate.name}" for gate in one.card.gates if gate.passed is False) or "none"


def _honest(one: Few) -> str:
    """How many rows say what: on so few words hardly any may claim something."""
    rows = [row for row in one.card.rows if row.id in METRICS]
    verdicts: dict[str, list[str]] = {}
    for row in rows:
        than = f" than {row.against}" if row.verdict in ("better", "worse") and row.against else ""
        verdicts.setdefault(row.verdict, []).append(row.id + than)
    told = [
        f"{name}: {', '.join(verdicts[name])}"
        for name in ("cannot tell", "not measured", "better", "worse")
        if name in verdicts
    ]
    return f"metrics that say {'; '.join(told)}. {'Promoted' if one.card.promotable else 'Not promoted'}"


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
        "patterns were put right after these replies had been read, so these figures are a little too kind. "
        "A ceiling of 100 % is beyond what such rules can tell.\n"
    )
