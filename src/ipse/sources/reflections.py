"""Reflections: questions somebody was asked and what they answered: CSV, JSON lines, SQLite or PostgreSQL.

Where it comes from: journalling apps, interview tools, spreadsheets, own databases; one row per answer. A row
becomes two messages, the question and, in reply to it, the answer, in a conversation of their own. Does not
know who the owner is: the sender of an answer is the row's ``user_id``.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha512
from typing import Final, NamedTuple

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading import postgresql
from ipse.sources.reading.guides import guide
from ipse.sources.reading.tables import ABSENT, Cells, Columns, headers, rows, unsaved

__all__ = ["COLUMNS", "Reflections"]

COLUMNS: Final = Columns(
    {
        "user_id": ("user_id", "user", "userid"),
        "question_id": ("question_id", "questionid", "prompt_id"),
        "question_text": ("question_text", "question", "prompt"),
        "response_text": ("response_text", "response", "answer", "answer_text"),
        "word_count": ("word_count", "words"),
        "response_time_seconds": ("response_time_seconds", "response_time"),
        "created_at": ("created_at", "timestamp", "date", "answered_at", "submitted_at", "datetime", "time"),
    },
    needed=("question_text", "response_text"),
)
"""What a row may hold, and the names each column goes by; anything else in it is ignored."""

# Nobody: a name here would be taken for a person's and replaced in every text that holds the word.
_QUESTION = Person("")


class _BadRowError(Exception):
    """Why a row cannot be used, in words that quote none of it."""


class _Entry(NamedTuple):
    user: str
    question_id: str
    question: str
    response: str
    at: datetime | None
    took: float  # seconds from question to answer
    mark: str  # 128 hex digits that come from the row's content alone


class Reflections:
    """Rows of question and answer."""

    name = "reflections"
    aliases: tuple[str, ...] = (
        "reflections_csv",
        "reflections_jsonl",
        "reflections_sqlite",
        "reflections_postgresql",
    )
    reads = "questions and your answers to them: CSV, JSON lines, an SQLite table or a query to PostgreSQL"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the columns: question and answer, and one more of the known ones."""
        if postgresql.is_query(path):
            return True
        try:
            tables = headers(path, COLUMNS) if path.is_file() else []
        except SourceError:
            return False
        return any(COLUMNS.usable(names) and COLUMNS.known(names) > 2 for names in tables)

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count the answers of each user; notes say how rows without a time are placed."""
        senders: Counter[Person] = Counter()
        units = timeless = 0
        for entry in _entries(path, options):
            units += 1
            if isinstance(entry, _Entry):
                units += 1
                senders[Person(entry.user)] += 1
                timeless += entry.at is None
        if senders:
            senders[_QUESTION] += senders.total()
        notes = list(unsaved(path))
        if timeless:
            notes.append(
                f"{timeless} rows have no time: they are put at the file's, a second apart, in their order."
            )
        return Survey(senders=dict(senders), units=units, notes=tuple(notes))

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield question and answer of each row; a row that cannot be used is one ``Unreadable``.

        Raises ``SourceError`` where the table as a whole cannot be understood.
        """
        base = path.modified
        for order, entry in enumerate(_entries(path, options)):
            if isinstance(entry, Unreadable):
                yield entry
            else:
                yield from _messages(entry, base + timedelta(seconds=order))


def _messages(entry: _Entry, fallback: datetime) -> tuple[Message, Message]:
    """The two messages of a row; the question is always the earlier, so that sorting keeps them in order."""
    at = entry.at or fallback
    # Kept to an hour: a question left open for days was still read just before it was answered.
    took = timedelta(seconds=min(max(entry.took, 1.0), 3600.0) if entry.at else 1.0)
    conversation = f"{entry.question_id or 'question'} {entry.mark[64:80]}"
    question = Message(
        id=entry.mark[:32],
        conversation=conversation,
        platform=Reflections.name,
        at=at - took,
        sender=_QUESTION,
        text=_clean(entry.question),
        raw=entry.question,
    )
    response = Message(
        id=entry.mark[32:64],
        conversation=conversation,
        platform=Reflections.name,
        at=at,
        sender=Person(entry.user),
        text=_clean(entry.response),
        raw=entry.response,
        reply_to=question.id,
    )
    return question, response


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _entries(path: ExportPath, options: ReadOptions) -> Iterator[_Entry | Unreadable]:
    for position, cells in _rows(path):
        try:
            if isinstance(cells, str):
                raise _BadRowError(cells)
            yield _entry(cells, options, path)
        except _BadRowError as reason:
            yield Unreadable(path.label, position, str(reason))


