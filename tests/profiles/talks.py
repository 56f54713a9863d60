"""Small conversations whose figures are known."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ipse.config import DatasetSettings
from ipse.profile import Profile, measure
from ipse.records import Message, Person
from ipse.vault import Conversation

__all__ = ["BERLIN", "START", "measured", "said", "talk"]

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2024, 1, 1, 9, 0, tzinfo=UTC)  # a Monday, 10 h in Berlin
Line = tuple[str, str, datetime]  # who, text, when


def said(who: str, text: str, minutes: float, *, of: datetime = START) -> Line:
    return who, text, of + timedelta(minutes=minutes)


def talk(
    name: str, lines: Sequence[Line], *, platform: str = "whatsapp", lang: str | None = "en", **more: object
) -> Conversation:
    messages = [
        Message(
            id=f"{name} {n}",
            conversation=name,
            platform=platform,
            at=at,
            sender=Person(who),
            text=text,
            direction="outbound" if who == "me" else "inbound",
            lang=lang,
            **more,  # type: ignore[arg-type]
        )
        for n, (who, text, at) in enumerate(lines)
    ]
    return Conversation(name, platform, messages)


def measured(*talks: Conversation, **more: object) -> Profile:
    settings = DatasetSettings.model_validate({})
    return measure(talks, settings, zone=BERLIN, at=START, **more)  # type: ignore[arg-type]
