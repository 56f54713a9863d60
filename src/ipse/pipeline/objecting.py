"""Freezing somebody who objected, and letting them go again (GDPR, Art. 21 and 18).

From the moment the objection is durable nothing they wrote is used, in any terminal: its document is looked
at before each use. What was made of their messages before is listed in it, speaks no more, and is trained
anew, erased, or kept unused, as the owner chooses.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ipse.errors import IpseError, PrivacyError
from ipse.interfaces import Progress
from ipse.pipeline import objections
from ipse.pipeline.contacts import labelled
from ipse.pipeline.forgetting import carry_out, train_again
from ipse.pipeline.objections import Models, SignedObjection
from ipse.pipeline.plans import of_datasets
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import OWNER
from ipse.registry import ModelCard

__all__ = ["Frozen", "object_to", "release", "write"]


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """The signed objection, whom it is about, the models trained anew, and why others were not."""

    certificate: SignedObjection
    name: str
    retrained: tuple[ModelCard, ...] = ()
    not_retrained: str = ""


def object_to(
    workspace: Workspace,
    who: str,
    *,
    note: str = "",
    models: Models = "keep-unused",
    progress: Progress | None = None,
) -> Frozen:
    """Freeze somebody; durable before anything else is done. Raises ``PrivacyError``."""
    with workspace.vault.exclusive():
        roster = workspace.roster()
        label = labelled(roster, who)
        if label == OWNER:
            raise PrivacyError("You cannot object to yourself.", hint="Withdraw the consent instead.")
        if label in objections.frozen(workspace, roster):
            raise PrivacyError(f"{label} has objected already.", hint="See `ipse contacts list`.")
        signed, cards = objections.stand(workspace, label, note=note, models_were=models)
    done = Frozen(certificate=signed, name=roster.called(label))
    datasets = signed.objection.datasets
    if models == "keep-unused" or not datasets:
        return done
    carry_out(workspace, of_datasets(workspace, "objection", datasets))
    return _again(workspace, done, cards, progress) if models == "retrain" else done


def release(workspace: Workspace, who: str) -> Frozen:
    """Let somebody's messages be used again; what was kept unused may be promoted again."""
    with workspace.vault.exclusive():
        roster = workspace.roster()
        label = labelled(roster, who)
        standing = [
            signed.objection
            for signed in objections.held(workspace)
            if signed.objection.released_at is None and roster.now(signed.objection.contact) == label
        ]
        if not standing:
            raise PrivacyError(f"{label} has not objected.", hint="See `ipse contacts list`.")
        for one in standing:
            ended = replace(one, released_at=datetime.now(UTC))
            signed = objections.keep(workspace, ended, action="contacts.release")
    return Frozen(certificate=signed, name=roster.called(label))


def write(signed: SignedObjection, file: Path) -> None:
    """Write the certificate as JSON."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(signed)) + b"\n")


def _again(
    workspace: Workspace, done: Frozen, lost: Sequence[ModelCard], progress: Progress | None
) -> Frozen:
    try:
        made = train_again(workspace, lost, progress or (lambda _done, _total, _figures: None))
    except IpseError as error:  # they are frozen all the same; this comes on top
        return replace(done, not_retrained=str(error))
    objection = replace(done.certificate.objection, retrained=tuple(card.id for card in made))
    return replace(
        done, certificate=objections.keep(workspace, objection, action="contacts.retrained"), retrained=made
    )
