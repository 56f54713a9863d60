"""kill -9 of the server at any moment, and again: what it told is there, nothing is sent twice or lost.

And the server that lives long: its memory does not grow with what it answered.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from ipse.errors import AuditError
from ipse.pipeline.chatting import history
from ipse.pipeline.drafting import held
from ipse.pipeline.tokens import SCOPES, add
from ipse.registry import Registry

from ..deliveries.servers import Hook, hook
from ..pipeline.drafted import KEY, PASSPHRASE, made, opened
from ..soak import rounds

ROOT = Path(__file__).resolve().parents[2]
LIVES = 1.5  # seconds that it is let live, at most, once it answers
CHAT = "/api/ai-echo/chat"


class Life:
    """What somebody does with a service that dies: each acknowledged act is remembered."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.token = token
        self.answers: dict[str, list[str]] = {"whole": [], "pieces": []}
        self.drafts: list[str] = []
        self.sent: list[str] = []
        self.jobs: list[str] = []
        self.again = Counter[str]()

    def work(self, until: threading.Event) -> list[threading.Thread]:
        """Begin to ask, to be told piece by piece, to approve and to send, until told to stop."""
        threads = [
            threading.Thread(target=self._keep_on, args=(until, one))
            for one in (self._whole, self._pieces, self._send)
        ]
        for thread in threads:
            thread.start()
        return threads

    def begins_anew(self) -> None:
        """Wait until each act has succeeded once more."""
        before, end = self._done(), time.monotonic() + 60
        while any(now == then for now, then in zip(self._done(), before, strict=True)):
            assert time.monotonic() < end, "somebody waits for ever"
            time.sleep(0.05)

    def _done(self) -> tuple[int, ...]:
        return (*map(len, self.answers.values()), len(self.sent))

    def client(self) -> httpx2.Client:
        known = {"Authorization": f"Bearer {self.token}"}
        return httpx2.Client(base_url=self.address, headers=known, trust_env=False, timeout=30)

    def _keep_on(self, until: threading.Event, act: Any) -> None:
        with self.client() as client:
            while not until.is_set():
                try:
                    act(client)
                except httpx2.HTTPError:  # it has died: whoever asks tries again until it lives
                    self.again[act.__name__] += 1
                    time.sleep(0.05)

    def _whole(self, client: httpx2.Client) -> None:
        found = client.post(CHAT, json={"message": "who brings the soup?", "session": "whole"})
        if found.status_code == 200:
            self.answers["whole"].append(found.json()["message"]["id"])

    def _pieces(self, client: httpx2.Client) -> None:
        asked = {"message": "who brings the soup?", "session": "pieces", "stream": True}
        with client.stream("POST", CHAT, json=asked) as found:
            for line in found.iter_lines():
                if line.startswith("data: ") and '"message"' in line:
                    self.answers["pieces"].append(json.loads(line.removeprefix("data: "))["message"]["id"])

    def _send(self, client: httpx2.Client) -> None:
        told = {"text": "soup on friday?", "contact": "Ilka Brandt", "channel": "webhook"}
        found = client.post("/api/drafts", json=told)
        if found.status_code != 201:
            return
        draft = found.json()
        self.drafts.append(draft["id"])
        at = f"/api/drafts/{draft['id']}"
        client.post(f"{at}/approve", json={"digest": draft["digest"]})
        if client.post(f"{at}/send").status_code == 200:
            self.sent.append(draft["id"])


@contextmanager
def service(folder: Path, port: int, web: Hook, kind: str = "whole") -> Iterator["subprocess.Popen[bytes]"]:
    """It, answering; killed in the end."""
    env = {
        **os.environ, "IPSE_PASSPHRASE": PASSPHRASE, "IPSE_WEBHOOK__URL": web.url, "OMP_NUM_THREADS": "1",
        "IPSE_WEBHOOK__SECRET": KEY, "IPSE_SERVICE__RATE": "100000/minute", "IPSE_RETRIEVAL__EPOCHS": "1",
    }  # fmt: skip
    words = ["serve", "--no-browser", "--json", "--port", str(port), "--vault", str(folder)]
    command = [sys.executable, "-m", "tests.faults.serving", kind, *words]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = b"."
        while line and b"sign_in" not in line:
            line = process.stdout.readline()
        assert line, "it did not start"
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def faults(folder: Path, life: Life, web: Hook) -> list[str]:
    """What is not as it was told; the vault is opened as the next who comes opens it."""
    found = []
    posted = Counter(one.headers["webhook-id"] for one in web.posted)
    with opened(folder) as workspace:
        for name, told in life.answers.items():
            kept = [one.id for one in history(workspace, name)] if told else []
            found += [f"{name}: answer {one} is lost" for one in set(told) - set(kept)]
            found += [f"{name}: {one} is there twice" for one, n in Counter(kept).items() if n > 1]
            found += [] if [one for one in kept if one in told] == told else [f"{name}: another order"]
        states = {one.id: one.state for one in held(workspace)}
        found += [f"draft {one} is lost" for one in life.drafts if one not in states]
        found += [f"{one} was sent {n} times" for one, n in posted.items() if n > 1]
        found += [f"{one} is sent and is not" for one in life.sent if states.get(one) != "sent"]
        for one, state in states.items():
            known = {"sent": (1,), "perhaps": (0, 1)}.get(state, (0,))
            found += [] if posted[one] in known else [f"{one} is {state}, posted {posted[one]} times"]
        try:
            workspace.vault.verify_audit()
        except AuditError as error:
            found.append(str(error))
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = made(tmp_path_factory.mktemp("killed") / "made")
    with opened(folder) as workspace:
        return folder, add(workspace, "a test", scopes=SCOPES).secret


