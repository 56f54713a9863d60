"""From exports to durable ciphertext: find, survey, read, clear, keep.

Consent comes first: without one for its source no byte of an export is read. The survey tells who is in it,
so that a name is known before the first text that mentions it; nothing is kept until the owner was found.
Memory does not grow with the file. What is kept already is passed over before anything is done with it, so
a stopped import that is run again soon goes on where it stopped.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec.structs import replace

from ipse import plugins
from ipse.config import ImportSettings
from ipse.errors import (
    ConsentError,
    DamagedVaultError,
    OwnerUnknownError,
    PrivacyError,
    RefusedError,
    SettingsError,
    SourceError,
    UnknownVersionError,
)
from ipse.interfaces import Progress, ReadOptions, Source, Survey
from ipse.pipeline.archives import ArchiveReport, import_archive
from ipse.pipeline.clearing import Clearing
from ipse.pipeline.finding import Export, Found, find
from ipse.pipeline.language import Detector
from ipse.pipeline.owner import Ask, matcher, people_of, settle, spelled
from ipse.pipeline.special import refused
from ipse.pipeline.workspace import Workspace
from ipse.privacy.gate import Cleared, Gate
from ipse.privacy.roster import Roster
from ipse.records import Message, Record, Unreadable

__all__ = ["ExportReport", "ImportReport", "import_", "read_options"]

T = TypeVar("T")
UNREADABLE_LISTED = 1000  # positions named in a report; the count beside them is always exact


class ExportReport(msgspec.Struct, kw_only=True):
    """What became of one export: ``read == kept + duplicates + sum(refused) + unreadable``."""

    file: str
    source: str
    read: int = 0
    kept: int = 0
    duplicates: int = 0
    refused: dict[str, int] = {}
    unreadable: int = 0
    unreadable_at: list[Unreadable] = []
    notes: tuple[str, ...] = ()


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of every export, and the files under a folder that no consented source recognizes.

    ``failed`` says of exports that could not be read at all why; the others were imported all the same.
    ``archives`` are what `ipse export all` wrote, of this vault or another.
    """

    exports: tuple[ExportReport, ...]
    unrecognized: tuple[str, ...]
    failed: tuple[str, ...] = ()
    archives: tuple[ArchiveReport, ...] = ()


def read_options(
    settings: ImportSettings, me: Sequence[str], *, passphrase: str = "", mapping: Path | None = None
) -> ReadOptions:
    """What the sources are told; raises ``SettingsError`` for a zone that does not exist."""
    try:
        zone = ZoneInfo(settings.tz)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"`{settings.tz}` is no time zone.", hint="Write one such as Europe/Berlin."
        ) from error
    return ReadOptions(
        me=spelled(me), tz=zone, date_order=settings.date_order, passphrase=passphrase, mapping=mapping
    )


def import_(  # noqa: PLR0913 - what an owner may say of an import
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    me: Sequence[str] = (),
    format_name: str | None = None,
    passphrase: str = "",
    mapping: Path | None = None,
    ask: Ask | None = None,
    progress: Progress,
) -> ImportReport:
    """Import every export under ``paths``; ``ask`` is asked who the owner is where an export leaves it open.

    Raises ``ConsentError`` before any file is opened, ``OwnerUnknownError`` before anything is kept, and
    ``CancelledError`` from ``progress``; what was kept by then stays kept. An export among several that
    cannot be read at all is told in the report; the only one raises its ``SourceError``.
    """
    sources = _allowed(workspace, format_name)
    found = find(paths, sources, forced=format_name is not None)
    options = read_options(workspace.settings.imports, me, passphrase=passphrase, mapping=mapping)
    failed = [str(error) for error in found.closed]
    surveyed: list[tuple[Export, Survey]] = []
    for export in found.exports:
        try:
            workspace.permit(export.source.name, "archive")
            surveyed.append((export, export.source.survey(export.path, options)))
        except OwnerUnknownError:
            raise
        except SourceError as error:
            if len(found.exports) == 1:
                raise
            failed.append(str(error))
    reports = _imported(workspace, surveyed, options, ask, progress=progress) if surveyed else []
    archives = _archives(workspace, found, failed, progress)
    unknown = tuple(path.label for path in found.unknown)
    return ImportReport(
        exports=tuple(reports), unrecognized=unknown, failed=tuple(failed), archives=tuple(archives)
    )


def _imported(
    workspace: Workspace,
    surveyed: Sequence[tuple[Export, Survey]],
    options: ReadOptions,
    ask: Ask | None,
    *,
    progress: Progress,
) -> list[ExportReport]:
    roster = workspace.roster()
    settled = settle([(one.path.label, survey) for one, survey in surveyed], options.me, roster, ask)
    options = replace(options, me=(*options.me, *settled.names))
    importer = _Importer(workspace, options, roster, surveyed, progress)
    reports = [importer.run(export, survey) for export, survey in surveyed]
    for report in reports:
        if (note := settled.without.get(report.file)) is not None:
            report.notes = (*report.notes, note)
    return reports


def _archives(
    workspace: Workspace, found: Found, failed: list[str], progress: Progress
) -> Iterator[ArchiveReport]:
    """What `ipse export all` wrote goes in by a way of its own; the only thing there raises its error."""
    for path in found.archives:
        try:
            if path.path is None or not path.path.is_dir():
                raise SourceError(
                    f"{path.label}: is an export of a vault, packed.",
                    hint="Unpack it first.",
                )
            yield import_archive(workspace, path.path, progress=progress)
        except (SourceError, ConsentError, DamagedVaultError, UnknownVersionError) as error:
            if not found.exports and len(found.archives) == 1:
                raise
            failed.append(f"{path.label}: {error}")


