"""Does an adapter learn *this* person? Bits per byte of one prolific chat speaker, on held-out conversations.

Trains an adapter for the speaker and one for each wrong author, then measures on the speaker's latest 20 %
(whole conversations, later in time): the gain over the base, the specificity (gain on the speaker's text
minus gain on other people's text of the same channel and time) and the distance to the wrong authors.
Intervals are 95 % BCa over conversations. The floor is the base model.

Two things would otherwise pass for a person's voice. The channel is about a proof assistant: pasted code and
formulae are nobody's voice, so paragraphs that are not prose are left out, of everyone alike. And whoever
writes less like the children's stories that the base was trained on has more to gain from any adapter, so
beside other people at random stand other people *matched*: for each reply of the speaker, one of somebody
else as long and as hard for the base.

    python benchmarks/lora.py [--data ../shared/data] [--speaker NAME] [--wrong NAME ...]
"""

import argparse
import gzip
import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import msgspec
import numpy as np

from ipse.config import DatasetSettings, LoraSettings, ScorecardSettings
from ipse.datasets import Split, impostors, prepare
from ipse.learners.adapters.lora import LoraLearner
from ipse.records import Example, Message, Person
from ipse.scorecard import Judging, Rivals, Safety, evaluate
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.metrics.likelihood import matched
from ipse.scorecard.results import Figure
from ipse.voices.transformer import TransformerVoice

__all__ = ["main"]

CHAT = "chat/lean-zulip-116395_maths.jsonl.gz"
BASE = "models/babyllama-361"
DATASET = DatasetSettings()
POOL = 3  # candidates among other people's replies for each of the speaker's
NOT_PROSE = re.compile(r"[^A-Za-z0-9\s.,;:!?'\"()@*-]")
QUOTED = re.compile(r"^>| said:$|https?://", re.MULTILINE)


class Talk(msgspec.Struct, frozen=True):
    """A topic of the channel as a vault would hand it out."""

    id: str
    source: str
    messages: Sequence[Message]


def main() -> None:
    options = _options()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two processes, one core each
    started = time.monotonic()
    with gzip.open(options.data / CHAT) as lines:
        rows = [json.loads(line) for line in lines]
    talks = _talks(rows, options.speaker)
    split = prepare(talks, DATASET, consents={"chat": "measured only"}).split
    own = _spread(split.test, options.test)
    names = [options.speaker, *options.wrong]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = [_parts(rows, name, own[0].at, options.train) for name in names]
        clones = dict(zip(names, pool.map(partial(_train, options), names, parts), strict=True))
        judge = _Judge(pool, clones, speaker=options.speaker)
        candidates = _others(talks, split, POOL * options.test)
        print(f"trained after {time.monotonic() - started:.0f} s")
        random = judge.bits(candidates[::POOL])
        nearest = matched(own, candidates, judge.base(own), judge.base(candidates))
        alike = [candidates[place] for place in nearest]
        tables = [judge.bits(own), random, judge.bits(alike)]
    print(f"judged after {time.monotonic() - started:.0f} s\n")
    _print_table(tables, [own, candidates[::POOL], alike], speaker=options.speaker)
    if options.scorecard:
        _print_scorecards(options, talks, split, clones)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--base", type=Path, help=f"default: {BASE} of the data")
    parser.add_argument("--speaker", default="Kevin Buzzard")
    parser.add_argument("--wrong", nargs="+", default=["Mario Carneiro"], help="wrong authors")
    parser.add_argument("--train", type=int, default=3200, help="newest training examples used of each")
    parser.add_argument("--test", type=int, default=400, help="held-out examples judged of each side")
    parser.add_argument("--steps", type=int, default=400)
    # The recipe's 1e-4 is for models of billions of parameters; one of a million takes larger steps.
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--scorecard", action="store_true", help="also the cards of the right and wrong clone"
    )
    options = parser.parse_args()
    options.base = options.base or options.data / BASE
    return options


