"""The process that holds a key: real processes, killed, idle, asked by others; and its rules, one by one."""

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ipse.errors import VaultError
from ipse.unlocking import agent, client, places
from ipse.unlocking.agent import Agent, Daily, Peer
from ipse.unlocking.client import Session
from ipse.unlocking.memory import Secret

KEY = bytes(range(100, 132))
VAULT = "00ff" * 8
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
pytestmark = pytest.mark.usefixtures("started")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "vault"
    place.mkdir()
    return place


def start(folder: Path, *, idle: float = 60, **options: object) -> Session:
    return client.start(folder, VAULT, KEY, idle=idle, **options)  # type: ignore[arg-type]


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something that another process does; the limit is for when it never does."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_it_gives_the_key_of_its_vault_until_it_is_locked(folder: Path) -> None:
    assert (client.fetch(folder, VAULT), client.session(folder), client.lock(folder)) == (None, None, False)
    running = start(folder)
    assert (running.vault, running.idle) == (VAULT, 60)
    assert client.fetch(folder, VAULT) == KEY
    assert client.fetch(folder, "11" * 16) is None
    assert client.lock(folder)
    assert (client.fetch(folder, VAULT), client.session(folder), client.lock(folder)) == (None, None, False)
    until(lambda: gone(running.pid), "the agent ends")


def test_its_socket_is_the_users_alone_whatever_the_umask(folder: Path, run_folder: Path) -> None:
    before = os.umask(0)
    try:
        start(folder)
    finally:
        os.umask(before)
    modes = {path.suffix: path.stat().st_mode & 0o777 for path in (run_folder / "ipse").iterdir()}
    assert modes == {".sock": 0o600, ".lock": 0o600}
    assert (run_folder / "ipse").stat().st_mode & 0o777 == 0o700


