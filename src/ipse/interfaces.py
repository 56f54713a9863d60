"""Every way to extend ipse, on one screen.

A plugin is a class that fits one of these protocols, named by an entry point in the group ``ipse.sources``,
``ipse.collectors``, ``ipse.recognizers``, ``ipse.learners``, ``ipse.voices`` or ``ipse.deliveries``. Our own
parts come in by the same door.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol, Self, runtime_checkable
from zoneinfo import ZoneInfo

import msgspec

from ipse.config import Settings
from ipse.drafts import Approved, Receipt
from ipse.exports import ExportPath
from ipse.records import Example, Person, Record, Sample, Turn, Unreadable

__all__ = [
    "AskingVoice",
    "Checkpoints",
    "Collector",
    "ConfigurableVoice",
    "Delivery",
    "EngineVoice",
    "IntroducedLearner",
    "LanguageVoice",
    "Learner",
    "Progress",
    "ReadOptions",
    "RecallingVoice",
    "Recognizer",
    "ResumableLearner",
    "Sampled",
    "Source",
    "Span",
    "Stop",
    "Survey",
    "Voice",
]


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner said about an export: their names in it, its zone, its day and month order if known.

    ``passphrase`` opens an encrypted export; ``mapping`` is a file that says what a table's columns mean.
    """

    me: tuple[str, ...] = ()
    tz: ZoneInfo = ZoneInfo("UTC")
    date_order: Literal["auto", "dmy", "mdy"] = "auto"
    passphrase: str = ""
    mapping: Path | None = None


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What a quick first pass over an export finds: who wrote how much, and what was decided about it.

    ``units`` is the number of items that :meth:`Source.read` will yield, or None where only reading tells.
    ``notes`` are for the owner, such as the order of day and month and what settled it. ``owner`` is who the
    export itself says it belongs to: None where it does not say, empty where it marks messages as sent
    without naming who sent them. ``likely`` are those who write in every one of several conversations.
    """

    senders: dict[Person, int]
    units: int | None = None
    notes: tuple[str, ...] = ()
    owner: tuple[Person, ...] | None = None
    likely: tuple[Person, ...] = ()


@runtime_checkable
class Source(Protocol):
    """Reads one kind of export. One file or folder of ``ipse.sources`` is one source."""

    name: str
    aliases: tuple[str, ...]
    reads: str  # one line for `ipse sources`
    general: bool  # its files could be anything: it stands back where another source reads them

    def guide(self) -> str:
        """How to get such an export, how long that takes and what it lacks, in Markdown."""

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by content whether ``path`` is such an export, as a whole; reads at most heads of files.

        A folder is one export if it is the root of one, not if one lies somewhere below it.
        """

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Look through the export once, in constant memory, keeping nothing but who is in it."""

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Record | Unreadable]:
        """Yield every record in constant memory; a bad piece is an ``Unreadable``, never an end.

        Where the export says who wrote what, ``direction`` says so; else the pipeline does, by the sender.
        """


class Stop(Protocol):
    """Tells that it is time to end, such as a ``threading.Event``."""

    def is_set(self) -> bool:
        """Whether it is."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait so many seconds for it; whether it came."""


@runtime_checkable
class Collector(Protocol):
    """Watches one thing on this machine. What it emits is guarded before anybody else sees it."""

    name: str  # the source that consent is given for
    says: str  # one line for `ipse collect list`
    every: float  # seconds between looks; a state not seen for 1.5 times that, or a second more, has ended

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Make one from the settings of this run; it opens nothing yet."""

    def check(self) -> str | None:
        """Why it cannot run here, in one line for the owner; None if it can. Changes nothing."""

    def poll(self) -> Iterable[Sample]:
        """Look once; one that only pushes has nothing to say here."""

    def run(self, emit: Callable[[Sample], None], stop: Stop) -> None:
        """Emit what there is until ``stop``; ends within a second of it."""


class Span(msgspec.Struct, frozen=True):
    """Something to replace: ``text[start:end]`` in characters, and its type (``EMAIL``, ``PHONE`` …).

    ``score`` is how sure it is, from 0 to 1; the gate leaves what is doubtful, and the owner is asked.
    """

    start: int
    end: int
    kind: str
    score: float = 1.0


@runtime_checkable
class Recognizer(Protocol):
    """Finds personal data in a text. Finding is kept apart from replacing.

    One that is made from settings has a class method ``configure(settings: PrivacySettings)``. One that has
    ``optional = True`` is used only where ``privacy.recognizers`` names it.
    """

    name: str

    def find(self, text: str) -> Sequence[Span]:
        """Return the spans found; they may overlap."""


Progress = Callable[[float, float | None, Mapping[str, float]], None]
"""Called with work done, work in all (None: unknown) and live figures; raises ``CancelledError`` to stop."""


@runtime_checkable
class Learner(Protocol):
    """Fits examples: ``__init__`` stores, ``fit`` returns self, learned names end in ``_``, no pickle."""

    name: str

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Make one from the settings of this run; what it needs and lacks is a ``LearnerError`` here."""

    def fit(self, train: Sequence[Example], dev: Sequence[Example], progress: Progress) -> Self:
        """Learn from ``train``; ``dev`` tunes and stops early. The same seed gives the same result."""

    def artefact(self) -> dict[str, bytes]:
        """The model as files by name (safetensors, JSON, npz without objects), for the registry to seal."""

    def report(self) -> dict[str, float]:
        """Figures measured while fitting."""