def _allowed(workspace: Workspace, format_name: str | None) -> list[Source]:
    """The sources that may be read; raises ``ConsentError`` if that is none."""
    if format_name is not None:
        source = plugins.source_named(format_name)
        workspace.permit(source.name, "archive")
        return [source]
    allowed = [source for source in plugins.sources() if workspace.allows(source.name)]
    if not allowed:
        raise ConsentError(
            "No source has an active consent, so nothing was opened.",
            hint="Give one, as `ipse consent give --source whatsapp --purpose archive --purpose style`.",
        )
    return allowed


class _Importer:
    """One import: the roster, the gate's ingredients and the progress shared by all its exports."""

    def __init__(
        self,
        workspace: Workspace,
        options: ReadOptions,
        roster: Roster,
        surveyed: Sequence[tuple[Export, Survey]],
        progress: Progress,
    ) -> None:
        self._workspace = workspace
        self._options = options
        self._progress = progress
        self._is_owner = matcher(options.me, roster)
        self._languages = Detector(workspace.settings.imports.languages)
        self._clearing = Clearing(workspace, roster)
        units = [survey.units for _, survey in surveyed]
        self._total = float(sum(n for n in units if n is not None)) if None not in units else None
        self._done = 0
        self._remembered = -1
        self._repeats = True  # whether the last batch held what was kept before: then it is asked for first
        self._roster = roster
        for person in people_of(options.me):
            roster.add(person, owner=True)
        for _, survey in surveyed:
            owners = frozenset(survey.owner or ())
            for person in (*owners, *survey.senders):
                if person.name or person.address:
                    roster.add(person, owner=person in owners or self._is_owner(person))

    def run(self, export: Export, survey: Survey) -> ExportReport:
        report = ExportReport(file=export.path.label, source=export.source.name, notes=survey.notes)
        self._repeats = True
        found = export.source.read(export.path, self._options)
        for batch in _batches(found, self._workspace.settings.imports.batch):
            self._keep(export.source, batch, report)
            self._done += len(batch)
            self._progress(
                float(self._done), self._total, {"kept": report.kept, "duplicates": report.duplicates}
            )
        return report

    def _keep(self, source: Source, batch: Sequence[Record | Unreadable], report: ExportReport) -> None:
        # Decided anew for each batch: a withdrawal in another terminal stops the import here.
        permit = self._workspace.permit(source.name, "archive")
        gate = self._clearing.gate(permit, refuse=refused(self._workspace, source.name))
        report.read += len(batch)
        before = report.duplicates
        fresh = self._fresh(source, batch, report)
        cleared, gaps = self._clear(gate, self._placed(fresh), report)
        self._remember()
        kept = self._workspace.vault.keep(cleared, source=source.name)
        self._clearing.remember()
        new = len(kept.new - gaps) + len(kept.new_events)
        report.kept += new
        report.duplicates += len(cleared) - len(gaps) - new
        self._repeats = report.duplicates > before

    def _remember(self) -> None:
        """Make every placeholder durable before a record that holds it."""
        if len(self._roster) != self._remembered:
            self._workspace.keep_roster(self._roster)
            self._remembered = len(self._roster)

    def _fresh(
        self, source: Source, batch: Sequence[Record | Unreadable], report: ExportReport
    ) -> list[Record]:
        """The readable ones that are not kept yet; the others are counted."""
        records: list[Record] = []
        for item in batch:
            if isinstance(item, Unreadable):
                report.unreadable += 1
                if len(report.unreadable_at) < UNREADABLE_LISTED:
                    report.unreadable_at.append(item)
            else:
                records.append(item)
        if not self._repeats:
            return records
        names = [record.id if isinstance(record, Message) else record.key for record in records]
        known = self._workspace.vault.known(names, source=source.name)
        fresh = [record for record, name in zip(records, names, strict=True) if name not in known]
        report.duplicates += len(records) - len(fresh)
        return fresh

    def _placed(self, records: Sequence[Record]) -> list[Record]:
        """With direction and language."""
        texts = [record.text if isinstance(record, Message) else "" for record in records]
        out: list[Record] = []
        for record, lang in zip(records, self._languages.detect(texts), strict=True):
            if not isinstance(record, Message):
                out.append(record)
                continue
            own = record.direction == "outbound" or self._is_owner(record.sender)
            out.append(replace(record, direction="outbound" if own else "inbound", lang=record.lang or lang))
        return out

    def _clear(
        self, gate: Gate, records: Sequence[Record], report: ExportReport
    ) -> tuple[list[Cleared[Record]], frozenset[str]]:
        """The records as cleared, and the ids of those that only mark where a refused one stood.

        A mark holds neither who nor what, and is not counted as kept; without it the reply to a refused
        message would seem to answer the one before.
        """
        cleared: list[Cleared[Record]] = []
        gaps: set[str] = set()
        refused: Counter[str] = Counter(report.refused)
        for record in records:
            try:
                cleared.append(gate.clear(record))
                continue
            except RefusedError as error:
                refused[error.message] += 1
            except PrivacyError:
                refused["the gate could not clear it"] += 1
            gap = _gap(gate, record)
            if gap is not None:
                cleared.append(gap)
                gaps.add(gap.record.id)
        report.refused = dict(refused)
        return cleared, frozenset(gaps)


def _gap(gate: Gate, record: Record) -> Cleared[Message] | None:
    if not isinstance(record, Message):
        return None
    try:
        return gate.stand_in(record)
    except PrivacyError:
        return None  # the conversation is excluded whole, or nothing of it is permitted


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
