"""An archive into another vault: with leave given there, through the gate, under the same ids and pseudonyms.

The pseudonyms of an archive mean nothing to a vault that knows people already, so it goes into one that
knows nobody, or that this archive's vault filled before. Its consents are kept as evidence and allow nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec

from ipse.consent import SignedConsent, verify
from ipse.errors import DamagedVaultError, PrivacyError, VaultError
from ipse.interfaces import Progress
from ipse.jobs import run
from ipse.pipeline.clearing import Clearing
from ipse.pipeline.portability import Archive, KeptRecord, Known, read_archive, read_lines
from ipse.pipeline.workspace import Workspace
from ipse.privacy.gate import Cleared, Gate
from ipse.privacy.operators import PLACEHOLDER
from ipse.privacy.roster import OWNER, Roster
from ipse.records import Message, Person, Record

__all__ = ["ArchiveReport", "import_archive"]

KIND = "archive"  # what came from which vault
EVIDENCE = "evidence"  # consents given to another vault
RECORDS = ("records.jsonl", "events.jsonl")
NUMBERED = re.compile(r"([A-Z][A-Z_]*)_([0-9]+)")


class ArchiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an archive: ``read == kept + duplicates + sum(refused)``; ``evidence`` are consents."""

    vault: str
    read: int
    kept: int
    duplicates: int
    refused: dict[str, int]
    evidence: int


class _Seen(msgspec.Struct):
    """What the records of an archive speak of."""

    sources: set[str]
    people: set[str]
    conversations: set[str]
    tokens: set[str]


def import_archive(workspace: Workspace, directory: Path, *, progress: Progress) -> ArchiveReport:
    """Bring an archive in, as a job; what is there already is passed over.

    Raises ``DamagedVaultError`` for an archive that was changed, ``ConsentError`` unless each of its sources
    is allowed in this vault, and ``VaultError`` for a vault that knows other people; nothing is kept then.
    """
    archive = read_archive(directory)
    consents = _consents(directory, archive)
    seen = _survey(directory)
    for source in sorted(seen.sources):
        workspace.permit(source, "archive")
    contacts = [msgspec.json.decode(line, type=Known) for line in read_lines(directory / "contacts.jsonl")]
    _adopt(workspace, archive, seen, contacts)
    for signed in consents:
        name, raw = signed.consent.id, msgspec.json.encode(signed)
        details = {"consent": name, "source": signed.consent.source}
        workspace.vault.put(EVIDENCE, name, raw, action="archive.consent", details=details)
    total = float(sum(file.rows for file in archive.files if file.name in RECORDS))

    def work(follow: Progress) -> ArchiveReport:
        return _keep_all(workspace, directory, archive, follow, total)

    report = run(workspace.vault, "import-archive", work, progress)
    return msgspec.structs.replace(report, evidence=len(consents))


def _consents(directory: Path, archive: Archive) -> list[SignedConsent]:
    """The consents in it, each as it was signed; raises ``ConsentError`` for one that is not."""
    found = [
        msgspec.json.decode(line, type=SignedConsent) for line in read_lines(directory / "consents.jsonl")
    ]
    for signed in found:
        verify(signed)
        if signed.public_key != archive.public_key:
            raise DamagedVaultError(
                f"{directory}: a consent in it is of another vault.",
                hint="Export it again there.",
            )
    return found


def _read(directory: Path) -> Iterator[tuple[str, Record]]:
    """Each record with its source; raises ``DamagedVaultError`` for a line that is none."""
    for name in RECORDS:
        for line in read_lines(directory / name):
            try:
                kept = msgspec.json.decode(line, type=KeptRecord)
            except msgspec.MsgspecError as error:
                raise _no_record(directory / name) from error
            record: Record | None = kept.message or kept.event
            if record is None:
                raise _no_record(directory / name)
            yield kept.source, record


def _no_record(file: Path) -> DamagedVaultError:
    return DamagedVaultError(f"{file}: a line is no record.", hint="Export it again with this ipse.")


def _survey(directory: Path) -> _Seen:
    seen = _Seen(set(), set(), set(), set())
    for source, record in _read(directory):
        seen.sources.add(source)
        seen.tokens.update(PLACEHOLDER.findall(msgspec.json.encode(record).decode()))
        if isinstance(record, Message):
            seen.conversations.add(record.conversation)
            seen.people.update(one.name for one in _people(record) if one.name)
    return seen


