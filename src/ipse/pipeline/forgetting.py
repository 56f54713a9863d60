"""Erasure that reaches all that was made of what is erased: names, links, datasets, models, scorecards.

A plan is kept sealed before anything goes (intent), carried out (act) and replaced by a signed certificate
(done); each step does no harm when done twice, and whoever opens the vault next finishes what was cut short.
What went is remembered as opaque tokens, so that neither a new import nor an older backup brings it back.
"""

from collections.abc import Collection
from datetime import UTC, datetime

import msgspec

from ipse import plugins
from ipse.bases.folders import fingerprint
from ipse.bases.shelf import find_base
from ipse.config import Settings
from ipse.errors import BaseModelError, DamagedVaultError, IpseError, SettingsError, VaultError
from ipse.interfaces import Progress
from ipse.learners.preference import PREFERENCE
from ipse.pipeline import certificates
from ipse.pipeline.auditing import keep_anchor
from ipse.pipeline.certificates import Certificate, SignedCertificate
from ipse.pipeline.learning import prepare, settings_of, train
from ipse.pipeline.plans import Plan, planned
from ipse.pipeline.remnants import sweep
from ipse.pipeline.workspace import FORGETTING as KIND
from ipse.pipeline.workspace import Workspace
from ipse.privacy.erasures import Erased, Erasures, names_of
from ipse.records import Person
from ipse.registry import ModelCard, Registry
from ipse.vault.reserve import in_need

__all__ = ["PROOFS", "Forgotten", "allow_again", "carry_out", "finish", "forget", "replay", "train_again"]

