"""What the columns of a table mean, as a YAML file says it; every fault in it is told by its key.

Knows the file's form, not the table.
"""

import difflib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Person
from ipse.sources.reading.yamls import yaml_in

__all__ = ["FIELDS", "Spec", "load", "names_file", "plain"]

FIELDS: Final = (
    "text", "at", "sender", "sender_address", "conversation", "direction", "id", "reply_to", "subject",
    "group", "lang", "attachments", "participants", "content_type", "automatic", "forwarded", "edited",
)  # fmt: skip
"""What a column can be mapped to."""

_KEYS = (
    "file",
    "table",
    "delimiter",
    "encoding",
    "columns",
    "outbound",
    "time",
    "owner",
    "platform",
    "defaults",
)
_DEFAULTS = ("sender", "sender_address", "conversation", "direction", "subject", "group", "lang", "automatic")
_FORMATS = {"iso", "epoch_s", "epoch_ms"}


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping: for each field the column it is in, and how cells are to be read."""

    columns: dict[str, str]
    outbound: frozenset[str] = frozenset()
    time: str = "iso"
    zone: ZoneInfo | None = None
    owner: tuple[str, ...] = ()
    file: str = ""
    table: str = ""
    delimiter: str = ""
    encoding: str = ""
    defaults: dict[str, str] = {}

    def owners(self) -> tuple[Person, ...]:
        """The owner under every name the mapping gives."""
        return tuple(Person("", name) if "@" in name else Person(name) for name in self.owner)

    def is_owner(self, person: Person) -> bool:
        """Whether somebody goes by one of the owner's names or addresses."""
        names = {name.casefold() for name in self.owner}
        return bool({person.name.casefold(), person.address.casefold()} & names)


def names_file(path: ExportPath) -> bool:
    """Whether this is a mapping that says which file it is for."""
    if path.suffix not in (".yaml", ".yml"):
        return False
    head = path.head.decode("utf-8", "replace")
    return bool(
        re.search(r"^file:[ \t]*\S", head, re.MULTILINE) and re.search(r"^columns:", head, re.MULTILINE)
    )


def load(path: ExportPath) -> Spec:
    """Read a mapping; raises ``SourceError`` naming the key at fault and what to write instead."""
    document = yaml_in(path, "Check indents and quotes.")
    if not isinstance(document, dict):
        raise _fault(
            path, "columns", "is missing", "write columns: {text: COLUMN, at: COLUMN, sender: COLUMN}"
        )
    return _Reader(path, document).spec()


def _fault(path: ExportPath, key: str, what: str, instead: str) -> SourceError:
    return SourceError(f"{path.label}: `{key}` {what}.", hint=f"{instead[:1].upper()}{instead[1:]}.")


