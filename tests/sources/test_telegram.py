"""Telegram: both shapes of result.json, however large or damaged; what is and is not the sender's words."""

import json
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.telegram import stream
from ipse.sources.telegram.messages import person_id
from ipse.sources.telegram.source import Telegram

from ..growth import assert_linear_in
from .samples import telegram as sample
from .samples.telegram import ADA, BEN, OWNER, account, chat, dump, said, service

ME = Person("Nora Feld", "user100001")


def written(folder: Path, document: object, name: str = "result.json") -> ExportPath:
    file = folder / name
    file.write_text(document if isinstance(document, str) else dump(document), encoding="utf-8")
    return ExportPath.at(file)


def read(path: ExportPath, options: ReadOptions | None = None) -> list[Message | Unreadable]:
    return list(Telegram().read(path, options or ReadOptions()))


def messages(path: ExportPath, options: ReadOptions | None = None) -> list[Message]:
    found = read(path, options)
    assert all(isinstance(one, Message) for one in found), found
    return [one for one in found if isinstance(one, Message)]


def survey(path: ExportPath, options: ReadOptions | None = None) -> Survey:
    return Telegram().survey(path, options or ReadOptions())


def one_chat(folder: Path, *found: dict[str, Any], kind: str = "personal_chat") -> ExportPath:
    return written(folder, chat("Ada Weber", kind, 200002, list(found)))


def only(folder: Path, message: dict[str, Any], kind: str = "personal_chat") -> Message:
    (found,) = messages(one_chat(folder, message, kind=kind))
    return found


def whole(folder: Path) -> ExportPath:
    return ExportPath.at(sample.write(folder))


# --- who wrote what ---


def test_the_owner_of_an_account_is_known_by_id(tmp_path: Path) -> None:
    path = whole(tmp_path)
    found = survey(path)
    assert found.owner is not None
    assert found.owner[0] == ME
    assert {person.address for person in found.owner} == {"user100001", "+49 30 1234567", "norafeld"}
    own = [one.text for one in messages(path) if one.direction == "outbound"]
    assert own == ["yes, at nine 🙂", "none below\ntwo thousand", "me, and the map too", "/start"]


def test_a_namesake_of_the_owner_is_not_the_owner(tmp_path: Path) -> None:
    document = account([chat("Twin", "private_group", 7, [said(1, ("Nora Feld", "user9"), "hello")])], [])
    (found,) = messages(written(tmp_path, document))
    assert found.direction == "inbound"


def test_a_single_chat_does_not_say_whose_it_is(tmp_path: Path) -> None:
    path = one_chat(tmp_path, said(1, ADA, "hello"), said(2, OWNER, "hi"))
    assert survey(path).owner is None
    assert [one.sender for one in messages(path)] == [Person("Ada Weber", "user200002"), ME]


def test_a_deleted_account_has_no_name(tmp_path: Path) -> None:
    assert only(tmp_path, said(1, (None, "user55"), "hello")).sender == Person("", "user55")
    bare = {"id": 1, "type": "message", "date_unixtime": "1700000000", "text": "hello"}
    assert only(tmp_path, bare).sender == Person("")


@pytest.mark.parametrize(
    ("given", "known"),
    [("user12", "user12"), (12, "user12"), ((1 << 32) + 7, "chat7"), ((2 << 32) + 9, "channel9"), (None, "")],
)
def test_ids_of_older_exports_are_numbers(given: object, known: str) -> None:
    assert person_id(given) == known


def test_titles_of_channels_and_bots_are_nobodys_names(tmp_path: Path) -> None:
    found = {one.text: one for one in messages(whole(tmp_path))}
    assert found["New hut opened."].sender == Person("", "channel500005")
    assert found["Send me a place."].sender == Person("", "user400004")
    assert found["/start"].sender == ME


def test_everybody_in_a_conversation_takes_part(tmp_path: Path) -> None:
    found = {one.text: one for one in messages(whole(tmp_path))}
    assert set(found["are you coming on Sunday?"].participants) == {Person(*ADA), ME}
    assert not found["are you coming on Sunday?"].group
    assert set(found["me, and the map too"].participants) == {Person(*BEN), ME}
    assert found["me, and the map too"].group


def test_participants_have_a_bound(tmp_path: Path) -> None:
    crowd = [said(n, (f"Person {n}", f"user{n}"), "hello") for n in range(1, 300)]
    assert len(messages(one_chat(tmp_path, *crowd, kind="public_supergroup"))[-1].participants) == 200


