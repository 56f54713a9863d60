"""What a scorecard holds once it is measured: plain figures, ready for JSON. Knows no way of measuring.

Every figure is in the unit its row names. A figure that could not be measured is None, never a stand-in.
"""

from datetime import datetime
from typing import Literal

import msgspec

from ipse.records import Turn

__all__ = [
    "BASE",
    "BEFORE",
    "CEILING",
    "CLONE",
    "ECHO",
    "FREQUENT",
    "RANDOM",
    "WRONG",
    "Check",
    "Figure",
    "Forced",
    "Gate",
    "Human",
    "Product",
    "Row",
    "Sample",
    "Scorecard",
    "Unit",
    "Verdict",
]

Unit = Literal["share", "points", "distance", "auc", "bits", "seconds", "megabytes"]
Verdict = Literal["better", "worse", "cannot tell", "measured", "not measured"]

# The names contenders go by in every row, table and plot.
CLONE = "clone"
CEILING = "yourself"
BEFORE = "yourself before"
WRONG = "wrong author"
RANDOM = "random own reply"
FREQUENT = "most frequent own reply"
ECHO = "the last message again"
BASE = "base model"


class Figure(msgspec.Struct, frozen=True):
    """A value with its 95 % interval; the ends are None where no interval can be had."""

    value: float
    low: float | None = None
    high: float | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One metric over all contenders.

    ``headline`` is (clone − wrong author) / (ceiling − wrong author). ``verdict`` compares the clone with
    ``against``: ``difference`` is signed so that more is better, ``p`` is adjusted by Holm over the
    primary rows. ``met`` says whether the value reaches what ``good`` asks, where that can be told.
    """

    id: str
    name: str
    definition: str
    good: str
    unit: Unit
    verdict: Verdict
    note: str = ""
    higher_is_better: bool = True
    primary: bool = True
    value: float | None = None
    low: float | None = None
    high: float | None = None
    baselines: dict[str, Figure] = {}
    ceiling: Figure | None = None
    headline: Figure | None = None
    against: str = ""
    difference: Figure | None = None
    p: float | None = None
    met: bool | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A test of the scorecard itself; where one fails, the whole card is void. None: could not be made."""

    name: str
    passed: bool | None
    figure: Figure | None = None
    note: str = ""


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must not happen even once: ``found`` answers out of ``answers`` did it.

    ``figure`` stands in the place of a count where the gate is a limit. ``passed`` is None where the gate
    is not for such a voice (``applies`` is false), or could not be tried; ``note`` says why.
    """

    id: str
    name: str
    passed: bool | None
    found: int
    answers: int
    note: str = ""
    baselines: dict[str, int] = {}
    figure: Figure | None = None
    applies: bool = True


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that product documents promise, as a share of the ceiling; ``rows`` are what it is made of.

    ``floor`` is the same for a random own reply. ``cannot`` says what the figure does not show.
    """

    name: str
    figure: Figure | None
    target: float
    rows: tuple[str, ...]
    cannot: str
    note: str = ""
    floor: Figure | None = None

    @property
    def met(self) -> bool | None:
        """Whether the whole interval lies above the target, or below it; None: cannot tell."""
        if self.figure is None or self.figure.low is None or self.figure.high is None:
            return None
        return True if self.figure.low > self.target else False if self.figure.high < self.target else None


class Human(msgspec.Struct, frozen=True, kw_only=True):
    """A blind test: of ``pairs`` of replies a reader named the real one in ``right``; Wilson's interval.

    A half is chance: the nearer, the better the clone.
    """

    judge: str
    pairs: int
    right: int
    figure: Figure
    at: datetime


class Forced(msgspec.Struct, frozen=True, kw_only=True):
    """The owner let it speak though it had not earned it; ``against`` are the reasons overridden."""

    at: datetime
    against: tuple[str, ...]


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A held-out situation, the real reply and what each contender said instead."""

    contact: str
    context: tuple[Turn, ...]
    reply: str
    answers: dict[str, str]


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """How good a clone is. There is no single average on purpose.

    ``promotable`` follows the rule of promotion; ``reasons`` say what speaks against it, or what it rests
    on. ``sizes`` counts what was measured on. ``rounds``: tests of a rolling origin. ``seeds``: times that
    what is drawn by chance was drawn.
    """

    model: str
    dataset: str
    created_at: datetime
    rows: tuple[Row, ...]
    gates: tuple[Gate, ...]
    self_checks: tuple[Check, ...]
    promotable: bool
    reasons: tuple[str, ...]
    samples: tuple[Sample, ...] = ()
    sizes: dict[str, int] = {}
    products: tuple[Product, ...] = ()
    humans: tuple[Human, ...] = ()
    forced: Forced | None = None
    rounds: int = 1
    seeds: int = 1

    @property
    def void(self) -> bool:
        """Whether a self-check failed, so that no figure of this card may be relied on."""
        return any(check.passed is False for check in self.self_checks)

    def row(self, id: str) -> Row:  # noqa: A002 - the field of a row has this name
        """The row of a metric, such as ``5b``; KeyError where there is none."""
        for row in self.rows:
            if row.id == id:
                return row
        raise KeyError(id)

    def to_json(self) -> bytes:
        """The card as JSON, readable by :meth:`from_json`."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)

    @classmethod
    def from_json(cls, data: bytes | str) -> "Scorecard":
        """Read what :meth:`to_json` wrote; a ``msgspec.ValidationError`` where it is something else."""
        return msgspec.json.decode(data, type=cls)
