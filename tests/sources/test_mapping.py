"""Tables read by a mapping: every form of table, every key, every fault told by its key."""

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Source
from ipse.records import Message, Person, Unreadable
from ipse.sources.mapping.source import MappedTable
from ipse.sources.mapping.spec import FIELDS
from ipse.sources.reflections import Reflections

BERLIN = ZoneInfo("Europe/Berlin")
COLUMNS = {"text": "body", "at": "sent", "sender": "who", "conversation": "thread", "id": "nr"}
ROWS: list[dict[str, Any]] = [
    {"nr": 1, "thread": "boats", "who": "Ilse", "sent": "2024-03-01T09:15:00", "body": "is it dry?"},
    {"nr": 2, "thread": "boats", "who": "Tilda", "sent": "2024-03-01T09:20:00", "body": "nearly,\nit is"},
]
CSV = """\
nr,thread,who,sent,body
1,boats,Ilse,2024-03-01T09:15:00,is it dry?
2,boats,Tilda,2024-03-01T09:20:00,"nearly,
it is"
"""


def export(
    folder: Path, table: str | bytes, said: Mapping[str, object] | None = None, name: str = "t.csv"
) -> ExportPath:
    """A table with a mapping beside it."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(table.encode() if isinstance(table, str) else table)
    said = {"columns": COLUMNS} if said is None else said
    (folder / f"{name}.mapping.yaml").write_text(yaml.safe_dump(dict(said)), encoding="utf-8")
    return ExportPath.at(folder / name)


def read(path: ExportPath, options: ReadOptions | None = None) -> list[Message | Unreadable]:
    options = options or ReadOptions()
    items = list(MappedTable().read(path, options))
    assert MappedTable().survey(path, options).units == len(items)
    return items


def messages(path: ExportPath, options: ReadOptions | None = None) -> list[Message]:
    return [item for item in read(path, options) if isinstance(item, Message)]


def faults(path: ExportPath) -> list[tuple[str, str]]:
    return [(one.position, one.reason) for one in read(path) if isinstance(one, Unreadable)]


def one(folder: Path, cells: Mapping[str, object], said: Mapping[str, object]) -> Message:
    """The message of a row of JSON lines."""
    (message,) = messages(export(folder, json.dumps(dict(cells)) + "\n", said, "t.jsonl"))
    return message


def test_it_is_a_source() -> None:
    assert isinstance(MappedTable(), Source)


def sqlite(file: Path, tables: Sequence[str] = ("talk",)) -> bytes:
    with closing(sqlite3.connect(file)) as database, database:
        for table in tables:
            database.execute(
                f'CREATE TABLE "{table}" (nr INTEGER, thread TEXT, who TEXT, sent TEXT, body TEXT)'
            )
            database.executemany(f'INSERT INTO "{table}" VALUES (:nr, :thread, :who, :sent, :body)', ROWS)
        database.execute("CREATE VIEW seen AS SELECT * FROM sqlite_master")
    return file.read_bytes()


def parquet(file: Path, rows: object = None) -> bytes:
    pq.write_table(rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(ROWS), file)
    return file.read_bytes()


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet", "sqlite", "csv.gz", "utf16.csv"])
def test_every_form_of_table_gives_the_same_messages(tmp_path: Path, kind: str) -> None:
    tables: dict[str, str | bytes] = {
        "csv": CSV,
        "tsv": CSV.replace(",\n", "\0").replace(",", "\t").replace("\0", ",\n"),
        "jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
        "json": json.dumps(ROWS, indent=1),
        "parquet": parquet(tmp_path / "p"),
        "sqlite": sqlite(tmp_path / "s"),
        "csv.gz": gzip.compress(CSV.encode()),
        "utf16.csv": CSV.encode("utf-16"),
    }
    path = export(tmp_path / "x", tables[kind], name=f"t.{kind}")
    assert MappedTable().recognizes(path)
    first, second = messages(path, ReadOptions(tz=BERLIN))
    assert (first.text, first.sender, first.conversation) == ("is it dry?", Person("Ilse"), "boats")
    assert (second.text, second.at) == ("nearly,\nit is", datetime(2024, 3, 1, 9, 20, tzinfo=BERLIN))
    assert (first.platform, first.direction) == ("mapping", "inbound")
    assert [m.id for m in (first, second)] == [m.id for m in messages(export(tmp_path / "y", CSV))]


def test_it_recognizes_only_what_a_mapping_explains(tmp_path: Path) -> None:
    path = export(tmp_path, CSV)
    assert MappedTable().recognizes(path)
    assert not MappedTable().recognizes(ExportPath.at(tmp_path / "t.csv.mapping.yaml"))
    assert not MappedTable().recognizes(ExportPath.at(tmp_path))
    (tmp_path / "t.csv.mapping.yaml").rename(tmp_path / "how.yaml")
    assert not MappedTable().recognizes(ExportPath.at(tmp_path / "t.csv"))
    assert not MappedTable().recognizes(ExportPath.at(tmp_path / "how.yaml"))
    with (tmp_path / "how.yaml").open("a", encoding="utf-8") as file:
        file.write("file: t.csv\n")
    assert MappedTable().recognizes(ExportPath.at(tmp_path / "how.yaml"))
    assert len(messages(ExportPath.at(tmp_path / "how.yaml"))) == 2


def test_a_mapping_may_be_named_apart_and_tables_lie_in_a_zip(tmp_path: Path) -> None:
    path = export(tmp_path, CSV)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("in/t.csv", CSV)
    elsewhere = (tmp_path / "t.csv.mapping.yaml").rename(tmp_path / "how.yaml")
    packed = ExportPath.at(tmp_path / "z.zip") / "in" / "t.csv"
    with pytest.raises(SourceError, match="nothing says what its columns mean"):
        read(packed)
    told = ReadOptions(mapping=elsewhere)
    assert [m.id for m in messages(packed, told)] == [m.id for m in messages(path, told)]
    with pytest.raises(SourceError, match="no such mapping"):
        read(path, ReadOptions(mapping=tmp_path / "absent.yaml"))


@pytest.mark.parametrize(
    ("time", "written", "expected"),
    [
        ("iso", "2024-03-01T09:15:00Z", datetime(2024, 3, 1, 9, 15, tzinfo=UTC)),
        ("iso", "2024-03-01 09:15", datetime(2024, 3, 1, 8, 15, tzinfo=UTC)),
        ("iso", "2024-03-01", datetime(2024, 3, 1, 11, tzinfo=UTC)),
        ("epoch_s", 1709284500, datetime(2024, 3, 1, 9, 15, tzinfo=UTC)),
        ("epoch_s", "1709284500.5", datetime(2024, 3, 1, 9, 15, 0, 500_000, tzinfo=UTC)),
        ("epoch_ms", 1709284500250, datetime(2024, 3, 1, 9, 15, 0, 250_000, tzinfo=UTC)),
        ("%d.%m.%Y %H:%M", "01.03.2024 09:15", datetime(2024, 3, 1, 8, 15, tzinfo=UTC)),
        ("%m/%d/%y", "03/01/24", datetime(2024, 3, 1, 11, tzinfo=UTC)),
        ("%Y%m%d%H%M%z", "202403010915+0000", datetime(2024, 3, 1, 9, 15, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_the_mapping_says(
    tmp_path: Path, time: str, written: object, expected: datetime
) -> None:
    said = {
        "columns": {"text": "b", "at": "t", "sender": "w"},
        "time": {"format": time, "zone": "Europe/Berlin"},
    }
    assert one(tmp_path, {"b": "x", "t": written, "w": "A"}, said).at == expected
    bad = export(tmp_path, json.dumps({"b": "x", "t": "soon", "w": "A"}), said, "u.jsonl")
    assert len(faults(bad)) == 1


def test_every_field_can_be_mapped(tmp_path: Path) -> None:
    cells: dict[str, object] = {
        "text": "hi", "at": "2024-03-01T09:15:00Z", "sender": "A", "sender_address": "a@x.example",
        "conversation": "c", "direction": 2, "id": 7, "reply_to": 6, "subject": "s", "group": "yes",
        "lang": "DE",
        "attachments": ["p.jpg", "q.jpg"], "participants": "A; B", "content_type": "link", "automatic": True,
        "forwarded": 1, "edited": "false",
    }  # fmt: skip
    assert set(cells) == set(FIELDS)
    columns: dict[str, object] = {name: name for name in FIELDS}
    columns["direction"] = {"column": "direction", "outbound": [2, "sent"]}
    found = one(tmp_path, cells, {"columns": columns})
    before = one(tmp_path, {**cells, "id": 6}, {"columns": columns})
    assert found.sender == Person("A", "a@x.example")
    assert found.reply_to == before.id != found.id
    assert (found.direction, found.group, found.lang, found.subject) == ("outbound", True, "de", "s")
    assert (found.attachments, found.participants) == (("p.jpg", "q.jpg"), (Person("A"), Person("B")))
    assert (found.content_type, found.automatic, found.forwarded, found.edited) == ("link", True, True, False)
    assert one(tmp_path, {**cells, "direction": "1"}, {"columns": columns}).direction == "inbound"


def test_nested_json_is_reached_with_points(tmp_path: Path) -> None:
    said = {"columns": {"text": "m.body", "at": "m.at", "sender": "author.name"}}
    found = one(tmp_path, {"m": {"body": "hi", "at": "2024-03-01T09:15:00Z"}, "author": {"name": "A"}}, said)
    assert (found.text, found.sender) == ("hi", Person("A"))


def test_the_owner_is_who_the_mapping_says(tmp_path: Path) -> None:
    path = export(tmp_path, CSV, {"columns": COLUMNS, "owner": ["tilda", "t@x.example"]})
    assert MappedTable().survey(path, ReadOptions()).owner == (Person("tilda"), Person("", "t@x.example"))
    assert [m.direction for m in messages(path)] == ["inbound", "outbound"]
    assert MappedTable().survey(export(tmp_path, CSV), ReadOptions()).owner is None
    mine = {
        "columns": {"text": "body", "at": "sent"},
        "defaults": {"direction": "outbound", "conversation": "log"},
    }
    path = export(tmp_path, CSV, mine)
    assert MappedTable().survey(path, ReadOptions()).owner == ()
    assert {(m.direction, m.conversation, m.sender) for m in messages(path)} == {
        ("outbound", "log", Person(""))
    }


def test_equal_rows_without_ids_are_two_and_stay_so(tmp_path: Path) -> None:
    columns = {"columns": {"text": "b", "at": "t", "sender": "w"}}
    row = json.dumps({"b": "hi", "t": "2024-03-01", "w": "A"}) + "\n"
    first = [m.id for m in messages(export(tmp_path, row * 2, columns, "a.jsonl"))]
    more = [m.id for m in messages(export(tmp_path, row * 3, columns, "a.jsonl"))]
    assert len(set(more)) == 3
    assert more[:2] == first


def test_bad_rows_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    table = (
        "nr,thread,who,sent,body\n1,b,Ilse,2024-03-01,hi\n2,b,Ilse,someday,hi\n3,b\n4,b,Ilse,2024-03-01,\"open\n"
        "5,b,Ilse,2024-03-02,end\n"
    )  # fmt: skip
    path = export(tmp_path, table)
    assert [m.text for m in messages(path)] == ["hi", "end"]
    assert faults(path) == [
        ("row 3", "its time is no ISO 8601"),
        ("row 4", "it has more or fewer cells than the header"),
        ("row 5", "its quotes do not match"),
    ]
    good = '{"body": "x", "sent": "2024-03-01", "who": "A"}\n'
    lines = good + '{"bo\n[1]\n{"sent": "2024-03-01"}\n{"body": 1, "sent": ""}\n'
    assert [reason for _, reason in faults(export(tmp_path, lines, name="t.jsonl"))] == [
        "it is not valid JSON", "it is not a JSON object", "it has no text", "its time is no ISO 8601",
    ]  # fmt: skip
    cut = export(tmp_path, json.dumps(ROWS)[:-60], name="t.json")
    assert faults(cut) == [("row 2", "the list breaks off or is damaged from here on")]


def test_parquet_with_moments_beyond_python_loses_only_their_rows(tmp_path: Path) -> None:
    stamps = pa.array([1_709_284_500_000_000_001, 2], pa.timestamp("ns", tz="UTC"))
    far = pa.array([10**15, 1_709_284_500], pa.timestamp("s"))
    table = pa.table({"b": ["x", "y"], "t": stamps, "f": far, "w": ["A", "B"]})
    said = {"columns": {"text": "b", "at": "t", "sender": "w"}}
    found = messages(export(tmp_path, parquet(tmp_path / "p", table.drop_columns("f")), said, "t.parquet"))
    assert found[0].at == datetime(2024, 3, 1, 9, 15, tzinfo=UTC)
    path = export(tmp_path, parquet(tmp_path / "p", table), said, "t.parquet")
    assert [position for position, _ in faults(path)] == ["row 1"]
    broken = export(tmp_path, b"PAR1" + b"\0" * 50 + b"PAR1", said, "u.parquet")
    with pytest.raises(SourceError, match="damaged, or no Parquet"):
        read(broken)


def test_a_database_of_several_tables_asks_which(tmp_path: Path) -> None:
    data = sqlite(tmp_path / "s", ("talk", "odd one"))
    path = export(tmp_path / "x", data, name="t.db")
    with pytest.raises(SourceError, match="it has the tables odd one, talk") as caught:
        read(path)
    assert "table: NAME" in str(caught.value)
    path = export(tmp_path / "x", data, {"columns": COLUMNS, "table": "odd one"}, "t.db")
    assert len(messages(path)) == 2
    assert sorted(file.name for file in (tmp_path / "x").iterdir()) == ["t.db", "t.db.mapping.yaml"]


def test_a_damaged_database_is_told_even_where_its_error_is_no_text(tmp_path: Path) -> None:
    data = sqlite(tmp_path / "s").replace(b'CREATE TABLE "talk"', b'CREATE \xd1\xffBLE "talk"')
    with pytest.raises(SourceError, match="damaged or encrypted"):
        read(export(tmp_path / "x", data, name="t.db"))
    with pytest.raises(SourceError, match="damaged or encrypted"):
        list(Reflections().read(ExportPath.at(tmp_path / "x" / "t.db"), ReadOptions()))


def test_delimiter_and_encoding_can_be_said(tmp_path: Path) -> None:
    table = "body|sent|who\nzwölf, €; acht|2024-03-01|Ä\n".encode("cp1252")
    said = {"columns": {"text": "body", "at": "sent", "sender": "who"}}
    assert (
        messages(export(tmp_path, table, {**said, "delimiter": "|", "encoding": "cp1252"}))[0].text
        == "zwölf, €; acht"
    )
    assert messages(export(tmp_path, table, said))[0].sender == Person("Ä")
    tabs = "body\tsent\twho\na,b,c\t2024-03-01\tA\n"
    assert messages(export(tmp_path, tabs, {**said, "delimiter": "tab"}))[0].text == "a,b,c"


@pytest.mark.parametrize(
    ("change", "told", "instead"),
    [
        ({"column": {}}, "`column` is no key", "Write columns."),
        ({"columns": {**COLUMNS, "sendr": "x"}}, "`columns.sendr` is no key", "Write columns.sender."),
        ({"columns": {"text": "b", "sender": "w"}}, "`columns.at` is missing", "columns: {at: NAME}"),
        ({"columns": {"text": "b", "at": "t"}}, "`columns.sender` is missing", "{direction: outbound}"),
        ({"columns": {**COLUMNS, "text": ["a"]}}, "`columns.text` names no column", "{text: NAME}"),
        ({"columns": {**COLUMNS, "direction": "d"}}, "`columns.direction` does not say", "outbound: [VALUE"),
        (
            {"columns": {**COLUMNS, "direction": {"colum": "d"}}},
            "`columns.direction.colum`",
            "direction.column",
        ),
        ({"columns": "x"}, "`columns` is missing", "columns: {text: COLUMN"),
        ({"time": "yesterday"}, "`time` is no form of time", "iso, epoch_s, epoch_ms"),
        ({"time": "%d.%Q"}, "`time` has a directive", "%d.%m.%Y"),
        ({"time": {"zone": "Mars/Olympus"}}, "`time.zone` is no time zone", "Europe/Berlin"),
        ({"owner": [5]}, "`owner` is no name", "owner: [Your Name"),
        ({"delimiter": "::"}, "`delimiter` is more than one", "delimiter: tab"),
        ({"encoding": "klingon"}, "`encoding` is unknown", "cp1252"),
        ({"encoding": "undefined"}, "`encoding` is unknown", "cp1252"),
        ({"defaults": {"direction": "both"}}, "`defaults.direction` is no direction", "inbound or outbound"),
        ({"defaults": ["x"]}, "`defaults` is no list of keys", "defaults: {conversation"),
        ({"file": "../../etc/passwd"}, "`file` leads out", "beside each other"),
        ({"table": ["x"]}, "`table` is no text", "table:"),
    ],
)
def test_a_fault_in_the_mapping_is_told_by_its_key(
    tmp_path: Path, change: dict[str, object], told: str, instead: str
) -> None:
    path = export(tmp_path, CSV, {"columns": COLUMNS, **change})
    with pytest.raises(SourceError) as caught:
        read(path)
    assert told in str(caught.value)
    assert instead in caught.value.hint
    assert "t.csv.mapping.yaml" in caught.value.message


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = export(tmp_path, CSV, {"columns": {**COLUMNS, "sender": "whom"}})
    with pytest.raises(SourceError, match=r"no column `whom` for `columns\.sender`") as caught:
        read(path)
    assert "nr, thread, who, sent, body" in caught.value.hint


def test_yaml_that_is_none_or_made_to_burst(tmp_path: Path) -> None:
    path = export(tmp_path, CSV)
    mapping = tmp_path / "t.csv.mapping.yaml"
    bomb = "a: &a [x]\n" + "".join(
        f"{b}: &{b} [*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for text, told in (
        ("columns: {", "line 1: not valid YAML"),
        ("- x", "`columns` is missing"),
        ("[" * 50_000, "not valid YAML"),
        (bomb, "`\\*a` is a reference"),
        ("", "`columns` is missing"),
    ):
        mapping.write_text(text, encoding="utf-8")
        with pytest.raises(SourceError, match=told):
            read(path)


def test_the_example_of_the_guide_is_a_mapping(tmp_path: Path) -> None:
    guide = MappedTable().guide()
    example = guide[guide.index("```yaml") + 7 : guide.index("```", guide.index("```yaml") + 7)]
    header = "rowid;parent_id;thread;from_name;from_number;type;sent_at;body"
    table = f"{header}\n7;;x;Ada;+49;2;03.05.2024 10:20;zwölf\n"
    path = export(tmp_path, table.encode("cp1252"), yaml.safe_load(example))
    (found,) = messages(path)
    assert (found.text, found.direction, found.lang) == ("zwölf", "outbound", "de")
    assert found.at == datetime(2024, 5, 3, 10, 20, tzinfo=BERLIN)
