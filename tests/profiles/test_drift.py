"""Drift is found where the style changed, and not where it did not."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ipse.profile.drift import Drift, Lineage, Spoken, drift
from ipse.profile.drift_page import advice, render
from ipse.profile.wording import quarter_name

LINEAGE = Lineage("v1", "retrieval", "abc")
START = datetime(2023, 1, 1, 12, tzinfo=UTC)
FILL = [f"{a}{b}n" for a in "bdfgklmprst" for b in "aeiou"]


def turn(rng: random.Random, *, loud: bool) -> str:
    text = " ".join(rng.choice(FILL) for _ in range(rng.randint(3, 9)))
    if loud:
        text = f"{text.upper() if rng.random() < 0.3 else text}!! 😀"
    return text if rng.random() < 0.5 else f"{text}?"


def person(seed: int, *, loud_from: int = 10_000, talks: int = 160) -> tuple[list[Spoken], set[str]]:
    """A talk of four turns each fifth day; the oldest 60 % train."""
    rng = random.Random(seed)
    spoken = [
        Spoken(START + timedelta(days=5 * n, minutes=k), f"t{n}", turn(rng, loud=n >= loud_from))
        for n in range(talks)
        for k in range(4)
    ]
    return spoken, {f"t{n}" for n in range(talks * 6 // 10)}


def others(seed: int = 5) -> dict[str, list[str]]:
    found = {}
    for k in range(4):
        rng = random.Random(seed + k)
        words = FILL[10 * k :] + FILL[: 3 * k]
        found[f"PERSON_{k}"] = [" ".join(rng.choice(words) for _ in range(8)) for _ in range(120)]
    return found


def found(spoken: list[Spoken], trained: set[str]) -> Drift:
    return drift(spoken, trained, others(), lineage=LINEAGE, at=START)


def test_a_person_who_stays_the_same_needs_no_retrain() -> None:
    said = [found(*person(seed)) for seed in range(8)]
    assert [each.verdict for each in said].count("as it was") >= 7
    assert all(each.habits is not None and each.delta is not None for each in said)
    assert sum(each.changes == () for each in said) >= 7
    assert "still write" in advice(next(each for each in said if each.verdict == "as it was"))


def test_a_person_who_changes_after_the_training_is_found_and_since_when() -> None:
    spoken, trained = person(1, loud_from=120)
    seen = found(spoken, trained)
    assert (seen.verdict, seen.since) == ("retrain", "2024-Q3")
    assert seen.habits is not None
    assert seen.habits.value > 1
    assert seen.habits.p < 0.01
    assert {"holds an emoji", "doubles marks"} <= {change.name for change in seen.changes}
    change = next(each for each in seen.changes if each.name == "holds an emoji")
    assert (change.trained, change.z > 2) == (0, True)
    assert "since July–September 2024 differ" in advice(seen)
    assert [each.differs for each in seen.quarters if each.label < "2024-Q3"].count(True) <= 1
    assert seen.newer == 4 * 64
    assert (seen.turns, seen.last) == (4 * 96, START + timedelta(days=5 * 95, minutes=3))


def test_who_always_writes_the_same_gives_no_scale() -> None:
    spoken, trained = person(1)
    seen = found([msgspec.structs.replace(each, text="fine with me") for each in spoken], trained)
    assert (seen.habits, seen.verdict) == (None, "too little to tell")


def test_the_same_data_gives_the_same_figures() -> None:
    assert found(*person(3, loud_from=110)) == found(*person(3, loud_from=110))


def test_little_since_the_training_tells_nothing() -> None:
    spoken, _ = person(1, loud_from=150)
    seen = found(spoken, {f"t{n}" for n in range(150)})
    assert (seen.newer, seen.verdict, seen.changes) == (40, "too little to tell", ())
    assert "too little" in advice(seen)


def test_too_few_training_talks_give_no_null_and_too_few_people_no_delta() -> None:
    spoken, trained = person(1)
    few = drift(spoken, {"t0", "t1"}, others(), lineage=LINEAGE, at=START)
    assert (few.habits, few.delta, few.verdict) == (None, None, "too little to tell")
    alone = drift(spoken, trained, {}, lineage=LINEAGE, at=START)
    assert alone.habits is not None
    assert alone.delta is None


@pytest.mark.parametrize("loud_from", [110, 10_000])
def test_the_page_tells_the_verdict_and_holds_no_text(loud_from: int) -> None:
    seen = found(*person(2, loud_from=loud_from))
    page = render(seen)
    assert ("You have moved on" in page) == (seen.verdict == "retrain")
    assert page.count("<svg") == 2
    for name in ("http://", "https://", "<script", "url(http"):
        assert name not in page
    assert not any(f" {word} " in page for word in FILL)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Drift) == seen
    assert "Not measured" in render(msgspec.structs.replace(seen, quarters=()))


def test_quarters_are_named() -> None:
    assert (quarter_name("2024-Q1"), quarter_name("2024"), quarter_name(None)) == (
        "January–March 2024",
        "2024",
        "",
    )
