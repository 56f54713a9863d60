"""Google Chat and Hangouts from Takeout: dates in many languages, both forms of Hangouts, what is broken."""

import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.errors import IpseError, SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Unreadable
from ipse.sources.googlechat.dates import spoken
from ipse.sources.googlechat.source import GoogleChat
from tests.soak import rounds
from tests.sources.samples import googlechat as sample
from tests.sources.samples.googlechat import HUGO, VERA, group, sent

VERA_P, HUGO_P = Person("Vera Fenn", "vera@fen.example"), Person("Hugo Sand", "hugo@fen.example")
AFTERNOON = datetime(2024, 1, 2, 15, 4, 5, tzinfo=UTC)


def items(path: Path) -> list[Message | Unreadable]:
    found = list(GoogleChat().read(ExportPath.at(path), ReadOptions()))
    assert GoogleChat().survey(ExportPath.at(path), ReadOptions()).units == len(found)
    return found


def read(path: Path) -> list[Message]:
    found = items(path)
    assert all(isinstance(item, Message) for item in found)
    return [item for item in found if isinstance(item, Message)]


def one(folder: Path, *messages: Any) -> Message:
    return read(group(folder / "DM a", [VERA, HUGO], list(messages)))[-1]


@pytest.mark.parametrize(
    "text",
    [
        "Tuesday, January 2, 2024 at 3:04:05 PM UTC",
        "Tuesday, January 2, 2024 at 3:04:05\u202fPM UTC",
        "Tuesday, 2 January 2024 at 15:04:05 UTC",
        "Tuesday, January 2, 2024 at 5:04:05 PM GMT+2",
        "Dienstag, 2. Januar 2024 um 15:04:05 UTC",
        "mardi 2 janvier 2024 à 15:04:05 UTC",
        "martes, 2 de enero de 2024, 3:04:05 p. m. UTC",
        "terça-feira, 2 de janeiro de 2024 às 15:04:05 UTC",
        "martedì 2 gennaio 2024 alle ore 15:04:05 UTC",
        "2024. január 2., kedd 15:04:05 UTC",
        "tiistai 2. tammikuuta 2024 klo 15.04.05 UTC",
        "tirsdag den 2. januar 2024 kl. 15.04.05 UTC",
        "wtorek, 2 stycznia 2024 15:04:05 UTC",
        "úterý 2. ledna 2024 v 15:04:05 UTC",
        "utorak, 2. siječnja 2024. u 15:04:05 UTC",
        "2 Ocak 2024 Salı 15:04:05 UTC",
        "вторник, 2 января 2024 г. в 15:04:05 UTC",
        "вівторок, 2 січня 2024 р. о 15:04:05 UTC",
        "2024年1月2日火曜日 15:04:05 UTC",
        "2024年1月2日星期二 UTC 下午3:04:05",
        "2024년 1월 2일 화요일 오후 3시 4분 5초 UTC",
        "Thứ Ba, 2 tháng 1, 2024 lúc 15:04:05 UTC",
        "วันอังคารที่ 2 มกราคม พุทธศักราช 2567 เวลา 15:04:05 UTC",
        "الثلاثاء، ٢ يناير ٢٠٢٤ في ٣:٠٤:٠٥ م UTC",
        "יום שלישי, 2 בינואר 2024 בשעה 15:04:05 UTC",
        "मंगलवार, 2 जनवरी 2024 को 3:04:05 pm UTC बजे",
        "Τρίτη 2 Ιανουαρίου 2024 στις 3:04:05 μ.μ. UTC",
        "სამშაბათი, 2 იანვარი, 2024 15:04:05 UTC",
        "2024-01-02T15:04:05Z",
    ],
)
def test_a_date_in_words_is_read_in_the_language_of_the_account(text: str) -> None:
    assert spoken(text) == AFTERNOON


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("Tuesday, January 2, 2024 at 12:04:05 AM UTC", 0),
        ("Tuesday, January 2, 2024 at 12:04:05 PM UTC", 12),
        ("Tuesday, January 2, 2024 at 1:04:05 AM UTC", 1),
    ],
)
def test_midnight_and_noon_on_a_clock_of_twelve(text: str, hour: int) -> None:
    assert spoken(text).hour == hour


def test_a_month_that_two_languages_use_for_different_months() -> None:
    assert spoken("piątek, 2 listopada 2018 15:04:05 UTC").month == 11
    assert spoken("utorak, 2. listopada 2018. u 15:04:05 UTC").month == 10