class Checkpoints(Protocol):
    """Where a learner leaves how far it is, sealed by whoever asked it to learn."""

    def load(self) -> bytes | None:
        """What was left last, or None."""

    def save(self, data: bytes) -> None:
        """Leave it in place of what was left before; durable when this returns."""


@runtime_checkable
class ResumableLearner(Learner, Protocol):
    """A learner that goes on where it was cut off, to the result it would have had."""

    def keep_in(self, checkpoints: Checkpoints) -> None:
        """Leave checkpoints there while fitting, and go on from one of the same examples and settings."""


@runtime_checkable
class IntroducedLearner(Learner, Protocol):
    """A learner whose model can be told of the owner, in each prompt."""

    def introduce(self, *, themes: Sequence[Sequence[str]], values: Sequence[str]) -> None:
        """What they write about, and what they hold dear; to be said before ``fit``."""


@runtime_checkable
class Voice(Protocol):
    """A trained clone at work."""

    name: str

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """Make a voice of a learner's artefact."""

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        """Yield the answer piece by piece; joined, the pieces are the answer."""

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """How well each reply fits the context; larger is better, comparable within one call."""


@runtime_checkable
class RecallingVoice(Voice, Protocol):
    """A voice that says again what was said before, word for word."""

    def leave_out(self, unwanted: Callable[[str, str], bool]) -> None:
        """Say nothing any more of what is ``unwanted``, by its platform and text."""


@runtime_checkable
class ConfigurableVoice(Voice, Protocol):
    """A voice that the settings of a run say something to, such as how to draw words or whom to ask."""

    def configure(self, settings: Settings) -> None:
        """Speak by these settings from now on; raises what a setting that cannot be met raises."""


@runtime_checkable
class EngineVoice(Voice, Protocol):
    """A voice whose words one of several engines computes."""

    @property
    def engine(self) -> str:
        """The engine with the precision of its weights, for the owner."""

    @property
    def weights(self) -> int:
        """Bytes of the weights that each word reads."""

    @property
    def slower(self) -> str | None:
        """Why it is not the engine that was asked for, or not the faster one that there is a copy for."""


@runtime_checkable
class AskingVoice(Voice, Protocol):
    """A voice that shows what it is asked, and past messages, to a server."""

    asks: str  # host and port of it, for the audit log


@runtime_checkable
class LanguageVoice(Voice, Protocol):
    """A voice with a likelihood."""

    def bits(self, context: Sequence[Turn], reply: str) -> float:
        """Bits needed to encode ``reply`` after ``context``; divide by its UTF-8 bytes for bits per byte."""

    def likelihood(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """Mean natural log-likelihood per UTF-8 byte of each reply, comparable between contexts.

        What is usual is likely anywhere, so a voice's ``score`` need not follow it.
        """

    def base(self) -> "LanguageVoice":
        """The frozen base model, unprompted by the owner's text."""


@runtime_checkable
class Sampled(Protocol):
    """A voice that read a part of the examples it was given, drawn by chance."""

    def sample(self) -> tuple[frozenset[str], frozenset[str]]:
        """Ids of examples that it read, and of some that it might as well have read; none if it read all."""


@runtime_checkable
class Delivery(Protocol):
    """A channel that hands out approved drafts, and nothing else: it is given an approval, opened once."""

    name: str
    says: str  # one line for `ipse draft channels`

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Make one from the settings of this run; what it needs and lacks is a ``SettingsError`` here."""

    def check(self, recipient: str) -> None:
        """Raise ``DraftError`` for a recipient that it cannot reach."""

    def deliver(self, approved: Approved) -> Receipt:
        """Hand it out, opening the approval as late as can be.

        Raises ``DeliveryError``, ``refused`` where it certainly did not leave.
        """
