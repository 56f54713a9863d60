"""What waits begins once, in order, and goes on after it was cut off."""

import os
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from ipse.errors import CancelledError, VaultError
from ipse.jobs import Spec, find, forget_words, listed, request_stop, run
from ipse.jobs.following import Follower, PausedError, follow
from ipse.jobs.queue import ATTEMPTS, cancel, claimed, enqueue, pause_all, ready, recover, resume
from ipse.jobs.records import CURVES, LINES, POINTS, Curve, Job, Live, load, save
from ipse.jobs.stopping import alive, holding, kill
from ipse.vault import Vault

HEAVY = Spec(kind="train", arguments={"method": "retrieval"})
LIGHT = Spec(kind="backup", heavy=False)


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def dead(vault: Vault, job: Job, **more: object) -> Job:
    """As a process leaves it that was killed in the midst of a job."""
    left = msgspec.structs.replace(job, state="running", pid=0, attempts=1, **more)
    save(vault, left, "start")
    return left


def test_what_was_cut_off_keeps_its_place_and_what_is_resumed_by_hand_comes_last(vault: Vault) -> None:
    first, second = enqueue(vault, HEAVY), enqueue(vault, HEAVY)
    dead(vault, first, started_at=datetime.now(UTC))
    assert [job.id for job in recover(vault)] == [first.id]
    assert [job.id for job in ready(vault, at_once=2)] == [first.id, second.id]
    cancel(vault, first.id)
    resume(vault, first.id)
    assert [job.id for job in ready(vault, at_once=2)] == [second.id, first.id]


def test_heavy_jobs_wait_for_each_other_and_light_ones_for_nobody(vault: Vault) -> None:
    first, second, light = (enqueue(vault, spec) for spec in (HEAVY, HEAVY, LIGHT))
    assert [job.id for job in ready(vault)] == [first.id, light.id]
    assert [job.id for job in ready(vault, at_once=2)] == [first.id, second.id, light.id]
    with claimed(vault, first.id) as job:
        assert job is not None
        assert (job.state, job.attempts, job.pid) == ("running", 1, os.getpid())
        assert [one.id for one in ready(vault)] == [light.id]
        for name in (first.id, second.id):
            with claimed(vault, name) as other:
                assert other is None, "it runs, or must wait"
        follow(Follower(vault, job, quiet), lambda: None)
    assert [one.id for one in ready(vault)] == [second.id, light.id]


def test_of_many_who_begin_a_job_at_once_one_does(vault: Vault, tmp_path: Path) -> None:
    job, got, gate = enqueue(vault, HEAVY), list[bool](), threading.Barrier(8)

    def begin() -> None:
        gate.wait()
        with claimed(vault, job.id) as mine:
            got.append(mine is not None)
            if mine is not None:
                follow(Follower(vault, mine, quiet), lambda: None)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]
    assert find(vault, job.id).attempts == 1


def test_what_is_queued_under_a_name_is_queued_once(vault: Vault) -> None:
    first = enqueue(vault, LIGHT, name="turn")
    assert enqueue(vault, LIGHT, name="turn") == first
    assert vault.ids("job") == ["turn"]


def test_a_queued_job_that_is_cancelled_never_begins(vault: Vault) -> None:
    job = enqueue(vault, HEAVY)
    assert cancel(vault, job.id).state == "cancelled"
    with claimed(vault, job.id) as mine:
        assert mine is None
    with pytest.raises(VaultError, match="has ended"):
        cancel(vault, job.id)
    assert resume(vault, job.id).state == "queued"


def test_a_running_job_is_asked_to_stop_and_can_be_resumed(vault: Vault) -> None:
    job = enqueue(vault, HEAVY)
    with claimed(vault, job.id) as mine:
        assert mine is not None
        follower = Follower(vault, mine, quiet)
        assert cancel(vault, job.id).state == "running"
        with pytest.raises(VaultError, match="is running"):
            resume(vault, job.id)
        with pytest.raises(CancelledError, match="was stopped"):
            follow(follower, lambda: follower(1, 2, {}))
    ended = find(vault, job.id)
    assert (ended.state, ended.done, ended.total) == ("cancelled", 1, 2)
    again = resume(vault, job.id)
    assert (again.state, again.attempts) == ("queued", 0)


def test_a_paused_job_goes_on_however_often_that_is(vault: Vault) -> None:
    job = enqueue(vault, HEAVY)
    for _ in range(ATTEMPTS + 2):
        with claimed(vault, job.id) as mine:
            assert mine is not None
            follower = Follower(vault, mine, quiet)
            assert pause_all(vault) == [job.id]
            with pytest.raises(PausedError):
                follow(follower, partial(follower, 1, None, {}))
        assert find(vault, job.id).state == "interrupted"
        assert [one.state for one in recover(vault)] == ["queued"]


def test_what_was_cut_off_goes_on_at_most_so_often(vault: Vault) -> None:
    job = enqueue(vault, HEAVY)
    for attempt in range(1, ATTEMPTS + 1):
        dead(vault, find(vault, job.id))
        save(vault, msgspec.structs.replace(load(vault, job.id), attempts=attempt), "start")
        assert find(vault, job.id).state == "interrupted"
        (now,) = recover(vault)
    assert (now.state, now.error) == ("failed", f"It was cut off {ATTEMPTS} times.")
    assert recover(vault) == []
    assert resume(vault, job.id).attempts == 0


