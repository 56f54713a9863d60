"""Made-up messages for the tests of datasets."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from ipse.records import Example, Message, Person

START = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)


class Held(msgspec.Struct, frozen=True):
    id: str
    source: str
    messages: list[Message]


def message(
    text: str, *, by: str = "me", minute: float = 0, talk: str = "CONV_1", **fields: object
) -> Message:
    """One message ``minute`` minutes after the start; its id is told by what it holds."""
    plain = Message(
        id=f"{talk}/{by}/{minute}/{text}",
        conversation=talk,
        platform="whatsapp",
        at=START + timedelta(minutes=minute),
        sender=Person(by),
        text=text,
        direction="outbound" if by == "me" else "inbound",
    )
    return msgspec.structs.replace(plain, **fields)


def said(*lines: tuple[str, float, str], talk: str = "CONV_1", group: bool = False) -> list[Message]:
    """Messages from (speaker, minute, text)."""
    return [message(text, by=by, minute=minute, talk=talk, group=group) for by, minute, text in lines]


def day_by_day(days: int, *, talk: str = "CONV_1", contact: str = "PERSON_1", each: int = 2) -> Held:
    """A contact who asks ``each`` things a day, and the owner's answers, all different."""
    messages: list[Message] = []
    for day in range(days):
        for turn in range(each):
            at = day * 1440 + turn * 30
            messages += [
                message(f"{contact} asks {day}.{turn}?", by=contact, minute=at, talk=talk),
                message(
                    f"{contact} gets answer {day}.{turn}",
                    minute=at + 5,
                    talk=talk,
                    lang=("en", "de")[day % 2],
                ),
            ]
    return Held(talk, "whatsapp", messages)


def pairs(found: Sequence[Example]) -> list[tuple[list[str], str]]:
    """(context lines, reply) of examples."""
    return [([turn.text for turn in each.context], each.reply) for each in found]
