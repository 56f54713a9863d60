"""A small database of Messages: a chat of two, a group, bodies without text, a reaction, an edit."""

import plistlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions()

NS = 1_000_000_000
DAY = 700_000_000  # seconds after 2001: March 2023
ADA, ADA_MAIL, BEN = "+498912340001", "ada@example.org", "+498912340002"

SCHEMA = """
CREATE TABLE message (ROWID INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT UNIQUE NOT NULL, text TEXT,
  handle_id INTEGER DEFAULT 0, subject TEXT, attributedBody BLOB, service TEXT, account TEXT, error INTEGER,
  date INTEGER, date_read INTEGER, date_delivered INTEGER, is_from_me INTEGER DEFAULT 0, is_forward INTEGER,
  is_auto_reply INTEGER, is_system_message INTEGER, is_service_message INTEGER, cache_has_attachments INTEGER,
  item_type INTEGER DEFAULT 0, group_title TEXT, associated_message_guid TEXT,
  associated_message_type INTEGER DEFAULT 0, associated_message_emoji TEXT, balloon_bundle_id TEXT,
  thread_originator_guid TEXT, date_edited INTEGER DEFAULT 0, date_retracted INTEGER DEFAULT 0,
  destination_caller_id TEXT, message_summary_info BLOB);
CREATE TABLE handle (ROWID INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, service TEXT NOT NULL,
  person_centric_id TEXT, UNIQUE (id, service));
CREATE TABLE chat (ROWID INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT UNIQUE NOT NULL, style INTEGER,
  chat_identifier TEXT, service_name TEXT, display_name TEXT);
CREATE TABLE chat_handle_join (chat_id INTEGER, handle_id INTEGER, UNIQUE (chat_id, handle_id));
CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER, message_date INTEGER,
  PRIMARY KEY (chat_id, message_id));
CREATE TABLE chat_recoverable_message_join (chat_id INTEGER, message_id INTEGER, delete_date INTEGER);
CREATE TABLE attachment (ROWID INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT, filename TEXT, mime_type TEXT,
  transfer_name TEXT);
CREATE TABLE message_attachment_join (message_id INTEGER, attachment_id INTEGER,
  UNIQUE (message_id, attachment_id));
"""


def stream(text: str) -> bytes:
    """A typedstream with this string in it, as `attributedBody` holds it."""
    data = text.encode()
    size = len(data)
    length = (
        bytes([size])
        if size < 0x80
        else b"\x81" + size.to_bytes(2, "little")
        if size < 0x10000
        else b"\x82" + size.to_bytes(4, "little")
    )
    head = (
        b"\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@\x84\x84\x84\x12NSAttributedString\x00\x84\x84\x08NSObject"
    )
    before = b"\x00\x85\x92\x84\x84\x84\x08NSString\x01\x94\x84\x01+"
    return head + before + length + data + b"\x86\x84\x02iI\x01\x0a\x92"


def summary(*versions: str, retracted: bool = False) -> bytes:
    """What became of a message of one part: its versions, or that it was taken back."""
    edits = [{"d": float(DAY + n), "t": stream(text)} for n, text in enumerate(versions)]
    found: dict[str, Any] = {"otr": {"0": {"lo": 0, "le": 5}}, "ust": True}
    return plistlib.dumps(
        found | ({"rp": [0]} if retracted else {"ec": {"0": edits}}), fmt=plistlib.FMT_BINARY
    )


class Book:
    """A database that is being written."""

    def __init__(self, file: Path) -> None:
        self.database = sqlite3.connect(file)
        self.database.executescript(SCHEMA)
        self.rows = 0

    def add(self, table: str, **values: Any) -> int:
        """Insert a row; returns its number."""
        marks = ", ".join("?" * len(values))
        query = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
        return self.database.execute(query, tuple(values.values())).lastrowid or 0

    def handle(self, address: str, service: str = "iMessage", person: str | None = None) -> int:
        return self.add("handle", id=address, service=service, person_centric_id=person)

    def chat(self, identifier: str, *handles: int, style: int = 45, service: str = "iMessage") -> int:
        row = self.add(
            "chat",
            guid=f"{service};-;{identifier}",
            style=style,
            chat_identifier=identifier,
            service_name=service,
        )
        for handle in handles:
            self.add("chat_handle_join", chat_id=row, handle_id=handle)
        return row

    def message(self, chat: int | None, text: str | None, **more: Any) -> int:
        """A message, a minute after the one before."""
        self.rows += 1
        mine = {"account": "p:+498912340009"} if more.get("is_from_me") else {}
        values = (
            {"guid": f"GUID-{self.rows}", "date": (DAY + 60 * self.rows) * NS, "text": text} | mine | more
        )
        row = self.add("message", **values)
        if chat is not None:
            self.add("chat_message_join", chat_id=chat, message_id=row)
        return row

    def file(self, message: int, name: str) -> None:
        row = self.add("attachment", transfer_name=name, filename=f"~/Library/Messages/Attachments/ab/{name}")
        self.add("message_attachment_join", message_id=message, attachment_id=row)

    def close(self) -> None:
        self.database.commit()
        self.database.close()


def write(folder: Path) -> Path:
    """Write the database and return its file."""
    file = folder / "chat.db"
    with closing(Book(file)) as book:
        ada = book.handle(ADA, person="ADA")
        mail = book.handle(ADA_MAIL, person="ADA")
        ben = book.handle(BEN)
        two = book.chat(ADA, ada)
        group = book.chat("chat700100", mail, ben, style=43)
        book.message(two, "are you coming on Sunday?", handle_id=ada)
        book.message(two, None, attributedBody=stream("yes, at nine \U0001f600"), is_from_me=1)
        book.message(
            two,
            "Loved “yes, at nine”",
            handle_id=ada,
            associated_message_type=2000,
            associated_message_guid="p:0/GUID-2",
        )
        book.message(two, None, attributedBody=stream("bring the map"), handle_id=ada)
        book.message(two, None, message_summary_info=summary("nine", "make that ten"), is_from_me=1)
        book.message(two, None, message_summary_info=summary(retracted=True), handle_id=ada)
        book.message(group, None, item_type=2, group_title="Hut", handle_id=mail)
        picture = book.message(group, "\ufffcfrom the summit", handle_id=ben)
        book.file(picture, "summit.jpg")
        book.message(group, "is there snow?", is_from_me=1, thread_originator_guid="GUID-8")
    return file
