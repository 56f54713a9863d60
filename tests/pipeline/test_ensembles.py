"""An ensemble from the vault on: trained, judged by its card, trained anew after an erasure."""

from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.pipeline.forgetting import train_again
from ipse.pipeline.importing import ImportReport
from ipse.pipeline.judging import evaluate
from ipse.pipeline.learning import prepare, settings_of, train
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.scorecard.gates import secrets

from ..soak import SOAK

pytestmark = pytest.mark.llm
Imported = tuple[Workspace, ImportReport]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def test_an_ensemble_is_trained_again_and_judged_by_its_own_settings(
    imported: Imported, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "PROBES", 4)
    monkeypatch.setattr(secrets, "SPACE_LANGUAGE", 8)
    lora = {"base": str(tiny_base), "max_steps": 4, "max_tokens": 96, "seed": 3}
    tree = {
        "lora": lora, "retrieval": {"epochs": 1}, "voice": {"max_new_tokens": 8, "engine": "transformers"},
        "ensemble": {"recalled": 4, "proposed": 1, "contexts": 4},
        "scorecard": {"resamples": 100, "seeds": 1, "max_examples": 20, "wrong_authors": 1, "folds": 0},
    }  # fmt: skip
    workspace = Workspace(imported[0].vault, load_settings(tree, environment={}))
    prepare(workspace)
    card = train(workspace, method="ensemble", progress=quiet)
    other = {"voice": tree["voice"], "retrieval": tree["retrieval"]}
    others = Workspace(imported[0].vault, load_settings(other, environment={}))
    held = settings_of(Registry(workspace.vault).card(card.id), others.settings)
    assert (held.lora.max_steps, held.lora.base) == (4, str(tiny_base))
    assert (held.ensemble.proposed, held.ensemble.contexts) == (1, 4)
    if SOAK:
        judged = evaluate(workspace, model=card.id, progress=quiet)
        assert {gate.id for gate in judged.gates} >= {"10a", "10b", "10c", "10d"}
        assert next(row for row in judged.rows if row.id == "7").value is not None
    (again,) = train_again(others, [card], quiet)
    assert (again.method, again.metrics["steps"]) == ("ensemble", 4.0)
