"""What is kept, how much, how long and how named: C5, C6, C7, C9."""

from datetime import timedelta

from ipse import plugins
from ipse.config import PrivacySettings
from ipse.pipeline.clearing import review_queue
from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.results import NotMeasuredError, Outcome, failed, passed
from ipse.pipeline.compliance.rights import answered
from ipse.pipeline.days.keeping import event_days
from ipse.pipeline.retention import plan_purge

__all__ = [
    "as_corrected",
    "datasets_are_pseudonymized",
    "dated",
    "doubts_decided",
    "examples_in_time",
    "files_are_names",
    "limited",
    "made_in_time",
    "no_raw_bodies",
    "recognizers_on",
    "records_are_pseudonymized",
    "records_in_time",
    "rectified",
]


def no_raw_bodies(facts: Facts) -> Outcome:
    """No message is kept a second time as it was exported."""
    raw, records = facts.whole_census().raw, sum(facts.counts.values())
    if raw:
        return failed(
            f"{raw:,} messages are kept as exported too, with what they quote; nothing in ipse needs it.",
            "Set privacy.keep_raw to false, erase the source and import it again.",
            messages=raw,
        )
    return passed(f"{records:,} records hold the cleaned text alone.", records=records)


def files_are_names(facts: Facts) -> Outcome:
    """Of attachments nothing is kept but that there was one and its type."""
    found = facts.whole_census()
    if found.named_files:
        return failed(
            f"{len(found.named_files)} messages name an attachment's file.",
            "Erase the source and import it again.",
            [f"message {name}" for name in found.named_files],
            messages=len(found.named_files),
        )
    return passed(
        f"{found.attachments:,} attachments are types without a name.", attachments=found.attachments
    )


def dated(facts: Facts) -> Outcome:
    """No record is dated in the future, or by a nought."""
    found = facts.whole_census().misdated
    if found:
        return failed(
            f"{len(found)} records are dated in the future or at the beginning of 1970.",
            "Check imports.tz and imports.date_order, erase the source and import it again.",
            [f"record {name}" for name in found],
            records=len(found),
        )
    return passed(f"{sum(facts.counts.values()):,} records have a possible date.")


def as_corrected(facts: Facts) -> Outcome:
    """What is learned from knows people as you last corrected them."""
    used = facts.in_use()
    if not used:
        raise NotMeasuredError("There is no dataset yet.", hint="Make one: ipse prepare.")
    prepared = {str(row.details.get("dataset")): row.seq for row in facts.log("dataset.prepare")}
    merged = [row.seq for row in facts.log("contacts.merge")]
    late = {name: sum(seq > prepared.get(name, 0) for seq in merged) for name in used}
    stale = [name for name, count in late.items() if count]
    if stale:
        return failed(
            f"{len(stale)} datasets in use are older than a correction of who somebody is.",
            "Run ipse prepare and ipse train again.",
            [f"dataset {name}" for name in stale],
            datasets=len(stale),
            corrections=max(late.values()),
        )
    return passed(f"{len(merged)} corrections reached {len(used)} datasets in use.", corrections=len(merged))


def rectified(facts: Facts) -> Outcome:
    """Requests of rectification were answered within a month."""
    return answered(facts, "rectification")


def limited(facts: Facts) -> Outcome:
    """Every source has a time after which its records go."""
    held, retention = facts.sources(), facts.settings.retention
    open_ = [
        source
        for source in held
        if not (retention.days(source, "messages") or event_days(facts.settings, source))
        and not any(one.expires_at for one in facts.standing(source, "archive"))
    ]
    if open_:
        raise NotMeasuredError(
            f"{len(open_)} of {len(held)} sources have no limit ({', '.join(open_)}).",
            hint="Set `retention` in the settings, or give consent for so many --days.",
        )
    return passed(f"{len(held)} sources are limited by retention or expiry.", sources=len(held))


def records_in_time(facts: Facts) -> Outcome:
    """No record is older than its limit."""
    if not (facts.settings.retention.limits or facts.settings.privacy.data_retention_days):
        raise NotMeasuredError("No retention is set.", hint="Set `retention` in the settings.")
    late = facts.whole_census().overdue
    if late:
        return failed(
            f"{late.total():,} records are older than you want to keep them.",
            "Let them go: ipse purge.",
            [f"source {source}" for source in late],
            records=late.total(),
        )
    return passed(f"None of {sum(facts.counts.values()):,} records is too old.")


