"""On what basis data is there, and what it is used for: C1, C3, C4, C11, C15."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from ipse.consent import NOTICE_VERSION, Consent
from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.results import NotMeasuredError, Outcome, failed, passed
from ipse.pipeline.compliance.rights import answered

__all__ = [
    "artefacts_have_cards",
    "authentic_consents",
    "basis_of_records",
    "consents_of_datasets",
    "informed",
    "kept_after_withdrawal",
    "lineage_of_models",
    "notice_shown",
    "processing_recorded",
    "used_after_expiry",
    "used_after_withdrawal",
    "withdrawals_answered",
]

GRACE = timedelta(days=31)  # without undue delay; the month of Art. 12(3) is the longest that can mean


class _Use(NamedTuple):
    """Something was made or used under a consent at a time."""

    at: datetime
    what: str
    consent: Consent


def authentic_consents(facts: Facts) -> Outcome:
    """Every consent is what this vault's key signed."""
    if not facts.signed:
        raise NotMeasuredError("No consent was given yet.", hint="Give one: ipse consent give.")
    forged = list(facts.forged())
    if forged:
        return failed(
            f"{len(forged)} of {len(facts.signed)} consents are not what this vault signed.",
            "Withdraw them and give consent again.",
            [f"consent {name}" for name in forged],
            forged=len(forged),
        )
    return passed(f"{len(facts.signed)} Ed25519 signatures hold.", consents=len(facts.signed))


def basis_of_records(facts: Facts) -> Outcome:
    """Every source with records has a consent to keep them that has not run out."""
    held = facts.sources()
    without = [
        source
        for source in held
        if not facts.standing(source, "archive")
        and not any(one.source == source and one.withdrawn_at for one in facts.consents.values())
    ]
    if without:
        records = sum(held[source] for source in without)
        return failed(
            f"{records:,} records of {len(without)} sources stand under no consent in force.",
            "Give consent for the source, or erase it: ipse forget --source NAME.",
            [f"source {source}" for source in without],
            sources=len(without),
            records=records,
        )
    return passed(
        f"{sum(held.values()):,} records of {len(held)} sources are covered.",
        sources=len(held),
        records=sum(held.values()),
    )


def used_after_expiry(facts: Facts) -> Outcome:
    """Nothing was kept, learned or answered under a consent that had run out."""
    uses = list(_uses(facts))
    late = [one for one in uses if one.consent.expires_at and one.at >= one.consent.expires_at]
    return _in_time(
        uses, late, "after its consent had run out", "Erase what was made of it, or consent anew."
    )


def notice_shown(facts: Facts) -> Outcome:
    """Every consent in force was given under the present notice."""
    current = _in_force(facts)
    old = [one for one in current if one.notice_version != NOTICE_VERSION]
    if old:
        return failed(
            f"{len(old)} of {len(current)} consents in force were given under another notice.",
            "Read the present one (ipse consent notice) and give consent again.",
            [f"consent {one.id}, notice {one.notice_version}" for one in old],
            consents=len(old),
        )
    return passed(f"{len(current)} consents name notice {NOTICE_VERSION}.", consents=len(current))


def informed(facts: Facts) -> Outcome:
    """Every consent in force says who is responsible, how it is withdrawn and which rights there are."""
    return _filled(facts, ("controller", "withdrawal_method", "rights", "notice_language"), "told")


def processing_recorded(facts: Facts) -> Outcome:
    """For every consent in force the record of processing is complete."""
    fields = ("purposes", "data_categories", "retention", "storage_location", "processing_method")
    return _filled(facts, fields, "recorded")


def consents_of_datasets(facts: Facts) -> Outcome:
    """Every dataset was made under consents to learn style from its sources."""
    held = facts.readable()
    if not held:
        raise NotMeasuredError("There is no dataset yet.", hint="Make one: ipse prepare.")
    wrong = []
    for name, dataset in held.items():
        grants = dataset.card.consents
        sources = set(dataset.card.platforms) - grants.keys()
        for source, consent in grants.items():
            given = facts.consents.get(consent)
            if given is None or given.source != source or "style" not in given.purposes:
                wrong.append(f"dataset {name}, {source}: consent {consent}")
        wrong += [f"dataset {name}, {source}: no consent" for source in sorted(sources)]
    if wrong:
        return failed(
            f"{len(wrong)} uses of a source in datasets are covered by no consent for style.",
            "Erase the source's datasets and models: ipse forget --source NAME.",
            wrong,
            uses=len(wrong),
        )
    return passed(f"{len(held)} datasets lead back to consents for style.", datasets=len(held))


def lineage_of_models(facts: Facts) -> Outcome:
    """Every model leads back to a dataset that is there, or was let go by its retention, and to consents."""
    if not facts.models:
        raise NotMeasuredError("There is no model yet.", hint="Train one: ipse train.")
    let_go = {
        name
        for held in facts.certificates
        if held.certificate.what == "retention"
        for name in held.certificate.datasets
    }
    lost = []
    for card in facts.models:
        dataset = facts.datasets.get(card.dataset)
        gone = card.dataset not in facts.datasets and not (
            card.dataset in let_go and facts.consents.keys() >= {*card.consents.values()}
        )
        other = dataset is not None and (dataset.card.hash, dataset.card.consents) != (
            card.dataset_hash,
            card.consents,
        )
        if gone or other:
            lost.append(f"model {card.id}, dataset {card.dataset}")
    if lost:
        return failed(
            f"{len(lost)} of {len(facts.models)} models do not lead back to their dataset and consents.",
            "Nobody can say what it learned from: ipse forget --model NAME.",
            lost,
            models=len(lost),
        )
    return passed(f"{len(facts.models)} models lead back to their datasets.", models=len(facts.models))


