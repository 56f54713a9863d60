"""Messages become dialogues, and dialogues become examples: what was said, and what the owner said next.

Three faults cannot happen here, by construction:

- *The reply in its own prompt.* A turn is made of whole messages and a context only of turns before the
  reply. A reply of some length that also stands word for word in an earlier turn gives no example.
- *One contact's message paired with another's reply.* Messages are grouped by conversation before anything
  else looks at them.
- *A missing message shifting a reply to an earlier one.* What is not counted (media, system lines, deleted,
  emptied, automatic or forwarded messages: the rules of messages) leaves a cut, and no context
  reaches back over a cut.

Knows no source, no vault and no set; who is who was settled at the gate.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets.duplicates import distinctive, normalised
from ipse.datasets.rules import left_out
from ipse.records import Example, Message, Turn

__all__ = ["OWNER", "Dialogue", "TimedTurn", "dialogues", "examples"]

OWNER = "me"
NAMELESS = "unknown"


class TimedTurn(msgspec.Struct, frozen=True, kw_only=True):
    """One or more messages of one speaker in a row, with their times.

    ``cut``: something stood right before this turn that is not in the dialogue, or the turn answers such a
    thing, so nothing before the turn is its context. ``messages`` are the ids it was joined from.
    """

    speaker: str
    text: str
    first: datetime
    last: datetime
    messages: tuple[str, ...]
    lang: str | None = None
    cut: bool = False


class Dialogue(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation without a long silence in it: the unit that is never split between sets.

    ``contact`` is the pseudonym of the other person, or the conversation's token where there are several.
    """

    id: str
    contact: str
    platform: str
    group: bool
    turns: tuple[TimedTurn, ...]


def dialogues(messages: Sequence[Message], settings: DatasetSettings) -> list[Dialogue]:
    """Cut messages at each conversation and at each silence of ``gap_hours``; join bursts into turns.

    Messages of one moment keep the order they come in, for some exports have no seconds, but an answer
    follows what it names. Such an answer also goes on with the dialogue of what it names, however late it
    is. Dialogues in which nothing counts are left out.
    """
    by_conversation: dict[str, list[Message]] = {}
    for message in messages:
        by_conversation.setdefault(message.conversation, []).append(message)
    found = []
    for held in by_conversation.values():
        for session in _sessions(_ordered(held), timedelta(hours=settings.gap_hours)):
            turns = _turns(session, settings)
            if turns:
                found.append(_dialogue(session, turns))
    return found


def examples(
    dialogue: Dialogue,
    settings: DatasetSettings,
    *,
    speaker: str = OWNER,
    tally: Counter[str] | None = None,
) -> list[Example]:
    """Every turn of ``speaker`` that answers somebody else, with at most ``context_turns`` before it.

    ``speaker`` takes the role ``owner``; anyone but ``me`` is for the scorecard's impostors only. ``tally``
    counts why turns of the speaker gave none: ``unanswering`` (nobody else spoke before it, or a cut stands
    there), ``length``, ``echo`` (it stands word for word in its own context).
    """
    found = []
    for at, turn in enumerate(dialogue.turns):
        if turn.speaker != speaker:
            continue
        context = _context(dialogue.turns, at, settings.context_turns)
        reason = _unfit(turn, context, settings)
        if reason is None:
            found.append(_example(dialogue, turn, context))
        elif tally is not None:
            tally[reason] += 1
    return found


def _ordered(messages: Sequence[Message]) -> list[Message]:
    """By time, and within one moment what answers another of that moment after the rest."""
    moments = {message.id: message.at for message in messages}

    def place(message: Message) -> tuple[datetime, bool]:
        named = moments.get(message.reply_to) if message.reply_to else None
        return message.at, named == message.at

    return sorted(messages, key=place)


def _sessions(messages: Sequence[Message], gap: timedelta) -> Iterator[list[Message]]:
    session: list[Message] = []
    ids: set[str] = set()
    for message in messages:
        silent = bool(session) and message.at - session[-1].at > gap
        if silent and message.reply_to not in ids:
            yield session
            session, ids = [], set()
        session.append(message)
        ids.add(message.id)
    if session:
        yield session


def _turns(session: Sequence[Message], settings: DatasetSettings) -> tuple[TimedTurn, ...]:
    burst = timedelta(minutes=settings.burst_minutes)
    bursts: list[tuple[bool, list[Message]]] = []
    missing: set[str] = set()
    cut = False
    for message in session:
        if left_out(message, settings.without):
            missing.add(message.id)
            cut = True
            continue
        cut = cut or message.reply_to in missing
        last = bursts[-1][1][-1] if bursts else None
        if last and not cut and _speaker(last) == _speaker(message) and message.at - last.at <= burst:
            bursts[-1][1].append(message)
        else:
            bursts.append((cut, [message]))
        cut = False
    return tuple(_turn(joined, cut=cut) for cut, joined in bursts)


def _turn(joined: Sequence[Message], *, cut: bool) -> TimedTurn:
    languages = Counter(message.lang for message in joined if message.lang)
    return TimedTurn(
        speaker=_speaker(joined[0]),
        text="\n".join(message.text.strip() for message in joined),
        first=joined[0].at,
        last=joined[-1].at,
        messages=tuple(message.id for message in joined),
        lang=languages.most_common(1)[0][0] if languages else None,
        cut=cut,
    )


def _speaker(message: Message) -> str:
    return OWNER if message.direction == "outbound" else message.sender.name or NAMELESS


def _dialogue(session: Sequence[Message], turns: tuple[TimedTurn, ...]) -> Dialogue:
    first = session[0]
    others = {turn.speaker for turn in turns} - {OWNER}
    group = len(others) > 1 or any(message.group for message in session)
    return Dialogue(
        id=_digest(first.conversation, first.id),
        contact=first.conversation if group or not others else min(others),
        platform=first.platform,
        group=group,
        turns=turns,
    )


def _context(turns: Sequence[TimedTurn], target: int, limit: int) -> Sequence[TimedTurn]:
    """The turns before ``target``, at most ``limit``, back to the nearest cut and not over it."""
    start = target
    while start > 0 and target - start < limit and not turns[start].cut:
        start -= 1
    return turns[start:target]


def _unfit(turn: TimedTurn, context: Sequence[TimedTurn], settings: DatasetSettings) -> str | None:
    if not context or context[-1].speaker == turn.speaker:
        return "unanswering"
    if not settings.min_reply_chars <= len(turn.text) <= settings.max_reply_chars:
        return "length"
    reply = normalised(turn.text)
    echo = distinctive(reply) and any(reply in normalised(before.text) for before in context)
    return "echo" if echo else None


def _example(dialogue: Dialogue, turn: TimedTurn, context: Sequence[TimedTurn]) -> Example:
    return Example(
        id=_digest(dialogue.id, turn.messages[0]),
        conversation=dialogue.id,
        contact=dialogue.contact,
        platform=dialogue.platform,
        at=turn.last,
        context=tuple(
            Turn("owner" if before.speaker == turn.speaker else "partner", before.speaker, before.text)
            for before in context
        ),
        reply=turn.text,
        lang=turn.lang,
        group=dialogue.group,
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]