def examples_in_time(facts: Facts) -> Outcome:
    """No dataset holds an example older than the limit of its source."""
    retention, held = facts.settings.retention, facts.readable()
    if not retention.limits or not held:
        raise NotMeasuredError("No retention is set, or there is no dataset.", hint="Nothing to do.")
    late: dict[str, int] = {}
    for name, dataset in held.items():
        for example in (one for some in dataset.split.sets().values() for one in some):
            days = retention.days(example.platform, "messages")
            if days and example.at < facts.now - timedelta(days=days):
                late[name] = late.get(name, 0) + 1
    if late:
        return failed(
            f"{sum(late.values()):,} examples in {len(late)} datasets are older than their limit.",
            "Let them go: ipse purge.",
            [f"dataset {name}" for name in late],
            examples=sum(late.values()),
        )
    return passed(f"None in {len(held)} datasets is too old.", datasets=len(held))


def made_in_time(facts: Facts) -> Outcome:
    """Nothing that was made of records, and no detail of the log, is older than its limit."""
    if not facts.settings.retention.anything:
        raise NotMeasuredError("No retention is set.", hint="Nothing to do.")
    plan = plan_purge(facts.workspace, facts.now)
    old = [*(f"{kind} {name}" for kind, name in plan.documents)] if plan else []
    old += [f"dataset {name}" for name in plan.datasets] if plan else []
    old += [f"model {name}" for name in plan.models] if plan else []
    old += ["details of the audit log"] if plan and plan.audit_before else []
    if old:
        return failed(f"{len(old)} things are too old.", "Let them go: ipse purge.", old, things=len(old))
    return passed("Nothing is.")


def recognizers_on(facts: Facts) -> Outcome:
    """Every recognizer that comes with ipse is on."""
    default = {one.name for one in plugins.recognizers(PrivacySettings())}
    used = {one.name for one in plugins.recognizers(facts.settings.privacy)}
    off = sorted(default - used)
    if off:
        return failed(
            f"{len(off)} of {len(default)} recognizers are switched off.",
            "Put `default` into privacy.recognizers.",
            off,
            off=len(off),
        )
    return passed(f"{len(used)} recognizers look at every text.", recognizers=len(used))


def records_are_pseudonymized(facts: Facts) -> Outcome:
    """No kept text names a known person or holds an identifier that the gate would replace today."""
    found = facts.whole_census()
    both = list(dict.fromkeys((*found.named, *found.identified)))
    if both:
        return failed(
            f"{len(found.named):,} messages name somebody; {len(found.identified):,} hold an identifier.",
            "Whoever became known later is not replaced in older records: erase the source, import it again.",
            [f"message {name}" for name in both],
            named=len(found.named),
            identified=len(found.identified),
        )
    return passed(
        f"None of {len(facts.roster.people()):,} people is named in {sum(facts.counts.values()):,} records.",
        people=len(facts.roster.people()),
    )


def datasets_are_pseudonymized(facts: Facts) -> Outcome:
    """No dataset names a known person or holds an identifier that the gate would replace today."""
    held = facts.readable()
    if not held:
        raise NotMeasuredError("There is no dataset yet.", hint="Make one: ipse prepare.")
    wrong: dict[str, int] = {}
    texts = 0
    for name, dataset in held.items():
        for text in facts.search.texts(dataset):
            texts += 1
            if facts.search.names(text) or facts.search.identifiers(text):
                wrong[name] = wrong.get(name, 0) + 1
    if wrong:
        return failed(
            f"{sum(wrong.values()):,} texts in {len(wrong)} datasets name somebody or hold an identifier.",
            "Erase the source and what was made of it, import it again, then prepare and train.",
            [f"dataset {name}" for name in wrong],
            texts=sum(wrong.values()),
        )
    return passed(f"None of {texts:,} texts does.", texts=texts)


def doubts_decided(facts: Facts) -> Outcome:
    """No word waits for your decision whether it identifies somebody."""
    waiting = len(review_queue(facts.workspace))
    if waiting:
        raise NotMeasuredError(f"{waiting:,} words wait for you.", hint="Decide: ipse privacy review.")
    return passed("None waits.")
