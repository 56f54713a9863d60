"""Messenger: every trap of its exports that users of other readers reported, as an export that has it."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import SourceError
from ipse.exports import ExportPath, merged
from ipse.interfaces import ReadOptions
from ipse.pipeline.finding import find
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.instagram import Instagram
from ipse.sources.messenger import Messenger

from .samples.messenger import EMRE, NORA, PETRA, START, conversation, said, spoilt, write

ROOT = "your_facebook_activity/messages/inbox"
PLAIN = ReadOptions()


def found_in(path: Path | ExportPath, options: ReadOptions = PLAIN) -> list[Message | Unreadable]:
    export = path if isinstance(path, ExportPath) else ExportPath.at(path)
    found = list(Messenger().read(export, options))
    assert Messenger().survey(export, options).units == len(found)
    return found


def messages(path: Path | ExportPath, options: ReadOptions = PLAIN) -> list[Message]:
    return [one for one in found_in(path, options) if isinstance(one, Message)]


def one(tmp_path: Path, message: dict[str, Any], people: tuple[str, ...] = (PETRA, NORA)) -> Message:
    conversation(tmp_path / ROOT / "petra_7012345678", list(people), [[message]])
    (only,) = messages(tmp_path)
    return only


# --- what a message is ---


def test_a_message_has_its_words_time_people_and_reactions(tmp_path: Path) -> None:
    message = one(
        tmp_path, said(0, PETRA, "Où ? ☕", reactions=[{"reaction": spoilt("👍"), "actor": spoilt(EMRE)}])
    )
    assert (message.text, message.sender, message.content_type) == ("Où ? ☕", Person(PETRA), "text")
    assert message.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert message.reactions == (Reaction("👍", Person(EMRE)),)
    assert message.participants == (Person(PETRA), Person(NORA))
    assert (message.conversation, message.group, message.automatic) == ("7012345678", False, False)


def test_each_string_is_repaired_alone(tmp_path: Path) -> None:
    folder = tmp_path / ROOT / "petra_7012345678"
    texts = ["na\u00efve", spoilt("naïve"), "fine: 日本語 ✨", spoilt("日本語")]
    part = [{**said(n, PETRA), "content": text} for n, text in enumerate(texts)]
    conversation(folder, [PETRA, NORA], [part])
    assert [message.text for message in messages(tmp_path)] == ["naïve", "naïve", "fine: 日本語 ✨", "日本語"]


@pytest.mark.parametrize(
    ("message", "kind", "text", "automatic"),
    [
        (said(0, PETRA, "Liked a message"), "system", "Liked a message", True),
        (said(0, PETRA, "Reacted ❤️ to your message "), "system", "Reacted ❤️ to your message", True),
        (said(0, PETRA, "Hat mit 😂 auf deine Nachricht reagiert "), "system", None, True),
        (said(0, PETRA, "A aimé un message"), "system", None, True),
        (said(0, PETRA, "Reaccionó con 😮 a tu mensaje"), "system", None, True),
        (said(0, PETRA, "Ha reagito con ❤ al tuo messaggio"), "system", None, True),
        (said(0, PETRA, "Reagiu com ❤ à sua mensagem"), "system", None, True),
        (said(0, PETRA, "Heeft met ❤ op je bericht gereageerd"), "system", None, True),
        (said(0, PETRA, "Petra left the group."), "system", None, True),
        (said(0, PETRA, "Petra hat die Gruppe verlassen."), "system", None, True),
        (said(0, PETRA, "Petra a quitté le groupe."), "system", None, True),
        (said(0, PETRA, "Petra salió del grupo."), "system", None, True),
        (said(0, PETRA, "Petra ha abbandonato il gruppo."), "system", None, True),
        (said(0, PETRA, "Petra saiu do grupo."), "system", None, True),
        (said(0, PETRA, "Petra heeft de groep verlaten."), "system", None, True),
        (said(0, PETRA, "Petra Holm named the group Plants."), "system", None, True),
        (said(0, PETRA, "hello", type="Subscribe"), "system", "hello", True),
        (said(0, PETRA, "You missed a call from Petra."), "call", "", True),
        (said(0, NORA, "Petra hat deinen Anruf verpasst."), "call", "", True),
        (said(0, PETRA, "Du hast einen Anruf von Petra verpasst."), "call", "", True),
        (said(0, PETRA, "anything at all", call_duration=12), "call", "", True),
        (said(0, PETRA, "anything at all", type="Call"), "call", "", True),
        (said(0, PETRA, "Petra sent an attachment."), "media", "", False),
        (said(0, PETRA, "Petra hat einen Anhang gesendet."), "media", "", False),
        (said(0, PETRA, "Petra a envoyé une pièce jointe."), "media", "", False),
        (said(0, PETRA, "Petra envió un archivo adjunto."), "media", "", False),
        (said(0, PETRA, "Petra ha inviato un allegato."), "media", "", False),
        (said(0, PETRA, "Petra enviou um anexo."), "media", "", False),
        (said(0, PETRA, "Petra heeft een bijlage verzonden."), "media", "", False),
        (said(0, PETRA, "words", is_unsent=True), "deleted", "", False),
        (said(0, PETRA, "Petra unsent a message."), "deleted", "", False),
        (said(0, PETRA), "deleted", "", False),
        (said(0, PETRA, "look", share={"link": "https://a.example/b"}), "link", "look", False),
        (said(0, PETRA, "Petra sent an attachment.", share={"link": "https://a.example"}), "link", "", False),
        (said(0, PETRA, "https://a.example/b?c=d"), "link", "https://a.example/b?c=d", False),
        (said(0, PETRA, "Petra shared a live location."), "location", "", False),
        (said(0, PETRA, sticker={"uri": "messages/stickers_used/1.png"}), "media", "", False),
        (said(0, "Meta AI", "Here is a list"), "text", "Here is a list", True),
    ],
    ids=lambda value: value.get("content", "")[:30] if isinstance(value, dict) else "",
)
def test_what_the_app_writes_is_told_from_what_people_write(
    tmp_path: Path, *, message: dict[str, Any], kind: str, text: str | None, automatic: bool
) -> None:
    found = one(tmp_path, message)
    assert (found.content_type, found.automatic) == (kind, automatic)
    assert found.text == (text if text is not None else found.raw)
    assert (found.sender == Person("")) is (kind == "system")


@pytest.mark.parametrize(
    "text",
    [
        "You called me yesterday",
        "She left the group.",
        "Nora left the group.",  # said by Petra: the app says it of whoever it is about
        "I liked a message of hers",
        "Liked a message\nand then another",
        "He sent an attachment.",
        "Petra sent me an attachment.",
        "Petra",
    ],
)
def test_people_write_such_sentences_too(tmp_path: Path, text: str) -> None:
    found = one(tmp_path, said(0, PETRA, text))
    assert (found.content_type, found.text, found.automatic) == ("text", text, False)


@pytest.mark.parametrize(
    "name", ["Facebook user", "Facebook-Nutzer*in", "Utilisateur de Facebook", "Utente Facebook"]
)
def test_whose_account_is_gone_has_no_name(tmp_path: Path, name: str) -> None:
    found = one(tmp_path, said(0, name, "hello"), (name, NORA))
    assert found.sender == Person("")
    assert found.participants == (Person(NORA),)


def test_words_that_came_with_a_link_are_not_the_senders(tmp_path: Path) -> None:
    share = {"link": "https://a.example", "share_text": spoilt("Grüße from the author")}
    found = one(tmp_path, said(0, PETRA, "Petra sent an attachment.", share=share))
    assert found.text == ""
    assert "Grüße from the author\nhttps://a.example" in found.raw


def test_who_is_named_with_an_at_is_mentioned(tmp_path: Path) -> None:
    assert one(tmp_path, said(0, PETRA, f"@{NORA} look")).mentions == (Person(NORA),)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("messages/inbox/petra_7012345678/photos/a.png", ("photos/a.png",)),
        ("your_facebook_activity/messages/inbox/petra_7012345678/photos/a.png", ("photos/a.png",)),
        ("your_activity_across_facebook/messages/stickers_used/1.png", ("messages/stickers_used/1.png",)),
        ("https://a.example/a.gif", ("https://a.example/a.gif",)),
        ("../../../etc/passwd", ()),
        ("messages/inbox/petra_7012345678/../../x", ()),
        ("/etc/passwd", ()),
        ("C:/secret.txt", ()),
        ("..\\..\\secret.txt", ()),
        ("file:///etc/passwd", ()),
    ],
)
def test_paths_of_files_stay_in_the_export(tmp_path: Path, uri: str, path: tuple[str, ...]) -> None:
    found = one(tmp_path, said(0, PETRA, photos=[{"uri": uri, "creation_timestamp": 1}]))
    assert (found.attachments, found.content_type) == (path, "media")


# --- which message it is ---


def test_what_was_said_twice_in_one_moment_is_two_messages(tmp_path: Path) -> None:
    export = write(tmp_path)
    twice = [message for message in messages(export) if message.text == "Ok"]
    assert len({message.id for message in twice}) == 2


def test_parts_follow_by_time_and_not_by_name(tmp_path: Path) -> None:
    folder = tmp_path / ROOT / "petra_7012345678"
    parts = [[said(100 - n * 2 + k, PETRA, f"{100 - n * 2 + k}") for k in range(2)] for n in range(11)]
    conversation(folder, [PETRA, NORA], parts)
    times = [message.at for message in messages(tmp_path)]
    assert len(times) == 22
    assert times == sorted(times)


def test_a_newer_export_elsewhere_gives_the_same_ids(tmp_path: Path) -> None:
    old = [said(n, PETRA, f"text {n}") for n in range(4)]
    conversation(tmp_path / "a" / ROOT / "petraholm_7012345678", [PETRA, NORA], [old])
    new = [said(n, PETRA, f"text {n}") for n in range(9)]
    moved = tmp_path / "b" / "your_activity_across_facebook" / "messages" / "archived_threads"
    conversation(moved / "petra_7012345678", [PETRA, NORA], [new[6:], new[3:6], new[:3]])
    before, after = messages(tmp_path / "a"), messages(tmp_path / "b")
    assert {message.id for message in before} < {message.id for message in after}
    assert {message.conversation for message in before} == {message.conversation for message in after}


def test_one_file_alone_gives_the_ids_of_the_whole(tmp_path: Path) -> None:
    export = write(tmp_path)
    whole = {message.id for message in messages(export)}
    folder = export / ROOT / "petraholm_7012345678"
    (tmp_path / "else").mkdir()
    alone = tmp_path / "else" / "message_2.json"
    alone.write_bytes((folder / "message_2.json").read_bytes())
    for path in (folder, folder / "message_1.json", alone, export / "your_facebook_activity", export / ROOT):
        assert Messenger().recognizes(ExportPath.at(path)), path
        found = {message.id for message in messages(path)}
        assert found
        assert found <= whole


def test_several_zips_are_one_export(tmp_path: Path) -> None:
    export = write(tmp_path / "made")
    whole = [message.id for message in messages(export)]
    files = sorted(file for file in export.rglob("*") if file.is_file())
    for number in (1, 2):
        with zipfile.ZipFile(tmp_path / f"facebook-nora-{number}.zip", "w") as archive:
            for place, file in enumerate(files):
                name = file.relative_to(export).as_posix()
                if place % 2 == number - 1 or name.endswith("_7012345678/message_1.json"):  # this one in both
                    archive.write(file, name)
    (joined,) = merged([tmp_path / "facebook-nora-1.zip", tmp_path / "facebook-nora-2.zip"])
    assert Messenger().recognizes(joined)
    found = [message.id for message in messages(joined)]
    assert set(found) == set(whole)
    assert len(found) == len(whole) + 3  # those of the file that is there twice; the vault keeps one of each
    assert Messenger().survey(joined, ReadOptions()).owner == (Person(NORA),)


# --- whose it is ---


def test_the_profile_says_whose_it_is(tmp_path: Path) -> None:
    export = write(tmp_path)
    assert Messenger().survey(ExportPath.at(export), ReadOptions()).owner == (Person(NORA),)


def test_without_a_profile_who_writes_everywhere_is_likely(tmp_path: Path) -> None:
    export = write(tmp_path)
    (export / "personal_information/profile_information/profile_information.json").unlink()
    survey = Messenger().survey(ExportPath.at(export), ReadOptions())
    assert survey.owner is None
    assert survey.likely == (Person(NORA),)


def test_a_profile_that_names_nobody_in_it_says_nothing(tmp_path: Path) -> None:
    export = write(tmp_path)
    profile = export / "personal_information/profile_information/profile_information.json"
    profile.write_text('{"profile": {"name": "Somebody Else"}}')
    assert Messenger().survey(ExportPath.at(export), ReadOptions()).owner is None


# --- what is damaged ---


@pytest.mark.parametrize(
    "content",
    [
        "{this is not: valid json",
        "",
        "[]",
        '{"participants": [{"name": "A"}]}',
        '{"messages": 5}',
        "null",
        "[" * 9999,
    ],
)
def test_one_corrupt_file_is_one_unreadable_and_its_siblings_go_on(tmp_path: Path, content: str) -> None:
    export = write(tmp_path)
    before = len(messages(export))
    broken = export / ROOT / "broken_123"
    broken.mkdir()
    (broken / "message_1.json").write_text(content)
    found = found_in(export)
    (bad,) = [item for item in found if isinstance(item, Unreadable)]
    assert bad.file.endswith("broken_123/message_1.json")
    assert len(found) == before + 1


def test_a_bad_message_is_told_by_its_number(tmp_path: Path) -> None:
    folder = tmp_path / ROOT / "petra_7012345678"
    conversation(folder, [PETRA, NORA], [[said(n, PETRA, f"text {n}") for n in range(4)]])
    file = folder / "message_1.json"
    document = json.loads(file.read_text())
    document["messages"][1]["timestamp_ms"] = "soon"
    document["messages"][2] = "no message"
    file.write_text(json.dumps(document))
    found = found_in(tmp_path)
    assert [item.text for item in found if isinstance(item, Message)] == ["text 0", "text 3"]
    bad = {item.position: item.reason for item in found if isinstance(item, Unreadable)}
    assert bad == {"message 2": "it has no time", "message 3": "it is not what a message looks like"}


def test_a_file_cut_short_gives_what_came_before(tmp_path: Path) -> None:
    folder = tmp_path / ROOT / "petra_7012345678"
    conversation(folder, [PETRA, NORA], [[said(n, PETRA, f"text {n}") for n in range(6)]])
    whole = {message.id for message in messages(tmp_path)}
    file = folder / "message_1.json"
    file.write_bytes(file.read_bytes()[: file.read_bytes().index(b"text 2")])
    found = found_in(tmp_path)
    assert {item.id for item in found if isinstance(item, Message)} < whole
    assert [item.position for item in found if isinstance(item, Unreadable)] == ["message 4"]


def test_an_odd_reaction_or_file_costs_no_message(tmp_path: Path) -> None:
    odd = said(
        0, PETRA, "hello", reactions={"a": 1}, photos="x", share=[1], sticker=5, type=7, gifs=[1, {"uri": 5}]
    )
    assert one(tmp_path, odd).text == "hello"


def test_the_oldest_exports_count_seconds(tmp_path: Path) -> None:
    message = {"sender_name": PETRA, "timestamp": START // 1000, "content": "old"}
    assert one(tmp_path, {**message, "timestamp_ms": START}).at == one(tmp_path, {**said(0, PETRA, "old")}).at
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "message_1.json").write_text(json.dumps({"participants": [], "messages": [message]}))
    assert messages(folder)[0].at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_a_folder_without_conversations_is_told(tmp_path: Path) -> None:
    (tmp_path / ROOT).mkdir(parents=True)
    assert not Messenger().recognizes(ExportPath.at(tmp_path))
    with pytest.raises(SourceError, match="there is no conversation"):
        list(Messenger().read(ExportPath.at(tmp_path), ReadOptions()))


# --- encrypted chats ---


def encrypted(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    media: dict[str, Any] = {"type": "media", "media": [{"uri": "./media/a.jpg"}]}
    rows: list[dict[str, Any]] = [
        {"senderName": PETRA, "timestamp": START, "text": "First", "type": "text", "media": []},
        {"senderName": NORA, "timestamp": START + 5, "text": spoilt("Zweitens – schön"), "type": "text"},
        {
            "senderName": PETRA,
            "timestamp": START + 6,
            **media,
            "reactions": [{"actor": NORA, "reaction": "❤"}],
        },
        {"senderName": PETRA, "timestamp": START + 7, "media": [{"uri": "Failed to download media"}]},
        {"senderName": PETRA, "timestamp": START + 8, "text": "gone", "isUnsent": True},
    ]
    for number, (friend, extra) in enumerate([(PETRA, rows), (EMRE, rows[:2])], 15):
        document = {"participants": [NORA, friend], "threadName": f"{friend}_{number}", "messages": extra}
        (folder / f"{friend.split()[0]}_{number}.json").write_text(json.dumps(document, ensure_ascii=False))
    (folder / "media").mkdir()
    (folder / "media" / "a.jpg").write_bytes(b"\xff\xd8")
    return folder


def test_encrypted_chats_are_read(tmp_path: Path) -> None:
    folder = encrypted(tmp_path / "e2ee")
    assert Messenger().recognizes(ExportPath.at(folder))
    found = [message for message in messages(folder) if PETRA in message.conversation]
    assert [message.text for message in found] == ["First", "Zweitens – schön", "", "", ""]
    assert [message.content_type for message in found] == ["text", "text", "media", "media", "deleted"]
    assert found[2].attachments == ("media/a.jpg",)
    assert found[2].reactions == (Reaction("❤", Person(NORA)),)
    assert (found[3].attachments, found[0].group) == ((), False)


def test_the_number_of_an_encrypted_chat_is_its_place_and_not_its_name(tmp_path: Path) -> None:
    folder = encrypted(tmp_path / "e2ee")
    whole = {message.id for message in messages(folder)}
    later = tmp_path / "later"
    later.mkdir()
    document = json.loads((folder / "Petra_15.json").read_text())
    (later / "Petra_3.json").write_text(json.dumps({**document, "threadName": f"{PETRA}_3"}))
    assert {message.id for message in messages(later)} < whole
    assert Messenger().recognizes(ExportPath.at(later / "Petra_3.json"))


def test_encrypted_chats_lie_beside_the_others_too(tmp_path: Path) -> None:
    export = write(tmp_path)
    before = len(messages(export))
    encrypted(export / "your_facebook_activity" / "messages")
    (export / "your_facebook_activity/messages/autofill_information.json").write_text('{"autofill": {}}')
    assert len(found_in(export)) == before + 7


def test_a_corrupt_encrypted_chat_is_counted(tmp_path: Path) -> None:
    folder = encrypted(tmp_path / "e2ee")
    (folder / "Petra_15.json").write_text("\0\0\0")
    assert [item.position for item in found_in(folder) if isinstance(item, Unreadable)] == ["byte 0"]


# --- what is one ---


def test_an_export_somewhere_below_does_not_make_a_folder_one(tmp_path: Path) -> None:
    export = write(tmp_path / "Downloads")
    (tmp_path / "Downloads" / "letter.txt").write_text("Dear all")
    assert Messenger().recognizes(ExportPath.at(export))
    assert not Messenger().recognizes(ExportPath.at(tmp_path / "Downloads"))
    loose = tmp_path / "Downloads" / "message_1.json"
    loose.write_bytes((export / ROOT / "petraholm_7012345678" / "message_1.json").read_bytes())
    assert not Messenger().recognizes(ExportPath.at(tmp_path / "Downloads"))
    found = find([tmp_path / "Downloads"], [Messenger(), Instagram()])
    assert sorted(one.path.name for one in found.exports) == [export.name, "message_1.json"]


def test_photos_alone_are_no_export(tmp_path: Path) -> None:
    photos = tmp_path / ROOT / "petra_7012345678" / "photos"
    photos.mkdir(parents=True)
    (photos / "a.jpg").write_bytes(b"\xff\xd8")
    assert not Messenger().recognizes(ExportPath.at(tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        '{"messages": [{"id": 1, "from": "A", "text": "x"}], "participants": []}',
        '{"name": "A", "type": "personal_chat", "messages": [{"date": "2020-01-01"}]}',
        '[{"sender_name": "A"}]',
    ],
)
def test_other_json_is_left_to_others(tmp_path: Path, content: str) -> None:
    (tmp_path / "result.json").write_text(content)
    assert not Messenger().recognizes(ExportPath.at(tmp_path / "result.json"))
    assert not Instagram().recognizes(ExportPath.at(tmp_path / "result.json"))
