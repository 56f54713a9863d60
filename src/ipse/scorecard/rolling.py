"""A rolling origin: the method is taught several times, each time more, and answers what comes next.

Where little is held out, the rounds together are judged as one line-up: each test message is answered and
scored by the voice of its own round, so nobody is ever asked about what they were taught. Knows no metric.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self, cast

import msgspec
import numpy as np

from ipse.config import ScorecardSettings
from ipse.errors import DatasetError
from ipse.interfaces import LanguageVoice, Voice
from ipse.records import Turn
from ipse.scorecard.contenders import MOST_LANGUAGE, Contender, Judging, Lineup, Rivals, line_up

__all__ = ["line_up_rounds", "share_of"]


def line_up_rounds(
    data: Judging, rivals: Rivals, settings: ScorecardSettings, progress: Callable[[int], None]
) -> Lineup:
    """Let the voices of each of ``data.rounds`` answer its test messages; all of them as one line-up."""
    told = []
    for one in data.rounds:
        most = share_of(one.voice, len(data.rounds), settings)
        told.append(
            line_up(
                one.voice,
                msgspec.structs.replace(data, train=one.train, test=one.test),
                msgspec.structs.replace(rivals, baselines=one.baselines),
                settings.model_copy(update={"max_examples": most}),
                progress,
            )
        )
    return _joined(told)


def share_of(voice: Voice, rounds: int, settings: ScorecardSettings) -> int:
    """Test messages that one round answers at most."""
    most = min(MOST_LANGUAGE, settings.max_examples) if isinstance(voice, LanguageVoice) else None
    return -(-(most or settings.max_examples) // rounds)


def _joined(lineups: Sequence[Lineup]) -> Lineup:
    examples = tuple(each for lineup in lineups for each in lineup.examples)
    numbers = {name: n for n, name in enumerate(dict.fromkeys(each.conversation for each in examples))}
    which: dict[tuple[Turn, ...], int] = {}
    for number, lineup in enumerate(lineups):
        for each in lineup.examples:
            which.setdefault(each.context, number)  # of two rounds the earlier, which was taught less
    every = [list(lineup.everyone()) for lineup in lineups]
    whole = [_one(several, which) for several in zip(*every, strict=True)]
    baselines = len(lineups[0].baselines)
    return Lineup(
        examples=examples,
        taught=tuple(held for lineup in lineups for held in lineup.taught),
        rounds=np.repeat(np.arange(len(lineups)), [len(lineup.examples) for lineup in lineups]),
        clusters=np.array([numbers[each.conversation] for each in examples], dtype=np.intp),
        clone=whole[0],
        baselines=tuple(whole[1 : 1 + baselines]),
        wrong=tuple(whole[1 + baselines :]),
    )


def _one(several: Sequence[Contender], which: Mapping[tuple[Turn, ...], int]) -> Contender:
    """One contender over all rounds."""
    voices = [each.voice for each in several if each.voice is not None]
    voice: Voice | None = None
    if voices:
        kind = _RolledLanguage if all(isinstance(each, LanguageVoice) for each in voices) else _Rolled
        voice = voices[0] if all(each is voices[0] for each in voices) else kind(voices, which)
    return Contender(
        name=several[0].name,
        answers=tuple(answer for each in several for answer in each.answers),
        voice=voice,
        seconds=tuple(taken for each in several for taken in each.seconds),
    )


class _Rolled:
    """The voice of the round that a context is of; of the last round for any other."""

    def __init__(self, voices: Sequence[Voice], which: Mapping[tuple[Turn, ...], int]) -> None:
        self.name = voices[-1].name
        self._voices, self._which = voices, which

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """Never: it is made while judging."""
        raise DatasetError(
            f"The voices of a rolling origin are not kept ({len(files)} files given).",
            hint="Evaluate the model itself.",
        )

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        """What the round's voice says."""
        return self._of(context).stream(context, contact=contact, seed=seed)

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """As the round's voice scores."""
        return self._of(context).score(context, replies)

    def _of(self, context: Sequence[Turn]) -> Voice:
        return self._voices[self._which.get(tuple(context), len(self._voices) - 1)]


class _RolledLanguage(_Rolled):
    """The same for voices with a likelihood."""

    def bits(self, context: Sequence[Turn], reply: str) -> float:
        """Bits by the round's voice."""
        return cast("LanguageVoice", self._of(context)).bits(context, reply)

    def likelihood(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """Likelihoods by the round's voice."""
        return cast("LanguageVoice", self._of(context)).likelihood(context, replies)

    def base(self) -> LanguageVoice:
        """The base, which all rounds have in common."""
        return cast("LanguageVoice", self._voices[-1]).base()
