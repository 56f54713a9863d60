"""Rows without padding: the same loss as piece by piece, whatever stands beside a piece."""

from pathlib import Path

import numpy as np
import pytest

from ipse.learners.adapters.feed import Feed
from ipse.learners.adapters.packing import Piece, in_passes, in_rows, laid_out
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
    batch = laid_out([piece(3), piece(4, first=50)], [(0, 1)])
    assert batch.positions.tolist() == [[0, 1, 2, 0, 1, 2, 3]]
    mask = batch.mask()
    assert mask is not None
    assert mask[0].astype(int).tolist() == [
        [1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 1, 1, 0, 0],
        [0, 0, 0, 1, 1, 1, 0],
        [0, 0, 0, 1, 1, 1, 1],
    ]
    assert laid_out([piece(3), piece(5)], [(0,), (1,)]).mask() is None


def test_only_the_reply_is_learned_and_never_the_first_token_of_a_piece() -> None:
    pieces = [piece(3, weight=2.0), piece(2, first=50), piece(3, first=90)]
    batch = laid_out(pieces, [(0, 1), (2,)])
    # The second piece is all reply, and its first token has nothing before it.
    assert batch.where.astype(int).tolist() == [[1, 1, 0, 1, 0], [1, 1, 0, 0, 0]]
    assert batch.labels.tolist() == [6, 7, 51, 91, 92]
    assert batch.weights.tolist() == [2.0, 2.0, 1.0, 1.0, 1.0]
    assert batch.owner.tolist() == [0, 0, 1, 2, 2]


def test_passes_hold_every_piece_once_within_the_memory_given() -> None:
    rng = np.random.default_rng(4)
    pieces = [piece(int(size)) for size in rng.integers(10, 200, 64)]
    passes = in_passes(pieces, 1024)
    assert sorted(place for rows in passes for row in rows for place in row) == list(range(64))
    batches = [laid_out(pieces, rows) for rows in passes]
    assert all(batch.ids.size <= 1024 for batch in batches)
    assert sum(map(len, pieces)) / sum(batch.ids.size for batch in batches) > 0.93
    assert [len(rows) for rows in in_passes(pieces, 1024, packs=False)] != [len(rows) for rows in passes]
    assert in_passes([piece(300)], 100) == [[(0,)]]


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
    expected = pytest.approx(bits_of_windows(model, windows), rel=1e-5)
    pieces = [Piece(window) for window in windows]
    assert reader.bits(pieces, 128, lambda: None) == expected  # by a mask
    reader.try_packing(pieces[:2], 40)
    assert [len(batch.ids) for batch in reader.passes(pieces, 128)] == [1] * len(in_rows(pieces, 128))
    assert reader.bits(pieces, 128, lambda: None) == expected  # by blocks


@pytest.mark.llm
def test_a_model_that_lets_pieces_see_each_other_is_not_packed(tiny_base: Path) -> None:
    from ipse.bases.loading import load_base
    from ipse.learners.adapters.reader import Reader

    pieces = [piece(20, said=10), piece(24, said=10, first=80)]
    model, _ = load_base(tiny_base)
    sound = Reader(model)
    sound.try_packing(pieces, 24)
    assert sound.packs
    model, _ = load_base(tiny_base)

    def leaky(**given: object) -> object:
        import torch

        size = given["input_ids"].shape[1]  # type: ignore[attr-defined]
        everyone = torch.ones(1, 1, size, size, dtype=torch.bool).tril()
        return model(**{**given, "attention_mask": everyone})

    other = Reader(model, leaky)
    other.try_packing(pieces, 24)
    assert not other.packs
    assert [batch.ids.shape for batch in other.passes(pieces, 512)] == [(2, 24)]
    alone = Reader(model).bits(pieces, 512, lambda: None)
    leaking = Reader(model, leaky).bits(pieces, 512, lambda: None)
    assert leaking != pytest.approx(alone, rel=1e-3)


@pytest.mark.llm
def test_cheaper_dropout_drops_its_share_and_keeps_the_mean() -> None:
    import torch

    from ipse.learners.adapters.dropping import cheaper

    class Layer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lora_dropout = torch.nn.ModuleDict({"default": torch.nn.Dropout(0.1)})

    layer = Layer()
    cheaper(layer)
    dropout = layer.lora_dropout["default"]
    torch.manual_seed(1)
    seen = torch.ones(333, 301, requires_grad=True)
    out = dropout(seen)
    share = round(0.1 * 256) / 256
    assert float((out == 0).float().mean()) == pytest.approx(share, abs=0.003)
    assert out.mean().item() == pytest.approx(1, abs=0.005)
    out.sum().backward()
    assert seen.grad is not None
    assert torch.equal(seen.grad == 0, out == 0)
    torch.manual_seed(1)
    assert torch.equal(dropout(seen), out)
    assert torch.equal(dropout.eval()(seen), seen)
