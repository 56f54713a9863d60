"""An archive into a vault: with leave given there, through the gate, in the words of that vault.

Records keep their ids, so what the vault holds already is known again. The consents of the archive are kept
as evidence and allow nothing.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

import msgspec

from ipse.consent import SignedConsent, verify
from ipse.errors import DamagedVaultError, PrivacyError, RefusedError
from ipse.interfaces import Progress
from ipse.jobs import run
from ipse.pipeline import objections
from ipse.pipeline.clearing import Clearing
from ipse.pipeline.joining import Meanings, join, surveyed, translator
from ipse.pipeline.manifests import Archive, ArchiveReader
from ipse.pipeline.remnants import sweep
from ipse.pipeline.special import refused as not_kept
from ipse.pipeline.workspace import Workspace
from ipse.privacy.gate import Cleared, Gate
from ipse.records import Message, Record

__all__ = ["ArchiveReport", "import_archive"]

KIND = "archive"  # what came from which vault, and what its pseudonyms mean here
EVIDENCE = "evidence"  # consents given to another vault
RECORDS = ("records", "events")


class ArchiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an archive: ``read == kept + duplicates + sum(refused)``; ``evidence`` are consents.

    ``joined`` counts people of the archive whom this vault knew already.
    """

    vault: str
    read: int
    kept: int
    duplicates: int
    refused: dict[str, int]
    evidence: int
    joined: int = 0


class _Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What the vault remembers of the archives of another one."""

    archive: Archive
    meanings: Meanings


def import_archive(workspace: Workspace, directory: Path, *, progress: Progress) -> ArchiveReport:
    """Bring an archive in, as a job; what is there already is passed over.

    Raises ``DamagedVaultError`` for an archive that was changed, and ``ConsentError`` unless each of its
    sources is allowed in this vault; nothing is kept then.
    """
    reader = ArchiveReader.open(directory)
    consents = _consents(reader)
    seen = surveyed(reader)
    for source in sorted(seen.sources):
        workspace.permit(source, "archive")
    known = workspace.roster().people().keys()
    meanings = Meanings()
    if reader.manifest.vault != workspace.vault.id:
        details = {"archive": reader.manifest.vault}
        vault = workspace.vault
        with vault.exclusive():
            meanings, roster = join(workspace, reader, seen, _before(workspace, reader.manifest))
            vault.put("roster", "roster", roster.dumps(), action="archive.people", details=details)
            raw = msgspec.json.encode(_Brought(archive=reader.manifest, meanings=meanings))
            vault.put(KIND, reader.manifest.vault, raw, action="archive.import", details=details)
        _objected(workspace, reader, meanings)
    for signed in consents:
        name, raw = signed.consent.id, msgspec.json.encode(signed)
        details = {"consent": name, "source": signed.consent.source}
        workspace.vault.put(EVIDENCE, name, raw, action="archive.consent", details=details)

    def work(follow: Progress) -> ArchiveReport:
        return _keep_all(workspace, reader, meanings, follow)

    report = run(workspace.vault, "import-archive", work, progress)
    if report.refused:
        sweep(workspace, ())  # names and values that only refused records had
    joined = len({*meanings.people.values()} & known - {"me"})
    return msgspec.structs.replace(report, evidence=len(consents), joined=joined)


def _consents(reader: ArchiveReader) -> list[SignedConsent]:
    """The consents in it, each as it was signed; raises ``ConsentError`` for one that is not."""
    found = reader.consents()
    for signed in found:
        verify(signed)
        if signed.public_key != reader.manifest.public_key:
            raise DamagedVaultError(
                f"{reader.directory}: a consent in it is of another vault.", hint="Export it again there."
            )
    return found


def _objected(workspace: Workspace, reader: ArchiveReader, meanings: Meanings) -> None:
    """Let those be frozen here, too, who were frozen there."""
    note = f"came with the archive of vault {reader.manifest.vault}"
    for one in reader.contacts():
        label = meanings.people.get(one.pseudonym, one.pseudonym)
        if one.objected and label not in objections.frozen(workspace, workspace.roster()):
            objections.stand(workspace, label, note=note)


def _before(workspace: Workspace, archive: Archive) -> Meanings:
    """What an earlier archive of that vault means here."""
    vault = workspace.vault
    if archive.vault not in vault.ids(KIND):
        return Meanings()
    return msgspec.json.decode(vault.get(KIND, archive.vault), type=_Brought).meanings


def _keep_all(
    workspace: Workspace, reader: ArchiveReader, meanings: Meanings, progress: Progress
) -> ArchiveReport:
    roster = workspace.roster()
    clearing, translated = Clearing(workspace, roster), translator(meanings)
    size, erased = workspace.settings.imports.batch, _erased(workspace, reader)
    total = float(sum(file.rows for file in reader.manifest.files if Path(file.name).stem in RECORDS))
    read = kept = 0
    refused: Counter[str] = Counter()
    for source, group in groupby(reader.records(), key=itemgetter(0)):
        while batch := list(islice(group, size)):
            permit = workspace.permit(source, "archive")  # a withdrawal in another terminal stops it here
            gate = clearing.gate(permit, refuse=not_kept(workspace, source))
            left = [record for _, record in batch if not _is_in(record, erased)]
            refused["you erased this conversation"] += len(batch) - len(left)
            cleared = list(_cleared(gate, map(translated, left), refused))
            workspace.keep_roster(roster)
            clearing.remember()
            kept += workspace.vault.keep(cleared, source=source).kept
            read += len(batch)
            progress(float(read), total, {"kept": kept})
    return ArchiveReport(
        vault=reader.manifest.vault,
        read=read,
        kept=kept,
        duplicates=read - kept - refused.total(),
        refused={reason: n for reason, n in refused.items() if n},
        evidence=0,
    )


def _erased(workspace: Workspace, reader: ArchiveReader) -> frozenset[str]:
    """Conversations of the archive that were erased here; their names tell, where the archive has them."""
    ledger = workspace.erasures()
    named = reader.placeholders()
    return frozenset(one.token for one in named if ledger.holds("conversation", one.value))


def _is_in(record: Record, conversations: frozenset[str]) -> bool:
    return isinstance(record, Message) and record.conversation in conversations


def _cleared(gate: Gate, batch: Iterator[Record], refused: Counter[str]) -> Iterator[Cleared[Record]]:
    for record in batch:
        try:
            yield gate.clear(record, again=True)
        except RefusedError as error:
            refused[error.message] += 1
        except PrivacyError:
            refused["the gate could not clear it"] += 1
