"""The three sets: train (oldest), judge, test (latest), by whole conversation and by time.

With ``dataset.split: ratio`` conversations are drawn by lot instead, with a fixed seed, and no gap is needed.
A gap lies between two sets and what lies in it is used by none. Replies of train and judge that nearly
repeat a reply of the test set are purged. Knows examples and settings only.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets.duplicates import near_duplicates
from ipse.errors import DatasetError
from ipse.records import Example

__all__ = ["SetName", "Split", "WholeTalk", "after", "flat", "gap_of", "purged", "split", "whole_talks"]

SetName = Literal["train", "judge", "test"]

SPAN_SHARE = 20
"""The gap is at most this part (1/20) of the time from the first to the last conversation.

A day between sets means nothing where all of it happened in an afternoon, or where an export has no dates
(reflections) and every record bears one time; there the gap shrinks with the span, down to nothing.
"""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Three sets, each by time. ``purged`` near-duplicates and ``between`` examples in a gap are in none.

    ``gap_hours`` is what was held between the sets: the setting, or less (``SPAN_SHARE``). ``timed``: the
    sets follow each other in time.
    """

    train: tuple[Example, ...]
    judge: tuple[Example, ...]
    test: tuple[Example, ...]
    purged: int = 0
    between: int = 0
    gap_hours: float = 0.0
    timed: bool = True

    def sets(self) -> dict[SetName, tuple[Example, ...]]:
        """The sets by name, in order of time."""
        return {"train": self.train, "judge": self.judge, "test": self.test}

    def place(self, at: datetime) -> SetName | None:
        """The set whose window of time holds ``at`` (the latest where windows touch), or None."""
        for name, held in reversed(self.sets().items()):
            if held and held[0].at <= at <= held[-1].at:
                return name
        return None

    def side(self, example: Example) -> SetName | None:
        """The set that an example of somebody else stands beside: by time, or by its conversation."""
        if self.timed:
            return self.place(example.at)
        return self._talks().get(example.conversation)

    def _talks(self) -> dict[str, SetName]:
        return {each.conversation: name for name, held in self.sets().items() for each in held}


class WholeTalk(msgspec.Struct, frozen=True):
    """All examples of one conversation, by time."""

    examples: tuple[Example, ...]

    @property
    def first(self) -> datetime:
        """When its first reply was given."""
        return self.examples[0].at

    @property
    def last(self) -> datetime:
        """When its last one was."""
        return self.examples[-1].at


def split(examples: Sequence[Example], settings: DatasetSettings) -> Split:
    """Divide examples into the shares of ``settings``, counted in examples, at borders of conversations.

    Conversations are ordered by their last reply. With three or more no set is empty before purging; with
    fewer, train is served first and then test. Raises ``DatasetError`` where the shares leave no test set.
    """
    if settings.train + settings.judge >= 1 and not settings.holdout:
        raise DatasetError(
            "The shares of train and judge leave nothing to test on.",
            hint="Set dataset.train and dataset.judge to less than 1 together, or dataset.holdout.",
        )
    timed = settings.split == "time"
    talks = whole_talks(examples) if timed else sorted(whole_talks(examples), key=_lot)
    first, second = _borders([len(talk.examples) for talk in talks], settings)
    gap = gap_of(talks, settings) if timed else timedelta()
    train, judge, test = talks[:first], talks[first:second], talks[second:]
    if timed:
        judge = list(after(train, judge, gap))
        test = list(after(judge or train, test, gap))
    used = sum(len(talk.examples) for talk in (*train, *judge, *test))
    late = flat(test)
    kept_train, kept_judge = (purged(flat(part), late, settings) for part in (train, judge))
    return Split(
        train=kept_train,
        judge=kept_judge,
        test=late,
        purged=used - len(kept_train) - len(kept_judge) - len(late),
        between=len(examples) - used,
        gap_hours=round(gap / timedelta(hours=1), 3),
        timed=timed,
    )


def _shares(settings: DatasetSettings) -> tuple[float, float]:
    """The shares of train and judge."""
    rest = (1 - settings.holdout) / (settings.train + settings.judge) if settings.holdout else 1.0
    return settings.train * rest, settings.judge * rest


def _lot(talk: "WholeTalk") -> bytes:
    return hashlib.sha256(f"set|{talk.examples[0].conversation}".encode()).digest()


def whole_talks(examples: Sequence[Example]) -> list[WholeTalk]:
    """The conversations that examples are of, by their last reply."""
    by_conversation: dict[str, list[Example]] = {}
    for example in examples:
        by_conversation.setdefault(example.conversation, []).append(example)
    talks = [WholeTalk(tuple(sorted(held, key=_moment))) for held in by_conversation.values()]
    return sorted(talks, key=lambda talk: (talk.last, talk.examples[0].conversation))


def _moment(example: Example) -> tuple[datetime, str]:
    return (example.at, example.id)


def _borders(sizes: Sequence[int], settings: DatasetSettings) -> tuple[int, int]:
    """Where judge and test begin: the conversation whose middle passes the share goes to the later set."""
    count, total = len(sizes), sum(sizes)
    if count < 3:
        return (1, 1) if count else (0, 0)
    before, middles = 0, []
    for size in sizes:
        middles.append((before + size / 2) / total)
        before += size
    train, judge = _shares(settings)
    first = sum(middle < train for middle in middles)
    second = sum(middle < train + judge for middle in middles)
    first = min(max(first, 1), count - 2)
    return first, min(max(second, first + 1), count - 1)


def gap_of(talks: Sequence[WholeTalk], settings: DatasetSettings) -> timedelta:
    """What is held between two sets: the setting, or less where all of it is soon over."""
    if not talks:
        return timedelta()
    span = talks[-1].last - min(talk.first for talk in talks)
    return min(timedelta(hours=settings.split_gap_hours), span / SPAN_SHARE)


def after(earlier: Sequence[WholeTalk], later: Sequence[WholeTalk], gap: timedelta) -> Sequence[WholeTalk]:
    """Those of ``later`` that begin a gap or more after ``earlier``; all of them where that left none.

    The exception serves talk that never pauses: sets are then held apart by conversation alone.
    """
    if not earlier:
        return later
    border = max(talk.last for talk in earlier) + gap
    return [talk for talk in later if talk.first >= border] or later


def flat(talks: Sequence[WholeTalk]) -> tuple[Example, ...]:
    """All their examples, by time."""
    return tuple(sorted((example for talk in talks for example in talk.examples), key=_moment))


def purged(
    held: tuple[Example, ...], test: Sequence[Example], settings: DatasetSettings
) -> tuple[Example, ...]:
    """``held`` without what nearly repeats a reply of ``test``."""
    repeats = near_duplicates(
        [example.reply for example in held],
        [example.reply for example in test],
        threshold=settings.near_duplicate,
    )
    return tuple(example for example, repeat in zip(held, repeats, strict=True) if not repeat)
