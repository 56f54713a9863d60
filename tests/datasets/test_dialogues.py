from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from ipse.config import DatasetSettings
from ipse.datasets import dialogues, examples
from ipse.datasets.rules import left_out
from ipse.records import Example, Message, Turn

from .talks import message, pairs, said

SETTINGS = DatasetSettings()
LONG = "I will be at the station at ten past nine, platform four."


def learn(
    messages: list[Message], settings: DatasetSettings = SETTINGS, speaker: str = "me"
) -> list[Example]:
    return [
        each for held in dialogues(messages, settings) for each in examples(held, settings, speaker=speaker)
    ]


def test_messages_of_one_sender_within_two_minutes_are_one_turn() -> None:
    found = learn(said(("P", 0, "hey"), ("P", 2, "you up?"), ("me", 3, "yes"), ("me", 4.5, "why")))
    assert pairs(found) == [(["hey\nyou up?"], "yes\nwhy")]


def test_messages_of_one_sender_further_apart_are_two_turns() -> None:
    found = learn(said(("P", 0, "hey"), ("P", 2.5, "you up?"), ("me", 3, "yes")))
    assert pairs(found) == [(["hey", "you up?"], "yes")]


def test_context_is_the_last_six_turns() -> None:
    lines = [("P" if n % 2 == 0 else "me", n * 3, f"line {n}") for n in range(10)]
    assert pairs(learn(said(*lines)))[-1] == ([f"line {n}" for n in range(3, 9)], "line 9")
    assert len(learn(said(*lines), DatasetSettings(context_turns=3))[-1].context) == 3


def test_a_silence_longer_than_the_gap_ends_the_dialogue() -> None:
    messages = said(("P", 0, "morning"), ("me", 12 * 60 + 1, "evening"))
    assert len(dialogues(messages, SETTINGS)) == 2
    assert learn(messages) == []
    assert pairs(learn(said(("P", 0, "morning"), ("me", 12 * 60, "evening")))) == [(["morning"], "evening")]


def test_an_answer_that_names_what_it_answers_is_not_cut_off_by_silence() -> None:
    asked = message("Could you send the report?", by="P", minute=0)
    answer = message("Attached.", minute=3 * 1440, reply_to=asked.id)
    assert pairs(learn([asked, answer])) == [([asked.text], "Attached.")]


def test_one_contacts_message_is_never_paired_with_a_reply_to_another() -> None:
    ana = said(("PERSON_1", 0, "dinner?"), ("me", 3, "gladly"), talk="CONV_1")
    ben = said(("PERSON_2", 1, "is the build green?"), ("me", 2, "red"), talk="CONV_2")
    found = learn(sorted(ana + ben, key=lambda each: each.at))
    assert sorted(pairs(found)) == [(["dinner?"], "gladly"), (["is the build green?"], "red")]
    assert {each.contact for each in found} == {"PERSON_1", "PERSON_2"}


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": " \n"},
        {"content_type": "deleted", "text": "This message was deleted"},
        {"content_type": "media", "text": "a photo"},
        {"content_type": "system"},
        {"automatic": True},
        {"forwarded": True},
    ],
)
def test_a_missing_message_does_not_shift_its_reply_to_an_earlier_one(change: dict[str, object]) -> None:
    early, missing, reply, late, answer = said(
        ("P", 0, "did you eat?"),
        ("P", 5, "SECRET"),
        ("me", 6, "fine by me"),
        ("P", 9, "ok"),
        ("me", 10, "bye"),
    )
    found = learn([early, msgspec.structs.replace(missing, **change), reply, late, answer])
    assert pairs(found) == [(["fine by me", "ok"], "bye")]


def test_a_missing_message_parts_a_burst() -> None:
    first, photo, second = said(("P", 0, "look"), ("P", 0.5, "IMG"), ("P", 1, "nice?"))
    photo = msgspec.structs.replace(photo, content_type="media")
    assert pairs(learn([first, photo, second, message("very", minute=2)])) == [(["nice?"], "very")]


def test_an_answer_to_a_missing_message_is_paired_with_nothing() -> None:
    gone = message("", by="P", minute=0)
    between = message("other news", by="P", minute=1)
    assert learn([gone, between, message("no way", minute=2, reply_to=gone.id)]) == []


