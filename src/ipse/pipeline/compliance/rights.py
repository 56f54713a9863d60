"""What data subjects may ask for: C12, C13, C14."""

from ipse.errors import VaultError
from ipse.pipeline import objections
from ipse.pipeline.certificates import verify
from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.results import NotMeasuredError, Outcome, failed, passed
from ipse.pipeline.plans import planned

__all__ = [
    "access_answered",
    "answered",
    "certificates_hold",
    "erasures_answered",
    "erasures_finished",
    "everything_readable",
    "exported",
    "no_model_left",
    "no_remnants",
    "objections_answered",
    "out_of_datasets",
]


def answered(facts: Facts, *kinds: str) -> Outcome:
    """Whether requests of these kinds were answered within a month; needed only where there are any."""
    late = facts.overdue(*kinds)
    if late:
        return failed(
            f"{len(late)} requests were not answered within a month.",
            "Answer them, then close them: ipse report requests close ID.",
            [f"request {one.id} ({one.kind}), due {one.due}" for one in late],
            overdue=len(late),
        )
    asked = [one for one in facts.requests if one.kind in kinds]
    if not asked:
        raise NotMeasuredError("Nobody asked.", hint="Nothing to do.")
    return passed(f"{len(asked)} requests: none is late.", requests=len(asked))


def everything_readable(facts: Facts) -> Outcome:
    """Everything that is kept can be opened and handed out."""
    found = facts.whole_census()
    missing = {source: count - found.read[source] for source, count in facts.counts.items()}
    wrong = [source for source, count in missing.items() if count]
    if wrong:
        return failed(
            f"{sum(abs(missing[source]) for source in wrong):,} records cannot be found as they are counted.",
            "Restore a backup.",
            [f"source {source}" for source in wrong],
        )
    return passed(
        f"{found.read.total():,} of {found.read.total():,} records opened.", records=found.read.total()
    )


def access_answered(facts: Facts) -> Outcome:
    """Requests of access and portability were answered within a month."""
    return answered(facts, "access", "portability")


def exported(facts: Facts) -> Outcome:
    """Everything was handed out in open formats at least once."""
    done = facts.log("export.all")
    if not done:
        raise NotMeasuredError("It was never tried.", hint="Try it: ipse export all DIR.")
    return passed(f"{len(done)} exports of everything, signed.", exports=len(done))


def erasures_finished(facts: Facts) -> Outcome:
    """No erasure was begun and not finished."""
    begun = facts.vault.ids("forgetting")
    if begun:
        return failed(
            f"{len(begun)} erasures were begun and not finished.",
            "Open the vault again; if it stays, restore a backup and look at ipse audit verify.",
            [f"erasure {name}" for name in begun],
            unfinished=len(begun),
        )
    doomed = facts.vault.inspect().doomed
    if doomed:
        return failed(
            f"The log of the catalog still holds what {doomed} destroyed keys sealed: a reader held it.",
            "Close what reads this vault and open it again.",
            keys=doomed,
        )
    return _of_erasures(facts, "are finished")


def no_remnants(facts: Facts) -> Outcome:
    """Nothing that the ledger of erasures names is in the vault."""
    ledger = facts.workspace.erasures()
    plan = planned(facts.workspace, ledger)
    if plan is not None:
        what = ("sources", "conversations", "messages", "people")
        held = {name: plan.counts[name] for name in what if plan.counts.get(name)}
        return failed(
            f"{sum(held.values()):,} things that were erased are there.",
            "Restore a backup by ipse restore, which erases again; or allow it: ipse forget --allow-again.",
            [*(f"source {name}" for name in plan.sources), *plan.people, *(cut.source for cut in plan.cuts)],
            **held,
        )
    if not len(ledger):
        raise NotMeasuredError("Nothing was erased yet.", hint="Nothing to do.")
    return passed(f"None of {len(ledger):,} tokens of the ledger is found.", tokens=len(ledger))


def no_model_left(facts: Facts) -> Outcome:
    """Every model and dataset that an erasure reached is gone."""
    prepared = {str(row.details.get("dataset")): row.at for row in facts.log("dataset.prepare")}
    models = set(facts.vault.ids("model")) | set(facts.vault.ids("artefact"))
    left = []
    for held in facts.certificates:
        done = held.certificate
        left += [f"model {name}, erasure {done.id}" for name in done.models if name in models]
        for name in set(done.datasets) & facts.datasets.keys():
            again = prepared.get(name)  # allowed again and prepared anew, it has the same hash
            if again is None or again < done.done_at:
                left.append(f"dataset {name}, erasure {done.id}")
    if left:
        return failed(
            f"{len(left)} datasets or models outlived an erasure that names them.",
            "Erase them: ipse forget --model NAME.",
            left,
            left=len(left),
        )
    return _of_erasures(facts, "left no model and no dataset")


def certificates_hold(facts: Facts) -> Outcome:
    """Every certificate of erasure is what was signed, and says that nothing was left."""
    wrong = []
    for held in facts.certificates:
        try:
            verify(held)
            good = held.certificate.remnants == 0
        except VaultError:
            good = False
        if not good:
            wrong.append(f"certificate {held.certificate.id}")
    if wrong:
        return failed(
            f"{len(wrong)} certificates do not hold.",
            "Compare them with a copy outside the vault.",
            wrong,
            certificates=len(wrong),
        )
    return _of_erasures(facts, "have a certificate that holds")


def erasures_answered(facts: Facts) -> Outcome:
    """Requests of erasure were answered within a month."""
    return answered(facts, "erasure")


def out_of_datasets(facts: Facts) -> Outcome:
    """No dataset in use holds what somebody wrote who objected or whom you left out."""
    roster = facts.roster
    out = {roster.now(label) for label in roster.excluded | objections.frozen(facts.workspace, roster)}
    if not out:
        raise NotMeasuredError("Nobody objected and nobody is left out.", hint="Nothing to do.")
    used = facts.in_use()
    wrong = []
    for name, dataset in used.items():
        speakers = {
            roster.now(turn.speaker)
            for some in dataset.split.sets().values()
            for example in some
            for turn in example.context
            if turn.role == "partner"
        }
        wrong += [f"dataset {name}: {label}" for label in sorted(speakers & out)]
    if wrong:
        return failed(
            f"{len(wrong)} people who objected or were left out still speak in a dataset in use.",
            "Run ipse prepare and ipse train again.",
            wrong,
            people=len(wrong),
        )
    return passed(f"{len(out)} people do not speak in {len(used)} datasets in use.", people=len(out))


def objections_answered(facts: Facts) -> Outcome:
    """Requests of restriction and objections were answered within a month."""
    return answered(facts, "restriction", "objection")


def _of_erasures(facts: Facts, how: str) -> Outcome:
    if not facts.certificates:
        raise NotMeasuredError("Nothing was erased yet.", hint="Nothing to do.")
    return passed(f"{len(facts.certificates)} erasures {how}.", erasures=len(facts.certificates))
