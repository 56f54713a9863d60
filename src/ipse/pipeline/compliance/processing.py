"""The records of processing (Art. 30) and the impact assessment (Art. 35(7)), filled in with what is known.

What only the controller can judge is left open and marked so.
"""

from ipse.consent import Consent, Purpose
from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.results import Activity, Section
from ipse.privacy.roster import OWNER

__all__ = ["CANNOT_SHOW", "activities", "assessment"]

CANNOT_SHOW = (
    "Whether you are entitled to use an export, and whether the people in it know that you do (Art. 14).",
    "Whether the people in it could object: they learn of it from you alone.",
    "What was done with copies outside the vault: exports, printed answers, backups elsewhere.",
    "An older copy put in place of the whole vault, unless an anchor from outside was given (C10).",
    "People who are only talked about and take part in no export.",
    "Special categories that its word lists miss, and those in pictures, voices and files (C2).",
    "What a model would say if asked: that erased content is gone from it rests on deleting the model.",
    "Malware or another person at this machine while the vault is unlocked.",
    "Whether the household exemption (Art. 2(2)(c)) applies; this report does not rely on it.",
    "Other data that you hold about the same people outside this vault.",
)

MEASURES = "encryption, destroyable keys, pseudonyms (C8, C9)"
HERE = "none; it stays on this machine"


def activities(facts: Facts) -> tuple[Activity, ...]:
    """The rows: keeping, for each source; learning, looking up, answering, backing up; those that happen."""
    people = len(facts.roster.people().keys() - {OWNER})
    others = f"you, {people:,} contacts (by pseudonym)"
    rows = [_keeping(facts, source, others) for source in facts.counts]
    style = _sources(facts, "style")
    if style:
        rows.append(
            Activity(
                activity="Learning how you write",
                purpose=f"style: {len(facts.datasets)} datasets, {len(facts.models)} models",
                basis="consent, Art. 6(1)(a)",
                subjects=others,
                categories="your words as examples, those of others as their context",
                recipients=HERE,
                limit="with the source: an erasure deletes datasets and models",
                measures=f"{MEASURES}; whole conversations apart for training and judging",
            )
        )
    if facts.champion is not None:
        rows.append(
            Activity(
                activity="Answering in your style",
                purpose=f"drafts by {facts.champion.id} ({facts.champion.method})",
                basis="consent, Art. 6(1)(a)",
                subjects="you, the contact addressed",
                categories="what you ask, what it answers",
                recipients="whom you hand an answer; ipse cannot send",
                limit="not kept; the audit log holds a fingerprint of the question",
                measures="an AI label with each answer; only the contact addressed is named",
            )
        )
    if enrich := _sources(facts, "enrich"):
        rows.append(
            Activity(
                activity="Looking up links",
                purpose=f"enrich: links in {', '.join(enrich)}",
                basis="consent, Art. 6(1)(a)",
                subjects="you",
                categories="addresses of links, your network address",
                recipients="the sites that the links lead to, wherever they are",
                limit="with the message that holds the link",
                measures="allow-listed schemes, no cookies, private addresses refused",
            )
        )
    if backups := len(facts.vault.ids("drill")) or _count(facts, "backup.write"):
        rows.append(
            Activity(
                activity="Backing up",
                purpose=f"restoring after loss; {backups} noted",
                basis="security of processing, Art. 32(1)(c)",
                subjects=others,
                categories="everything in the vault",
                recipients="whoever holds the medium; it opens with the recovery key alone",
                limit=f"the newest {facts.settings.backup.max_age} days old at most",
                measures="sealed to the recovery key (HPKE), signed, read again; erasures are replayed",
            )
        )
    return tuple(rows)


def assessment(facts: Facts) -> tuple[Section, ...]:
    """The four parts of Art. 35(7)."""
    return (
        Section(
            id="a",
            title="The processing and its purposes",
            known=_described(facts),
            open=("What you want the clone for, and who will see what it writes.",),
        ),
        Section(
            id="b",
            title="Necessity and proportionality",
            known=(
                "Of each message the cleaned text is kept, of attachments their type alone.",
                "Other people's words are context and never what is learned to be said.",
                f"Limits: {_limits(facts)}.",
                "Nothing is sent anywhere but look-ups of links where they were allowed.",
            ),
            open=(
                "Why a shorter time, fewer sources or fewer contacts would not do.",
                "Whether contacts expect this, and how you told them.",
            ),
        ),
        Section(
            id="c",
            title="Risks to the people concerned",
            known=(
                "Being recognized by their story although named by a pseudonym.",
                "Being imitated, or answered by a machine without knowing it.",
                "Disclosure when the machine, the passphrase or a backup falls into other hands.",
                "Words that somebody took back, or data of special categories, living on in a model.",
            ),
            open=("For each: how likely and how grave it is for your contacts.",),
        ),
        Section(
            id="d",
            title="Measures against them",
            known=(
                "Pseudonyms before anything is kept (C9); encryption and destroyable keys (C8).",
                "Erasure that reaches models and is proved (C13), objection (C14), withdrawal at once (C15).",
                "Every answer carries an AI label and nothing is sent by itself (C17).",
                "An audit log that shows tampering (C10); backups sealed to the recovery key (C16).",
            ),
            open=("Which risk is left, and why you accept it.",),
        ),
    )


def _described(facts: Facts) -> tuple[str, ...]:
    records, people = sum(facts.counts.values()), len(facts.roster.people().keys() - {OWNER})
    purposes = sorted({purpose for one in facts.consents.values() for purpose in one.purposes})
    methods = sorted({card.method for card in facts.models})
    sources = ", ".join(facts.counts) or "none"
    return (
        f"{records:,} records of {len(facts.counts)} sources ({sources}), kept in one encrypted vault.",
        f"They are about you and {people:,} contacts.",
        f"Purposes consented to: {', '.join(purposes) or 'none'}.",
        f"Methods of learning: {', '.join(methods) or 'none yet'}.",
        "New technology is used (Art. 35(1)): models that imitate how a person writes.",
    )


def _keeping(facts: Facts, source: str, others: str) -> Activity:
    standing = facts.standing(source, "archive")
    one = standing[-1] if standing else None
    return Activity(
        activity=f"Keeping {source}",
        purpose="archive",
        basis=f"consent {one.id}, Art. 6(1)(a)" if one else "no consent in force (see C1, C15)",
        subjects=others,
        categories=", ".join(one.data_categories) if one else "messages",
        recipients=", ".join(one.recipients) or HERE if one else HERE,
        limit=_limit(facts, source, one),
        measures=MEASURES,
    )


def _limit(facts: Facts, source: str, consent: Consent | None) -> str:
    days = facts.settings.retention.days(source, "messages")
    told = [f"{days} days"] if days else []
    if consent is not None and consent.expires_at:
        told.append(f"consent until {consent.expires_at:%Y-%m-%d}")
    return "; ".join(told) or "until withdrawn or erased"


def _limits(facts: Facts) -> str:
    told = {
        source: _limit(facts, source, next(iter(facts.standing(source, "archive")), None))
        for source in facts.counts
    }
    return "; ".join(f"{source} {limit}" for source, limit in told.items()) or "none, as nothing is kept"


def _sources(facts: Facts, purpose: Purpose) -> list[str]:
    return [source for source in facts.counts if facts.standing(source, purpose)]


def _count(facts: Facts, action: str) -> int:
    return sum(row.action == action for row in facts.rows)
