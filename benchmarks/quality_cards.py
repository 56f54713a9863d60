"""What is kept in the folder of cards, a kind of figures each, and how all of it is read back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from ipse.scorecard import Comparison, Figure, Gate, Scorecard

__all__ = [
    "BESIDE",
    "FLOORS",
    "LEAKY",
    "METHODS",
    "REFLECTIONS",
    "SPEED",
    "TIME",
    "Among",
    "Beside",
    "Cards",
    "Few",
    "Floors",
    "Leaky",
    "Mean",
    "Outcome",
    "Ranked",
    "Speed",
    "Timed",
    "keep",
    "read",
]

METHODS = ("retrieval", "lora")  # in the order of the page
# How the names of files begin that hold something else than the card of one person and voice.
BESIDE, LEAKY, REFLECTIONS, FLOORS, SPEED, TIME = "beside", "leaky", "reflections", "floors", "speed", "time"

Kind = TypeVar("Kind")


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


class Few(msgspec.Struct, frozen=True, kw_only=True):
    """A hundred or so answers of one person, from an import to a card, as the guide has it."""

    form: Literal[1] = 1
    told: str
    voice: str
    answers: int  # imported
    sets: dict[str, int]  # examples; copies with another input among those that train
    left_out: dict[str, int]  # by the rule that took them out
    card: Scorecard
    seconds: dict[str, float]  # of processor, by step


class Among(msgspec.Struct, frozen=True, kw_only=True):
    """R@1 of the true reply among ``candidates`` of one kind, and how often more than BM25 has it."""

    candidates: int  # the fewest of any situation, the true one among them
    voice: Figure
    texts: Figure  # BM25 of texts, in whichever way of asking does best
    named: Figure  # BM25 that may read the names of who speaks, too
    over_texts: Figure  # the voice's share over BM25's, paired by resample
    over_named: Figure


class Mean(Among, frozen=True, kw_only=True):
    """The same as a mean over people; ``over_*``: ratio of the means, ``mean_over_*``: mean of the ratios."""

    people: tuple[str, ...]
    mean_over_texts: float
    mean_over_named: float


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One person's replies, ranked; ``among`` by whose the candidates are: own, of others."""

    person: str
    told: str
    situations: int
    among: dict[str, Among]


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """Many pairs: seconds to learn and to load, ms of an answer; each by the clock, then of processor."""

    pairs: int
    cores: int
    learned: tuple[float, float]
    loaded: tuple[float, float]
    p50: tuple[float, float]
    p95: tuple[float, float]
    files_mib: float
    memory_gib: float


class Floors(msgspec.Struct, frozen=True, kw_only=True):
    """What ``retrieval.py`` measured; a part that it was not asked for is left empty."""

    form: Literal[1] = 1
    people: tuple[Ranked, ...] = ()
    means: dict[str, Mean] = {}
    speed: Speed | None = None


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """What ``clone.py`` measured: from an export on disk to a scored clone, seconds by the clock."""

    form: Literal[1] = 1
    told: str
    voice: str
    imported: int  # pairs in the export
    pairs: int  # of them in the dataset: what it may not learn from, and what reads alike, is left out
    cores: int
    steps: dict[str, float]
    promotable: bool
    reasons: tuple[str, ...]
    megabytes: float


class Cards(msgspec.Struct, frozen=True, kw_only=True):
    """All that the folder holds, in the order of the page."""

    found: Sequence[Outcome] = ()
    together: Sequence[Beside] = ()
    few: Sequence[Few] = ()
    floors: Floors = Floors()
    times: Sequence[Timed] = ()


def keep(file: Path, figures: msgspec.Struct) -> None:
    """Write figures as JSON, with the folder where it is not there yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(figures))


def read(folder: Path, people: Sequence[str]) -> Cards:
    """All cards of the folder, people in the order of their ids; ValueError names a file that is none."""
    files: dict[str, list[Path]] = {}
    other = {BESIDE, LEAKY, REFLECTIONS, FLOORS, SPEED, TIME}
    for file in sorted(folder.glob("*.json")):
        kind = file.name.removesuffix(".json").partition("-")[0]
        files.setdefault(kind if kind in other else "", []).append(file)
    anew = {(one.person, one.voice): one for one in _several(files, LEAKY, Leaky)}
    found = [
        msgspec.structs.replace(one, leaky=anew.get((one.person, one.voice), one.leaky))
        for one in _several(files, "", Outcome)
    ]
    found.sort(key=lambda one: (_place(METHODS, one.voice), one.voice, _place(people, one.person)))
    together = _several(files, BESIDE, Beside)
    together.sort(key=lambda one: _place(people, one.person))
    floors = Floors()
    for one in [*_several(files, FLOORS, Floors), *_several(files, SPEED, Floors)]:
        floors = Floors(
            people=one.people or floors.people,
            means=one.means or floors.means,
            speed=one.speed or floors.speed,
        )
    return Cards(
        found=found, together=together, floors=floors,
        few=sorted(_several(files, REFLECTIONS, Few), key=lambda one: _place(METHODS, one.voice)),
        times=sorted(_several(files, TIME, Timed), key=lambda one: _place(METHODS, one.voice)),
    )  # fmt: skip


def _several(files: dict[str, list[Path]], kind: str, type_: type[Kind]) -> list[Kind]:
    out = []
    for file in files.get(kind, ()):
        try:
            out.append(msgspec.json.decode(file.read_bytes(), type=type_))
        except msgspec.MsgspecError as error:
            raise ValueError(
                f"{file.name} is no card of this kind ({error}); remove it or make it again."
            ) from error
    return out


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
