"""Journals and notes: what is an entry, when it was written, which words are the writer's own."""

import json
import os
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Source
from ipse.records import Message, Person, Unreadable
from ipse.sources.journals.source import Journals

from ..growth import assert_linear_in

BERLIN = ZoneInfo("Europe/Berlin")


def vault(folder: Path, files: Mapping[str, str | bytes]) -> ExportPath:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    return ExportPath.at(folder)


def note(folder: Path, text: str | bytes, name: str = "2024-01-02.md") -> ExportPath:
    return vault(folder, {name: text}) / name


def read(path: ExportPath, options: ReadOptions | None = None) -> list[Message | Unreadable]:
    options = options or ReadOptions()
    items = list(Journals().read(path, options))
    survey = Journals().survey(path, options)
    assert (survey.units, survey.owner) == (len(items), ())
    return items


def entries(path: ExportPath, options: ReadOptions | None = None) -> list[Message]:
    found = [item for item in read(path, options) if isinstance(item, Message)]
    assert len({one.id for one in found}) == len(found)
    return found


def text(folder: Path, body: str) -> str:
    (one,) = entries(note(folder, body))
    assert body in one.raw
    return one.text


def test_it_is_a_source() -> None:
    assert isinstance(Journals(), Source)


def test_an_entry_is_a_message_of_the_owner(tmp_path: Path) -> None:
    (one,) = entries(note(tmp_path, "The beans are up.\n"), ReadOptions(tz=BERLIN))
    assert (one.text, one.sender, one.direction, one.platform) == (
        "The beans are up.", Person(""), "outbound", "journals",
    )  # fmt: skip
    assert one.at == datetime(2024, 1, 2, 12, tzinfo=BERLIN)
    assert one.conversation == "2024-01-02"


@pytest.mark.parametrize(
    ("name", "at", "title"),
    [
        ("2024-01-02.md", (12, 0), None),
        ("2024_01_02.md", (12, 0), None),
        ("20240102.txt", (12, 0), None),
        ("2024-01-02 a walk.md", (12, 0), "a walk"),
        ("A walk 2024-01-02.md", (12, 0), "A walk"),
        ("2024-01-02T0815.md", (8, 15), None),
        ("2024-01-02 08.15 rain.md", (8, 15), "rain"),
        ("202401020815 zettel.md", (8, 15), "zettel"),
        ("2024-01-02 2024 plans.md", (12, 0), "2024 plans"),
    ],
)
def test_the_day_is_in_the_name(tmp_path: Path, name: str, at: tuple[int, int], title: str | None) -> None:
    path = note(tmp_path, "Rain.", name)
    assert Journals().recognizes(path)
    (one,) = entries(path)
    assert one.at == datetime(2024, 1, 2, *at, tzinfo=UTC)
    assert one.subject == title


@pytest.mark.parametrize(
    ("front", "at"),
    [
        ("date: 2024-01-02", datetime(2024, 1, 2, 11, tzinfo=UTC)),
        ("created: 2024-01-02T08:15:00Z", datetime(2024, 1, 2, 8, 15, tzinfo=UTC)),
        ("created: 2024-01-02T08:15:00.000+02:00", datetime(2024, 1, 2, 6, 15, tzinfo=UTC)),
        ('title: "X: y"\ndate: "2024-01-02 08:15"\ntags:\n  - a', datetime(2024, 1, 2, 7, 15, tzinfo=UTC)),
        ("tags: [a]\nCreated: January 2, 2024 8:15 AM", datetime(2024, 1, 2, 7, 15, tzinfo=UTC)),
        ("created_at: 1704183300", datetime(2024, 1, 2, 8, 15, tzinfo=UTC)),
        ("created_at: 1704183300000", datetime(2024, 1, 2, 8, 15, tzinfo=UTC)),
        ("date: 02.01.2024", datetime(2024, 1, 2, 11, tzinfo=UTC)),
        ("date: {{date}}\ncreated: 2024-01-02", datetime(2024, 1, 2, 11, tzinfo=UTC)),
    ],
)
def test_front_matter_says_when_and_is_no_text(tmp_path: Path, front: str, at: datetime) -> None:
    if "{{" in front:
        front = front.replace("{{date}}", "soon")
    path = note(tmp_path, f"---\n{front}\n---\n\nRain again.\n", "x.md")
    assert Journals().recognizes(path)
    (one,) = entries(path, ReadOptions(tz=BERLIN))
    assert one.at == at
    assert one.text == "Rain again."


