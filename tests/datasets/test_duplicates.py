import random

import pytest

from ipse.datasets.duplicates import distinctive, near_duplicates, normalised

STATION = "I will be at the station at ten past nine, platform four."
ROUTE = "Please take the second street on the left and then the stairs down to the river."


def shingles(text: str) -> set[str]:
    clean = normalised(text)
    return {clean[at : at + 5] for at in range(max(1, len(clean) - 4))}


def test_equal_but_for_case_and_marks_is_a_duplicate() -> None:
    assert near_duplicates([STATION.upper() + "!!", ROUTE], [STATION], threshold=0.8) == [True, False]


def test_a_word_more_is_a_near_duplicate_and_another_text_is_not() -> None:
    texts = [ROUTE.replace("the left", "your left"), STATION, ROUTE[: len(ROUTE) // 2]]
    assert near_duplicates(texts, [ROUTE], threshold=0.8) == [True, False, False]


@pytest.mark.parametrize(
    "text", ["ok", "See you tomorrow!", "Not that I'm aware of.", "Хорошо, увидимся", "好的，明天见"]
)
def test_common_short_replies_stay(text: str) -> None:
    assert near_duplicates([text], [text], threshold=0.8) == [False]
    assert not distinctive(normalised(text))


@pytest.mark.parametrize(
    "text", ["Я буду на вокзале в десять минут десятого", "我九点十分到车站，在四号站台等你，别忘了带雨伞"]
)
def test_any_script_is_compared(text: str) -> None:
    assert near_duplicates([text], [text + "!"], threshold=0.8) == [True]


def test_the_join_finds_exactly_what_comparing_all_with_all_finds() -> None:
    rng = random.Random(5)
    words = [f"{a}{b}n" for a in ("ka", "so", "mi", "tul", "re") for b in ("lo", "pi", "de", "rus", "ma")]
    base = [" ".join(rng.choices(words, k=rng.randrange(8, 30))) for _ in range(60)]
    texts = []
    for text in base:
        parts = text.split()
        for _ in range(rng.randrange(6)):
            parts[rng.randrange(len(parts))] = rng.choice(words)
        texts.append(" ".join(parts))
    for threshold in (0.5, 0.7, 0.9):
        slow = [
            any(
                len(shingles(one) & shingles(other)) >= threshold * len(shingles(one) | shingles(other))
                for other in base
            )
            for one in texts
        ]
        assert near_duplicates(texts, base, threshold=threshold) == slow
        assert 0 < sum(slow) < len(slow)


def test_nothing_against_nothing() -> None:
    assert near_duplicates([], [STATION], threshold=0.8) == []
    assert near_duplicates([STATION, ""], [], threshold=0.8) == [False, False]
