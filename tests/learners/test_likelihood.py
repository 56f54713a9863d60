from pathlib import Path
from typing import Any

import pytest

from ipse.bases.loading import load_base
from ipse.learners.chat import IGNORED, Window
from ipse.learners.likelihood import bits_of_windows

pytestmark = pytest.mark.llm

WINDOWS = [
    Window(ids=list(range(4, 4 + n)), labels=[IGNORED] * 3 + list(range(7, 4 + n))) for n in (5, 60, 9, 33)
]


@pytest.fixture(scope="module")
def model(tiny_base: Path) -> Any:
    return load_base(tiny_base)[0]


def one_token_at_a_time(model: Any, window: Window) -> float:
    """The same by hand: the whole prefix again for each token, no batch, no padding, no cache."""
    import torch

    bits = 0.0
    for place, label in enumerate(window.labels):
        if label != IGNORED:
            with torch.no_grad():
                logits = model(torch.tensor([window.ids[:place]]), use_cache=False).logits[0, -1].double()
            bits -= float(logits.log_softmax(dim=0)[label]) / float(torch.tensor(2.0).double().log())
    return bits


def test_bits_are_those_of_each_token_after_all_before_it(model: Any) -> None:
    expected = [one_token_at_a_time(model, window) for window in WINDOWS]
    assert bits_of_windows(model, WINDOWS) == pytest.approx(expected, rel=1e-5)


def test_neither_padding_nor_neighbours_nor_order_change_a_window(model: Any) -> None:
    together = bits_of_windows(model, WINDOWS)
    assert bits_of_windows(model, WINDOWS[::-1]) == pytest.approx(together[::-1], rel=1e-5)
    assert [bits_of_windows(model, [window])[0] for window in WINDOWS] == pytest.approx(together, rel=1e-5)


def test_many_windows_are_cut_into_batches_and_none_is_lost(model: Any) -> None:
    many = WINDOWS * 40
    assert bits_of_windows(model, many) == pytest.approx(bits_of_windows(model, WINDOWS) * 40, rel=1e-5)


def test_windows_without_labels_cost_nothing(model: Any) -> None:
    assert bits_of_windows(model, [Window(ids=[4, 5], labels=[IGNORED, IGNORED])]) == [0.0]
    assert bits_of_windows(model, []) == []
