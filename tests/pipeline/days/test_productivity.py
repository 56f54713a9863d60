"""What time went to, focus, corrections and tasks: worked by hand on a few windows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ipse.config import ProductivitySettings, load_settings
from ipse.errors import ConsentError, NotFoundError, SettingsError
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.days import events
from ipse.pipeline.days.productivity.correcting import Correction, correct, corrections, label, uncorrect
from ipse.pipeline.days.productivity.focusing import Told, focus_periods, hours_of, weeks_of
from ipse.pipeline.days.productivity.overview import Productivity, productivity
from ipse.pipeline.days.productivity.prioritizing import (
    Preference,
    Task,
    add_task,
    change_task,
    order,
    prefer,
    ranked,
    remove_task,
    tasks,
)
from ipse.pipeline.days.productivity.seeing import Span, present
from ipse.pipeline.forgetting import forget
from ipse.pipeline.plans import plan_for
from ipse.pipeline.workspace import Workspace
from ipse.records import Event
from ipse.vault import Vault

MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
MONDAY = 20_454 * DAY + 4 * DAY  # 2026-01-05
RULES = ProductivitySettings()


@pytest.fixture
def own(vault: Vault) -> Workspace:
    """A vault that may keep and learn from windows and who is there."""
    workspace = Workspace(vault, load_settings({}, environment={}))
    for source in ("window", "activity"):
        give(workspace, source, ["archive", "events"])
    return workspace


def told(*pieces: tuple[float, float, str]) -> list[Told]:
    """Spans from and to minutes of Monday, each in a category."""
    return [
        Told(
            start=MONDAY + round(start * MINUTE), end=MONDAY + round(end * MINUTE), tz=0, app="a", shown="",
            category=category, how="rule", chance=None,
        )
        for start, end, category in pieces
    ]  # fmt: skip


def window(start: int, minutes: float, app: str, category: str, tz: int = 0) -> Event:
    return Event(
        source="window", kind="state", ts=start, dur=round(minutes * MINUTE), rx=start, tz=tz,
        key=f"{start:016x}", data={"app": app, "category": category},
    )  # fmt: skip


def test_a_focus_period_may_be_interrupted_a_little() -> None:
    (one,) = focus_periods(told((0, 15, "code"), (15, 16.5, "media"), (16.5, 30, "writing")), RULES)
    assert (one.seconds, one.category, one.interruptions) == (28.5 * 60, "code", 1)
    assert one.end - one.start == 30 * MINUTE


@pytest.mark.parametrize(
    ("pieces", "many"),
    [
        ([(0, 24, "code")], 0),
        ([(0, 25, "code")], 1),
        ([(0, 15, "code"), (15, 17.5, "media"), (17.5, 32, "code")], 0),
        ([(0, 15, "code"), (20, 31, "code")], 1),
        ([(0, 15, "code"), (20.1, 31, "code")], 0),
        ([(0, 15, "code"), (15, 16, "media"), (16, 17.1, "social"), (17.1, 31, "code")], 0),
        ([(n * 5, n * 5 + 3.5, "code") for n in range(9)], 1),
        ([(n * 1.5, n * 1.5 + 1.5, ("code", "media")[n % 2]) for n in range(40)], 0),
        ([(0, 30, "media")], 0),
        ([], 0),
    ],
    ids=["short", "enough", "interrupted", "idle", "gone", "two", "gaps", "scattered", "other", "nothing"],
)  # fmt: skip
def test_what_ends_a_focus_period(pieces: list[tuple[float, float, str]], many: int) -> None:
    assert len(focus_periods(told(*pieces), RULES)) == many


def test_a_long_period_ends_before_it_is_scattered() -> None:
    pieces: list[tuple[float, float, str]] = [(0, 26, "code")]
    for n in range(10):
        pieces += [(26 + n * 3, 28 + n * 3, "media"), (28 + n * 3, 29 + n * 3, "code")]
    (one,) = focus_periods(told(*pieces), RULES)
    assert one.seconds / ((one.end - one.start) / 1e6) >= 0.8


def test_when_nobody_is_there_counts_for_nothing() -> None:
    rows = [Span(0, 100, 0, "a", "", ""), Span(100, 200, 0, "b", "", "")]
    gone = np.array([[150, 160], [20, 120], [30, 40]])
    left = [(one.start, one.end, one.app) for one in present(rows, gone)]
    assert left == [(0, 20, "a"), (120, 150, "b"), (160, 200, "b")]
    assert present(rows, np.empty((0, 2), dtype=np.int64)) == rows


def test_hours_are_of_the_clock_of_their_owner() -> None:
    found = list(hours_of([(MONDAY + 30 * MINUTE, MONDAY + 90 * MINUTE)], tz=-60))
    assert [(hour, seconds) for _, hour, seconds in found] == [(167, 1800.0), (0, 1800.0)]
    assert found[0][0] == found[1][0] - 1
    spans = told((600, 660, "code"))
    table = weeks_of(spans, focus_periods(spans, RULES))
    assert table.shape == (1, 168)
    assert table[0, 10] == 3600
    assert table[0, 9] == 0
    assert np.isnan(table[0, 24:]).all(), "of a day without windows nothing is known"
    assert np.isnan(table[0, 12:24]).all(), "nor of what is yet to come"
    assert weeks_of([], []).shape == (0, 168)


def test_what_is_said_later_is_not_known_before(own: Workspace) -> None:
    events.keep(own, [window(MONDAY + n * HOUR, 50, "odd", "other") for n in range(9, 18)])

    def that_day(known_at: datetime | None = None) -> Productivity:
        return productivity(own, since=MONDAY, until=MONDAY + DAY, known_at=known_at)

    before = that_day()
    assert [one.category for one in before.activities] == ["unknown"]
    assert before.questions[0].app == "odd"
    at = datetime.now(UTC)
    made = correct(own, "odd", " Study ")
    assert that_day(at) == before
    after = that_day()
    assert [(one.category, one.sure, one.focus) for one in after.activities] == [("study", 1.0, True)]
    assert len(after.focus) == 9
    assert after.questions == ()
    changed = correct(own, "odd", "media")
    assert [one.id for one in corrections(own)] == [changed.id], "the later word on the same holds"
    with pytest.raises(NotFoundError):
        uncorrect(own, made.id)
    uncorrect(own, changed.id)
    assert that_day() == before


def test_corrections_go_with_what_they_were_said_of(own: Workspace) -> None:
    events.keep(own, [window(MONDAY, 50, "odd", "other")])
    correct(own, "odd", "study")
    forget(own, plan_for(own, "source", "window"))
    assert corrections(own) == []


def test_a_withdrawn_consent_ends_it(own: Workspace) -> None:
    events.keep(own, [window(MONDAY, 50, "odd", "other")])
    withdraw(own, next(one.consent.id for one in own.consents() if one.consent.source == "window"))
    found = productivity(own, since=MONDAY, until=MONDAY + DAY)
    assert found.activities == ()
    assert "window may not be learned from" in found.notes[0]
    with pytest.raises(ConsentError):
        correct(own, "odd", "study")


def test_what_cannot_be_is_refused(own: Workspace) -> None:
    with pytest.raises(SettingsError, match="no windows yet"):
        correct(own, "odd", "study")
    events.keep(own, [window(MONDAY, 50, "odd", "other")])
    for app, category, hour in (
        ("odd", "unknown", None),
        ("odd", "!", None),
        (" ", "study", None),
        ("a", "b", 24),
    ):
        with pytest.raises(SettingsError):
            correct(own, app, category, hour=hour)
    with pytest.raises(SettingsError, match="before it begins"):
        productivity(own, since=2, until=1)


def test_a_correction_may_be_about_an_hour_or_a_title() -> None:
    def said(category: str, **about: object) -> Correction:
        return Correction(id="c", app="web", category=category, known_at=datetime.now(UTC), **about)  # type: ignore[arg-type]

    def rule(span: Span) -> str:
        return "" if span.shown == "other" else span.shown

    nine, evening = MONDAY + 9 * HOUR, MONDAY + 20 * HOUR
    rows = [
        Span(nine, nine + MINUTE, 0, "web", "media", "ab12"),
        Span(evening, evening + MINUTE, 0, "web", "media", ""),
        Span(nine, nine + MINUTE, 0, "mail", "communication", ""),
        Span(nine, nine + MINUTE, 0, "never", "other", ""),
    ]
    given = [said("talks", shown="media", hour=9), said("games", title="zz"), said("social", shown="social")]
    found = label(rows, rule, given, sure=0.6)
    assert [one.how for one in found] == ["corrected", *[one.how for one in found[1:]]]
    assert found[0].category == "talks"
    assert found[2].category == "communication"
    assert found[3].category == "unknown"
    assert found[3].chance is not None
    assert found[3].chance < 0.6


def test_tasks_are_sealed_ordered_and_learned_from(own: Workspace) -> None:
    now = datetime.now(UTC)
    soon = add_task(own, "Zmarkerz first", due=now + timedelta(hours=20))
    late = add_task(own, "second", due=now - timedelta(days=2), minutes=600)
    some = add_task(own, "third")
    assert [one.task.id for one in ranked(own)] == [late.id, soon.id, some.id]
    for _ in range(6):
        prefer(own, some.id, late.id)
    assert ranked(own)[0].task.id != late.id
    change_task(own, soon.id, text="Zmarkerz again", due=None)
    assert tasks(own)[0].due is None
    change_task(own, late.id, done=True)
    assert late.id not in [one.id for one in tasks(own)]
    change_task(own, late.id, done=False)
    remove_task(own, some.id)
    assert [one.id for one in tasks(own, done=True)] == [soon.id, late.id]
    raw = b"".join(file.read_bytes() for file in own.vault.folder.rglob("*") if file.is_file())
    assert b"Zmarkerz" not in raw
    rows = "".join(str(row.details) for row in own.vault.audit_rows())
    assert "Zmarkerz" not in rows
    for bad in ({"text": " "}, {"text": "x", "due": datetime(2026, 1, 1)}, {"text": "x", "minutes": -1.0}):  # noqa: DTZ001
        with pytest.raises(SettingsError):
            add_task(own, **bad)
    with pytest.raises(SettingsError):
        prefer(own, soon.id, soon.id)
    with pytest.raises(NotFoundError):
        prefer(own, soon.id, "t0")


def test_an_order_that_is_not_by_date_is_learned() -> None:
    """An owner who does what is short first: learned from 30 choices, and better than by date."""
    rng = np.random.default_rng(5)
    now = datetime(2026, 3, 2, tzinfo=UTC)

    def some(name: str) -> Task:
        return Task(
            id=name,
            text="x",
            due=now + timedelta(days=float(rng.uniform(0.2, 20))),
            minutes=float(np.exp(rng.uniform(2, 6.5))),
            added_at=now - timedelta(days=float(rng.uniform(0, 20))),
        )

    def first(one: Task) -> float:
        assert one.minutes is not None
        return -float(np.log(one.minutes)) + 0.3 * float(rng.normal())

    def placed(found: list[Task], said: list[Preference]) -> float:
        places = {one.task.id: one.place for one in order(found, said, now)}
        pairs = [(a, b) for a in found for b in found if a.minutes and b.minutes and a.minutes < b.minutes]
        return float(np.mean([places[a.id] < places[b.id] for a, b in pairs]))

    said = []
    for turn in range(30):
        one, other = some(f"a{turn}"), some(f"b{turn}")
        better, worse = (one, other) if first(one) > first(other) else (other, one)
        told_of = {each.task.id: each for each in order([better, worse], [], now)}
        assert len(told_of) == 2
        said.append(_preference(better, worse, now))
    held_out = [some(f"c{turn}") for turn in range(25)]
    assert placed(held_out, said) > 0.85
    assert placed(held_out, []) < 0.75


def _preference(better: Task, worse: Task, at: datetime) -> Preference:
    from ipse.pipeline.days.productivity import prioritizing

    first, second = (prioritizing._features(one, at) for one in (better, worse))
    return Preference(id="p", better=first, worse=second, at=at, tasks=(better.id, worse.id))
