"""A small X archive: posts, a thread, a repost, a long post, direct messages of two and of a group."""

import json
from pathlib import Path
from typing import Any

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("Nora Vale",))
OWNER, FRIEND, STRANGER = "700100200", "700100201", "700100202"
LONG = (
    "Today I want to write about the garden. "
    + "Every bed is a small promise, and we keep some of them. " * 12
)


def js(kind: str, entries: object, part: int = 0) -> str:
    return f"window.YTD.{kind}.part{part} = {json.dumps(entries, indent=2)}"


def tweet(number: int, text: str, **more: Any) -> dict[str, Any]:
    """A post of the 3rd of May 2023, a minute after the one before."""
    mentions = more.pop("mentions", [])
    entities = {"hashtags": [], "urls": more.pop("urls", []), "user_mentions": mentions}
    stamp = f"Wed May 03 12:{number % 60:02}:07 +0000 2023"
    return {
        "tweet": {
            "id_str": str(number),
            "id": str(number),
            "created_at": stamp,
            "full_text": text,
            "entities": entities,
            "retweeted": False,
            "favorite_count": "2",
            **more,
        }
    }


def answer(number: int) -> dict[str, str]:
    """What a post that answers another of the owner's says of it."""
    return {"in_reply_to_status_id_str": str(number), "in_reply_to_user_id_str": OWNER}


def dm(number: int, sender: str, text: str, **more: Any) -> dict[str, Any]:
    stamp = f"2023-06-0{1 + number % 8}T08:15:00.123Z"
    sent = {
        "id": str(number),
        "senderId": sender,
        "createdAt": stamp,
        "text": text,
        "mediaUrls": [],
        "urls": [],
    }
    return {"messageCreate": {**sent, "reactions": [], **more}}


PETRA = {
    "name": "Petra Holm",
    "screen_name": "petraholm",
    "id_str": FRIEND,
    "id": FRIEND,
    "indices": ["0", "10"],
}


def write(folder: Path) -> Path:
    data = folder / "x-archive" / "data"
    data.mkdir(parents=True)
    account = {
        "accountId": OWNER,
        "username": "noravale",
        "accountDisplayName": "Nora Vale",
        "email": "n@v.example",
    }
    (data / "account.js").write_text(js("account", [{"account": account}]))
    (data / "manifest.js").write_text('window.__THAR_CONFIG = {"userInfo": {"accountId": "700100200"}}')
    link = {
        "url": "https://t.co/abc",
        "expanded_url": "https://example.org/beans",
        "display_url": "example.org",
    }
    posts = [
        tweet(1001, "Beans &amp; peas are up https://t.co/abc", urls=[link]),
        tweet(1002, "and the slugs have found them", **answer(1001)),
        tweet(1003, "so it goes", **answer(1002)),
        tweet(
            1004,
            "@petraholm try beer traps",
            mentions=[PETRA],
            in_reply_to_status_id_str="900",
            in_reply_to_user_id_str=FRIEND,
        ),
        tweet(1005, "RT @petraholm: slugs are just snails with nothing left to lose", mentions=[PETRA]),
        tweet(1006, LONG[:276] + "…"),
    ]
    (data / "tweets.js").write_text(js("tweets", posts[:4]))
    (data / "tweets-part1.js").write_text(js("tweets", posts[4:], 1))
    note = {"noteTweetId": "5001", "createdAt": "2023-05-03T12:46:07.000Z", "core": {"text": LONG}}
    (data / "note-tweet.js").write_text(js("note_tweet", [{"noteTweet": note}]))
    two = [dm(11, OWNER, "On Sunday?"), dm(10, FRIEND, "When do you bring the seedlings?")]
    talk = {"conversationId": f"{OWNER}-{FRIEND}", "messages": two}
    (data / "direct-messages.js").write_text(js("direct_messages", [{"dmConversation": talk}]))
    group = [
        dm(21, STRANGER, "I have spare tomatoes"),
        {
            "participantsJoin": {
                "initiatingUserId": OWNER,
                "userIds": [STRANGER],
                "createdAt": "2023-06-01T07:00:00Z",
            }
        },
        dm(20, OWNER, "Welcome to the plot"),
    ]
    held = {"dmConversation": {"conversationId": "88001", "messages": group}}
    (data / "direct-messages-group.js").write_text(js("direct_messages_group", [held]))
    return data.parent
