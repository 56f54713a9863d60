"""How the owner's style moves away from what a clone learned from, quarter by quarter.

Two distances to the clone's training conversations: *habits*, the root mean square of standardised rates of
the scorecard's habits, and *cosine Delta* (Smith and Aldridge, 2011) over the 150 commonest words and marks,
z-scored over the owner and everybody else. Each is divided by what the owner's own text reaches in 19 of 20
draws: a null that takes one part of the training time out, draws talks from it, and measures them against the
rest, so that it holds both chance and how the owner varies anyway.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.datasets.words import words
from ipse.lengths import spaced
from ipse.profile.measure import quarter
from ipse.scorecard.metrics.habits import Habits

__all__ = ["Change", "Distance", "Drift", "Lineage", "Quarter", "Spoken", "drift"]

FEWEST_TALKS = 8  # to judge a quarter by
FEWEST_NEWER = 50  # turns since the training, for a retrain to be worth a thought
FEWEST_TRAINED = 24  # talks, for a null
PARTS = 3  # of the training time at least
MOST_DRAWN = 2.0  # times the talks of a part
COMMON = 150  # words and marks
AUTHOR_WORDS, FEWEST_AUTHORS = 500, 4  # for Delta's scale, the owner among them
DRAWS = 1000
LEVEL = 0.05
TOLD, FAR = 6, 2.0  # changes that are told, and standard errors they are away at least
_CLIP = 10.0
_ROUNDING = 1e-9
_MARK = re.compile(r"[^\w\s<>]")

Table = npt.NDArray[np.float64]


class Spoken(msgspec.Struct, frozen=True):
    """A turn of the owner: when, in which talk (dialogue), and its text."""

    at: datetime
    talk: str
    text: str


class Lineage(msgspec.Struct, frozen=True):
    """The model that is looked at, its method and its dataset."""

    model: str
    method: str
    dataset: str


class Distance(msgspec.Struct, frozen=True):
    """``value`` is in units of the null's 95th percentile: above 1 is further than 19 of 20 own samples."""

    value: float
    p: float


class Change(msgspec.Struct, frozen=True):
    """A habit that changed: its rate in the training text and since, ``z`` standard errors apart."""

    name: str
    trained: float
    since: float
    z: float


class Quarter(msgspec.Struct, frozen=True, kw_only=True):
    """``trained`` is the share of its talks that the model learned from; None where too little was said."""

    label: str
    turns: int
    talks: int
    trained: float
    habits: Distance | None = None
    delta: Distance | None = None

    @property
    def differs(self) -> bool:
        """Whether either distance is beyond chance, both being looked at."""
        return _differs(self.habits, self.delta)


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """``retrain``: what was said since differs; ``since`` is the first of the latest quarters that do."""

    version: Literal[1] = 1
    at: datetime
    lineage: Lineage
    first: datetime
    last: datetime
    turns: int
    newer: int
    newer_talks: int
    verdict: Literal["retrain", "as it was", "too little to tell"]
    since: str | None = None
    habits: Distance | None = None
    delta: Distance | None = None
    changes: tuple[Change, ...] = ()
    quarters: tuple[Quarter, ...] = ()


def drift(
    spoken: Sequence[Spoken],
    trained: Collection[str],
    others: Mapping[str, Sequence[str]],
    *,
    lineage: Lineage,
    at: datetime,
    seed: int = 7,
) -> Drift:
    """Hold every quarter, and all that came after, against the talks in ``trained``.

    ``others`` are texts by everybody else, for the scale of Delta. At least one talk must be in ``trained``.
    """
    told = sorted(spoken, key=lambda each: each.at)
    first_of: dict[str, datetime] = {}
    for each in told:
        first_of.setdefault(each.talk, each.at)
    talks = list(first_of)
    known = np.array([talk in trained for talk in talks])
    labels = np.array([quarter(first_of[talk]) for talk in talks])
    last = max(each.at for each in told if each.talk in trained)
    sides: list[_Habits | _Delta] = [_Habits(told, talks), _Delta(told, talks, others, trained)]
    measures = [_Measuring(side, known, labels, seed=seed) for side in sides]
    turns = Counter(each.talk for each in told)
    since = np.array([first_of[talk] > last for talk in talks])
    newer = sum(turns[talk] for talk, late in zip(talks, since, strict=True) if late)
    quarters = tuple(
        _quarter(label, labels == label, known, measures, [turns[talk] for talk in talks])
        for label in sorted(set(labels))
    )
    habits, delta = (each.distance(since) for each in measures)
    few = newer < FEWEST_NEWER or (habits is None and delta is None)
    differs = not few and _differs(habits, delta)
    return Drift(
        at=at,
        lineage=lineage,
        first=min(each.at for each in told if each.talk in trained),
        last=last,
        turns=sum(turns[talk] for talk in talks if talk in trained),
        newer=newer,
        newer_talks=int(since.sum()),
        verdict="too little to tell" if few else "retrain" if differs else "as it was",
        since=_since(quarters) if differs else None,
        habits=habits,
        delta=delta,
        changes=measures[0].changes(since) if differs else (),
        quarters=quarters,
    )


