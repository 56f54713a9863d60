"""A dataset: three sets and their card, made from a vault's conversations, as bytes, or as chat JSONL.

Frozen: a changed dataset is another dataset with another hash. Knows no key; the pipeline seals the bytes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets.card import FORMAT, Card, SetSummary, canonical, content_hash
from ipse.datasets.dialogues import OWNER, Dialogue, dialogues, examples, left_out
from ipse.datasets.split import SetName, Split, split
from ipse.errors import ConsentError, DatasetError, UnknownVersionError
from ipse.records import Example, Message

__all__ = ["Dataset", "Talk", "impostors", "prepare", "to_chat_jsonl"]


class Talk(Protocol):
    """One whole conversation as a vault hands it out."""

    @property
    def id(self) -> str:
        """The conversation's token."""

    @property
    def source(self) -> str:
        """The source it came from."""

    @property
    def messages(self) -> Sequence[Message]:
        """All its messages, by time."""


class _Line(msgspec.Struct, frozen=True):
    """One line of a dataset's file after the first."""

    set: SetName
    example: Example


class Dataset(msgspec.Struct, frozen=True):
    """A card and the sets it describes."""

    card: Card
    split: Split

    def dumps(self) -> bytes:
        """JSON lines: the card, then each example with the name of its set, in order."""
        return b"\n".join((canonical(self.card), *_lines(self.split), b""))

    @classmethod
    def loads(cls, data: bytes) -> "Dataset":
        """Read what ``dumps`` wrote. Raises ``DatasetError`` where a byte of the examples was changed."""
        head, _, body = data.partition(b"\n")
        try:
            if msgspec.json.decode(head, type=dict[str, object]).get("format") != FORMAT:
                raise UnknownVersionError(
                    "This dataset was written by another version of ipse.", hint="Run `ipse prepare` again."
                )
            card = msgspec.json.decode(head, type=Card)
            lines = [msgspec.json.decode(line, type=_Line) for line in body.splitlines()]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _damaged() from error
        if content_hash(body.splitlines()) != card.hash:
            raise _damaged()
        held: dict[SetName, list[Example]] = {"train": [], "judge": [], "test": []}
        for line in lines:
            held[line.set].append(line.example)
        return cls(card, _split_of(held, card))


def prepare(
    conversations: Iterable[Talk], settings: DatasetSettings, *, consents: Mapping[str, str]
) -> Dataset:
    """Make the dataset of a vault's conversations, taken one at a time.

    ``consents`` names the active consent of each source that may be used for style. Raises ``ConsentError``
    for a conversation of any other source, and ``DatasetError`` where no reply of the owner is found.
    """
    found: list[Example] = []
    counts: Counter[str] = Counter()
    filters: Counter[str] = Counter()
    used: set[str] = set()
    for conversation in conversations:
        if conversation.source not in consents:
            raise ConsentError(
                f"There is no consent to learn style from {conversation.source}.",
                hint=f"Give it: ipse consent give --source {conversation.source} --purpose style",
            )
        used.add(conversation.source)
        counts["messages"] += len(conversation.messages)
        filters.update(reason for message in conversation.messages if (reason := left_out(message)))
        for dialogue in dialogues(conversation.messages, settings):
            counts.update(dialogues=1, turns=len(dialogue.turns))
            counts["own_turns"] += sum(turn.speaker == OWNER for turn in dialogue.turns)
            found.extend(examples(dialogue, settings, tally=filters))
    if not found:
        raise DatasetError(
            "The vault holds no reply of the owner to anybody.",
            hint="Import an export with --me set to your name in it.",
        )
    parts = split(found, settings)
    filters.update(between=parts.between, purged=parts.purged)
    counts["examples"] = sum(map(len, parts.sets().values()))
    grants = {source: consents[source] for source in sorted(used)}
    return Dataset(_card(parts, settings, consents=grants, counts=counts, filters=filters), parts)


def impostors(
    conversations: Iterable[Talk], settings: DatasetSettings, *, like: Split
) -> dict[str, list[Example]]:
    """What the other people answered in the same windows of time, by speaker: for judging, never kept.

    Each list is by time; ``like.place(example.at)`` tells the set an example stands beside.
    """
    found: dict[str, list[Example]] = {}
    for conversation in conversations:
        for dialogue in dialogues(conversation.messages, settings):
            for speaker in _others(dialogue):
                held = examples(dialogue, settings, speaker=speaker)
                kept = [example for example in held if like.place(example.at)]
                if kept:
                    found.setdefault(speaker, []).extend(kept)
    return {
        speaker: sorted(found[speaker], key=lambda example: (example.at, example.id))
        for speaker in sorted(found)
    }


def to_chat_jsonl(held: Iterable[Example], system: str) -> Iterator[str]:
    """Yield one JSON line an example in the chat format of Hugging Face (``{"messages": [...]}``).

    Roles alternate and begin with the user's, as most chat templates demand: neighbouring turns of one role
    are joined by newlines, and own turns before the first of anyone else are left out. In groups each line
    of the others begins with its speaker.
    """
    for example in held:
        messages = [{"role": "system", "content": system}] if system else []
        for turn in example.context:
            role = "assistant" if turn.role == "owner" else "user"
            named = example.group and role == "user"
            content = f"{turn.speaker}: {turn.text}" if named else turn.text
            if messages and messages[-1]["role"] == role:
                messages[-1]["content"] += f"\n{content}"
            elif role == "user" or (messages and messages[-1]["role"] == "user"):
                messages.append({"role": role, "content": content})
        messages.append({"role": "assistant", "content": example.reply})
        yield msgspec.json.encode({"messages": messages}).decode()


def _lines(parts: Split) -> Iterator[bytes]:
    for name, held in parts.sets().items():
        for example in held:
            yield canonical(_Line(name, example))


def _card(
    parts: Split,
    settings: DatasetSettings,
    *,
    consents: dict[str, str],
    counts: Counter[str],
    filters: Counter[str],
) -> Card:
    every = [example for held in parts.sets().values() for example in held]
    return Card(
        hash=content_hash(_lines(parts)),
        settings=settings.model_dump(),
        consents=consents,
        counts=dict(sorted(counts.items())),
        filters={reason: count for reason, count in sorted(filters.items()) if count},
        sets={name: _summary(held) for name, held in parts.sets().items()},
        contacts=_ranked(example.contact for example in every),
        languages=_ranked(example.lang or "und" for example in every),
        platforms=_ranked(example.platform for example in every),
        gap_hours=parts.gap_hours,
    )


def _summary(held: Sequence[Example]) -> SetSummary:
    return SetSummary(
        examples=len(held),
        conversations=len({example.conversation for example in held}),
        contacts=len({example.contact for example in held}),
        first=held[0].at if held else None,
        last=held[-1].at if held else None,
    )


def _ranked(names: Iterable[str]) -> dict[str, int]:
    """Counts, the largest first and then by name."""
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))


def _others(dialogue: Dialogue) -> list[str]:
    return sorted({turn.speaker for turn in dialogue.turns} - {OWNER})


def _split_of(held: Mapping[SetName, Sequence[Example]], card: Card) -> Split:
    return Split(
        train=tuple(held["train"]),
        judge=tuple(held["judge"]),
        test=tuple(held["test"]),
        purged=card.filters.get("purged", 0),
        between=card.filters.get("between", 0),
        gap_hours=card.gap_hours,
    )


def _damaged() -> DatasetError:
    return DatasetError(
        "The dataset is damaged: its examples are not those of its card.", hint="Run `ipse prepare` again."
    )
