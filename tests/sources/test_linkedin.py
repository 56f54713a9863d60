"""LinkedIn archives of every era: columns, notes, names with commas, HTML, campaigns, drafts, broken rows."""

import csv
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.errors import IpseError, SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Unreadable
from ipse.sources.linkedin import LinkedIn
from tests.soak import rounds
from tests.sources.samples import linkedin as sample
from tests.sources.samples.linkedin import INES, MARA, TARO, row

INES_P, TARO_P = (
    Person("Ines Falk", "linkedin.com/in/ines-falk"),
    Person("Taro Lind", "linkedin.com/in/taro-lind"),
)


def items(path: Path) -> list[Message | Unreadable]:
    found = list(LinkedIn().read(ExportPath.at(path), ReadOptions()))
    assert LinkedIn().survey(ExportPath.at(path), ReadOptions()).units == len(found)
    return found


def read(path: Path) -> list[Message]:
    return [item for item in items(path) if isinstance(item, Message)]


def file(folder: Path, *rows: list[str], text: str = "") -> Path:
    path = folder / "messages.csv"
    path.write_text(text or sample.table(list(rows)))
    return path


def test_the_sample_is_read(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    assert LinkedIn().recognizes(ExportPath.at(root))
    found = read(root)
    assert [message.direction for message in found] == [
        "outbound",
        "inbound",
        "inbound",
        "outbound",
        "inbound",
    ]
    assert found[0].text == "Good to hear from you!\nShall we talk on Friday?"
    assert found[1].at == datetime(2024, 4, 3, 9, 10, 11, tzinfo=UTC)
    assert (found[1].sender, found[1].participants) == (TARO_P, (TARO_P, INES_P))
    survey = LinkedIn().survey(ExportPath.at(root), ReadOptions())
    assert survey.owner == (INES_P,)
    assert survey.notes == ("Drafts were never sent and are left out: 1.",)


def test_a_group_has_more_than_one_recipient(tmp_path: Path) -> None:
    found = {message.text: message for message in read(sample.write(tmp_path))}
    assert found["The survey is done."].group
    assert not found["I saw your map of the old harbour."].group
    assert Person("Mara Voss, Ph.D.", "linkedin.com/in/mara-voss") in found["How is the survey?"].participants


def test_a_campaign_is_automatic_and_its_html_text(tmp_path: Path) -> None:
    message = read(sample.write(tmp_path))[-1]
    assert message.automatic
    assert (
        message.text == "Hi %FIRSTNAME%,\njoin & grow." or message.text == "Hi %FIRSTNAME%,\n\njoin & grow."
    )
    assert message.subject == "Join us"


def test_words_between_angles_are_no_html(tmp_path: Path) -> None:
    [message] = read(
        file(tmp_path, row(TARO, [INES], "2024-04-03 09:10:11 UTC", "a <b && b> c &amp; <Taro>"))
    )
    assert message.text == "a <b && b> c &amp; <Taro>"


def test_notes_above_the_header_are_passed_over(tmp_path: Path) -> None:
    text = 'Notes:\n"When exporting your messages, you may notice, that some are missing."\n\n'
    body = sample.table([row(TARO, [INES], "2024-04-03 09:10:11 UTC", "hello")])
    path = file(tmp_path, text=text + body)
    assert LinkedIn().recognizes(ExportPath.at(path))
    assert [message.text for message in read(path)] == ["hello"]


def test_every_field_quoted_and_windows_line_ends_within(tmp_path: Path) -> None:
    rows = [row(TARO, [INES], "2024-04-03 09:10:11 UTC", "one\r\ntwo")]
    path = file(tmp_path, text="x")
    path.write_bytes(sample.table(rows, quoting=csv.QUOTE_ALL).encode())
    assert LinkedIn().recognizes(ExportPath.at(path))
    assert [message.text for message in read(path)] == ["one\ntwo"]


def test_the_nine_columns_of_2021_know_recipients_by_name_alone(tmp_path: Path) -> None:
    header = [name for name in sample.HEADER[:10] if name != "RECIPIENT PROFILE URLS"]
    short = [
        [
            "c",
            "",
            "Mara Voss, Ph.D.",
            MARA[1],
            "Ines Falk, Taro Lind",
            "2021-05-01 10:00:00 UTC",
            "",
            "a",
            "INBOX",
        ],
        [
            "c",
            "",
            "Ines Falk",
            INES[1],
            "Mara Voss, Ph.D., Taro Lind",
            "2021-05-01 10:01:00 UTC",
            "",
            "b",
            "INBOX",
        ],
    ]
    path = file(tmp_path, text=sample.table(short, header))
    mara = Person("Mara Voss, Ph.D.", "linkedin.com/in/mara-voss")
    assert read(path)[1].participants == (INES_P, mara, Person("Taro Lind"))


def test_who_left_has_no_name(tmp_path: Path) -> None:
    path = file(tmp_path, row(("LinkedIn Member", ""), [INES], "2024-04-03 09:10:11 UTC", "bye"))
    [message] = read(path)
    assert message.sender == Person("")
    survey = LinkedIn().survey(ExportPath.at(path), ReadOptions())
    assert survey.owner is None
    assert "have no name" in survey.notes[0]


def test_profiles_are_one_however_their_address_is_written(tmp_path: Path) -> None:
    other = ("Taro Lind", "http://linkedin.com/in/Taro-Lind/?trk=x")
    path = file(
        tmp_path,
        row(TARO, [INES], "2024-04-03 09:10:11 UTC", "a"),
        row(other, [INES], "2024-04-03 09:10:12 UTC", "b"),
    )
    assert {message.sender for message in read(path)} == {TARO_P}


def test_files_are_attachments(tmp_path: Path) -> None:
    urls = "https://www.linkedin.com/dms/prv/image/a,https://www.linkedin.com/dms/prv/vid/b"
    [message] = read(file(tmp_path, row(TARO, [INES], "2024-04-03 09:10:11 UTC", "", attachments=urls)))
    assert (message.content_type, len(message.attachments)) == ("media", 2)


def test_ids_come_from_content_and_tell_equals_of_one_second_apart(tmp_path: Path) -> None:
    rows = [row(TARO, [INES], "2024-04-03 09:10:11 UTC", "hm")] * 2 + [
        row(TARO, [INES], "2024-04-03 09:10:12 UTC", "hm")
    ]
    for name in "ab":
        (tmp_path / name).mkdir()
    early = read(file(tmp_path / "a", *rows))
    late = read(file(tmp_path / "b", row(INES, [TARO], "2024-05-01 09:00:00 UTC", "new"), *rows))
    assert len({message.id for message in early}) == 3
    assert [message.id for message in late[1:]] == [message.id for message in early]


def test_a_zip_gives_what_its_folder_gives(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    with zipfile.ZipFile(tmp_path / "Basic.zip", "w") as packed:
        for each in root.iterdir():
            packed.write(each, each.name)
    assert LinkedIn().recognizes(ExportPath.at(tmp_path / "Basic.zip"))
    assert read(tmp_path / "Basic.zip") == read(root)


def test_a_row_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    good = row(TARO, [INES], "2024-04-03 09:10:11 UTC", "hello")
    text = sample.table([good, row(TARO, [INES], "4/3/24", "saved by a spreadsheet")]) + "cut,short\n"
    found = items(file(tmp_path, text=text))
    assert [type(item) for item in found] == [Message, Unreadable, Unreadable]
    assert [item.position for item in found if isinstance(item, Unreadable)] == ["row 3", "row 4"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("messages.csv", "ID,Timestamp,Contents,Attachments\n1,2020-01-01,hi,\n"),
        ("messages.txt", "CONVERSATION ID,CONVERSATION TITLE,FROM,CONTENT\n"),
        ("Connections.csv", "Notes:\nx\n\nFirst Name,Last Name,URL,Email Address\n"),
    ],
)
def test_other_files_are_not_taken(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert not LinkedIn().recognizes(ExportPath.at(tmp_path / name))
    assert not LinkedIn().recognizes(ExportPath.at(tmp_path))


def test_a_folder_above_is_no_archive(tmp_path: Path) -> None:
    sample.write(tmp_path)
    assert not LinkedIn().recognizes(ExportPath.at(tmp_path))


def test_a_table_of_something_else_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Messages ticked"):
        items(file(tmp_path, text="a,b\n1,2\n"))


@settings(max_examples=rounds(30, 10_000), deadline=None)
@given(st.data())
def test_any_bytes_give_records_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = sample.write(tmp_path_factory.mktemp("l")) / "messages.csv"
    body = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(150, len(body) - 1), max_size=8)):
        body[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(body))
    try:
        found = items(path)
    except IpseError:
        return
    assert json.dumps([item.text for item in found if isinstance(item, Message)])
