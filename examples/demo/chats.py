"""Eighteen months of chats: who writes when, what is answered, and the files WhatsApp makes of it.

A scene is one talk: somebody raises a matter, Tilda answers, and it goes on a while. What she answers depends
on the matter and on what was asked last, so that a clone has something to learn.
"""

import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import NamedTuple

from grammar import Block, Dice, Grammar, read_blocks
from people import CONTACTS, OWNER, Contact, tilda

__all__ = ["Line", "write_chats"]

START, DAYS = datetime(2024, 3, 1), 548  # noqa: DTZ001 WhatsApp writes local time without a zone
SCENES = {"p": 92, "g": 64, "o": 72, "m": 50, "j": 44}
GROUP, GROUP_SCENES = "Damp Reeds 🪗", 50
LRM = "\u200e"  # WhatsApp on iOS puts it before its own words


class Line(NamedTuple):
    """A message or, with no sender, a line of the app itself."""

    at: datetime
    sender: str
    text: str


class Talk:
    """What is said in one language."""

    def __init__(self, language: str, grammar: Grammar) -> None:
        self.language = language
        self.grammar = grammar
        self.matters = read_blocks(language)
        acts = {block.name: block for block in read_blocks(f"{language}_acts")}
        self.starts, self.back, self.ends = (acts.pop(name) for name in ("starts", "back", "ends"))
        self.openers, self.closers = (acts.pop(name).lines[">"] for name in ("openers", "closers"))
        self.acts = list(acts.values())

    def matter(self, letter: str) -> Block:
        """Something this contact brings up, none twice before all had their turn."""
        known = [m for m in self.matters if letter in m.who or (m.who == "all" and letter in "pgo")]
        return self.grammar.dice.deal(f"{self.language} matters {letter}", known)

    def act(self, kind: str) -> Block:
        """How talk about such a matter may go on."""
        return self.grammar.dice.deal(
            f"{self.language} acts {kind}", [act for act in self.acts if kind in act.who]
        )

    def own(self, deck: str, lines: Sequence[str], matter: Block) -> str:
        """Something Tilda says, in her style, new if it is longer than four words."""
        return self.grammar.fresh(partial(self._own, deck, lines, matter))

    def _own(self, deck: str, lines: Sequence[str], matter: Block) -> str:
        dice = self.grammar.dice
        given = {
            "task": self.grammar.line(f"{matter.name}!", matter.lines["!"]),
            "more": self.grammar.line(f"{matter.name}+", matter.lines["+"]),
            "short": matter.short,
        }
        text = self.grammar.line(deck, lines, given)
        before = after = ""
        if ">" in deck:  # an answer, not something she adds, begins or ends with
            before = dice.deal(f"{self.language} openers", self.openers) if dice.chance(0.45) else ""
            after = dice.pick(self.closers) if dice.chance(0.2) else ""
        text = tilda(text, dice, before=before, after=after)
        return text.lower() if self.language == "english" else text

    def answer(self, block: Block, number: int, matter: Block) -> str:
        """Tilda's answer to the ``number``-th thing a contact says in this block."""
        return self.own(f"{block.name}>{number}", block.answers(number), matter)

    def theirs(self, contact: Contact, block: Block, matter: Block) -> tuple[int, list[str]]:
        """Something a contact says, in their style: which line of the block, and the one or two messages."""
        given = {"short": matter.short}
        number = 0

        def make() -> str:
            nonlocal number
            number = (
                self.grammar.dice.deal(f"{contact.letter} {block.name}<", range(len(block.lines["<"]))) + 1
            )
            return contact.style(self.grammar.fill(block.lines["<"][number - 1], given), self.grammar.dice)

        text = self.grammar.fresh(make)
        return number, text.split("\n")


def scene(talk: Talk, contacts: Sequence[Contact], at: datetime) -> list[Line]:
    """One talk; in a group the first contact raises the matter and any of them goes on."""
    dice, lines = talk.grammar.dice, list[Line]()
    clock = at

    def say(sender: str, texts: Sequence[str], wait: tuple[int, int]) -> None:
        nonlocal clock
        for text in texts:
            clock += timedelta(seconds=dice.between(*wait))
            lines.append(Line(clock, sender, text))
            wait = (8, 70)

    def ask(contact: Contact, block: Block) -> None:
        number, texts = talk.theirs(contact, block, matter)
        say(contact.name, texts, (20, 1200))
        say(OWNER, [talk.answer(block, number, matter)], (30, 2000))

    first = contacts[0]
    matter = talk.matter(first.letter)
    if dice.chance(0.25):
        say(OWNER, [talk.own(f"{talk.language} starts", talk.starts.lines["~"], matter)], (0, 1))
        say(first.name, talk.theirs(first, talk.back, matter)[1], (60, 1500))
    ask(first, matter)
    if dice.chance(0.3):
        say(OWNER, [talk.own(f"{matter.name}+", matter.lines["+"], matter)], (8, 80))
    for probability in (0.8, 0.42, 0.2):
        if not dice.chance(probability):
            break
        ask(dice.pick(contacts), talk.act(matter.kind))
    if dice.chance(0.4):
        say(first.name, talk.theirs(first, talk.ends, matter)[1], (20, 400))
        if dice.chance(0.7):
            say(OWNER, [talk.own(f"{talk.language} ends", talk.ends.lines[">"], matter)], (15, 300))
    return lines