# --- texts ---


def test_a_text_in_parts_is_joined_without_blanks(tmp_path: Path) -> None:
    parts = [
        "see ",
        {"type": "link", "text": "example.org"},
        ", it is ",
        {"type": "bold", "text": "new"},
        "!",
    ]
    assert only(tmp_path, said(1, ADA, parts)).text == "see example.org, it is new!"


def test_a_text_is_cleaned_and_raw_is_not(tmp_path: Path) -> None:
    found = only(tmp_path, said(1, ADA, "  a\r\nb\u0000 "))
    assert found.text == "a\nb"
    assert found.raw == "  a\r\nb\u0000 "


def test_control_characters_are_written_as_json_does_not_know(tmp_path: Path) -> None:
    # Telegram Desktop writes a vertical tab as \x0B; a text that holds \x41 itself has its backslash doubled.
    document = dump(chat("Ada", "personal_chat", 5, [said(1, ADA, "a@b"), said(2, ADA, "c:\\x41")]))
    path = written(tmp_path, document.replace("a@b", "a\\x0Bb"))
    assert [one.text for one in messages(path)] == ["a\x0bb", "c:\\x41"]


@pytest.mark.parametrize("block", [1, 3, 7, 64])
def test_blocks_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    document = dump(chat("Ädä 🙂", "personal_chat", 5, [said(1, ADA, "a@b"), said(2, ADA, "é🙂\\\\")]))
    path = written(tmp_path, document.replace("a@b", "a\\x0Bb"))
    expected = messages(path)
    monkeypatch.setattr(stream, "BLOCK", block)
    assert messages(path) == expected
    assert [one.text for one in expected] == ["a\x0bb", "é🙂\\\\"]


def test_half_a_surrogate_pair_costs_its_letter_only(tmp_path: Path) -> None:
    document = dump(chat("Ada", "personal_chat", 5, [said(1, ADA, "a@b"), said(2, ADA, "fine")]))
    path = written(tmp_path, document.replace("a@b", "a\\ud83db"))
    assert [one.text for one in messages(path)] == ["a\ufffdb", "fine"]
    strange = {"from": "A\ud83d", "from_id": "u\ud83d", "photo": "p\ud83d"}
    for indent in (None, 1):
        text = json.dumps(
            chat("A\ud83d", "personal_chat", 5, [said(1, ADA, "x\ud83d") | strange]), indent=indent
        )
        (found,) = messages(written(tmp_path, text))
        assert msgspec.json.encode(found)


def test_mentions_are_people(tmp_path: Path) -> None:
    parts = [
        {"type": "mention", "text": "@benito"},
        " and ",
        {"type": "mention_name", "text": "Ada", "user_id": 200002},
    ]
    found = only(tmp_path, said(1, OWNER, parts))
    assert found.mentions == (Person("", "benito"), Person("", "user200002"))
    assert found.text == "@benito and Ada"


@pytest.mark.parametrize(
    "mark",
    [
        {"forwarded_from": "Weather"},
        {"forwarded_from": None},
        {"forwarded_from_id": "user7"},
        {"saved_from": "Ada"},
        {"via_bot": "@gif"},
    ],
    ids=str,
)
def test_a_forward_is_not_the_senders_words(tmp_path: Path, mark: dict[str, Any]) -> None:
    assert only(tmp_path, said(1, OWNER, "not mine", **mark)).forwarded
    assert not only(tmp_path, said(1, OWNER, "mine")).forwarded


@pytest.mark.parametrize("kind", ["bot_chat", "public_channel", "private_channel", "verify_codes", "replies"])
def test_bots_and_channels_are_automatic(tmp_path: Path, kind: str) -> None:
    assert only(tmp_path, said(1, ADA, "hello"), kind).automatic


@pytest.mark.parametrize("kind", ["personal_chat", "private_group", "public_supergroup", "saved_messages"])
def test_what_people_write_is_not_automatic(tmp_path: Path, kind: str) -> None:
    assert not only(tmp_path, said(1, ADA, "hello"), kind).automatic


def test_notices_of_telegram_itself_are_automatic(tmp_path: Path) -> None:
    path = written(
        tmp_path, chat("Telegram", "personal_chat", 777000, [said(1, ("Telegram", "user777000"), "Code")])
    )
    assert messages(path)[0].automatic


