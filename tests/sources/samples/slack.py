"""A small workspace: a channel with a thread, a bot and somebody joining, and a direct message."""

import json
from pathlib import Path
from typing import Any

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("Nora Feld",))
DAY = 1_700_000_000


def put(file: Path, document: object) -> None:
    """Write a document, with the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, ensure_ascii=False, indent=4), encoding="utf-8")


def user(number: str, name: str, handle: str, **more: Any) -> dict[str, Any]:
    """A member of the workspace."""
    profile = {"real_name": name, "display_name": "", "email": f"{handle}@example.org"}
    return {"id": number, "team_id": "T1", "name": handle, "deleted": False, "profile": profile, **more}


def said(second: int, who: str, text: str, **more: Any) -> dict[str, Any]:
    """A message as the export has it."""
    return {"type": "message", "user": who, "text": text, "ts": f"{DAY + second}.00{second:04}", **more}


def workspace(
    root: Path, channels: dict[str, list[dict[str, Any]]], directs: dict[str, list[dict[str, Any]]]
) -> Path:
    """Write channels by name and direct messages by id, each in one day's file."""
    users = [
        user("U01", "Nora Feld", "nora"),
        user("U02", "Ada Weber", "ada"),
        user("U03", "Deploy Bot", "deploy", is_bot=True),
    ]
    put(root / "users.json", users)
    listed = [
        {"id": f"C{n:02}", "name": name, "members": ["U01", "U02"]} for n, name in enumerate(channels, 1)
    ]
    put(root / "channels.json", listed)
    put(root / "groups.json", [])
    put(root / "mpims.json", [])
    put(root / "dms.json", [{"id": number, "members": ["U01", "U02"]} for number in directs])
    for name, rows in {**channels, **directs}.items():
        put(root / name / "2023-11-14.json", rows)
    return root


def write(folder: Path) -> Path:
    """Write the export and return its folder."""
    root = f"{DAY + 2}.000002"
    general = [
        said(1, "U02", "<@U02> has joined the channel", subtype="channel_join"),
        said(2, "U02", "who can look at <https://example.org/a?b=1&amp;c=2|the map>?", thread_ts=root),
        said(
            3,
            "U01",
            "I can, &lt;tomorrow&gt;",
            thread_ts=root,
            reactions=[{"name": "tada", "users": ["U02"]}],
        ),
        said(4, "U03", "build 7 failed", subtype="bot_message", bot_id="B1"),
        said(
            5,
            "U01",
            "here it is",
            files=[{"name": "map.png", "url_private": "https://files.example.org/map.png"}],
        ),
    ]
    direct = [
        said(6, "U02", "lunch?"),
        said(7, "U01", "at noon, <@U02>", edited={"user": "U01", "ts": "1.2"}),
    ]
    return workspace(folder / "Alps Slack export", {"general": general}, {"D01": direct})
