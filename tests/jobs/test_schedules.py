"""Jobs at set times: once each, also what was missed; on mains power, or when nobody is there."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from ipse.errors import SettingsError, VaultError
from ipse.jobs import Spec, listed
from ipse.jobs.schedules import add, due, held, remove, run_due
from ipse.jobs.surroundings import Surroundings, look
from ipse.vault import Vault

SPEC = Spec(kind="backup", heavy=False)
MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HERE = Surroundings(on_ac=None, idle=timedelta(0), load=0.1)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, "UTC")


def clock(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()


def test_it_is_queued_once_when_its_time_comes(vault: Vault) -> None:
    made = add(vault, SPEC, "30 3 * * *", now=MONDAY)
    assert made.due_at == datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
    assert run_due(vault, made.due_at - timedelta(seconds=1), HERE) == []
    (job,) = run_due(vault, made.due_at, HERE)
    assert (job.kind, job.state, job.schedule) == ("backup", "queued", made.id)
    assert run_due(vault, made.due_at, HERE) == []
    (now,) = held(vault)
    assert (now.due_at, now.last_job) == (datetime(2026, 3, 4, 3, 30, tzinfo=UTC), job.id)


def test_what_was_missed_for_weeks_is_done_once(vault: Vault) -> None:
    add(vault, SPEC, "daily", now=MONDAY)
    later = MONDAY + timedelta(days=21)
    assert len(run_due(vault, later, HERE)) == 1
    assert run_due(vault, later, HERE) == []
    assert len(run_due(vault, later + timedelta(days=1), HERE)) == 1


def test_cut_off_between_queueing_it_and_keeping_that_it_is_not_done_twice(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = add(vault, SPEC, "hourly", now=MONDAY)
    put = vault.put

    def cut_off(kind: str, *values: object, **more: object) -> None:
        if kind == "schedule":
            raise SystemExit
        put(kind, *values, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(vault, "put", cut_off)
    with pytest.raises(SystemExit):
        run_due(vault, made.due_at, HERE)
    monkeypatch.setattr(vault, "put", put)
    assert len(listed(vault)) == 1
    run_due(vault, made.due_at, HERE)
    assert len(listed(vault)) == 1
    assert len(run_due(vault, made.due_at + timedelta(hours=1), HERE)) == 1


@pytest.mark.parametrize(
    ("more", "around", "is_due"),
    [
        ({"on_ac": True}, Surroundings(on_ac=False, idle=None, load=0), False),
        ({"on_ac": True}, Surroundings(on_ac=True, idle=None, load=0), True),
        ({"on_ac": True}, Surroundings(on_ac=None, idle=None, load=0), True),
        ({"idle_minutes": 10}, Surroundings(on_ac=None, idle=timedelta(minutes=9), load=0), False),
        ({"idle_minutes": 10}, Surroundings(on_ac=None, idle=timedelta(minutes=10), load=0), True),
        ({"idle_minutes": 10}, Surroundings(on_ac=None, idle=timedelta(minutes=10), load=0.9), False),
        ({"idle_minutes": 10}, Surroundings(on_ac=None, idle=None, load=0), True),
        ({}, Surroundings(on_ac=False, idle=timedelta(0), load=5), True),
    ],
)
def test_it_waits_for_what_it_was_told_to_and_stays_due(
    vault: Vault, more: dict[str, float], around: Surroundings, *, is_due: bool
) -> None:
    made = add(vault, SPEC, "daily", now=MONDAY, **more)  # type: ignore[arg-type]
    assert due(made, made.due_at, around) is is_due
    assert len(run_due(vault, made.due_at, around)) == is_due
    free = Surroundings(on_ac=True, idle=timedelta(hours=1), load=0)
    assert len(run_due(vault, made.due_at + timedelta(hours=2), free)) == (not is_due)


def test_times_are_those_of_this_machine_also_when_its_clock_changes(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(monkeypatch, "Europe/Berlin")
    winter = add(vault, SPEC, "30 3 * * *", now=datetime(2026, 3, 27, 12, 0, tzinfo=UTC))
    assert winter.due_at == datetime(2026, 3, 28, 2, 30, tzinfo=UTC)
    run_due(vault, winter.due_at, HERE)
    assert held(vault)[0].due_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "summer time has begun"


@pytest.mark.parametrize("cron", ["", "now", "61 * * * *", "* * * *", "0 0 30 2 *"])
def test_a_time_that_is_none_is_refused(vault: Vault, cron: str) -> None:
    with pytest.raises(SettingsError, match="no time of cron"):
        add(vault, SPEC, cron)


def test_what_is_removed_is_done_no_more(vault: Vault) -> None:
    made = add(vault, SPEC, "hourly", now=MONDAY)
    remove(vault, made.id)
    assert run_due(vault, made.due_at, HERE) == []
    with pytest.raises(VaultError):
        remove(vault, made.id)


def test_the_machine_is_looked_at() -> None:
    found = look(time.time() - 5)
    assert found.load >= 0
    assert found.idle is not None
    assert timedelta(0) <= found.idle <= timedelta(seconds=10)
    assert found.on_ac in (True, False, None)
