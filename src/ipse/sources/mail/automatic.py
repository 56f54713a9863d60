"""Mail that no person wrote to this person: lists, bounces, robots, and what the owner has put aside.

Knows headers and Gmail's labels, in the languages of its accounts; nothing of what a mail says.
"""

import re
from functools import lru_cache
from itertools import islice

from ipse.records import Person
from ipse.sources.mail.headers import words
from ipse.sources.mail.part import Part
from ipse.sources.mail.phrases import folded, holds, phrases

__all__ = ["is_automatic", "labels"]

_LABEL = re.compile(r'"((?:[^"]|"")*)"|([^,"]+)')
_ROBOT = re.compile(
    r"(?:mailer-daemon|postmaster|no[-_.]?reply|do[-_.]?not[-_.]?reply|bounces?|notifications?)\b",
    re.IGNORECASE,
)
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
_LIST_FIELDS = ("list-id", "list-unsubscribe", "list-post", "feedback-id", "x-autoreply")
_KINDS = frozenset(
    {"multipart/report", "text/calendar", "message/delivery-status", "message/disposition-notification"}
)
_CHAT_LOG = b"google:archive:conversation"
_LOOKED_AT = 20  # parts of a mail


def is_automatic(mail: Part, sender: Person, *, own: bool) -> bool:
    """Tell what no person wrote to this person, and what the owner has put aside."""
    if any(_is_aside(label) for label in labels(mail)):
        return True
    if (mail.get("auto-submitted") or "no").strip().lower() != "no":
        return True
    kinds = {part.kind for part in islice(mail.walk(), _LOOKED_AT)}
    if not _KINDS.isdisjoint(kinds) or _is_chat_log(mail, kinds):
        return True
    if own:  # what the owner sent to a list is the owner's
        return False
    if (mail.get("precedence") or "").strip().lower() in _BULK or any(
        name in mail.fields for name in _LIST_FIELDS
    ):
        return True
    return bool(_ROBOT.match(sender.address)) or (mail.get("return-path") or "").strip() == "<>"


def _is_chat_log(mail: Part, kinds: set[str]) -> bool:
    """Tell a whole chat of several people that old Google Talk kept as one mail."""
    if "text/xml" not in kinds:
        return False
    return any(
        _CHAT_LOG in part.body(1000) for part in islice(mail.walk(), _LOOKED_AT) if part.kind == "text/xml"
    )


@lru_cache(maxsize=1024)
def _is_aside(label: str) -> bool:
    """Tell a label of Gmail's own under which nothing counts; one that the owner made may say anything."""
    label = folded(label)
    return label in phrases().aside or holds(label, phrases().promotion)


def labels(mail: Part) -> list[str]:
    """Gmail's labels: encoded words, folded, separated by commas except inside quotes.

    None for a mail of Google Groups, which uses the same header for the state of a topic.
    """
    value = mail.get("x-gmail-labels")
    if not value or "x-google-groups" in mail.fields:
        return []
    found = (quoted.replace('""', '"') or plain for quoted, plain in _LABEL.findall(words(value)))
    return [" ".join(label.split()) for label in found if label.strip()]
