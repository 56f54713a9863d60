"""Exports written here, line by line, in the shapes that phones write them."""

import itertools
import random
import re
import tempfile
import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Source, Survey
from ipse.pipeline.finding import find
from ipse.records import Message, Person, Unreadable
from ipse.sources.whatsapp.source import WhatsApp

from ..soak import rounds

LRM = "\u200e"
DAY_FIRST = "13/06/18, 21:25 - "


def write(folder: Path, text: str, name: str = "chat.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def read(path: Path, **options: object) -> list[Message | Unreadable]:
    return list(WhatsApp().read(ExportPath.at(path), ReadOptions(**options)))  # type: ignore[arg-type]


def recognized(path: Path) -> bool:
    return WhatsApp().recognizes(ExportPath.at(path))


def surveyed(path: Path, **options: object) -> Survey:
    return WhatsApp().survey(ExportPath.at(path), ReadOptions(**options))  # type: ignore[arg-type]


def messages(folder: Path, text: str, **options: object) -> list[Message]:
    found = read(write(folder, text), **options)
    assert all(isinstance(item, Message) for item in found)
    return [item for item in found if isinstance(item, Message)]


def one(folder: Path, body: str, header: str = DAY_FIRST) -> Message:
    (message,) = messages(folder, f"{header}Ana: {body}\n")
    return message


def naive(message: Message) -> str:
    return message.at.replace(tzinfo=None).isoformat()


def note(folder: Path, text: str, **options: object) -> str:
    return surveyed(write(folder, text), **options).notes[0]


def test_it_is_a_source() -> None:
    assert isinstance(WhatsApp(), Source)


HEADERS = {
    "iPhone": ("[13/6/18, 21:25:15] ", "2018-06-13T21:25:15"),
    "iPhone, mark before the bracket": (f"{LRM}[13/06/2018, 21:25:15] ", "2018-06-13T21:25:15"),
    "iPhone, no comma": ("[06.13.18 21:25:15] ", "2018-06-13T21:25:15"),
    "bracket without seconds": ("[13/06/18 21:25] ", "2018-06-13T21:25:00"),
    "bracket and dash": ("[13/06/18, 21:25] - ", "2018-06-13T21:25:00"),
    "Android": ("13/06/18, 21:25 - ", "2018-06-13T21:25:00"),
    "Android, American": ("6/13/18, 9:25 PM - ", "2018-06-13T21:25:00"),
    "narrow space before PM": ("6/13/18, 9:25\u202fPM - ", "2018-06-13T21:25:00"),
    "p. m. with a hard space": ("13/6/2018, 9:25 p.\u00a0m. - ", "2018-06-13T21:25:00"),
    "p. m. with a space": ("13/6/2018 9:25 p. m. - ", "2018-06-13T21:25:00"),
    "p.m. and two spaces": ("13/6/2018, 9:25 p.m.  - ", "2018-06-13T21:25:00"),
    "lower case pm": ("13/6/2018, 9:25 pm - ", "2018-06-13T21:25:00"),
    "bracket and p. m.": ("[13/6/18 9:25:15 p. m.] ", "2018-06-13T21:25:15"),
    "thin space after the date": ("13/6/2018,\u200921:25 - ", "2018-06-13T21:25:00"),
    "dots in the clock": ("13-06-2018, 09.25 PM - ", "2018-06-13T21:25:00"),
    "dots everywhere": ("13.06.18 21.25.15: ", "2018-06-13T21:25:15"),
    "German": ("13.06.18, 21:25 - ", "2018-06-13T21:25:00"),
    "Finnish": ("13.6.2018 klo 21.25.15 - ", "2018-06-13T21:25:15"),
    "Danish": ("13.06.2018 kl. 21.25 - ", "2018-06-13T21:25:00"),
    "French": ("13/06/2018 à 21:25 - ", "2018-06-13T21:25:00"),
    "Portuguese": ("13/06/2018 às 21:25 - ", "2018-06-13T21:25:00"),
    "Canadian French": ("2018-06-13 21 h 25 - ", "2018-06-13T21:25:00"),
    "Croatian": ("13. 6. 2018. 21:25:15 - ", "2018-06-13T21:25:15"),
    "Croatian without a dash": ("13. 6. 2018. 21:25:15 ", "2018-06-13T21:25:15"),
    "Czech": ("13.06.18 21:25 - ", "2018-06-13T21:25:00"),
    "ISO": ("2018-06-13, 21:25 - ", "2018-06-13T21:25:00"),
    "year first with slashes": ("[2018/06/13, 21:25:15] ", "2018-06-13T21:25:15"),
    "year in the middle": ("[06/2018/13, 21:25:15] ", "2018-06-13T21:25:15"),
    "oldest style": ("13/06/2018 21:25:15: ", "2018-06-13T21:25:15"),
    "en dash": ("06/13/18, 9:25:15 PM – ", "2018-06-13T21:25:15"),
    "Chinese": ("2018/6/13 下午9:25 - ", "2018-06-13T21:25:00"),
    "Chinese, date in words": ("2018年6月13日 21:25 - ", "2018-06-13T21:25:00"),
    "Korean": ("[2018. 6. 13. 오후 9:25:15] ", "2018-06-13T21:25:15"),
    "Arabic with marks": ("\u200f13\u200f/6\u200f/2018، 9:25 م - ", "2018-06-13T21:25:00"),
    "Arabic digits": ("١٣/٠٦/٢٠١٨، ٩:٢٥ م - ", "2018-06-13T21:25:00"),
    "Greek": ("13/6/18, 9:25 μ.μ. - ", "2018-06-13T21:25:00"),
    "Hungarian": ("2018. 06. 13. du. 9:25 - ", "2018-06-13T21:25:00"),
    "Persian digits, year first": ("۲۰۱۸/۶/۱۳،\u200f ۲۱:۲۵ - ", "2018-06-13T21:25:00"),
    "Hindi digits": ("१३/०६/१८, ९:२५ अपराह्न - ", "2018-06-13T21:25:00"),
    "Bengali digits": ("১৩/৬/১৮, ৯:২৫ PM - ", "2018-06-13T21:25:00"),
    "Arabic iPhone": ("[\u200f13\u200f/6\u200f/2018، 9:25:15 م] ", "2018-06-13T21:25:15"),
    "Persian half of the day": ("2018/6/13، 9:25 ب.ظ. - ", "2018-06-13T21:25:00"),
    "Japanese": ("2018/06/13 21:25 - ", "2018-06-13T21:25:00"),
    "Japanese half of the day": ("[2018/06/13 午後9:25:15] ", "2018-06-13T21:25:15"),
    "Taiwanese noon": ("2018/6/13 中午12:25 - ", "2018-06-13T12:25:00"),
    "Turkish half of the day": ("13.06.2018 ÖS 9:25 - ", "2018-06-13T21:25:00"),
    "Finnish half of the day": ("13.6.2018 klo 9.25 ip. - ", "2018-06-13T21:25:00"),
    "Ukrainian half of the day": ("13.06.18, 9:25 пп - ", "2018-06-13T21:25:00"),
    "Malay half of the day": ("13/06/18, 9:25 PTG - ", "2018-06-13T21:25:00"),
    "Georgian": ("13.06.18, 21:25 - ", "2018-06-13T21:25:00"),
    "Bulgarian": ("13.06.18 г., 21:25 - ", "2018-06-13T21:25:00"),
    "Thai year": ("13/6/2561 21:25 - ", "2018-06-13T21:25:00"),
}


@pytest.mark.parametrize(("header", "at"), HEADERS.values(), ids=HEADERS.keys())
def test_every_style_of_header(tmp_path: Path, header: str, at: str) -> None:
    ana, bob = messages(tmp_path, f"{header}Ana: hola\nsegunda\n{header}Bob: 2016-04-29 10:30:00\n")
    assert (naive(ana), ana.sender, ana.text) == (at, Person("Ana"), "hola\nsegunda")
    assert (naive(bob), bob.sender, bob.text) == (at, Person("Bob"), "2016-04-29 10:30:00")


@pytest.mark.parametrize(
    ("clock", "at"),
    [
        ("12:00 AM", "00:00"),
        ("12:59 AM", "00:59"),
        ("1:00 AM", "01:00"),
        ("12:00 PM", "12:00"),
        ("11:59 pm", "23:59"),
        ("0:10 PM", "12:10"),
        ("12:30 a. m.", "00:30"),
        ("12:30 p.m.", "12:30"),
    ],
)
def test_twelve_hours(tmp_path: Path, clock: str, at: str) -> None:
    assert naive(one(tmp_path, "x", f"13/06/18, {clock} - ")) == f"2018-06-13T{at}:00"


def test_byte_order_mark_line_ends_and_a_last_line_without_one(tmp_path: Path) -> None:
    first, second = messages(tmp_path, f"\ufeff{DAY_FIRST}Ana: a\r\nb\r\n{DAY_FIRST}Ana: c")
    assert (first.text, first.raw, second.text) == ("a\nb", "a\nb", "c")
    assert naive(first) == "2018-06-13T21:25:00"


def test_utf_16_as_some_editors_save_it(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_bytes(f"{DAY_FIRST}Ana: été 😀\n".encode("utf-16"))
    (message,) = read(path)
    assert isinstance(message, Message)
    assert message.text == "été 😀"


def test_times_are_in_the_zone_of_the_owner(tmp_path: Path) -> None:
    (message,) = messages(tmp_path, f"{DAY_FIRST}Ana: x", tz=ZoneInfo("Europe/Berlin"))
    assert message.at == datetime(2018, 6, 13, 21, 25, tzinfo=ZoneInfo("Europe/Berlin"))
    assert message.at.utcoffset() is not None


# --- day and month


def test_a_number_above_twelve_settles_the_order_of_the_whole_file(tmp_path: Path) -> None:
    text = "01/02/20, 10:00 - Ana: a\n03/28/20, 10:00 - Ana: b\n"
    assert [naive(m)[:10] for m in messages(tmp_path, text)] == ["2020-01-02", "2020-03-28"]
    assert "month first: a number above 12" in note(tmp_path, text, date_order="dmy")


def test_the_order_in_which_time_goes_on_settles_what_numbers_leave_open(tmp_path: Path) -> None:
    text = "".join(f"{d}, 10:00 - Ana: x\n" for d in ("3/12/23", "4/1/23", "4/2/23", "5/1/23", "12/2/23"))
    assert [naive(m)[5:10] for m in messages(tmp_path, text)] == ["03-12", "04-01", "04-02", "05-01", "12-02"]
    assert "order of time" in note(tmp_path, text)


def test_a_few_lines_out_of_order_do_not_turn_the_dates_round(tmp_path: Path) -> None:
    days = ("1/2/23", "5/2/23", "4/2/23", "12/3/23", "2/4/23", "1/4/23", "3/5/23")
    text = "".join(f"{d}, 10:00 - Ana: x\n" for d in days)
    assert naive(messages(tmp_path, text)[0])[:10] == "2023-02-01"


def test_where_the_file_leaves_it_open_the_owner_decides_and_else_the_day_is_first(tmp_path: Path) -> None:
    text = "3/6/18, 1:55 p.m. - a: m"
    assert naive(messages(tmp_path, text)[0]) == "2018-06-03T13:55:00"
    assert "set imports.date_order" in note(tmp_path, text)
    assert naive(messages(tmp_path, text, date_order="mdy")[0]) == "2018-03-06T13:55:00"
    assert "as you said" in note(tmp_path, text, date_order="mdy")
    assert "day first" in note(tmp_path, text, date_order="dmy")


def test_the_first_of_two_short_numbers_can_be_the_year(tmp_path: Path) -> None:
    text = "".join(f"{d}, 10:00 - Ana: x\n" for d in ("17.11.28", "17.12.03", "18.01.02", "18.01.30"))
    assert [naive(m)[:10] for m in messages(tmp_path, text)][::3] == ["2017-11-28", "2018-01-30"]


# --- where a message starts


def test_a_pasted_chat_in_another_style_is_text(tmp_path: Path) -> None:
    text = (
        "[17.9.2019, 16:37:47] Ana: look:\n[1.9.19, 00:00:00] Bob: pasted\n13/06/18, 21:25 - Eve: pasted\n"
        "[17.09.2019, 16:38:06] Ana: end\n"
    )
    first, last = messages(tmp_path, text)
    assert first.text == "look:\n[1.9.19, 00:00:00] Bob: pasted\n13/06/18, 21:25 - Eve: pasted"
    assert last.text == "end"


def test_lines_before_the_first_message_and_impossible_dates_are_told_with_their_place(
    tmp_path: Path,
) -> None:
    text = f"\nsome\nheading\n{DAY_FIRST}Ana: a\n99/99/18, 21:25 - Ana: b\nmore\n{DAY_FIRST}Ana: c\n"
    heading, a, bad, c = read(write(tmp_path, text))
    assert heading == Unreadable(
        file="chat.txt", position="lines 2-3", reason="text that belongs to no message"
    )
    assert isinstance(bad, Unreadable)
    assert (bad.position, bad.reason) == ("lines 5-6", "no such date")
    assert isinstance(a, Message)
    assert isinstance(c, Message)
    assert (a.text, c.text) == ("a", "c")


def test_a_file_that_is_no_chat_is_one_unreadable_piece(tmp_path: Path) -> None:
    path = write(tmp_path, "dear diary\n\ntoday\n")
    assert read(path) == [Unreadable("chat.txt", "lines 1-3", "text that belongs to no message")]
    assert surveyed(path).units == 1
    assert read(write(tmp_path, "\n \n")) == []


def test_a_message_longer_than_any_is_unreadable_and_the_rest_is_read(tmp_path: Path) -> None:
    huge = "lorem ipsum\n" * 500_000
    path = write(tmp_path, f"{DAY_FIRST}Ana: a\n{DAY_FIRST}Ana: {huge}{DAY_FIRST}Bob: b\n")
    found = read(path)
    assert [type(item) for item in (found[0], found[-1])] == [Message, Message]
    assert {type(item) for item in found[1:-1]} == {Unreadable}
    assert found[1].reason == "longer than any message"  # type: ignore[union-attr]
    assert surveyed(path).units == len(found)


# --- senders

NAMES = [
    "Ana 🤓",
    "🤓",
    "John-John Doe",
    "Sandrine - French",
    "Tom & Ann",
    "O'Neil",
    "Zoë",
    "R",
    "אבי",
    "Li 李",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("header", [DAY_FIRST, "[13/06/18, 21:25:15] "])
def test_names(tmp_path: Path, header: str, name: str) -> None:
    (message,) = messages(tmp_path, f"{header}{name}: see https://example.org/a:b?c=d: ok\n")
    assert message.sender == Person(name)
    assert message.text == "see https://example.org/a:b?c=d: ok"


def test_the_tilde_of_a_push_name_and_marks_are_no_part_of_a_name(tmp_path: Path) -> None:
    header = "[13/06/18, 21:25:15] "
    text = f"{header}~ Nev: a\n{header}~\u202fNev: b\n{header}{LRM}Nev: c\n"
    assert [m.sender for m in messages(tmp_path, text)] == [Person("Nev")] * 3
    assert surveyed(tmp_path / "chat.txt").senders == {Person("Nev"): 3}


def test_a_phone_number_as_a_name_is_an_address(tmp_path: Path) -> None:
    (message,) = messages(tmp_path, "[13/06/18, 21:25:15] \u202a+1 (555) 010\u20110123\u202c: hi\n")
    assert message.sender == Person("+1 (555) 010\u20110123", "+15550100123")


def test_a_name_with_a_colon_is_told_by_all_its_lines_or_by_the_owner(tmp_path: Path) -> None:
    text = "".join(f"{DAY_FIRST}Dr: Who: {body}\n" for body in ("a", "b: c", "d")) + f"{DAY_FIRST}Bob: x\n"
    assert [(m.sender.name, m.text) for m in messages(tmp_path, text)] == [
        ("Dr: Who", "a"),
        ("Dr: Who", "b: c"),
        ("Dr: Who", "d"),
        ("Bob", "x"),
    ]
    once = f"{DAY_FIRST}Dr: Who: a\n"
    assert messages(tmp_path, once)[0].sender.name == "Dr"
    assert messages(tmp_path, once, me=("Dr: Who",))[0].sender.name == "Dr: Who"


def test_an_empty_message_and_one_without_a_space_keep_their_sender(tmp_path: Path) -> None:
    text = f"{DAY_FIRST}Ana: \n{DAY_FIRST}Ana:.\n{DAY_FIRST}Ana:\n"
    assert [(m.sender.name, m.text, m.content_type) for m in messages(tmp_path, text)] == [
        ("Ana", "", "text"),
        ("Ana", ".", "text"),
        ("Ana", "", "text"),
    ]


def test_the_assistant_of_the_app_writes_automatically_and_makes_no_group(tmp_path: Path) -> None:
    text = f"{DAY_FIRST}Ana: a\n{DAY_FIRST}Bob: b\n{DAY_FIRST}Meta AI: c\n"
    found = messages(tmp_path, text)
    assert [m.automatic for m in found] == [False, False, True]
    assert not found[0].group


# --- lines of the app

ANDROID_LINES = [
    "Ana added Bob",
    "You were added",
    '+12 345 578 created group "Trip"',
    "Your security code with Bob: changed. Tap to learn more.",
    'Ana changed the subject from "Trip: Rome" to "Trip: Paris"',
    'Ana hat den Betreff von "Reise: Rom" zu "Reise" geändert',
    'Ana changed the thing to "a: b"',
    "Messages and calls are end-to-end encrypted. Tap: learn more.",
    "Ana left",
]


@pytest.mark.parametrize("line", ANDROID_LINES)
def test_a_line_without_a_sender_is_the_apps_own_even_with_a_colon(tmp_path: Path, line: str) -> None:
    (_, system) = messages(tmp_path, f"{DAY_FIRST}Ana: hi\n{DAY_FIRST}{line}\n")
    assert (system.content_type, system.sender, system.text) == ("system", Person(""), line)
    assert surveyed(tmp_path / "chat.txt").senders == {Person("Ana"): 1}


def test_on_an_iphone_the_app_speaks_by_the_name_of_the_group_behind_a_mark(tmp_path: Path) -> None:
    header = "[19/10/2025, 01:02:19] "
    text = (
        f"{header}Runners: {LRM}Messages and calls are end-to-end encrypted. No one can read them.\n"
        f"{header}Runners: {LRM}Rudi added you\n{header}Rudi: welcome\n{header}Rudi: {LRM}Rudi añadió algo\n"
        f"{header}Rudi: {LRM}+49 171 0000000\n"
    )
    found = messages(tmp_path, text)
    assert [m.content_type for m in found] == ["system", "system", "text", "system", "text"]
    assert (found[1].text, found[1].sender) == ("Rudi added you", Person(""))
    assert found[2].group
    assert found[2].conversation == "Runners"
    assert surveyed(tmp_path / "chat.txt").senders == {Person("Rudi", ""): 2}


def test_older_iphones_mark_nothing_so_wording_tells(tmp_path: Path) -> None:
    header = "[15/08/23, 18:16:00] "
    text = (
        f"{header}Runners: As mensagens e as chamadas são protegidas com a criptografia de ponta a ponta.\n"
        f"{header}Runners: Rudi adicionou Ana\n{header}Rudi: você adicionou sal?\n{header}Ana: sim\n"
    )
    found = messages(tmp_path, text)
    assert [m.content_type for m in found] == ["system", "system", "text", "text"]
    survey = surveyed(tmp_path / "chat.txt")
    assert survey.senders == {Person("Rudi"): 1, Person("Ana"): 1}


# --- what a body is

EMPTY = {
    "media": [
        "<Media omitted>",
        "<media omitted>",
        "<Medien ausgeschlossen>",
        "<Médias omis>",
        "<Multimedia omitido>",
        "<Media omesso>",
        "<Mídia oculta>",
        "<Arquivo de mídia oculto>",
        "<Media weggelaten>",
        "<Без медиафайлов>",
        "<Medya dahil edilmedi>",
        "<pominięto multimedia>",
        "<Media tidak disertakan>",
        "<Média vynechány>",
        "<省略多媒体文件>",
        "<メディアは含まれていません>",
        "<미디어 파일 제외됨>",
        "<تم استبعاد الوسائط>",
        "<המדיה לא נכללה>",
        "<Multimèdia no inclosa>",
        "<Медіа пропущено>",
        "<Mediefil udeladt>",
        "<Uten vedlegg>",
        "<Media jätetty pois>",
        "<Hiányzó médiafájl>",
        "<Conținut media omis>",
        "<Εξαίρεση πολυμέσων>",
        "<मीडिया के बिना>",
        "<মিডিয়া বাদ দেওয়া হয়েছে>",
        "<Файл пропущен>",
        "<忽略多媒體檔>",
        "<미디어 파일을 생략한 대화내용>",
        "<پيوست نما/آهنگ حذف شد>",
        f"{LRM}imagem não revelada",
        f"{LRM}لم يتم إدراج الصورة",
        f"{LRM}סטיקר הושמט",
        f"{LRM}ইমেজ বাদ দেওয়া হয়েছে",
        f"{LRM}videota ei sisällytetä",
        f"{LRM}圖片已略去",
        "image omitted",
        f"{LRM}image omitted",
        f"{LRM}GIF omitted",
        f"{LRM}sticker omitted",
        f"{LRM}video note omitted",
        "image absente",
        f"{LRM}Bild weggelassen",
        f"{LRM}imagen omitida",
        f"{LRM}immagine omessa",
        f"{LRM}figurinha omitida",
        f"{LRM}изображение отсутствует",
        f"{LRM}görüntü dahil edilmedi",
        f"report.pdf • {LRM}3 pages {LRM}document omitted",
        "null",
        f"{LRM}You received a view once message. For added privacy, open it on your phone.",
    ],
    "deleted": [
        "This message was deleted",
        "This message was deleted.",
        f"{LRM}You deleted this message.",
        "This message was deleted by admin Ana",
        "Diese Nachricht wurde gelöscht.",
        "Du hast diese Nachricht gelöscht",
        "Ce message a été supprimé",
        "Vous avez supprimé ce message",
        "Se eliminó este mensaje",
        "Eliminaste este mensaje.",
        "Questo messaggio è stato eliminato",
        "Hai eliminato questo messaggio",
        "Esta mensagem foi apagada",
        "Você apagou esta mensagem",
        "Dit bericht is verwijderd",
        "Данное сообщение удалено",
        "Bu mesaj silindi",
        "このメッセージは削除されました",
        "Це повідомлення було видалено",
        "Ta wiadomość została usunięta",
        "تم حذف هذه الرسالة",
        "הודעה זו נמחקה",
        "این پیام حذف شد",
        "यह मैसेज डिलीट कर दिया गया है",
        "এই মেসেজটি বাদ দেওয়া হয়েছে।",
        "এই মেসেজটি বাদ দেওয়া হয়েছে",
        "Pesan ini telah dihapus",
        "이 메시지는 삭제되었습니다",
        "此訊息已刪除。",
        "这条消息已被删除",
        "Det här meddelandet raderades",
        "Denne besked blev slettet.",
        "Denne meldingen ble slettet",
        "Tämä viesti poistettiin",
        "Tato zpráva byla odstraněna",
        "Acest mesaj a fost șters",
        "Ezt az üzenetet törölted",
        "Αυτό το μήνυμα διαγράφηκε",
    ],
    "location": [
        "location: https://maps.google.com/?q=41.7,44.8",
        f"{LRM}Location: https://maps.google.com/?q=41.7,44.8",
        "Standort: https://maps.google.com/?q=41.7,44.8",
        f"{LRM}Location: Cafe (Main St 1): https://foursquare.com/v/abc",
        "Live location shared",
        "live location shared",
    ],
    "call": [
        "Missed voice call",
        f"{LRM}Missed video call",
        f"{LRM}Voice call. {LRM}5 min",
        "Videollamada perdida",
    ],
    "contact": [f"{LRM}Contact card omitted"],
}
BODIES = [(kind, body) for kind, bodies in EMPTY.items() for body in bodies]


@pytest.mark.parametrize(("kind", "body"), BODIES, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(BODIES)])
@pytest.mark.parametrize("header", [DAY_FIRST, "[13/06/18, 21:25:15] "], ids=["android", "iphone"])
def test_what_nobody_wrote_has_no_text(tmp_path: Path, header: str, kind: str, body: str) -> None:
    message = one(tmp_path, body, header)
    assert (message.content_type, message.text, message.sender) == (kind, "", Person("Ana"))
    assert message.raw == body


FILES = [
    ("IMG-20210428-WA0001.jpg (file attached)", "IMG-20210428-WA0001.jpg", ""),
    (f"{LRM}4f2680f1.jpg (Datei angehängt)\nFrohe Ostern.", "4f2680f1.jpg", "Frohe Ostern."),
    ("report 1.pdf (fichier joint)", "report 1.pdf", ""),
    ("PTT-20210428-WA0001.opus (whatever this language says)", "PTT-20210428-WA0001.opus", ""),
    (f"{LRM}<attached: 00000002-PHOTO-2024.jpg>", "00000002-PHOTO-2024.jpg", ""),
    ("<pièce jointe : a b.jpg>", "a b.jpg", ""),
    (f"look {LRM}<adjunto: 00000003-a.mp4>", "00000003-a.mp4", "look"),
    (f"{LRM}<anexado: 00000003-a.mp4>\nmira", "00000003-a.mp4", "mira"),
    (f"a.pdf • {LRM}1 page {LRM}<attached: 00000007-a.pdf>", "00000007-a.pdf", ""),
]


@pytest.mark.parametrize(("body", "file", "caption"), FILES)
def test_files_are_attachments_and_their_caption_is_text(
    tmp_path: Path, body: str, file: str, caption: str
) -> None:
    message = one(tmp_path, body)
    assert (message.content_type, message.attachments, message.text) == ("media", (file,), caption)


def test_a_contact_card_and_a_document_left_out_are_told_by_name(tmp_path: Path) -> None:
    card = one(tmp_path, "Ana Doe.vcf (file attached)")
    assert (card.content_type, card.attachments) == ("contact", ("Ana Doe.vcf",))
    document = one(tmp_path, "<Medien ausgeschlossen>\n4Bit Addierer.mod")
    assert (document.content_type, document.text, document.attachments) == (
        "media",
        "",
        ("4Bit Addierer.mod",),
    )


def test_a_caption_before_or_behind_a_file_that_is_left_out(tmp_path: Path) -> None:
    assert one(tmp_path, "response with media <media omitted>").text == "response with media"
    assert one(tmp_path, "<Media omitted>\nat the sea").text == "at the sea"
    assert one(tmp_path, f"at the sea {LRM}image omitted").text == "at the sea"


@pytest.mark.parametrize(
    "marker",
    [
        " <This message was edited>",
        f" {LRM}<This message was edited>",
        " <Diese Nachricht wurde bearbeitet.>",
        " <Se editó este mensaje.>",
        " <Mensagem editada>",
        " <Ce message a été modifié>",
    ],
)
def test_the_mark_of_an_edited_message_is_no_text(tmp_path: Path, marker: str) -> None:
    message = one(tmp_path, f"two\nlines{marker}")
    assert (message.text, message.edited, message.content_type) == ("two\nlines", True, "text")


@pytest.mark.parametrize("header", [DAY_FIRST, "[13/06/18, 21:25:15] "], ids=["android", "iphone"])
@pytest.mark.parametrize(
    "body",
    [
        "POLL:\nWhere to?\nOPTION: Rome (2 votes)\nOPTION: Paris: south (0 votes)\n",
        f"{LRM}ENCUESTA:\nWhere to?\n{LRM}OPCIÓN: Rome ({LRM}2 votos)\n{LRM}OPCIÓN: Paris: south (0 votos)",
        "ŠTO:\nWhere to?\nIZBOR: Rome\nIZBOR: Paris: south",
    ],
)
def test_a_poll_keeps_its_question_and_choices(tmp_path: Path, header: str, body: str) -> None:
    message = one(tmp_path, body, header)
    assert (message.content_type, message.text) == ("poll", "Where to?\nRome\nParis: south")
    assert message.sender == Person("Ana")


PLAIN = [
    "Poll: yes or no?",
    "I deleted this message yesterday",
    "I <3 you (really)",
    "<3",
    "see a.txt (the old one)",
    "TODO:\nmilk\neggs",
    "here: https://maps.google.com/?q=1,2",
    "location: at home",
    "You added salt?",
    "voice call",
    "Missed voice call you made to me yesterday while I was out in the rain",
]


@pytest.mark.parametrize("body", PLAIN)
@pytest.mark.parametrize("header", [DAY_FIRST, "[13/06/18, 21:25:15] "], ids=["android", "iphone"])
def test_words_that_look_like_a_marker_stay_words(tmp_path: Path, header: str, body: str) -> None:
    text = f"{header}Ana: {body}\n{header}Ana: and so on\n"
    first, _ = messages(tmp_path, text)
    assert (first.content_type, first.text) == ("text", body)


# --- conversations and ids


@pytest.mark.parametrize(
    ("name", "conversation"),
    [
        ("WhatsApp Chat with Ana.txt", "Ana"),
        ("WhatsApp Chat with Ana (1).txt", "Ana"),
        ("WhatsApp-Chat mit Ana Öz.txt", "Ana Öz"),
        ("Discussion WhatsApp avec Ana.txt", "Ana"),
        ("Chat de WhatsApp con Ana.txt", "Ana"),
        ("Conversa do WhatsApp com Ana.txt", "Ana"),
        ("WhatsApp-chat met Ana.txt", "Ana"),
        ("Чат WhatsApp с контактом Ana.txt", "Ana"),
        ("WhatsApp_Chat_with_Ana_Maria.txt", "Ana Maria"),
        ("WhatsApp Chat - Ana.txt", "Ana"),
        ("export.txt", "Ana, Me"),
    ],
)
def test_a_conversation_is_named_by_its_file_or_by_who_is_in_it(
    tmp_path: Path, name: str, conversation: str
) -> None:
    path = write(tmp_path, f"{DAY_FIRST}Ana: hi\n{DAY_FIRST}Me: ho\n", name)
    assert {m.conversation for m in read(path) if isinstance(m, Message)} == {conversation}


def test_the_folder_of_an_unpacked_zip_names_its_chat(tmp_path: Path) -> None:
    folder = tmp_path / "WhatsApp Chat - Runners"
    folder.mkdir()
    path = write(folder, f"{DAY_FIRST}Ana: hi\n", "_chat.txt")
    for source in (path, folder):
        (message,) = read(source)
        assert isinstance(message, Message)
        assert message.conversation == "Runners"


def test_more_than_two_senders_or_a_line_of_a_group_make_a_group(tmp_path: Path) -> None:
    two = f"{DAY_FIRST}Ana: a\n{DAY_FIRST}Bob: b\n"
    assert not messages(tmp_path, two)[0].group
    assert messages(tmp_path, f"{two}{DAY_FIRST}Eve: c\n")[0].group
    assert messages(tmp_path, f"{two}{DAY_FIRST}Ana hat die Gruppe erstellt\n")[0].group
    assert messages(tmp_path, two)[0].participants == (Person("Ana"), Person("Bob"))


def test_the_same_message_has_one_id_in_two_exports(tmp_path: Path) -> None:
    lines = [f"{day:02}/06/18, 21:25 - {who}: ok\n" for day in range(13, 20) for who in ("Ana", "Bob", "Ana")]
    early = [m.id for m in messages(tmp_path, "".join(lines[:15]))]
    late = [m.id for m in messages(tmp_path, "".join(lines[6:]))]
    assert len(set(early)) == 15
    assert early[6:] == late[:9]
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in early + late)


def test_an_export_with_files_and_one_without_have_the_same_ids(tmp_path: Path) -> None:
    a = one(tmp_path, "IMG-20210428-WA0001.jpg (file attached)\nat the sea")
    b = one(tmp_path, "<Media omitted>\nat the sea", "6/13/18, 9:25 PM - ")
    assert a.id == b.id


def test_ids_differ_by_chat_sender_minute_and_words(tmp_path: Path) -> None:
    def ids(text: str, name: str = "WhatsApp Chat with Ana.txt") -> set[str]:
        return {m.id for m in read(write(tmp_path, text, name)) if isinstance(m, Message)}

    base = f"{DAY_FIRST}Ana: ok\n"
    others = [f"{DAY_FIRST}Ana: no\n", f"{DAY_FIRST}Bob: ok\n", "13/06/18, 21:26 - Ana: ok\n"]
    found = [ids(text) for text in (base, *others)] + [ids(base, "WhatsApp Chat with Bob.txt")]
    assert len(set.union(*found)) == len(found)


# --- zips and folders


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


CHAT = (
    f"[13/01/24, 10:00:00] Ana: foto\r\n{LRM}[13/01/24, 10:00:05] Ana: {LRM}<attached: 01-caf\u00e9.jpg>\r\n"
)


def test_a_zip_is_read_by_the_name_of_the_chat_and_resolves_its_files(tmp_path: Path) -> None:
    members = {
        "00000003-notes.txt": b"[13/01/2024, 10:00:00] decoy: not the chat",
        "__MACOSX/._chat.txt": b"\0\0",
        "_chat.txt": CHAT.encode(),
        "01-cafe\u0301.jpg": b"\xff\xd8",
    }
    path = zipped(tmp_path / "WhatsApp Chat - Ana (2).zip", members)
    assert recognized(path)
    text, photo = read(path)
    assert isinstance(text, Message)
    assert isinstance(photo, Message)
    assert (text.conversation, text.text) == ("Ana", "foto")
    assert photo.attachments == ("01-cafe\u0301.jpg",)
    assert list(tmp_path.iterdir()) == [path]


def test_an_android_zip_names_its_chat_inside(tmp_path: Path) -> None:
    members = {"list.txt": b"milk", "WhatsApp Chat with Ana.txt": f"{DAY_FIRST}Ana: hi".encode()}
    (message,) = read(zipped(tmp_path / "export.zip", members))
    assert isinstance(message, Message)
    assert message.conversation == "Ana"


def test_a_folder_of_several_exports_is_none_itself(tmp_path: Path) -> None:
    write(tmp_path, f"{DAY_FIRST}Ana: a\n", "WhatsApp Chat with Ana.txt")
    write(tmp_path, "milk, eggs\n", "shopping.txt")
    zipped(tmp_path / "WhatsApp Chat - Bob.zip", {"_chat.txt": f"{DAY_FIRST}Bob: b\n".encode()})
    inner = tmp_path / "WhatsApp Chat - Eve"
    inner.mkdir()
    write(inner, f"{DAY_FIRST}Eve: c\n", "_chat.txt")
    assert not recognized(tmp_path)
    found = find([tmp_path], [WhatsApp()])
    assert [path.name for path in found.unknown] == ["shopping.txt"]
    items = [item for one in found.exports for item in one.source.read(one.path, ReadOptions())]
    assert {m.conversation for m in items if isinstance(m, Message)} == {"Ana", "Bob", "Eve"}


ATTACHED = {
    "IMG-20240113-WA0001.jpg": b"\xff\xd8",
    "PTT-20240113-WA0002.opus": b"OggS",
    "report.pdf": b"%PDF-1.4",
    "Bob.vcf": b"BEGIN:VCARD\nEND:VCARD\n",
    "notes.txt": b"milk, eggs\n",
    "other.txt": f"{DAY_FIRST}Someone: else\n".encode(),
    "plans.zip": b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("chat", ["_chat.txt", "WhatsApp Chat with Ana.txt"])
@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_a_chat_with_its_files_is_one_export(tmp_path: Path, chat: str, kind: str) -> None:
    files = {**ATTACHED, chat: CHAT.encode()}
    if kind == "zip":
        path = zipped(tmp_path / "WhatsApp Chat - Ana.zip", files)
    else:
        path = tmp_path / "WhatsApp Chat - Ana"
        path.mkdir()
        for name, content in files.items():
            (path / name).write_bytes(content)
    found = find([tmp_path], [WhatsApp()])
    assert [export.path.name for export in found.exports] == [path.name]
    assert found.unknown == []
    assert {m.conversation for m in read(path) if isinstance(m, Message)} == {"Ana"}


def test_a_folder_of_downloads_is_no_export_for_the_chat_that_lies_in_it(tmp_path: Path) -> None:
    write(tmp_path, CHAT, "WhatsApp Chat with Ana.txt")
    for name, content in ATTACHED.items():
        (tmp_path / name).write_bytes(content)
    assert not recognized(tmp_path)
    assert recognized(tmp_path / "WhatsApp Chat with Ana.txt")


def test_an_unpacked_chat_of_android_is_known_by_its_photos(tmp_path: Path) -> None:
    write(tmp_path, CHAT, "WhatsApp Chat with Ana.txt")
    (tmp_path / "IMG-20240113-WA0001.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4")
    assert recognized(tmp_path)


def test_two_downloads_that_were_put_together_keep_their_titles(tmp_path: Path) -> None:
    for number, name in ((1, "Ana"), (2, "Bob")):
        chat = f"{DAY_FIRST}{name}: a\n".encode()
        zipped(tmp_path / f"WhatsApp Chat - Runners {number}.zip", {"_chat.txt": chat})
    found = find([tmp_path], [WhatsApp()])
    items = [item for one in found.exports for item in one.source.read(one.path, ReadOptions())]
    assert {(m.conversation, m.sender.name) for m in items if isinstance(m, Message)} == {
        ("Runners 1", "Ana"),
        ("Runners 2", "Bob"),
    }


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "WhatsApp Chat - Ana.zip", {"_chat.txt": b"\0" * (1 << 25)})
    assert recognized(path)
    with pytest.raises(SourceError, match="would unpack to"):
        surveyed(path)
    with pytest.raises(SourceError, match="would unpack to"):
        read(path)


def test_a_locked_zip_and_one_without_a_chat_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "WhatsApp Chat - Ana.zip", {"_chat.txt": CHAT.encode()})
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(SourceError, match="password"):
        read(path)
    empty = zipped(tmp_path / "photos.zip", {"a.jpg": b"", "b.txt": b"x", "c.txt": b"y"})
    assert not recognized(empty)
    with pytest.raises(SourceError, match="no WhatsApp chat"):
        read(empty)


