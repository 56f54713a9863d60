"""What the checks look at, read from the vault when first asked for.

Where something cannot be read it raises :class:`NotMeasuredError`, so that one damage fails the line that it
belongs to and leaves the others open. Changes nothing.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path

from ipse.consent import Consent, Purpose, SignedConsent, verify
from ipse.datasets import Dataset
from ipse.errors import AuditError, ConsentError, DamagedVaultError, DatasetError, IpseError, PrivacyError
from ipse.pipeline import objections
from ipse.pipeline.certificates import SignedCertificate, certificates
from ipse.pipeline.compliance.census import Census, Searcher, census
from ipse.pipeline.compliance.results import NotMeasuredError
from ipse.pipeline.requests import RightsRequest, requests
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import Roster
from ipse.registry import ModelCard, Registry
from ipse.signing import public_key
from ipse.vault import AuditEntry, AuditReport

__all__ = ["Facts"]

NOTHING = NotMeasuredError(
    "The vault holds no records.", hint="Import something, then make the report again."
)


class Facts:
    """The evidence of one report at one time ``now``, aware of its zone.

    ``anchor`` are checkpoints kept outside the vault, else those of the settings; ``backups`` are folders of
    backups to look into.
    """

    def __init__(
        self,
        workspace: Workspace,
        now: datetime,
        *,
        anchor: Path | None = None,
        backups: Collection[Path] = (),
        step: Callable[[int], None] = lambda _n: None,
    ) -> None:
        self.workspace = workspace
        self.vault = workspace.vault
        self.settings = workspace.settings
        self.now = now
        own = workspace.settings.audit.anchor
        self.anchor = anchor or (Path(own).expanduser() if own else None)
        self.backups = tuple(backups)
        self._step = step

    @cached_property
    def signed(self) -> list[SignedConsent]:
        """Every consent, whether its signature holds or not."""
        return self.workspace.consents()

    @cached_property
    def consents(self) -> dict[str, Consent]:
        """What the consents say, by id. That they are authentic is a check of its own."""
        return {one.consent.id: one.consent for one in self.signed}

    def forged(self) -> Iterator[str]:
        """The ids of consents that this vault's key did not sign as they are."""
        own = public_key(self.vault.signing_key())
        for one in self.signed:
            try:
                verify(one)
            except ConsentError:
                yield one.consent.id
                continue
            if one.public_key != own or one.consent.vault != self.vault.id:
                yield one.consent.id

    def standing(self, source: str, purpose: Purpose, at: datetime | None = None) -> list[Consent]:
        """The consents for a source and purpose that stood at a time, or stand now."""
        when = at or self.now
        return [
            one
            for one in self.consents.values()
            if one.source == source
            and purpose in one.purposes
            and not one.special
            and one.given_at <= when
            and (one.expires_at is None or when < one.expires_at)
            and (one.withdrawn_at is None or when < one.withdrawn_at)
        ]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Records by source."""
        return {source: held["records"] for source, held in self.vault.counts().items()}

    def sources(self) -> dict[str, int]:
        """Records by source; raises ``NotMeasuredError`` where there are none."""
        if not any(self.counts.values()):
            raise NOTHING
        return self.counts

    @cached_property
    def census(self) -> Census:
        """What one pass over all records found."""
        return census(self.workspace, self.roster, self.now, self._step)

    def whole_census(self) -> Census:
        """:attr:`census`, where there is something and all of it could be read."""
        self.sources()
        if self.census.damaged:
            raise NotMeasuredError(
                "Some records cannot be read (see C8).", hint="Restore them from a backup."
            )
        return self.census

    @cached_property
    def roster(self) -> Roster:
        """Who is known."""
        return self.workspace.roster()

    @cached_property
    def search(self) -> Searcher:
        """Looks in texts for what the gate would replace today."""
        return Searcher(self.workspace, self.roster)

    @cached_property
    def datasets(self) -> dict[str, Dataset | None]:
        """Every dataset; None for one that is not what was frozen."""
        held: dict[str, Dataset | None] = {}
        for name in self.vault.ids("dataset"):
            try:
                held[name] = Dataset.loads(self.vault.get("dataset", name))
            except DatasetError:
                held[name] = None
        return held

    def readable(self) -> dict[str, Dataset]:
        """Those that can be read."""
        return {name: held for name, held in self.datasets.items() if held is not None}

    @cached_property
    def models(self) -> list[ModelCard]:
        """Every model's card, oldest first."""
        return Registry(self.vault).cards()

    @cached_property
    def champion(self) -> ModelCard | None:
        """The model that speaks."""
        name = Registry(self.vault).champion()
        return next((card for card in self.models if card.id == name), None)

    def in_use(self) -> dict[str, Dataset]:
        """The datasets that are used: of the model that speaks, and the newest, which trains the next."""
        newest = list(self.datasets)[-1:]
        wanted = {*newest, *([self.champion.dataset] if self.champion else [])}
        return {name: held for name, held in self.readable().items() if name in wanted and self._usable(name)}

    def _usable(self, dataset: str) -> bool:
        """Whether no objection keeps a dataset from being used."""
        try:
            objections.check_usable(self.workspace, dataset)
        except PrivacyError:
            return False
        return True

    @cached_property
    def audit(self) -> AuditReport | AuditError:
        """What verifying the audit log says, without an anchor."""
        try:
            return self.vault.journal.verify()
        except AuditError as error:
            return error

    @cached_property
    def rows(self) -> list[AuditEntry]:
        """The audit log as far as it can be read; :meth:`log` is for what is to be proved by it."""
        found: list[AuditEntry] = []
        try:
            found.extend(self.vault.audit_rows())
        except AuditError:
            return found  # C10 tells
        return found

    def log(self, *actions: str) -> list[AuditEntry]:
        """The rows of these actions, or all; only of a log that verifies."""
        if isinstance(self.audit, AuditError):
            raise NotMeasuredError("The audit log does not verify (see C10).", hint="Look there first.")
        return [row for row in self.rows if not actions or row.action in actions]

    @cached_property
    def certificates(self) -> list[SignedCertificate]:
        """Every certificate of erasure, oldest first."""
        return certificates(self.workspace)

    @cached_property
    def requests(self) -> list[RightsRequest]:
        """Every request of a data subject, oldest first."""
        return requests(self.workspace)

    def damaged(self) -> Iterator[str]:
        """Every document that cannot be opened, or whose content is not what was registered."""
        registry = Registry(self.vault)
        for kind in ("roster", "certificate", "links", "scorecard", "job"):
            for name in self.vault.ids(kind):
                try:
                    self.vault.get(kind, name)
                except DamagedVaultError:
                    yield f"{kind} {name}"
        yield from (f"dataset {name}" for name, held in self.datasets.items() if held is None)
        for card in self.models:
            try:
                registry.files(card.id)
            except IpseError:
                yield f"model {card.id}"

    def overdue(self, *kinds: str) -> list[RightsRequest]:
        """The requests of these kinds that were answered late, or are late by now."""
        return [one for one in self.requests if one.kind in kinds and one.overdue(self.now.date())]
