"""Giving, finding and withdrawing consent."""

import re
import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from ipse import plugins
from ipse.consent import Consent, Purpose, SignedConsent, Special, sign
from ipse.consent import withdraw as withdrawn
from ipse.datasets import Dataset
from ipse.errors import ConsentError, UnknownFormatError
from ipse.pipeline.contacts import conversations
from ipse.pipeline.days import featuring, predictors
from ipse.pipeline.derived import Name
from ipse.pipeline.forgetting import carry_out, forget
from ipse.pipeline.plans import Plan, make, plan_for
from ipse.pipeline.special import allowed, of_message
from ipse.pipeline.workspace import Workspace
from ipse.privacy.erasures import Erased
from ipse.vault import Cut

__all__ = ["Erase", "consent_named", "give", "named", "withdraw"]

Erase = Literal["records", "models"]
CATEGORIES = ("messages", "contacts", "times")  # of personal data, as the record names them
OF_EVENTS = ("events", "times")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def give(
    workspace: Workspace,
    source: str,
    purposes: Sequence[Purpose],
    *,
    days: int | None = None,
    special: Sequence[Special] = (),
) -> SignedConsent:
    """Sign and keep a consent for a source (by name or alias), for ``days`` or until withdrawn.

    With the purpose ``events`` it may be a source of events of your own, such as a table, by any plain name.
    With ``special`` categories it is for them alone, and comes on top of one for ``style``, without which
    it raises ``ConsentError``.
    """
    if special:
        workspace.permit(plugins.source_named(source).name, "style")
        if any(purpose != "style" for purpose in purposes):
            raise ConsentError(
                "Special categories are allowed for style alone.", hint="Leave --purpose out, or say style."
            )
    known, categories = named(source, purposes)
    now = datetime.now(UTC)
    consent = Consent(
        id=secrets.token_hex(8),
        vault=workspace.vault.id,
        source=known,
        purposes=("style",) if special else tuple(dict.fromkeys(purposes)),
        data_categories=categories,
        special=tuple(dict.fromkeys(special)),
        given_at=now,
        expires_at=now + timedelta(days=days) if days is not None else None,
    )
    return _keep(workspace, consent, "consent.give")


def named(source: str, purposes: Collection[Purpose]) -> tuple[str, tuple[str, ...]]:
    """The name of a source that a consent for these purposes may be for, and the data that it is about.

    Raises ``UnknownFormatError`` where there is none of that name.
    """
    try:
        return plugins.source_named(source).name, CATEGORIES
    except UnknownFormatError:
        if "events" in purposes and "style" not in purposes and NAME.fullmatch(source):
            return source, OF_EVENTS
        raise


def withdraw(workspace: Workspace, name: str, *, erase: Erase | bool = False) -> tuple[SignedConsent, int]:
    """Withdraw a consent: from now on nothing of its source is used. Returns it and the records erased.

    With ``erase`` (or ``records``) the source is forgotten, with every dataset and model that holds any of
    it; with ``models`` only these go. For special categories it is the messages of these.
    """
    consent = consent_named(workspace, name).consent
    if consent.state == "withdrawn":
        raise ConsentError(f"The consent {consent.id} is withdrawn already.")
    signed = _keep(workspace, withdrawn(consent, datetime.now(UTC)), "consent.withdraw")
    if not erase or consent.source not in workspace.vault.counts():
        return signed, 0
    if erase == "models":
        carry_out(workspace, make(workspace, "withdrawal", documents=_rested(workspace, consent)))
        return signed, 0
    plan = _special(workspace, consent) if consent.special else plan_for(workspace, "source", consent.source)
    forget(workspace, plan)
    return signed, plan.counts.get("messages", 0) + plan.counts.get("events", 0)


def _learned(workspace: Workspace, consent: Consent) -> list[str]:
    """The datasets that rest on a consent."""
    vault, source = workspace.vault, consent.source
    cards = {name: Dataset.loads(vault.get("dataset", name)).card for name in vault.ids("dataset")}
    if consent.special:
        return [name for name, card in cards.items() if consent.id in card.special.get(source, {}).values()]
    return [name for name, card in cards.items() if card.consents.get(source) == consent.id]


def _rested(workspace: Workspace, consent: Consent) -> list[Name]:
    """What was learned under a consent: datasets, and features and models of events."""
    found: list[Name] = [("dataset", name) for name in _learned(workspace, consent)]
    if consent.special:
        return found
    for kind in ("features", "predictor"):
        for name in workspace.vault.ids(kind):
            held = (
                featuring.stored(workspace, name)[0]
                if kind == "features"
                else predictors.card(workspace, name)
            )
            if held.consents.get(consent.source) == consent.id:
                found.append((kind, name))
    return found


def _special(workspace: Workspace, consent: Consent) -> Plan:
    """The messages of the categories that are allowed no more, and what was learned from them."""
    barred = frozenset(consent.special) - allowed(workspace, consent.source).keys()
    talks = conversations(workspace, {consent.source}, why="special")
    found = [one.id for talk in talks for one in talk.messages if of_message(one) & barred]
    cut = Cut(source=consent.source, messages=frozenset(found))
    return make(workspace, "special", cuts=[cut], things=[Erased("message", name) for name in found])


def consent_named(workspace: Workspace, name: str) -> SignedConsent:
    """The consent whose id begins so; raises ``ConsentError``."""
    found = [signed for signed in workspace.consents() if signed.consent.id.startswith(name)]
    if len(found) != 1:
        raise ConsentError(f"There is no consent `{name}`.", hint="See `ipse consent list`.")
    return found[0]


def _keep(workspace: Workspace, consent: Consent, action: str) -> SignedConsent:
    signed = sign(consent, workspace.vault.signing_key())
    details = {"consent": consent.id, "source": consent.source, "purposes": " ".join(consent.purposes)}
    details |= {"special": " ".join(consent.special)} if consent.special else {}
    workspace.vault.put(
        "consent",
        consent.id,
        msgspec.json.encode(signed),
        action=action,
        details=details,
        state=consent.state,
    )
    return signed
