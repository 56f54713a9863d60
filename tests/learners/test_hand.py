import random

import numpy as np

from ipse.learners.features import GRAMS, traits
from ipse.learners.hand import author_of

LETTERS = "abcdefghij"


def lines(count: int, seed: int, *, shouting: bool) -> list[str]:
    """Lines of made-up words, all of them alike but for case and what they end in."""
    rng = random.Random(seed)
    out = []
    for _ in range(count):
        text = " ".join("".join(rng.choices(LETTERS, k=4)) for _ in range(6))
        out.append(f"{text.upper()}!!" if shouting else f"{text}...")
    return out


def test_how_it_is_written_tells_who_wrote_it() -> None:
    author = author_of(lines(200, 1, shouting=True), lines(200, 2, shouting=False), seed=3)
    own = author.doubt(lines(50, 4, shouting=True))
    foreign = author.doubt(lines(50, 5, shouting=False))
    assert own.min() > foreign.max() + 1
    assert own.max() <= 0


def test_without_enough_of_either_side_nothing_is_doubted() -> None:
    few, many = lines(20, 1, shouting=True), lines(200, 2, shouting=False)
    for own, heard in ((few, many), (many, few), (many, []), (many, many), (["", " "], many)):
        author = author_of(own, heard, seed=3)
        doubt = author.doubt(["HELLO!!", "hello...", ""])
        assert np.ptp(doubt) == 0


def test_the_same_texts_and_seed_give_the_same_weights() -> None:
    own, heard = lines(120, 1, shouting=True), lines(120, 2, shouting=False)
    once, again = author_of(own, heard, seed=3), author_of(list(reversed(own)), heard, seed=3)
    assert np.array_equal(once.weights, again.weights)


def test_traits_keep_case_and_punctuation_and_see_the_ends() -> None:
    lower, upper, dotted = (traits([text]).toarray()[0] for text in ("ok", "OK", "ok."))
    assert (lower != upper).any()
    assert (lower != dotted).any()
    assert lower.sum() == 4 + 3 + 2 + 1  # of newline, o, k, newline
    assert traits([""]).shape == (1, GRAMS)