def _people(message: Message) -> Iterator[Person]:
    yield message.sender
    yield from message.participants
    yield from message.mentions
    yield from (reaction.by for reaction in message.reactions)


def _adopt(workspace: Workspace, archive: Archive, seen: _Seen, contacts: list[Known]) -> None:
    """Make the roster know the archive's pseudonyms, placeholders and conversations."""
    vault = workspace.vault
    roster = workspace.roster()
    if archive.vault == vault.id:
        return
    if archive.vault not in vault.ids(KIND) and (vault.counts() or roster.people().keys() - {OWNER}):
        raise VaultError("This vault knows other people already.", hint="Make a new one with `ipse init`.")
    adopted = _adopted(roster, archive, seen, contacts)
    details = {"archive": archive.vault}
    vault.put("roster", "roster", adopted.dumps(), action="archive.people", details=details)
    vault.put(KIND, archive.vault, msgspec.json.encode(archive), action="archive.import", details=details)


def _adopted(roster: Roster, archive: Archive, seen: _Seen, contacts: list[Known]) -> Roster:
    state: dict[str, Any] = msgspec.json.decode(roster.dumps())
    people: dict[str, Any] = state["people"]
    for known in contacts:
        handles = [msgspec.to_builtins(person) for person in known.handles]
        if handles or known.pseudonym not in people:
            people[known.pseudonym] = {"people": handles or [_nobody(known.pseudonym)]}
        if known.pseudonym != OWNER:
            state["called"][known.pseudonym] = known.name or known.pseudonym
        state["merged"] |= dict.fromkeys(known.also, known.pseudonym)
        if known.excluded:
            state["excluded"] = sorted({*state["excluded"], known.pseudonym})
    for label in {OWNER, *seen.people} - state["merged"].keys() - people.keys():
        people[label] = {"people": [_nobody(label)]}
    numbers: Counter[str] = Counter()
    for token in {*seen.tokens, *people, *state["merged"]}:
        if (found := NUMBERED.fullmatch(token)) is not None:
            numbers[found[1]] = max(numbers[found[1]], int(found[2]))
    given = {f"PERSON_{number}" for number in range(1, numbers.pop("PERSON", 0) + 1)}
    state["forgotten"] = sorted({*state["forgotten"], *given - people.keys() - state["merged"].keys()})
    for kind, number in numbers.items():  # numbers that stand for something are not given again
        values = state["values"].setdefault(kind, [])
        values += [""] * (number - len(values))
    state["conversations"] |= {f"{archive.vault}|{token}": token for token in seen.conversations}
    return Roster.loads(msgspec.json.encode(state))


def _nobody(label: str) -> dict[str, str]:
    """Somebody of whom only the pseudonym is known: an address that stands in no text."""
    return {"name": "", "address": f"{label.lower()}@archive.invalid"}


def _keep_all(
    workspace: Workspace, directory: Path, archive: Archive, progress: Progress, total: float
) -> ArchiveReport:
    roster = workspace.roster()
    clearing = Clearing(workspace, roster)
    size = workspace.settings.imports.batch
    read = kept = 0
    refused: Counter[str] = Counter()
    for source, group in groupby(_read(directory), key=itemgetter(0)):
        while batch := list(islice(group, size)):
            permit = workspace.permit(source, "archive")  # a withdrawal in another terminal stops it here
            cleared = list(_cleared(clearing.gate(permit), batch, refused))
            workspace.keep_roster(roster)
            clearing.remember()
            kept += workspace.vault.keep(cleared, source=source).kept
            read += len(batch)
            progress(float(read), total, {"kept": kept})
    return ArchiveReport(
        vault=archive.vault,
        read=read,
        kept=kept,
        duplicates=read - kept - refused.total(),
        refused=dict(refused),
        evidence=0,
    )


def _cleared(gate: Gate, batch: list[tuple[str, Record]], refused: Counter[str]) -> Iterator[Cleared[Record]]:
    for _, record in batch:
        try:
            yield gate.clear(record)
        except PrivacyError as error:
            refused[error.message] += 1