# --- kinds ---


@pytest.mark.parametrize(
    ("more", "kind", "attachments"),
    [
        ({"photo": "photos/a.jpg"}, "media", ("photos/a.jpg",)),
        ({"file": "files/b.pdf", "file_name": "b.pdf"}, "media", ("files/b.pdf",)),
        ({"photo": "(File not included. Change data exporting settings to download.)"}, "media", ("photo",)),
        (
            {
                "file": "(File exceeds maximum size. Change data exporting settings to download.)",
                "file_name": "b.pdf",
            },
            "media",
            ("b.pdf",),
        ),
        ({"file": "old.doc (File unavailable, please try again later)"}, "media", ("old.doc",)),
        (
            {"file": "(File not included. x)", "media_type": "sticker", "sticker_emoji": "🙂"},
            "media",
            ("sticker",),
        ),
        ({"location_information": {"latitude": 1.0, "longitude": 2.0}}, "location", ()),
        (
            {"contact_information": {"first_name": "Cleo", "last_name": "Roy", "phone_number": "+4930"}},
            "contact",
            (),
        ),
        ({"poll": {"question": "", "answers": []}}, "poll", ()),
        ({}, "media", ()),
    ],
    ids=str,
)
def test_what_is_no_text(
    tmp_path: Path, more: dict[str, Any], kind: str, attachments: tuple[str, ...]
) -> None:
    found = only(tmp_path, said(1, ADA, "", **more))
    assert (found.content_type, found.attachments, found.text) == (kind, attachments, "")


def test_a_caption_is_text(tmp_path: Path) -> None:
    found = only(tmp_path, said(1, ADA, "the summit", photo="photos/a.jpg"))
    assert (found.content_type, found.text, found.attachments) == ("text", "the summit", ("photos/a.jpg",))


def test_an_address_alone_is_a_link(tmp_path: Path) -> None:
    link = [{"type": "link", "text": "https://example.org/a"}]
    assert only(tmp_path, said(1, ADA, link)).content_type == "link"
    assert only(tmp_path, said(1, ADA, "https://example.org/a")).content_type == "link"
    assert only(tmp_path, said(1, ADA, "see https://example.org/a")).content_type == "text"


def test_the_question_of_a_poll_is_its_text(tmp_path: Path) -> None:
    found = only(tmp_path, said(1, ADA, "", poll={"question": "When?", "answers": [{"text": "at nine"}]}))
    assert (found.content_type, found.text) == ("poll", "When?")


def test_the_person_in_a_contact_is_known(tmp_path: Path) -> None:
    card = {"first_name": "Cleo", "last_name": "Roy", "phone_number": "+49 30 98"}
    assert only(tmp_path, said(1, ADA, "", contact_information=card)).mentions == (
        Person("Cleo Roy", "+49 30 98"),
    )


def test_calls_have_a_caller_and_other_lines_of_the_app_have_nobody(tmp_path: Path) -> None:
    call, joined = messages(
        one_chat(
            tmp_path,
            service(1, ADA, "phone_call", duration_seconds=61),
            service(2, ADA, "invite_members", members=["Cleo Roy", None]),
        )
    )
    assert (call.content_type, call.sender, call.text) == ("call", Person(*ADA), "")
    assert (joined.content_type, joined.sender, joined.text) == ("system", Person(""), "")
    assert Person("Cleo Roy") in joined.participants


def test_reactions_name_who_is_named_and_count_the_others(tmp_path: Path) -> None:
    found = only(
        tmp_path,
        said(
            1,
            ADA,
            "hello",
            reactions=[
                {
                    "type": "emoji",
                    "count": 3,
                    "emoji": "👍",
                    "recent": [{"from": OWNER[0], "from_id": OWNER[1]}],
                },
                {"type": "custom_emoji", "count": 1, "document_id": "stickers/a.webp"},
                {"type": "emoji", "count": 1_000_000, "emoji": "🔥"},
            ],
        ),
    )
    assert found.reactions[:4] == (
        Reaction("👍", ME),
        Reaction("👍"),
        Reaction("👍"),
        Reaction("custom_emoji"),
    )
    assert len(found.reactions) == 200


