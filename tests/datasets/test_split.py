from datetime import UTC, datetime, timedelta

import pytest

from ipse.config import DatasetSettings
from ipse.datasets import Split, split
from ipse.errors import DatasetError
from ipse.records import Example, Turn

SETTINGS = DatasetSettings()
START = datetime(2024, 1, 1, tzinfo=UTC)


def example(hours: float, conversation: str, reply: str = "") -> Example:
    return Example(
        id=f"{conversation}/{hours:09.3f}",
        conversation=conversation,
        contact="PERSON_1",
        platform="whatsapp",
        at=START + timedelta(hours=hours),
        context=(Turn("partner", "PERSON_1", "and?"),),
        reply=reply or f"answer {conversation} {hours}",
    )


def sizes(parts: Split) -> list[int]:
    return [len(held) for held in parts.sets().values()]


def test_the_oldest_train_and_the_latest_test() -> None:
    parts = split([example(48 * n, f"c{n:03}") for n in reversed(range(100))], SETTINGS)
    assert sizes(parts) == [60, 20, 20]
    assert parts.train[-1].at < parts.judge[0].at <= parts.judge[-1].at < parts.test[0].at
    assert (parts.gap_hours, parts.between, parts.purged) == (24.0, 0, 0)


def test_a_conversation_is_never_in_two_sets() -> None:
    parts = split(
        [example(30 * n + k, f"c{n % 50}-{n // 50}") for n in range(100) for k in range(3)], SETTINGS
    )
    held = [{each.conversation for each in part} for part in parts.sets().values()]
    assert not held[0] & held[1]
    assert not held[1] & held[2]
    assert not held[0] & held[2]


def test_nothing_is_used_within_a_day_of_a_border() -> None:
    parts = split([example(2 * n, f"c{n:03}") for n in range(300)], SETTINGS)
    assert parts.judge[0].at - parts.train[-1].at >= timedelta(hours=24)
    assert parts.test[0].at - parts.judge[-1].at >= timedelta(hours=24)
    assert parts.between == 300 - sum(sizes(parts)) == 22


def test_a_conversation_that_began_before_the_border_is_left_out() -> None:
    held = [example(48 * n, f"c{n:03}") for n in range(100)]
    parts = split([*held, example(10, "long"), example(48 * 70, "long")], SETTINGS)
    assert "long" not in {each.conversation for part in parts.sets().values() for each in part}


def test_records_without_dates_fill_all_sets() -> None:
    parts = split([example(0, f"c{n:03}") for n in range(117)], SETTINGS)
    assert sizes(parts) == [70, 24, 23]
    assert (parts.gap_hours, parts.between) == (0.0, 0)


def test_the_gap_shrinks_with_the_time_there_is() -> None:
    parts = split([example(n / 2, f"c{n:03}") for n in range(101)], SETTINGS)
    assert parts.gap_hours == 2.5
    assert min(sizes(parts)) > 10


def test_talk_that_never_pauses_is_held_apart_by_conversation_alone() -> None:
    held = [example(day * 24 + n, f"c{n}") for n in range(9) for day in range(30)]
    parts = split(held, SETTINGS)
    assert min(sizes(parts)) > 0


@pytest.mark.parametrize(
    ("count", "expected"), [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [1, 0, 1]), (3, [1, 1, 1])]
)
def test_few_conversations(count: int, expected: list[int]) -> None:
    assert sizes(split([example(100 * n, f"c{n}") for n in range(count)], SETTINGS)) == expected


def test_one_huge_conversation_leaves_no_set_empty() -> None:
    huge = [example(n / 10, "huge") for n in range(500)]
    parts = split([*huge, example(200, "b"), example(300, "c"), example(400, "d")], SETTINGS)
    assert min(sizes(parts)) > 0


def test_near_duplicates_of_the_test_set_are_purged_and_common_words_are_not() -> None:
    replies = {
        10: "ok",
        70: "ok",
        90: "ok",
        5: "The key is under the blue flower pot by the door, as always.",
    }
    replies |= {65: replies[5].upper(), 95: replies[5].replace("always", "ever")}
    parts = split([example(48 * n, f"c{n:03}", replies.get(n, "")) for n in range(100)], SETTINGS)
    assert parts.purged == 2
    assert sizes(parts) == [59, 19, 20]
    assert all(any(each.reply == "ok" for each in part) for part in parts.sets().values())


def test_a_time_has_its_place() -> None:
    parts = split([example(48 * n, f"c{n:03}") for n in range(100)], SETTINGS)
    assert [parts.place(START + timedelta(hours=48 * n)) for n in (0, 59, 60, 79, 80, 99)] == [
        "train",
        "train",
        "judge",
        "judge",
        "test",
        "test",
    ]
    assert parts.place(START - timedelta(hours=1)) is None
    assert parts.place(START + timedelta(hours=48 * 59 + 1)) is None


def test_shares_that_leave_no_test_set_are_refused() -> None:
    with pytest.raises(DatasetError, match="nothing to test on"):
        split([example(0, "c")], DatasetSettings(train=0.8, judge=0.2))
