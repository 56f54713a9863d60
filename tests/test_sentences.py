"""Sentence embeddings: asked for in one line where they are missing, and never of other weights."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from ipse.errors import BaseModelError, MissingExtraError
from ipse.sentences import (
    DIMENSIONS,
    check_weights,
    embedded,
    embeddings_installed,
    require_embeddings,
)


def test_what_is_not_installed_is_asked_for_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipse.sentences.find_spec", lambda _name: None)
    assert not embeddings_installed()
    with pytest.raises(MissingExtraError, match="not installed") as missing:
        require_embeddings("go without")
    assert missing.value.hint == "pip install 'ipse[embeddings]', or go without."
    monkeypatch.setattr("ipse.sentences.find_spec", lambda _name: object())
    require_embeddings("go without")


def test_other_weights_than_the_published_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(BaseModelError, match="as it was published"):
        check_weights(tmp_path)
    monkeypatch.setattr("ipse.sentences.WEIGHTS", hashlib.sha256(b"weights").hexdigest())
    check_weights(tmp_path)


def test_nothing_needs_no_model() -> None:
    assert embedded([]).shape == (0, DIMENSIONS)


@pytest.mark.skipif(not embeddings_installed(), reason="the extra `embeddings` is not installed")
def test_what_means_the_same_is_near() -> None:
    tea, brew, train = embedded(
        ["I'd love a cup of tea", "Something hot to drink, please", "The train is late"]
    )
    assert np.linalg.norm(tea) == pytest.approx(1, abs=1e-5)
    assert tea @ brew > tea @ train + 0.1
