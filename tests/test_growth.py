"""The measure of growth tells what is quadratic from what is linear, or its users assert nothing."""

import pytest

from .growth import assert_linear, assert_linear_in


def pairs(text: str) -> int:
    return sum(one == other for one in text for other in text)


def test_what_is_quadratic_is_told() -> None:
    with pytest.raises(AssertionError, match=r"× that of 250"):
        assert_linear_in("ab" * 1_000, pairs)


def test_what_is_linear_passes() -> None:
    seen = list[int]()
    assert_linear(lambda size: seen.append(sum(n * n for n in range(size))), 400_000)
    assert len(seen) >= 2