def _rows(path: ExportPath) -> Iterator[tuple[str, Cells | str]]:
    if not postgresql.is_query(path):
        yield from rows(path, COLUMNS)
        return
    with postgresql.result(path) as (names, found):
        if not COLUMNS.usable(names):
            raise COLUMNS.missing(path, [names])
        for position, cells in found:
            yield position, cells if isinstance(cells, str) else COLUMNS.pick(cells, names)


def _entry(cells: Cells, options: ReadOptions, path: ExportPath) -> _Entry:
    user, question_id, question, response, words, seconds, time = map(_text, cells)
    # The row's own words identify it; what the owner is called on the command line must not.
    parts = (user, question_id, question, response, time)
    if cells[0] is ABSENT:
        user = _owner(options, path)
    for cell, column in ((user, "user_id"), (question, "the question"), (response, "the answer")):
        if not cell or cell.isspace():
            raise _BadRowError(f"{column} is empty")
    _check_words(words, response)
    mark = sha512("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()
    at = _time(time.strip(), options)
    return _Entry(user.strip(), question_id.strip(), question, response, at, _number(seconds) or 0.0, mark)


def _owner(options: ReadOptions, path: ExportPath) -> str:
    if not options.me:
        raise SourceError(
            f"{path.label}: no column user_id says who answered.",
            hint="If all answers are yours, say so: --me YOUR-NAME.",
        )
    return options.me[0]


def _text(cell: object) -> str:
    if cell is ABSENT:
        return ""
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", "replace")
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise _BadRowError("a column that should hold text holds something else")
    text = str(cell)
    if "\0" in text:
        raise _BadRowError("it holds NUL characters")
    return text


def _check_words(declared: str, response: str) -> None:
    """A count far off the text means a row cut short or shifted; scripts without blanks are counted finer."""
    if not declared.strip():
        return
    count, words = _number(declared), len(response.split())
    if count is None:
        raise _BadRowError("word_count is no number")
    most = max(words * 3, len(response) if len(response) > words * 12 else 0)
    if not words / 3 - 10 <= count <= most + 10:
        raise _BadRowError("word_count contradicts the text")


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


_DAY = re.compile(r"(\d{1,2})([./])(\d{1,2})[./](\d{4})(?:$|,? |T)")


def _time(text: str, options: ReadOptions) -> datetime | None:
    """ISO 8601, epoch in s, ms, µs or ns, or day.month.year; a day alone is its noon, so no zone moves it."""
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{9,19}(\.\d*)?", text):
            return _epoch(float(text))
        if match := _DAY.match(text):
            text = f"{_iso_day(match, options)} {text[match.end() :]}".strip()
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise _BadRowError("its time is neither ISO 8601 nor seconds since 1970") from None
    if len(text) <= 10:
        at = at.replace(hour=12)
    return at if at.tzinfo else at.replace(tzinfo=options.tz)


def _epoch(value: float) -> datetime:
    # Seconds stay below 1e11 until the year 5138; each finer unit is a thousand times as many.
    scale = next((scale for scale in (1e0, 1e3, 1e6) if value / scale < 1e11), 1e9)
    return datetime.fromtimestamp(value / scale, UTC)


def _iso_day(match: re.Match[str], options: ReadOptions) -> str:
    day, month = int(match[1]), int(match[3])
    if match[2] == "/" and options.date_order != "dmy":
        if options.date_order == "auto" and max(day, month) <= 12:
            raise _BadRowError("its time leaves the order of day and month open: set date_order")
        if options.date_order == "mdy" or month > 12:
            day, month = month, day
    return f"{match[4]}-{month:02}-{day:02}"
