"""A model out of the vault, for programs that know nothing of ipse: as an adapter, merged, GGUF or ONNX.

What was written lies outside, unencrypted: no erasure reaches it. A note beside it says what it is and where
it comes from.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Literal

import msgspec

from ipse.bases.gguf import Precision, write_gguf
from ipse.errors import LearnerError, MissingExtraError, SettingsError
from ipse.interfaces import Progress
from ipse.learners.adapters.method import ADAPTER, CARD, CONFIG
from ipse.pipeline.answering import LABEL, check_usable
from ipse.pipeline.workspace import Workspace
from ipse.registry import ModelCard, Registry
from ipse.voices.seats import save_merged

__all__ = ["Released", "Shape", "export_model"]

Shape = Literal["adapter", "merged", "gguf", "onnx"]
LOOK_SECONDS = 0.2
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
    precision: Precision = "f16",
    progress: Progress,
) -> Released:
    """Write a model into an empty folder; noted in the audit log before.

    Raises ``ConsentError`` and ``PrivacyError`` as for an answer, ``LearnerError`` for a model without a
    language model, ``SettingsError`` for a folder with something in it, ``MissingExtraError``.
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
            save_merged(files, Path(scratch))
            if shape == "gguf":
                file = directory / f"ipse-{card.id}-{precision}.gguf"
                write_gguf(
                    Path(scratch), file, name=f"ipse {card.id}", precision=precision, progress=progress
                )
            else:
                _write_onnx(Path(scratch), directory, progress)
    (directory / NOTE).write_text(_about(card, files), encoding="utf-8")
    written = sorted(path for path in directory.rglob("*") if path.is_file())
    sizes = {str(path.relative_to(directory)): path.stat().st_size for path in written}
    return Released(model=card.id, folder=str(directory), shape=shape, files=sizes)


def _require(shape: Shape) -> None:
    needs = {"gguf": ["gguf"], "onnx": ["onnxruntime_genai", "onnx", "onnx_ir"]}.get(shape, [])
    if missing := [package for package in needs if find_spec(package) is None]:
        extra = "export" if shape == "gguf" else "onnx"
        raise MissingExtraError(
            f"Writing {shape} needs {', '.join(missing)}.", hint=f"pip install 'ipse[{extra}]'"
        )


def _write_onnx(folder: Path, directory: Path, progress: Progress) -> None:
    """With onnxruntime-genai's own builder, in 4 bits; a process of its own, which can be stopped."""
    words = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-m", "ipse", "-i", str(folder)]
    words += ["-o", str(directory), "-p", "int4", "-e", "cpu", "-c", str(folder / "cache")]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    with TemporaryFile() as told:
        work = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
            [*words, "--extra_options", "hf_remote=false"], stdout=told, stderr=told, env=environment
        )
        try:
            while work.poll() is None:
                progress(0, None, {})
                with suppress(subprocess.TimeoutExpired):
                    work.wait(LOOK_SECONDS)
        finally:
            work.kill()
            work.wait()
        if work.returncode:
            told.seek(0)
            last = told.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            raise LearnerError(
                f"onnxruntime-genai cannot write this model: {' '.join(last)[:200]}.",
                hint="Export it as merged, or as gguf.",
            )


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