def test_other_forms_of_front_matter(tmp_path: Path) -> None:
    meta = "id: 0123456789abcdef0123456789abcdef\ncreated_time: 2024-01-02T08:15:00.000Z\ntype_: 1"
    joplin = f"Title\n\nBody.\n\n{meta}"
    (one,) = entries(note(tmp_path / "j", joplin, "a.md"))
    assert (one.at, one.text) == (datetime(2024, 1, 2, 8, 15, tzinfo=UTC), "Title\n\nBody.")
    notion = "# Trip\n\nCreated: January 2, 2024 8:15 AM\nTags: a\n\nWe left late.\n"
    (one,) = entries(note(tmp_path / "n", notion, "Trip 0123456789abcdef0123456789abcdef.md"))
    assert (one.at.hour, one.subject, one.text) == (8, "Trip", "# Trip\n\nWe left late.")
    toml = '+++\ndate = 2024-01-02\ntitle = "T"\n+++\nBody.'
    (one,) = entries(note(tmp_path / "t", toml, "a.md"))
    assert (one.at.day, one.subject, one.text) == (2, "T", "Body.")
    (one,) = entries(note(tmp_path / "l", "---\ndate: 2024-01-02\nlang: de-DE\n---\nRegen.", "a.md"))
    assert one.lang == "de"


def test_what_is_not_written_prose_is_no_text(tmp_path: Path) -> None:
    body = (
        "Before.\n\n```python\nprint('code')\n```\n\n> somebody else\n> said so\n\n> [!note] Mine\n> too\n\n"
        "%% hidden %%<!-- also\nhidden -->\nmood:: fine\n"
        '<% tp.x %>![[pic.jpg|200]] ![alt](a/b.png "t")\nAfter.\n'
    )
    (one,) = entries(note(tmp_path, body))
    assert one.text == "Before.\n\nMine\ntoo\n\n\n \nAfter.".replace("\n\n\n", "\n\n")
    assert one.attachments == ("pic.jpg", "a/b.png")
    assert one.raw == body


def test_markdown_itself_stays(tmp_path: Path) -> None:
    body = "# A heading\n\n- one **two**\n  - [ ] three [[Four|five]]\n\n1. six `seven` [eight](https://x.example)"
    assert text(tmp_path, body) == body


def test_code_that_never_ends_ends_with_the_note(tmp_path: Path) -> None:
    assert text(tmp_path, "Mine.\n~~~\n## 2024-05-05\nnot an entry") == "Mine."


def test_an_entry_of_nothing_but_a_quote_or_a_picture_is_not_style(tmp_path: Path) -> None:
    quote, picture = entries(vault(tmp_path, {"2024-01-02.md": "> not mine", "2024-01-03.md": "![[a.jpg]]"}))
    assert (quote.forwarded, quote.content_type) == (True, "text")
    assert (picture.forwarded, picture.content_type, picture.text) == (False, "media", "")


def test_lines_of_a_template_are_left_out_where_many_entries_have_them(tmp_path: Path) -> None:
    days = {
        f"2024-01-0{n}.md": f"## What went well?\nThing {n}.\n\n**Tomorrow:**\n- rest\n\n## Only on {n}\nx\n"
        for n in range(1, 8)
    }
    found = entries(vault(tmp_path, days))
    assert found[2].text == "Thing 3.\n\n- rest\n\n## Only on 3\nx"
    assert "## What went well?" in found[2].raw
    (alone,) = entries(vault(tmp_path, days) / "2024-01-03.md")
    assert alone.id == found[2].id
    assert alone.text.startswith("## What went well?")


