"""Predictions and models of events as files that other programs read; told in the audit log before."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from ipse import plugins
from ipse.errors import LearnerError, SettingsError
from ipse.interfaces import Progress
from ipse.pipeline.days import predictors
from ipse.pipeline.days.predicting import batch
from ipse.pipeline.days.predictions import Prediction
from ipse.pipeline.tabular import columns_of, write_rows
from ipse.pipeline.workspace import Workspace
from ipse.tables import TableModel

__all__ = ["Row", "Shape", "export_predictor", "write_batch"]

Shape = Literal["skops", "onnx"]
SUFFIXES = (".csv", ".jsonl", ".parquet")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction as a row; ``reasons``, ``path`` and ``order`` are JSON."""

    project: str
    model: str
    at: datetime
    due: datetime
    value: float
    label: str
    chance: float | None
    low: float | None
    high: float | None
    suppressed: str
    reasons: list[dict[str, Any]]
    path: list[dict[str, Any]]
    order: list[str]


def write_batch(
    workspace: Workspace,
    project: str,
    file: Path,
    progress: Progress,
    *,
    span: tuple[int | None, int | None] = (None, None),
) -> int:
    """Write what the champion says at every moment of a span (µs) as CSV, JSON lines or Parquet. How many."""
    if file.suffix not in SUFFIXES:
        raise SettingsError(f"{file.name}: of what kind?", hint=f"End it in {', '.join(SUFFIXES)}.")
    workspace.vault.note("export.predictions", {"project": project, "format": file.suffix[1:]})
    said = batch(workspace, project, progress, since=span[0], until=span[1])
    return write_rows(file, columns_of(Row), _rows(said))


def export_predictor(
    workspace: Workspace, name: str, directory: Path, *, shape: Shape = "skops"
) -> list[Path]:
    """Write a version, or a project's champion: its card and its files, or the point model as ONNX.

    Raises ``LearnerError`` where it does not convert, ``SettingsError`` for a folder that is not empty.
    """
    made = predictors.card(workspace, name)
    if directory.exists() and any(directory.iterdir()):
        raise SettingsError(f"{directory} is not empty.", hint="Name a new folder.")
    files = predictors.files(workspace, made.id)
    if shape == "onnx":
        if made.task not in ("classification", "regression"):
            raise LearnerError(
                f"A model of {made.task} does not convert to ONNX.", hint="Its own files hold it whole."
            )
        model = TableModel.load(files, plugins=plugins.estimators())
        files = {"model.onnx": model.onnx(), "model.json": files["model.json"]}
    workspace.vault.note("export.predictor", {"predictor": made.id, "shape": shape})
    directory.mkdir(parents=True, exist_ok=True)
    card = msgspec.json.format(msgspec.json.encode(made), indent=1)
    written = []
    for file, data in {"card.json": card, **files}.items():
        (directory / file).write_bytes(data)
        written.append(directory / file)
    return written


def _rows(said: Iterator[Prediction]) -> Iterator[dict[str, Any]]:
    for one in said:
        yield msgspec.to_builtins(
            Row(
                project=one.project,
                model=one.model,
                at=datetime.fromtimestamp(one.origin / 1e6, UTC),
                due=datetime.fromtimestamp(one.due / 1e6, UTC),
                value=one.value,
                label=one.label,
                chance=one.chance,
                low=one.low,
                high=one.high,
                suppressed=one.suppressed,
                reasons=[msgspec.to_builtins(each) for each in one.reasons],
                path=[msgspec.to_builtins(each) for each in one.path],
                order=list(one.order),
            )
        )