def test_a_damaged_zip_yields_what_is_whole_and_says_where_it_ends(tmp_path: Path) -> None:
    letters = random.Random(5)
    lines = [f"{DAY_FIRST}Ana: {letters.getrandbits(400):x}\n" for _ in range(6000)]
    path = zipped(tmp_path / "WhatsApp Chat - Ana.zip", {"_chat.txt": "".join(lines).encode()})
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 64] = b"\xff" * 64
    path.write_bytes(bytes(raw))
    found = read(path)
    assert 1000 < len(found) < 6000
    assert isinstance(found[-1], Unreadable)
    assert "damaged" in found[-1].reason
    assert surveyed(path).units == len(found)
    path.write_bytes(b"PK\x03\x04 not a zip at all")
    assert not recognized(tmp_path / "absent.txt")


def test_what_is_not_there_or_cannot_be_opened_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "absent.txt")
    with pytest.raises(SourceError, match="no WhatsApp chat"):
        read(tmp_path)


ODD = {
    "empty.txt": b"",
    "binary.bin": bytes(range(256)) * 40,
    "mail.mbox": b"From ana@example.org Wed Jun 13 21:25:15 2018\nSubject: 13/06/18, 21:25\n\nhello\n",
    "table.csv": b"user_id,question_id,asked\n1,2,2018-06-13 21:25:15\n",
    "rows.jsonl": b'{"at": "2018-06-13 21:25:15", "text": "a: b"}\n',
    "server.log": b"2018-06-13 21:25:15 INFO: started\n2018-06-13 21:25:16 WARN: slow\n",
    "broken.zip": b"PK\x03\x04rest",
}


