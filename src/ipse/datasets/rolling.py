"""Rolling origin: where little is held out, several tests, each after what trains for it.

Every fifth conversation is set apart for the judge, over the whole time, and stands in no fold. Of the rest
the oldest third trains the first fold; each fold is tested on what comes next, and the next one learns
that as well. So two thirds of what a person said are judged, and nothing is learned before it is said.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets.dataset import Dataset, for_training
from ipse.datasets.split import WholeTalk, after, flat, gap_of, purged, whole_talks
from ipse.records import Example

__all__ = ["FEW", "Fold", "Rolling", "rolling"]

FEW = 500  # pairs, copies not counted; with more, one split tells as much
FIRST = 1 / 3  # of the pairs, the oldest, that train the first fold
JUDGED = 5  # of so many conversations one is the judge's
FEWEST = 3  # conversations in a fold's test


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """What trains, what tunes (of the judge's set, what was there by then), and what comes next."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    test: tuple[Example, ...]


class Rolling(msgspec.Struct, frozen=True):
    """The judge's set, and the folds in order of time."""

    judge: tuple[Example, ...]
    folds: tuple[Fold, ...]


def rolling(dataset: Dataset, *, folds: int) -> Rolling | None:
    """Fold a small dataset anew; None where it is not small, or too small, or its sets are not by time.

    Training sets are made as the dataset's own was, copies of inputs included. A strategy that keeps other
    contexts than were said is not folded: they cannot be had back.
    """
    settings = DatasetSettings.model_validate(dataset.card.settings)
    parts = dataset.split
    said = [each for held in parts.sets().values() for each in held if each.origin is None]
    if not folds or not parts.timed or settings.strategy != "conversation" or len(said) >= FEW:
        return None
    talks = whole_talks(said)
    judged = talks[JUDGED // 2 :: JUDGED]
    rest = [talk for place, talk in enumerate(talks) if place % JUDGED != JUDGED // 2]
    borders = _borders(rest, folds)
    if any(end - start < FEWEST for start, end in pairwise(borders)):
        return None
    gap = gap_of(rest, settings)
    found = []
    for start, end in pairwise(borders):
        test = flat(after(rest[:start], rest[start:end], gap))
        train = purged(flat(rest[:start]), test, settings)
        if not train:
            return None
        dev = tuple(each for each in flat(judged) if each.at <= train[-1].at)
        found.append(Fold(train=for_training(train, settings)[0], dev=dev, test=test))
    every = [each for fold in found for each in fold.test]
    return Rolling(purged(flat(judged), every, settings), tuple(found))


def _borders(talks: Sequence[WholeTalk], folds: int) -> list[int]:
    """Where the tests begin, and where the last one ends: as many pairs in each."""
    sizes = [len(talk.examples) for talk in talks]
    total = sum(sizes)
    wanted = [total * (FIRST + (1 - FIRST) * n / folds) for n in range(folds)]
    out, before, place = [], 0, 0
    for share in wanted:
        while place < len(sizes) and before < ceil(share):
            before += sizes[place]
            place += 1
        out.append(place)
    return [*out, len(talks)]
