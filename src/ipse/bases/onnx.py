"""A model's folder as ONNX, which ONNX Runtime runs: by the builder that comes with onnxruntime-genai.

The builder is a process of its own: it can be stopped, and what it says stays off the owner's terminal. Knows
no adapter and no vault.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, Literal

import msgspec

from ipse.bases.folders import check_folder
from ipse.errors import BaseModelError, LearnerError, MissingExtraError
from ipse.interfaces import Progress

__all__ = ["OnnxPrecision", "require_onnx", "write_onnx"]

OnnxPrecision = Literal["int4", "int8", "fp32"]
PACKAGES: Final = ("onnxruntime_genai", "onnx", "onnx_ir")
LOOK_SECONDS: Final = 0.2
HEAD: Final = 16  # ONNX Runtime's attention takes heads of multiples of so many channels


class _Config(msgspec.Struct, frozen=True):
    hidden_size: int = 0
    num_attention_heads: int = 0
    head_dim: int | None = None


def require_onnx() -> None:
    """Raise ``MissingExtraError`` unless what writes ONNX is installed."""
    if missing := [package for package in PACKAGES if find_spec(package) is None]:
        raise MissingExtraError(f"Writing ONNX needs {', '.join(missing)}.", hint="pip install 'ipse[onnx]'")


def write_onnx(
    folder: Path,
    directory: Path,
    *,
    precision: OnnxPrecision,
    options: Mapping[str, str] | None = None,
    progress: Progress,
) -> None:
    """Write the model in ``folder`` into ``directory``, matrices in ``precision``, for a CPU.

    ``options`` are more of the builder's own. Raises ``BaseModelError`` for a shape that the runtime cannot
    run, ``LearnerError`` where the builder fails, ``MissingExtraError``, and what ``progress`` raises.
    """
    require_onnx()
    check_folder(folder)
    _check_heads(folder)
    words = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-m", "ipse", "-i", str(folder)]
    words += ["-o", str(directory), "-p", precision, "-e", "cpu", "-c", str(folder / "cache")]
    told = {"hf_remote": "false", "hf_token": "false", **(options or {})}
    words += ["--extra_options", *(f"{name}={value}" for name, value in told.items())]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    with TemporaryFile() as heard:
        work = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
            words, stdout=heard, stderr=heard, env=environment
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
            heard.seek(0)
            last = heard.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            raise LearnerError(
                f"onnxruntime-genai cannot write this model: {' '.join(last)[:200]}.",
                hint="Export it as merged, or as gguf.",
            )


def _check_heads(folder: Path) -> None:
    """Such a model can be written, but not run."""
    try:
        config = msgspec.json.decode((folder / "config.json").read_bytes(), type=_Config)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaseModelError(
            f"{folder}/config.json cannot be read: {error}.", hint="Get the model again."
        ) from error
    width = config.head_dim or config.hidden_size // max(1, config.num_attention_heads)
    if width % HEAD:
        raise BaseModelError(
            f"ONNX Runtime runs attention heads of multiples of {HEAD} channels; this model's have {width}.",
            hint="Export it as merged, or as gguf.",
        )
