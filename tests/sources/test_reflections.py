"""Reflections from every kind of table: what is read, what is counted as unreadable, what is refused."""

import csv
import gzip
import json
import os
import sqlite3
import tracemalloc
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Source
from ipse.records import Message, Person, Unreadable
from ipse.sources.reflections import COLUMNS, Reflections

from ..growth import TIMES, assert_linear
from ..soak import rounds

HEADER = ("user_id", "question_id", "question", "response_text", "word_count", "response_time_seconds")
ROW = (
    "u-1",
    "q-1",
    "What did you mend today?",
    "Mostly the kettle, and a little of my patience.",
    "9",
    "41.5",
)
OTHER = ("u-2", "q-1", "What did you mend today?", "Nothing; I broke two plates.", "5", "12")
BERLIN = ZoneInfo("Europe/Berlin")


def table(path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER, mark: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=mark)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def text(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def lines(path: Path, rows: Iterable[object]) -> Path:
    return text(path, "".join(json.dumps(row) + "\n" for row in rows))


def database(path: Path, rows: Iterable[Sequence[object]], name: str = "reflections") -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"CREATE TABLE [{name}] (user_id TEXT, question_id INTEGER, question TEXT, response_text TEXT,"
            " word_count INTEGER, response_time_seconds REAL)"
        )
        connection.executemany(f"INSERT INTO [{name}] VALUES (?, ?, ?, ?, ?, ?)", rows)
    return path


def read(path: Path, options: ReadOptions | None = None) -> list[Message | Unreadable]:
    """Everything the source yields, once the survey has promised exactly as much."""
    options = options or ReadOptions()
    items = list(Reflections().read(ExportPath.at(path), options))
    assert Reflections().survey(ExportPath.at(path), options).units == len(items)
    return items


def messages(path: Path, options: ReadOptions | None = None) -> list[Message]:
    return [item for item in read(path, options) if isinstance(item, Message)]


def faults(path: Path, options: ReadOptions | None = None) -> list[tuple[str, str]]:
    found = [item for item in read(path, options) if isinstance(item, Unreadable)]
    assert all(item.file == path.name for item in found)
    return [(item.position, item.reason) for item in found]


def test_it_is_a_source() -> None:
    assert isinstance(Reflections(), Source)


def test_a_row_becomes_a_question_and_the_answer_to_it(tmp_path: Path) -> None:
    question, answer = messages(table(tmp_path / "r.csv", [ROW]))
    assert (question.sender, question.text) == (Person(""), "What did you mend today?")
    assert (answer.sender, answer.text) == (Person("u-1"), "Mostly the kettle, and a little of my patience.")
    assert answer.reply_to == question.id != answer.id
    assert answer.conversation == question.conversation
    assert question.at < answer.at
    assert (answer.platform, answer.direction, answer.content_type) == ("reflections", "inbound", "text")


def test_each_row_is_a_conversation_of_its_own(tmp_path: Path) -> None:
    items = messages(table(tmp_path / "r.csv", [ROW, OTHER, (*ROW[:3], "Only the gate.", "3", "5")]))
    assert len({item.conversation for item in items}) == 3
    assert len({item.id for item in items}) == 6


def test_ids_come_from_content_not_from_position_file_or_time_of_import(tmp_path: Path) -> None:
    first = messages(table(tmp_path / "a.csv", [ROW, OTHER]))
    again = table(tmp_path / "b.csv", [OTHER, ROW])
    os.utime(again, (1_000_000_000, 1_000_000_000))
    second = messages(again)
    assert {item.id: item.text for item in first} == {item.id: item.text for item in second}
    assert {item.at for item in first}.isdisjoint(item.at for item in second)


