"""Everything of a vault in open formats, signed, for its owner or another program.

What is in it is pseudonymized as the vault holds it; names, values and details only where the owner asks for
them. It holds no key. :data:`TABLES` is what there is; docs/reference/archive.md is made of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ipse.consent import SignedConsent
from ipse.datasets import Card, Dataset
from ipse.enrichment import LookedUp
from ipse.errors import DamagedVaultError, VaultError, VaultExistsError
from ipse.jobs import Job, listed
from ipse.pipeline import objections
from ipse.pipeline.certificates import SignedCertificate, certificates
from ipse.pipeline.contacts import UNNAMED, contacts, gap
from ipse.pipeline.exporting import export_messages
from ipse.pipeline.manifests import (
    RECORD_COLUMNS,
    Archive,
    ArchiveFile,
    ArchiveReader,
    EventRow,
    Known,
    Placeholder,
    file_of,
    write_manifest,
)
from ipse.pipeline.tabular import Column, ExportFormat, columns_of, read_rows, write_rows
from ipse.pipeline.workspace import Workspace
from ipse.privacy.lists import WordLists
from ipse.privacy.roster import Roster
from ipse.records import Message
from ipse.registry import ModelCard, Registry
from ipse.schemas import WIRE_FIELDS
from ipse.scorecard import Scorecard
from ipse.signing import public_key

__all__ = [
    "TABLES",
    "AuditRow",
    "Checked",
    "LinkRow",
    "SettingRow",
    "Table",
    "TalkRow",
    "WordRow",
    "export_all",
    "verify_archive",
]


class TalkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation; ``first`` and ``last`` are times of messages."""

    token: str
    source: str
    messages: int
    first: datetime
    last: datetime
    group: bool


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the audit log; ``details`` only where names are asked for, ``at`` null where erased."""

    seq: int
    at: datetime | None
    action: str
    details: dict[str, object] = {}


class SettingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as it is at the export; null where it could name somebody and names were not asked for."""

    name: str
    value: object


class WordRow(msgspec.Struct, frozen=True, kw_only=True):
    """A word that you decided on: always kept, or always replaced."""

    word: str
    verdict: str


class LinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was found behind a link."""

    url: str
    found: LookedUp


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of an archive: its columns, what a row is, and its rows.

    ``named`` tables are written only where names are asked for, for they say who somebody is.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    rows: Callable[["_Export"], Iterable[Mapping[str, Any]]]
    named: bool = False


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """An archive whose every file is what was signed, and whose every row could be read."""

    vault: str
    version: int
    at: datetime
    form: str
    names: bool
    rows: dict[str, int]
    public_key: str
    mine: bool | None = None


class _Export(msgspec.Struct):
    """What the tables are made from."""

    workspace: Workspace
    roster: Roster
    names: bool


def export_all(
    workspace: Workspace, directory: Path, form: ExportFormat = "jsonl", *, names: bool = False
) -> Archive:
    """Write everything into an empty folder; noted in the audit log first. The manifest comes last.

    Raises ``VaultExistsError`` for a folder that is not empty and ``VaultError`` where it cannot be written.
    """
    vault = workspace.vault
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise VaultExistsError(f"{directory}: is not empty.", hint="Name an empty folder.")
        vault.note("export.all", {"format": form, "names": names})
        files = _written(_Export(workspace, workspace.roster(), names), directory, form)
        bare = Archive(
            vault=vault.id,
            at=datetime.now(UTC),
            form=form,
            names=names,
            sources=tuple(vault.counts()),
            files=files,
            public_key="",
        )
        return write_manifest(directory, bare, vault.signing_key())
    except OSError as error:
        raise VaultError(
            f"{directory}: {error.strerror or error}.", hint="Remove what is there and export again."
        ) from error


def verify_archive(directory: Path, workspace: Workspace | None = None) -> Checked:
    """Check signature and files of an archive, and read every row; with a vault, also whether it signed it.

    Raises ``DamagedVaultError`` and ``UnknownVersionError``.
    """
    reader = ArchiveReader.open(directory)
    manifest, rows = reader.manifest, {}
    for file in manifest.files:
        name = Path(file.name).stem
        rows[name] = sum(1 for _ in read_rows(directory / Path(file.name).name, _columns(name)))
        if rows[name] != file.rows:
            raise DamagedVaultError(f"{directory / file.name}: lacks rows.", hint="Export it again.")
    found = sum(1 for _ in reader.records())
    if found != rows.get("records", 0) + rows.get("events", 0):
        raise DamagedVaultError(f"{directory}: lacks records.", hint="Export it again.")
    mine = public_key(workspace.vault.signing_key()) == manifest.public_key if workspace else None
    return Checked(
        vault=manifest.vault,
        version=manifest.version,
        at=manifest.at,
        form=manifest.form,
        names=manifest.names,
        rows=rows,
        public_key=manifest.public_key,
        mine=mine,
    )


def _columns(name: str) -> tuple[Column, ...]:
    return next((table.columns for table in TABLES if table.name == name), ())


def _written(export: _Export, directory: Path, form: ExportFormat) -> tuple[ArchiveFile, ...]:
    files = []
    for table in TABLES:
        if table.named and not export.names:
            continue
        file = directory / f"{table.name}.{form}"
        if table.name == "messages":
            rows = export_messages(export.workspace, file, form)
        else:
            rows = write_rows(file, table.columns, table.rows(export))
        files.append(file_of(file, rows))
    return tuple(files)


def _flat(rows: Iterable[msgspec.Struct]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {name: msgspec.to_builtins(getattr(row, name)) for name in row.__struct_fields__}


def _messages(_export: _Export) -> Iterator[dict[str, Any]]:
    return iter(())  # these have a writer of their own, :func:`~ipse.pipeline.exporting.export_messages`


def _records(export: _Export) -> Iterator[dict[str, Any]]:
    roster = export.roster
    defaults = {
        field.name: msgspec.to_builtins(field.default) if field.default is not msgspec.NODEFAULT else None
        for field in msgspec.structs.fields(Message)
    }
    silent = roster.excluded | objections.frozen(export.workspace, roster)
    for talk in export.workspace.vault.scan():
        for message in talk.messages:
            out = message.direction == "inbound" and roster.now(message.sender.name) in silent
            shown = msgspec.to_builtins(gap(message) if out else message)
            yield {"source": talk.source, **defaults, **shown}


def _events(export: _Export) -> Iterator[dict[str, Any]]:
    vault = export.workspace.vault
    for source in vault.counts():
        yield from _flat(EventRow(source=source, event=event) for event in vault.events(sources=[source]))


def _talks(export: _Export) -> Iterator[dict[str, Any]]:
    for talk in export.workspace.vault.scan():
        row = TalkRow(
            token=talk.id,
            source=talk.source,
            messages=len(talk.messages),
            first=talk.messages[0].at,
            last=talk.messages[-1].at,
            group=any(message.group for message in talk.messages),
        )
        yield from _flat([row])


def _contacts(export: _Export) -> Iterator[dict[str, Any]]:
    roster = export.roster
    for one in contacts(export.workspace):
        known = Known(
            pseudonym=one.pseudonym,
            also=tuple(label for label, into in roster.merged.items() if into == one.pseudonym),
            platforms=one.platforms,
            messages=one.messages,
            excluded=one.excluded,
            objected=one.objected,
        )
        if export.names:
            told = tuple(h for h in roster.handles(one.pseudonym) if not h.address.endswith(UNNAMED))
            known = replace(known, name=one.name, handles=told)
        yield from _flat([known])


def _placeholders(export: _Export) -> Iterator[dict[str, Any]]:
    kinds: dict[str, list[str]] = msgspec.json.decode(export.roster.dumps())["values"]
    held = {
        f"{kind}_{number}": value
        for kind, values in kinds.items()
        for number, value in enumerate(values, start=1)
        if value  # else it was let go
    }
    held |= {token: name for name, token in export.roster.conversations().items()}
    return _flat(Placeholder(token=token, value=value) for token, value in held.items())


def _words(export: _Export) -> Iterator[dict[str, Any]]:
    vault = export.workspace.vault
    held = "lists" in vault.ids("privacy")
    lists = WordLists.loads(vault.get("privacy", "lists")) if held else WordLists()
    told = [(word, "kept") for word in lists.allowed] + [(word, "replaced") for word in lists.denied]
    return _flat(WordRow(word=word, verdict=verdict) for word, verdict in told)


def _links(export: _Export) -> Iterator[dict[str, Any]]:
    vault = export.workspace.vault
    for shard in vault.ids("links"):
        held = msgspec.json.decode(vault.get("links", shard), type=dict[str, LookedUp])
        yield from _flat(LinkRow(url=url, found=found) for url, found in held.items())


def _consents(export: _Export) -> Iterator[dict[str, Any]]:
    return _flat(export.workspace.consents())


def _evidence(export: _Export) -> Iterator[dict[str, Any]]:
    vault = export.workspace.vault
    names = vault.ids("evidence")
    return _flat(msgspec.json.decode(vault.get("evidence", name), type=SignedConsent) for name in names)


def _datasets(export: _Export) -> Iterator[dict[str, Any]]:
    vault = export.workspace.vault
    return _flat(Dataset.loads(vault.get("dataset", name)).card for name in vault.ids("dataset"))


def _models(export: _Export) -> Iterator[dict[str, Any]]:
    return _flat(Registry(export.workspace.vault).cards())


def _scorecards(export: _Export) -> Iterator[dict[str, Any]]:
    vault = export.workspace.vault
    return _flat(Scorecard.from_json(vault.get("scorecard", name)) for name in vault.ids("scorecard"))


def _certificates(export: _Export) -> Iterator[dict[str, Any]]:
    return _flat(certificates(export.workspace))


def _jobs(export: _Export) -> Iterator[dict[str, Any]]:
    jobs = listed(export.workspace.vault)
    return _flat(job if export.names else replace(job, error="") for job in jobs)


def _settings(export: _Export) -> Iterator[dict[str, Any]]:
    for section, held in export.workspace.settings.model_dump(mode="json").items():
        for name, value in held.items() if isinstance(held, dict) else [("", held)]:
            told = f"{section}.{name}" if name else section
            yield {"name": told, "value": value if export.names or told not in _TELLING else None}


_TELLING = frozenset(
    {"vault", "privacy.exclude_people", "privacy.exclude_conversations", "privacy.exclude_words",
     "privacy.ner_model", "lora.base", "lora.monitor_folder", "lora.specialised", "audit.anchor",
     "catalog.url"}
)  # fmt: skip
"""Settings that name people, or folders, which often have a person's name in them."""


