import json

import msgspec
import pytest

from ipse.config import DatasetSettings
from ipse.datasets import Dataset, impostors, prepare, to_chat_jsonl
from ipse.datasets.card import canonical
from ipse.errors import ConsentError, DatasetError, UnknownVersionError

from .talks import Held, day_by_day, message, said

SETTINGS = DatasetSettings()
CONSENTS = {"whatsapp": "consent-1", "gmail": "consent-2"}


def two_people() -> list[Held]:
    return [day_by_day(40), day_by_day(40, talk="CONV_2", contact="PERSON_2")]


def test_the_same_conversations_and_settings_give_the_same_hash_and_bytes() -> None:
    one, other = (prepare(two_people(), SETTINGS, consents=CONSENTS) for _ in range(2))
    assert one.card.hash == other.card.hash
    assert one.dumps() == other.dumps()
    reordered = prepare(reversed(two_people()), SETTINGS, consents=CONSENTS)
    assert reordered.card.hash == one.card.hash


def test_another_setting_or_another_word_gives_another_hash() -> None:
    one = prepare(two_people(), SETTINGS, consents=CONSENTS)
    assert (
        prepare(two_people(), DatasetSettings(context_turns=1), consents=CONSENTS).card.hash != one.card.hash
    )
    talks = two_people()
    talks[0].messages[1] = msgspec.structs.replace(talks[0].messages[1], text="something else")
    assert prepare(talks, SETTINGS, consents=CONSENTS).card.hash != one.card.hash


def test_the_card_tells_what_the_dataset_is() -> None:
    talk = day_by_day(50)
    talk.messages.append(message("x", minute=1.5, content_type="media"))
    card = prepare(
        [talk, Held("CONV_2", "gmail", said(("P", 9, "hm"), talk="CONV_2"))], SETTINGS, consents=CONSENTS
    ).card
    assert card.id == card.hash[:16]
    assert card.consents == CONSENTS
    assert card.counts == {"dialogues": 51, "examples": 95, "messages": 202, "own_turns": 100, "turns": 201}
    assert card.filters == {"between": 4, "media": 1, "unanswering": 1}
    assert {name: held.examples for name, held in card.sets.items()} == {"train": 59, "judge": 18, "test": 18}
    assert card.languages == {"de": 50, "en": 45}
    assert (card.contacts, card.platforms) == ({"PERSON_1": 95}, {"whatsapp": 95})
    assert card.settings == SETTINGS.model_dump(mode="json")
    assert b"gets answer" not in canonical(card)


def test_the_file_comes_back_and_its_hash_is_that_of_its_lines() -> None:
    dataset = prepare(two_people(), SETTINGS, consents=CONSENTS)
    assert Dataset.loads(dataset.dumps()) == dataset
    assert json.loads(dataset.dumps().splitlines()[0])["hash"] == dataset.card.hash
    assert dataset.dumps().splitlines()[1].startswith(b'{"persona":')


def test_a_changed_file_is_refused() -> None:
    data = prepare(two_people(), SETTINGS, consents=CONSENTS).dumps()
    for bad in (
        data.replace(b"answer 3.0", b"answer 3.9", 1),
        data[: len(data) // 2],
        b"",
        b"\xff\n",
        data + b"{}\n",
    ):
        with pytest.raises(DatasetError, match="damaged"):
            Dataset.loads(bad)
    with pytest.raises(UnknownVersionError):
        Dataset.loads(data.replace(b'"format":2', b'"format":9', 1))


def test_a_source_without_consent_is_refused_before_anything_is_made() -> None:
    talk = Held("CONV_3", "reflections", said(("Q", 0, "why?"), ("me", 1, "because"), talk="CONV_3"))
    with pytest.raises(ConsentError, match="reflections"):
        prepare([day_by_day(3), talk], SETTINGS, consents=CONSENTS)


def test_a_vault_without_a_reply_makes_no_dataset() -> None:
    with pytest.raises(DatasetError, match="no reply"):
        prepare([Held("CONV_1", "whatsapp", said(("P", 0, "hello?")))], SETTINGS, consents=CONSENTS)


def test_impostors_are_the_others_in_the_same_windows_of_time() -> None:
    talks = two_people()
    parts = prepare(talks, SETTINGS, consents=CONSENTS).split
    long_before = said(("me", -90000, "hm?"), ("PERSON_1", -89999, "too early"))
    talks[0].messages[:0] = long_before
    found = impostors(talks, SETTINGS, like=parts)
    assert set(found) == {"PERSON_1", "PERSON_2"}
    assert all(each.reply.startswith(f"{who} asks") for who, held in found.items() for each in held)
    assert all(parts.place(each.at) and each.context[-1].speaker == "me" for each in found["PERSON_1"])
    assert [each.at for each in found["PERSON_2"]] == sorted(each.at for each in found["PERSON_2"])


def test_chat_lines_alternate_begin_with_the_user_and_end_with_the_owner() -> None:
    lines = (
        ("P", 0, "a"),
        ("me", 3, "b"),
        ("P", 6, "c"),
        ("P", 12, "d"),
        ("me", 15, "e"),
        ("P", 18, "f"),
        ("me", 21, "g"),
    )
    parts = prepare(
        [Held("CONV_1", "whatsapp", said(*lines))], DatasetSettings(context_turns=5), consents=CONSENTS
    ).split
    chats = [json.loads(line)["messages"] for line in to_chat_jsonl(parts.train, "Be me.")]
    assert chats[-1] == [
        {"role": "system", "content": "Be me."},
        {"role": "user", "content": "c\nd"},
        {"role": "assistant", "content": "e"},
        {"role": "user", "content": "f"},
        {"role": "assistant", "content": "g"},
    ]
    for chat in chats:
        assert [each["role"] for each in chat[1:]] == ["user", "assistant"] * (len(chat) // 2)


def test_chat_lines_of_a_group_name_their_speakers() -> None:
    lines = said(
        ("PERSON_1", 0, "pizza?"), ("PERSON_2", 1, "sushi"), ("me", 2, "sushi"), talk="CONV_9", group=True
    )
    parts = prepare([Held("CONV_9", "whatsapp", lines)], SETTINGS, consents=CONSENTS).split
    (line,) = to_chat_jsonl(parts.train, "")
    assert json.loads(line) == {
        "messages": [
            {"role": "user", "content": "PERSON_1: pizza?\nPERSON_2: sushi"},
            {"role": "assistant", "content": "sushi"},
        ]
    }