def test_two_vaults_have_two_agents(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    start(folder)
    client.start(other, "22" * 16, bytes(32), idle=60)
    assert (client.fetch(folder, VAULT), client.fetch(other, "22" * 16)) == (KEY, bytes(32))
    assert client.lock(folder)
    assert (client.fetch(folder, VAULT), client.fetch(other, "22" * 16)) == (None, bytes(32))


def test_a_second_agent_takes_the_place_of_the_first(folder: Path) -> None:
    first = start(folder)
    second = start(folder, idle=0)
    until(lambda: gone(first.pid), "the first agent ends")
    running = client.session(folder)
    assert running is not None
    assert (running.pid, running.left) == (second.pid, None)


def test_killed_it_leaves_a_socket_that_answers_nobody_and_another_takes_its_place(
    folder: Path, run_folder: Path
) -> None:
    os.kill(start(folder).pid, signal.SIGKILL)
    until(lambda: client.session(folder) is None, "the agent is gone")
    assert len(list((run_folder / "ipse").glob("*.sock"))) == 1
    assert (client.fetch(folder, VAULT), client.lock(folder)) == (None, False)
    start(folder)
    assert client.fetch(folder, VAULT) == KEY


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_end_it_takes_its_socket_along(folder: Path, run_folder: Path, number: int) -> None:
    running = start(folder)
    os.kill(running.pid, number)
    until(lambda: gone(running.pid), "the agent ends")
    assert list((run_folder / "ipse").glob("*.sock")) == []


def test_without_use_it_ends(folder: Path, run_folder: Path) -> None:
    running = start(folder, idle=0.3)
    until(lambda: gone(running.pid), "the agent ends")
    assert client.fetch(folder, VAULT) is None
    assert list((run_folder / "ipse").glob("*.sock")) == []


def test_while_another_holds_the_lock_none_starts(folder: Path, run_folder: Path) -> None:
    import fcntl

    path = places.writable(folder)
    assert path is not None
    with path.with_suffix(".lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(VaultError, match="another agent holds"):
            start(folder)


@LINUX
def test_its_memory_is_nobody_elses_and_holds_the_key_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSE_PASSPHRASE", "a passphrase for tests")
    pid = start(folder).pid
    assert client.fetch(folder, VAULT) == KEY
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    assert next(line.split()[4] for line in limits if line.startswith("Max core file size")) == "0"
    if os.getuid():
        with pytest.raises(PermissionError):
            Path(f"/proc/{pid}/mem").read_bytes()
        return
    assert b"IPSE_PASSPHRASE" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert b"PATH=" in Path(f"/proc/{pid}/environ").read_bytes()
    assert memory_of(pid).count(KEY) == 1


def memory_of(pid: int) -> bytes:
    """Everything a process has in memory that it may write."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as raw:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            first, last = (int(part, 16) for part in span.split("-"))
            if rights.startswith("rw"):
                raw.seek(first)
                found.append(raw.read(last - first))
    return b"".join(found)


@LINUX
@ROOT
def test_another_user_gets_nothing_even_if_the_socket_is_open_to_them(folder: Path, run_folder: Path) -> None:
    start(folder)
    path = next(places.sockets(folder))
    code = f"""
import os, socket
os.setgid(65534); os.setuid(65534)
asking = socket.socket(socket.AF_UNIX)
try:
    asking.connect({str(path)!r})
except PermissionError:
    print("refused")
else:
    try:
        asking.sendall(b"get {VAULT}\\n")
        print(asking.recv(99))
    except ConnectionError:
        print(b"")
"""

    def told() -> str:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert told() == "refused"
    for place in (run_folder, path.parent, path):
        place.chmod(0o777)
    assert told() == "b''"
    assert client.fetch(folder, VAULT) is None  # nor does the client trust a folder that others may enter
    for place in (path, path.parent, run_folder):
        place.chmod(0o700)
    assert client.fetch(folder, VAULT) == KEY


def test_a_daily_command_runs_and_its_asking_is_no_use(folder: Path, tmp_path: Path) -> None:
    """It asks for the key all day long, and the agent ends for want of use all the same."""
    code = (
        "from ipse.unlocking import client; from pathlib import Path; import os\n"
        f"held = client.fetch(Path({str(folder)!r}), {VAULT!r})\n"
        f"file = Path({str(tmp_path)!r}) / 'ran'; file.open('ab').write(bytes(held == {KEY!r}))\n"
        f"file.with_name('cwd').write_text(os.getcwd())\n"
    )
    running = start(folder, idle=4, daily=[sys.executable, "-c", code], every=0.05)
    until(lambda: gone(running.pid), "the agent ends")
    assert (tmp_path / "ran").stat().st_size >= 2
    assert (tmp_path / "cwd").read_text() == str(Path.cwd())


def test_a_platform_without_sockets_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(VaultError, match="no Unix sockets"):
        start(folder)
    assert (client.fetch(folder, VAULT), client.lock(folder)) == (None, False)


def test_without_a_folder_of_ones_own_none_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "writable", lambda _: None)
    with pytest.raises(VaultError, match="yours alone"):
        start(folder)


def test_an_order_that_is_cut_short_starts_nothing(folder: Path) -> None:
    with pytest.raises(VaultError, match="the key is incomplete"):
        client.start(folder, VAULT, b"short", idle=1)
    assert client._started(b"no line", b"") == ""


@contextmanager
def serving(path: Path, held: Agent) -> Iterator[None]:
    with agent.listen(path) as listener:
        thread = threading.Thread(target=held.serve, args=(listener, 0.05))
        thread.start()
        try:
            yield
        finally:
            held._ended = True
            thread.join()


def asked(path: Path, question: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(path))
        try:
            asking.sendall(question)
            asking.shutdown(socket.SHUT_WR)
            return asking.recv(999)
        except ConnectionError:
            return b""


def secret() -> Secret:
    made = Secret()
    made.view[:] = KEY
    return made


def test_it_answers_what_it_knows_and_no_one_else(run_folder: Path) -> None:
    path = run_folder / "a.sock"
    with serving(path, Agent(secret(), VAULT, 60)):
        assert asked(path, f"get {VAULT}\n".encode()) == b"ok\n" + KEY
        assert {
            asked(path, line) for line in (b"get x\n", b"get\n", b"", b"\xff\n", b"x" * 900, b"GET x")
        } == {b"no\n"}
        assert b'"left": 5' in asked(path, b"status\n")
    with serving(path, Agent(secret(), VAULT, 60, uid=os.getuid() + 1)):
        assert {asked(path, line) for line in (f"get {VAULT}\n".encode(), b"status\n", b"lock\n")} == {b""}


def test_only_use_puts_the_end_off_and_time_asleep_counts(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [1000.0]
    monkeypatch.setattr(agent, "now", lambda: at[0])
    path, held = run_folder / "a.sock", Agent(secret(), VAULT, 60)
    with serving(path, held):
        at[0] += 50
        assert b'"left": 10' in asked(path, b"status\n")
        assert asked(path, f"get {VAULT}\n".encode()).startswith(b"ok")
        at[0] += 50
        assert b'"left": 10' in asked(path, b"status\n")
        at[0] += 9
        assert asked(path, f"get {VAULT}\n".encode()).startswith(b"ok")
        at[0] += 60
        until(lambda: bytes(held._secret.view) == bytes(32), "the key is wiped")


def test_whoever_asks_after_the_end_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [1000.0]
    monkeypatch.setattr(agent, "now", lambda: at[0])
    held = Agent(secret(), VAULT, 60)
    at[0] += 61
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(f"get {VAULT}\n".encode())
        held._answer(ours)
        theirs.settimeout(0)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)


def test_a_command_that_cannot_start_is_tried_again_later(tmp_path: Path) -> None:
    daily = Daily(["/nowhere/at/all"], 10, tmp_path / "gone")
    daily.look(5)
    assert (daily.running, daily.due) == (None, 15)
    assert not daily.is_asking(Peer(0, 1))


def test_a_key_is_read_from_a_pipe_in_pieces_and_wiped() -> None:
    made = Secret()
    read, write = os.pipe()

    def rest() -> None:
        os.write(write, KEY[5:])
        os.close(write)

    try:
        os.write(write, KEY[:5])
        threading.Timer(0.05, rest).start()
        assert made.read(read)
        assert bytes(made.view) == KEY
        assert not made.read(read)
    finally:
        os.close(read)
    made.wipe()
    assert bytes(made.view) == bytes(32)


def smaps() -> str:
    return Path("/proc/self/smaps").read_text()


@LINUX
def test_the_key_is_no_part_of_a_dump_or_of_a_child() -> None:
    made = Secret()
    at = ctypes.addressof((ctypes.c_char * 32).from_buffer(made.view))
    of_page = re.search(rf"^{at:x}-.*?^VmFlags:([ \w]*)$", smaps(), re.MULTILINE | re.DOTALL)
    assert of_page is not None
    assert {"dd", "dc"} <= set(of_page[1].split())
    assert made.locked == ("lo" in of_page[1].split())


def test_no_core_dumps_means_none() -> None:
    code = (
        "import resource; from ipse.unlocking.memory import no_core_dumps; no_core_dumps()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