def test_the_three_formats_yield_the_same_messages(tmp_path: Path) -> None:
    rows = [(*ROW[:1], 7, *ROW[2:4], 9, 41.5), (*OTHER[:1], 8, *OTHER[2:4], 5, 12.0)]
    as_csv = messages(table(tmp_path / "r.csv", [[str(cell) for cell in row] for row in rows]))
    as_lines = messages(lines(tmp_path / "r.jsonl", [dict(zip(HEADER, row, strict=True)) for row in rows]))
    as_table = messages(database(tmp_path / "r.db", rows))
    assert [(m.id, m.text) for m in as_csv] == [(m.id, m.text) for m in as_lines]
    assert [(m.id, m.text) for m in as_csv] == [(m.id, m.text) for m in as_table]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_decided_by_the_header(tmp_path: Path, mark: str) -> None:
    row = (*ROW[:3], "Yes, no; maybe\tso | or not, at all; really, truly.", "9", "1")
    path = table(tmp_path / "r.csv", [row], mark=mark)
    assert Reflections().recognizes(ExportPath.at(path))
    assert messages(path)[1].text == row[3]


def test_a_first_line_that_names_the_delimiter_is_no_header(tmp_path: Path) -> None:
    path = text(tmp_path / "r.csv", "sep=;\r\nuser_id;question_id;prompt;answer\r\nu;1;Why?;Because.\r\n")
    assert [m.text for m in messages(path)] == ["Why?", "Because."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_common_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = text(
        tmp_path / "r.csv", "user_id,question_id,question,response\nu,1,Où?,Dans le café – déjà.\n", encoding
    )
    assert Reflections().recognizes(ExportPath.at(path))
    assert [m.text for m in messages(path)] == ["Où?", "Dans le café – déjà."]


def test_one_windows_byte_does_not_harm_the_rest_of_its_row(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes("user_id,question_id,question,response\nu,1,Größe?,zwölf ".encode() + b"\x80\n")
    assert messages(path)[1].text == "zwölf €"


@pytest.mark.parametrize("name", ["question", "question_text", "prompt", "Question Text", "PROMPT"])
@pytest.mark.parametrize("answer", ["response_text", "response", "answer", "Response-Text"])
def test_columns_go_by_several_names(tmp_path: Path, name: str, answer: str) -> None:
    path = table(
        tmp_path / "r.csv", [("u", "1", "Why?", "Because.")], ("user_id", "question_id", name, answer)
    )
    assert [m.text for m in messages(path)] == ["Why?", "Because."]


def test_answers_of_several_lines_keep_them_and_raw_keeps_all(tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", [("u", "1", "Why?", " First.\r\n\r\nSecond, “so”.  ", "", "")])
    answer = messages(path)[1]
    assert answer.text == "First.\n\nSecond, “so”."
    assert answer.raw == " First.\r\n\r\nSecond, “so”.  "


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-05-03T10:20:30Z", datetime(2024, 5, 3, 10, 20, 30, tzinfo=UTC)),
        ("2024-05-03T10:20:30+02:00", datetime(2024, 5, 3, 8, 20, 30, tzinfo=UTC)),
        ("2024-05-03 10:20", datetime(2024, 5, 3, 8, 20, tzinfo=UTC)),
        ("2024-05-03", datetime(2024, 5, 3, 10, tzinfo=UTC)),
        ("20240503", datetime(2024, 5, 3, 10, tzinfo=UTC)),
        ("03.05.2024", datetime(2024, 5, 3, 10, tzinfo=UTC)),
        ("3.5.2024 10:20", datetime(2024, 5, 3, 8, 20, tzinfo=UTC)),
        ("23/05/2024, 10:20", datetime(2024, 5, 23, 8, 20, tzinfo=UTC)),
        ("5/23/2024 10:20", datetime(2024, 5, 23, 8, 20, tzinfo=UTC)),
        ("1714731630", datetime(2024, 5, 3, 10, 20, 30, tzinfo=UTC)),
        ("1714731630.5", datetime(2024, 5, 3, 10, 20, 30, 500_000, tzinfo=UTC)),
        ("1714731630000", datetime(2024, 5, 3, 10, 20, 30, tzinfo=UTC)),
        ("1714731630000000", datetime(2024, 5, 3, 10, 20, 30, tzinfo=UTC)),
        ("1714731630000000000", datetime(2024, 5, 3, 10, 20, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_the_owners_zone_where_they_name_none(
    tmp_path: Path, written: str, expected: datetime
) -> None:
    path = table(tmp_path / "r.csv", [(*ROW, written)], (*HEADER, "created_at"))
    question, answer = messages(path, ReadOptions(tz=BERLIN))
    assert answer.at == expected
    assert expected - question.at == timedelta(seconds=41.5)


def test_an_open_order_of_day_and_month_is_asked_for(tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", [(*ROW, "03/05/2024")], (*HEADER, "date"))
    assert faults(path) == [("row 2", "its time leaves the order of day and month open: set date_order")]
    assert messages(path, ReadOptions(date_order="dmy"))[1].at.month == 5
    assert messages(path, ReadOptions(date_order="mdy"))[1].at.month == 3


@pytest.mark.parametrize("written", ["yesterday", "2024-13-40", "12:30", "99/99/2024"])
def test_a_time_that_is_none_is_unreadable(tmp_path: Path, written: str) -> None:
    path = table(tmp_path / "r.csv", [(*ROW, written)], (*HEADER, "answered_at"))
    assert faults(path) == [("row 2", "its time is neither ISO 8601 nor seconds since 1970")]


def test_rows_without_time_follow_the_files_time_in_their_order(tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", [(*ROW[:3], f"Answer number {n}.", "3", "900") for n in range(5)])
    os.utime(path, (1_700_000_000, 1_700_000_000))
    answers = messages(path)[1::2]
    assert [a.text for a in sorted(answers, key=lambda a: a.at)] == [f"Answer number {n}." for n in range(5)]
    assert answers[0].at == datetime.fromtimestamp(1_700_000_000, UTC)
    (note,) = Reflections().survey(ExportPath.at(path), ReadOptions()).notes
    assert note.startswith("5 rows have no time")


def test_a_question_left_open_for_days_stays_beside_its_answer(tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", [(*ROW[:5], "500000", "2024-05-03T10:00:00Z")], (*HEADER, "timestamp"))
    question, answer = messages(path)
    assert answer.at - question.at == timedelta(hours=1)


def test_the_survey_counts_who_answered(tmp_path: Path) -> None:
    survey = Reflections().survey(
        ExportPath.at(table(tmp_path / "r.csv", [ROW, OTHER, OTHER])), ReadOptions()
    )
    assert survey.senders == {Person("u-1"): 1, Person("u-2"): 2, Person(""): 3}


def test_without_a_user_column_the_owner_answered_and_ids_do_not_depend_on_the_name(tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", [ROW[1:]], HEADER[1:])
    first, second = messages(path, ReadOptions(me=("Ada",))), messages(path, ReadOptions(me=("ada",)))
    assert first[1].sender == Person("Ada")
    assert [m.id for m in first] == [m.id for m in second]


def test_without_a_user_column_and_without_a_name_nobody_answered(tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", [ROW[1:]], HEADER[1:])
    with pytest.raises(SourceError, match=r"no column user_id .* --me"):
        read(path)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", *ROW[1:]), "user_id is empty"),
        ((*ROW[:2], "  ", *ROW[3:]), "the question is empty"),
        ((*ROW[:3], "\n ", *ROW[4:]), "the answer is empty"),
        ((*ROW[:4], "400", ROW[5]), "word_count contradicts the text"),
        ((*ROW[:3], "word " * 90, "2", ROW[5]), "word_count contradicts the text"),
        ((*ROW[:4], "many", ROW[5]), "word_count is no number"),
        ((*ROW[:3], "bro\0ken", *ROW[4:]), "it holds NUL characters"),
        (ROW[:4], "it has more or fewer cells than the header"),
        ((*ROW, "and", "more"), "it has more or fewer cells than the header"),
    ],
)
def test_a_bad_row_is_counted_and_the_rest_is_read(tmp_path: Path, row: Sequence[str], reason: str) -> None:
    path = table(tmp_path / "r.csv", [ROW, row, OTHER])
    assert faults(path) == [("row 3", reason)]
    assert [m.text for m in messages(path)[1::2]] == [ROW[3], OTHER[3]]


def test_no_reason_quotes_the_row(tmp_path: Path) -> None:
    secret = "zanzibar-4711"
    rows = [(secret,), ("", secret, secret, secret, "1", "1"), (*[secret] * 4, secret, "1")]
    for _, reason in faults(table(tmp_path / "r.csv", rows)):
        assert secret not in reason


@pytest.mark.parametrize("declared", ["", "8", "11", "9.0", " 9 "])
def test_a_count_that_is_about_right_is_accepted(tmp_path: Path, declared: str) -> None:
    assert not faults(table(tmp_path / "r.csv", [(*ROW[:4], declared, "")]))


def test_words_of_scripts_without_blanks_are_counted_finer(tmp_path: Path) -> None:
    answer = "今天我修好了水壶，也稍微修好了自己的耐心，然后去菜园里看了看西葫芦，晚上和朋友们排练到很晚。"
    assert not faults(table(tmp_path / "r.csv", [(*ROW[:3], answer, "30", "")]))


def test_blank_rows_and_trailing_empty_cells_are_no_fault(tmp_path: Path) -> None:
    content = "user_id,question_id,question,response\n\nu,1,Why?,Because.,,\n,,,\n  \nu,2,When?,Soon.\n"
    assert [m.text for m in messages(text(tmp_path / "r.csv", content))[1::2]] == ["Because.", "Soon."]


def test_a_quote_that_closes_in_another_row_does_not_join_the_two(tmp_path: Path) -> None:
    content = (
        'user_id,question_id,question,response\nu,0,Why?,"Because\nu,1,Why?,"So, and so."\nu,2,Why?,"Well."\n'
    )
    path = text(tmp_path / "r.csv", content)
    assert faults(path) == [("row 2", "its quotes do not match")]
    assert [m.text for m in messages(path)[1::2]] == ["So, and so.", "Well."]


@pytest.mark.parametrize("rows_below", [3, 4000])
def test_an_open_quote_costs_its_own_row_only(tmp_path: Path, rows_below: int) -> None:
    below = "".join(f"u,{n},Why {n}?,Because of the weather and reason {n}.\n" for n in range(rows_below))
    path = text(tmp_path / "r.csv", 'user_id,question_id,question,response\nu,0,Why?,"Because\n' + below)
    assert faults(path) == [("row 2", "its quotes do not match")]
    assert len(messages(path)) == 2 * rows_below


def test_bad_lines_of_json_are_counted(tmp_path: Path) -> None:
    good = dict(zip(HEADER, ROW, strict=True))
    content = [
        json.dumps(good),
        '{"user_id": "u", "question": ',
        "[1, 2]",
        "",
        json.dumps({"user_id": "u", "question": "Why?"}),
        json.dumps({**good, "response_text": {"parts": ["a"]}}),
        json.dumps({**good, "response_text": None}),
        json.dumps({**good, "response_text": "\0"}),
        json.dumps({key: value for key, value in good.items() if key != "user_id"}),
        '{"user_id": "u", "question": "\\ud83d", "response_text": "half an emoji"}',
        "[" * 100_000,
    ]
    assert faults(text(tmp_path / "r.jsonl", "\n".join(content))) == [
        ("row 2", "it is not valid JSON"),
        ("row 3", "it is not a JSON object"),
        ("row 5", "the answer is empty"),
        ("row 6", "a column that should hold text holds something else"),
        ("row 7", "the answer is empty"),
        ("row 8", "it holds NUL characters"),
        ("row 9", "user_id is empty"),
        ("row 10", "it is not valid JSON"),
        ("row 11", "it is not valid JSON"),
    ]


def test_other_and_nested_fields_are_ignored(tmp_path: Path) -> None:
    row = {"meta": {"app": [1, {"v": 2}]}, "prompt": "Why?", "response": "Because.", "user_id": 7, "tags": []}
    path = lines(tmp_path / "r.jsonl", [row])
    assert Reflections().recognizes(ExportPath.at(path))
    assert messages(path)[1].sender == Person("7")


def test_a_line_without_end_is_one_unreadable_row(tmp_path: Path) -> None:
    long = json.dumps(dict(zip(HEADER, (*ROW[:3], "x " * (1 << 22), "", ""), strict=True)))
    path = text(
        tmp_path / "r.jsonl", "\n".join([json.dumps(dict(zip(HEADER, ROW, strict=True))), long, long])
    )
    assert [position for position, _ in faults(path)] == ["row 2", "row 3"]


def test_tables_of_a_database_are_found_by_their_columns(tmp_path: Path) -> None:
    path = database(tmp_path / "notes & more #1?.db", [(*ROW[:1], 1, *ROW[2:4], 9, None)], 'odd "name"')
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE settings (key TEXT, value TEXT)")
        connection.execute("CREATE VIEW answers AS SELECT * FROM settings")
    assert Reflections().recognizes(ExportPath.at(path))
    assert [m.text for m in messages(path)] == list(ROW[2:4])


def test_cells_of_a_database_that_are_no_text_are_judged_one_by_one(tmp_path: Path) -> None:
    path = database(
        tmp_path / "r.db", [(b"u-9", 1, "Why?", "Because.", 1, 1.0), ("u", 2, "Why?", None, 0, 0)]
    )
    assert messages(path)[1].sender == Person("u-9")
    assert faults(path) == [("row 2 of reflections", "the answer is empty")]


def test_reading_a_database_writes_nothing_beside_it(tmp_path: Path) -> None:
    path = database(tmp_path / "r.db", [ROW])
    before = path.read_bytes()
    path.chmod(0o400)
    messages(path)
    assert [file.name for file in tmp_path.iterdir()] == ["r.db"]
    assert path.read_bytes() == before


def test_changes_that_sqlite_keeps_beside_the_file_are_told(tmp_path: Path) -> None:
    path = database(tmp_path / "r.db", [ROW])
    text(tmp_path / "r.db-wal", "not yet in the file")
    (note,) = Reflections().survey(ExportPath.at(path), ReadOptions(me=("u-1",))).notes[:1]
    assert note.startswith("r.db-wal holds changes that are not read")


def test_a_damaged_database_keeps_what_was_read_and_tells_the_rest(tmp_path: Path) -> None:
    path = database(
        tmp_path / "r.db", [(*ROW[:3], f"Answer {n}: " + "words " * 80, 82, 1) for n in range(400)]
    )
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    path.write_bytes(data)
    items = read(path)
    assert isinstance(items[-1], Unreadable)
    assert items[-1].reason == "the database is damaged from here on"
    assert len(items) > 100


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n\n",
        "name,age\nx,1\n",
        "just a letter to a friend\n",
        '{"a": 1}\n',
        '[{"user_id": 1}]',
        '"' + "x" * 200_000,
        "SQLite format 3\0 but not really one",
        "\0\0\0\0",
        "12/03/2024, 18:00 - Ada: question, response\n",
    ],
)
def test_what_is_no_such_table_is_not_recognized_and_refused_in_one_line(
    tmp_path: Path, content: str
) -> None:
    path = text(tmp_path / "r.csv", content)
    assert not Reflections().recognizes(ExportPath.at(path))
    with pytest.raises(SourceError) as caught:
        list(Reflections().read(ExportPath.at(path), ReadOptions(me=("u",))))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("r.csv")


def test_the_refusal_names_the_columns_found_and_expected(tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", [("u", "Why?")], ("user_id", "question"))
    with pytest.raises(SourceError, match="found: user_id, question") as caught:
        read(path)
    assert all(name in str(caught.value) for name in COLUMNS.names)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "db"])
def test_packed_tables_are_read_as_they_lie(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    row = dict(zip(HEADER, ROW, strict=True))
    make = {
        "csv": lambda: table(folder / "r.csv", [ROW]),
        "jsonl": lambda: lines(folder / "r.jsonl", [row]),
        "db": lambda: database(folder / "r.db", [ROW]),
    }
    plain = make[kind]()
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        archive.write(plain, f"inner/{plain.name}")
    packed = tmp_path / f"{plain.name}.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for copy in (ExportPath.at(packed), ExportPath.at(tmp_path / "r.zip") / "inner" / plain.name):
        assert Reflections().recognizes(copy)
        found = list(Reflections().read(copy, ReadOptions()))
        assert {item.id for item in found if isinstance(item, Message)} == {m.id for m in messages(plain)}


def test_a_database_without_such_columns_is_not_unpacked_to_be_looked_at(tmp_path: Path) -> None:
    plain = tmp_path / "r.db"
    with closing(sqlite3.connect(plain)) as connection, connection:
        connection.execute("CREATE TABLE places (name TEXT, lat REAL)")
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        archive.write(plain, "r.db")
    inner = ExportPath.at(tmp_path / "r.zip") / "r.db"
    assert not Reflections().recognizes(inner)
    with pytest.raises(SourceError, match="no columns for question_text and response_text"):
        list(Reflections().read(inner, ReadOptions()))


def test_folders_missing_files_and_bytes_are_not_recognized(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(bytes(range(256)) * 20)
    for path in (tmp_path, tmp_path / "absent.csv", tmp_path / "image.png"):
        assert not Reflections().recognizes(ExportPath.at(path))


def test_question_and_answer_alone_are_read_when_asked_but_not_recognized(tmp_path: Path) -> None:
    path = table(tmp_path / "faq.csv", [("Why?", "Because.")], ("question", "answer"))
    assert not Reflections().recognizes(ExportPath.at(path))
    assert len(messages(path, ReadOptions(me=("Ada",)))) == 2


def test_25000_rows_grow_no_faster_than_their_number_and_take_no_memory_of_their_own(tmp_path: Path) -> None:
    answer = "Mostly the kettle, and a little of my patience, which was overdue. " * 4
    rows = [(*ROW[:1], str(n), f"Why {n}?", answer, "44", "3") for n in range(25_000)]
    path = table(tmp_path / "r.csv", rows)
    parts = {size: table(tmp_path / f"{size}.csv", rows[:size]) for size in (len(rows) // TIMES, len(rows))}

    def reads(size: int) -> None:
        count = sum(1 for _ in Reflections().read(ExportPath.at(parts[size]), ReadOptions()))
        assert count == 2 * size

    assert_linear(reads, len(rows))
    tracemalloc.start()
    try:
        for number, _ in enumerate(Reflections().read(ExportPath.at(path), ReadOptions())):
            if number == 10_000:
                break
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.shared
def test_every_answer_of_a_real_speaker_is_read_whole(tmp_path: Path, shared: Path) -> None:
    with gzip.open(
        shared / "qa" / "whitehouse-briefings-carney-gibbs.jsonl.gz", "rt", encoding="utf-8"
    ) as file:
        pairs = [json.loads(line) for line in islice(file, rounds(4000, 10**9))]
    rows = [
        (p["speaker"], str(n), p["question"], p["answer"], str(len(p["answer"].split())), "", p["date"])
        for n, p in enumerate(pairs)
        if p["question"].strip() and p["answer"].strip()
    ]
    path = table(tmp_path / "r.csv", rows, (*HEADER, "date"))
    survey = Reflections().survey(ExportPath.at(path), ReadOptions())
    assert survey.units == 2 * len(rows)
    answers = (
        item for item in Reflections().read(ExportPath.at(path), ReadOptions()) if isinstance(item, Message)
    )
    own = [item.raw for item in answers if item.sender.name == "MR. CARNEY"]
    assert len(own) > 1000
    assert own == [answer for speaker, _, _, answer, *_ in rows if speaker == "MR. CARNEY"]
