"""Drafts: what an AI wrote and its owner has yet to decide on, as a state machine. Nothing here can send.

A draft is decided on by its owner alone, and what leaves is what they saw: an approval is bound to the digest
of the exact text, recipient and channel, holds once, and is void with any change.
"""

from ipse.drafts.approved import Approved, Outgoing, Provenance, Receipt, claim
from ipse.drafts.draft import About, Approval, Asked, Draft, State, Step, Verdict, digest, leaving, verdict
from ipse.drafts.hidden import Hidden, hidden_in, marked, without
from ipse.drafts.machine import (
    approve,
    done,
    edit,
    failed,
    findings,
    lost,
    reject,
    reopen,
    revoke,
    settle,
)

__all__ = [
    "About",
    "Approval",
    "Approved",
    "Asked",
    "Draft",
    "Hidden",
    "Outgoing",
    "Provenance",
    "Receipt",
    "State",
    "Step",
    "Verdict",
    "approve",
    "claim",
    "digest",
    "done",
    "edit",
    "failed",
    "findings",
    "hidden_in",
    "leaving",
    "lost",
    "marked",
    "reject",
    "reopen",
    "revoke",
    "settle",
    "verdict",
    "without",
]
