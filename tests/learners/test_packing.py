"""Rows without padding: the same loss as piece by piece, whatever stands beside a piece."""

import math
from pathlib import Path

import numpy as np
import pytest

from ipse.learners.adapters.feed import Feed
from ipse.learners.adapters.packing import Piece, in_rows, laid_out
from ipse.learners.chat import IGNORED, Window


def piece(size: int, *, said: int = 2, weight: float = 1.0, first: int = 5) -> Piece:
    ids = [first + n for n in range(size)]
    return Piece(Window(ids, [IGNORED] * (size - said) + ids[size - said :]), weight)


def test_every_piece_is_in_one_row_and_no_row_is_too_long() -> None:
    rng = np.random.default_rng(1)
    pieces = [piece(int(size)) for size in rng.integers(2, 60, 200)]
    rows = in_rows(pieces, 64)
    assert sorted(place for row in rows for place in row) == list(range(200))
    sizes = [sum(len(pieces[place]) for place in row) for row in rows]
    assert max(sizes) <= 64
    assert sum(sizes) / (64 * len(rows)) > 0.95
    assert in_rows([piece(100), piece(3), piece(4)], 64) == [(0,), (2, 1)]


def test_positions_begin_anew_and_nobody_sees_another_piece() -> None:
    row = laid_out([piece(3), piece(4, first=50)], (0, 1))
    assert row.positions.tolist() == [0, 1, 2, 0, 1, 2, 3]
    mask = row.mask()
    assert mask is not None
    assert mask.astype(int).tolist() == [
        [1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 1, 1, 0, 0],
        [0, 0, 0, 1, 1, 1, 0],
        [0, 0, 0, 1, 1, 1, 1],
    ]
    assert laid_out([piece(3)], (0,)).mask() is None


def test_only_the_reply_is_learned_and_never_the_first_token_of_a_piece() -> None:
    row = laid_out([piece(3, weight=2.0), piece(2, first=50)], (0, 1))
    assert row.where.tolist() == [0, 1, 3]  # the second piece is all reply, and its first token has no before
    assert row.labels.tolist() == [6, 7, 51]
    assert row.weights.tolist() == [2.0, 2.0, 1.0]


def test_every_epoch_holds_each_piece_once_and_stages_follow_each_other() -> None:
    feed = Feed([(6, range(12)), (8, [100, 101])], batch=4, seed=3)
    first = [place for step in range(3) for place in feed.at(step)]
    second = [place for step in range(3, 6) for place in feed.at(step)]
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second
    assert sorted(feed.at(6)) == [100, 100, 101, 101]
    assert feed.at(2) == first[8:12]  # a step's pieces follow from its number
    with pytest.raises(ValueError, match="8"):
        feed.at(8)


@pytest.mark.llm
def test_packed_bits_are_those_of_each_piece_alone(tiny_base: Path) -> None:
    from ipse.bases.loading import load_base
    from ipse.learners.adapters.reader import Reader
    from ipse.learners.likelihood import bits_of_windows

    model, _ = load_base(tiny_base)
    rng = np.random.default_rng(2)
    windows = []
    for size in rng.integers(4, 40, 12):
        ids = rng.integers(4, 250, int(size)).tolist()
        windows.append(Window(ids, [IGNORED, *ids[1:]]))
    reader = Reader(model)
    packed = reader.bits([Piece(window) for window in windows], 128, lambda: None)
    assert packed == pytest.approx(bits_of_windows(model, windows), rel=1e-5)


@pytest.mark.llm
def test_a_model_that_lets_pieces_see_each_other_is_not_packed(tiny_base: Path) -> None:
    from ipse.bases.loading import load_base
    from ipse.learners.adapters.reader import Reader

    pieces = [piece(20, said=10), piece(24, said=10, first=80)]
    model, _ = load_base(tiny_base)
    sound = Reader(model)
    sound.try_packing(pieces)
    assert sound.packs

    def leaky(**given: object) -> object:
        return model(**{**given, "attention_mask": None})

    other = Reader(model, leaky)
    other.try_packing(pieces)
    assert not other.packs
    assert other.rows(pieces, 512) == [(0,), (1,)]
    assert not math.isnan(sum(other.bits(pieces, 512, lambda: None)))