def _audit(export: _Export) -> Iterator[dict[str, Any]]:
    for row in export.workspace.vault.audit_rows():
        details = row.details if export.names else {}
        yield from _flat([AuditRow(seq=row.seq, at=row.at, action=row.action, details=details)])


def _table(
    name: str,
    rows: Callable[[_Export], Iterable[Mapping[str, Any]]],
    columns: type[msgspec.Struct] | tuple[Column, ...],
    about: str,
    *,
    named: bool = False,
) -> Table:
    held = columns if isinstance(columns, tuple) else columns_of(columns)
    return Table(name=name, about=about, columns=held, rows=rows, named=named)


WIRE = tuple(Column(field, "text") for field in WIRE_FIELDS)  # its own types: docs/reference/messages.md

TABLES = (
    _table("messages", _messages, WIRE, "a message in the wire schema, for other programs"),
    _table("records", _records, RECORD_COLUMNS, "the same message with all that the vault knows of it"),
    _table("events", _events, EventRow, "what a machine or a sensor did"),
    _table("conversations", _talks, TalkRow, "a conversation: how much, from when to when"),
    _table("contacts", _contacts, Known, "somebody you know: pseudonym, platforms, how much they wrote"),
    _table("consents", _consents, SignedConsent, "a consent as you signed it, withdrawn ones too"),
    _table("evidence", _evidence, SignedConsent, "a consent of another vault, which came with an archive"),
    _table("datasets", _datasets, Card, "the card of a dataset: of what, under which consents"),
    _table("models", _models, ModelCard, "the card of a model: method, dataset, consents, settings, figures"),
    _table("scorecards", _scorecards, Scorecard, "how good a model was found"),
    _table("certificates", _certificates, SignedCertificate, "a signed certificate of an erasure"),
    _table("jobs", _jobs, Job, "long work: what, when, how it ended"),
    _table("settings", _settings, SettingRow, "a setting of this run"),
    _table("audit", _audit, AuditRow, "what was done and when"),
    _table("placeholders", _placeholders, Placeholder, "what stands behind a placeholder", named=True),
    _table("words", _words, WordRow, "a word that is always kept, or always replaced", named=True),
    _table("links", _links, LinkRow, "what was found behind a link", named=True),
)
"""All that an archive holds."""
