"""Reflections from a real PostgreSQL server: rows as from a file, nothing written, faults in one line."""

import builtins
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Unreadable
from ipse.sources.reflections import Reflections

from ..postgres_server import binaries, served

psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.skipif(binaries() is None, reason="there is no PostgreSQL here (apt: postgresql)")

SELECT = (
    "SELECT user_id, question_id, question, answer AS response_text, words AS word_count, at AS created_at"
    " FROM talk ORDER BY nr"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with served() as started:
        yield started.socket


@pytest.fixture
def table(server: Path) -> Iterator[Any]:
    with psycopg.connect(url(server), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS talk")
        connection.execute(
            "CREATE TABLE talk (nr serial, user_id int, question_id uuid DEFAULT gen_random_uuid(),"
            " question text, answer varchar, words smallint, at timestamptz, note jsonb)"
        )
        yield connection


def url(server: Path) -> str:
    return f"postgresql://postgres@/postgres?host={server}"


def fill(table: Any, rows: Sequence[tuple[object, ...]]) -> None:
    with table.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO talk (user_id, question, answer, words, at) VALUES (%s, %s, %s, %s, %s)", rows
        )


def export(folder: Path, said: object) -> ExportPath:
    file = folder / "journal.yaml"
    file.write_text(yaml.safe_dump(said) if not isinstance(said, str) else said, encoding="utf-8")
    return ExportPath.at(file)


def read(path: ExportPath) -> list[Message | Unreadable]:
    items = list(Reflections().read(path, ReadOptions()))
    assert Reflections().survey(path, ReadOptions()).units == len(items)
    return items


def messages(path: ExportPath) -> list[Message]:
    return [item for item in read(path) if isinstance(item, Message)]


def test_rows_of_a_query_are_questions_and_answers(table: Any, server: Path, tmp_path: Path) -> None:
    fill(
        table,
        [
            (7, "Why?", "Because é \U0001f600.", 3, "2024-05-03T10:20:30+02:00"),
            (8, "When?", "Soon.", None, None),
        ],
    )
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": SELECT}})
    assert Reflections().recognizes(path)
    question, answer, *_ = messages(path)
    assert (question.text, answer.text) == ("Why?", "Because é \U0001f600.")
    assert answer.sender == Person("7")
    assert answer.at == datetime(2024, 5, 3, 8, 20, 30, tzinfo=UTC)
    assert answer.reply_to == question.id
    assert Reflections().survey(path, ReadOptions()).notes[0].startswith("1 rows have no time")


def test_ids_are_the_same_as_from_a_file(table: Any, server: Path, tmp_path: Path) -> None:
    fill(table, [(7, "Why?", "Because.", 1, None)])
    query = "SELECT user_id, question, answer AS response_text FROM talk"
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": query}})
    csv = tmp_path / "r.csv"
    csv.write_text("user_id,question,response_text\n7,Why?,Because.\n", encoding="utf-8")
    assert [m.id for m in messages(path)] == [m.id for m in messages(ExportPath.at(csv))]


def test_a_service_is_looked_up_where_postgresql_looks(
    table: Any, server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(table, [(7, "Why?", "Because.", 1, None)])
    services = tmp_path / "services"
    services.write_text(f"[diary]\nhost={server}\nuser=postgres\ndbname=postgres\n", encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    path = export(tmp_path, {"postgresql": {"service": "diary", "query": SELECT}})
    assert len(messages(path)) == 2


def test_a_bad_row_is_counted_and_the_rest_is_read(table: Any, server: Path, tmp_path: Path) -> None:
    rows = [(7, "Why?", "Because.", 1, None), (7, "Why?", " ", 0, None), (7, "W?", "Never.", 1, "infinity")]
    fill(table, [*rows, (7, "When?", "Soon.", 1, None)])
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": SELECT}})
    found = read(path)
    faults = [(item.file, item.position, item.reason) for item in found if isinstance(item, Unreadable)]
    assert faults == [
        ("journal.yaml", "row 2", "the answer is empty"),
        ("journal.yaml", "row 3", "its time is neither ISO 8601 nor seconds since 1970"),
    ]
    assert [m.text for m in messages(path)[1::2]] == ["Because.", "Soon."]


def test_columns_of_any_type_are_text_or_tell_why_not(table: Any, server: Path, tmp_path: Path) -> None:
    query = "SELECT 1.50::numeric AS user_id, '{1,2}'::int[] AS question, 'x'::text AS answer"
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": query}})
    (fault,) = read(path)
    assert isinstance(fault, Unreadable)
    assert fault.reason == "a column that should hold text holds something else"
    query = "SELECT 1.50::numeric AS user_id, 'Why?'::bytea AS question, true::text AS answer"
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": query}})
    question, answer = messages(path)
    assert (question.text, answer.text, answer.sender) == ("Why?", "true", Person("1.50"))


def test_nothing_can_be_changed(table: Any, server: Path, tmp_path: Path) -> None:
    fill(table, [(7, "Why?", "Because.", 1, None)])
    table.execute(
        "CREATE OR REPLACE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM talk; SELECT 1'"
    )
    path = export(
        tmp_path,
        {"postgresql": {"url": url(server), "query": "SELECT wipe() AS user_id, question, answer FROM talk"}},
    )
    (fault,) = read(path)
    assert isinstance(fault, Unreadable)
    assert fault.reason == "the server gives no more from here on"
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": "DELETE FROM talk"}})
    with pytest.raises(SourceError, match="the server says: syntax error"):
        read(path)
    assert table.execute("SELECT count(*) FROM talk").fetchone() == (1,)


def test_many_rows_are_read_by_a_cursor_of_the_server(table: Any, server: Path, tmp_path: Path) -> None:
    query = (
        "SELECT n AS user_id, 'Why ' || n || '?' AS question, repeat('because of it ', 30) AS answer,"
        " now() AS at FROM generate_series(1, 20000) AS n"
    )
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": query}})
    tracemalloc.start()
    try:
        count = sum(1 for _ in Reflections().read(path, ReadOptions()))
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert count == 40_000


def test_a_reader_that_stops_early_leaves_no_connection(table: Any, server: Path, tmp_path: Path) -> None:
    fill(table, [(7, "Why?", "Because.", 1, None)] * 5)
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": SELECT}})
    reading = Reflections().read(path, ReadOptions())
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ipse'"
    for _ in range(100):
        if (open_ := table.execute(left).fetchone()) == (0,):
            break
        table.execute("SELECT pg_sleep(0.02)")
    assert open_ == (0,)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"url": "x", "query": "SELECT 1", "password": "p"}, "`postgresql.password` is no key"),
        ({"url": "x", "service": "y", "query": "q"}, "either `url` or `service`"),
        ({"query": "SELECT 1"}, "either `url` or `service`"),
        ({"url": "postgresql:///x"}, "`postgresql.query` is missing"),
        ({"url": 5, "query": "q"}, "`postgresql.url` is no text"),
        ({"service": "a b=c", "query": "q"}, "no name of a service"),
        ([1], "names no server"),
    ],
)
def test_a_fault_in_the_file_is_told_by_its_key(tmp_path: Path, said: object, told: str) -> None:
    path = export(tmp_path, f"# query: below\n{yaml.safe_dump({'postgresql': said})}")
    with pytest.raises(SourceError, match=told):
        list(Reflections().read(path, ReadOptions()))


