"""117 reflections of one person: the path of docs/guides/few-words.md, from an import to a card.

    python benchmarks/quality.py --reflections [--voices retrieval lora]

The answers are a press secretary's, of 70 to 200 words, one a briefing, evenly over his years.
"""

import gzip
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from ipse.config import load_settings
from ipse.consent import Special
from ipse.datasets import Report
from ipse.pipeline.consents import give
from ipse.pipeline.importing import import_
from ipse.pipeline.judging import evaluate
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault
from quality_cards import Few  # type: ignore[import-not-found]
from quality_clock import Clock, silent  # type: ignore[import-not-found]
from real_people import QA, dated  # type: ignore[import-not-found]

__all__ = ["ME", "answers_of", "walked"]

ME, SPEAKER = "jay", "MR. CARNEY"
MANY, WORDS = 117, (70, 200)
# What a press secretary speaks of; without a consent of their own a third of his answers would train nothing.
SPECIAL: tuple[Special, ...] = (
    "health", "sexuality", "religion", "politics", "union", "ethnicity", "biometrics",
)  # fmt: skip
SETTINGS = {
    "dataset": {"holdout": 0.1, "augment": 4},
    "lora": {"stages": 2},
    "imports": {"languages": ["en"]},
}


def answers_of(data: Path) -> list[dict[str, str]]:
    """The rows of a journal: the first answer of a briefing that is as long as is asked of reflections."""
    with gzip.open(data / QA, "rt", encoding="utf-8") as lines:
        rows = [row for line in lines if (row := json.loads(line))["speaker"] == SPEAKER]
    found = []
    for at, held in sorted(dated(rows), key=lambda each: each[0]):
        fitting = (row for row in held if WORDS[0] <= len(row["answer"].split()) <= WORDS[1])
        if (row := next(fitting, None)) is not None:
            found.append((at, row))
    return [
        {
            "user_id": ME, "question_id": str(row["doc"]), "created_at": at.isoformat(),
            "question": row["question"], "response_text": row["answer"],
        }
        for at, row in (found[n * len(found) // MANY] for n in range(min(MANY, len(found))))
    ]  # fmt: skip


def walked(
    rows: Sequence[Mapping[str, str]], voice: str, *, told: str, settings: Mapping[str, object] = SETTINGS
) -> Few:
    """Import the rows, prepare, train ``voice`` and judge it, in a vault that is forgotten."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "reflections.jsonl"
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        vault, _ = Vault.create(Path(name) / "vault", "benchmark passphrase")
        with vault:
            workspace = Workspace(vault, load_settings(settings, environment={}))
            give(workspace, "reflections", ["archive", "style"])
            give(workspace, "reflections", ["style"], special=SPECIAL)
            import_(workspace, [file], me=[ME], progress=silent)
            clock("import")
            report = Report()
            dataset = prepare(workspace, report=report)
            clock("prepare")
            model = train(workspace, method=voice, progress=silent)
            clock("train")
            card = evaluate(workspace, model=model.id, progress=silent)
            clock("judge")
    return Few(
        told=told, voice=voice, answers=len(rows), card=msgspec.structs.replace(card, samples=()),
        sets={name: len(held) for name, held in dataset.split.sets().items()},
        left_out=dict(report.counts), seconds=clock.laps,
    )  # fmt: skip
