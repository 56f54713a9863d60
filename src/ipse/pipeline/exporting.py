"""Everything the owner's vault holds, back out in the wire schema and in formats other programs read."""

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from ipse.pipeline.contacts import conversations
from ipse.pipeline.tabular import ExportFormat
from ipse.pipeline.workspace import Workspace
from ipse.records import Message
from ipse.schemas import WIRE_FIELDS, WireMessage

if TYPE_CHECKING:
    from ipse.vault import Conversation

__all__ = ["export_messages", "subject_norm", "wire"]

ROWS_AT_A_TIME = 4096
# "Re", "Fwd" and their kin in the languages mail programs translate them to, also "Re[2]:" and "AW: WG:".
PREFIX = re.compile(
    r"^\s*(?:(?:re|aw|antw|sv|vs|ref|rif|rv|fwd?|wg|tr|i|fs|vl|enc|doorst|odp|pd|yn|ynt|ilt|отв|на)"
    r"(?:\[\d+\]|\(\d+\))?\s*[::]\s*)+",
    re.IGNORECASE,
)
EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\u25fd\u25fe]"
)


def subject_norm(subject: str | None) -> str | None:
    """The subject without reply and forward prefixes, in lower case, spaces folded."""
    if subject is None:
        return None
    return " ".join(PREFIX.sub("", subject).split()).casefold()


def wire(messages: Sequence[Message]) -> Iterator[WireMessage]:
    """One conversation, sorted by time, as rows of the wire schema.

    ``is_reply`` is true where the export says what is answered, and where somebody else wrote just before.
    """
    people = {
        message.sender.name for message in messages if message.direction == "inbound" and message.sender.name
    }
    before: Message | None = None
    for index, message in enumerate(messages):
        follows = before is not None and before.sender != message.sender and message.content_type != "system"
        yield _row(
            message, people, index=index, length=len(messages), is_reply=bool(message.reply_to) or follows
        )
        before = message


def _row(message: Message, people: set[str], *, index: int, length: int, is_reply: bool) -> WireMessage:
    partner = next(iter(people)) if len(people) == 1 and not message.group else message.conversation
    return WireMessage(
        conversation_id=message.conversation,
        message_id=message.id,
        timestamp_ms=round(message.at.timestamp() * 1000),
        date_iso=message.at.isoformat(),
        sender=message.sender.name,
        direction=message.direction,
        participants=[person.name for person in message.participants],
        body_raw=message.raw or None,
        body_text=message.text,
        subject=message.subject,
        subject_norm=subject_norm(message.subject),
        reply_to_message_id=message.reply_to,
        account=message.account,
        sender_domain=message.sender_domain,
        partner_id=partner if people else None,
        is_reply=is_reply,
        turn_role="you" if message.direction == "outbound" else "partner",
        content_type=message.content_type,
        lang=message.lang,
        char_len=len(message.text),
        token_est=math.ceil(len(message.text.encode("utf-8", "replace")) / 4),
        has_emoji=EMOJI.search(message.text) is not None,
        thread_index=index,
        thread_len=length,
        platform=message.platform,
    )


def export_messages(workspace: Workspace, out: Path | TextIO, form: ExportFormat) -> int:
    """Write every message of the vault and return how many; the export is noted in the audit log first."""
    workspace.vault.note("export.messages", {"format": form})
    rows = _rows(conversations(workspace, why="export"))
    if isinstance(out, Path):
        if form == "parquet":
            return _parquet(rows, out)
        with out.open("w", encoding="utf-8", newline="") as stream:
            return _WRITERS[form](rows, stream)
    return _WRITERS[form](rows, out)


def _rows(conversations: "Iterator[Conversation]") -> Iterator[WireMessage]:
    for conversation in conversations:
        yield from wire(conversation.messages)


def _jsonl(rows: Iterator[WireMessage], stream: TextIO) -> int:
    written = 0
    for row in rows:
        stream.write(msgspec.json.encode(row).decode() + "\n")
        written += 1
    return written


def _csv(rows: Iterator[WireMessage], stream: TextIO) -> int:
    writer = csv.writer(stream)
    writer.writerow(WIRE_FIELDS)
    written = 0
    for row in rows:
        values = [getattr(row, field) for field in WIRE_FIELDS]
        writer.writerow("; ".join(value) if isinstance(value, list) else value for value in values)
        written += 1
    return written


_WRITERS: dict[str, Callable[[Iterator[WireMessage], TextIO], int]] = {"jsonl": _jsonl, "csv": _csv}


def _parquet(rows: Iterator[WireMessage], file: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"timestamp_ms": pa.int64(), "participants": pa.list_(pa.string())}
    kinds |= dict.fromkeys(("char_len", "token_est", "thread_index", "thread_len"), pa.int32())
    kinds |= dict.fromkeys(("is_reply", "has_emoji"), pa.bool_())
    schema = pa.schema([(field, kinds.get(field, pa.string())) for field in WIRE_FIELDS])
    written = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(rows, ROWS_AT_A_TIME)):
            writer.write_table(
                pa.Table.from_pylist([msgspec.structs.asdict(row) for row in batch], schema=schema)
            )
            written += len(batch)
    return written