def _talks(rows: Sequence[Mapping[str, object]], me: str) -> list[Talk]:
    topics: dict[str, list[Message]] = defaultdict(list)
    for row in rows:
        topic, sender = str(row["topic"]), str(row["sender"])
        topics[topic].append(
            Message(
                id=str(row["id"]),
                conversation=topic,
                platform="zulip",
                at=datetime.fromtimestamp(float(str(row["ts"])), UTC),
                sender=Person(sender),
                text=_prose(str(row["text"])),
                direction="outbound" if sender == me else "inbound",
                automatic=sender == "Welcome Bot",
                group=True,
            )
        )
    return [Talk(topic, "chat", messages) for topic, messages in topics.items()]


def _prose(text: str) -> str:
    """The paragraphs that are prose: letters and plain punctuation but for one character in fifty."""
    kept = [part for part in text.split("\n\n") if len(NOT_PROSE.findall(part)) * 50 <= len(part)]
    return "\n\n".join(part for part in kept if not QUOTED.search(part))


def _others(talks: Sequence[Talk], split: Split, count: int) -> list[Example]:
    """Replies of everyone else in the time of the speaker's test set."""
    held = impostors(talks, DATASET, like=split)
    late = [each for replies in held.values() for each in replies if split.place(each.at) == "test"]
    return _spread(sorted(late, key=lambda example: (example.at, example.id)), count)


def _spread(examples: Sequence[Example], count: int) -> list[Example]:
    """At most ``count`` of them, evenly over time."""
    places = np.linspace(0, len(examples) - 1, min(count, len(examples))).round().astype(int)
    return [examples[place] for place in places]


def _parts(
    rows: Sequence[Mapping[str, object]], name: str, before: datetime, count: int
) -> tuple[list[Example], list[Example]]:
    """The newest training and dev examples of a person, all older than the test set."""
    split = prepare(_talks(rows, name), DATASET, consents={"chat": "measured only"}).split
    train = [example for example in split.train if example.at < before]
    return train[-count:], [example for example in split.judge if example.at < before]


def _train(
    options: argparse.Namespace, name: str, parts: tuple[list[Example], list[Example]]
) -> dict[str, bytes]:
    settings = LoraSettings(
        base=str(options.base),
        max_steps=options.steps,
        learning_rate=options.learning_rate,
        rank=options.rank,
        alpha=2 * options.rank,
        seed=options.seed,
    )
    learner = LoraLearner(settings).fit(*parts, _silent)
    report = learner.report()
    print(
        f"{name}: {len(parts[0])} examples, {report['steps']:.0f} steps, {report['seconds']:.0f} s, "
        f"{report['tokens_per_second']:,.0f} tokens/s, dev {report['dev_bits_base']:.3f} → "
        f"{report['dev_bits']:.3f} bits per byte",
        flush=True,
    )
    return learner.artefact()


def _silent(done: float, total: float | None, figures: Mapping[str, float]) -> None:
    """Follow nothing: the report tells."""


class _Judge:
    """Asks every voice for its bits, the work shared between the processes of ``pool``."""

    def __init__(self, pool: Executor, clones: Mapping[str, dict[str, bytes]], *, speaker: str) -> None:
        self.pool = pool
        self.clones = clones
        self.speaker = speaker

    def base(self, examples: Sequence[Example]) -> Draws:
        return self._ask(partial(_bits, self.clones[self.speaker], adapter=False), examples)

    def bits(self, examples: Sequence[Example]) -> dict[str, Draws]:
        asked = {name: self._ask(partial(_bits, files), examples) for name, files in self.clones.items()}
        return {"base": self.base(examples), **asked}

    def _ask(self, ask: Callable[[Sequence[Example]], Draws], examples: Sequence[Example]) -> Draws:
        middle = len(examples) // 2
        return np.concatenate(list(self.pool.map(ask, [examples[:middle], examples[middle:]])))