def _quarter(
    label: str,
    here: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
    measures: "Sequence[_Measuring]",
    turns: Sequence[int],
) -> Quarter:
    habits, delta = (each.distance(here) for each in measures)
    return Quarter(
        label=str(label),
        turns=int(np.array(turns)[here].sum()),
        talks=int(here.sum()),
        trained=float(known[here].mean()),
        habits=habits,
        delta=delta,
    )


def _since(quarters: Sequence[Quarter]) -> str | None:
    """The first of the latest quarters in a row that differ; those too short to judge do not end a row."""
    found = None
    for each in reversed(quarters):
        if each.trained > 0.5 or (not each.differs and (each.habits or each.delta)):
            break
        if each.differs:
            found = each.label
    return found


def _differs(habits: Distance | None, delta: Distance | None) -> bool:
    """Holm over those that were measured: the smallest p-value times their number."""
    held = [each.p for each in (habits, delta) if each is not None]
    return bool(held) and min(held) * len(held) <= LEVEL


class _Habits:
    """Counts of each habit and what they are out of, by talk; distance is of standardised rates."""

    usable = True

    def __init__(self, told: Sequence[Spoken], talks: Sequence[str]) -> None:
        counter = Habits([])
        self.names = counter.names
        place = {talk: n for n, talk in enumerate(talks)}
        rows = [place[each.talk] for each in told]
        self.top, self.bottom = (np.zeros((len(talks), len(counter.names))) for _ in range(2))
        for into, counts in zip(
            (self.top, self.bottom), counter.count([each.text for each in told]), strict=True
        ):
            np.add.at(into, rows, counts)

    def spread(self, rows: npt.NDArray[np.bool_]) -> Table:
        """Standard errors of the rates of a training text; no rate is surer than one sighting."""
        top, bottom = self.top[rows], self.bottom[rows]
        total = np.maximum(bottom.sum(axis=0), 1.0)
        residual = top - bottom * (top.sum(axis=0) / total)
        return np.asarray(np.sqrt(np.maximum((residual**2).sum(axis=0), 1.0)) / total)

    def between(self, rates: Table, centre: Table, spread: Table) -> Table:
        z = np.clip((rates - centre) / spread, -_CLIP * 10, _CLIP * 10)
        return np.asarray(np.sqrt((z**2).mean(axis=-1)))


class _Delta:
    """Counts of the commonest words and marks by talk; distance is 1 less the cosine of z-scores."""

    def __init__(
        self,
        told: Sequence[Spoken],
        talks: Sequence[str],
        others: Mapping[str, Sequence[str]],
        trained: Collection[str],
    ) -> None:
        own = [(each.talk, Counter(_pieces(each.text))) for each in told]
        learned = sum((counts for talk, counts in own if talk in trained), Counter[str]())
        beside = [Counter(piece for text in texts for piece in _pieces(text)) for texts in others.values()]
        authors = [counts for counts in (learned, *beside) if counts.total() >= AUTHOR_WORDS]
        every = sum(authors, Counter[str]())
        self.names = [
            piece for piece, _ in sorted(every.items(), key=lambda pair: (-pair[1], pair[0]))[:COMMON]
        ]
        place = {talk: n for n, talk in enumerate(talks)}
        self.top, self.bottom = (np.zeros((len(talks), len(self.names))) for _ in range(2))
        for talk, counts in own:
            self.top[place[talk]] += [counts[name] for name in self.names]
            self.bottom[place[talk]] += counts.total()
        self.usable = len(authors) >= FEWEST_AUTHORS and learned.total() >= AUTHOR_WORDS
        if self.usable:
            rates = np.array([[counts[name] / counts.total() for name in self.names] for counts in authors])
            self.mean, deviation = rates.mean(axis=0), rates.std(axis=0)
            self.deviation = np.where(deviation > 0, deviation, np.inf)

    def spread(self, _rows: npt.NDArray[np.bool_]) -> Table:
        return self.deviation

    def between(self, rates: Table, centre: Table, spread: Table) -> Table:
        here, there = (rates - self.mean) / spread, (centre - self.mean) / spread
        norms = np.linalg.norm(here, axis=-1) * np.linalg.norm(there, axis=-1)
        return np.asarray(1 - (here * there).sum(axis=-1) / np.maximum(norms, 1e-12))


