"""Does an adapter learn *this* person? Bits per byte of one prolific chat speaker, on held-out conversations.

Trains an adapter for the speaker and one for each wrong author, then measures on the speaker's latest 20 %
(whole conversations, later in time): the gain over the base, the specificity (gain on the speaker's text
minus gain on other people's text of the same channel and time) and the distance to the wrong authors.
Intervals are 95 % BCa over conversations. The floor is the base model.

The channel is about a proof assistant: pasted code and formulae are nobody's voice, and the base, which has
seen children's stories alone, spends ten times the bits on them, so that whoever pastes more would seem to
gain more. Paragraphs that are not prose are left out, of everyone alike.

    python benchmarks/lora.py [--data ../shared/data] [--speaker NAME] [--wrong NAME ...]
"""

import argparse
import gzip
import json
import re
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.config import DatasetSettings, LoraSettings
from ipse.datasets import Split, impostors, prepare
from ipse.interfaces import LanguageVoice
from ipse.learners.lora import LoraLearner
from ipse.records import Example, Message, Person
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.results import Figure
from ipse.voices.transformer import TransformerVoice

__all__ = ["main"]

CHAT = "chat/lean-zulip-116395_maths.jsonl.gz"
BASE = "models/babyllama-361"
DATASET = DatasetSettings()
NOT_PROSE = re.compile(r"[^A-Za-z0-9\s.,;:!?'\"()@*-]")
QUOTED = re.compile(r"^>| said:$|https?://", re.MULTILINE)


class Talk(msgspec.Struct, frozen=True):
    """A topic of the channel as a vault would hand it out."""

    id: str
    source: str
    messages: Sequence[Message]


def main() -> None:
    options = _options()
    with gzip.open(options.data / CHAT) as lines:
        rows = [json.loads(line) for line in lines]
    talks = _talks(rows, options.speaker)
    split = prepare(talks, DATASET, consents={"chat": "measured only"}).split
    own = _spread(split.test, options.test)
    others = _others(talks, split, options.test)
    names = [options.speaker, *options.wrong]
    voices: dict[str, LanguageVoice] = {}
    for name in names:
        mine = name == options.speaker
        parts = split if mine else prepare(_talks(rows, name), DATASET, consents={"chat": "-"}).split
        voices[name] = _train(name, parts, before=own[0].at, options=options)
    voices = {"base": voices[options.speaker].base(), **voices}

    started = time.monotonic()
    bits = {name: _bits(voice, [*own, *others]) for name, voice in voices.items()}
    print(f"judged in {time.monotonic() - started:.0f} s\n")
    _print_table(bits, own, others, speaker=options.speaker)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--base", type=Path, help=f"default: {BASE} of the data")
    parser.add_argument("--speaker", default="Kevin Buzzard")
    parser.add_argument("--wrong", nargs="+", default=["Mario Carneiro"], help="wrong authors")
    parser.add_argument("--train", type=int, default=2000, help="newest training examples used of each")
    parser.add_argument("--test", type=int, default=200, help="held-out examples judged of each side")
    parser.add_argument("--steps", type=int, default=250)
    # The recipe's 1e-4 is for models of billions of parameters; one of a million takes larger steps.
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--seed", type=int, default=7)
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


def _train(name: str, parts: Split, *, before: datetime, options: argparse.Namespace) -> TransformerVoice:
    train = [example for example in parts.train if example.at < before][-options.train :]
    dev = [example for example in parts.judge if example.at < before]
    settings = LoraSettings(
        base=str(options.base),
        max_steps=options.steps,
        learning_rate=options.learning_rate,
        rank=options.rank,
        alpha=2 * options.rank,
        seed=options.seed,
    )
    learner = LoraLearner(settings).fit(train, dev, _silent)
    report = learner.report()
    print(
        f"{name}: {len(train)} examples, {report['steps']:.0f} steps, {report['seconds']:.0f} s, "
        f"{report['tokens_per_second']:,.0f} tokens/s, dev {report['dev_bits_base']:.3f} → "
        f"{report['dev_bits']:.3f} bits per byte"
    )
    return TransformerVoice.load(learner.artefact())


def _silent(done: float, total: float | None, figures: Mapping[str, float]) -> None:
    """Follow nothing: the report tells."""


def _bits(voice: LanguageVoice, examples: Sequence[Example]) -> Draws:
    return np.array([voice.bits(example.context, example.reply) for example in examples])


def _print_table(
    bits: Mapping[str, Draws], own: Sequence[Example], others: Sequence[Example], *, speaker: str
) -> None:
    """Every figure on the same resampled conversations, so differences are paired."""
    every = [*own, *others]
    ids = {name: place for place, name in enumerate(sorted({example.conversation for example in every}))}
    at = np.array([ids[example.conversation] for example in every], dtype=np.intp)
    size = np.array([len(example.reply.encode()) for example in every], dtype=np.float64)
    plan = Plan([len(ids)], resamples=2000, seed=7)
    mine, theirs = slice(0, len(own)), slice(len(own), None)

    def rate(values: Draws, part: slice) -> Draws:
        return _rate(plan, values[part], size=size[part], at=at[part])

    print(
        f"{len(own)} replies of {speaker}, {len(others)} of others, {len(ids)} conversations; bits per byte"
    )
    print(f"{'bits per byte':24}{'on own text':>24}{'gain over base':>24}{'specificity':>24}")
    for name, each in bits.items():
        gain, foreign = rate(bits["base"] - each, mine), rate(bits["base"] - each, theirs)
        cells = [plan.figure(rate(each, mine))]
        cells += [plan.figure(gain), plan.figure(gain - foreign)] if name != "base" else []
        print(f"{name:24}" + "".join(f"{_shown(cell):>24}" for cell in cells))
    for name in set(bits) - {"base", speaker}:
        away = plan.figure(rate(bits[name] - bits[speaker], mine))
        print(f"{name} needs {_shown(away)} more than {speaker} for {speaker}'s text")


def _rate(plan: Plan, values: Draws, *, size: Draws, at: npt.NDArray[np.intp]) -> Draws:
    return plan.ratio(plan.sums(values, at), plan.sums(size, at))


def _shown(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3f} (cannot tell)"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


if __name__ == "__main__":
    main()
