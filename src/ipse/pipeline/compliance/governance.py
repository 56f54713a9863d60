"""Assessing, telling, and who else gets anything: C2, C17, C18."""

import hashlib
from urllib.parse import urlsplit

import msgspec

from ipse.config import on_this_machine
from ipse.pipeline.answering import LABEL, Answer
from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.results import NotMeasuredError, Outcome, failed, passed
from ipse.pipeline.requests import accepted_assessment

__all__ = [
    "answers_labelled",
    "assessed",
    "fingerprint",
    "looked_up_with_leave",
    "named_exports",
    "no_downloads",
    "no_recipients",
    "no_servers",
    "promoted_by_somebody",
]


def fingerprint(facts: Facts) -> str:
    """A fingerprint of what is done: sources with their purposes, methods, and what reaches out."""
    done = {
        "sources": sorted({(one.source, purpose) for held in facts.signed for purpose in held.consent.purposes
                           for one in facts.standing(held.consent.source, purpose)}),
        "methods": sorted({card.method for card in facts.models}),
        "network": facts.settings.lora.allow_network,
        "server": facts.settings.server.url if facts.settings.server.allow_network else "",
    }  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(done, order="sorted")).hexdigest()[:16]


def assessed(facts: Facts) -> Outcome:
    """You assessed the impact of the processing as it is now."""
    held, now = accepted_assessment(facts.workspace), fingerprint(facts)
    if held is None:
        raise NotMeasuredError(
            "No assessment was accepted.",
            hint="Fill in the template below, then: ipse report dpia --accept TEXT.",
        )
    if held.processing != now:
        return failed(
            f"The processing has changed since it was assessed ({held.at:%Y-%m-%d}).",
            "Assess it anew: ipse report dpia --accept TEXT.",
            [f"assessed {held.processing}", f"now {now}"],
        )
    return passed(f"Accepted on {held.at:%Y-%m-%d}; sources, purposes and methods are the same.")


def answers_labelled(facts: Facts) -> Outcome:
    """Every answer says that it was written by AI."""
    made = Answer(text="", model="", method="", dataset="", contact=None)
    bare = [row for row in facts.log("answer") if not row.details.get("label", LABEL)]
    total = len(facts.log("answer"))
    if bare or not (made.label.strip() and made.ai_generated):
        return failed(
            f"{len(bare)} of {total} answers went out without the label; new ones carry `{made.label}`.",
            "Find out what removed it; reinstall ipse.",
            [f"audit row {row.seq}" for row in bare],
            unlabelled=len(bare),
        )
    return passed(f"{total:,} answers, each labelled `{made.label}`.", answers=total)


def promoted_by_somebody(facts: Facts) -> Outcome:
    """The model that speaks was let to by its scorecard or by you, and nothing is sent by itself."""
    if facts.champion is None:
        raise NotMeasuredError("No model speaks yet.", hint="Train one: ipse train.")
    name = facts.champion.id
    told = [
        row
        for row in facts.log("model.promote", "model.default", "model.rollback")
        if row.details.get("model") == name
    ]
    if not told:
        return failed(
            f"Nobody let {name} speak: the audit log has no row of it.",
            "Choose the model that speaks: ipse models promote NAME.",
            [f"model {name}"],
        )
    return passed(f"{name} speaks ({told[-1].details.get('reason', 'rolled back to')}); ipse cannot send.")


def looked_up_with_leave(facts: Facts) -> Outcome:
    """Links were looked up only for sources whose consent then had the purpose enrich."""
    asked = [row for row in facts.log("enrich") if row.at is not None]
    without = [
        f"audit row {row.seq}: {source}"
        for row in asked
        for source in str(row.details.get("sources", "")).split(", ")
        if source and not facts.standing(source, "enrich", row.at)
    ]
    found = facts.vault.ids("links")
    if found and not asked and not facts.log("enrich.archive"):
        without += [f"links {name}" for name in found]
    if without:
        return failed(
            f"{len(without)} look-ups reached out without consent.",
            "Give consent for enrich, or forget the source.",
            without,
            uses=len(without),
        )
    return passed(f"{len(asked)} look-ups, each allowed; else nothing left this machine.", lookups=len(asked))


def no_recipients(facts: Facts) -> Outcome:
    """No consent names a recipient, and none is sent anything."""
    named = [one.id for one in facts.consents.values() if one.recipients]
    if named:
        return failed(
            f"{len(named)} consents name recipients; ipse sends nobody anything.",
            "Give those consents again with this ipse.",
            [f"consent {name}" for name in named],
            consents=len(named),
        )
    return passed("None is named.")


def no_servers(facts: Facts) -> Outcome:
    """No past message was shown to a model on another machine."""
    asked = [row for row in facts.log("answer") if row.details.get("server")]
    away = [row for row in asked if not on_this_machine(_host(str(row.details["server"])))]
    if away:
        hosts = ", ".join(sorted({str(row.details["server"]) for row in away}))
        return failed(
            f"{len(away)} answers were written by {hosts}, which was shown past messages.",
            "Set server.allow_network to false, and server.url to a server on this machine.",
            [f"audit row {row.seq}" for row in away],
            answers=len(away),
        )
    return passed(f"{len(asked)} answers by a model server, all on this machine.", answers=len(asked))


def _host(place: str) -> str:
    """Without the port; brackets of an IPv6 address taken off."""
    return urlsplit(f"//{place}").hostname or place


def no_downloads(facts: Facts) -> Outcome:
    """Base models are read from disk, not fetched."""
    if facts.settings.lora.allow_network:
        return failed(
            "lora.allow_network is on: the Hub learns your address and which model you use.",
            "Set lora.allow_network to false and name a folder in lora.base.",
        )
    return passed("lora.allow_network is off.")


def named_exports(facts: Facts) -> Outcome:
    """What was exported is told, and how often with names."""
    rows = [row for row in facts.log() if row.action.startswith("export.")]
    named = sum(bool(row.details.get("names")) for row in rows)
    return passed(f"{len(rows)} exports, {named} with names.", exports=len(rows), with_names=named)
