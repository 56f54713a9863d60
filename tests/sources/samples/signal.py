"""The app's own export: two people and a group, a reply, an edit, a reaction, a mention, a picture."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import UUID

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions()
IDA, OLE = UUID("aaaaaaaa-0000-4000-8000-000000000001"), UUID("aaaaaaaa-0000-4000-8000-000000000002")
DAY = 1_700_000_000_000


def encoded(data: bytes | UUID) -> str:
    return b64encode(data.bytes if isinstance(data, UUID) else data).decode()


def people() -> list[dict[str, Any]]:
    """The frames that come before the messages."""
    ida = {"aci": encoded(IDA), "e164": "15550000002", "profileGivenName": "Ida", "profileFamilyName": "Berg"}
    ole = {"aci": encoded(OLE), "systemGivenName": "Ole", "systemFamilyName": "Dahl"}
    boat = {"masterKey": encoded(bytes(range(32))), "snapshot": {"title": {"title": "Boat club"}}}
    boat["snapshot"]["members"] = [{"userId": encoded(IDA)}, {"userId": encoded(OLE)}]  # type: ignore[index]
    return [
        {"version": "1", "backupTimeMs": str(DAY + 10**9)},
        {"account": {"givenName": "Noor", "familyName": "Haas", "username": "noor.07"}},
        {"recipient": {"id": "1", "self": {}}},
        {"recipient": {"id": "2", "contact": ida}},
        {"recipient": {"id": "3", "contact": ole}},
        {"recipient": {"id": "4", "group": boat}},
        {"chat": {"id": "1", "recipientId": "2"}},
        {"chat": {"id": "2", "recipientId": "4"}},
        {},
    ]


def item(minute: int, author: int, message: dict[str, Any], chat: int = 1, **more: Any) -> dict[str, Any]:
    """A chat item."""
    way = {"outgoing": {}} if author == 1 else {"incoming": {"read": True}}
    head = {"chatId": str(chat), "authorId": str(author), "dateSent": str(DAY + minute * 60_000)}
    return {"chatItem": {**head, **way, **message, **more}}


def said(body: str, **more: Any) -> dict[str, Any]:
    """A message of words."""
    return {"standardMessage": {"text": {"body": body}, **more}}


def write(folder: Path) -> Path:
    """Write the export and return its folder."""
    root = folder / "signal-export-2023-11-15"
    root.mkdir()
    reply = {"targetSentTimestamp": str(DAY), "authorId": "2", "text": {"body": "is the sail dry?"}}
    hail = {
        "body": "ahoy \ufffc, rain at six",
        "bodyRanges": [{"start": 5, "length": 1, "mentionAci": encoded(OLE)}],
    }
    first = item(5, 1, said("back at two"))["chatItem"]
    picture = {"pointer": {"contentType": "image/jpeg", "fileName": "mast.jpg"}}
    heart = {"emoji": "\u2764\ufe0f", "authorId": "2", "sentTimestamp": str(DAY + 70_000)}
    items = [
        item(0, 2, said("is the sail dry?")),
        item(1, 1, said("yes, and folded \U0001f60a", quote=reply, reactions=[heart])),
        item(6, 1, said("back at three"), revisions=[first]),
        item(7, 2, {"remoteDeletedMessage": {}}),
        item(8, 2, {"standardMessage": {"attachments": [picture]}}),
        item(9, 1, {"standardMessage": {"text": hail}}, chat=2),
        item(10, 3, said("staying ashore then\nsee you"), chat=2),
        item(11, 3, {"updateMessage": {"groupChange": {}}, "directionless": {}}, chat=2),
        item(12, 1, {"thingOfTomorrow": {"x": 1}}),
    ]
    lines = (json.dumps(frame, ensure_ascii=False) for frame in [*people(), *items])
    (root / "main.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (root / "metadata.json").write_text('{"version": 1}')
    return root
