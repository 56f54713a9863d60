"""Mapping: a table of any program, read as a YAML file says: which column is the text, the time, the sender.

Where it comes from: exports of programs that no other source knows, own databases, spreadsheets. Knows only
what the mapping says; the table is the owner's business.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast, get_args

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import ContentType, Message, Person, Unreadable
from ipse.sources.mapping.rows import Row, rows
from ipse.sources.mapping.spec import Spec, load, names_file, plain
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import Repeats, digest, surveyed
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_iso, from_ms, from_seconds

__all__ = ["MappedTable"]

BESIDE = ".mapping.yaml"
_ABSENT = object()
_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_KINDS = frozenset(get_args(ContentType))


class _BadRowError(Exception):
    """Why a row cannot be used, in words that quote none of it."""


class MappedTable:
    """Reads any table whose columns a mapping explains."""

    name = "mapping"
    aliases: tuple[str, ...] = ("mapping_yaml", "csv_mapping")
    reads = "any CSV, JSON, Parquet or SQLite table, with a YAML file that says what its columns mean"
    general = True

    def guide(self) -> str:
        """How to write a mapping."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Only where a mapping lies beside the file, or the file is one that names its table."""
        try:
            if not path.is_file():
                return False
            return _beside(path) is not None or (names_file(path) and not _serves_neighbour(path))
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote how much; the owner is who the mapping says."""
        spec, table = _resolved(path, options)
        owner = spec.owners() or (() if _says_direction(spec) else None)
        return surveyed(_read(spec, table, options), owner=owner)

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield a message for each row; a row that cannot be used is one ``Unreadable``."""
        return _read(*_resolved(path, options), options)


def _says_direction(spec: Spec) -> bool:
    return "direction" in spec.columns or spec.defaults.get("direction") == "outbound"


def _near(path: ExportPath, name: str) -> ExportPath | None:
    """What lies in the same folder under a name, if there is anything."""
    if path.parent is not None:
        found = path.parent.joinpath(*name.replace("\\", "/").split("/"))
    elif path.path is not None:
        found = ExportPath.at(path.path.absolute().parent / name)
    else:
        return None
    return found if found.is_file() else None


def _beside(path: ExportPath) -> ExportPath | None:
    return None if path.name.endswith(BESIDE) else _near(path, path.name + BESIDE)


def _serves_neighbour(path: ExportPath) -> bool:
    """Whether the table it is for would be recognized itself, by this very mapping."""
    name = path.name.removesuffix(BESIDE)
    return name != path.name and _near(path, name) is not None


def _resolved(path: ExportPath, options: ReadOptions) -> tuple[Spec, ExportPath]:
    """The mapping and the table it is for."""
    if options.mapping is not None:
        said = ExportPath.at(options.mapping)
        if not said.is_file():
            raise SourceError(f"{options.mapping}: no such mapping.", hint="Check the path behind --mapping.")
        return load(said), path
    if (beside := _beside(path)) is not None:
        return load(beside), path
    if path.suffix not in (".yaml", ".yml"):
        raise SourceError(
            f"{path.label}: nothing says what its columns mean.",
            hint=f"Write {path.name}{BESIDE} beside it, or --mapping FILE; see `ipse sources guide mapping`.",
        )
    spec = load(path)
    name = spec.file or path.name.removesuffix(BESIDE)
    table = _near(path, name) if name != path.name else None
    if table is None:
        raise SourceError(
            f"{path.label}: `file` names no file beside it.", hint="Write file: and the name of the table."
        )
    return spec, table


