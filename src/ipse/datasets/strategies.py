"""Training strategies: what of a conversation stands before a reply that trains.

A strategy shapes the training set alone. Judge and test keep whole conversations, so that models of different
strategies are judged by the same questions. No strategy changes a reply.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import takewhile

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets.duplicates import distinctive, normalised
from ipse.records import Example, Turn

__all__ = ["STRATEGIES", "STYLE_ONLY", "in_its_own_prompt", "shaped"]

STYLE_ONLY = "Write as you would."
_ASKS = re.compile(
    r"[?？؟]\s*(?:$|[\s)\"'])|\A\s*(?:who|what|when|where|why|how|which|wer|was|wann|wo|warum|wie)\b",
    re.IGNORECASE,
)
_Shape = Callable[[Sequence[Example], DatasetSettings], list[Example]]


def shaped(train: Sequence[Example], settings: DatasetSettings) -> tuple[Example, ...]:
    """The training set as ``dataset.strategy`` has it."""
    return tuple(STRATEGIES[settings.strategy](train, settings))


def in_its_own_prompt(example: Example) -> bool:
    """Whether a reply of some length stands word for word in what it answers."""
    reply = normalised(example.reply)
    return distinctive(reply) and any(reply in normalised(turn.text) for turn in example.context)


def _conversation(train: Sequence[Example], _settings: DatasetSettings) -> list[Example]:
    return list(train)


def _burst(train: Sequence[Example], _settings: DatasetSettings) -> list[Example]:
    """What the others wrote since the owner last did."""
    return [_with(each, _since_own(each)) for each in train]


def _style_only(train: Sequence[Example], _settings: DatasetSettings) -> list[Example]:
    """One fixed line, so that nothing but the owner's way of writing can be learned."""
    return [_with(each, (Turn("partner", each.context[-1].speaker, STYLE_ONLY),)) for each in train]


def _questions(train: Sequence[Example], _settings: DatasetSettings) -> list[Example]:
    """Replies to what asks something, with that turn alone before them."""
    return [_with(each, each.context[-1:]) for each in train if _ASKS.search(each.context[-1].text)]


def _few_shot(train: Sequence[Example], settings: DatasetSettings) -> list[Example]:
    """Earlier exchanges with the same contact, then what was said: the latest, each question and reply."""
    found, earlier = [], defaultdict[str, list[Example]](list)
    for each in train:
        shots = [one for one in earlier[each.contact] if one.conversation != each.conversation]
        turns: list[Turn] = []
        for shot in shots[-settings.few_shot :]:
            turns += [shot.context[-1], Turn("owner", "me", shot.reply)]
        made = _with(each, (*turns, *each.context))
        found.append(each if in_its_own_prompt(made) else made)
        earlier[each.contact].append(each)
    return found


STRATEGIES: dict[str, _Shape] = {
    "conversation": _conversation,
    "burst": _burst,
    "style-only": _style_only,
    "qa": _questions,
    "few-shot": _few_shot,
}
"""By the name that ``dataset.strategy`` takes."""


def _since_own(example: Example) -> tuple[Turn, ...]:
    others = takewhile(lambda turn: turn.role == "partner", reversed(example.context))
    return tuple(reversed(list(others)))


def _with(example: Example, context: tuple[Turn, ...]) -> Example:
    return msgspec.structs.replace(example, context=context)
