"""The style monitor over a vault: what it looks at, and what it says of a model."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ipse.config import load_settings
from ipse.errors import DatasetError, RegistryError
from ipse.pipeline.consents import give
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.monitoring import export_drift, style_drift
from ipse.pipeline.workspace import Workspace
from ipse.profile.drift import Drift

from .conftest import ME


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def chat(folder: Path, *, loud_from: int, talks: int = 120) -> Path:
    """A talk each third day, three answers each; from one on, Nora shouts."""
    rng, at = random.Random(11), datetime(2022, 1, 1, 9, tzinfo=UTC)
    ends = ("", ".", "?", ", or later", ", I think", " (really)", "...", ": why not")
    file = folder / "WhatsApp Chat with Ilka Brandt.txt"
    with file.open("w", encoding="utf-8") as stream:
        for n in range(talks):
            for k in range(3):
                when = at + timedelta(days=3 * n, minutes=7 * k)
                mine = f"plan {'ab' * rng.randint(1, 4)} is fine with me{rng.choice(ends)}"
                mine = mine.capitalize() if rng.random() < 0.4 else mine
                mine = f"{mine.upper()}!!! 😀" if n >= loud_from else mine
                stream.write(f"{when:%d/%m/%Y, %H:%M} - Ilka Brandt: what about plan {n}, part {k}?\n")
                stream.write(f"{when + timedelta(minutes=3):%d/%m/%Y, %H:%M} - Nora Feld: {mine}\n")
    return file


def learned(workspace: Workspace, folder: Path, *, loud_from: int) -> Workspace:
    give(workspace, "whatsapp", ["archive", "style"])
    import_(workspace, [chat(folder, loud_from=loud_from)], me=ME, progress=quiet)
    prepare(workspace)
    train(workspace, progress=quiet)
    return workspace


def test_a_change_is_found_told_and_written(workspace: Workspace, tmp_path: Path) -> None:
    learned(workspace, tmp_path, loud_from=85)
    before = len(list(workspace.vault.audit_rows()))
    found = style_drift(workspace)
    files = export_drift(workspace, found, tmp_path / "out")
    rows = list(workspace.vault.audit_rows())[before:]
    assert [(row.action, row.details.get("why")) for row in rows] == [
        ("dataset.read", "monitor"), ("read", "monitor"), ("export.drift", None),
    ]  # fmt: skip
    assert (found.verdict, found.since, found.lineage.model) == ("retrain", "2022-Q3", "v1")
    assert found.delta is None  # one other person is no measure
    assert "emoji a word" in {change.name for change in found.changes}
    assert [file.name for file in files] == ["style-v1.json", "style-v1.html"]
    assert msgspec.json.decode(files[0].read_bytes(), type=Drift) == found
    assert "fine with me" not in files[1].read_text(encoding="utf-8")


def test_without_a_model_or_its_talks_it_says_why(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(RegistryError):
        style_drift(workspace)
    learned(workspace, tmp_path, loud_from=10_000)
    assert style_drift(workspace).verdict == "as it was"
    cut = Workspace(workspace.vault, load_settings({"dataset": {"gap_hours": 100_000}}, environment={}))
    with pytest.raises(DatasetError, match="not in the vault as it was"):
        style_drift(cut)