def _read(spec: Spec, table: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
    reader = _Reader(spec, table, options)
    for position, row in rows(table, delimiter=spec.delimiter, encoding=spec.encoding, table=spec.table):
        try:
            if isinstance(row, str):
                raise _BadRowError(row)
            yield reader.message(row)
        except _BadRowError as reason:
            yield Unreadable(table.label, position, str(reason))


class _Reader:
    """Makes messages of rows."""

    def __init__(self, spec: Spec, table: ExportPath, options: ReadOptions) -> None:
        self._spec, self._table = spec, table
        self._zone = spec.zone or options.tz
        self._repeats = Repeats()
        self._json = table.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
        self._checked = False

    def message(self, row: Row) -> Message:
        if not self._json and not self._checked:
            self._check(row)
        if _cell(row, self._spec.columns["text"]) is _ABSENT:
            raise _BadRowError("it has no text")
        sender = Person(self._text(row, "sender"), self._text(row, "sender_address"))
        at, text = self._at(row), self._text(row, "text")
        conversation = self._text(row, "conversation") or self._table.stem
        native = self._text(row, "id")
        attachments = self._list(row, "attachments")
        reply = self._text(row, "reply_to")
        return Message(
            id=self._identity(conversation, native, row, sender, text),
            conversation=conversation,
            platform=MappedTable.name,
            at=at,
            sender=sender,
            text=text,
            raw=self._text(row, "text", raw=True),
            direction="outbound" if self._own(row, sender) else "inbound",
            participants=tuple(Person(name) for name in self._list(row, "participants"))[:200],
            group=self._truth(row, "group"),
            content_type=self._kind(row, "media" if attachments and not text else "text"),
            subject=self._text(row, "subject") or None,
            reply_to=self._native(conversation, reply) if reply and "id" in self._spec.columns else None,
            lang=self._text(row, "lang").lower() or None,
            attachments=attachments,
            automatic=self._truth(row, "automatic"),
            forwarded=self._truth(row, "forwarded"),
            edited=self._truth(row, "edited"),
        )

    def _check(self, row: Row) -> None:
        """Every row of a table has the columns of the first; only JSON leaves out what is empty."""
        for field, column in self._spec.columns.items():
            if column not in row:
                found = ", ".join(str(name)[:40] for name in list(row)[:30])
                raise SourceError(
                    f"{self._table.label}: there is no column `{column}` for `columns.{field}`.",
                    hint=f"Write one of these: {''.join(c if c.isprintable() else '?' for c in found)}.",
                )
        self._checked = True

    def _value(self, row: Row, field: str) -> Any:  # noqa: ANN401 - whatever a cell holds
        column = self._spec.columns.get(field)
        value = None if column is None else _cell(row, column)
        return None if value is _ABSENT else value

    def _text(self, row: Row, field: str, *, raw: bool = False) -> str:
        value = self._value(row, field)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, dict | list):
            raise _BadRowError(f"its {field} is no text")
        if raw and isinstance(value, str):
            return value
        return clean(plain(value)) or self._spec.defaults.get(field, "")

    def _list(self, row: Row, field: str) -> tuple[str, ...]:
        value = self._value(row, field)
        if isinstance(value, list):
            return tuple(clean(plain(one)) for one in value if isinstance(one, str | int | float))
        return tuple(
            one for part in self._text(row, field).replace("\n", ";").split(";") if (one := part.strip())
        )

    def _truth(self, row: Row, field: str) -> bool:
        return self._text(row, field).lower() in _TRUE

    def _kind(self, row: Row, otherwise: ContentType) -> ContentType:
        kind = self._text(row, "content_type").lower()
        return cast("ContentType", kind) if kind in _KINDS else otherwise

    def _own(self, row: Row, sender: Person) -> bool:
        if "direction" in self._spec.columns:
            value = self._value(row, "direction")
            return plain(value) in self._spec.outbound
        if "direction" in self._spec.defaults:
            return self._spec.defaults["direction"] == "outbound"
        return self._spec.is_owner(sender)

    def _identity(self, conversation: str, native: str, row: Row, sender: Person, text: str) -> str:
        if native:
            return self._native(conversation, native)
        parts = (conversation, plain(self._value(row, "at")), sender.name, sender.address, text)
        return self._repeats.numbered(digest("mapping", *parts))

    def _native(self, conversation: str, native: str) -> str:
        return digest("mapping id", conversation, native)

    def _at(self, row: Row) -> datetime:
        value = self._value(row, "at")
        try:
            return self._moment(value)
        except (ValueError, OverflowError, ArithmeticError):
            said = {"iso": "no ISO 8601", "epoch_s": "no seconds since 1970", "epoch_ms": "no ms since 1970"}
            raise _BadRowError(f"its time is {said.get(self._spec.time, 'not as `time` says')}") from None

    def _moment(self, value: object) -> datetime:
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=self._zone)
        if isinstance(value, date):
            return datetime.combine(value, time(12), self._zone)
        if self._spec.time in ("epoch_s", "epoch_ms"):
            if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
                raise ValueError("no number")
            number = int(value) if str(value).strip().lstrip("-").isdigit() else float(value)
            return from_seconds(number) if self._spec.time == "epoch_s" else from_ms(number)
        text = plain(value)
        if self._spec.time == "iso":
            at = from_iso(text, self._zone)
            return at.replace(hour=12) if len(text) <= 10 else at
        at = datetime.strptime(text, self._spec.time)  # noqa: DTZ007 - the zone follows
        if not any(part in self._spec.time for part in ("%H", "%I", "%c", "%X", "%s")):
            at = at.replace(hour=12)
        return at if at.tzinfo else at.replace(tzinfo=self._zone)


def _cell(row: Row, column: str) -> Any:  # noqa: ANN401 - whatever a cell holds
    """A cell by its column; in JSON `author.name` is `name` within `author`."""
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        if not isinstance(value, dict) or part not in value:
            return _ABSENT
        value = value[part]
    return value
