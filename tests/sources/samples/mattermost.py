"""A small bulk export of a Mattermost server: a channel, a thread, direct posts, a bot, a system line."""

import json
from pathlib import Path
from typing import Any

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("lena@plot.example",))
START = 1_700_000_000_000


def line(kind: str, **held: Any) -> str:
    return json.dumps({"type": kind, kind: held})


def user(name: str, first: str, last: str) -> str:
    channels = [{"name": "greenhouse", "roles": "channel_user"}]
    teams = [{"name": "plot", "roles": "team_user", "channels": channels}]
    return line(
        "user",
        username=name,
        email=f"{name}@plot.example",
        first_name=first,
        last_name=last,
        nickname="",
        teams=teams,
    )


def post(user: str, message: str, minute: int, **more: Any) -> str:
    return line(
        "post",
        team="plot",
        channel="greenhouse",
        user=user,
        message=message,
        create_at=START + minute * 60_000,
        **more,
    )


def said(user: str, message: str, minute: int, **more: Any) -> dict[str, Any]:
    return {"user": user, "message": message, "create_at": START + minute * 60_000, **more}


HEAD = [
    json.dumps({"type": "version", "version": 1, "info": {"generator": "mattermost-server"}}),
    line("team", name="plot", display_name="The Plot", type="O"),
    line("channel", team="plot", name="greenhouse", display_name="Greenhouse", type="O"),
    user("lena", "Lena", "Brook"),
    user("otto", "Otto", "Marsh"),
    line("bot", username="waterbot", owner="lena", display_name="Water Bot"),
]


def write(folder: Path) -> Path:
    heart = [{"user": "otto", "emoji_name": "heart", "create_at": START}]
    body = [
        post("lena", "lena joined the channel.", 0, type="system_join_channel"),
        post(
            "lena",
            "Who waters the tomatoes, @otto?",
            1,
            reactions=heart,
            replies=[said("otto", "I do, at six.", 2), said("lena", "Thank you!", 3)],
        ),
        post("waterbot", "Tank at 40 %", 4, props={"from_webhook": "true"}),
        post("otto", "", 5, attachments=[{"path": "20231114/tank.jpg"}]),
        line("direct_channel", members=["lena", "otto"]),
        line("direct_post", channel_members=["otto", "lena"], **said("otto", "key is under the pot", 6)),
        line(
            "direct_post",
            channel_members=["lena", "otto"],
            **said("lena", "found it", 7, edit_at=START + 500_000),
        ),
    ]
    path = folder / "import.jsonl"
    path.write_text("\n".join([*HEAD, *body]) + "\n")
    return path
