"""Made-up authors with habits of their own, and small real voices to judge."""

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import NamedTuple, Self

import msgspec

from ipse.config import ScorecardSettings
from ipse.records import Example, Turn
from ipse.scorecard import Judging, Safety, Scorecard, evaluate
from ipse.scorecard.bootstrap import Plan
from ipse.scorecard.contenders import Lineup, Rivals, line_up

TOPICS = [
    ["dinner", "table", "pasta", "oven", "guests", "recipe", "wine", "bread", "kitchen"],
    ["train", "ticket", "platform", "delay", "seat", "station", "luggage", "journey", "bus"],
    ["meeting", "report", "client", "deadline", "budget", "office", "laptop", "slides"],
    ["garden", "roses", "soil", "rain", "seeds", "tomato", "shovel", "fence", "hedge"],
    ["concert", "guitar", "song", "drums", "album", "singer", "stage", "tune", "choir"],
    ["match", "goal", "team", "coach", "training", "league", "referee", "stadium", "score"],
    ["roof", "paint", "window", "door", "rent", "landlord", "heating", "carpet", "lamp"],
    ["flight", "hotel", "beach", "passport", "museum", "island", "suitcase", "visa"],
]
FILLERS = ["so", "maybe", "really", "still", "also", "just", "quite", "again", "later", "perhaps", "early"]


class Style(NamedTuple):
    openers: Sequence[str]
    closers: Sequence[str]
    pet: Sequence[str]
    case: Callable[[str], str]
    length: tuple[int, int]


STYLES = {
    "me": Style(["hey", "haha yes", "mm ok"], [" :)", "...", ""], ["kinda", "gonna"], str.lower, (6, 16)),
    "ada": Style(["Indeed.", "I see."], [".", ". Regards"], ["whilst"], str.capitalize, (10, 24)),
    "bob": Style(["YES!", "Dude"], ["!!", "?!"], ["awesome", "bro"], str.capitalize, (3, 9)),
    "cem": Style(["Ach,", "Na ja,"], ["…", " 😀", " 🎉"], ["halt", "eben"], str.title, (5, 14)),
}


def sentence(style: Style, asked: list[str], rng: random.Random) -> str:
    """People take up the words they are asked with."""
    length = rng.randint(*style.length)
    pool = [rng.choice(rng.choice([asked, asked, FILLERS, style.pet])) for _ in range(length)]
    if rng.random() < 0.2:
        return style.case(rng.choice(style.openers))
    return f"{rng.choice(style.openers)} {style.case(' '.join(pool))}{rng.choice(style.closers)}"


def write(name: str, seed: int, *, conversations: int = 60, start: int = 0) -> list[Example]:
    """Examples of one author: in each conversation a contact asks about a topic, five times."""
    rng = random.Random(f"{name}{seed}")
    out = []
    for c in range(conversations):
        topic = rng.choice(TOPICS)
        for n in range(5):
            asked = rng.sample(topic, 4)
            at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=start + c, minutes=n)
            turn = Turn("partner", f"PERSON_{c % 4}", f"what about the {' '.join(asked)} do you think?")
            out.append(
                Example(
                    id=f"{name}{seed}-{c}-{n}", conversation=f"{name}{seed}-{c}", contact=f"PERSON_{c % 4}",
                    platform="whatsapp", at=at, context=(turn,),
                    reply=sentence(STYLES[name], asked, rng),
                )
            )  # fmt: skip
    return out


@cache
def words(reply: str) -> list[str]:
    """Of a reply that is offered again and again."""
    return re.findall(r"\w+", reply.lower())


class Replay:
    """Says what its author said in the situation that shares most words."""

    name = "replay"

    def __init__(self, examples: Sequence[Example]) -> None:
        self.known = [(set(e.context[-1].text.split()), e.reply) for e in examples]

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        raise NotImplementedError

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        rng = random.Random(seed)
        asked = set(context[-1].text.split())
        best = max(self.known, key=lambda each: (len(each[0] & asked), rng.random()))
        yield from (best[1][:3], best[1][3:])

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        asked = set(context[-1].text.lower().split())
        told = [words(reply) for reply in replies]
        return [sum(map(asked.__contains__, said)) / (3 + len(said)) for said in told]


class Says(Replay):
    """Answers by a rule, whatever is asked."""

    name = "rule"

    def __init__(self, rule: Callable[[Sequence[Turn], int], str]) -> None:
        super().__init__([])
        self.rule = rule

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        yield self.rule(context, seed)


class Letters(Replay):
    """A language voice: a character bigram model, over a base of single characters."""

    name = "letters"

    def __init__(self, examples: Sequence[Example], below: "Letters | None" = None) -> None:
        super().__init__(examples)
        text = "".join(f"\n{e.reply}" for e in examples)
        self.pairs = Counter(pairwise(text))
        self.first = Counter(text)
        self.below = below

    def _p(self, before: str, letter: str) -> float:
        under = self.below._p(before, letter) if self.below else 1 / 256
        return (self.pairs[before, letter] + 5 * under) / (self.first[before] + 5)

    def bits(self, context: Sequence[Turn], reply: str) -> float:
        text = f"\n{reply}"
        return -sum(math.log2(self._p(a, b)) for a, b in pairwise(text))

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        return [-self.bits(context, reply) / len(reply) for reply in replies]

    def likelihood(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        return self.score(context, replies)

    def base(self) -> "Letters":
        assert self.below is not None
        return self.below


SETTINGS = ScorecardSettings(resamples=300, max_examples=120, seeds=1)


class World(NamedTuple):
    data: Judging
    wrong_text: dict[str, list[Example]]
    wrong: list[Replay]

    def clone(self) -> Replay:
        return Replay(self.data.train)

    def lineup(self, voice: Replay, **changes: object) -> tuple[Lineup, Plan]:
        """The contenders for one metric alone."""
        data = msgspec.structs.replace(self.data, **changes)
        lineup = line_up(voice, data, Rivals(wrong_authors=self.wrong), SETTINGS, lambda answers: None)
        return lineup, Plan([lineup.conversations], resamples=SETTINGS.resamples, seed=SETTINGS.seed)

    def judge(self, voice: Replay, **changes: object) -> Scorecard:
        told: dict[str, object] = {
            "rivals": Rivals(wrong_authors=self.wrong),
            "safety": Safety(pii=lambda answer: [], twin=Says(lambda context, seed: "no idea")),
            "settings": SETTINGS,
            "progress": lambda done, total, figures: None,
            **changes,
        }
        data = told.pop("data", self.data)
        return evaluate(voice, data, **told)  # type: ignore[arg-type]
