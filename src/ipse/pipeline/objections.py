"""Who objected to being used (GDPR, Art. 21 and 18): kept, and used for nothing.

An objection is a signed document of the vault of its own. It names a pseudonym, so it holds for whoever that
is by now, merged or renamed, and for whatever is imported later. Here it is read; ``objecting`` makes it.
"""

import secrets
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ipse.datasets import Dataset
from ipse.errors import PrivacyError
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import Roster
from ipse.registry import ModelCard, Registry
from ipse.signing import is_signed, public_key, signature

__all__ = [
    "Models",
    "Objection",
    "SignedObjection",
    "adopt",
    "affected",
    "check_usable",
    "frozen",
    "held",
    "keep",
    "stand",
    "verify",
    "widen",
]

KIND = "objection"
PURPOSE = "certificate of restriction"

Models = Literal["retrain", "erase", "keep-unused"]


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """That ``contact`` (a pseudonym) objected, and what was made of their messages before.

    ``datasets`` and ``models`` are not used while it stands. ``audit_hash`` is the MAC of the audit row.
    """

    id: str
    vault: str
    contact: str
    at: datetime
    note: str = ""
    models_were: Models = "keep-unused"
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    retrained: tuple[str, ...] = ()
    released_at: datetime | None = None
    audit_row: int = 0
    audit_hash: str = ""
    format: str = "ipse-certificate-of-restriction"
    version: int = 1


class SignedObjection(msgspec.Struct, frozen=True):
    """An objection with its Ed25519 signature and the vault's public key, both base64."""

    objection: Objection
    signature: str
    public_key: str


def held(workspace: Workspace) -> list[SignedObjection]:
    """Every objection, oldest first, released ones included."""
    vault = workspace.vault
    return [msgspec.json.decode(vault.get(KIND, name), type=SignedObjection) for name in vault.ids(KIND)]


def keep(workspace: Workspace, objection: Objection, *, action: str) -> SignedObjection:
    """Sign an objection with the audit row that tells of it, and make it durable."""
    vault = workspace.vault
    with vault.exclusive():
        vault.note(action, {"contact": objection.contact, "models": " ".join(objection.models)})
        row, mac = vault.journal.head()
        full = msgspec.structs.replace(objection, audit_row=row, audit_hash=mac)
        seed = vault.signing_key()
        signed = SignedObjection(full, signature(seed, PURPOSE, _canonical(full)), public_key(seed))
        details = {"objection": full.id}
        vault.put(KIND, full.id, msgspec.json.encode(signed), action="contacts.objection", details=details)
    return signed


def stand(
    workspace: Workspace, label: str, *, note: str = "", models_were: Models = "keep-unused"
) -> tuple[SignedObjection, list[ModelCard]]:
    """Let somebody's objection stand from now on; returns it and the models that speak no more for it."""
    with workspace.vault.exclusive():
        datasets, cards = affected(workspace, {label})
        objection = Objection(
            id=secrets.token_hex(8),
            vault=workspace.vault.id,
            contact=label,
            at=datetime.now(UTC),
            note=note,
            models_were=models_were,
            datasets=tuple(datasets),
            models=tuple(card.id for card in cards),
        )
        signed = keep(workspace, objection, action="contacts.object")
        for card in cards:
            Registry(workspace.vault).retire(card.id, reason=f"objection {objection.id}")
    return signed, cards


def adopt(workspace: Workspace, documents: Iterable[bytes]) -> None:
    """Take in what a newer backup of this vault holds of objections, as after an older one was restored."""
    mine = public_key(workspace.vault.signing_key())
    here = {signed.objection.id: signed.objection for signed in held(workspace)}
    for document in documents:
        signed = msgspec.json.decode(document, type=SignedObjection)
        verify(signed)
        told = signed.objection
        old = here.get(told.id)
        if signed.public_key != mine or (old is not None and (old.released_at or not told.released_at)):
            continue
        keep(workspace, told, action="contacts.object" if told.released_at is None else "contacts.release")
    widen(workspace)


def verify(signed: SignedObjection) -> None:
    """Raise ``PrivacyError`` unless every byte of it is what was signed."""
    if not is_signed(signed.public_key, PURPOSE, _canonical(signed.objection), signed.signature):
        raise PrivacyError("The objection is not what was signed.", hint="Restore a backup.")


def frozen(workspace: Workspace, roster: Roster) -> frozenset[str]:
    """The pseudonyms of those whose objection stands, as they are known now."""
    return frozenset(roster.now(one.contact) for one in _standing(workspace))


def check_usable(workspace: Workspace, dataset: str, model: str = "") -> None:
    """Raise ``PrivacyError`` if a dataset or model holds what somebody wrote who objected since."""
    for one in _standing(workspace):
        if dataset in one.datasets or (model and model in one.models):
            what = f"The model {model}" if model else f"The dataset {dataset}"
            raise PrivacyError(
                f"{what} holds messages of {one.contact}, who objected.",
                hint="Run `ipse prepare` and `ipse train` again, or `ipse contacts release`.",
            )


def affected(workspace: Workspace, people: Collection[str]) -> tuple[list[str], list[ModelCard]]:
    """The datasets that hold a message of any of these, and the models trained on them."""
    roster = workspace.roster()
    datasets = []
    for name in workspace.vault.ids("dataset"):
        parts = Dataset.loads(workspace.vault.get("dataset", name)).split
        everyone = {
            roster.now(who)
            for held in parts.sets().values()
            for example in held
            for who in (example.contact, *(turn.speaker for turn in example.context))
        }
        if everyone & set(people):
            datasets.append(name)
    models = [card for card in Registry(workspace.vault).cards() if card.dataset in datasets]
    return datasets, models


def widen(workspace: Workspace) -> None:
    """Let objections reach what was made of those who turned out to be the same people."""
    roster = workspace.roster()
    for one in _standing(workspace):
        datasets, models = affected(workspace, {roster.now(one.contact)})
        names = tuple(card.id for card in models)
        for name in names:
            Registry(workspace.vault).retire(name, reason=f"objection {one.id}")
        if not {*datasets, *names} <= {*one.datasets, *one.models}:
            changed = msgspec.structs.replace(
                one,
                datasets=tuple(dict.fromkeys((*one.datasets, *datasets))),
                models=tuple(dict.fromkeys((*one.models, *names))),
            )
            keep(workspace, changed, action="contacts.object")


def _standing(workspace: Workspace) -> list[Objection]:
    found = []
    for signed in held(workspace):
        verify(signed)
        if signed.objection.released_at is None:
            found.append(signed.objection)
    return found


def _canonical(objection: Objection) -> bytes:
    return msgspec.json.encode(objection, order="sorted")
