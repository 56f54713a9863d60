"""Who competes: the clone, its baselines and the owner, each with one answer to every test context.

Answers are produced once and reused by all metrics. Knows no metric.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.config import ScorecardSettings
from ipse.errors import DatasetError
from ipse.interfaces import LanguageVoice, Voice
from ipse.records import Example, Turn
from ipse.scorecard.blocks import key
from ipse.scorecard.drafts import Draft
from ipse.scorecard.results import BASE, CLONE, ECHO, FREQUENT, RANDOM, WRONG

__all__ = [
    "MOST_LANGUAGE",
    "Contender",
    "FewShot",
    "Judging",
    "Lineup",
    "Made",
    "Rivals",
    "Round",
    "Safety",
    "Taken",
    "answered",
    "divide",
    "drawn_anew",
    "line_up",
    "line_up_models",
]

FOR_WRONG_AUTHORS = 0.5  # share of an impostor's examples, the oldest, that trains a wrong-author voice
MOST_LANGUAGE = 100  # contexts a language voice answers at most
STRETCHES = 20  # conversations that the contexts are drawn from, at least, where there are as many
SHOTS = 4  # examples shown to the few-shot baseline


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of how the clone was made: seconds of training, and bytes of weights read for a token."""

    seconds: float | None = None
    weights: int | None = None


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """The method that is judged, taught anew on ``train``, which comes before ``test``; and its baselines."""

    voice: Voice
    baselines: Mapping[str, Voice]
    train: Sequence[Example]
    test: Sequence[Example]


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge sees.

    ``train``, ``judge`` and ``test`` are the owner's sets T, J and E. ``impostors`` are other people's
    examples by speaker, from the same channels; none of them may have trained a wrong-author voice (see
    :func:`divide`), for a judge that has seen a voice's own training text knows it by heart. ``profile`` is
    what the clone is told of the owner in every prompt; ``drafts`` are this model's. Where there are
    ``rounds``, metrics are measured over their tests, by a judge of ``round_judge``, which is in none.
    """

    train: Sequence[Example]
    judge: Sequence[Example]
    test: Sequence[Example]
    impostors: Mapping[str, Sequence[Example]] = {}
    model: str = ""
    dataset: str = ""
    profile: str = ""
    made: Made = Made()
    drafts: Sequence[Draft] = ()
    rounds: Sequence[Round] = ()
    round_judge: Sequence[Example] = ()


class Rivals(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the clone is held against, besides what the scorecard makes itself.

    ``baselines`` by name, such as ``retrieval``; for language voices the base model and the few-shot
    prompt are added by the scorecard. ``wrong_authors`` are clones of other people by the same method.
    """

    baselines: Mapping[str, Voice] = {}
    wrong_authors: Sequence[Voice] = ()


class Taken(msgspec.Struct, frozen=True):
    """Seconds to the first piece of an answer and to all of it, and its pieces."""

    first: float
    whole: float
    pieces: int


class Safety(msgspec.Struct, frozen=True, kw_only=True):
    """What the leak gates need.

    ``pii`` finds raw personal data in an answer. ``twin`` is a clone made by the method that is judged, of
    what ``plant`` made of T and the ``secrets`` of the card's seed; None where there is none.
    """

    pii: Callable[[str], Sequence[str]]
    twin: Voice | None = None


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """One name, one answer per test context, and the voice behind it where there is one."""

    name: str
    answers: tuple[str, ...]
    voice: Voice | None = None
    seconds: tuple[Taken, ...] = ()


class Lineup(msgspec.Struct, frozen=True, kw_only=True):
    """All contenders over the same test examples; ``clusters[i]`` numbers the conversation of example i.

    ``taught[rounds[i]]`` is what trained whoever answered example i: one set, but for a rolling origin.
    """

    examples: tuple[Example, ...]
    taught: tuple[Sequence[Example], ...]
    rounds: npt.NDArray[np.intp]
    clusters: npt.NDArray[np.intp]
    clone: Contender
    baselines: tuple[Contender, ...]
    wrong: tuple[Contender, ...]

    @property
    def real(self) -> tuple[str, ...]:
        """What the owner said."""
        return tuple(example.reply for example in self.examples)

    @property
    def conversations(self) -> int:
        """How many conversations the test examples come from."""
        return int(self.clusters.max()) + 1

    def everyone(self) -> Iterator[Contender]:
        """The clone, the baselines, then every single wrong author."""
        yield self.clone
        yield from self.baselines
        yield from self.wrong