@pytest.mark.parametrize(
    "text", ["", "yesterday", "Tuesday, Janvember 2, 2024 at 3:04:05 PM UTC", "2 January 2024"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        spoken(text)


def test_the_sample_is_read(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    assert GoogleChat().recognizes(ExportPath.at(root))
    found = read(root)
    assert len(found) == 7
    assert [message.text for message in found if message.direction == "outbound"] == [
        "Since Monday, four of them.",
        "I am in",
    ]
    survey = GoogleChat().survey(ExportPath.at(root), ReadOptions())
    assert survey.owner == (VERA_P,)
    assert survey.senders[HUGO_P] == 2


def test_what_a_message_holds(tmp_path: Path) -> None:
    found = {message.text or message.content_type: message for message in read(sample.write(tmp_path))}
    own, picture, gone = found["Since Monday, four of them."], found["media"], found["deleted"]
    assert own.conversation == picture.conversation == gone.conversation == "aBcD"
    assert (own.group, own.participants) == (False, (VERA_P, HUGO_P))
    assert [(each.emoji, each.by) for each in own.reactions] == [("❤", HUGO_P)]
    assert picture.attachments == ("File-h.png",)
    assert (gone.sender, gone.at.hour) == (Person(""), 20)
    assert found["High tide 06:12"].automatic
    reply = found["I am in"]
    assert (reply.group, reply.subject) == (True, "Heron count")
    assert reply.reply_to == found["Count on Sunday?"].id


def test_a_quoted_message_is_what_is_answered(tmp_path: Path) -> None:
    first = sent(HUGO, "one", "a/t1/t1")
    quoting = sent(VERA, "two", "a/t2/t2", quoted_message_metadata={"message_id": "a/t1/t1", "text": "one"})
    found = read(group(tmp_path / "DM a", [VERA, HUGO], [first, quoting]))
    assert found[1].reply_to == found[0].id
    assert found[1].text == "two"


def test_an_edited_message_says_so(tmp_path: Path) -> None:
    date = "Tuesday, January 2, 2024 at 4:04:05 PM UTC"
    assert one(tmp_path, sent(HUGO, "better", "a/t1/t1", updated_date=date)).edited


def test_messages_without_ids_are_told_apart_and_keep_theirs(tmp_path: Path) -> None:
    old = [sent(HUGO, text, "x") for text in ("hm", "hm", "oh")]
    for message in old:
        del message["message_id"]
    early = read(group(tmp_path / "1" / "DM a", [VERA, HUGO], old))
    late = read(group(tmp_path / "2" / "DM a", [VERA, HUGO], [sent(HUGO, "first", "a/t/t"), *old]))
    assert len({message.id for message in early}) == 3
    assert [message.id for message in late[1:]] == [message.id for message in early]


def test_one_conversation_or_one_file_alone(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    whole = {message.id for message in read(root)}
    folder = root / "Groups" / "DM aBcD"
    assert GoogleChat().recognizes(ExportPath.at(folder))
    assert GoogleChat().recognizes(ExportPath.at(root / "Groups"))
    alone = shutil.copy(folder / "messages.json", tmp_path / "messages.json")
    assert GoogleChat().recognizes(ExportPath.at(Path(alone)))
    assert {message.id for message in read(Path(alone))} < whole
    assert GoogleChat().survey(ExportPath.at(Path(alone)), ReadOptions()).owner is None


def test_a_takeout_is_not_chat_and_chat_in_it_is(tmp_path: Path) -> None:
    root = sample.write(tmp_path / "Takeout")
    with zipfile.ZipFile(tmp_path / "takeout.zip", "w") as packed:
        for file in root.rglob("*.json"):
            packed.write(file, file.relative_to(tmp_path))
    takeout = ExportPath.at(tmp_path / "takeout.zip") / "Takeout"
    assert not GoogleChat().recognizes(takeout)
    assert GoogleChat().recognizes(takeout / "Google Chat")
    assert list(GoogleChat().read(takeout / "Google Chat", ReadOptions())) == items(root)


# --- Hangouts ---

ME, YOU = "111111111111111111111", "222222222222222222222"


def event(who: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "conversation_id": {"id": "UgX"},
        "sender_id": {"gaia_id": who, "chat_id": who},
        "timestamp": str(1_527_826_003_046_323 + number * 1_000_000),
        "event_id": f"e{number}",
        "event_type": "REGULAR_CHAT_MESSAGE",
        **more,
    }


def said(*segments: tuple[str, str], **more: Any) -> dict[str, Any]:
    listed = [{"type": kind, "text": text} for kind, text in segments]
    return {"chat_message": {"message_content": {"segment": listed, **more}}}


PHOTO = {"embed_item": {"type": ["PLUS_PHOTO"], "plus_photo": {"thumbnail": {"url": "https://p.example/1"}}}}
EVENTS = [
    event(YOU, 1, **said(("TEXT", "see "), ("LINK", "example.org"), ("LINE_BREAK", "\n"), ("TEXT", "today"))),
    event(ME, 2, **said(("TEXT", "I did"))),
    event(YOU, 3, **said(attachment=[PHOTO])),
    event(YOU, 4, hangout_event={"event_type": "START_HANGOUT"}),
    event(ME, 5, membership_change={"type": "JOIN"}),
]


def conversation(*, named: bool = True) -> dict[str, Any]:
    me: dict[str, Any] = {"id": {"gaia_id": ME, "chat_id": ME}, "fallback_name": "Vera Fenn"}
    you: dict[str, Any] = {"id": {"gaia_id": YOU, "chat_id": YOU}}
    you |= {"fallback_name": "Hugo Sand"} if named else {}
    own = {"self_read_state": {"participant_id": {"gaia_id": ME, "chat_id": ME}}}
    return {"type": "STICKY_ONE_TO_ONE", "self_conversation_state": own, "participant_data": [me, you]}


def newer(folder: Path, *talks: tuple[dict[str, Any], list[Any]]) -> Path:
    listed = [
        {"conversation": {"conversation_id": {"id": "UgX"}, "conversation": about}, "events": events}
        for about, events in talks
    ]
    path = folder / "Hangouts.json"
    path.write_text(json.dumps({"conversations": listed}, indent=2))
    return path


def older(folder: Path) -> Path:
    state = {"conversation_id": {"id": "UgX"}, "conversation": conversation(), "event": EVENTS}
    listed = [{"conversation_id": {"id": "UgX"}, "conversation_state": state}]
    path = folder / "Hangouts.json"
    path.write_text(json.dumps({"continuation_end_timestamp": "1", "conversation_state": listed}))
    return path


def test_hangouts(tmp_path: Path) -> None:
    path = newer(tmp_path, (conversation(), EVENTS))
    assert GoogleChat().recognizes(ExportPath.at(path))
    found = read(path)
    assert [message.content_type for message in found] == ["text", "text", "media", "call", "system"]
    assert found[0].text == "see example.org\ntoday"
    assert found[0].at == datetime(2018, 6, 1, 4, 6, 44, 46323, tzinfo=UTC)
    assert (found[0].sender, found[1].sender) == (Person("Hugo Sand"), Person("Vera Fenn"))
    assert [message.direction for message in found[:2]] == ["inbound", "outbound"]
    assert found[2].attachments == ("https://p.example/1",)
    assert GoogleChat().survey(ExportPath.at(path), ReadOptions()).owner == (Person("Vera Fenn"),)


def test_both_forms_of_hangouts_give_the_same_messages(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    path = older(tmp_path / "old")
    assert GoogleChat().recognizes(ExportPath.at(path))
    assert read(path) == read(newer(tmp_path, (conversation(), EVENTS)))


def test_a_name_that_stands_in_another_conversation(tmp_path: Path) -> None:
    path = newer(tmp_path, (conversation(named=False), EVENTS[:1]), (conversation(), EVENTS[1:2]))
    assert read(path)[0].sender == Person("Hugo Sand")
    nameless = newer(tmp_path, (conversation(named=False), EVENTS[:1]))
    # A number alone would be taken for a telephone's.
    assert read(nameless)[0].sender == Person("", f"gaia:{YOU}")


def test_hangouts_cut_short_give_what_came_before(tmp_path: Path) -> None:
    path = newer(tmp_path, (conversation(), EVENTS))
    path.write_bytes(path.read_bytes()[:-400])
    found = items(path)
    assert [type(item) for item in found] == [Message] * 4 + [Unreadable]
    assert isinstance(found[-1], Unreadable)
    assert found[-1].position == "event 5"


def test_a_broken_message_costs_itself_alone(tmp_path: Path) -> None:
    bad = [sent(HUGO, "a", "a/1/1", date="soon"), 5, {"creator": "me"}, sent(VERA, "b", "a/2/2")]
    found = items(group(tmp_path / "DM a", [VERA, HUGO], bad))
    assert [item.position for item in found if isinstance(item, Unreadable)] == [
        "message 1",
        "message 2",
        "message 3",
    ]
    broken = newer(tmp_path, (conversation(), [event(ME, 1, timestamp="soon"), EVENTS[1]]))
    assert [type(item) for item in items(broken)] == [Unreadable, Message]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("messages.json", '{"participants": ["a"], "messages": [{"senderName": "a", "timestamp": 1}]}'),
        ("messages.json", '{"messages": []}'),
        ("result.json", '{"chats": {"list": []}}'),
        ("conversations.json", '{"conversations": [{"id": 1}]}'),
    ],
)
def test_other_files_are_not_taken(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert not GoogleChat().recognizes(ExportPath.at(tmp_path / name))
    assert not GoogleChat().recognizes(ExportPath.at(tmp_path))


def test_a_folder_without_messages_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Google Chat` of the Takeout"):
        items(tmp_path)


@settings(max_examples=rounds(30, 10_000), deadline=None)
@given(st.data())
def test_any_bytes_give_records_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("g")
    sample.write(folder)
    newer(folder, (conversation(), EVENTS))
    files = sorted(folder.rglob("*.json"))
    path = data.draw(st.sampled_from(files))
    body = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=6)):
        body[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(body))
    try:
        items(folder)
    except IpseError:
        return
