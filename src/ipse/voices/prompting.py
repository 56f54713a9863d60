"""What a language model that was trained on nobody in particular is told, so that it writes as the owner.

A persona card, past exchanges in situations like this one, and the conversation at hand, as the messages of
the chat format that every server speaks. Pure: it asks nobody and knows no server.
"""

from collections.abc import Sequence

import msgspec

from ipse.learners.manner import Manner, card_of
from ipse.lengths import Quartiles
from ipse.records import Turn

__all__ = ["Card", "messages", "room"]

Message = dict[str, str]

TASK = (
    "You write the next message of one particular person in a chat, exactly as they would: their language, "
    "their length, their tone. Write that message alone, without a name before it and without a comment. "
    "State no fact that neither the conversation nor their earlier messages hold. "
    "Words such as <PERSON_1> stand for names; leave them as they are."
)
ROOM = 3  # tokens that a word takes at most, on the whole, with the marks around it
LEAST_ROOM = 24  # tokens


class _Theme(msgspec.Struct, frozen=True):
    terms: tuple[str, ...] = ()


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """The persona of a dataset, as far as a voice tells it; other fields of the file are passed over."""

    themes: tuple[_Theme, ...] = ()
    values: dict[str, float] = {}


def messages(
    context: Sequence[Turn],
    *,
    contact: str | None,
    manner: Manner,
    card: Card,
    examples: Sequence[tuple[str, str]],
) -> list[Message]:
    """The whole prompt: system line, ``examples`` (situation, reply) as exchanges, then the conversation.

    Roles alternate and the last is the partner's, as many chat templates demand.
    """
    told: list[Message] = [{"role": "system", "content": _system(manner, card, manner.lengths.to(contact))}]
    for situation, reply in examples:
        told += [{"role": "user", "content": situation}, {"role": "assistant", "content": reply}]
    group = len({turn.speaker for turn in context if turn.role == "partner"}) > 1
    said: list[Message] = []
    for turn in context:
        role = "assistant" if turn.role == "owner" else "user"
        text = f"{turn.speaker}: {turn.text}" if group and role == "user" else turn.text
        if said and said[-1]["role"] == role:
            said[-1]["content"] += f"\n{text}"
        elif said or role == "user":
            said.append({"role": role, "content": text})
    if not said or said[-1]["role"] != "user":
        said.append({"role": "user", "content": "…"})
    return told + said


def room(manner: Manner, contact: str | None, most: int) -> int:
    """Tokens an answer may take: as long as the owner's own to this contact get, and no longer."""
    return min(most, max(LEAST_ROOM, round(ROOM * manner.lengths.to(contact).most)))


def _system(manner: Manner, card: Card, lengths: Quartiles) -> str:
    themes = [theme.terms for theme in card.themes]
    return "\n".join([TASK, *card_of(manner, lengths, themes=themes, values=list(card.values))])