def _bits(files: Mapping[str, bytes], examples: Sequence[Example], *, adapter: bool = True) -> Draws:
    voice = TransformerVoice.load(files)
    asked = voice if adapter else voice.base()
    return np.array([asked.bits(example.context, example.reply) for example in examples])


def _sizes(examples: Sequence[Example]) -> Draws:
    return np.array([len(example.reply.encode()) for example in examples], dtype=np.float64)


def _print_scorecards(
    options: argparse.Namespace, talks: Sequence[Talk], split: Split, clones: Mapping[str, dict[str, bytes]]
) -> None:
    """The scorecard of the right clone, then of a wrong author in its place: does it tell them apart?"""
    held = impostors(talks, DATASET, like=split)
    later = {
        name: [each for each in replies if split.place(each.at) != "train"]
        for name, replies in held.items()
        if name not in options.wrong
    }
    data = Judging(train=split.train, judge=split.judge, test=split.test, impostors=later)
    settings = ScorecardSettings(max_examples=40, wrong_authors=1)
    voices = {name: TransformerVoice.load(files) for name, files in clones.items()}
    for name, voice in voices.items():
        wrong = voices[options.wrong[0]]
        rivals = Rivals(wrong_authors=[wrong])
        card = evaluate(
            voice, data, rivals=rivals, safety=Safety(pii=_nothing), settings=settings, progress=_silent
        )
        print(f"\nscorecard of {name}'s clone, judged as {options.speaker}'s: promotable {card.promotable}")
        for row in card.rows:
            if row.primary:
                figure = "–" if row.value is None else _shown(Figure(row.value, row.low, row.high))
                print(f"  {row.id:14}{row.name:36}{figure:26}against {row.against or '0':16}{row.verdict}")
        for reason in card.reasons:
            print(f"  {reason}")


def _nothing(_text: str) -> list[str]:
    """No personal data is looked for in a public archive."""
    return []


def _print_table(
    tables: Sequence[Mapping[str, Draws]], sides: Sequence[Sequence[Example]], *, speaker: str
) -> None:
    """Every figure on the same resampled conversations, so differences are paired.

    The sides are: own replies, other people's at random, other people's matched.
    """
    every = [example for side in sides for example in side]
    ids = {name: place for place, name in enumerate(sorted({example.conversation for example in every}))}
    plan = Plan([len(ids)], resamples=2000, seed=7)

    def rate(bits: Draws, side: Sequence[Example]) -> Draws:
        at = np.array([ids[example.conversation] for example in side], dtype=np.intp)
        return plan.ratio(plan.sums(bits, at), plan.sums(_sizes(side), at))

    needed = {
        name: [rate(bits[name], side) for bits, side in zip(tables, sides, strict=True)] for name in tables[0]
    }
    print(f"{len(sides[0])} replies of {speaker}, {len(ids)} conversations")
    heads = ("own text", "gain over base", "specificity, at random", "specificity, matched")
    print(f"{'bits per byte':20}" + "".join(f"{head:>26}" for head in heads))
    for name, rates in needed.items():
        mine, random, alike = (base - each for base, each in zip(needed["base"], rates, strict=True))
        cells = [rates[0]] if name == "base" else [rates[0], mine, mine - random, mine - alike]
        print(f"{name:20}" + "".join(f"{_shown(plan.figure(cell)):>26}" for cell in cells))
    for name in list(needed)[2:]:
        own, random, alike = (
            wrong - right for wrong, right in zip(needed[name], needed[speaker], strict=True)
        )
        print(
            f"{name} costs {_shown(plan.figure(own))} more on {speaker}'s text, and more so than on that of "
            f"others by {_shown(plan.figure(own - random))} (matched {_shown(plan.figure(own - alike))})"
        )


def _shown(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3f} (cannot tell)"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


if __name__ == "__main__":
    main()
