"""A vault made by the real pipeline of which the compliance report has nothing to complain."""

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from ipse.config import load_settings
from ipse.consent import Consent, sign
from ipse.pipeline.answering import Clone
from ipse.pipeline.auditing import checkpoint
from ipse.pipeline.backups import back_up
from ipse.pipeline.compliance import SignedReport, accept_impact, compliance
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.contacts import exclude
from ipse.pipeline.drills import drill
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.portability import export_all
from ipse.pipeline.requests import add_request, close_request
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

PASSPHRASE = "a passphrase for tests"
NOWHERE = Path("nowhere")
SETTINGS: dict[str, object] = {
    "retention": {"messages": 10950},
    "retrieval": {"epochs": 1},
    "report": {"controller": "the one who tests"},
}


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


class Prepared:
    """A folder with a vault, its backups and its anchor; ``recovery`` opens it without Argon2id."""

    def __init__(self, folder: Path, recovery: str) -> None:
        self.folder = folder
        self.recovery = recovery
        self.vault, self.backups, self.anchor = folder / "vault", folder / "backups", folder / "anchor.jsonl"

    def copy(self, to: Path) -> "Prepared":
        shutil.copytree(self.folder, to, ignore=shutil.ignore_patterns("export", "exports"))
        return Prepared(to, self.recovery)

    @contextmanager
    def opened(self, **settings: object) -> Iterator[Workspace]:
        """Open it as it lies there: nothing is finished or purged, as `Workspace.open` would."""
        with Vault.open(self.vault, self.recovery) as vault:
            yield Workspace(vault, load_settings({**SETTINGS, **settings}, environment={}, user_file=NOWHERE))

    def report(self, workspace: Workspace, now: datetime | None = None) -> SignedReport:
        return compliance(workspace, anchor=self.anchor, backups=[self.backups], now=now, progress=quiet)


def prepared(folder: Path, exports: Path, me: Collection[str]) -> Prepared:
    """Consent, import, an erasure, somebody left out, a model, an answer, an export, a backup, a drill."""
    vault, recovery = Vault.create(folder / "vault", PASSPHRASE)
    made = Prepared(folder, recovery)
    with vault:
        workspace = Workspace(vault, load_settings(SETTINGS, environment={}, user_file=NOWHERE))
        given = {
            name: give(workspace, name, ["archive", "style"]) for name in ("whatsapp", "gmail", "reflections")
        }
        import_(workspace, [exports], me=list(me), progress=quiet)
        withdraw(workspace, given["reflections"].consent.id, erase=True)
        exclude(workspace, "Jun Harada")
        prepare(workspace)
        train(workspace, progress=quiet)
        Clone(workspace).answer("soup?")
        export_all(workspace, folder / "export")
        close_request(workspace, add_request(workspace, "access", "Ilka Brandt").id, note="sent")
        accept_impact(workspace, "small, and everybody knows")
        back_up(workspace, made.backups, progress=quiet)
        drill(workspace, made.backups, recovery, progress=quiet)
        checkpoint(workspace, made.anchor)
    return made


def put_consent(workspace: Workspace, consent: Consent) -> None:
    """Keep a consent in place of the one with its id, signed as it is by the vault's own key."""
    raw = msgspec.json.encode(sign(consent, workspace.vault.signing_key()))
    workspace.vault.put("consent", consent.id, raw, action="consent.give", details={}, state=consent.state)


def consent_of(workspace: Workspace, source: str) -> Consent:
    return next(one.consent for one in workspace.consents() if one.consent.source == source)


Seed = Callable[[Prepared, Workspace], None]