def test_killed_at_any_moment_it_goes_on_where_it_was(template: tuple[Path, str]) -> None:
    (folder, token), port, pick = template, free_port(), random.Random(7)
    life, over = Life(f"http://127.0.0.1:{port}", token), threading.Event()
    with hook() as web:
        threads = life.work(over)
        for number in range(rounds(1, 50)):
            with service(folder, port, web), life.client() as client:
                if number % 10 == 0:
                    found = client.post("/api/models", json={"method": "retrieval"})
                    assert found.status_code == 202, found.text
                    life.jobs.append(found.json()["job"])
                time.sleep(LIVES * pick.random())
            assert faults(folder, life, web) == [], f"after kill {number}"
        with service(folder, port, web), life.client() as client:
            life.begins_anew()
            over.set()
            for thread in threads:
                thread.join()
            states = ended(client, life.jobs)
        assert faults(folder, life, web) == []
    assert states == {"done"}
    with opened(folder) as workspace:
        assert len(Registry(workspace.vault).cards()) == 1 + len(life.jobs), "each trained once"
    told = {name: len(found) for name, found in life.answers.items()}
    sys.stderr.write(f"server: {told} answers, {len(life.sent)} of {len(life.drafts)} sent, {life.again}\n")
    assert min(*told.values(), len(life.sent), *life.again.values()) > 0, "all of them worked, and began anew"


def ended(client: httpx2.Client, jobs: list[str]) -> set[str]:
    """How jobs ended; they go on by themselves."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        states = {client.get(f"/api/jobs/{job}").json()["state"] for job in jobs}
        if states <= {"done", "failed", "cancelled"}:
            return states
        time.sleep(0.2)
    return {"hangs"}


def test_the_check_notices_an_answer_that_is_told_before_it_is_durable(
    template: tuple[Path, str], tmp_path: Path
) -> None:
    """The control."""
    (of, token), port = template, free_port()
    folder = Path(shutil.copytree(of, tmp_path / "vault"))
    life, over = Life(f"http://127.0.0.1:{port}", token), threading.Event()
    with hook() as web:
        with service(folder, port, web, "broken"):
            threads = life.work(over)
            end = time.monotonic() + 60
            while len(life.answers["whole"]) < 3 and time.monotonic() < end:
                time.sleep(0.01)
        over.set()
        for thread in threads:
            thread.join()
        assert any("is lost" in one for one in faults(folder, life, web))


def grown(folder: Path, token: str, kind: str, requests: int) -> float:
    """Megabytes that the server has more after so many answers, once it has given half as many."""
    port, known = free_port(), {"Authorization": f"Bearer {token}"}
    address = f"http://127.0.0.1:{port}"
    with (
        hook() as web,
        service(folder, port, web, kind) as process,
        httpx2.Client(base_url=address, headers=known, trust_env=False, timeout=60) as client,
    ):
        sizes = []
        for number in range(requests + requests // 2):
            if number == requests // 2:
                sizes.append(psutil.Process(process.pid).memory_info().rss)
            asked = {"message": f"who brings soup number {number % 50}?", "session": f"s{number % 20}"}
            assert client.post(CHAT, json=asked).status_code == 200
        sizes.append(psutil.Process(process.pid).memory_info().rss)
    return float(sizes[1] - sizes[0]) / 1e6


def test_memory_does_not_grow_with_what_was_answered(template: tuple[Path, str], tmp_path: Path) -> None:
    """The control keeps 100 kB of each answer."""
    few, many = 60, rounds(60, 10_000)
    found = {
        kind: grown(Path(shutil.copytree(template[0], tmp_path / kind)), template[1], kind, requests)
        for kind, requests in (("whole", many), ("leaking", few))
    }
    sys.stderr.write(f"memory: {found['whole']} MB more after {many} answers\n")
    assert found["whole"] < rounds(5, 20)
    assert found["leaking"] > few * 0.1 * 0.8
