"""A small Facebook export: two conversations, one of them over two files, a profile, a photo."""

import json
from pathlib import Path
from typing import Any

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("Nora Vale",))
NORA, PETRA, EMRE = "Nora Vale", "Petra Holm", "Emre Öz"
START = 1_700_000_000_000


def spoilt(text: str) -> str:
    """As Meta writes it: each byte of the UTF-8 a character."""
    return text.encode().decode("latin-1")


def said(minute: float, sender: str, content: str | None = None, **more: Any) -> dict[str, Any]:
    words = {} if content is None else {"content": spoilt(content)}
    stamp = START + round(minute * 60_000)
    return {
        "sender_name": spoilt(sender),
        "timestamp_ms": stamp,
        **words,
        "is_geoblocked_for_viewer": False,
        **more,
    }


def conversation(folder: Path, people: list[str], parts: list[list[dict[str, Any]]], **more: Any) -> Path:
    """Write the parts, newest first in each and the newest part first, as Meta does."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(parts, 1):
        document = {
            "participants": [{"name": spoilt(name)} for name in people],
            "messages": sorted(part, key=lambda one: -one["timestamp_ms"]),
            "title": spoilt(people[0]),
            "is_still_participant": True,
            "thread_path": f"{folder.parent.name}/{folder.name}",
            "magic_words": [],
            **more,
        }
        (folder / f"message_{number}.json").write_text(json.dumps(document, indent=2), encoding="utf-8")
    return folder


def write(folder: Path) -> Path:
    root = folder / "facebook-nora-2024"
    inbox = root / "your_facebook_activity" / "messages" / "inbox"
    petra = conversation(
        inbox / "petraholm_7012345678",
        [PETRA, NORA],
        [
            [
                said(70, NORA, "Ok"),
                said(70, NORA, "Ok"),
                said(
                    71,
                    PETRA,
                    "See you at the café then ☕",
                    reactions=[{"reaction": spoilt("❤"), "actor": NORA}],
                ),
            ],
            [
                said(0, NORA, "Are you coming tomorrow?"),
                said(1, PETRA, "Yes, after eight. Should I bring anything?"),
                said(2, NORA, "Only yourself, and maybe the small blue pot"),
                said(3, PETRA, photos=[{"uri": f"{PHOTO}/pot.jpg", "creation_timestamp": START // 1000}]),
            ],
        ],
    )
    (petra / "photos").mkdir()
    (petra / "photos" / "pot.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    conversation(
        inbox / "plants_7099999999",
        ["The plant people", NORA, PETRA, EMRE],
        [
            [
                said(90, EMRE, "The basil is growing"),
                said(91, NORA, "Mine is not"),
                said(92, EMRE, "Emre left the group."),
            ]
        ],
    )
    profile = root / "personal_information" / "profile_information"
    profile.mkdir(parents=True)
    document = {
        "profile_v2": {"name": {"full_name": spoilt(NORA), "first_name": "Nora", "last_name": "Vale"}}
    }
    (profile / "profile_information.json").write_text(json.dumps(document), encoding="utf-8")
    return root


PHOTO = "your_facebook_activity/messages/inbox/petraholm_7012345678/photos"
