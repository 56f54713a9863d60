import random
from datetime import UTC, datetime

import pytest

from ipse.config import ScorecardSettings
from ipse.scorecard import Draft
from ipse.scorecard.measures import Measured, Missing, row
from ipse.scorecard.metrics.usefulness import coverage, edit_distance, useful_drafts

SETTINGS = ScorecardSettings(resamples=200)


def draft(n: int, outcome: str, final: str | None = None, sure: float | None = None) -> Draft:
    return Draft(
        conversation=f"c{n // 2}", at=datetime(2026, 1, 1, tzinfo=UTC), text="see you at nine",
        outcome=outcome, final=final, confidence=sure,  # type: ignore[arg-type]
    )  # fmt: skip


def test_what_became_of_drafts_is_told() -> None:
    drafts = [draft(n, "approved", sure=0.9) for n in range(12)]
    drafts += [draft(12 + n, "edited", "see you at ten", sure=0.5) for n in range(6)]
    drafts += [draft(18 + n, "rejected", sure=0.1) for n in range(6)]
    found = {each.spec.id: each for each in useful_drafts(drafts, SETTINGS)}
    values = {id_: row(each).value for id_, each in found.items()}
    assert values["11"] == 0.5
    assert values["11 rejected"] == 0.25
    assert values["11 edit distance"] == pytest.approx(3 / 15)
    assert values["11 coverage"] == pytest.approx(13 / 24)  # twelve of the thirteen surest
    assert row(found["11"]).verdict == "measured"
    assert isinstance(found["11"], Measured)


def test_none_and_few_are_told_apart() -> None:
    (none,) = useful_drafts([], SETTINGS)
    assert isinstance(none, Missing)
    assert "No drafts were put before you yet" in none.reason
    (few,) = useful_drafts([draft(n, "approved") for n in range(3)], SETTINGS)
    assert isinstance(few, Missing)
    assert few.reason.startswith("3 of this model")


def test_without_confidence_or_edits_there_is_less_to_tell() -> None:
    found = [each.spec.id for each in useful_drafts([draft(n, "approved") for n in range(30)], SETTINGS)]
    assert found == ["11", "11 rejected"]
    assert coverage([draft(n, "rejected", sure=1.0) for n in range(30)]) == 0.0


def levenshtein(one: str, other: str) -> int:
    row_ = list(range(len(other) + 1))
    for n, a in enumerate(one, start=1):
        before, row_[0] = row_[0], n
        for m, b in enumerate(other, start=1):
            before, row_[m] = row_[m], min(row_[m] + 1, row_[m - 1] + 1, before + (a != b))
    return row_[-1]


def test_the_edit_distance_is_levenshteins() -> None:
    rng = random.Random(3)
    for _ in range(200):
        one, other = ("".join(rng.choices("abc ", k=rng.randrange(9))) for _ in range(2))
        expected = levenshtein(one, other) / max(1, len(one), len(other))
        assert edit_distance(one, other) == pytest.approx(expected), (one, other)
