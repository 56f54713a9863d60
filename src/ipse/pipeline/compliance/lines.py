"""The eighteen lines of data protection: by which articles, what each asks, and which checks answer it.

The table in docs/concepts/compliance.md is made from this one. Articles are of the GDPR (Regulation (EU)
2016/679) unless they say AI Act (Regulation (EU) 2024/1689).
"""

from collections.abc import Callable
from typing import NamedTuple

from ipse.errors import DamagedVaultError, SettingsError
from ipse.pipeline.compliance import data, governance, lawful, rights, security, special
from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.results import Check, Line, NotMeasuredError, Outcome, state_of

__all__ = ["LINES", "Kind", "Spec", "asked_by", "known_line", "measured"]

Kind = Callable[[Facts], Outcome]


class Spec(NamedTuple):
    """A line: checks that are needed for it, and ``besides``, for whose want it does not wait."""

    id: str
    title: str
    articles: str
    needed: tuple[Kind, ...]
    besides: tuple[Kind, ...] = ()


LINES: tuple[Spec, ...] = (
    Spec(
        "C1", "Lawful basis", "6(1)(a), 7(1)",
        (lawful.authentic_consents, lawful.basis_of_records),
        (lawful.used_after_expiry,),
    ),
    Spec(
        "C2", "Special categories", "9",
        (special.allowed_apart, special.nothing_unasked),
        (special.found_in_records,),
    ),
    Spec("C3", "Transparency", "12–14", (lawful.notice_shown, lawful.informed)),
    Spec(
        "C4", "Purpose limitation", "5(1)(b)",
        (lawful.consents_of_datasets,),
        (lawful.lineage_of_models, lawful.artefacts_have_cards),
    ),
    Spec("C5", "Data minimisation", "5(1)(c), 25(2)", (data.no_raw_bodies, data.files_are_names)),
    Spec(
        "C6", "Accuracy and rectification", "5(1)(d), 16",
        (data.dated,),
        (data.as_corrected, data.rectified),
    ),
    Spec(
        "C7", "Storage limitation", "5(1)(e)",
        (data.limited,),
        (data.records_in_time, data.examples_in_time, data.made_in_time),
    ),
    Spec(
        "C8", "Integrity and confidentiality", "5(1)(f), 32(1)(a, b)",
        (security.passphrase_costs, security.files_private, security.everything_opens),
        (security.no_bare_keys, security.nothing_left_lying),
    ),
    Spec(
        "C9", "Pseudonymization", "4(5), 25(1)",
        (data.recognizers_on, data.records_are_pseudonymized),
        (data.datasets_are_pseudonymized, data.doubts_decided),
    ),
    Spec(
        "C10", "Accountability", "5(2), 24",
        (security.chain_holds,),
        (security.rows_for_models, security.anchored),
    ),
    Spec("C11", "Records of processing", "30", (lawful.processing_recorded,)),
    Spec(
        "C12", "Access and portability", "15, 20",
        (rights.everything_readable,),
        (rights.exported, rights.access_answered),
    ),
    Spec(
        "C13", "Erasure", "17",
        (rights.erasures_finished, rights.no_remnants, rights.no_model_left, rights.certificates_hold),
        (rights.erasures_answered,),
    ),
    Spec(
        "C14", "Restriction and objection", "18, 21",
        (rights.out_of_datasets,),
        (rights.objections_answered,),
    ),
    Spec(
        "C15", "Withdrawal", "7(3)",
        (lawful.used_after_withdrawal, lawful.kept_after_withdrawal),
        (lawful.withdrawals_answered,),
    ),
    Spec(
        "C16", "Availability", "32(1)(b–d)",
        (security.backed_up, security.drilled),
        (security.backups_whole,),
    ),
    Spec(
        "C17", "Impact assessment and AI label", "22, 35; AI Act 50",
        (governance.answers_labelled, governance.assessed),
        (governance.promoted_by_somebody,),
    ),
    Spec(
        "C18", "Recipients and transfers", "13(1)(e, f), 44–49",
        (
            governance.looked_up_with_leave, governance.no_recipients, governance.no_servers,
            governance.no_downloads,
        ),
        (governance.named_exports,),
    ),
)  # fmt: skip


def asked_by(check: Kind) -> str:
    """What a check asks: the first line of its docstring."""
    return (check.__doc__ or "").strip().partition("\n")[0]


def known_line(name: str) -> str:
    """The id of a line however it is written (``c7``); raises ``SettingsError``."""
    found = next((spec.id for spec in LINES if spec.id == name.strip().upper()), None)
    if found is None:
        raise SettingsError(f"There is no line `{name}`.", hint="They are C1 to C18.")
    return found


def measured(facts: Facts, spec: Spec) -> Line:
    """Make the checks of a line."""
    checks = []
    for number, check in enumerate((*spec.needed, *spec.besides), start=1):
        found = _made(facts, check)
        checks.append(
            Check(
                id=f"{spec.id}.{number}",
                asks=asked_by(check),
                state=found.state,
                found=found.found,
                counts=found.counts,
                ids=found.ids,
                todo=found.todo,
                needed=check in spec.needed,
            )
        )
    return Line(
        id=spec.id, title=spec.title, articles=spec.articles, state=state_of(checks), checks=tuple(checks)
    )


def _made(facts: Facts, check: Kind) -> Outcome:
    try:
        return check(facts)
    except NotMeasuredError as missing:
        return Outcome(state="not measured", found=missing.message, todo=missing.hint)
    except DamagedVaultError:
        return Outcome(
            state="not measured", found="Something cannot be read (see C8).", todo="Look there first."
        )
