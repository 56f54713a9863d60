"""The style profile of an owner: conversations in, figures out. Knows no vault, no name and no page."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ipse.config import DatasetSettings
from ipse.datasets import Talk
from ipse.errors import DatasetError
from ipse.lengths import FEWEST, count_words, quartiles
from ipse.profile import rhythm, vocabulary
from ipse.profile.gathering import NOBODY, Gathered, Said, Wait, gather
from ipse.profile.habits import Marks
from ipse.profile.results import Period, Profile, Relation

__all__ = ["measure", "month", "quarter", "year"]

FEWEST_OTHERS = 3  # people, for their habits to stand beside the owner's
FEWEST_BEGUN = 5
MOST_OTHERS = 4000  # messages of theirs that are looked at, of each as many at most


def month(at: datetime) -> str:
    """``2024-03``."""
    return f"{at:%Y-%m}"


def quarter(at: datetime) -> str:
    """``2024-Q1``."""
    return f"{at.year}-Q{(at.month + 2) // 3}"


def year(at: datetime) -> str:
    """``2024``."""
    return f"{at.year}"


def measure(
    talks: Iterable[Talk],
    settings: DatasetSettings,
    *,
    zone: ZoneInfo,
    at: datetime,
    without: Collection[str] = (),
) -> Profile:
    """Measure conversations in the owner's zone, as of ``at``; ``without`` are people who are not looked at.

    Raises ``DatasetError`` where the owner wrote nothing that counts.
    """
    found = gather(talks, settings, zone=zone, without=without)
    if not found.own:
        raise DatasetError(
            "None of your own messages are there to look at.",
            hint="Import something you wrote; `--me` says who you are.",
        )
    _leave_notes(found)
    found.own.sort(key=lambda each: each.at)
    return _Measuring(found, settings, zone).profile(at)


def _leave_notes(found: Gathered) -> None:
    """Notes to oneself, such as reflections, are another kind of text: alone they count, beside talk not."""
    talk = [each for each in found.own if each.to != NOBODY]
    if FEWEST <= len(talk) < len(found.own):
        found.elsewhere["notes to yourself"] += len(found.own) - len(talk)
        found.own = talk


class _Measuring:
    """Everything that several figures need, made once; messages are known by their place among the own."""

    def __init__(self, found: Gathered, settings: DatasetSettings, zone: ZoneInfo) -> None:
        self.found, self.settings, self.zone, self.own = found, settings, zone, found.own
        self.words = [count_words(each.text) for each in found.own]
        self.marks = Marks([each.text for each in found.own])
        self.spoken: dict[str | None, Counter[str]] = defaultdict(Counter)
        for each in found.own:
            self.spoken[each.tongue].update(each.words)
        self.hours = rhythm.hours(found)
        self.night = rhythm.night(self.hours)
        self.emoji = vocabulary.emoji(found.own, most=10_000)
        self.shared = self._shared_words()

    def profile(self, at: datetime) -> Profile:
        own, found = self.own, self.found
        everyone = quartiles(self.words)
        assert everyone is not None  # there is a message
        return Profile(
            at=at,
            zone=self.zone.key,
            first=own[0].at.date(),
            last=own[-1].at.date(),
            messages=len(own),
            words=sum(self.words),
            days=len({each.at.date() for each in own}),
            contacts=len({each.to for each in own if not each.group and each.to != NOBODY}),
            sources=_ranked(Counter(each.platform for each in own)),
            elsewhere=_ranked(found.elsewhere),
            lengths=everyone,
            lengths_at=dict(sorted(Counter(self.words).items())),
            bursts=dict(sorted(Counter(size for _, size in found.bursts).items())),
            burst_minutes=self.settings.burst_minutes,
            started=_started([own for _, own in found.begun]),
            hours=self.hours,
            night=self.night,
            waits=rhythm.waits(found.waits, self.night),
            languages=_ranked(Counter(each.lang for each in own if each.lang)),
            habits=self.marks.habits(self._others()),
            formality=self.marks.formality() or 0.0,
            richness=vocabulary.richness(word for each in own for word in each.words),
            openers=vocabulary.openers(own),
            closers=vocabulary.closers(own),
            emoji=self.emoji[:16],
            vocabularies=vocabulary.vocabularies(own, found.others),
            months=self._periods(month),
            quarters=self._periods(quarter),
            years=self._periods(year),
            relations=self._relations(),
        )

    def _others(self) -> Marks | None:
        """Everybody else's habits, where there are enough for nobody's own to be seen."""
        by: dict[str, list[str]] = defaultdict(list)
        for each in self.found.others:
            by[each.who].append(each.text)
        told = [texts for who, texts in by.items() if who and len(texts) >= FEWEST]
        if len(told) < FEWEST_OTHERS:
            return None
        most = MOST_OTHERS // len(told)
        return Marks([text for texts in told for text in _thinned(texts, most)])

    def _shared_words(self) -> set[str]:
        told = ((each.to, each.words) for each in self.own)
        return vocabulary.shared_with(told, {word for each in self.own for word in each.words})

    def _periods(self, name: Callable[[datetime], str]) -> tuple[Period, ...]:
        places: dict[str, list[int]] = defaultdict(list)
        for place, each in enumerate(self.own):
            places[name(each.at)].append(place)
        answered: dict[str, list[Wait]] = defaultdict(list)
        for wait in self.found.waits:
            answered[name(wait.arrived)].append(wait)
        return tuple(self._period(label, held, answered[label]) for label, held in sorted(places.items()))

    def _period(self, label: str, places: Sequence[int], answered: Sequence[Wait]) -> Period:
        awake = rhythm.waits(answered, self.night).awake
        return Period(
            label=label,
            messages=len(places),
            words=sum(self.words[place] for place in places),
            lengths=quartiles(self.words[place] for place in places),
            emoji=self.marks.share("holds an emoji", places),
            formality=self.marks.formality(places),
            awake=awake.median if awake else None,
            richness=vocabulary.richness(word for place in places for word in self.own[place].words),
            languages=_ranked(
                Counter(lang for place in places if (lang := self.own[place].lang) is not None)
            ),
        )

    def _relations(self) -> tuple[Relation, ...]:
        """Contacts to whom enough was written, by how much that is; groups and notes to oneself are none."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, each in enumerate(self.own):
            if not each.group and each.to != NOBODY:
                places[each.to].append(place)
        held = [(to, found) for to, found in places.items() if len(found) >= FEWEST]
        waits, begun, bursts = self._by_contact()
        clusters = [(each.to, each.at.date()) for each in self.own]
        known = {term.text for term in self.emoji}
        return tuple(
            self._relation(to, found, (waits[to], begun[to], bursts[to]), clusters, known)
            for to, found in sorted(held, key=lambda pair: (-len(pair[1]), pair[0]))
        )

    def _by_contact(self) -> tuple[dict[str, list[Wait]], dict[str, list[bool]], dict[str, list[int]]]:
        waits: dict[str, list[Wait]] = defaultdict(list)
        begun: dict[str, list[bool]] = defaultdict(list)
        bursts: dict[str, list[int]] = defaultdict(list)
        for wait in self.found.waits:
            waits[wait.to].append(wait)
        for to, own in self.found.begun:
            begun[to].append(own)
        for to, size in self.found.bursts:
            bursts[to].append(size)
        return waits, begun, bursts

    def _relation(
        self,
        to: str,
        places: Sequence[int],
        heard: tuple[Sequence[Wait], Sequence[bool], Sequence[int]],
        clusters: Sequence[tuple[str, object]],
        emoji: set[str],
    ) -> Relation:
        waits, begun, bursts = heard
        said = [self.own[place] for place in places]
        tongue = _most(said)
        here = Counter(word for each in said if each.tongue == tongue for word in each.words)
        lengths = quartiles(self.words[place] for place in places)
        assert lengths is not None  # it has twenty messages
        return Relation(
            contact=to,
            messages=len(said),
            words=sum(self.words[place] for place in places),
            first=said[0].at.date(),
            last=said[-1].at.date(),
            lengths=lengths,
            waits=rhythm.waits(waits, self.night),
            burst=sum(bursts) / len(bursts),
            started=_started(begun),
            formality=self.marks.shift(places, clusters),
            emoji=self.marks.share("holds an emoji", places),
            languages=_ranked(Counter(each.lang for each in said if each.lang)),
            favourites=vocabulary.emoji(said, shown=emoji, most=3),
            more=vocabulary.more_to(here, self.spoken[tongue], self.shared),
        )


def _most(said: Sequence[Said]) -> str | None:
    """The language that most is written in."""
    return Counter(each.tongue for each in said).most_common(1)[0][0]


def _thinned(texts: Sequence[str], most: int) -> Sequence[str]:
    """At most so many, evenly over time."""
    return texts if len(texts) <= most else [texts[n * len(texts) // most] for n in range(most)]


def _started(begun: Sequence[bool]) -> float | None:
    return sum(begun) / len(begun) if len(begun) >= FEWEST_BEGUN else None


def _ranked(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
