"""How each of them writes: a style takes a plain sentence and gives the message it becomes.

A line break in what it gives parts two messages. Knows nothing of what is talked about.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from grammar import Dice

__all__ = ["CONTACTS", "OWNER", "Contact", "tilda"]

OWNER = "Tilda Marwede"


@dataclass(frozen=True)
class Contact:
    """Somebody Tilda writes with: the letter that texts/ knows them by, and their way of writing."""

    letter: str
    name: str
    language: str
    style: Callable[[str, Dice], str]


def _swap(text: str, words: dict[str, str]) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def _lower_first(text: str) -> str:
    kept = text.startswith(("I ", "I'", "Tilda")) or (text[:2].isalpha() and text[:2].isupper())
    return text if kept else text[:1].lower() + text[1:]


def priya(text: str, dice: Dice) -> str:
    """Long vowels, capitals, a row of emoji; three exclamation marks are the minimum."""
    text = _swap(
        text,
        {
            " so ": " sooo ",
            " really": " reallyyy",
            "Yes": "Yesss",
            " is ": dice.pick((" is ", " is literally ")),
        },
    )
    if dice.chance(0.5):
        text = dice.pick(_PRIYA_BEFORE) + _lower_first(text)
    text = re.sub(r"\.(?=\s|$)", dice.pick(("!!!", "!!", "!!!!")), text)
    text = re.sub(r"\?(?=\s|$)", dice.pick(("???", "??", "?!?!")), text)
    if dice.chance(0.35):
        text += " " + dice.pick(_PRIYA_AFTER)
    if dice.chance(0.7):
        text += " " + dice.pick(_PRIYA_EMOJI) * dice.between(1, 3) + dice.pick(("", dice.pick(_PRIYA_EMOJI)))
    return text


_PRIYA_BEFORE: tuple[str, ...] = (
    "omg ",
    "OKAY so ",
    "Tilda!!! ",
    "babe ",
    "wait wait wait ",
    "you will NOT believe this but ",
)
_PRIYA_BEFORE += ("help, ", "so basically ", "not me again but ", "urgent (not urgent) ", "LISTEN ", "ughhh ")
_PRIYA_AFTER: tuple[str, ...] = (
    "I can't even",
    "love youuu",
    "anyway how are YOU",
    "I'm obsessed",
    "send help",
    "crying",
)
_PRIYA_AFTER += ("this is my villain era", "no because WHY", "I need a holiday", "tell me everything", "xoxo")
_PRIYA_EMOJI = ("😂", "😭", "🙈", "✨", "🥹", "💛", "🫠", "🎻", "🤯", "💃")


def gareth(text: str, dice: Dice) -> str:
    """All lower case, no marks at all, few words, and the valleys in between."""
    text = re.sub(r"[.!?;:,]+(?=\s|$)|'", "", text.lower())
    text = _swap(
        text,
        {
            "you are": "youre",
            " and ": " n ",
            "i am": "im",
            "do not": "dont",
            "cannot": "cant",
            " your ": " yer ",
        },
    )
    if dice.chance(0.35):
        text = dice.pick(("alright ", "aye ", "right ", "now then ", "listen butt ", "oi ")) + text
    if dice.chance(0.5):
        text += dice.pick(
            (" mun", " like", " butt", " see", " is it", " tidy", " innit", " cheers", " no rush")
        )
    return " ".join(text.split())


def oksana(text: str, dice: Dice) -> str:
    """Whole sentences, commas where they belong, no contraction and no emoji ever."""
    text = text.replace("!", ".")
    brief = len(text.split()) < 6
    if dice.chance(0.35) and not brief:
        text = dice.pick(_OKSANA_BEFORE) + _lower_first(text)
    if dice.chance(0.2 if brief else 0.55):
        text += " " + dice.pick(_OKSANA_AFTER)
    return text


_OKSANA_BEFORE: tuple[str, ...] = (
    "Tell me: ",
    "A practical question: ",
    "I have been thinking; ",
    "On reflection: ",
)
_OKSANA_BEFORE += ("Good evening. ", "You will laugh; ", "For your information: ", "Forgive me, but ")
_OKSANA_AFTER = (
    "I am asking for a friend; the friend is me.",
    "It is not a complaint, it is an observation.",
    "My grandmother would have an opinion.",
    "I have coffee, therefore I am reasonable.",
    "In my notebook this is marked as important.",
    "There is no hurry; however, I am impatient.",
    "I would prefer a precise answer.",
    "Please consider it carefully.",
    "I remain, as always, sceptical.",
    "The weather agrees with me.",
    "One must be systematic.",
    "That is all; thank you.",
)


def mama(text: str, dice: Dice) -> str:
    """A letter in small: a salutation, three dots instead of a full stop, flowers, and signed."""
    text = text.replace(". ", dice.pick((". ", " … ")))
    if dice.chance(0.45):
        before = dice.pick(_MAMA_BEFORE)
        text = before + (_lower_first(text) if before.endswith(", ") else text)
    if text.endswith(".") and dice.chance(0.5):
        text = text[:-1] + " …"
    if dice.chance(0.4):
        text += " " + dice.pick(_MAMA_AFTER)
    if dice.chance(0.6):
        text += " " + dice.pick(("🌻", "😘", "☀️", "🌷", "🍀", "😘😘", "🫖", "🙏"))
    return text


_MAMA_BEFORE = (
    "Mein liebes Kind, ",
    "Liebes, ",
    "Hallo Tilda! ",
    "Ach Kind … ",
    "Guten Morgen, mein Schatz! ",
)
_MAMA_AFTER: tuple[str, ...] = (
    "Deine Mama",
    "Gruß Mama",
    "Papa hätte gelacht.",
    "Melde Dich bitte!",
    "Ich drück Dich.",
)
_MAMA_AFTER += (
    "Zieh Dich warm an.",
    "Das nur zur Information.",
    "Sei umarmt von Deiner Mama",
    "Gott sei Dank!",
)


def jannis(text: str, dice: Dice) -> str:
    """Everything small, nothing at the end, cut in pieces."""
    text = text.lower().rstrip(".").replace("?", dice.pick(("?", "??", ""))).replace("!", "")
    text = _swap(
        text,
        {
            "vielleicht": "vllt",
            "irgendwie": "iwie",
            " nicht": dice.pick((" nicht", " nich")),
            "keine ahnung": "kp",
        },
    )
    if dice.chance(0.4):
        text = dice.pick(("ey ", "digga ", "moin ", "yo ", "alter ", "schwester ", "sos ")) + text
    if dice.chance(0.45):
        text += dice.pick((" lol", " haha", " 😅", " 🤷", " safe", " ne", " fr", " digga", " hdl", " 💀"))
    return text.replace(", ", "\n", 1) if dice.chance(0.5) else text


CONTACTS = (
    Contact("p", "Priya Ashdown", "english", priya),
    Contact("g", "Gareth Pennywell", "english", gareth),
    Contact("o", "Oksana Veltrik", "english", oksana),
    Contact("m", "Mama", "german", mama),
    Contact("j", "Jannis", "german", jannis),
)


def tilda(text: str, dice: Dice, *, before: str, after: str) -> str:
    """Tilda in a chat: begins small, dashes and brackets, no full stop; English wholly in lower case."""
    if before and not text.startswith(_PLAIN_STARTS):
        text = f"{before} {text}"
    if after and text[-1:].isalpha():
        text += after
    if dice.chance(0.13):
        text += " " + dice.pick(("🙃", "🪗", "🌱", "🫖", "🐈", "🙃", "🥒"))
    return text


_PLAIN_STARTS = (
    "yes",
    "no",
    "oh",
    "ok",
    "well",
    "ha",
    "mm",
    "ouch",
    "pff",
    "ja",
    "jo",
    "na",
    "tja",
    "nee",
    "hach",
)