def test_what_cannot_go_on_by_itself_is_left_to_its_owner(vault: Vault) -> None:
    once = enqueue(vault, msgspec.structs.replace(HEAVY, resumable=False))
    dead(vault, once)
    assert [job.state for job in recover(vault)] == ["failed"]
    run(vault, "train", lambda _progress: None, quiet)
    ran = listed(vault)[-1]
    dead(vault, ran)
    assert [job.state for job in recover(vault)] == ["interrupted"]
    assert recover(vault) == []
    with pytest.raises(VaultError, match="begun in a terminal"):
        resume(vault, ran.id)


def test_a_job_is_alive_as_long_as_its_process_holds_it(vault: Vault) -> None:
    assert not alive(vault.folder, "j")
    with holding(vault.folder, "j"):
        assert alive(vault.folder, "j")
    assert not alive(vault.folder, "j")
    assert not kill(vault.folder, "j", os.getpid()), "nobody does it, so nobody is killed"


def test_silence_is_told_and_work_that_speaks_is_not(vault: Vault) -> None:
    job = enqueue(vault, HEAVY)
    with claimed(vault, job.id) as mine:
        assert mine is not None
        follower = Follower(vault, mine, quiet)
        follower.tell()
        assert [one.id for one in listed(vault) if one.hung] == []
        follower.live.beat_at = datetime.now(UTC) - timedelta(minutes=11)
        follower.tell()
        assert find(vault, job.id).hung
        assert not find(vault, job.id, hung_after=timedelta(hours=1)).hung
        follower(1, None, {})
        follower.tell()
        assert not find(vault, job.id).hung


def test_how_far_it_is_can_be_read_while_it_runs(vault: Vault) -> None:
    job = enqueue(vault, HEAVY)
    with claimed(vault, job.id) as mine:
        assert mine is not None
        follower = Follower(vault, mine, quiet)
        follower(3, 10, {"loss": 0.5, "seconds": 9.0})
        follower.say("half\n\nway")
        seen = find(vault, job.id)
        assert seen.live is not None
        assert (seen.done, seen.total, seen.figures) == (3, 10, {"loss": 0.5, "seconds": 9.0})
        assert seen.live.curves["loss"].points == [(3, 0.5)]
        assert set(seen.live.curves) == {"loss"}
        assert [line.text for line in seen.live.log] == ["half", "way"]
        follow(follower, lambda: None, lambda _: {"model": "v1"})
    kept = load(vault, job.id)
    assert kept.live is not None
    assert (kept.state, kept.result, kept.live.log[0].text) == ("done", {"model": "v1"}, "half")
    assert vault.get_aside("job", job.id) is None


def test_curves_and_logs_are_bounded_and_span_the_whole_time() -> None:
    curve = Curve()
    for step in range(10 * POINTS):
        curve.add(step, step)
    assert POINTS / 2 <= len(curve.points) <= POINTS + 1
    steps = [done for done, _ in curve.points]
    assert steps[0] == 0
    assert steps[-1] > 9 * POINTS
    gaps = {after - before for before, after in pairwise(steps)}
    assert gaps == {curve.every}
    live = Live()
    for step in range(LINES + 5):
        live.step(step, None, {f"f{n}": 1.0 for n in range(CURVES + 3)})
        live.say(f"line {step}")
    assert (len(live.curves), len(live.log)) == (CURVES, LINES)
    assert live.log[-1].text == f"line {LINES + 4}"


def test_what_ended_jobs_say_is_let_go_and_running_ones_keep_it(vault: Vault) -> None:
    words = Spec(kind="import", arguments={"paths": ["WhatsApp Chat with Ilka Brandt.txt"]})
    ended, waits = enqueue(vault, words), enqueue(vault, words)
    with claimed(vault, ended.id) as mine:
        assert mine is not None
        follower = Follower(vault, mine, quiet)
        follower(5, 5, {"loss": 1.0})
        follower.say("Ilka Brandt")
        follow(follower, lambda: None, lambda _: {"file": "Ilka Brandt"})
    assert forget_words(vault) == 1
    assert b"Ilka" not in vault.get("job", ended.id)
    assert b"Ilka" in vault.get("job", waits.id)
    assert (find(vault, ended.id).state, find(vault, ended.id).done) == ("done", 5)
    assert forget_words(vault) == 0


def test_work_within_a_job_is_a_part_of_it(vault: Vault) -> None:
    job, steps = enqueue(vault, HEAVY), list[float]()
    with claimed(vault, job.id) as mine:
        assert mine is not None
        follower = Follower(vault, mine, lambda done, _total, _figures: steps.append(done))
        follow(follower, lambda: run(vault, "train", lambda progress: progress(7, None, {}), follower))
    assert (steps, vault.ids("job")) == ([7], [job.id])


def test_a_stop_that_comes_before_it_begins_is_of_the_past(vault: Vault) -> None:
    job = enqueue(vault, HEAVY)
    request_stop(vault.folder, job.id)
    with claimed(vault, job.id) as mine:
        assert mine is not None
        follower = Follower(vault, mine, quiet)
        follow(follower, lambda: follower(1, None, {}))
    assert find(vault, job.id).state == "done"