def test_yaml_that_is_none_and_other_yaml(tmp_path: Path) -> None:
    broken = export(tmp_path, "postgresql: {query: [")
    with pytest.raises(SourceError, match="not valid YAML"):
        list(Reflections().read(broken, ReadOptions()))
    assert not Reflections().recognizes(export(tmp_path, "services:\n  postgresql:\n    query: x\n"))
    assert not Reflections().recognizes(export(tmp_path, "postgresql:\n  auth: {}\n"))


def test_what_the_server_refuses_is_told_and_no_address_or_password(
    table: Any, server: Path, tmp_path: Path
) -> None:
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": "SELECT nothing FROM talk"}})
    with pytest.raises(SourceError, match='the server says: column "nothing" does not exist'):
        read(path)
    path = export(tmp_path, {"postgresql": {"url": url(server), "query": "SELECT user_id FROM talk"}})
    with pytest.raises(SourceError, match="no columns for question_text and response_text; found: user_id"):
        read(path)
    away = {"url": "postgresql://ada:zanzibar@/x?host=/nonexistent", "query": "SELECT 1"}
    with pytest.raises(SourceError, match="cannot be reached") as caught:
        read(export(tmp_path, {"postgresql": away}))
    assert "zanzibar" not in str(caught.value)
    with pytest.raises(SourceError, match="cannot be reached"):
        read(export(tmp_path, {"postgresql": {"url": "no conninfo at all", "query": "SELECT 1"}}))


def test_without_psycopg_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = export(tmp_path, {"postgresql": {"url": "postgresql:///x", "query": "SELECT 1"}})
    ordinary = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("psycopg"):
            raise ImportError(name)
        return ordinary(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SourceError, match=r"pip install 'ipse\[postgresql\]'"):
        list(Reflections().read(path, ReadOptions()))
