"""The figures of a profile, on conversations small enough to count by hand."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from ipse.config import DatasetSettings
from ipse.errors import DatasetError
from ipse.profile import Profile
from ipse.profile.gathering import gather
from ipse.profile.rhythm import awake_seconds, is_night, night

from .talks import BERLIN, START, measured, said, talk


def test_what_is_written_to_whom_and_how_long_it_is() -> None:
    lines = []
    for n in range(30):
        lines += [
            said("PERSON_1", "and now?", 60 * n),
            said("me", "one two three" if n < 20 else "one", 60 * n + 5),
        ]
    found = measured(talk("a", lines), talk("b", [said("PERSON_2", "hi", 0), said("me", "hello you", 1)]))
    assert (found.messages, found.words, found.contacts) == (31, 72, 2)
    assert (found.first, found.last, found.days) == (date(2024, 1, 1), date(2024, 1, 2), 2)
    assert (found.lengths.low, found.lengths.median, found.lengths.high) == (1, 3, 3)
    assert found.lengths_at == {1: 10, 2: 1, 3: 20}
    (one,) = found.relations  # of PERSON_2 too little is known
    assert (one.contact, one.messages, one.words, one.lengths.median) == ("PERSON_1", 30, 70, 3)
    assert found.sources == {"whatsapp": 31}
    assert found.languages == {"en": 31}


def test_hours_are_the_owners_own() -> None:
    found = measured(talk("a", [said("PERSON_1", "?", 0), said("me", "yes", 1), said("me", "no", 14 * 60)]))
    assert found.zone == "Europe/Berlin"
    assert found.hours[0][10] == 1  # 9:01 UTC on a Monday
    assert found.hours[1][0] == 1  # 23:00 UTC is Tuesday there
    assert sum(map(sum, found.hours)) == 2


def test_an_export_without_times_of_day_has_no_hours() -> None:
    days = [said("me", "dear diary", 24 * 60 * n, of=START.replace(hour=0)) for n in range(10)]
    found = measured(talk("a", days, platform="journals"))
    assert found.messages == 10
    assert sum(map(sum, found.hours)) == 0


def test_the_night_is_when_least_is_written() -> None:
    table = [[0] * 24 for _ in range(7)]
    for hour in range(24):
        table[0][hour] = 0 if 3 <= hour < 11 else 20
    assert night(table) == (3, 11)
    assert night([[0] * 24 for _ in range(7)]) == (23, 7)
    assert [is_night(START.replace(hour=hour), (23, 7)) for hour in (22, 23, 6, 7)] == [
        False,
        True,
        True,
        False,
    ]
    assert [is_night(START.replace(hour=hour), (3, 11)) for hour in (2, 3, 10, 11)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("arrived", "answered", "hours"),
    [
        ("2024-01-10 12:00", "2024-01-10 15:00", 3),
        ("2024-01-10 22:00", "2024-01-11 08:00", 2),
        ("2024-01-10 02:00", "2024-01-10 09:00", 2),
        ("2024-01-10 01:00", "2024-01-10 04:00", 3),  # who answers in the night is awake
        ("2024-01-10 22:00", "2024-01-11 00:30", 2.5),
        ("2024-01-10 12:00", "2024-01-12 12:00", 32),
        ("2024-03-30 22:00", "2024-03-31 09:00", 3),  # an hour is skipped in this night
        ("2024-10-26 22:00", "2024-10-27 09:00", 3),  # and one comes twice
    ],
)
def test_waiting_leaves_out_the_night(arrived: str, answered: str, hours: float) -> None:
    there, then = (datetime.fromisoformat(at).replace(tzinfo=BERLIN) for at in (arrived, answered))
    assert awake_seconds(there, then, (23, 7)) == pytest.approx(3600 * hours)


def test_waits_are_from_their_last_message_to_the_first_answer() -> None:
    lines = []
    for n in range(10):
        at = 600 * n
        lines += [
            said("PERSON_1", "?", at),
            said("PERSON_1", "well?", at + 2),
            said("me", "yes", at + 12),
            said("me", "no", at + 30),
        ]
    lines += [said("PERSON_1", "are you there?", 6000), said("me", "sorry", 6000 + 4 * 24 * 60)]
    found = measured(talk("a", lines))
    assert found.waits.awake is not None
    assert found.waits.awake.count == 10
    assert found.waits.answered == pytest.approx(10 / 11)
    assert found.waits.day is not None
    assert found.waits.day.median == 600
    (one,) = found.relations
    assert one.waits == found.waits


def test_after_a_gap_nobody_knows_what_is_answered() -> None:
    lines = [said("PERSON_1", "?", 0), said("PERSON_1", "", 5), said("me", "yes", 6)]
    held = talk("a", lines)
    settings = DatasetSettings.model_validate({})
    assert [wait.answered for wait in gather([held], settings, zone=BERLIN).waits] == [lines[2][2]]
    messages = list(held.messages)
    messages[1] = msgspec.structs.replace(messages[1], content_type="deleted")
    assert gather([msgspec.structs.replace(held, messages=messages)], settings, zone=BERLIN).waits == []


def test_in_a_group_nobody_waits() -> None:
    held = talk("a", [said("PERSON_1", "?", 0), said("me", "yes", 6)], group=True)
    gathered = gather([held], DatasetSettings.model_validate({}), zone=BERLIN)
    assert (gathered.waits, [each.to for each in gathered.own]) == ([], ["a"])


def test_messages_in_a_row_and_who_begins() -> None:
    lines = [
        said("me", "one", 0), said("me", "two", 1), said("me", "three", 2), said("me", "later", 9),
        said("PERSON_1", "oh", 10), said("me", "four", 11),
        said("PERSON_1", "new", 24 * 60), said("me", "five", 24 * 60 + 1),
    ]  # fmt: skip
    found = measured(talk("a", [line for n in range(5) for line in moved(lines, 7 * n)]))
    assert found.bursts == {1: 15, 3: 5}
    assert found.started == 0.5


def moved(lines: list[tuple[str, str, datetime]], days: int) -> list[tuple[str, str, datetime]]:
    return [(who, text, at + timedelta(days=days)) for who, text, at in lines]


def test_months_quarters_and_years() -> None:
    lines = [
        (who, text, datetime(2023, month, 5, 12, minute, tzinfo=UTC))
        for month, words in ((1, 2), (2, 4), (7, 6))
        for who, text, minute in (("PERSON_1", "?", 0), ("me", "x " * words, 1))
    ]
    found = measured(talk("a", [*lines, said("me", "late 😀", 0)]))
    assert [each.label for each in found.months] == ["2023-01", "2023-02", "2023-07", "2024-01"]
    assert [each.label for each in found.quarters] == ["2023-Q1", "2023-Q3", "2024-Q1"]
    assert [(each.label, each.messages, each.words) for each in found.years] == [
        ("2023", 3, 12),
        ("2024", 1, 1),
    ]
    assert [each.emoji for each in found.years] == [0, 1]
    assert found.quarters[0].lengths is not None
    assert found.quarters[0].lengths.median == 3


def test_more_careful_with_one_than_with_another() -> None:
    careful = [
        line
        for n in range(40)
        for line in (said("PERSON_1", "?", 1440 * n), said("me", "I shall be there.", 1440 * n + 3))
    ]
    free = [
        line
        for n in range(40)
        for line in (said("PERSON_2", "?", 1440 * n), said("me", "hahaha yess!! 😀", 1440 * n + 3))
    ]
    found = measured(talk("a", careful), talk("b", free))
    by = {one.contact: one.formality for one in found.relations}
    first, second = by["PERSON_1"], by["PERSON_2"]
    assert first is not None
    assert second is not None
    assert first.low > 0 > second.high
    assert first.value == pytest.approx(-second.value)
    # No capital, no mark at the end, emoji, laughter, a doubled mark; “ss” is no stretch.
    assert first.value == pytest.approx(100 * 5 / 9)


def test_notes_to_oneself_are_another_kind_of_text() -> None:
    notes = [
        talk(f"q{n}", [said("", "what?", n), said("me", "a long answer " * 20, n + 1)]) for n in range(30)
    ]
    chat = [line for n in range(25) for line in (said("PERSON_1", "?", n), said("me", "yes", n + 0.5))]
    both = measured(*notes, talk("a", chat))
    assert (both.messages, both.lengths.median, both.elsewhere) == (25, 1, {"notes to yourself": 30})
    alone = measured(*notes)
    assert (alone.messages, alone.lengths.median, alone.relations) == (30, 60, ())


def test_whoever_is_not_to_be_looked_at_is_not() -> None:
    chats = [
        talk(
            f"c{k}",
            [line for n in range(25) for line in (said(f"PERSON_{k}", "?", n), said("me", "yes", n + 0.5))],
        )
        for k in (1, 2)
    ]
    found = measured(*chats, without={"PERSON_2"})
    assert [one.contact for one in found.relations] == ["PERSON_1"]
    assert (found.messages, found.elsewhere) == (25, {"objected or excluded": 25})


def test_others_habits_stand_beside_only_where_three_wrote_enough() -> None:
    def chats(people: int) -> Profile:
        return measured(
            *(
                talk(
                    f"c{k}",
                    [
                        x
                        for n in range(25)
                        for x in (said(f"PERSON_{k}", "Really?", n), said("me", "yes", n + 0.5))
                    ],
                )
                for k in range(people)
            )
        )

    asked = {each.name: each for each in chats(3).habits}["has a question mark"]
    assert (asked.own, asked.others) == (0, 1)
    assert all(each.others is None for each in chats(2).habits)


def test_nothing_of_ones_own_says_so() -> None:
    with pytest.raises(DatasetError, match="own messages"):
        measured(talk("a", [said("PERSON_1", "hello?", 0)]))


def test_what_nobody_wrote_does_not_count() -> None:
    lines = [said("PERSON_1", "?", 0), said("me", "yes", 1)]
    found = measured(
        talk("a", lines), talk("b", lines, forwarded=True), talk("c", lines, content_type="media")
    )
    assert (found.messages, found.elsewhere) == (1, {"forwarded": 1, "media": 1})


def test_a_profile_survives_json() -> None:
    found = measured(talk("a", [said("PERSON_1", "?", 0), said("me", "yes 😀", 1)]))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Profile) == found