def _pieces(text: str) -> list[str]:
    return [*words(spaced(text)), *_MARK.findall(text)]


class _Measuring:
    """One distance of any talks to the training talks, and what it is for the owner's own."""

    def __init__(
        self, side: _Habits | _Delta, known: npt.NDArray[np.bool_], labels: npt.NDArray[np.str_], *, seed: int
    ) -> None:
        self.side, self.known, self.seed = side, known, seed
        self.parts = _parts(known, labels)
        self.usable = side.usable and int(known.sum()) >= FEWEST_TRAINED
        self.spread = side.spread(known) if self.usable else np.zeros(0)
        self.nulls: dict[int, Table] = {}

    def distance(self, here: npt.NDArray[np.bool_]) -> Distance | None:
        """Of the talks ``here`` to those of the training that are not among them."""
        count = int(here.sum())
        reference = self.known & ~here
        if not self.usable or count < FEWEST_TALKS or not reference.any():
            return None
        value = float(self.side.between(self._rates(here), self._rates(reference), self.spread))
        null = self._null(count)
        limit = float(np.quantile(null, 1 - LEVEL))
        if limit < _ROUNDING:  # who always wrote the same gives no scale
            return None
        return Distance(value / limit, (1 + int((null >= value).sum())) / (1 + len(null)))

    def changes(self, here: npt.NDArray[np.bool_]) -> tuple[Change, ...]:
        """The rates that moved most, by the standard errors of both."""
        before, now = self._rates(self.known), self._rates(here)
        z = (now - before) / np.hypot(self.spread, self.side.spread(here))
        order = [int(n) for n in np.argsort(-np.abs(z), kind="stable")[:TOLD] if abs(z[n]) >= FAR]
        return tuple(
            Change(self.side.names[n], float(before[n]), float(now[n]), round(float(z[n]), 2)) for n in order
        )

    def _rates(self, rows: npt.NDArray[np.bool_]) -> Table:
        top, bottom = self.side.top[rows].sum(axis=0), self.side.bottom[rows].sum(axis=0)
        return np.asarray(top / np.maximum(bottom, 1.0))

    def _null(self, count: int) -> Table:
        """Distances of so many talks of one part of the training time to all its other parts."""
        if count not in self.nulls:
            rng = np.random.default_rng([self.seed, count])
            drawn = [self._draws(part, count, -(-DRAWS // len(self.parts)), rng) for part in self.parts]
            self.nulls[count] = np.concatenate(drawn)
        return self.nulls[count]

    def _draws(self, part: npt.NDArray[np.bool_], count: int, draws: int, rng: np.random.Generator) -> Table:
        size = int(part.sum())
        # A part is a sample itself: so many are drawn that its own chance and that of drawing add up to
        # that of ``count`` talks, and at most twice its size, for it is one of few.
        drawn = round(
            min(1 / (1 / count - 1 / size), MOST_DRAWN * size) if count < size else MOST_DRAWN * size
        )
        weights = rng.multinomial(drawn, np.full(size, 1 / size), size=draws).astype(np.float64)
        top, bottom = weights @ self.side.top[part], weights @ self.side.bottom[part]
        rates = top / np.maximum(bottom, 1.0)
        return self.side.between(rates, self._rates(self.known & ~part), self.spread)


def _parts(known: npt.NDArray[np.bool_], labels: npt.NDArray[np.str_]) -> list[npt.NDArray[np.bool_]]:
    """The training time in as many parts of as many talks as it has quarters, three at least."""
    talks = np.flatnonzero(known)
    most = len(talks) // FEWEST_TALKS
    count = max(PARTS, min(len(set(labels[known])), most))
    return [np.isin(np.arange(len(known)), part) for part in np.array_split(talks, count) if len(part)]
