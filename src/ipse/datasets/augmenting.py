"""More ways to ask for the same reply: inputs are varied, the owner's words never are.

Three kinds: *truncation* leaves older turns or sentences of what was said away, *follow-up* adds a question
of the partner's about something the reply speaks of, *reverse* asks for it by its topics alone. A copy names
its ``origin``, stays in its set, and no copy is made of anything but the training set.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from math import log

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets.coherence import sentences
from ipse.datasets.strategies import in_its_own_prompt
from ipse.datasets.words import content_words
from ipse.records import Example, Turn

__all__ = ["augmented"]

FROM_WORDS = 12  # of a reply: a shorter one would all but stand in a question made of its topics
TOPICS = 3
_ASKING: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "en": (
        ("Tell me about {}.", "What do you have to say about {}?", "I would like to hear about {}."),
        ("What about {}?", "And {}?", "How does {} come into it?"),
    ),
    "de": (
        ("Erzähl mir von {}.", "Was fällt dir ein zu {}?", "Ich würde gern etwas hören über: {}."),
        ("Was ist mit {}?", "Und {}?", "Wie kommt da {} ins Spiel?"),
    ),
    "": (("{}?", "{} …", "… {}?"), ("{}?", "{} …", "… {}?")),
}
"""By language: how to ask for a reply by its topics, and how to ask after one of them."""


def augmented(
    train: Sequence[Example], settings: DatasetSettings
) -> tuple[tuple[Example, ...], Counter[str]]:
    """The training set with at most ``dataset.augment`` copies beside each example, and copies by kind."""
    counts: Counter[str] = Counter()
    if not settings.augment:
        return tuple(train), counts
    rarity = _rarity(train)
    found: list[Example] = []
    for example in train:
        found.append(example)
        seen = {example.context}
        for kind, context in _variants(example, rarity):
            if len(seen) > settings.augment:
                break
            copy = _copy(example, context, kind)
            if context not in seen and not in_its_own_prompt(copy):
                seen.add(context)
                found.append(copy)
                counts[kind] += 1
    return tuple(found), counts


def _variants(example: Example, rarity: dict[str, float]) -> Iterator[tuple[str, tuple[Turn, ...]]]:
    """Every way to vary what an example answers, kinds in turn."""
    kinds = [list(_truncated(example)), [], []]
    if len(example.reply.split()) >= FROM_WORDS:
        topics = _topics(example, rarity)
        kinds[1:] = [list(_followed(example, topics)), list(_reversed(example, topics))]
    for place in range(max(map(len, kinds))):
        for name, kind in zip(("truncation", "follow-up", "reverse"), kinds, strict=True):
            if place < len(kind):
                yield name, kind[place]


def _truncated(example: Example) -> Iterator[tuple[Turn, ...]]:
    context = example.context
    for start in (len(context) - 1, len(context) // 2):
        if start > 0 and any(turn.role == "partner" for turn in context[start:]):
            yield context[start:]
    parts = sentences(context[-1].text)
    if len(parts) > 1:
        yield (Turn("partner", context[-1].speaker, parts[-1]),)


def _followed(example: Example, topics: Sequence[str]) -> Iterator[tuple[Turn, ...]]:
    _, asking = _ASKING.get(example.lang or "", _ASKING[""])
    for topic, form in zip(topics, asking, strict=False):
        yield (*example.context, Turn("partner", example.context[-1].speaker, form.format(topic)))


def _reversed(example: Example, topics: Sequence[str]) -> Iterator[tuple[Turn, ...]]:
    asking, _ = _ASKING.get(example.lang or "", _ASKING[""])
    for form in asking if topics else ():
        yield (Turn("partner", example.context[-1].speaker, form.format(", ".join(topics))),)


def _topics(example: Example, rarity: dict[str, float]) -> list[str]:
    """The words that tell this reply from the others, most telling first."""
    counts = Counter(content_words(example.reply))
    return sorted(counts, key=lambda word: (-counts[word] * rarity[word], word))[:TOPICS]


def _rarity(train: Sequence[Example]) -> dict[str, float]:
    counts = Counter(word for example in train for word in set(content_words(example.reply)))
    return {word: log(1 + len(train) / count) for word, count in counts.items()}


def _copy(example: Example, context: tuple[Turn, ...], kind: str) -> Example:
    mark = "|".join((example.id, kind, *(turn.text for turn in context)))
    id_ = hashlib.sha256(mark.encode()).hexdigest()[:32]
    return msgspec.structs.replace(example, id=id_, context=context, origin=example.id)