def test_a_reply_of_some_length_never_stands_in_its_own_prompt() -> None:
    tally: Counter[str] = Counter()
    messages = said(("me", 0, LONG), ("P", 5, "sorry, what?"), ("me", 6, LONG.upper()))
    (held,) = dialogues(messages, SETTINGS)
    assert examples(held, SETTINGS, tally=tally) == []
    assert tally == {"echo": 1, "unanswering": 1}


def test_a_short_echo_is_how_people_talk() -> None:
    assert pairs(learn(said(("P", 0, "Hi!"), ("me", 1, "Hi!")))) == [(["Hi!"], "Hi!")]


def test_groups_keep_their_speakers() -> None:
    lines = (("PERSON_1", 0, "pizza?"), ("PERSON_2", 1, "sushi"), ("me", 2, "sushi too"))
    (found,) = learn(said(*lines, talk="CONV_9", group=True))
    assert found.context == (Turn("partner", "PERSON_1", "pizza?"), Turn("partner", "PERSON_2", "sushi"))
    assert (found.contact, found.group) == ("CONV_9", True)


def test_own_turns_in_the_context_have_the_owners_role() -> None:
    found = learn(said(("P", 0, "a"), ("me", 3, "b"), ("P", 6, "c"), ("me", 9, "d")))
    assert [(turn.role, turn.speaker) for turn in found[-1].context] == [
        ("partner", "P"),
        ("owner", "me"),
        ("partner", "P"),
    ]


def test_going_on_talking_is_no_reply() -> None:
    assert pairs(learn(said(("P", 0, "a"), ("me", 3, "b"), ("me", 30, "c")))) == [(["a"], "b")]
    assert learn(said(("me", 0, "anyone?"), ("P", 3, "yes"))) == []


def test_lengths_outside_the_settings_are_left_out() -> None:
    messages = said(("P", 0, "a"), ("me", 3, "k"), ("P", 6, "b"), ("me", 9, "long enough"), ("P", 12, "c"))
    settings = DatasetSettings(min_reply_chars=2, max_reply_chars=20)
    assert pairs(learn([*messages, message("x" * 21, minute=15)], settings)) == [
        (["a", "k", "b"], "long enough")
    ]


def test_another_speakers_turns_can_be_the_targets() -> None:
    (found,) = learn(said(("me", 0, "where?"), ("P", 3, "here")), speaker="P")
    assert (found.reply, found.context) == ("here", (Turn("partner", "me", "where?"),))


def test_messages_of_one_moment_keep_their_order_but_answers_follow_what_they_answer() -> None:
    lines = said(("P", 0, "zz first"), ("me", 0, "aa second"), ("P", 0, "mm third"), ("me", 0, "bb fourth"))
    assert pairs(learn(lines))[-1] == (["zz first", "aa second", "mm third"], "bb fourth")
    question = message("what now?", by="Q")
    assert pairs(learn([message("this", reply_to=question.id), question])) == [(["what now?"], "this")]


def test_ids_are_told_by_content_and_times_by_the_last_message() -> None:
    messages = said(("P", 0, "hey"), ("me", 3, "yes"), ("me", 4, "why"))
    (once,), (again,) = learn(messages), learn(list(reversed(messages)))
    assert once == again
    assert once.at - messages[0].at == timedelta(minutes=4)
    (other,) = learn(said(("P", 0, "hey"), ("me", 3, "no")))
    assert once.id != other.id


def test_the_language_is_that_of_most_messages_of_the_reply() -> None:
    asked, *replies = said(("P", 0, "?"), ("me", 1, "ja"), ("me", 2, "klar"), ("me", 3, "fine"))
    tagged = [
        msgspec.structs.replace(each, lang=lang)
        for each, lang in zip(replies, ("de", "de", "en"), strict=True)
    ]
    assert [each.lang for each in learn([asked, *tagged])] == ["de"]
    assert [each.lang for each in learn([asked, *replies])] == [None]


def test_what_is_left_out_has_a_reason() -> None:
    assert left_out(message("hi")) is None
    assert left_out(message("x", content_type="call")) == "call"
    assert left_out(message("")) == "empty"
    assert left_out(message("x", automatic=True)) == "automatic"
    assert left_out(message("x", forwarded=True)) == "forwarded"


def test_a_conversation_in_which_nothing_counts_is_no_dialogue() -> None:
    assert dialogues([message("x", content_type="system")], SETTINGS) == []
    assert dialogues([], SETTINGS) == []