@pytest.mark.parametrize("name", ODD)
def test_other_files_are_not_recognized(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(ODD[name])
    assert not recognized(path)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        lines = (f"[{1 + n % 28}/06/2018, {n % 24:02}:{n % 60:02}:00] Ana: words {n}\n" for n in range(count))
        path = write(tmp_path, "".join(lines))
        tracemalloc.start()
        assert sum(1 for _ in WhatsApp().read(ExportPath.at(path), ReadOptions())) == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    small = peak(3_000)
    assert peak(15_000) < small * 1.3


# --- whatever comes

SCRAPS = [
    "Ana: ",
    "Bob: x",
    "13/06/18, 21:25 - ",
    "[1/2/20, 9:05:12 PM] ",
    "45/45/45, 99:99 - ",
    LRM,
    "<Media omitted>",
]
SCRAPS += [
    "\n",
    ": ",
    "~ ",
    "POLL:\nq\nOPTION: a\nOPTION: b",
    "(file attached)",
    ".jpg",
    "2018-06-13 21:25:15 x: y",
]


def covered(item: Message | Unreadable) -> int:
    if isinstance(item, Message):
        return 1 + item.raw.count("\n")
    numbers = [int(number) for number in re.findall(r"\d+", item.position)]
    return numbers[-1] - numbers[0] + 1


@settings(max_examples=rounds(300, 10_000), deadline=None)
@given(st.lists(st.one_of(st.text(max_size=40), st.sampled_from(SCRAPS)), max_size=40).map("".join))
def test_any_text_is_read_to_its_last_line(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chat.txt"
        path.write_text(text, encoding="utf-8", errors="replace", newline="")
        recognized(path)
        found = read(path)
        assert surveyed(path).units == len(found)
    lines = re.sub("\r\n?", "\n", text.replace("\0", "")).removesuffix("\n").split("\n")
    place = 0
    for item in found:
        if isinstance(item, Unreadable):
            place = int(re.findall(r"\d+", item.position)[0]) - 1
        else:  # what lies between two items is blank
            place += len(list(itertools.takewhile(lambda line: not line.strip(), lines[place:])))
            assert "\n".join(lines[place : place + covered(item)]).endswith(item.raw)
        place += covered(item)
    assert not "".join(lines[place:]).strip()


@pytest.mark.parametrize("size", [7, 64, 1000])
def test_where_the_blocks_are_cut_makes_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    odd = random.Random(size)
    lines = [odd.choice(["words\r\n", "é😀\n", "\n", "[1.9.19, 00:00:00] x: y\r"]) for _ in range(300)]
    text = "".join(
        line if odd.random() < 0.5 else f"{LRM}[{odd.randint(1, 28)}/06/18, 21:25:15] Ana: {line}"
        for line in lines
    )
    path = write(tmp_path, text)
    whole = read(path)
    monkeypatch.setattr("ipse.sources.whatsapp.files.CHUNK", size)
    assert read(path) == whole
    assert surveyed(path).units == len(whole)


BODY = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=30)


@settings(max_examples=rounds(100, 10_000), deadline=None)
@given(
    st.sampled_from([*HEADERS.values()]),
    st.lists(st.tuples(st.sampled_from(NAMES), BODY), min_size=1, max_size=9),
)
def test_units_and_senders_of_the_survey_are_those_that_are_read(
    style: tuple[str, str], said: list[tuple[str, str]]
) -> None:
    text = "".join(f"{style[0]}{name}: {body}\n" for name, body in said)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), text)
        found = read(path)
        survey = surveyed(path)
    assert survey.units == len(found) == len(said)
    counts: dict[Person, int] = {}
    for item in found:
        assert isinstance(item, Message)
        if item.content_type != "system":
            counts[item.sender] = counts.get(item.sender, 0) + 1
    assert survey.senders == counts
