"""A data package of 2025 in German: a direct message and a server, and a channel without messages."""

import json
from pathlib import Path
from typing import Any

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions()
OWNER, ADA = "300000000000000001", "300000000000000002"


def row(number: int, stamp: str, text: str, files: str = "") -> dict[str, Any]:
    """A message as the package has it."""
    return {
        "ID": 1_200_000_000_000_000_000 + number,
        "Timestamp": stamp,
        "Contents": text,
        "Attachments": files,
    }


def put(file: Path, document: object) -> None:
    """Write a document, with the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def exported(number: int, author: str, text: str, /, **more: Any) -> dict[str, Any]:
    """A message as DiscordChatExporter writes it."""
    return {
        "id": str(1_200_000_000_000_000_000 + number),
        "type": "Default",
        "timestamp": f"2023-12-01T11:{number // 60:02}:{number % 60:02}.123+01:00",
        "timestampEdited": None,
        "isPinned": False,
        "content": text,
        "author": {
            "id": "3",
            "name": author,
            "discriminator": "0000",
            "nickname": author.title(),
            "isBot": False,
        },
        "attachments": [],
        "embeds": [],
        "stickers": [],
        "reactions": [],
        "mentions": [],
        **more,
    }


def channel(
    messages: list[dict[str, Any]], kind: str = "DirectTextChat", number: str = "77"
) -> dict[str, Any]:
    """A file of DiscordChatExporter."""
    return {
        "guild": {"id": "0", "name": "Climbers", "iconUrl": "https://example.org/a.png"},
        "channel": {"id": number, "type": kind, "category": None, "name": "general", "topic": None},
        "dateRange": {"after": None, "before": None},
        "exportedAt": "2023-12-02T00:00:00+01:00",
        "messages": messages,
        "messageCount": len(messages),
    }


def write(folder: Path) -> Path:
    """Write the package and return its folder."""
    package = folder / "package"
    messages = package / "Nachrichten"
    put(
        messages / "index.json",
        {
            "770000000000000001": "Direktnachricht mit ada#0",
            "770000000000000002": None,
            "770000000000000003": "x",
        },
    )
    put(
        messages / "c770000000000000001" / "channel.json",
        {"id": "770000000000000001", "type": "DM", "recipients": [OWNER, ADA]},
    )
    put(
        messages / "c770000000000000001" / "messages.json",
        [
            row(3, "2023-12-01 10:00:09", "<:rope:123> it is, said the <the guide>"),
            row(2, "2023-12-01 10:00:05", f"on Sunday 😀 <@{ADA}>?"),
            row(1, "2023-12-01 10:00:00", "are you coming?"),
        ],
    )
    put(messages / "c770000000000000002" / "channel.json", {"id": "770000000000000002", "type": "GROUP_DM"})
    guild = {
        "id": "770000000000000003",
        "type": "GUILD_TEXT",
        "name": "huts",
        "guild": {"id": "4", "name": "Alps"},
    }
    put(messages / "c770000000000000003" / "channel.json", guild)
    put(
        messages / "c770000000000000003" / "messages.json",
        [row(9, "2023-12-02 11:00:00", "", "https://cdn.example.org/1/hut.png?ex=aa&hm=bb")],
    )
    put(
        package / "Konto" / "user.json",
        {
            "id": OWNER,
            "username": "nora.feld",
            "discriminator": "0",
            "global_name": "Nora Feld",
            "relationships": [],
        },
    )
    return package