def test_templates_themselves_are_no_entries(tmp_path: Path) -> None:
    found = entries(
        vault(
            tmp_path,
            {"2024-01-02.md": "Real.", "t/Daily.md": "# {{date}}\n## Mood", "u.md": "<% tp.file.title %>"},
        )
    )
    assert [one.text for one in found] == ["Real."]


def test_headings_with_days_part_one_file(tmp_path: Path) -> None:
    body = (
        "# My years\nWhy I write.\n\n## 2024-01-02\nFirst.\n### Detail\nmore\n"
        "## Wednesday, January 3, 2024 10:15 - Ice\n"
        "Second.\n## 4 January 2024\nThird.\n## 05.01.2024\nFourth.\n## 2024-13-40\nstill the fourth\n"
    )
    path = note(tmp_path, body, "years.md")
    assert Journals().recognizes(path)
    intro, first, second, third, fourth = entries(path)
    assert intro.text == "# My years\nWhy I write."
    assert (first.text, first.at.day) == ("First.\n### Detail\nmore", 2)
    assert (second.text, second.subject, second.at.day, second.at.hour) == ("Second.", "Ice", 3, 10)
    assert (third.at.day, fourth.at.day) == (4, 5)
    assert fourth.text.endswith("still the fourth")
    assert {one.conversation for one in (intro, first, fourth)} == {"years"}


def test_lines_that_begin_with_a_day_part_a_plain_text(tmp_path: Path) -> None:
    body = "[2024-01-02 09:30 AM] Woke early.\nRain.\n\n[2024-01-03 09:00 PM] Slept.\n"
    first, second = entries(note(tmp_path, body, "journal.txt"))
    assert (first.text, first.at.hour, second.text, second.at.hour) == ("Woke early.\nRain.", 9, "Slept.", 21)
    (one,) = entries(note(tmp_path, "A list of days:\n2024-01-02 was fine\n2024-01-03 too", "2024-02-01.txt"))
    assert one.at.month == 2


@pytest.mark.parametrize(("order", "month"), [("auto", 2), ("dmy", 2), ("mdy", 1)])
def test_the_order_of_day_and_month_is_the_owners(tmp_path: Path, order: str, month: int) -> None:
    path = note(tmp_path, "## 1/2/2024\na\n## 1/3/2024\nb\n", "x.md")
    options = ReadOptions(date_order="mdy" if order == "mdy" else "dmy" if order == "dmy" else "auto")
    assert entries(path, options)[0].at.month == month


def test_without_a_day_it_is_the_files_and_a_note_tells(tmp_path: Path) -> None:
    path = note(tmp_path, "A thought.", "thought.md")
    os.utime(tmp_path / "thought.md", (1_700_000_000, 1_700_000_000))
    assert not Journals().recognizes(path)
    (one,) = entries(path)
    assert one.at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert Journals().survey(path, ReadOptions()).notes[0].startswith("1 entries have no date")
    os.utime(tmp_path / "thought.md", (1_600_000_000, 1_600_000_000))
    assert entries(path)[0].id == one.id


def test_ids_come_from_what_was_written_not_from_where_it_lies(tmp_path: Path) -> None:
    here = entries(vault(tmp_path / "a", {"2024-01-02 x.md": "Same.", "2024-01-03.md": "Other."}))
    there = entries(vault(tmp_path / "b" / "deep", {"2024-01-02 x.md": "Same.\r\n"}))
    assert there[0].id == here[0].id
    twice = entries(note(tmp_path / "c", "## 2024-01-02\nSame.\n## 2024-01-02\nSame.\n", "x.md"))
    assert len(twice) == 2


def dayone() -> dict[str, object]:
    return {
        "metadata": {"version": "1.0"},
        "entries": [
            {
                "uuid": "A1", "creationDate": "2024-01-02T23:30:00Z", "timeZone": "Europe\\/Berlin",
                "text": "# Snow\n\nDeep\\. And blue\\!\n\n![](dayone-moment://F00)",
            },
            {"uuid": "A2", "creationDate": "2024-01-03T08:00:00Z", "text": "", "richText": json.dumps(
                {"contents": [{"text": "Rich "}, {"embeddedObjects": []}, {"text": "text."}]})},
            {"uuid": "A3", "text": "no date"},
            {"uuid": "A4", "creationDate": "someday", "text": "no date"},
            "what",
            {"uuid": "A5", "creationDate": "2024-01-04T08:00:00Z", "richText": "{broken"},
        ],
    }  # fmt: skip