class FewShot:
    """A base model that is shown a few of the owner's exchanges before the question."""

    name = "few-shot prompt"

    def __init__(self, base: LanguageVoice, examples: Sequence[Example]) -> None:
        self._base = base
        self._shown = tuple(
            turn
            for example in examples
            for turn in (*example.context[-1:], Turn("owner", "me", example.reply))
        )

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """Never: a prompt has no artefact."""
        raise DatasetError(
            f"A few-shot prompt is not kept ({len(files)} files given).",
            hint="Evaluate a language voice: it makes its own.",
        )

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        """Answer by the base model after the examples."""
        return self._base.stream((*self._shown, *context), contact=contact, seed=seed)

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """Score by the base model after the examples."""
        return self._base.score((*self._shown, *context), replies)

    def bits(self, context: Sequence[Turn], reply: str) -> float:
        """Bits by the base model after the examples."""
        return self._base.bits((*self._shown, *context), reply)

    def likelihood(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """Likelihoods by the base model after the examples."""
        return self._base.likelihood((*self._shown, *context), replies)

    def base(self) -> LanguageVoice:
        """The base model without the examples."""
        return self._base


def divide(
    impostors: Mapping[str, Sequence[Example]],
) -> tuple[dict[str, list[Example]], dict[str, list[Example]]]:
    """Split each impostor's examples in time: the older half trains wrong-author voices, the rest judges."""
    older: dict[str, list[Example]] = {}
    newer: dict[str, list[Example]] = {}
    for speaker, examples in impostors.items():
        ordered = sorted(examples, key=lambda example: (example.at, example.id))
        border = round(len(ordered) * FOR_WRONG_AUTHORS)
        older[speaker], newer[speaker] = ordered[:border], ordered[border:]
    return older, newer


def line_up(
    voice: Voice,
    data: Judging,
    rivals: Rivals,
    settings: ScorecardSettings,
    progress: Callable[[int], None],
) -> Lineup:
    """Let every contender answer the same test contexts; ``progress`` is told of each answer given."""
    examples = _draw(data.test, settings, answered(voice, data, settings))
    numbers = {name: n for n, name in enumerate(dict.fromkeys(each.conversation for each in examples))}
    baselines = _with_prompts(voice, rivals.baselines, data.train, settings)
    wrong = rivals.wrong_authors[: max(settings.wrong_authors, 1)]
    ask = _Asking(examples, settings.seed, progress)
    return Lineup(
        examples=examples,
        taught=(data.train,),
        rounds=np.zeros(len(examples), dtype=np.intp),
        clusters=np.array([numbers[example.conversation] for example in examples], dtype=np.intp),
        clone=ask(CLONE, voice),
        baselines=(
            *(ask(name, each) for name, each in baselines.items()),
            *_without_voice(data.train, examples, settings.seed),
        ),
        # A wrong author has never met the owner's contacts.
        wrong=tuple(ask(f"{WRONG} {n}", each, known=False) for n, each in enumerate(wrong, start=1)),
    )


def line_up_models(
    voices: Mapping[str, Voice],
    data: Judging,
    settings: ScorecardSettings,
    progress: Callable[[int], None],
) -> Lineup:
    """Several models over the same contexts, the first in the clone's place under its own name."""
    most = min(answered(voice, data, settings) for voice in voices.values())
    examples = _draw(data.test, settings, most)
    numbers = {name: n for n, name in enumerate(dict.fromkeys(each.conversation for each in examples))}
    ask = _Asking(examples, settings.seed, progress)
    first, *rest = (ask(name, voice) for name, voice in voices.items())
    return Lineup(
        examples=examples,
        taught=(data.train,),
        rounds=np.zeros(len(examples), dtype=np.intp),
        clusters=np.array([numbers[example.conversation] for example in examples], dtype=np.intp),
        clone=msgspec.structs.replace(first, name=CLONE),
        baselines=(*rest, *_without_voice(data.train, examples, settings.seed)),
        wrong=(),
    )


def drawn_anew(lineup: Lineup, *, seed: int, progress: Callable[[int], None]) -> Lineup:
    """The same contenders with other luck: whoever costs little answers again, and own replies are redrawn.

    A language model's answers stay: each is drawn with a seed of its own, and costs its time.
    """
    ask = _Asking(lineup.examples, seed, progress)

    def again(one: Contender) -> Contender:
        if one.name == RANDOM:
            dice = random.Random(seed)  # noqa: S311
            said = [[each.reply for each in held] for held in lineup.taught]
            answers = tuple(dice.choice(said[at]) for at in map(int, lineup.rounds))
            return msgspec.structs.replace(one, answers=answers)
        if one.voice is None or isinstance(one.voice, LanguageVoice):
            return one
        return ask(one.name, one.voice, known=one not in lineup.wrong)

    return msgspec.structs.replace(
        lineup, clone=again(lineup.clone), baselines=tuple(map(again, lineup.baselines)),
        wrong=tuple(map(again, lineup.wrong)),
    )  # fmt: skip


class _Asking:
    def __init__(self, examples: Sequence[Example], seed: int, progress: Callable[[int], None]) -> None:
        self.examples, self.seed, self.progress = examples, seed, progress

    def __call__(self, name: str, voice: Voice, *, known: bool = True) -> Contender:
        answers, seconds = [], []
        for n, example in enumerate(self.examples):
            contact = example.contact if known else None
            answer, taken = _timed(voice.stream(example.context, contact=contact, seed=self.seed + n))
            answers.append(answer)
            seconds.append(taken)
            self.progress(1)
        return Contender(name=name, answers=tuple(answers), voice=voice, seconds=tuple(seconds))


def _timed(pieces: Iterator[str]) -> tuple[str, Taken]:
    started = time.perf_counter()
    held, first = [], 0.0
    for piece in pieces:
        first = first or time.perf_counter() - started
        held.append(piece)
    return "".join(held), Taken(first, time.perf_counter() - started, len(held))


def answered(voice: Voice, data: Judging, settings: ScorecardSettings) -> int:
    """How many test contexts are answered: fewer where every word of an answer has to be computed."""
    most = MOST_LANGUAGE if isinstance(voice, LanguageVoice) else settings.max_examples
    return min(most, settings.max_examples, len(data.test))


def _draw(test: Sequence[Example], settings: ScorecardSettings, most: int) -> tuple[Example, ...]:
    """Stretches of conversations in random order up to the limit, then back in order of time.

    Intervals go by conversation, so no stretch is longer than leaves room for ``STRETCHES`` of them, unless
    there are not as many.
    """
    by_conversation: dict[str, list[Example]] = {}
    for example in sorted(test, key=lambda example: (example.at, example.id)):
        by_conversation.setdefault(example.conversation, []).append(example)
    if not by_conversation:
        raise DatasetError("There is no held-out text to judge on.", hint="Import more, then `ipse prepare`.")
    sizes = np.array([len(held) for held in by_conversation.values()])
    longest = max(1, most // STRETCHES)
    while np.minimum(sizes, longest).sum() < min(most, len(test)):
        longest += 1
    rng = random.Random(settings.seed)  # noqa: S311 - a sample, not a secret
    names = sorted(by_conversation)
    rng.shuffle(names)
    drawn: list[Example] = []
    for held in map(by_conversation.__getitem__, names):
        start = rng.randint(0, max(0, len(held) - longest))
        drawn += held[start : start + longest]
    return tuple(sorted(drawn[:most], key=lambda example: (example.at, example.id)))


def _with_prompts(
    voice: Voice, baselines: Mapping[str, Voice], train: Sequence[Example], settings: ScorecardSettings
) -> dict[str, Voice]:
    """Add the base model and its few-shot prompt where the clone is a language voice."""
    out: dict[str, Voice] = {}
    if isinstance(voice, LanguageVoice):
        base = voice.base()
        shown = random.Random(settings.seed).sample(list(train), min(SHOTS, len(train)))  # noqa: S311
        out = {BASE: base, FewShot.name: FewShot(base, shown)}
    return {**out, **baselines}


def _without_voice(train: Sequence[Example], examples: Sequence[Example], seed: int) -> Iterator[Contender]:
    """The baselines that need no model: any own reply, always the most frequent one, and the message again.

    An echo shares words with the true answer without knowing anything, so what counts shared words has to be
    read beside it.
    """
    count = len(examples)
    replies = [example.reply for example in train]
    if not replies:
        return
    drawn = random.Random(seed).choices(replies, k=count)  # noqa: S311
    yield Contender(name=RANDOM, answers=tuple(drawn))
    frequent = Counter(key(reply) for reply in replies).most_common(1)[0][0]
    said = Counter(reply for reply in replies if key(reply) == frequent).most_common(1)[0][0]
    yield Contender(name=FREQUENT, answers=(said,) * count)
    echo = tuple(each.context[-1].text if each.context else "" for each in examples)
    yield Contender(name=ECHO, answers=echo)
