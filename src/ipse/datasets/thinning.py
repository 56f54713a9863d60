"""Rules that compare replies: repeats within a set, caps per contact, short replies at their true rate.

Whatever is chosen among equals is chosen by a hash of its id, so the same examples give the same choice in
any order. Repeats go from every set; caps and rates change what trains and nothing that judges.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from math import fsum

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets.cleaning import Report
from ipse.datasets.duplicates import repeats
from ipse.datasets.rules import active
from ipse.datasets.split import Split
from ipse.datasets.words import PLACEHOLDER
from ipse.records import Example

__all__ = ["Rates", "drawn", "is_low_value", "thinned", "weighted"]


class Rates(msgspec.Struct, frozen=True):
    """Short replies among all: as the owner gave them in the training set's conversations, and as kept."""

    true: float
    kept: float


def is_low_value(text: str, settings: DatasetSettings) -> bool:
    """Whether a reply is of the kind of `ok`: a word or two (or emoji alone), and no question."""
    said = PLACEHOLDER.sub(" ", text).split()
    return len(said) <= settings.low_value_words and not any(mark in text for mark in "?？؟")


def thinned(
    parts: Split, settings: DatasetSettings, report: Report, *, low: Counter[str], every: Counter[str]
) -> tuple[Split, Rates]:
    """Apply the rules of sets; ``low`` and ``every`` count the replies of a conversation before any rule."""
    train, judge, test = (_unrepeated(held, settings, report) for held in parts.sets().values())
    train = _capped(train, settings, report)
    talks = {example.conversation for example in parts.train}
    replies = sum(every[talk] for talk in talks)
    true = sum(low[talk] for talk in talks) / replies if replies else 0.0
    train = _at_rate(train, true, settings, report)
    kept = sum(is_low_value(example.reply, settings) for example in train) / len(train) if train else 0.0
    thin = msgspec.structs.replace(parts, train=train, judge=judge, test=test)
    return thin, Rates(true=round(true, 4), kept=round(kept, 4))


def weighted(train: Sequence[Example], half_life_days: float) -> tuple[Example, ...]:
    """Examples weighted by age against the latest, with a mean weight of 1; 0 days: all alike."""
    if not half_life_days or not train:
        return tuple(train)
    latest = max(example.at for example in train)
    days = [(latest - example.at) / timedelta(days=1) for example in train]
    raw = [0.5 ** (age / half_life_days) for age in days]
    mean = fsum(raw) / len(raw)
    pairs = zip(train, raw, strict=True)
    return tuple(msgspec.structs.replace(one, weight=round(each / mean, 4)) for one, each in pairs)


def drawn(example: Example) -> bytes:
    """A number by lot that depends on the example alone."""
    return hashlib.sha256(f"drawn|{example.id}".encode()).digest()


def _unrepeated(held: Sequence[Example], settings: DatasetSettings, report: Report) -> tuple[Example, ...]:
    names = {"same": "duplicate", "near": "near-duplicate"}
    kept = []
    found = repeats([example.reply for example in held], threshold=settings.near_duplicate)
    for example, repeat in zip(held, found, strict=True):
        if repeat and active(settings, names[repeat]):
            report.reply(names[repeat], example)
        else:
            kept.append(example)
    return tuple(kept)


def _capped(held: Sequence[Example], settings: DatasetSettings, report: Report) -> tuple[Example, ...]:
    most = settings.max_per_contact if active(settings, "cap") else 0
    if not most:
        return tuple(held)
    by_contact: dict[str, list[Example]] = defaultdict(list)
    for example in held:
        by_contact[example.contact].append(example)
    chosen = {example.id for group in by_contact.values() for example in sorted(group, key=drawn)[:most]}
    return _kept(held, chosen, "cap", report)


def _at_rate(
    held: Sequence[Example], rate: float, settings: DatasetSettings, report: Report
) -> tuple[Example, ...]:
    """Short replies, thinned by lot down to their share ``rate`` of all; never more than there are."""
    low = [example for example in held if is_low_value(example.reply, settings)]
    others = len(held) - len(low)
    if not active(settings, "low-value") or rate >= 1 or not others:
        return tuple(held)
    room = int(others * rate / (1 - rate) + 0.5)
    if len(low) <= room:
        return tuple(held)
    gone = {example.id for example in sorted(low, key=drawn)[room:]}
    return _kept(held, {example.id for example in held} - gone, "low-value", report)


def _kept(held: Sequence[Example], chosen: set[str], reason: str, report: Report) -> tuple[Example, ...]:
    for example in held:
        if example.id not in chosen:
            report.reply(reason, example)
    return tuple(example for example in held if example.id in chosen)