@pytest.mark.parametrize(
    ("more", "edited"),
    [
        ({"edited": "2023-11-15T01:02:03"}, True),
        ({"edited": "2023-11-15T01:02:03", "edited_unixtime": "1700000001"}, True),
        ({"edited": "1970-01-01T01:00:00"}, False),
        ({"edited_unixtime": "0"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_edits(tmp_path: Path, more: dict[str, Any], *, edited: bool) -> None:
    assert only(tmp_path, said(1, ADA, "hello", **more)).edited is edited


# --- times ---


def test_the_moment_is_the_unixtime_whatever_the_local_date_says(tmp_path: Path) -> None:
    options = ReadOptions(tz=ZoneInfo("Asia/Tokyo"))
    path = one_chat(tmp_path, said(1, ADA, "hello") | {"date_unixtime": "1700000000"})
    assert messages(path, options)[0].at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert survey(path, options).notes == ()


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("2023-11-14T23:13:20", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2023-11-14T23:13:20Z", datetime(2023, 11, 14, 23, 13, 20, tzinfo=UTC)),
        ("2023-11-14T23:13:20+03:00", datetime(2023, 11, 14, 20, 13, 20, tzinfo=UTC)),
    ],
)
def test_a_date_without_a_zone_is_the_owners(tmp_path: Path, date: str, at: datetime) -> None:
    options = ReadOptions(tz=ZoneInfo("Europe/Berlin"))
    old = {key: value for key, value in said(1, ADA, "hello").items() if key != "date_unixtime"}
    path = one_chat(tmp_path, old | {"date": date})
    assert messages(path, options)[0].at == at
    assert bool(survey(path, options).notes) == (len(date) == 19)


@pytest.mark.parametrize(
    "stamp", ["", "soon", "9" * 30, "9" * 5000, [1], {"a": 1}, float("nan")], ids=lambda s: str(s)[:9]
)
def test_a_message_without_a_moment_is_unreadable(tmp_path: Path, stamp: object) -> None:
    bad, good = read(
        one_chat(tmp_path, said(1, ADA, "secret") | {"date_unixtime": stamp}, said(2, ADA, "fine"))
    )
    assert isinstance(bad, Unreadable)
    assert bad.position == "message 1"
    assert "secret" not in bad.reason
    assert isinstance(good, Message)


def test_what_telegram_could_not_export_is_counted(tmp_path: Path) -> None:
    bad, good = read(one_chat(tmp_path, {"id": 1, "type": "unsupported"}, said(2, ADA, "fine")))
    assert isinstance(bad, Unreadable)
    assert isinstance(good, Message)


# --- ids ---


def test_a_chat_alone_and_the_whole_account_give_the_same_ids(tmp_path: Path) -> None:
    talk = [said(1, ADA, "hello"), said(2, OWNER, "hi")]
    alone = messages(one_chat(tmp_path, *talk))
    both = messages(
        written(tmp_path, account([chat("Ada Weber", "personal_chat", 200002, talk)], []), "b.json")
    )
    assert [one.id for one in alone] == [one.id for one in both]
    assert [one.conversation for one in alone] == [one.conversation for one in both]


def test_a_group_that_went_public_is_the_same_group(tmp_path: Path) -> None:
    private = only(tmp_path, said(1, ADA, "hello"), "private_supergroup")
    assert only(tmp_path, said(1, ADA, "hello"), "public_supergroup").id == private.id
    assert only(tmp_path, said(1, ADA, "hello"), "private_group").id != private.id
    assert only(tmp_path, said(1, ADA, "hello"), "personal_chat").id != private.id


def test_an_edit_or_a_new_name_does_not_make_another_message(tmp_path: Path) -> None:
    before = only(tmp_path, said(1, ADA, "helo"))
    assert only(tmp_path, said(1, ("Ada W.", ADA[1]), "hello", edited_unixtime="1700009999")).id == before.id


def test_a_reply_points_at_the_message_it_answers(tmp_path: Path) -> None:
    first, second, elsewhere = messages(
        one_chat(
            tmp_path,
            said(1, ADA, "hello"),
            said(2, OWNER, "hi", reply_to_message_id=1),
            said(3, OWNER, "that", reply_to_message_id=1, reply_to_peer_id="channel9"),
        )
    )
    assert second.reply_to == first.id
    assert elsewhere.reply_to is None


def test_twins_without_ids_are_told_apart_and_the_same_in_a_longer_export(tmp_path: Path) -> None:
    def bare(text: str, moment: int = 0) -> dict[str, Any]:
        return {
            "type": "message",
            "date_unixtime": str(1_700_000_000 + moment),
            "from": "Ada",
            "text": text,
        }

    short = messages(written(tmp_path, {"messages": [bare("ok"), bare("ok"), bare("no")]}))
    long = messages(
        written(tmp_path, {"messages": [bare("hm", -9), bare("ok"), bare("ok"), bare("no"), bare("ok", 9)]})
    )
    assert len({one.id for one in long}) == 5
    assert [one.id for one in short] == [one.id for one in long[1:4]]


# --- the document ---


@pytest.mark.parametrize("indent", [None, 0, 1, 4, "\t"])
def test_any_indentation_is_read(tmp_path: Path, indent: int | str | None) -> None:
    export = sample.write(tmp_path)
    document = json.loads((export / "result.json").read_text(encoding="utf-8"))
    expected = messages(ExportPath.at(export))
    for crlf in (False, True):
        text = json.dumps(document, indent=indent)
        path = written(tmp_path, text.replace("\n", "\r\n") if crlf else text, f"{crlf}.json")
        assert messages(path) == expected


def test_a_byte_order_mark_is_no_letter(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + dump(chat("Ada", "personal_chat", 5, [said(1, ADA, "hello")])))
    assert Telegram().recognizes(path)
    assert len(messages(path)) == 1


@pytest.mark.parametrize("indent", [None, 1])
def test_a_file_cut_short_is_read_to_where_it_breaks_off(tmp_path: Path, indent: int | None) -> None:
    talk = [said(n, ADA, f"number {n}") for n in range(1, 10)]
    text = json.dumps(chat("Ada", "personal_chat", 5, talk), indent=indent)
    found = read(written(tmp_path, text[: text.index("number 8")]))
    assert [one.text for one in found if isinstance(one, Message)] == [f"number {n}" for n in range(1, 8)]
    assert isinstance(found[-1], Unreadable)
    assert found[-1].position.startswith("byte ")
    assert survey(ExportPath.at(tmp_path / "result.json")).units == len(found)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_damaged_message_costs_itself_only(tmp_path: Path, indent: int | None) -> None:
    talk = [said(n, ADA, f"number {n}") for n in range(1, 6)]
    document = account(
        [chat("Ada", "personal_chat", 5, talk), chat("Ben", "personal_chat", 6, [said(9, BEN, "last")])], []
    )
    text = json.dumps(document, indent=indent).replace('"number 3"', 'number "3"')
    found = read(written(tmp_path, text))
    assert [one.text for one in found if isinstance(one, Message)] == [
        "number 1",
        "number 2",
        "number 4",
        "number 5",
        "last",
    ]
    (bad,) = [one for one in found if isinstance(one, Unreadable)]
    assert bad.position == "chat 1, message 3"


def test_messages_of_a_damaged_list_do_not_end_up_in_the_chat_before(tmp_path: Path) -> None:
    document = account(
        [
            chat("Ada", "personal_chat", 5, [said(1, ADA, "one"), said(2, ADA, "two")]),
            chat("Ben", "personal_chat", 6, [said(3, BEN, "three"), said(4, BEN, "four")]),
        ],
        [],
    )
    text = dump(document)
    start = text.index('"two"')
    end = text.index("]", text.index("text_entities", start)) + 1
    damaged = text[:end] + text[text.index('"name": "Ben"') :]
    found = read(written(tmp_path, damaged))
    assert {one.conversation for one in found if isinstance(one, Message)} == {"user5"}
    assert isinstance(found[-1], Unreadable)


@pytest.mark.parametrize(
    "text",
    [
        '{"messages": [' + "[" * 200_000,
        '{"messages": [\n {"id": 1, "text": ' + "[" * 200_000 + "]" * 200_000 + "\n }\n]}",
        '{"messages": [{"id": ' + "9" * 3_000_000,
        '{"chats": ' * 5000,
        '{"chats": {"list": [' * 5000,
        '{"messages": [' + "}, {" * 300_000,
        "{" + '"a":1,' * 1_000_000,
        '{"messages": [' + '{"id":1},' * 10 + '}, {"id" ' * 200_000,
    ],
    ids=lambda text: text[:30],
)
def test_a_bomb_is_an_error_soon(tmp_path: Path, text: str) -> None:
    def reads(part: str) -> None:
        with suppress(SourceError):
            assert len(read(written(tmp_path, part))) < 1000

    assert_linear_in(text, reads)


def test_memory_is_that_of_a_few_blocks(tmp_path: Path) -> None:
    count = 16_000
    talk = [said(n, ADA, f"number {n} " + "words " * 20) for n in range(count)]
    path = written(tmp_path, chat("Ada", "personal_chat", 5, talk))
    del talk
    assert path.size > 40 * stream.BLOCK
    tracemalloc.start()
    assert sum(1 for _ in Telegram().read(path, ReadOptions())) == count
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * stream.BLOCK


def test_what_holds_no_chats_says_what_to_tick(tmp_path: Path) -> None:
    path = written(tmp_path, account([], []) | {"chats": None})
    with pytest.raises(SourceError, match="Tick chats"):
        read(path)


# --- recognition ---


def test_a_folder_or_a_file_of_it_is_recognized(tmp_path: Path) -> None:
    export = sample.write(tmp_path)
    assert Telegram().recognizes(ExportPath.at(export))
    assert Telegram().recognizes(ExportPath.at(export / "result.json"))
    assert not Telegram().recognizes(ExportPath.at(export / "photos"))
    assert not Telegram().recognizes(ExportPath.at(tmp_path))


def test_a_folder_of_downloads_is_no_export(tmp_path: Path) -> None:
    written(tmp_path, chat("Ada", "personal_chat", 5, [said(1, ADA, "hello")]))
    assert Telegram().recognizes(ExportPath.at(tmp_path))
    (tmp_path / "holiday.zip").write_bytes(b"PK")
    assert not Telegram().recognizes(ExportPath.at(tmp_path))


def test_an_account_is_recognized_before_its_chats_come(tmp_path: Path) -> None:
    contacts = [{"user_id": n, "first_name": "Somebody", "last_name": "Else"} for n in range(2000)]
    document = account([chat("Ada", "personal_chat", 5, [said(1, ADA, "hello")])], [])
    document["contacts"]["list"] = contacts
    assert Telegram().recognizes(written(tmp_path, document))
    del document["personal_information"]
    path = written(tmp_path, document)
    assert Telegram().recognizes(path)
    assert survey(path).owner is None


@pytest.mark.parametrize(
    "document",
    [
        {
            "participants": [{"name": "A"}],
            "messages": [{"sender_name": "A", "timestamp_ms": 1, "content": "x"}],
        },
        {
            "guild": {"id": "1"},
            "channel": {"id": "2"},
            "messages": [{"id": "1", "type": "Default", "timestamp": "x"}],
        },
        [{"type": "message", "user": "U1", "text": "x", "ts": "1.2"}],
        {"messages": []},
        {"personal_information": {"name": "A"}},
        {},
    ],
    ids=str,
)
def test_other_formats_are_not_recognized(tmp_path: Path, document: object) -> None:
    assert not Telegram().recognizes(written(tmp_path, document))


def test_html_is_told_to_be_exported_again(tmp_path: Path) -> None:
    head = "<!DOCTYPE html><html><head><title>Exported Data</title></head><body><div class='page_wrap'>"
    (tmp_path / "messages.html").write_text(head, encoding="utf-8")
    (tmp_path / "css").mkdir()
    assert Telegram().recognizes(ExportPath.at(tmp_path))
    assert not Telegram().recognizes(ExportPath.at(tmp_path / "messages.html"))
    for path in (tmp_path, tmp_path / "messages.html"):
        with pytest.raises(SourceError, match="choose machine-readable JSON"):
            survey(ExportPath.at(path))


def test_a_message_that_is_not_indented_as_the_others(tmp_path: Path) -> None:
    text = dump(chat("Ada", "personal_chat", 5, [said(n, ADA, f"number {n}") for n in range(1, 5)]))
    flat = json.dumps(said(2, ADA, "number 2"))
    start = text.index('{\n   "id": 2,')
    end = text.index('{\n   "id": 3,')
    mixed = text[:start] + flat + ",\n  " + text[end:]
    assert [one.text for one in messages(written(tmp_path, mixed))] == [f"number {n}" for n in range(1, 5)]


def test_times_are_in_order_of_the_file(tmp_path: Path) -> None:
    found = messages(one_chat(tmp_path, *(said(n, ADA, "x") for n in (1, 2, 3))))
    assert [b.at - a.at for a, b in pairwise(found)] == [timedelta(minutes=1)] * 2
