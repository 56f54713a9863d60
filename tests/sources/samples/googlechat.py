"""A small `Google Chat` folder of Takeout: a talk of two, a space with a topic, a bot, a deleted message."""

import json
from pathlib import Path
from typing import Any

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("vera@fen.example",))
VERA = {"name": "Vera Fenn", "email": "vera@fen.example", "user_type": "Human"}
HUGO = {"name": "Hugo Sand", "email": "hugo@fen.example", "user_type": "Human"}
ANNE = {"name": "Anne Reed", "email": "anne@fen.example", "user_type": "Human"}


def sent(who: dict[str, str], text: str | None, number: str, date: str = "", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "creator": who,
        "created_date": date or f"Tuesday, January 2, 2024 at 3:0{len(number) % 10}:05\u202fPM UTC",
        "topic_id": number.split("/")[1] if "/" in number else number,
        "message_id": number,
    }
    return {**found, **({"text": text} if text is not None else {}), **more}


def group(folder: Path, members: list[dict[str, str]], messages: list[Any], name: str = "") -> Path:
    folder.mkdir(parents=True)
    info = {"members": members, **({"name": name} if name else {})}
    (folder / "group_info.json").write_text(json.dumps(info, indent=2))
    (folder / "messages.json").write_text(json.dumps({"messages": messages}, indent=2, ensure_ascii=False))
    return folder


def write(folder: Path) -> Path:
    root = folder / "Google Chat"
    heart = [{"emoji": {"unicode": "❤"}, "reactor_emails": ["hugo@fen.example"]}]
    group(
        root / "Groups" / "DM aBcD",
        [VERA, HUGO],
        [
            sent(HUGO, "Are the herons back?", "aBcD/t1/t1"),
            sent(VERA, "Since Monday, four of them.", "aBcD/t2/t2", reactions=heart),
            sent(
                HUGO,
                None,
                "aBcD/t3/t3",
                attached_files=[{"original_name": "h.png", "export_name": "File-h.png"}],
            ),
            {
                "message_state": "DELETED",
                "deleted_date": "Tuesday, January 2, 2024 at 8:44:40 PM UTC",
                "topic_id": "t4",
                "message_id": "aBcD/t4/t4",
                "deletion_metadata": {"deletion_type": "CREATOR"},
            },
        ],
    )
    bot = {"name": "Tide Bot", "email": "", "user_type": "Bot"}
    group(
        root / "Groups" / "Space XyZ",
        [VERA, HUGO, ANNE],
        [
            sent(ANNE, "Count on Sunday?", "XyZ/c1/c1"),
            sent(VERA, "I am in", "XyZ/c1/c2"),
            sent(bot, "High tide 06:12", "XyZ/c3/c3"),
        ],
        name="Heron count",
    )
    user = root / "Users" / "User 1234"
    user.mkdir(parents=True)
    (user / "user_info.json").write_text(json.dumps({"user": VERA, "membership_info": []}))
    return root
