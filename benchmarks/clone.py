"""Time to clone, answer latency and memory: from an export on disk to the first answer, step by step.

The data is the demo's made-up person, or with ``--qa`` one speaker of the press briefings of the shared
data, each written as a WhatsApp chat, with the other speaker's beside it. ``--scored`` goes on to a scorecard
and a promotion, with ``--adapter`` of an adapter on the base that comes with ipse; ``--json FILE`` keeps its
steps for the page of ``quality.py``. Floor for answers: TF-IDF and nearest neighbour over the same pairs in
memory, without a vault, an encoder or a label; nothing that searches can be much faster.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ipse.config import load_settings
from ipse.errors import RegistryError
from ipse.pipeline.answering import Clone
from ipse.pipeline.consents import give
from ipse.pipeline.importing import import_
from ipse.pipeline.judging import evaluate, promote
from ipse.pipeline.learning import dataset_named, prepare, train
from ipse.pipeline.optimizing import optimize_if_useful
from ipse.pipeline.workspace import Workspace
from ipse.records import Example
from ipse.registry import ModelCard, Registry
from ipse.vault import Vault
from quality_cards import Timed, keep  # type: ignore[import-not-found]
from quality_clock import cores, memory  # type: ignore[import-not-found]
from real_people import briefings  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from ipse.scorecard import Scorecard

DEMO = Path(__file__).resolve().parents[1] / "examples" / "demo" / "exports"
OTHERS = 4  # one in so many of the other speaker's briefings: somebody else to be held against
ME = ("Tilda Marwede", "tilda.marwede@example.org", "tilda")


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    """No bar: it would be measured too."""


def chats_of(data: Path, speaker: str, folder: Path) -> int:
    """The speaker's briefings and some of another's as exported WhatsApp chats, one file each.

    Returns how many questions the speaker answers there.
    """
    talks = briefings(speaker, data)
    own = [talk for talk in talks if any(each.direction == "outbound" for each in talk.messages)]
    others = [talk for talk in talks if not any(each.direction == "outbound" for each in talk.messages)]
    for n, talk in enumerate([*own, *others[::OTHERS]]):
        lines = [
            f"{message.at:%d/%m/%Y, %H:%M} - {message.sender.name}: {message.text}"
            for message in talk.messages
        ]
        (folder / f"WhatsApp Chat with Briefing {n}.txt").write_text("\n".join(lines), encoding="utf-8")
    return sum(each.direction == "outbound" for talk in own for each in talk.messages)


class Clock:
    """Prints each step with its seconds."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum(self.steps.values())

    def __call__(self, name: str, work: Callable[[], object]) -> object:
        """Do a step."""
        started = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - started
        self.steps[name] = seconds
        print(f"{name:28}{seconds:9.2f} s", flush=True)
        return result


def scored(workspace: Workspace, clock: Clock, *, adapter: bool) -> "Scorecard":
    """On to a scorecard and a promotion, or its refusal by the card."""
    card = Registry(workspace.vault).card("champion")
    if adapter:
        train_adapter = partial(train, workspace, method="lora", progress=quiet)
        card = cast("ModelCard", clock("train the adapter", train_adapter))
        clock("optimize it", partial(optimize_if_useful, workspace, card, quiet))
        print(card.metrics)
    measured = cast(
        "Scorecard", clock("scorecard", lambda: evaluate(workspace, model=card.id, progress=quiet))
    )
    try:
        clock("promotion", lambda: promote(workspace, card.id))
    except RegistryError as error:
        print(error)
    print(f"{'import to scored':28}{clock.total:9.2f} s, promotable: {measured.promotable}")
    return measured


def timed(workspace: Workspace, clock: Clock, card: "Scorecard", imported: int, *, adapter: bool) -> Timed:
    """The steps, for the page of quality; ``imported`` is 0 where it is the demo's person."""
    pairs = sum(map(len, dataset_named(workspace, why="benchmark").split.sets().values()))
    return Timed(
        told="one speaker of the press briefings" if imported else "the demo's made-up person",
        voice="lora" if adapter else "retrieval", imported=imported or pairs, pairs=pairs, cores=cores(),
        steps=clock.steps, promotable=card.promotable, reasons=card.reasons, megabytes=memory(),
    )  # fmt: skip


def latency(answer: Callable[[str], object], questions: Sequence[str]) -> str:
    """Median and 95th percentile in ms."""
    times = []
    for question in questions:
        started = time.perf_counter()
        answer(question)
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return f"p50 {statistics.median(times):8.2f} ms   p95 {times[int(len(times) * 0.95)]:8.2f} ms"


def floor(train_examples: Sequence[Example]) -> Callable[[str], str]:
    """The floor: TF-IDF, cosine, nearest context."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(sublinear_tf=True)
    matrix = vectors.fit_transform([example.context[-1].text for example in train_examples])

    def answer(question: str) -> str:
        scores = (matrix @ vectors.transform([question]).T).toarray().ravel()
        return train_examples[int(scores.argmax())].reply

    return answer


def main() -> None:
    """Walk from the export to answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside, help="folder of the shared data")
    parser.add_argument("--qa", action="store_true", help="one speaker of the press briefings")
    parser.add_argument("--speaker", default="MR. CARNEY")
    parser.add_argument("--scored", action="store_true", help="on to a scorecard and a promotion")
    parser.add_argument("--adapter", action="store_true", help="of an adapter on our own base")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--json", type=Path, help="with --scored: write the seconds to this file, too")
    options = parser.parse_args()
    if options.json is not None and not options.scored:
        parser.error("--json keeps the way to a scored clone; add --scored")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export, imported = DEMO, 0
        if options.qa:
            export = folder / "export"
            export.mkdir()
            imported = chats_of(options.data, options.speaker, export)
        me = (options.speaker,) if options.qa else ME
        clock = Clock()
        vault, _ = Vault.create(folder / "vault", "benchmark passphrase")
        with vault:
            workspace = Workspace(vault, load_settings({"imports": {"tz": "Europe/London"}}, environment={}))
            for source in ("whatsapp", "gmail", "reflections"):
                give(workspace, source, ["archive", "style"])
            clock("import", lambda: import_(workspace, [export], me=me, progress=quiet))
            clock("prepare", lambda: prepare(workspace))
            clock("train", lambda: train(workspace, progress=quiet))
            clock("load and first answer", lambda: Clone(workspace).answer("What happened yesterday?"))
            print(f"{'import to first answer':28}{clock.total:9.2f} s")
            if options.scored:
                card = scored(workspace, clock, adapter=options.adapter)
                if options.json is not None:
                    keep(options.json, timed(workspace, clock, card, imported, adapter=options.adapter))
            print(f"{'peak memory':28}{memory():9.0f} MB")
            parts = dataset_named(workspace, why="benchmark").split
            questions = [example.context[-1].text for example in parts.test[: options.questions]]
            clone = Clone(workspace)

            def answer(question: str) -> object:
                clone.reset()
                return clone.answer(question)

            print(f"{len(parts.train):,} training pairs, {len(questions)} questions")
            print(f"{'answer, with audit and label':28}{latency(answer, questions)}")
            started = time.perf_counter()
            search = floor(parts.train)
            print(f"{'floor: fit of TF-IDF alone':28}{time.perf_counter() - started:9.2f} s")
            print(f"{'floor: answer of it':28}{latency(search, questions)}")


if __name__ == "__main__":
    main()
