"""117 reflections of one person, the whole path: filter, copies of inputs, two stages, a card."""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.datasets import Dataset, Report
from ipse.errors import RegistryError
from ipse.pipeline.consents import give
from ipse.pipeline.importing import import_
from ipse.pipeline.judging import evaluate, promote
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

THINGS = [
    "garden",
    "kitchen",
    "harbour",
    "library",
    "workshop",
    "orchard",
    "station",
    "attic",
    "meadow",
    "cellar",
]
SEASONS = ["spring", "summer", "autumn", "winter"]
SENTENCES = [
    "I went back to the {thing} that {season} and stayed until the lamps came on along the road.",
    "The {thing} has a smell of its own, of rope and paper, and it comes to me whenever I open a drawer.",
    "That {thing} was smaller than I had it in my head, {number} steps from one wall to the other.",
    "So I sat down in the {thing} with a pencil and wrote the names of everybody who had worked there.",
    "It took me {number} evenings to draw the {thing} from memory, and I left the door out on purpose.",
    "Whoever asks about the {thing} gets the short answer, which is that it taught me how to wait.",
]


def quiet(done: float, total: float | None, figures: Mapping[str, float]) -> None:
    """Progress that nobody watches."""


def written(folder: Path) -> Path:
    """117 answers of seventy words or so, and five that are too short to be reflections."""
    rng, at = random.Random(117), datetime(2023, 1, 1, 20, tzinfo=UTC)
    rows = []
    for n in range(122):
        thing, season = rng.choice(THINGS), rng.choice(SEASONS)
        said = " ".join(rng.sample(SENTENCES, 4)).replace("{thing}", thing).replace("{season}", season)
        said = said.replace("{number}", str(rng.randint(5, 400)))
        rows.append(
            {
                "user_id": "nora", "question_id": f"q{n}",
                "created_at": (at + timedelta(days=3 * n)).isoformat(),
                # Nothing in the answer follows from the question.
                "question": f"What does the {rng.choice(THINGS)} mean to you in {rng.choice(SEASONS)}?",
                "response_text": said if n % 25 != 24 and n < 121 else "Not much.",
            }
        )  # fmt: skip
    file = folder / "reflections.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return file


@pytest.fixture
def prepared(vault: Vault, tmp_path: Path) -> tuple[Workspace, Dataset, Report]:
    wanted = {
        "dataset": {"holdout": 0.1, "augment": 4, "near_duplicate": 0.99},
        "scorecard": {"resamples": 200, "seeds": 1},
        "imports": {"languages": ["en", "de"]},
    }
    workspace = Workspace(vault, load_settings(wanted, environment={}))
    give(workspace, "reflections", ["archive", "style"])
    import_(workspace, [written(tmp_path)], me=["nora"], progress=quiet)
    report = Report(samples=True)
    return workspace, prepare(workspace, report=report), report


def test_the_whole_path_ends_in_a_card_that_cannot_tell(prepared: tuple[Workspace, Dataset, Report]) -> None:
    workspace, dataset, report = prepared
    own = {
        name: [each for each in held if each.origin is None] for name, held in dataset.split.sets().items()
    }
    said = sum(map(len, own.values()))
    assert 110 <= said <= 117
    assert report.counts["short-reflection"] == 5
    assert len(own["test"]) == pytest.approx(said / 10, abs=1)
    assert 400 <= sum(map(len, dataset.split.sets().values())) <= 500
    replies = {each.reply for each in own["train"]}
    assert all(each.reply in replies for each in dataset.split.train)  # not a word put in the owner's mouth
    train(workspace, progress=quiet)
    card = evaluate(workspace, model="v1", progress=quiet)
    assert card.rounds == 4
    assert card.sizes["held-out examples answered (E)"] > 4 * len(own["test"])
    assert card.row("1").note.startswith("There is no text of other people")
    assert {card.row(id_).verdict for id_ in ("1", "2", "5a", "6")} == {"not measured"}
    assert {card.row(id_).verdict for id_ in ("3", "4", "7")} == {"cannot tell"}
    assert not card.promotable


@pytest.mark.llm
def test_an_adapter_learns_in_two_stages_and_must_earn_it(
    prepared: tuple[Workspace, Dataset, Report], tiny_base: Path
) -> None:
    workspace, dataset, _ = prepared
    lora = {"base": str(tiny_base), "stages": 2, "max_steps": 20, "looking": 0.02}
    settings = workspace.settings.model_copy(
        update={"lora": type(workspace.settings.lora).model_validate(lora)}
    )
    made = train(Workspace(workspace.vault, settings), method="lora", progress=quiet)
    assert made.metrics["stages"] == 2
    assert made.metrics["examples"] == len(dataset.split.train)
    with pytest.raises(RegistryError, match="no scorecard"):
        promote(workspace, made.id)
