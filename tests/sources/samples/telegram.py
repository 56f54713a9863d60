"""A whole account: a talk, a group with a call and a forward, a bot, and a channel that was left."""

import json
from pathlib import Path
from typing import Any

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions()
DAY = 1_700_000_000
OWNER, ADA, BEN = ("Nora Feld", "user100001"), ("Ada Weber", "user200002"), ("Ben Ito", "user300003")


def said(number: int, who: tuple[str | None, str], text: object, **more: Any) -> dict[str, Any]:
    """A message as Telegram Desktop writes it."""
    moment = DAY + number * 60
    return {
        "id": number,
        "type": "message",
        "date": "2023-11-14T23:13:20",
        "date_unixtime": str(moment),
        "from": who[0],
        "from_id": who[1],
        **more,
        "text": text,
        "text_entities": [],
    }


def service(number: int, who: tuple[str, str], action: str, **more: Any) -> dict[str, Any]:
    """A line of the app."""
    moment = DAY + number * 60
    head = {"id": number, "type": "service", "date": "2023-11-14T23:13:20", "date_unixtime": str(moment)}
    return {**head, "actor": who[0], "actor_id": who[1], "action": action, **more, "text": ""}


def chat(name: str | None, kind: str, number: int, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """A chat: its name comes first, as in the export."""
    return {"name": name, "type": kind, "id": number, "messages": messages}


def account(chats: list[dict[str, Any]], left: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole document."""
    return {
        "about": "Here is the data you requested.",
        "personal_information": {
            "user_id": 100001,
            "first_name": "Nora",
            "last_name": "Feld",
            "phone_number": "+49 30 1234567",
            "username": "@norafeld",
            "bio": "",
        },
        "contacts": {"about": "Your contacts.", "list": [{"user_id": 200002, "first_name": "Ada"}]},
        "chats": {"about": "Your chats.", "list": chats},
        "left_chats": {"about": "Chats you left.", "list": left},
    }


def dump(document: object) -> str:
    """Indented by one, as Telegram Desktop does."""
    return json.dumps(document, ensure_ascii=False, indent=1)


def write(folder: Path) -> Path:
    """Write the export and return its folder."""
    talk = [
        said(11, ADA, "are you coming on Sunday?"),
        said(12, OWNER, ["yes, at ", {"type": "bold", "text": "nine"}, " 🙂"], reply_to_message_id=11),
        said(13, ADA, "", photo="photos/summit.jpg", width=640, height=480),
        said(14, OWNER, "none below\ntwo thousand", edited_unixtime=str(DAY + 900)),
    ]
    group = [
        service(21, OWNER, "create_group", title="Rope team", members=["Ada Weber", "Ben Ito"]),
        said(22, BEN, "who brings the rope?", reactions=[{"type": "emoji", "count": 2, "emoji": "👍"}]),
        said(23, OWNER, "me, and the map too"),
        said(24, BEN, "storm warning for the weekend", forwarded_from="Weather"),
        service(25, BEN, "group_call", duration=61),
    ]
    bot = [said(31, OWNER, "/start"), said(32, ("Forecast", "user400004"), "Send me a place.")]
    news = [said(41, ("Mountain News", "channel500005"), "New hut opened.")]
    document = account(
        [
            chat("Ada Weber", "personal_chat", 200002, talk),
            chat("Rope team", "private_group", 700, group),
            chat("Forecast", "bot_chat", 400004, bot),
        ],
        [chat("Mountain News", "public_channel", 500005, news)],
    )
    export = folder / "DataExport_2023-11-15"
    (export / "photos").mkdir(parents=True)
    (export / "photos" / "summit.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (export / "result.json").write_text(dump(document), encoding="utf-8")
    return export
