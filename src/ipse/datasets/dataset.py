"""A dataset: three sets and their card, made from a vault's conversations, as bytes and back.

Frozen: a changed dataset is another dataset with another hash. Knows no key; the pipeline seals the bytes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets.augmenting import augmented
from ipse.datasets.card import READABLE, Card, SetSummary, canonical, content_hash
from ipse.datasets.cleaning import Report
from ipse.datasets.coherence import judge
from ipse.datasets.dialogues import OWNER, Dialogue, dialogues, examples
from ipse.datasets.persona import Persona, persona_of
from ipse.datasets.rules import RULES, check_names, left_out, unfit
from ipse.datasets.split import SetName, Split, split
from ipse.datasets.strategies import shaped
from ipse.datasets.thinning import Rates, is_low_value, thinned, weighted
from ipse.errors import ConsentError, DatasetError, UnknownVersionError
from ipse.records import Example, Message

__all__ = ["Dataset", "Talk", "for_training", "impostors", "prepare"]


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
    """A card, the sets it describes, and what their training replies say of the owner."""

    card: Card
    split: Split
    persona: Persona = Persona()

    def dumps(self) -> bytes:
        """JSON lines: the card, the persona, then each example with the name of its set, in order."""
        persona = canonical({"persona": self.persona})
        return b"\n".join((canonical(self.card), persona, *_lines(self.split), b""))

    @classmethod
    def loads(cls, data: bytes) -> "Dataset":
        """Read what ``dumps`` wrote. Raises ``DatasetError`` where a byte of the examples was changed."""
        _, _, body = data.partition(b"\n")
        card = cls.card_in(data)
        try:
            persona, body = _persona(body)
            lines = [msgspec.json.decode(line, type=_Line) for line in body.splitlines()]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _damaged() from error
        if content_hash(body.splitlines()) != card.hash or _persona_hash(persona) != card.persona_hash:
            raise _damaged()
        held: dict[SetName, list[Example]] = {"train": [], "judge": [], "test": []}
        for line in lines:
            held[line.set].append(line.example)
        return cls(card, _split_of(held, card), persona)

    @staticmethod
    def card_in(data: bytes) -> Card:
        """The card alone, its examples not looked at; raises ``DatasetError`` or ``UnknownVersionError``."""
        head, _, _ = data.partition(b"\n")
        try:
            if msgspec.json.decode(head, type=dict[str, object]).get("format") not in READABLE:
                raise UnknownVersionError(
                    "This dataset was written by another version of ipse.", hint="Run `ipse prepare` again."
                )
            return msgspec.json.decode(head, type=Card)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _damaged() from error


def prepare(
    conversations: Iterable[Talk],
    settings: DatasetSettings,
    *,
    consents: Mapping[str, str],
    report: Report | None = None,
    kept_out: Mapping[str, int] | None = None,
    special: Mapping[str, dict[str, str]] | None = None,
) -> Dataset:
    """Make the dataset of a vault's conversations, taken one at a time.

    ``consents`` names the active consent of each source that may be used for style; ``report`` is told what
    was left out. ``kept_out`` counts what stands as a gap for its special category, and ``special`` tells
    which were let in under which consent; both may fill while the conversations are taken. Raises
    ``ConsentError`` for a conversation of any other source, and ``DatasetError`` where no reply of the owner
    is found or none passes the rules.
    """
    check_names(settings)
    report = Report() if report is None else report
    gathered = _gathered(conversations, settings, consents, report)
    if kept_out:
        report.counts.update(kept_out)
        report.counts["deleted"] -= kept_out.get("special", 0)
    coherence = judge(settings)
    found = []
    for example in gathered.examples:
        reason = unfit(example, settings, coherence)
        if reason is None:
            found.append(example)
        else:
            report.reply(reason, example)
    if not found:
        raise _nothing(report, any_reply=bool(gathered.examples))
    low = Counter(each.conversation for each in gathered.examples if is_low_value(each.reply, settings))
    every = Counter(each.conversation for each in gathered.examples)
    parts, rates = thinned(split(found, settings), settings, report, low=low, every=every)
    train, copies = for_training(parts.train, settings)
    parts = msgspec.structs.replace(parts, train=train)
    gathered.counts.update({f"augmented_{kind}": count for kind, count in copies.items()})
    report.counts.update(between=parts.between, purged=parts.purged)
    gathered.counts["examples"] = sum(map(len, parts.sets().values()))
    grants = {source: consents[source] for source in sorted(gathered.used)}
    card = _card(parts, settings, consents=grants, counts=gathered.counts, filters=report.counts)
    persona = persona_of(parts.train)
    more = {
        "rates": _as_dict(rates),
        "means": {"coherence": f"{coherence.name}, at least {coherence.least}"},
        "special": dict(special or {}),
        "persona_hash": _persona_hash(persona),
    }
    return Dataset(msgspec.structs.replace(card, **more), parts, persona)


def for_training(
    train: Sequence[Example], settings: DatasetSettings
) -> tuple[tuple[Example, ...], Counter[str]]:
    """Strategy, weights and copies, which a training set alone has; and the copies by kind.

    Raises ``DatasetError`` where the strategy leaves nothing.
    """
    shape = shaped(train, settings)
    if train and not shape:
        raise DatasetError(
            f"The strategy `{settings.strategy}` leaves nothing to train on.",
            hint="Set dataset.strategy to conversation.",
        )
    return augmented(weighted(shape, settings.half_life_days), settings)


class _Gathered(msgspec.Struct):
    """What conversations held: every reply of the owner before any rule of replies, and counts."""

    examples: list[Example] = []
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    used: set[str] = set()


def _gathered(
    conversations: Iterable[Talk], settings: DatasetSettings, consents: Mapping[str, str], report: Report
) -> _Gathered:
    found = _Gathered()
    for conversation in conversations:
        if conversation.source not in consents:
            raise ConsentError(
                f"There is no consent to learn style from {conversation.source}.",
                hint=f"Give it: ipse consent give --source {conversation.source} --purpose style",
            )
        found.used.add(conversation.source)
        found.counts["messages"] += len(conversation.messages)
        for message in conversation.messages:
            if reason := left_out(message, settings.without):
                report.message(reason, message)
        for dialogue in dialogues(conversation.messages, settings):
            found.counts.update(dialogues=1, turns=len(dialogue.turns))
            found.counts["own_turns"] += sum(turn.speaker == OWNER for turn in dialogue.turns)
            found.examples.extend(examples(dialogue, settings, tally=report.counts))
    return found


def _nothing(report: Report, *, any_reply: bool) -> DatasetError:
    if not any_reply:
        return DatasetError(
            "The vault holds no reply of the owner to anybody.",
            hint="Import an export with --me set to your name in it.",
        )
    rules = [rule.name for rule in RULES if rule.scope == "reply"]
    most, count = max(((name, report.counts[name]) for name in rules), key=lambda pair: pair[1])
    return DatasetError(
        f"No reply of the owner passes the rules of cleaning; `{most}` left out {count:,}.",
        hint=f"See `ipse prepare --report`; `dataset.without: [{most}]` leaves that rule away.",
    )


def _as_dict(rates: Rates) -> dict[str, float]:
    return {"true": rates.true, "kept": rates.kept}


def impostors(
    conversations: Iterable[Talk], settings: DatasetSettings, *, like: Split
) -> dict[str, list[Example]]:
    """What the other people answered in the same windows of time, by speaker: for judging, never kept.

    Each list is by time; ``like.side(example)`` tells the set an example stands beside.
    """
    found: dict[str, list[Example]] = {}
    for conversation in conversations:
        for dialogue in dialogues(conversation.messages, settings):
            for speaker in _others(dialogue):
                held = examples(dialogue, settings, speaker=speaker)
                kept = [example for example in held if like.side(example)]
                if kept:
                    found.setdefault(speaker, []).extend(kept)
    return {
        speaker: sorted(found[speaker], key=lambda example: (example.at, example.id))
        for speaker in sorted(found)
    }


def _persona_hash(persona: Persona) -> str:
    """SHA-256 of a persona; empty for an empty one, as of datasets that have none."""
    return content_hash([canonical(persona)]) if persona != Persona() else ""


def _persona(body: bytes) -> tuple[Persona, bytes]:
    """The persona, where the second line holds one, and the lines after it."""
    first, _, rest = body.partition(b"\n")
    if not first.startswith(b'{"persona":'):
        return Persona(), body
    return msgspec.json.decode(first, type=dict[str, Persona])["persona"], rest


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
        settings=settings.model_dump(mode="json"),
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
        timed=card.settings.get("split", "time") == "time",
    )


def _damaged() -> DatasetError:
    return DatasetError(
        "The dataset is damaged: its examples are not those of its card.", hint="Run `ipse prepare` again."
    )
