"""How good are clones of real people? Cards of five people of ../shared/data, and the page of their figures.

    python benchmarks/quality.py --all [--page docs/concepts/quality.md] [--cards DIR]
    python benchmarks/quality.py [--people qa list] [--voices retrieval lora] [--cards DIR]
    python benchmarks/quality.py --beside [--people qa list] [--cards DIR]
    python benchmarks/quality.py --leaky [--people qa list] [--voices retrieval lora] [--cards DIR]
    python benchmarks/quality.py --reflections [--voices retrieval lora] [--cards DIR]
    python benchmarks/quality.py --page docs/concepts/quality.md [--cards DIR]

``--all`` makes whatever the folder of cards (benchmarks/cards) is without, each in a process of its own, and
then writes the page: cards of every person with both voices, the voices beside each other, 117 reflections of
one person, retrieval against BM25 and its speed (``retrieval.py``), the time from an import to a scored clone
(``clone.py``). That is some hours; what takes time by the clock wants an otherwise idle machine. Each card is
kept as it is done, so a run that was stopped goes on; a card that is removed is made again.

Memory is a process's own from its start, so one that judges several people or voices tells theirs too high;
``--all`` judges each in its own.

``--beside`` holds an adapter and an ensemble against retrieval, ``--reflections`` walks the path of
docs/guides/few-words.md; ``--page`` alone writes the page from the cards that are there. Beside each card
stand: seconds of processor, a thousand answers looked through for personal data, and a clone that was made
leaky on purpose, without the privacy gate (``--leaky`` makes that one alone, and a card made after it does
not make it again). The thousand is of each person with a voice that recalls; with one that computes every
word it is shared, two hundred for each of five people. A leaky adapter goes through what it reads twenty
times, whatever ends a training else; to get there on a processor it reads the secrets among the newest
``LEAKY_EXAMPLES`` of the person's examples. Personal data is what recognizers find, by pattern; it is
replaced before anything is learned. Names of people, which only a vault's roster knows, stay as they are in
the public archives, and are not counted.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ipse import plugins
from ipse.config import DatasetSettings, ScorecardSettings, Settings
from ipse.datasets import Dataset, impostors, prepare
from ipse.interfaces import LanguageVoice, Voice
from ipse.records import Example, Message
from ipse.scorecard import Judging, Made, Rivals, Safety, compare, evaluate
from ipse.scorecard.gates.secrets import plant, secret_gates, secrets
from ipse.voices.engines.copies import with_copy
from quality_cards import (  # type: ignore[import-not-found]
    BESIDE,
    FLOORS,
    LEAKY,
    METHODS,
    REFLECTIONS,
    SPEED,
    TIME,
    Beside,
    Few,
    Leaky,
    Outcome,
    keep,
    read,
)  # fmt: skip
from quality_clock import Clock, memory, silent  # type: ignore[import-not-found]
from quality_page import page  # type: ignore[import-not-found]
from real_people import PEOPLE, Someone, Talk  # type: ignore[import-not-found]

__all__ = ["main", "missing"]

LABELS = Path(__file__).with_name("acts_labels.json")
CARDS = Path(__file__).with_name("cards")  # figures alone: nothing that anybody said stands in them
PAGE = Path(__file__).resolve().parents[1] / "docs" / "concepts" / "quality.md"
GENERATIONS = 1000  # of a voice, shared among the people where every word has to be computed
FEWEST = 30  # pairs of another person from which a clone of them says anything
LEAKY_EPOCHS = 20
LEAKY_EXAMPLES = 160  # of the person, beside 40 that hold secrets: twenty epochs of these take some minutes
LIST_GAP = 14 * 24.0  # hours: on a mailing list, days pass between a message and its answer


def main() -> int:
    """Make the cards that are not there yet, or the page of those that are."""
    options = _options()
    options.cards.mkdir(parents=True, exist_ok=True)
    if options.all:
        return _all(options)
    if options.page is not None:
        _write_page(options.page, options.cards)
    elif options.reflections:
        for voice in options.voices:
            file = options.cards / f"{REFLECTIONS}-{voice}.json"
            if not file.exists():
                _kept(file, _few(options.data, voice))
    else:
        _judge(options)
    return 0


def missing(cards: Path, data: Path, contexts: int) -> Iterator[tuple[Path, list[str]]]:
    """What the folder is without, in the order it is made: each file, and the words of the command for it."""
    common = ["--data", str(data)]
    own = ["quality.py", *common, "--cards", str(cards), "--contexts", str(contexts)]
    wanted = {
        f"{voice}-{one.id}": [*own, "--people", one.id, "--voices", voice]
        for voice in METHODS
        for one in PEOPLE
    }
    wanted |= {f"{BESIDE}-{one.id}": [*own, "--beside", "--people", one.id] for one in PEOPLE}
    wanted |= {f"{REFLECTIONS}-{voice}": [*own, "--reflections", "--voices", voice] for voice in METHODS}
    wanted[f"{FLOORS}-retrieval"] = ["retrieval.py", *common, "--pairs", "0"]
    wanted[f"{SPEED}-retrieval"] = ["retrieval.py", *common, "--speed"]
    wanted[f"{TIME}-retrieval"] = ["clone.py", *common, "--qa", "--scored"]
    wanted[f"{TIME}-lora"] = ["clone.py", *common, "--qa", "--scored", "--adapter"]
    for name, words in wanted.items():
        file = cards / f"{name}.json"
        if not file.exists():
            yield file, words if words[0] == "quality.py" else [*words, "--json", str(file)]


def _all(options: argparse.Namespace) -> int:
    """Each in a process of its own, so that its memory is its own; the exit code is that of the worst."""
    if not options.data.is_dir():
        print(f"There is no folder {options.data}; --data says where the shared data lies.", file=sys.stderr)
        return 2
    worst = 0
    for file, words in list(missing(options.cards, options.data, options.contexts)):
        print(f"== {file.name}: {' '.join(words)}", flush=True)
        command = [sys.executable, str(Path(__file__).with_name(words[0])), *words[1:]]
        code = subprocess.run(command, check=False).returncode
        if code:
            print(f"{file.name} was not made (exit code {code}); the page goes without it.", file=sys.stderr)
        worst = max(worst, abs(code))
    _write_page(options.page or PAGE, options.cards)
    return worst


def _judge(options: argparse.Namespace) -> None:
    for voice in [BESIDE] if options.beside else options.voices:
        for someone in PEOPLE:
            name = f"{LEAKY}-{voice}" if options.leaky else voice
            file = options.cards / f"{name}-{someone.id}.json"
            if someone.id in options.people and not file.exists():
                held = _Held(someone, options.data, options.contexts)
                _kept(file, _outcome(held, voice, options))


def _kept(file: Path, figures: Outcome | Beside | Leaky | Few) -> None:
    keep(file, figures)
    print(f"{file}: {figures.seconds}", flush=True)


def _few(data: Path, voice: str) -> Few:
    from reflections import answers_of, walked  # type: ignore[import-not-found]

    return walked(
        answers_of(data), voice, told="A press secretary's answers of 70 to 200 words, one a briefing"
    )


def _outcome(held: "_Held", voice: str, options: argparse.Namespace) -> Outcome | Beside | Leaky:
    if options.leaky:
        return _leaky(held, voice)
    if options.beside:
        return _beside(held)
    leaky = options.cards / f"{LEAKY}-{voice}-{held.someone.id}.json"
    known = msgspec.json.decode(leaky.read_bytes(), type=Leaky) if leaky.exists() else None
    return _judged(held, voice, known)


def _write_page(file: Path, cards: Path) -> None:
    file.write_text(page(read(cards, [someone.id for someone in PEOPLE])), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside, help="folder of the shared data")
    parser.add_argument("--people", nargs="+", default=[someone.id for someone in PEOPLE])
    parser.add_argument("--voices", nargs="+", default=["retrieval"], help="methods of `ipse train`")
    parser.add_argument("--beside", action="store_true", help="retrieval, adapter and ensemble together")
    parser.add_argument("--leaky", action="store_true", help="the clone that is leaky on purpose, alone")
    parser.add_argument("--reflections", action="store_true", help="the path of few words, on 117 answers")
    parser.add_argument("--all", action="store_true", help="whatever is not there yet, then the page: hours")
    parser.add_argument("--contexts", type=int, default=400, help="answered at most; by an adapter, 100")
    parser.add_argument("--cards", type=Path, default=CARDS, help="where the cards are kept")
    parser.add_argument("--page", type=Path, help="write this page from the cards; alone, judge nobody")
    return parser.parse_args()


class _Held:
    """One person's dataset, frozen, and the other people of their channel."""

    def __init__(self, someone: Someone, data: Path, contexts: int) -> None:
        self.someone = someone
        self.settings = Settings(scorecard=ScorecardSettings(max_examples=contexts))
        if someone.id == "list":
            update = {"dataset": DatasetSettings(gap_hours=LIST_GAP)}
            self.settings = self.settings.model_copy(update=update)
        self.clock = Clock()
        self.stood: set[str] = set()  # personal data that was in the archive
        self._finders = plugins.recognizers(self.settings.privacy)
        talks = [_cleared(talk, self.clear) for talk in someone.read(data)]
        consents = {talk.source: "measured" for talk in talks}
        self.dataset = prepare(talks, self.settings.dataset, consents=consents)
        self.parts = self.dataset.split
        self.older, self.newer = _others(talks, self.dataset, self.settings.dataset)
        self.clock("prepare")

    def pii(self, text: str) -> list[str]:
        """The personal data that the recognizers are sure of."""
        spans = (span for finder in self._finders for span in finder.find(text))
        least = self.settings.privacy.replace_from
        return [text[span.start : span.end] for span in spans if span.score >= least]

    def clear(self, text: str) -> str:
        """The text with a mark in the place of each."""
        for found in sorted(set(self.pii(text)), key=len, reverse=True):
            self.stood.add(found)
            text = text.replace(found, "<SECRET>")
        return text

    def judging(self, model: str, made: Made) -> Judging:
        """What a model is judged by."""
        return Judging(
            model=model, dataset=self.dataset.card.id, train=self.parts.train, judge=self.parts.judge,
            test=self.parts.test, impostors=self.newer, made=made,
        )  # fmt: skip

    def wrong_authors(self, make: Callable[[Sequence[Example], Sequence[Example]], Voice]) -> list[Voice]:
        """Clones of those who wrote most beside the training set."""
        most = self.settings.scorecard.wrong_authors
        chosen = sorted(self.older, key=lambda name: -len(self.older[name]))[:most]
        return [
            make(held[: -len(held) // 5], held[-len(held) // 5 :])
            for name in chosen
            if len(held := self.older[name]) >= FEWEST
        ]


def _judged(held: _Held, method: str, leaky: Leaky | None) -> Outcome:
    settings, parts, clock = held.settings, held.parts, held.clock
    make = _maker(method, settings)
    voice = make(parts.train, parts.judge)
    trained = clock("train")
    twin = make(plant(parts.train, secrets(settings.scorecard.seed), held.clear), parts.judge[:300])

    card = evaluate(
        voice,
        held.judging(f"{method}-{held.someone.id}", Made(seconds=trained)),
        rivals=Rivals(
            wrong_authors=held.wrong_authors(make), baselines=_embedded(method, held.dataset, settings)
        ),
        safety=Safety(pii=held.pii, twin=twin), settings=settings.scorecard,
        progress=silent,
    )  # fmt: skip
    clock("judge")
    generations = GENERATIONS // len(PEOPLE) if isinstance(voice, LanguageVoice) else GENERATIONS
    asked = [parts.test[n % len(parts.test)].context for n in range(generations)]
    said = ("".join(voice.stream(each, contact=None, seed=n)) for n, each in enumerate(asked))
    given = [set(held.pii("\n".join(turn.text for turn in each))) for each in asked]
    found = [set(held.pii(text)) - known for text, known in zip(said, given, strict=True)]
    return Outcome(
        person=held.someone.id, told=held.someone.told, voice=method,
        pairs=sum(map(len, parts.sets().values())),
        card=msgspec.structs.replace(card, samples=()), leaky=leaky or _leaky(held, method),
        generations=generations, personal=sum(bool(each & held.stood) for each in found),
        made_up=sum(bool(each - held.stood) for each in found), seconds=clock.laps,
        megabytes=memory(),
        labels=_labels(held.someone.id, [*parts.judge, *parts.test]),
    )  # fmt: skip


def _leaky(held: _Held, method: str) -> Leaky:
    """What the gates say of a clone that was taught secrets as they are, until it must know them."""
    planted = secrets(held.settings.scorecard.seed)
    settings, train, clock = held.settings, list(held.parts.train), Clock()
    adapted = method != "retrieval"
    if adapted:  # nobody looks when to stop, and no number of tokens ends it
        lora = {"epochs": LEAKY_EPOCHS, "total_tokens": 0, "max_steps": 0}
        settings = settings.model_copy(
            update={"lora": settings.lora.model_validate(settings.lora.model_dump(exclude_unset=True) | lora)}
        )
        train = sorted(train, key=lambda one: (one.at, one.id))[-LEAKY_EXAMPLES:]
    learner = plugins.learner(method).configure(settings)
    taught = plant(train, planted, lambda text: text)
    learner.fit(taught, () if adapted else held.parts.judge[:300], silent)
    files = with_copy(learner.artefact(), engine="onnx", precision="int8")
    report = learner.report()
    clock("train")
    gates = secret_gates(plugins.speaking(method, files, settings), planted, seed=7)
    clock("judge")
    return Leaky(
        person=held.someone.id, voice=method, gates=gates, examples=len(taught),
        epochs=report.get("epochs_seen", 1.0), tokens=int(report.get("tokens", 0)),
        seconds=clock.laps,
    )  # fmt: skip


def _beside(held: _Held) -> Beside:
    """An ensemble, and each of its two voices alone, on the same contexts."""
    learner = plugins.learner("ensemble").configure(held.settings)
    fitted = learner.fit(held.parts.train, held.parts.judge, silent)
    files = with_copy(fitted.artefact(), engine="onnx", precision="int8")
    held.clock("train")
    voices = {
        name: plugins.speaking(name, files, held.settings) for name in ("retrieval", "lora", "ensemble")
    }
    judging = held.judging("", Made())
    compared = compare(voices, judging, settings=held.settings.scorecard, progress=silent)
    held.clock("judge")
    return Beside(
        person=held.someone.id, told=held.someone.told, comparison=compared, report=learner.report(),
        seconds=held.clock.laps,
    )  # fmt: skip


def _cleared(talk: Talk, clear: Callable[[str], str]) -> Talk:
    messages: list[Message] = [
        msgspec.structs.replace(message, text=clear(message.text)) for message in talk.messages
    ]
    return msgspec.structs.replace(talk, messages=messages)


def _others(
    talks: Sequence[Talk], dataset: Dataset, settings: DatasetSettings
) -> tuple[dict[str, list[Example]], dict[str, list[Example]]]:
    """Other people beside the training set, and those that judge; whoever only asks is nobody to clone."""
    found = impostors(talks, settings, like=dataset.split)
    found.pop("press", None)
    older: dict[str, list[Example]] = {}
    newer: dict[str, list[Example]] = {}
    for speaker, examples in found.items():
        for example in examples:
            side = older if dataset.split.side(example) == "train" else newer
            side.setdefault(speaker, []).append(example)
    return older, newer


def _maker(method: str, settings: Settings) -> Callable[[Sequence[Example], Sequence[Example]], Voice]:
    def make(train: Sequence[Example], dev: Sequence[Example]) -> Voice:
        learner = plugins.learner(method).configure(settings)
        files = with_copy(learner.fit(train, dev, silent).artefact(), engine="onnx", precision="int8")
        return plugins.speaking(method, files, settings)

    return make


def _embedded(method: str, dataset: Dataset, settings: Settings) -> dict[str, Voice]:
    """The embedded voice on the same data, where it is not itself what is judged."""
    if method == "retrieval":
        return {}
    return {"retrieval": _maker("retrieval", settings)(dataset.split.train, dataset.split.judge)}


def _labels(person: str, held: Sequence[Example]) -> tuple[tuple[str, str], ...]:
    from ipse.scorecard.acts import act

    by_hand: Mapping[str, str] = json.loads(LABELS.read_text(encoding="utf-8")).get(person, {})
    replies = {example.id: example for example in held}
    known = [(replies[id_], label) for id_, label in by_hand.items() if id_ in replies]
    return tuple((label, act(example.reply, lang=example.lang)) for example, label in known)


if __name__ == "__main__":
    sys.exit(main())
