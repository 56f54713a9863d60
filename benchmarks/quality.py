"""How good are clones of real people? Cards of five people of ../shared/data, and the page of their figures.

    python benchmarks/quality.py [--people qa list] [--voices retrieval] [--cards DIR]
    python benchmarks/quality.py --page docs/concepts/quality.md [--cards DIR]

Each card is kept in the folder of cards as it is done, so a run that was stopped goes on; the second form
writes the page from them. Beside each card stand: seconds of processor, a thousand answers looked through for
personal data, and a clone that was made leaky on purpose, without the privacy gate. Personal data is
replaced as recognizers find it before anything is learned; names of people, which only a vault's roster
knows, stay as they are in the public archives.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from ipse import plugins
from ipse.config import DatasetSettings, Settings
from ipse.datasets import Dataset, impostors, prepare
from ipse.interfaces import Voice
from ipse.records import Example, Message
from ipse.scorecard import Judging, Made, Rivals, Safety, evaluate
from ipse.scorecard.gates.secrets import plant, secret_gates, secrets
from quality_page import Outcome, page  # type: ignore[import-not-found]
from real_people import PEOPLE, Someone, Talk  # type: ignore[import-not-found]

__all__ = ["main"]

LABELS = Path(__file__).with_name("acts_labels.json")
GENERATIONS = 1000
FEWEST = 30  # pairs of another person from which a clone of them says anything
LIST_GAP = 14 * 24.0  # hours: on a mailing list, days pass between a message and its answer


def main() -> None:
    """Make the cards that are not there yet, or the page of those that are."""
    options = _options()
    options.cards.mkdir(parents=True, exist_ok=True)
    if options.page is not None:
        found = [
            msgspec.json.decode(file.read_bytes(), type=Outcome) for file in options.cards.glob("*.json")
        ]
        order = [someone.id for someone in PEOPLE]
        found.sort(key=lambda one: (one.voice, order.index(one.person)))
        options.page.write_text(page(found), encoding="utf-8")
        return
    for voice in options.voices:
        for someone in PEOPLE:
            file = options.cards / f"{voice}-{someone.id}.json"
            if someone.id in options.people and not file.exists():
                outcome = _judged(someone, voice, options.data)
                file.write_bytes(msgspec.json.encode(outcome))
                print(f"{file}: {outcome.seconds}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside, help="folder of the shared data")
    parser.add_argument("--people", nargs="+", default=[someone.id for someone in PEOPLE])
    parser.add_argument("--voices", nargs="+", default=["retrieval"], help="methods of `ipse train`")
    parser.add_argument("--cards", type=Path, default=Path("build/quality"), help="where the cards are kept")
    parser.add_argument("--page", type=Path, help="write this page from the cards, and judge nobody")
    return parser.parse_args()


def _judged(someone: Someone, method: str, data: Path) -> Outcome:
    settings = Settings()
    if someone.id == "list":
        settings = settings.model_copy(update={"dataset": DatasetSettings(gap_hours=LIST_GAP)})
    clock = _Clock()
    finders = plugins.recognizers(settings.privacy)

    def pii(text: str) -> list[str]:
        spans = (span for finder in finders for span in finder.find(text))
        return [text[span.start : span.end] for span in spans if span.score >= settings.privacy.replace_from]

    def clear(text: str) -> str:
        for found in sorted(set(pii(text)), key=len, reverse=True):
            text = text.replace(found, "<SECRET>")
        return text

    talks = [_cleared(talk, clear) for talk in someone.read(data)]
    dataset = prepare(talks, settings.dataset, consents={talk.source: "measured" for talk in talks})
    older, newer = _others(talks, dataset, settings.dataset)
    clock("prepare")
    parts = dataset.split
    make = _maker(method, settings)
    voice = make(parts.train, parts.judge)
    trained = clock("train")

    def twin(examples: Sequence[Example]) -> Voice:
        return make(examples, parts.judge[:300])

    chosen = sorted(older, key=lambda name: -len(older[name]))[: settings.scorecard.wrong_authors]
    wrong = [
        make(held[: -len(held) // 5], held[-len(held) // 5 :])
        for name in chosen
        if len(held := older[name]) >= FEWEST
    ]
    card = evaluate(
        voice,
        Judging(
            model=f"{method}-{someone.id}", dataset=dataset.card.id, train=parts.train, judge=parts.judge,
            test=parts.test, impostors=newer, made=Made(seconds=trained),
        ),
        rivals=Rivals(wrong_authors=wrong, baselines=_embedded(method, dataset, settings)),
        safety=Safety(pii=pii, clear=clear, twin=twin), settings=settings.scorecard, progress=_silent,
    )  # fmt: skip
    clock("judge")
    planted = secrets(settings.scorecard.seed)
    leaky = secret_gates(twin(plant(parts.train, planted, lambda text: text)), planted, seed=7)
    asked = [parts.test[n % len(parts.test)].context for n in range(GENERATIONS)]
    said = ("".join(voice.stream(each, contact=None, seed=n)) for n, each in enumerate(asked))
    given = [set(pii("\n".join(turn.text for turn in each))) for each in asked]
    personal = sum(bool(set(pii(text)) - known) for text, known in zip(said, given, strict=True))
    return Outcome(
        person=someone.id, told=someone.told, voice=method, pairs=sum(map(len, parts.sets().values())),
        card=msgspec.structs.replace(card, samples=()), leaky=leaky, generations=GENERATIONS,
        personal=personal, seconds=clock.laps,
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        labels=_labels(someone.id, [*parts.judge, *parts.test]),
    )  # fmt: skip


class _Clock:
    """Seconds of processor between calls: the machine may be doing other work as well."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.process_time()

    def __call__(self, name: str) -> float:
        now = time.process_time()
        self.laps[name], self._last = round(now - self._last, 1), now
        return self.laps[name]


def _silent(_done: float, _total: float | None, _figures: Mapping[str, float]) -> None:
    pass


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
        return plugins.speaking(method, learner.fit(train, dev, _silent).artefact(), settings)

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
    main()
