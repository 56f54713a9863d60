from datetime import UTC, datetime

import pytest

from ipse.lengths import Quartiles, count_words, lengths, of_examples, quartiles
from ipse.records import Example, Turn


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0), ("ok", 1), ("don't you, <PERSON_3>?", 3), ("well-known e.g. 3.5 %", 3), ("😀 …", 0),
        ("明天见 ok", 4), ("two\nlines", 2), ("see https://x.org/a-b", 2),
    ],
)  # fmt: skip
def test_words_are_counted_as_people_do(text: str, count: int) -> None:
    assert count_words(text) == count


def test_quartiles() -> None:
    assert quartiles([5, 1, 2, 4, 3]) == Quartiles(2, 3, 4, 5, most=4.8)
    assert quartiles([]) is None


def test_lengths_to_one_contact_or_to_everybody() -> None:
    found = lengths([("PERSON_1", "a b c")] * 20 + [("PERSON_2", "a")] * 19)
    assert found is not None
    assert found.to("PERSON_1") == Quartiles(3, 3, 3, 20, most=3)
    assert found.to("PERSON_2") == found.to(None) == found.everyone == Quartiles(1, 3, 3, 39, most=3)
    assert found.told("PERSON_1") == "Your messages here usually have 3 words."
    assert found.told("PERSON_9") == "Your messages here usually have 1 to 3 words, 3 in the middle."
    assert lengths([]) is None


def test_copies_of_a_reply_count_once() -> None:
    one = Example(
        id="1", conversation="c", contact="PERSON_1", platform="x", at=datetime(2024, 1, 1, tzinfo=UTC),
        context=(Turn("partner", "PERSON_1", "?"),), reply="a b",
    )  # fmt: skip
    copy = Example(
        **{name: getattr(one, name) for name in one.__struct_fields__} | {"id": "2", "origin": "1"}
    )
    found = of_examples([one, copy])
    assert found is not None
    assert found.everyone.count == 1


def test_a_message_to_whom_little_is_written_ends_sooner_and_to_whom_much_is_later() -> None:
    said = [("PERSON_1", "a b")] * 30 + [("PERSON_2", "a " * 40)] * 30 + [("PERSON_3", "a " * 9)] * 40
    found = lengths(said)
    assert found is not None
    assert found.ending("PERSON_1", 3) > 1 > 0 > found.ending("PERSON_2", 3)
    assert found.ending("PERSON_2", 60) > found.ending("PERSON_2", 20)
    assert found.ending("PERSON_9", 3) == found.ending(None, 3) == 0.0
    for contact in found.contacts:
        assert max(abs(found.ending(contact, words)) for words in (0, 1, 50, 5000)) <= 2.0


def test_what_is_as_long_as_usual_to_somebody_suits_them_best() -> None:
    said = [("PERSON_1", "a b")] * 30 + [("PERSON_2", "a " * 40)] * 30
    found = lengths(said)
    assert found is not None
    assert found.suits("PERSON_1", 2) > 0 > found.suits("PERSON_1", 40)
    assert found.suits("PERSON_2", 40) > 0 > found.suits("PERSON_2", 2)
    assert found.suits("PERSON_9", 2) == 0.0
