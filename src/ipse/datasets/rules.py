"""The rules of cleaning: one function each, in a table that the documentation is made from.

Rules of a *message* say that it is no turn of a dialogue; it then leaves a cut that no context reaches over.
Rules of a *reply* leave an example out wherever it would stand. Rules of a *set* compare replies and live in
``thinning``. Every rule but the fixed ones can be left away by name (``dataset.without``).
"""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Literal

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets.coherence import Judge, judge
from ipse.datasets.moods import steadiness
from ipse.errors import DatasetError
from ipse.records import Example, Message

__all__ = ["RULES", "Rule", "active", "check_names", "is_reflection", "left_out", "unfit"]

REFLECTIONS = frozenset({"reflections"})  # platforms whose replies are answers to questions put to oneself
MAIL = frozenset({"gmail", "mail", "email"})

Scope = Literal["message", "reply", "set", "train"]
_MessageCheck = Callable[[Message], str | None]
_ReplyCheck = Callable[[Example, DatasetSettings, Judge], bool]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule is called, where it works, what it takes out and by which setting.

    ``fixed``: the record itself says that it is nobody's style, and no setting changes that.
    """

    name: str
    scope: Scope
    about: str
    setting: str = ""
    fixed: bool = False


_MESSAGE: dict[str, _MessageCheck] = {}
_REPLY: dict[str, _ReplyCheck] = {}
_TABLE: list[Rule] = []


def _message(about: str, *, fixed: bool = False) -> Callable[[_MessageCheck], _MessageCheck]:
    """Put a rule of messages into the table under the name of its function."""

    def put(check: _MessageCheck) -> _MessageCheck:
        name = check.__name__.strip("_").replace("_", "-")
        _TABLE.append(Rule(name=name, scope="message", about=about, fixed=fixed))
        _MESSAGE[name] = check
        return check

    return put


def _reply(about: str, setting: str = "") -> Callable[[_ReplyCheck], _ReplyCheck]:
    """Put a rule of replies into the table under the name of its function."""

    def put(check: _ReplyCheck) -> _ReplyCheck:
        name = check.__name__.strip("_").replace("_", "-")
        _TABLE.append(Rule(name=name, scope="reply", about=about, setting=setting))
        _REPLY[name] = check
        return check

    return put


@_message("media, links, places, polls, calls, deleted and system messages, counted by kind", fixed=True)
def _content(message: Message) -> str | None:
    return message.content_type if message.content_type != "text" else None


@_message("messages without text", fixed=True)
def _empty(message: Message) -> str | None:
    return None if message.text.strip() else "empty"


@_message("what the export marks as written by no person: bots, list mail, delivery reports", fixed=True)
def _automatic(message: Message) -> str | None:
    return "automatic" if message.automatic else None


@_message("what the export marks as forwarded or quoted", fixed=True)
def _forwarded(message: Message) -> str | None:
    return "forwarded" if message.forwarded else None


_FORWARD = re.compile(
    r"\s*(?:-{3,}|_{3,}|\*{3,})\s*(?:forwarded (?:message|by)|weitergeleitete nachricht|message transféré"
    r"|mensaje reenviado|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht"
    r"|пересылаемое сообщение)|\s*begin forwarded message:|\s*anfang der weitergeleiteten nachricht:",
    re.IGNORECASE,
)


@_message("texts that begin with the line a mail program puts over what it forwards, in nine languages")
def _forward_line(message: Message) -> str | None:
    return "forward-line" if _FORWARD.match(message.text) else None


_MACHINE = re.compile(
    r"\s*(?:(?:your|ihr|dein|votre|tu|su) (?:verification|security|login|one-time|bestätigungs|sicherheits)?"
    r"[ -]?(?:code|passcode|pin|kode)(?: is|:| lautet| ist| est| es)\W*\d"
    r"|(?:this is an? )?(?:automatic|automated|auto)[ -]?(?:reply|response|message)\b"
    r"|automatische (?:antwort|abwesenheitsnotiz)\b|abwesenheitsnotiz\b|réponse automatique\b"
    r"|respuesta automática\b|risposta automatica\b"
    r"|i am (?:currently )?out of (?:the )?office\b|ich bin (?:derzeit |zurzeit )?nicht im (?:büro|haus)\b"
    r"|missed (?:voice|video) call\b|verpasster (?:sprach|video)anruf\b"
    r"|this message (?:was|has been) deleted\b|diese nachricht wurde gelöscht\b"
    r"|(?:please )?do not reply to this (?:e-?mail|message)\b)",
    re.IGNORECASE,
)


@_message("texts that a machine writes: out of office, codes, missed calls, where the export does not say so")
def _machine(message: Message) -> str | None:
    return "machine" if _MACHINE.match(message.text) else None


_LISTS = re.compile(
    r"\b(?:unsubscribe|abbestellen|abmelden vom newsletter|se désabonner|désinscrire|darse de baja"
    r"|cancellare l'iscrizione|отписаться)\b",
    re.IGNORECASE,
)
_TAIL = 600  # characters at the end in which a list puts how to leave it


@_message("mail of others that ends in how to unsubscribe; the owner's own posts to a list stay")
def _list_mail(message: Message) -> str | None:
    theirs = message.direction == "inbound" and message.platform in MAIL
    return "list-mail" if theirs and _LISTS.search(message.text[-_TAIL:]) else None


_NOT_OWN = re.compile(r"<[A-Z]+(?:_\d+)?>|https?://\S+|www\.\S+")
_SIGNIFICANT = re.compile(r"[^\W_]|[^\w\s!-/:-@\[-`{-~]")  # letters, digits and emoji, not punctuation


@_reply("replies that are nothing but links, addresses or placeholders")
def _bare(example: Example, _settings: DatasetSettings, _judge: Judge) -> bool:
    left = _NOT_OWN.sub(" ", example.reply)
    return left != example.reply and not _SIGNIFICANT.search(left)


@_reply("replies in other languages than the chosen ones", "languages")
def _language(example: Example, settings: DatasetSettings, _judge: Judge) -> bool:
    chosen = settings.languages
    return bool(chosen) and example.lang is not None and example.lang not in chosen


@_reply("reflections of fewer words", "reflection_words")
def _short_reflection(example: Example, settings: DatasetSettings, _judge: Judge) -> bool:
    return is_reflection(example) and len(example.reply.split()) < settings.reflection_words


@_reply("reflections whose sentences do not hang together", "reflection_coherence")
def _incoherent(example: Example, _settings: DatasetSettings, coherence: Judge) -> bool:
    return is_reflection(example) and coherence.score(example.reply) < coherence.least


@_reply("reflections whose mood turns from sentence to sentence", "reflection_mood")
def _unsteady(example: Example, settings: DatasetSettings, _judge: Judge) -> bool:
    return is_reflection(example) and steadiness(example.reply) < settings.reflection_mood


RULES: tuple[Rule, ...] = (
    *_TABLE,
    Rule(
        name="duplicate",
        scope="set",
        about="later replies of 40 bytes or more that repeat one of their set but for case and marks",
    ),
    Rule(
        name="near-duplicate",
        scope="set",
        about="later replies of 40 bytes or more that nearly repeat one of their set",
        setting="near_duplicate",
    ),
    Rule(
        name="cap",
        scope="train",
        about="replies to one contact beyond so many, chosen by chance with a fixed seed",
        setting="max_per_contact",
    ),
    Rule(
        name="low-value",
        scope="train",
        about="short replies such as `ok`, as far as the other rules made them more frequent than they were",
        setting="low_value_words",
    ),
)
"""Every rule, in the order they are applied."""


def left_out(message: Message, without: Sequence[str] = ()) -> str | None:
    """Why a message does not count as a turn (a word for the card), or None where it counts."""
    for name, check in _MESSAGE.items():
        reason = check(message) if name not in without else None
        if reason:
            return reason
    return None


def unfit(example: Example, settings: DatasetSettings, coherence: Judge | None = None) -> str | None:
    """The rule that leaves this example out, or None; ``coherence`` is chosen by the settings by default."""
    coherence = coherence or judge(settings)
    for name, check in _REPLY.items():
        if name not in settings.without and check(example, settings, coherence):
            return name
    return None


def active(settings: DatasetSettings, name: str) -> bool:
    """Whether a rule is applied."""
    return name not in settings.without


def check_names(settings: DatasetSettings) -> None:
    """Raise ``DatasetError`` where ``dataset.without`` names no rule, or one that is never left away."""
    known = {rule.name: rule for rule in RULES}
    for name in settings.without:
        if name not in known:
            near = get_close_matches(name, known, 1)
            can = ", ".join(rule.name for rule in RULES if not rule.fixed)
            hint = f"Did you mean `{near[0]}`?" if near else f"There are {can}."
            raise DatasetError(f"dataset.without: there is no rule of cleaning `{name}`.", hint=hint)
        if known[name].fixed:
            raise DatasetError(
                f"dataset.without: the rule `{name}` is always applied.", hint="Take it off the list."
            )


def is_reflection(example: Example) -> bool:
    """Whether a reply is an answer to a question put to oneself rather than to somebody."""
    return example.platform in REFLECTIONS