DERIVED = frozenset({"model", "objection", "withdrawal"})  # what takes no records along
PROOFS = (
    "archive.", "assessment.", "audit.", "backup.", "consent.", "contacts.object",
    "contacts.release", "contacts.retrained", "dataset.prepare", "erase", "exception.",
    "forget.", "model.", "purge", "request.", "scorecard.keep", "train", "vault.",
)  # fmt: skip
"""Actions that stay told however old: what was allowed, learned from what, erased and proved."""
TRIES = 3  # an import in another terminal may keep a batch that it cleared before the erasure began


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate, the models trained anew, and why others were not."""

    certificate: SignedCertificate
    retrained: tuple[ModelCard, ...] = ()
    not_retrained: str = ""


def forget(
    workspace: Workspace, plan: Plan, *, retrain: bool = False, progress: Progress | None = None
) -> Forgotten:
    """Carry a plan of :func:`~ipse.pipeline.plans.plan_for` out; durable when this returns.

    With ``retrain`` each method whose models went is trained anew, from the frozen base, on what is left.
    """
    registry = Registry(workspace.vault)
    lost = [registry.card(name) for name in plan.models] if retrain else []
    certificate = carry_out(workspace, plan)
    try:
        again = train_again(workspace, lost, progress or (lambda _done, _total, _figures: None))
    except IpseError as error:  # what was asked for is done; this comes on top
        return Forgotten(certificate=certificate, not_retrained=str(error))
    return Forgotten(certificate=certificate, retrained=again)


def carry_out(workspace: Workspace, plan: Plan) -> SignedCertificate:
    """Keep the plan, do it, and return the certificate."""
    details = {"erasure": plan.id, "what": plan.what}

    def begin() -> None:
        workspace.vault.put(KIND, plan.id, msgspec.json.encode(plan), action="forget.begin", details=details)

    in_need(workspace.vault.folder, begin)
    return _act_in_need(workspace, plan)


def finish(workspace: Workspace) -> int:
    """Finish what was cut short; returns how many erasures. Damage elsewhere leaves it for later."""
    done = 0
    for name in workspace.vault.ids(KIND):
        plan = msgspec.json.decode(workspace.vault.get(KIND, name), type=Plan)
        try:
            _act_in_need(workspace, plan)
        except DamagedVaultError:
            continue  # the owner must get at the rest; it is tried again at the next opening
        done += 1
    return done


def allow_again(workspace: Workspace, what: str, name: str) -> int:
    """Let what was erased be taken in again; returns how many tokens of it the ledger held.

    An erasure is allowed as a whole: a contact with the conversations that went along.
    """
    with workspace.vault.exclusive():
        gone = workspace.erasures().allow(_named(workspace, what, name))
        if gone:
            workspace.keep_erasures()
    return gone


def replay(workspace: Workspace, newer: bytes = b"") -> SignedCertificate | None:
    """Erase again what the ledger says, as after an older backup was restored; None if nothing of it is here.

    ``newer`` is the content of a newer ledger (``Workspace.erasures().dumps()`` of the vault that was lost).
    """
    ledger = workspace.erasures()
    if newer:
        other = Erasures(workspace.vault.signing_key())
        other.load(newer)
        if ledger.union(other):
            workspace.keep_erasures()
    plan = planned(workspace, ledger)
    return carry_out(workspace, plan) if plan is not None else None


def _named(workspace: Workspace, what: str, name: str) -> list[Erased]:
    """Every token under which the ledger may know it."""
    known = [source.name for source in plugins.sources()]
    if what == "all":
        return [Erased("source", source) for source in {*known, *workspace.vault.counts()}]
    if what == "source":
        found = [source.name for source in plugins.sources() if name in (source.name, *source.aliases)]
        return [Erased("source", source) for source in (name, *found)]
    if what == "contact":
        return names_of("", [Person(name), Person("", name)])
    if what == "conversation":
        return [Erased("conversation", one) for one in (name, *(f"{source}|{name}" for source in known))]
    if what == "message":
        return [Erased("message", name)]
    raise SettingsError(f"A {what} is not kept out.", hint="Train it again.")


def _act_in_need(workspace: Workspace, plan: Plan) -> SignedCertificate:
    """On a full disk too: with the room held back for that, and the sources that go a bit at a time."""

    def sparing() -> SignedCertificate:
        for source in plan.sources:
            workspace.vault.thin(source)
        return _act(workspace, plan)

    return in_need(workspace.vault.folder, lambda: _act(workspace, plan), sparing)


def _act(workspace: Workspace, plan: Plan) -> SignedCertificate:
    """Every step of a plan; each is harmless when done before."""
    vault = workspace.vault
    if plan.what not in DERIVED:
        _remember(workspace, plan)
    _derived(workspace, plan)
    if plan.audit_before is not None:
        vault.journal.forget_before(plan.audit_before, PROOFS, action="purge.audit")
    counts = dict(plan.counts)
    for _ in range(TRIES):
        _records(workspace, plan)
        swept = sweep(workspace, plan.people) if plan.what not in DERIVED else {}
        if plan.everything:
            _rest(workspace)
        left = _remnants(workspace, plan)
        if not left:
            break
    else:
        raise VaultError(
            f"{left} pieces of it came back while it was erased.", hint="Stop the import, then open it again."
        )
    vault.compact()
    certificate = Certificate(
        id=plan.id,
        vault=vault.id,
        what=plan.what,
        asked_at=plan.asked_at,
        done_at=datetime.now(UTC),
        counts={name: n for name, n in (counts | swept).items() if n},
        datasets=plan.datasets,
        models=plan.models,
        remnants=left,
        audit_row=0,
        audit_hash="",
    )
    details = {"erasure": plan.id, "what": plan.what, **certificate.counts}
    signed = certificates.keep(workspace, certificate, details)
    vault.remove(KIND, plan.id, action="forget.end", details={"erasure": plan.id})
    keep_anchor(workspace, always=True)
    return signed


def _remember(workspace: Workspace, plan: Plan) -> None:
    with workspace.vault.exclusive():
        ledger = workspace.erasures()
        if plan.things:
            ledger.add(plan.id, plan.things)
        ledger.touch()  # whoever read the roster before this may not write it back
        workspace.keep_erasures()


def _derived(workspace: Workspace, plan: Plan) -> None:
    """Delete what was made of it."""
    vault, registry = workspace.vault, Registry(workspace.vault)
    for model in plan.models:
        if model in vault.ids("scorecard"):
            vault.remove("scorecard", model, action="scorecard.remove", details={"model": model})
        registry.remove(model, reason=f"erasure {plan.id}")
    held = vault.ids("dataset")
    for dataset in plan.datasets:
        if dataset in held:
            vault.remove("dataset", dataset, action="dataset.remove", details={"dataset": dataset})
    for kind, name in plan.documents:
        if name in vault.ids(kind):
            vault.remove(kind, name, action=f"{kind}.remove", details={kind: name})


def _records(workspace: Workspace, plan: Plan) -> None:
    vault = workspace.vault
    action = "purge.remove" if plan.what == "retention" else "forget.remove"
    for source in plan.sources:
        vault.erase(source)
    for cut in plan.cuts:
        vault.remove_records(cut, action=action)
        held = vault.counts().get(cut.source)
        if held is not None and not held["records"]:
            vault.erase(cut.source)


def _rest(workspace: Workspace) -> None:
    """With everything, also what is not made of records."""
    vault = workspace.vault
    for kind in ("roster", "privacy", "job", "links", "archive"):
        for name in vault.ids(kind):
            vault.remove(kind, name, action="forget.rest", details={"kind": kind})


def _remnants(workspace: Workspace, plan: Plan) -> int:
    """How much of it is still there; looks at what is kept, not at what was done."""
    vault = workspace.vault
    left = len(set(plan.sources) & vault.counts().keys())
    measured = [vault.measure(cut) for cut in plan.cuts]
    left += sum(one.messages + one.events + len(one.names) for one in measured)
    left += len(set(plan.datasets) & {*vault.ids("dataset")})
    left += sum(name in vault.ids(kind) for kind, name in plan.documents)
    left += len(vault.journal.older(plan.audit_before, PROOFS)) if plan.audit_before else 0
    left += len(set(plan.models) & {*vault.ids("model"), *vault.ids("artefact"), *vault.ids("scorecard")})
    return left + len(set(plan.people) & workspace.roster().people().keys())


def train_again(
    workspace: Workspace, lost: Collection[ModelCard], progress: Progress
) -> tuple[ModelCard, ...]:
    """One model for each method and configuration that went; the newest dataset is made first."""
    made: list[ModelCard] = []
    ways = {(card.method, msgspec.json.encode(card.config, order="sorted")): card for card in lost}
    dataset = prepare(workspace).card.id if ways else ""
    for card in ways.values():
        if card.method == PREFERENCE:
            continue  # it goes on from an adapter, which comes first: `ipse train --method preference`
        settings = settings_of(card, workspace.settings)
        _require_base(card, settings)
        own = Workspace(workspace.vault, settings)
        made.append(train(own, method=card.method, dataset_name=dataset, progress=progress))
    return tuple(made)


def _require_base(card: ModelCard, settings: Settings) -> None:
    """Raise ``BaseModelError`` unless the base is the one that the model was trained on, byte for byte.

    One into which somebody merged an adapter would bring back what the adapter had learned.
    """
    if card.base is None or card.base_hash is None:
        return
    folder = find_base(str(card.config["base"]), allow_network=settings.lora.allow_network)
    if fingerprint(folder) != card.base_hash:
        raise BaseModelError(
            f"The base model in {folder} is not the one that {card.id} was trained on.",
            hint="Put that one back, and train with `ipse train`.",
        )