def _moments(dice: Dice, number: int) -> list[datetime]:
    """When talks begin: spread over all the days with some chance, hardly at night."""
    step = DAYS / number
    days = [int(step * i + dice.below(max(step - 1, 1))) for i in range(number)]
    return [START + timedelta(days=day, minutes=dice.between(8 * 60, 21 * 60)) for day in days]


def _accidents(lines: list[Line], dice: Dice, words: dict[str, str]) -> list[Line]:
    """Pictures, calls, deleted and edited messages, here and there."""
    out = []
    for line in lines:
        edited = line.sender == OWNER and dice.chance(0.01)
        out.append(line._replace(text=f"{line.text} {words['edited']}") if edited else line)
        if dice.chance(0.02):
            kind = dice.pick(("media", "media", "media", "deleted", "call"))
            if kind == "deleted" and line.sender == OWNER:
                kind = "you deleted"
            out.append(line._replace(text=words[kind]))
    return out


_ENGLISH = {
    "media": "<Media omitted>",
    "deleted": "This message was deleted",
    "you deleted": "You deleted this message",
    "edited": "<This message was edited>",
    "call": "Missed voice call",
}
_GERMAN = {
    "media": f"{LRM}Bild weggelassen",
    "deleted": f"{LRM}Diese Nachricht wurde gelöscht.",
    "you deleted": f"{LRM}Du hast diese Nachricht gelöscht.",
    "edited": f"{LRM}<Diese Nachricht wurde bearbeitet.>",
    "call": f"{LRM}Verpasster Sprachanruf",
}
_SEALED = (
    "Messages and calls are end-to-end encrypted. No one outside of this chat, not even WhatsApp, "
    "can read or listen to them. Tap to learn more."
)
_VERSIEGELT = (
    f"{LRM}Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt. "
    "Nur Personen in diesem Chat können sie lesen, anhören oder teilen."
)


def _group_life(lines: list[Line]) -> list[Line]:
    """What a group has besides talk: the app's notices, a poll, a stranger who took the wrong door."""
    first, middle = lines[0].at - timedelta(hours=30), lines[len(lines) // 2].at + timedelta(hours=13)
    stranger = "+44 7700 900987"
    notices = [
        (first, "", f"You created group “{GROUP}”"),
        (first, "", "You added Gareth Pennywell"),
        (first, "", "You added Priya Ashdown"),
        (first, "", "You added Oksana Veltrik"),
        (first, "", "Priya Ashdown changed the group description"),
        (
            middle,
            "Priya Ashdown",
            "POLL:\nWhich day for the long rehearsal?\nOPTION: Tuesday (2 votes)\nOPTION: Thursday (1 vote)",
        ),
        (middle, "", f"{stranger} joined using this group's invite link"),
        (middle, stranger, "hello, is this the tuba group?"),
        (
            middle,
            OWNER,
            "one tuba, three opinions – you want the brass band on the hill, they meet wednesdays",
        ),
        (middle, "", f"{stranger} left"),
        (middle, OWNER, "location: https://maps.google.com/?q=51.44,-2.58"),
    ]
    return sorted([*lines, *(Line(*notice) for notice in notices)], key=lambda line: line.at)


def _android(lines: Iterable[Line]) -> bytes:
    parts = (
        f"{line.at:%d/%m/%Y, %H:%M} - {line.sender + ': ' if line.sender else ''}{line.text}\n"
        for line in lines
    )
    return "".join(parts).encode()


def _ios(lines: Sequence[Line]) -> bytes:
    """The text in a zip that is stored, not deflated: deflating differs between versions of zlib."""
    marks = (LRM if line.text.startswith(LRM) else "" for line in lines)
    heads = (f"[{line.at:%d.%m.%y, %H:%M:%S}] {line.sender}: " for line in lines)
    parts = (f"{mark}{head}{line.text}\r\n" for mark, head, line in zip(marks, heads, lines, strict=True))
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        member = zipfile.ZipInfo("_chat.txt", date_time=(2025, 9, 1, 12, 0, 0))
        member.create_system = 3
        archive.writestr(member, "".join(parts).encode())
    return packed.getvalue()


def write_chats(seed: str) -> dict[str, bytes]:
    """The exported chats, by file name."""
    files = {}
    dice = Dice(f"{seed} chats")
    grammar = Grammar(dice)
    talks = {language: Talk(language, grammar) for language in ("english", "german")}
    for contact in CONTACTS:
        talk = talks[contact.language]
        words = _GERMAN if contact.letter == "m" else _ENGLISH
        lines = [line for at in _moments(dice, SCENES[contact.letter]) for line in scene(talk, [contact], at)]
        lines = _accidents(lines, dice, words)
        if contact.letter == "m":
            files[f"WhatsApp Chat mit {contact.name}.zip"] = _ios(
                [Line(lines[0].at, contact.name, _VERSIEGELT), *lines]
            )
        else:
            files[f"WhatsApp Chat with {contact.name}.txt"] = _android(
                [Line(lines[0].at, "", _SEALED), *lines]
            )
    band = [contact for contact in CONTACTS if contact.letter in "pgo"]
    lines = []
    for at in _moments(dice, GROUP_SCENES):
        lines += scene(talks["english"], dice.shuffled(band), at)
    files[f"WhatsApp Chat with {GROUP}.txt"] = _android(_group_life(_accidents(lines, dice, _ENGLISH)))
    return files
