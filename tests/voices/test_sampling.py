"""How words are drawn: by temperature, mass, count and penalty, the same from the same seed."""

import numpy as np
import pytest

from ipse.voices.sampling import Drawing, Logits, Sampling

CHANCES = (0.5, 0.3, 0.15, 0.05)


def logits(*chances: float) -> Logits:
    return np.log(np.array(chances or CHANCES, dtype=np.float32))


def drawing(
    sampling: Sampling,
    *,
    seed: int = 0,
    prompt: tuple[int, ...] = (),
    stops: tuple[int, ...] = (),
    forbidden: tuple[int, ...] = (),
) -> Drawing:
    return Drawing(sampling, seed=seed, prompt=prompt, stops=stops, forbidden=forbidden)


def drawn(sampling: Sampling, count: int = 2000, seed: int = 0) -> list[int]:
    free = drawing(sampling, seed=seed)
    return [free.next(logits()) for _ in range(count)]


PLAIN = Sampling(temperature=1.0, top_k=4, top_p=1.0, repetition_penalty=1.0)


def test_every_token_comes_as_often_as_it_is_likely() -> None:
    found = np.bincount(drawn(PLAIN), minlength=4) / 2000
    assert found == pytest.approx(CHANCES, abs=0.035)


def test_the_fewest_tokens_that_hold_the_mass_are_drawn() -> None:
    found = drawn(Sampling(temperature=1.0, top_p=0.7, repetition_penalty=1.0))
    assert set(found) == {0, 1}
    assert found.count(0) / 2000 == pytest.approx(0.5 / 0.8, abs=0.035)
    assert set(drawn(Sampling(temperature=1.0, top_p=0.81, repetition_penalty=1.0))) == {0, 1, 2}
    assert set(drawn(Sampling(temperature=1.0, top_p=0.4, repetition_penalty=1.0))) == {0}


def test_so_many_of_the_likeliest_and_no_more() -> None:
    assert set(drawn(Sampling(temperature=1.0, top_k=3, top_p=1.0, repetition_penalty=1.0))) == {0, 1, 2}
    assert set(drawn(Sampling(top_k=1))) == {0}


def test_cold_is_greedy_and_hot_is_even() -> None:
    assert set(drawn(Sampling(temperature=0.01, top_p=1.0, repetition_penalty=1.0))) == {0}
    hot = np.bincount(drawn(Sampling(temperature=2.0, top_k=4, top_p=1.0, repetition_penalty=1.0)))
    flat = np.sqrt(np.array(CHANCES))
    assert hot / 2000 == pytest.approx(flat / flat.sum(), abs=0.04)


def test_what_was_said_or_asked_is_less_likely_but_never_an_end() -> None:
    sampling = Sampling(temperature=1.0, top_k=4, top_p=1.0, repetition_penalty=2.0)
    first = logits()
    drawing(sampling, prompt=(1, 3), stops=(3,)).next(first)
    assert first[[0, 1, 2]] == pytest.approx(logits()[[0, 1, 2]] * [1, 2, 1])  # below zero, times
    greedy = drawing(Sampling(top_k=1, repetition_penalty=1.5))
    raised = np.array([3.0, 2.5, 1.0], dtype=np.float32)
    assert [greedy.next(raised.copy()) for _ in range(3)] == [0, 1, 0]  # above zero, divided


def test_an_answer_does_not_end_before_it_began_and_forbidden_tokens_never_come() -> None:
    for seed in range(40):
        free = drawing(PLAIN, seed=seed, stops=(0,), forbidden=(0, 1))
        found = [free.next(logits()) for _ in range(12)]
        assert found[0] not in (0, 1)
        assert 1 not in found
        assert 0 in found[1:]  # a stop that is forbidden as well still ends


def test_an_end_may_be_made_more_likely_but_not_the_first_word() -> None:
    def ends(ending: float) -> int:
        return sum(
            [free.next(logits(), ending=ending) for _ in range(2)][1] == 3
            for free in (drawing(PLAIN, seed=seed, stops=(3,)) for seed in range(200))
        )

    assert ends(-9.0) == 0 < ends(0.0) < 30 < ends(3.0) < ends(9.0) == 200


def test_the_same_seed_draws_the_same_and_equals_are_told_by_number() -> None:
    assert drawn(PLAIN, 50, seed=3) == drawn(PLAIN, 50, seed=3) != drawn(PLAIN, 50, seed=4)
    level = drawing(Sampling(top_k=2, top_p=1.0, repetition_penalty=1.0))
    assert {level.next(np.zeros(2, dtype=np.float32)) for _ in range(50)} == {0, 1}
    assert drawing(Sampling(top_k=1)).next(np.zeros(1, dtype=np.float32)) == 0
