"""The drawings of a profile's page. Knows a profile and what its contacts are called."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from ipse.lengths import Quartiles
from ipse.profile import wording
from ipse.profile.drawing import Row, Ticks, areas, bars, columns, dots, lines, pairs
from ipse.profile.results import Period, Profile, Relation

__all__ = ["Plots", "plots", "shown_languages"]

SHOWN = 12  # contacts in a drawing; the table has all
MOST_LANGUAGES = 5  # in a drawing
_LEAST = 0.005  # share of a language that is drawn at all: below, it is what detection gets wrong
_MONTHS = 30  # above, time goes by quarters
_LABELS = 8  # below a drawing over time
_FROM = (0, 1, 2, 4, 6, 9, 13, 18, 25, 35, 50, 100)  # words at which a bar of the lengths begins
_WIDE = (6.4, 2.1)
_CAREFUL = 24.0  # points on a scale at least, or chance looks like change
_WAITS: Ticks = (
    (1, 10, 60, 600, 3600, 6 * 3600, 86400),
    ("1 s", "10 s", "1 min", "10 min", "1 h", "6 h", "1 day"),
)
_MONTH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Name = Callable[[str], str]


class Plots(msgspec.Struct, frozen=True):
    """Each as SVG; an empty one has nothing to show."""

    volume: str = ""
    lengths_at: str = ""
    lengths: str = ""
    bursts: str = ""
    habits: str = ""
    languages: str = ""
    formality: str = ""
    people_lengths: str = ""
    people_waits: str = ""
    people_formality: str = ""


def plots(profile: Profile, name: Name) -> Plots:
    """Draw everything there is to draw; ``name`` tells what to call a contact."""
    periods = profile.months if len(profile.months) <= _MONTHS else profile.quarters
    people = profile.relations[:SHOWN]
    return Plots(
        lengths_at=_lengths_at(profile),
        bursts=_bursts(profile),
        habits=pairs(
            "Share of messages with each habit, yours and everybody else’s",
            [(each.name, each.own, each.others) for each in profile.habits],
        ),
        **(_over_time(profile, periods) if len(periods) > 1 else {}),
        **_of_people(people, name),
    )


def _over_time(profile: Profile, periods: Sequence[Period]) -> dict[str, str]:
    ticks = _ticks([each.label for each in periods])
    shown = shown_languages(profile)
    quartiles = [each.lengths for each in periods]
    low, median, high = (
        [getattr(each, name) if each else None for each in quartiles] for name in ("low", "median", "high")
    )
    found = {
        "volume": columns("Messages over time", ticks, [each.messages for each in periods], size=(10.4, 2.0)),
        "lengths": lines(
            "Words a message over time: median and quartiles", ticks, median, band=(low, high), size=_WIDE
        ),
        "formality": lines(
            "Careful spelling over time",
            ticks,
            [each.formality for each in periods],
            size=_WIDE,
            least=_CAREFUL,
        ),
    }
    if len(shown) > 1:
        shares = [_shares(each, shown) for each in periods]
        series = [[one[place] for one in shares] for place in range(len(shown))]
        found["languages"] = areas("Share of each language over time", ticks, series, size=_WIDE)
    return found


def _shares(period: Period, shown: Sequence[str]) -> list[float]:
    every = sum(period.languages.get(code, 0) for code in shown)
    return [period.languages.get(code, 0) / every if every else 0.0 for code in shown]


def _of_people(people: Sequence[Relation], name: Name) -> dict[str, str]:
    found = {}
    if people:
        rows = [
            Row(name(one.contact), q.median, q.low, q.high, f"{q.median:.0f} words")
            for one in people
            for q in [one.lengths]
        ]
        found["people_lengths"] = dots("Words a message by contact: median and quartiles", _sorted(rows))
    if rows := [_waited(name(one.contact), q) for one in people if (q := one.waits.awake)]:
        found["people_waits"] = dots(
            "Time to your answer by contact: median and quartiles, without nights",
            _sorted(rows, up=True),
            ticks=_WAITS,
            scale="log",
        )
    rows = [
        Row(name(one.contact), shift.value, shift.low, shift.high, wording.signed(shift.value))
        for one in people
        if (shift := one.formality)
    ]
    if len(rows) > 1:
        found["people_formality"] = dots(
            "Careful spelling by contact beside everybody else", _sorted(rows), mark=0.0
        )
    return found


def _sorted(rows: Sequence[Row], *, up: bool = False) -> list[Row]:
    return sorted(rows, key=lambda row: (row.value if up else -row.value, row.name))


def _waited(name: str, quartiles: Quartiles) -> Row:
    """No answer takes less than a second on a scale that has no nought."""
    low, median, high = (max(end, 1.0) for end in (quartiles.low, quartiles.median, quartiles.high))
    return Row(name, median, low, high, wording.wait(quartiles.median))


def shown_languages(profile: Profile) -> list[str]:
    """Those that are drawn, most used first."""
    every = sum(profile.languages.values())
    return [code for code, n in profile.languages.items() if n >= _LEAST * every][:MOST_LANGUAGES]


def _lengths_at(profile: Profile) -> str:
    ends = [*_FROM[1:], max([*profile.lengths_at, _FROM[-1]]) + 1]
    found = []
    for start, end in zip(_FROM, ends, strict=True):
        count = sum(n for words, n in profile.lengths_at.items() if start <= words < end)
        found.append((_span(start, end), count))
    while len(found) > 1 and not found[-1][1]:
        found.pop()
    while len(found) > 1 and not found[0][1]:
        found.pop(0)
    labels = (range(len(found)), [name for name, _ in found])
    return columns("Messages by number of words", labels, [count for _, count in found], size=_WIDE)


def _span(start: int, end: int) -> str:
    if start == _FROM[-1]:
        return f"{start}+"
    return f"{start}" if end == start + 1 else f"{start}–{end - 1}"


def _bursts(profile: Profile) -> str:
    every = sum(profile.bursts.values())
    if not every:
        return ""
    long = 5
    counts = [sum(n for size, n in profile.bursts.items() if size == at) for at in range(1, long)]
    counts.append(sum(n for size, n in profile.bursts.items() if size >= long))
    rows = [
        (f"{at} message{'s' if at > 1 else ''}{' or more' if at == long else ''}", count / every)
        for at, count in enumerate(counts, 1)
        if count
    ]
    return bars(
        "Messages in a row", [(told, share, wording.percent(share)) for told, share in rows], width=6.4
    )


def _ticks(labels: Sequence[str]) -> Ticks:
    """A few labels, evenly, and the year only where it changes."""
    step = -(-len(labels) // _LABELS)
    places = list(range(0, len(labels), step))
    return places, list(_short(labels[place] for place in places))


def _short(labels: Iterable[str]) -> Iterable[str]:
    before = ""
    for label in labels:
        year, _, part = label.partition("-")
        told = _MONTH[int(part) - 1] if part.isdigit() else part
        yield f"{told} {year}".strip() if year != before else told
        before = year