def artefacts_have_cards(facts: Facts) -> Outcome:
    """No files of a model lie there without its card."""
    bare = sorted(set(facts.vault.ids("artefact")) - set(facts.vault.ids("model")))
    if bare:
        return failed(
            f"The files of {len(bare)} models have no card.",
            "Erase them: ipse forget --all, or restore a backup.",
            [f"artefact {name}" for name in bare],
            artefacts=len(bare),
        )
    return passed("None lie there.")


def used_after_withdrawal(facts: Facts) -> Outcome:
    """Nothing was kept, learned or answered under a consent after it was withdrawn."""
    _some_withdrawn(facts)
    uses = list(_uses(facts))
    late = [one for one in uses if one.consent.withdrawn_at and one.at > one.consent.withdrawn_at]
    return _in_time(uses, late, "after its consent was withdrawn", "Erase it: ipse forget --source NAME.")


def kept_after_withdrawal(facts: Facts) -> Outcome:
    """Records of a withdrawn source are erased within a month."""
    withdrawn = _some_withdrawn(facts)
    late = {
        one.source
        for one in withdrawn
        if facts.counts.get(one.source)
        and not facts.standing(one.source, "archive")
        and one.withdrawn_at
        and facts.now > one.withdrawn_at + GRACE
    }
    if late:
        records = sum(facts.counts[source] for source in late)
        return failed(
            f"{records:,} records are kept more than {GRACE.days} days after the consent was withdrawn.",
            "Erase them: ipse forget --source NAME.",
            [f"source {source}" for source in sorted(late)],
            records=records,
        )
    return passed(f"Of {len(withdrawn)} withdrawn consents nothing is overdue.", withdrawn=len(withdrawn))


def withdrawals_answered(facts: Facts) -> Outcome:
    """Requests of withdrawal were answered within a month."""
    return answered(facts, "withdrawal")


def _some_withdrawn(facts: Facts) -> list[Consent]:
    found = [one for one in facts.consents.values() if one.withdrawn_at]
    if not found:
        raise NotMeasuredError("No consent was withdrawn yet.", hint="Nothing to do.")
    return found


def _in_force(facts: Facts) -> list[Consent]:
    found = {one.id: one for signed in facts.signed for purpose in signed.consent.purposes
             for one in facts.standing(signed.consent.source, purpose)}  # fmt: skip
    if not found:
        raise NotMeasuredError("No consent is in force.", hint="Give one: ipse consent give.")
    return list(found.values())


def _filled(facts: Facts, fields: tuple[str, ...], done: str) -> Outcome:
    current = _in_force(facts)
    gaps = [f"consent {one.id}: {field}" for one in current for field in fields if not getattr(one, field)]
    if gaps:
        return failed(
            f"{len(gaps)} fields of consents in force are empty.",
            "Give the consent again; this ipse fills them.",
            gaps,
            fields=len(gaps),
        )
    return passed(
        f"{len(fields)} fields are {done} in each of {len(current)} consents.", consents=len(current)
    )


def _in_time(uses: list[_Use], late: list[_Use], when: str, todo: str) -> Outcome:
    if late:
        named = [f"{one.what}, consent {one.consent.id}" for one in late]
        return failed(f"{len(late)} uses came {when}.", todo, list(dict.fromkeys(named)), uses=len(late))
    if not uses:
        raise NotMeasuredError("Nothing was kept or used yet.", hint="Nothing to do.")
    return passed(f"None of {len(uses):,} uses in the audit log came {when}.", uses=len(uses))


def _uses(facts: Facts) -> Iterator[_Use]:
    """Imports, datasets, models and answers, each with the consents it rested on."""
    models = {card.id: _grants(card.consents, card.special) for card in facts.models}
    datasets = {
        name: _grants(held.card.consents, held.card.special) for name, held in facts.readable().items()
    }
    for row in facts.log("import.keep", "dataset.prepare", "model.add", "answer"):
        if row.at is None:
            continue
        if row.action == "import.keep":
            named = [one for one in facts.consents.values() if one.source == row.details.get("source")]
            stood = facts.standing(str(row.details.get("source")), "archive", row.at)
            before = [one for one in named if one.given_at <= row.at and "archive" in one.purposes]
            under = (stood or before)[-1:]
            yield from (_Use(row.at, f"import, audit row {row.seq}", one) for one in under)
            continue
        kind, held = ("dataset", datasets) if row.action == "dataset.prepare" else ("model", models)
        name = str(row.details.get(kind))
        for consent in held.get(name, ()):
            if (one := facts.consents.get(consent)) is not None:
                yield _Use(row.at, f"{kind} {name}, audit row {row.seq}", one)


def _grants(consents: Mapping[str, str], special: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The ids of all consents that something rests on."""
    return [*consents.values(), *(one for grants in special.values() for one in grants.values())]
