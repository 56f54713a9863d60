"""What an erasure would take along: found before anything goes, shown to the owner, then carried out."""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ipse import plugins
from ipse.errors import PrivacyError, VaultError
from ipse.pipeline.derived import KINDS, Name, reached, touched
from ipse.pipeline.remnants import people_in, tokens_in
from ipse.pipeline.workspace import Workspace
from ipse.privacy.erasures import Erased, Erasures, names_of
from ipse.privacy.roster import OWNER, Roster
from ipse.registry import Registry
from ipse.vault import Conversation, Cut

__all__ = ["Plan", "What", "make", "of_datasets", "plan_for", "planned"]

What = Literal[
    "source",
    "contact",
    "conversation",
    "message",
    "model",
    "all",
    "retention",
    "restore",
    "objection",
    "special",
    "withdrawal",
]
_OWN_WAY = ("dataset", "model")  # that the certificate names, and a model leaves the registry


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure: whole ``sources``, ``cuts`` in others, ``people`` by pseudonym, and what was made of it.

    ``things`` go into the ledger. ``counts`` is what goes, by kind. ``documents`` are what else was made of
    it, by kind and id. ``audit_before``: what older rows of the audit log say goes too.
    """

    id: str
    what: What
    asked_at: datetime
    sources: tuple[str, ...] = ()
    cuts: tuple[Cut, ...] = ()
    people: tuple[str, ...] = ()
    things: tuple[Erased, ...] = ()
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    documents: tuple[Name, ...] = ()
    audit_before: datetime | None = None
    counts: dict[str, int] = {}
    everything: bool = False


def plan_for(workspace: Workspace, what: What, name: str = "") -> Plan:
    """What erasing this would take; changes nothing.

    Raises ``VaultError``, ``PrivacyError`` or ``RegistryError`` where there is no such thing.
    """
    return _MAKERS[what](workspace, name)


def make(  # noqa: PLR0913 - what can be erased
    workspace: Workspace,
    what: What,
    *,
    sources: Sequence[str] = (),
    cuts: Sequence[Cut] = (),
    people: Collection[str] = (),
    things: Iterable[Erased] = (),
    documents: Collection[Name] = (),
) -> Plan:
    """A plan for these records and documents, with all that was made of them."""
    vault, counts = workspace.vault, {"sources": len(sources), "people": len(people)}
    held = vault.counts()
    for source in sources:
        events = sum(1 for _ in vault.events(sources=[source]))
        _add(counts, messages=held[source]["records"] - events, events=events)
        _add(counts, conversations=held[source]["conversations"])
        _add(counts, keys=held[source]["conversations"] + bool(events) + 1)
    for cut in cuts:
        found = vault.measure(cut)
        _add(counts, messages=found.messages, events=found.events, conversations=found.conversations)
        _add(counts, rewritten=found.rewritten)
        _add(counts, keys=found.conversations + found.rewritten + bool(found.events))
    made = reached(
        workspace, sources=sources, touched=touched(workspace, cuts), people=people, documents=documents
    )
    _count(counts, made)
    return Plan(
        id=secrets.token_hex(8),
        what=what,
        asked_at=datetime.now(UTC),
        sources=tuple(sources),
        cuts=tuple(cuts),
        people=tuple(sorted(people)),
        things=tuple(things),
        datasets=tuple(name for kind, name in made if kind == "dataset"),
        models=tuple(name for kind, name in made if kind == "model"),
        documents=tuple(one for one in made if one[0] not in _OWN_WAY),
        counts={name: n for name, n in counts.items() if n},
    )


def of_datasets(workspace: Workspace, what: What, datasets: Iterable[str]) -> Plan:
    """A plan for datasets and all that was made of them; no record goes."""
    return make(workspace, what, documents=[("dataset", name) for name in datasets])


def planned(workspace: Workspace, ledger: Erasures) -> Plan | None:
    """A plan for all in the vault that the ledger says was erased; None where there is nothing."""
    roster = workspace.roster()
    sources = [name for name in workspace.vault.counts() if ledger.holds("source", name)]
    names = roster.conversations()
    talks = {
        token
        for value, token in names.items()
        if ledger.holds("conversation", value) or ledger.holds("conversation", token)
    }
    people = {
        label
        for label in roster.people()
        if label != OWNER and any(ledger.label(one) for one in roster.handles(label))
    }
    labels = _labels(roster, people)
    cuts: list[Cut] = []
    for source in workspace.vault.counts():
        messages = frozenset(
            message.id
            for talk in workspace.vault.scan(sources=[source])
            for message in talk.messages
            if ledger.holds("message", message.id)
        )
        cut = Cut(source=source, conversations=frozenset(talks), messages=messages, people=labels)
        if source not in sources and workspace.vault.measure(cut):
            cuts.append(cut)
    if not (sources or cuts or people):
        return None
    return make(workspace, "restore", sources=sources, cuts=cuts, people=people)


def _source(workspace: Workspace, name: str) -> Plan:
    held = workspace.vault.counts()
    source = name if name in held else plugins.source_named(name).name
    if source not in held:
        raise VaultError(f"The vault holds nothing of {source}.", hint="See `ipse consent list`.")
    return make(workspace, "source", sources=[source], things=[Erased("source", source)])


def _contact(workspace: Workspace, name: str) -> Plan:
    """What they wrote, every conversation that was with nobody else, and who they are."""
    roster = workspace.roster()
    label = roster.find(name)
    if label is None:
        raise PrivacyError(f"Nobody called `{name}` is known.", hint="See `ipse contacts list`.")
    if label == OWNER:
        raise PrivacyError("You cannot be forgotten in your own vault.", hint="Use --all for everything.")
    labels = _labels(roster, {label})
    alone: dict[str, set[str]] = {}
    for talk, took_part in _talks(workspace):
        if labels & {token for message in talk.messages for token in tokens_in(message)} or (
            took_part & labels
        ):
            whole = {talk.id} if took_part and took_part <= labels else set()
            alone.setdefault(talk.source, set()).update(whole)
    cuts = [Cut(source=source, conversations=frozenset(ids), people=labels) for source, ids in alone.items()]
    values = {token: value for value, token in roster.conversations().items()}
    talks = [Erased("conversation", one) for ids in alone.values() for token in sorted(ids)
             for one in (token, values.get(token, token))]  # fmt: skip
    # By every pseudonym too: in an older backup those merged since are still several people.
    given = [Erased("label", one, one) for one in sorted(labels)]
    things = [*names_of(label, roster.handles(label)), *given, *dict.fromkeys(talks)]
    return make(workspace, "contact", cuts=cuts, people={label}, things=things)


def _conversation(workspace: Workspace, name: str) -> Plan:
    """By its token, with or without its random end, or by its name in the export."""
    found: dict[str, str] = {}
    for value, token in workspace.roster().conversations().items():
        source, _, called = value.partition("|")
        if name in (token, token.rpartition("_")[0]) or name.casefold() == called.casefold():
            found[token] = source
    if len(found) != 1:
        several = f"Name one of them: {', '.join(sorted(found))}." if found else "See `ipse export messages`."
        raise VaultError(f"There is no one conversation called `{name}`.", hint=several)
    ((token, source),) = found.items()
    value = next(value for value, held in workspace.roster().conversations().items() if held == token)
    cut = Cut(source=source, conversations=frozenset({token}))
    things = [Erased("conversation", token), Erased("conversation", value)]
    return make(workspace, "conversation", cuts=[cut], things=things)


def _message(workspace: Workspace, name: str) -> Plan:
    for talk in workspace.vault.scan():
        if any(message.id == name for message in talk.messages):
            cut = Cut(source=talk.source, messages=frozenset({name}))
            return make(workspace, "message", cuts=[cut], things=[Erased("message", name)])
    raise VaultError(
        f"There is no message `{name}`.", hint="Its id is `message_id` in `ipse export messages`."
    )


def _model(workspace: Workspace, name: str) -> Plan:
    return make(workspace, "model", documents=[("model", Registry(workspace.vault).card(name).id)])


def _all(workspace: Workspace, _: str) -> Plan:
    sources, vault = list(workspace.vault.counts()), workspace.vault
    people = workspace.roster().people().keys() - {OWNER}
    things = [Erased("source", source) for source in sources]
    made = [(kind, name) for kind, known in KINDS.items() if known.origin for name in vault.ids(kind)]
    plan = make(workspace, "all", sources=sources, people=people, things=things, documents=made)
    return msgspec.structs.replace(plan, everything=True)


_MAKERS: dict[str, Callable[[Workspace, str], Plan]] = {
    "source": _source,
    "contact": _contact,
    "conversation": _conversation,
    "message": _message,
    "model": _model,
    "all": _all,
}


def _labels(roster: Roster, people: Collection[str]) -> frozenset[str]:
    """These pseudonyms and all that were merged into them."""
    return frozenset({*people, *(old for old, now in roster.merged.items() if now in people)})


def _talks(workspace: Workspace) -> Iterator[tuple[Conversation, set[str]]]:
    """Each conversation with the pseudonyms of those in it, without the owner."""
    for talk in workspace.vault.scan():
        yield talk, {one for message in talk.messages for one in people_in(message)} - {OWNER, ""}


def _count(counts: dict[str, int], made: Iterable[Name]) -> None:
    """Each document with its key; a model has two, one for its files."""
    for kind, _ in made:
        _add(counts, keys=2 if kind == "model" else 1)
        counts[KINDS[kind].told or kind] = counts.get(KINDS[kind].told or kind, 0) + 1


def _add(counts: dict[str, int], **more: int) -> None:
    for name, n in more.items():
        counts[name] = counts.get(name, 0) + n
