"""The HTML pages of a Facebook export: told by their shape, in layouts of many years and languages."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.messenger import Messenger

from .samples.messenger import NORA, PETRA, conversation, said

ROOT = "your_facebook_activity/messages/inbox"
PLAIN = ReadOptions()


def found_in(path: Path, options: ReadOptions = PLAIN) -> list[Message | Unreadable]:
    found = list(Messenger().read(ExportPath.at(path), options))
    assert Messenger().survey(ExportPath.at(path), options).units == len(found)
    return found


def messages(path: Path, options: ReadOptions = PLAIN) -> list[Message]:
    return [one for one in found_in(path, options) if isinstance(one, Message)]


OLD = """<html><head><title>{title}</title></head><body><div class="_4t5n" role="main">
<div class="pam _3-95 _2pi0 _2lej uiBoxWhite noborder"><div class="_3-96 _2let">{heading}</div></div>
{blocks}</div></body></html>"""
OLD_BLOCK = """<div class="pam _3-95 _2pi0 _2lej uiBoxWhite noborder">
<div class="_3-96 _2pio _2lek _2lel">{who}</div>
<div class="_3-96 _2let"><div><div></div><div>{text}</div><div></div><div></div>{more}</div></div>
<div class="_3-94 _2lem">{when}</div></div>"""
NEW_BLOCK = """<section class="_3-95 _a6-g"><h2 class="_2ph_ _a6-h _a6-i">{who}</h2>
<div class="_2ph_ _a6-p"><div><div></div><div>{text}</div><div></div>{more}</div></div>
<footer class="_3-94 _a6-o"><a href="https://www.facebook.com/dyi/l/?l=A">
<div class="_a72d">{when}</div></a></footer></section>"""
PHOTO = "messages/inbox/petra_7012345678/photos/a.png"
HEART = '<div><ul class="_a6-q"><li>❤Nora Vale</li></ul></div>'


def page(folder: Path, block: str, rows: list[tuple[str, str, str, str]], heading: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    blocks = "".join(block.format(who=who, text=text, when=when, more=more) for who, text, when, more in rows)
    file = folder / "message_1.html"
    file.write_text(OLD.format(title=PETRA, heading=heading, blocks=blocks), encoding="utf-8")
    return file


@pytest.mark.parametrize("block", [OLD_BLOCK, NEW_BLOCK, NEW_BLOCK.replace("_a", "zz").replace("_2", "qq")])
def test_pages_of_any_year_and_class_are_read(tmp_path: Path, block: str) -> None:
    photo = f'<div><a href="{PHOTO}"><img src="{PHOTO}"></a></div>'
    rows = [
        (PETRA, "Line one<br>Line two", "Sep 13, 2020, 12:27 PM", HEART),
        (NORA, "Sep 13, 2020, 12:26 PM", "Sep 13, 2020, 12:26 PM", ""),
        (PETRA, "", "Sep 13, 2020, 12:25 PM", photo),
    ]
    page(tmp_path / ROOT / "petra_7012345678", block, rows, f"Participants: {NORA} and {PETRA}")
    assert Messenger().recognizes(ExportPath.at(tmp_path))
    found = messages(tmp_path, ReadOptions(tz=ZoneInfo("Europe/Berlin")))
    assert [message.text for message in found] == ["", "Sep 13, 2020, 12:26 PM", "Line one\nLine two"]
    assert found[1].at.isoformat() == "2020-09-13T12:26:00+02:00"
    assert (found[0].attachments, found[0].content_type) == (("photos/a.png",), "media")
    assert found[2].reactions == (Reaction("❤", Person(NORA)),)
    assert found[2].participants == (Person(NORA), Person(PETRA))
    assert found[2].conversation == "7012345678"


@pytest.mark.parametrize(
    ("when", "order", "iso"),
    [
        ("Sep 13, 2020 2:26:40 pm", "auto", "2020-09-13T14:26:40"),
        ("Sunday, September 13, 2020 at 2:26pm UTC+02", "auto", "2020-09-13T14:26:00+02:00"),
        ("13.09.2020, 14:26", "auto", "2020-09-13T14:26:00"),
        ("13. Sept. 2020, 14:26", "auto", "2020-09-13T14:26:00"),
        ("13 sept. 2020 à 14:26", "auto", "2020-09-13T14:26:00"),
        ("13 de set. de 2020 14:26", "auto", "2020-09-13T14:26:00"),
        ("mag 13, 2020 2:26:40 am", "auto", "2020-05-13T02:26:40"),
        ("wrz 13, 2020 2:26:40 po południu", "auto", "2020-09-13T14:26:40"),
        ("2020-09-13 14:26", "auto", "2020-09-13T14:26:00"),
        ("2020年9月13日 14:26", "auto", "2020-09-13T14:26:00"),
        ("13/09/2020, 14:26", "auto", "2020-09-13T14:26:00"),
        ("09/13/2020, 12:26 AM", "auto", "2020-09-13T00:26:00"),
        ("03/04/2020, 14:26", "auto", "2020-04-03T14:26:00"),
        ("03/04/2020, 2:26 PM", "auto", "2020-03-04T14:26:00"),
        ("03/04/2020, 2:26 PM", "dmy", "2020-04-03T14:26:00"),
        ("03/04/2020, 14:26", "mdy", "2020-03-04T14:26:00"),
    ],
)
def test_dates_of_pages_are_read_in_many_layouts(tmp_path: Path, when: str, order: Any, iso: str) -> None:
    page(tmp_path / ROOT / "petra_7012345678", NEW_BLOCK, [(PETRA, "hi", when, "")], "Teilnehmer: A und B")
    (message,) = messages(tmp_path, ReadOptions(date_order=order))
    assert message.at.isoformat().startswith(iso)


def test_a_date_that_never_was_is_unreadable(tmp_path: Path) -> None:
    rows = [(PETRA, "a", "Feb 30, 2020 2:26 pm", ""), (PETRA, "b", "Feb 3, 2020 2:26 pm", "")]
    page(tmp_path / ROOT / "petra_7012345678", NEW_BLOCK, rows, "")
    assert [type(item) for item in found_in(tmp_path)] == [Unreadable, Message]


def test_a_guess_of_day_and_month_is_told_and_so_is_the_zone(tmp_path: Path) -> None:
    page(tmp_path / ROOT / "petra_7012345678", NEW_BLOCK, [(PETRA, "hi", "03/04/2020, 14:26", "")], "")
    zone, guess = Messenger().survey(ExportPath.at(tmp_path), ReadOptions()).notes
    assert "UTC (--tz)" in zone
    assert "imports.date_order" in guess


def test_a_conversation_as_html_and_json_is_read_once(tmp_path: Path) -> None:
    folder = tmp_path / ROOT / "petra_7012345678"
    conversation(folder, [PETRA, NORA], [[said(0, PETRA, "hello")]])
    page(folder, NEW_BLOCK, [(PETRA, "hello", "Nov 14, 2023 10:13 pm", "")], "")
    assert len(messages(tmp_path)) == 1
    assert "the JSON is read" in Messenger().survey(ExportPath.at(tmp_path), ReadOptions()).notes[0]


@pytest.mark.parametrize("content", ["<div>" * 100_000, "<br>" * 700_000, "", "<p>hello"])
def test_a_page_that_is_too_deep_too_large_or_empty_is_unreadable(tmp_path: Path, content: str) -> None:
    folder = tmp_path / ROOT / "petra_7012345678"
    folder.mkdir(parents=True)
    (folder / "message_1.html").write_text("<html><body>" + content)
    (bad,) = found_in(tmp_path)
    assert isinstance(bad, Unreadable)
