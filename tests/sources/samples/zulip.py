"""A small export of a Zulip organization: a channel with two topics, a direct message, a bot, a quote."""

import json
from pathlib import Path
from typing import Any

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("iris@lab.example",))
START = 1_650_000_000


def message(number: int, sender: int, content: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "sender": sender,
        "recipient": 31,
        "subject": "kettles",
        "content": content,
        "date_sent": START + number * 60.5,
        "edit_history": None,
        **more,
    }


def profile(number: int, name: str, mail: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "full_name": name,
        "email": f"user{number}@zulip.example",
        "delivery_email": mail,
        **more,
    }


REALM = {
    "zerver_realm": [{"id": 1, "string_id": "lab", "name": "The Lab"}],
    "zerver_userprofile": [
        profile(11, "Iris Moor", "iris@lab.example"),
        profile(12, "Karl Stone", "karl@lab.example"),
        profile(13, "Deploy", "deploy-bot@lab.example", is_bot=True),
    ],
    "zerver_userprofile_crossrealm": [{"id": 5, "email": "notification-bot@zulip.com"}],
    "zerver_stream": [{"id": 21, "name": "kitchen"}],
    "zerver_recipient": [
        {"id": 31, "type": 2, "type_id": 21},
        {"id": 32, "type": 1, "type_id": 11},
        {"id": 33, "type": 3, "type_id": 1},
    ],
    "zerver_subscription": [{"recipient": 33, "user_profile": number} for number in (11, 12, 13)],
}


def export(folder: Path, *parts: list[Any], reactions: list[dict[str, Any]] | None = None) -> Path:
    folder.mkdir(parents=True)
    (folder / "realm.json").write_text(json.dumps(REALM, indent=1))
    for number, messages in enumerate(parts, 1):
        table = {"zerver_message": messages, "zerver_usermessage": [], "zerver_reaction": reactions or []}
        (folder / f"messages-{number:06}.json").write_text(json.dumps(table, indent=1))
    return folder


def write(folder: Path) -> Path:
    said = "@_**Karl Stone|12** [said](https://lab.example/#narrow/id/101):"
    quote = f"{said}\n```quote\nWho broke it?\n```\nNot me."
    first = [
        message(101, 12, "Who broke it? @**Iris Moor**"),
        message(102, 11, quote),
        message(103, 5, "This topic was resolved."),
        message(104, 12, "It boils again", subject="✔ kettles"),
    ]
    second = [
        message(105, 12, "lunch?", recipient=32, subject=""),
        message(106, 11, "[menu.pdf](/user_uploads/2/ab/menu.pdf)", subject="lunch"),
        message(107, 12, "all three of us", recipient=33, subject=""),
    ]
    heart = [{"id": 1, "message": 101, "user_profile": 11, "emoji_name": "heart"}]
    return export(folder / "zulip-export-lab", first, second, reactions=heart)