def test_day_one_is_read_from_its_json_or_zip(tmp_path: Path) -> None:
    data = json.dumps(dayone())
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("Travel.json", data)
        archive.writestr("photos/F00.jpeg", b"\xff\xd8")
    packed, plain = ExportPath.at(tmp_path / "export.zip"), note(tmp_path, data, "Travel.json")
    assert Journals().recognizes(packed)
    assert Journals().recognizes(plain)
    snow, rich = entries(packed)
    assert [one.id for one in entries(plain)] == [snow.id, rich.id]
    assert (snow.text, snow.subject, snow.conversation) == ("# Snow\n\nDeep. And blue!", "Snow", "Travel")
    assert snow.attachments == ("dayone-moment://F00",)
    assert (snow.at.hour, snow.at.tzinfo) == (0, BERLIN)
    assert rich.text == "Rich text."
    assert [(one.position, one.reason) for one in read(packed) if isinstance(one, Unreadable)] == [
        ("entry 3", "it has no creationDate"),
        ("entry 4", "its creationDate is none"),
        ("entry 5", "it is no object"),
        ("entry 6", "its text is not what Day One writes"),
    ]


def test_day_one_cut_short_keeps_what_is_whole(tmp_path: Path) -> None:
    data = json.dumps(dayone())
    found = read(note(tmp_path, data[: data.index('"A2"')], "Journal.json"))
    assert [type(one) for one in found] == [Message, Unreadable]


@pytest.mark.parametrize(
    ("files", "whose"),
    [
        ({".obsidian/app.json": "{}", "a.md": "x", "b.md": "y"}, "ours"),
        ({"logseq/config.edn": "{}", "pages/a.md": "x"}, "ours"),
        ({"2024-01-02.md": "x", "2024-01-03.md": "y", "index.md": "z", "a.png": b"\x89PNG"}, "ours"),
        ({"2024-01-02.md": "x"}, "not"),
        ({"2024-01-02.md": "x", "2024-01-03.md": "y", **{f"{n}.pyc": "x" for n in range(9)}}, "not"),
        ({"README.md": "# Read me", "docs/a.md": "x", "docs/b.md": "y"}, "not"),
        ({"a.txt": "x", "b.txt": "y"}, "not"),
    ],
)
def test_a_folder_is_recognized_by_its_app_or_its_days(
    tmp_path: Path, files: dict[str, str | bytes], whose: str
) -> None:
    assert Journals().recognizes(vault(tmp_path, files)) is (whose == "ours")


def test_what_is_no_journal(tmp_path: Path) -> None:
    for name, body in (
        ("a.md", "# Title"),
        ("2024-01-02.pdf", "%PDF"),
        ("x.json", '{"entries": []}'),
        ("e.md", ""),
    ):
        assert not Journals().recognizes(note(tmp_path, body, name)), name
    with pytest.raises(SourceError, match="there are no notes in it"):
        read(vault(tmp_path / "none", {"a.png": b"\x89PNG"}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_common_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    (one,) = entries(note(tmp_path, "Où? Dans le café.".encode(encoding)))
    assert one.text == "Où? Dans le café."


@pytest.mark.parametrize(
    "body",
    ["```\n" * 40_000, "> " * 100_000, "<!--" * 60_000, "%%" * 99_999, "![[" * 90_000, "---\n" * 60_000,
     "{{" * 100_000, "#" * 200_000, "- [ ] " * 50_000 + "?", "a:: b\n" * 40_000, "!" + "[" * 100_000],
)  # fmt: skip
def test_a_note_made_to_be_slow_is_not(tmp_path: Path, body: str) -> None:
    assert_linear_in(body, lambda part: read(note(tmp_path, part)))
