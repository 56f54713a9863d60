"""A model out of the vault, for programs that know nothing of ipse: as an adapter, merged, GGUF or ONNX.

What was written lies outside, unencrypted: no erasure reaches it. A note beside it says what it is and where
it comes from.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, cast

import msgspec

from ipse.bases.gguf import Precision, write_gguf
from ipse.bases.onnx import OnnxPrecision, require_onnx, write_onnx
from ipse.errors import LearnerError, MissingExtraError, SettingsError
from ipse.interfaces import Progress
from ipse.learners.adapters.method import ADAPTER, CARD, CONFIG
from ipse.pipeline.answering import LABEL
from ipse.pipeline.usable import check_usable
from ipse.pipeline.workspace import Workspace
from ipse.registry import ModelCard, Registry
from ipse.voices.seats import save_merged

__all__ = ["NUMBERS", "Numbers", "Released", "Shape", "export_model"]

Shape = Literal["adapter", "merged", "gguf", "onnx"]
Numbers = Literal["f16", "bf16", "q8_0", "fp32", "int8", "int4"]
NUMBERS: dict[str, tuple[Numbers, ...]] = {"gguf": ("f16", "bf16", "q8_0"), "onnx": ("int8", "int4", "fp32")}
NOTE = "ABOUT.md"


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: files by name, in bytes."""

    model: str
    folder: str
    shape: Shape
    files: dict[str, int]


def export_model(
    workspace: Workspace,
    name: str,
    directory: Path,
    *,
    shape: Shape,
    precision: Numbers | None = None,
    progress: Progress,
) -> Released:
    """Write a model into an empty folder; noted in the audit log before.

    Raises ``ConsentError`` and ``PrivacyError`` as for an answer, ``LearnerError`` for a model without a
    language model, ``SettingsError`` for a folder with something in it or a precision that the shape does not
    have (by default the first of ``NUMBERS``), ``MissingExtraError``.
    """
    registry = Registry(workspace.vault)
    card = registry.card(name)
    check_usable(workspace, card)
    files = registry.files(card.id)
    if CARD not in files:
        raise LearnerError(
            f"{card.id} ({card.method}) has no language model to export.",
            hint="`ipse export all` takes what it learned from along.",
        )
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise SettingsError(f"{directory} is not an empty folder.", hint="Name another.")
    numbers = _numbers(shape, precision)
    _require(shape)
    workspace.vault.note("export.model", {"model": card.id, "shape": shape})
    directory.mkdir(parents=True, exist_ok=True)
    progress(0, None, {})
    if shape == "adapter":
        for part in (ADAPTER, CONFIG, CARD):
            (directory / part).write_bytes(files[part])
    elif shape == "merged":
        save_merged(files, directory)
    else:
        with TemporaryDirectory(prefix="merged-") as scratch:  # in the vault, as long as it is open
            save_merged(files, Path(scratch), wide=True)
            if shape == "gguf":
                file = directory / f"ipse-{card.id}-{numbers}.gguf"
                wanted = cast("Precision", numbers)
                write_gguf(Path(scratch), file, name=f"ipse {card.id}", precision=wanted, progress=progress)
            else:
                kind = cast("OnnxPrecision", numbers)
                write_onnx(Path(scratch), directory, precision=kind, progress=progress)
    (directory / NOTE).write_text(_about(card, files), encoding="utf-8")
    written = sorted(path for path in directory.rglob("*") if path.is_file())
    sizes = {str(path.relative_to(directory)): path.stat().st_size for path in written}
    return Released(model=card.id, folder=str(directory), shape=shape, files=sizes)


def _numbers(shape: Shape, precision: Numbers | None) -> Numbers | None:
    """What the numbers of that shape are written as."""
    offered = NUMBERS.get(shape, ())
    if precision is not None and precision not in offered:
        known = f"It is one of {', '.join(offered)}." if offered else "Leave it out: they stay as they are."
        raise SettingsError(f"{shape} has no precision {precision}.", hint=known)
    return precision or (offered[0] if offered else None)


def _require(shape: Shape) -> None:
    if shape == "onnx":
        require_onnx()
    elif shape == "gguf" and find_spec("gguf") is None:
        raise MissingExtraError("Writing gguf needs gguf.", hint="pip install 'ipse[export]'")


def _about(card: ModelCard, files: Mapping[str, bytes]) -> str:
    held = msgspec.json.decode(files[CARD], type=dict[str, object])
    sources = ", ".join(sorted(card.consents))
    return (
        f"# {card.id}, a clone by ipse {card.code_version}\n\n"
        f"What it writes is: {LABEL}.\n\n"
        f"- method: {card.method}\n"
        f"- base: {card.base} (SHA-256 {card.base_hash}), under its own licence\n"
        f"- learned from: {sources}, with their owner's consent; dataset {card.dataset} "
        f"(SHA-256 {card.dataset_hash})\n"
        f"- made: {card.created_at:%Y-%m-%d}; written: {datetime.now(UTC):%Y-%m-%d}\n"
        f"- system line it was trained with: {held.get('system', '')}\n\n"
        "Other people are placeholders in what it learned, such as <PERSON_1>. This copy is not encrypted, "
        "and forgetting something in the vault does not reach it: delete it by hand.\n"
    )