class _Reader:
    """Goes over the keys of one mapping."""

    def __init__(self, path: ExportPath, document: Mapping[object, object]) -> None:
        self._path, self._document = path, document

    def fault(self, key: str, what: str, instead: str) -> SourceError:
        return _fault(self._path, key, what, instead)

    def spec(self) -> Spec:
        self._known("", self._document, _KEYS)
        columns, outbound = self._columns()
        form, zone = self._time()
        defaults = self._defaults()
        if not ({"sender", "sender_address", "direction"} & {*columns, *defaults}):
            raise self.fault(
                "columns.sender", "is missing, so nothing says who wrote a row",
                "map it, or write defaults: {direction: outbound} if all is yours",
            )  # fmt: skip
        return Spec(
            columns=columns,
            outbound=outbound,
            time=form,
            zone=zone,
            owner=self._owner(),
            file=self._file(),
            table=self._text("table"),
            delimiter=self._delimiter(),
            encoding=self._encoding(),
            defaults=defaults,
        )

    def _known(self, above: str, found: Mapping[object, object], known: tuple[str, ...]) -> None:
        for key in found:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                instead = f"write {above}{near[0]}" if near else f"known are {', '.join(known)}"
                raise self.fault(f"{above}{str(key)[:40]}", "is no key of a mapping", instead)

    def _text(self, key: str) -> str:
        value = self._document.get(key, "")
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise self.fault(key, "is no text", f"write {key}: and a word behind it")
        return str(value or "")

    def _columns(self) -> tuple[dict[str, str], frozenset[str]]:
        found = self._document.get("columns")
        if not isinstance(found, dict) or not found:
            raise self.fault(
                "columns", "is missing", "write columns: {text: COLUMN, at: COLUMN, sender: COLUMN}"
            )
        self._known("columns.", found, FIELDS)
        columns: dict[str, str] = {}
        outbound = self._values("outbound", self._document.get("outbound"))
        for field, value in found.items():
            column = value
            if field == "direction" and isinstance(value, dict):
                self._known("columns.direction.", value, ("column", "outbound"))
                column = value.get("column")
                outbound |= self._values("columns.direction.outbound", value.get("outbound"))
            if isinstance(column, bool) or not isinstance(column, str | int) or column == "":
                raise self.fault(f"columns.{field}", "names no column", f"write columns: {{{field}: NAME}}")
            columns[field] = str(column)
        for field in ("text", "at"):
            if field not in columns:
                raise self.fault(f"columns.{field}", "is missing", f"write columns: {{{field}: NAME}}")
        if "direction" in columns and not outbound:
            raise self.fault(
                "columns.direction", "does not say which values are yours",
                "write direction: {column: NAME, outbound: [VALUE, VALUE]}",
            )  # fmt: skip
        return columns, outbound

    def _values(self, key: str, value: object) -> frozenset[str]:
        if value is None:
            return frozenset()
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str | int | float) for one in values):
            raise self.fault(key, "is no list of values", f"write {key.rsplit('.', 1)[-1]}: [sent, 2]")
        return frozenset(plain(one) for one in values)

    def _time(self) -> tuple[str, ZoneInfo | None]:
        found = self._document.get("time", "iso")
        form, zone = found, None
        if isinstance(found, dict):
            self._known("time.", found, ("format", "zone"))
            form = found.get("format", "iso")
            if (name := found.get("zone")) is not None:
                zone = self._zone(name)
        if not isinstance(form, str) or not (form in _FORMATS or "%" in form):
            raise self.fault(
                "time", "is no form of time",
                "write iso, epoch_s, epoch_ms, or a pattern such as \"%d.%m.%Y %H:%M\"",
            )  # fmt: skip
        if "%" in form:
            try:
                datetime.strptime(datetime(2024, 2, 1, tzinfo=UTC).strftime(form), form)  # noqa: DTZ007 - only tried
            except (ValueError, re.error):
                raise self.fault(
                    "time", "has a directive that is none", 'write as "%d.%m.%Y %H:%M"'
                ) from None
        return form, zone

    def _zone(self, name: object) -> ZoneInfo:
        try:
            return ZoneInfo(str(name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise self.fault("time.zone", "is no time zone", "write one such as Europe/Berlin") from None

    def _owner(self) -> tuple[str, ...]:
        found = self._document.get("owner", [])
        names = found if isinstance(found, list) else [found]
        if not all(isinstance(name, str) and name.strip() for name in names):
            raise self.fault("owner", "is no name", "write owner: [Your Name, you@example.org]")
        return tuple(str(name).strip() for name in names)

    def _file(self) -> str:
        name = self._text("file")
        if (
            name.startswith(("/", "\\", "~"))
            or re.match(r"[A-Za-z]:", name)
            or ".." in re.split(r"[/\\]", name)
        ):
            raise self.fault(
                "file", "leads out of the mapping's folder", "put both beside each other and write the name"
            )
        return name

    def _delimiter(self) -> str:
        mark = str(self._document.get("delimiter") or "")
        mark = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(mark, mark)
        if len(mark) > 1:
            raise self.fault(
                "delimiter", "is more than one character", 'write delimiter: ";" or delimiter: tab'
            )
        return mark

    def _encoding(self) -> str:
        name = self._text("encoding")
        try:
            "".encode(name or "utf-8")
            bytes(range(256)).decode(name or "utf-8", "replace")
        except (LookupError, ValueError):
            raise self.fault("encoding", "is unknown", "write utf-8, cp1252 or utf-16") from None
        return name

    def _defaults(self) -> dict[str, str]:
        found = self._document.get("defaults") or {}
        if not isinstance(found, dict):
            raise self.fault("defaults", "is no list of keys", "write defaults: {conversation: NAME}")
        self._known("defaults.", found, _DEFAULTS)
        values = {str(key): plain(cast("Any", value)) for key, value in found.items()}
        if values.get("direction", "inbound") not in ("inbound", "outbound"):
            raise self.fault("defaults.direction", "is no direction", "write inbound or outbound")
        return values


def plain(value: object) -> str:
    """A cell or value as text: whole numbers without a point, true and false in lower case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()
