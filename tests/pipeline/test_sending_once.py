"""Two who decide or send at once send once, from two processes; whoever is killed sends nothing twice."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ipse.drafts import Draft
from ipse.errors import DraftError
from ipse.pipeline.delivering import hand_out, settle
from ipse.pipeline.drafting import every, held

from ..deliveries.servers import Hook, hook
from ..faults.killing import Server
from ..soak import rounds
from .drafted import KEY, PASSPHRASE, another, approved, copied, made, opened

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("drafted") / "made")


@pytest.fixture
def web() -> Iterator[Hook]:
    with hook() as started:
        yield started


class Sender:
    """The process of ``sending.py``."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def tell(self, verb: str, name: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{verb} {name}\n")
        self._process.stdin.flush()

    def heard(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def senders(folder: Path, web: Hook, *more: str) -> Iterator[list[Sender]]:
    command = [sys.executable, "-m", "tests.pipeline.sending", str(folder), json.dumps(sections(web)), *more]
    with ExitStack() as stack:
        found = []
        for _ in range(2):
            process = stack.enter_context(
                subprocess.Popen(
                    command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                )
            )  # fmt: skip
            found.append(Sender(process))
        assert [one.heard() for one in found] == ["ready", "ready"]
        yield found
        for one in found:
            assert one._process.stdin is not None
            one._process.stdin.close()


def sections(web: Hook) -> dict[str, dict[str, object]]:
    return {"webhook": {"url": web.url, "secret": KEY, "timeout": 10}}


def raced(folder: Path, web: Hook, tries: int, *, broken: bool = False) -> Counter[str]:
    """So many drafts, each sent, or approved and sent, by two processes at once; how often each came."""
    with opened(folder, **sections(web)) as workspace:
        (like,) = every(workspace)
        names = [
            (approved if n % 2 else another)(workspace, like, channel="webhook").id for n in range(tries)
        ]
    with senders(folder, web, *(["broken"] if broken else [])) as both:
        for number, name in enumerate(names):
            for one in both:
                one.tell("send" if number % 2 else "both", name)
            said = [one.heard() for one in both]
            if not broken:
                assert sorted(one.split(",")[-1] for one in said) == ["refused", "sent"]
                assert sum("approved" in one for one in said) == 1 - number % 2
    return Counter(posted.headers["webhook-id"] for posted in web.posted)


def test_of_two_processes_one_approves_and_one_sends(template: Path, tmp_path: Path, web: Hook) -> None:
    tries = rounds(24, 1000)
    folder = copied(template, tmp_path / "vault")
    sent = raced(folder, web, tries)
    assert len(sent) == tries
    assert set(sent.values()) == {1}
    with opened(folder) as workspace:
        states = Counter(one.state for one in every(workspace))
    assert states == {"sent": tries, "proposed": 1}


def test_without_the_locks_both_do(template: Path, tmp_path: Path, web: Hook) -> None:
    """The control: the race is there to be lost."""
    assert max(raced(copied(template, tmp_path / "vault"), web, 6, broken=True).values()) == 2


@pytest.mark.skipif(os.environ.get("IPSE_TEST_CATALOG") == "postgresql", reason="it is all of them then")
def test_so_it_is_with_the_catalog_on_postgresql(
    tmp_path: Path, web: Hook, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("server")
    tries = rounds(4, 250)
    sent = raced(made(tmp_path / "made", catalog=str(server.url)), web, tries)
    assert len(sent) == tries
    assert set(sent.values()) == {1}


def aftermath(folder: Path, web: Hook, draft: Draft, tried: Counter[str]) -> None:
    """Whatever moment it died at: it is not sent twice, and not lost."""
    before = len(web.posted)
    with opened(folder, **sections(web)) as workspace:
        found = {one.id: one.state for one in held(workspace)}[draft.id]
        tried[found] += 1
        if found == "approved":
            assert before == 0
            hand_out(workspace, draft.id)
            assert len(web.posted) == 1
            return
        assert before == 1 if found == "sent" else before in (0, 1)
        with pytest.raises(DraftError):
            hand_out(workspace, draft.id)
        assert len(web.posted) == before
        if found == "perhaps":
            assert settle(workspace, draft.id, sent=bool(before)).state == ("sent" if before else "proposed")
        else:
            assert found == "sent"
        assert workspace.vault.verify_audit() > 0


def test_killed_while_sending_it_is_neither_sent_twice_nor_lost(template: Path, tmp_path: Path) -> None:
    """At moments spread over the time it takes, and at those that matter: around the claim and the post."""
    tried, count = Counter[str](), rounds(4, 200)
    with Server.running("httpx2") as server:
        for number in range(count):
            folder = copied(template, tmp_path / str(number))
            with hook() as web:
                with opened(folder, **sections(web)) as workspace:
                    (like,) = every(workspace)
                    draft = approved(workspace, like, channel="webhook")
                job: dict[str, Any] = {
                    "vault": folder,
                    "draft": draft.id,
                    "webhook": sections(web)["webhook"],
                    "passphrase": PASSPHRASE,
                }
                at = ["claimed", "posted", "", ""][number % 4]
                after = None if at else 0.4 * number / count
                server.run("send", tmp_path / "said", kill_after=after, kill_at=at, stop_at=at, **job)
                aftermath(folder, web, draft, tried)
    assert tried["perhaps"] >= count // 4, tried  # killed between claim and answer
    assert sum(tried.values()) == count


def test_a_sender_that_posts_before_it_claims_is_caught(template: Path, tmp_path: Path) -> None:
    """The control: with intent and act in the wrong order, a killed sender sends twice."""
    folder = copied(template, tmp_path / "vault")
    with Server.running("httpx2") as server, hook() as web:
        with opened(folder, **sections(web)) as workspace:
            (like,) = every(workspace)
            draft = approved(workspace, like, channel="webhook")
        job: dict[str, Any] = {
            "vault": folder,
            "draft": draft.id,
            "webhook": sections(web)["webhook"],
            "passphrase": PASSPHRASE,
        }
        server.run("send", tmp_path / "said", kill_at="posted", stop_at="posted", careless=True, **job)
        assert len(web.posted) == 1
        with pytest.raises(AssertionError):
            aftermath(folder, web, draft, Counter())
        with opened(folder, **sections(web)) as workspace:
            hand_out(workspace, draft.id)
    assert len(web.posted) == 2
