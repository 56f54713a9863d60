"""Taking events in beside aw-server, the Python server of ActivityWatch, over HTTP on this machine, in one run.

Heartbeats, one a request, by wrk: eight streams whose states change every half minute. Bulk: lists of events,
as large as each takes them. A month of a million events, drawn by the hour, cold. Memory of each server after
all that and of `ipse collect`, with its processor time, while it records this machine. Each as it comes, with
its default storage. aw-server gets an environment of its own, made by the first run. Needs `wrk`.

    python benchmarks/events_ingest.py [--seconds 10] [--bulk 100000] [--month 1000000] [--collect 300]
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import psutil

import peers  # type: ignore[import-not-found]

PEER = ("aw-server==0.12.0", "peewee==3.17.9", "flask==2.2.5")  # later ones break it
OURS, THEIRS = "http://127.0.0.1:4793", "http://127.0.0.1:4794"
ENV = {**os.environ, "IPSE_PASSPHRASE": "a passphrase for load", "OMP_NUM_THREADS": "1"}
START = datetime(2026, 4, 1, 6, tzinfo=UTC)
STREAMS = 8
BEATS = """
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
%s
request = function()
  n = n + 1
  local stream, second = n %% 8, math.floor(n / 8)
  local at = os.date("!%%Y-%%m-%%dT%%H:%%M:%%SZ", 1775023200 + second)
  local app = "app " .. (math.floor(second / 30) %% 20)
  return wrk.format(nil, %s)
end
"""
OUR_BEAT = (
    '"/api/events/heartbeats", nil, \'{"source":"beats","stream":"s\' .. stream .. \'","pulsetime":60,'
    '"events":[{"at":"\' .. at .. \'","data":{"app":"\' .. app .. \'","title":"a document"}}]}\''
)
THEIR_BEAT = (
    '"/api/0/buckets/s" .. stream .. "/heartbeat?pulsetime=60", nil, '
    '\'{"timestamp":"\' .. at .. \'","duration":0,"data":{"app":"\' .. app .. \'","title":"a document"}}\''
)


def ipse(*words: str) -> str:
    """What a command prints."""
    command = [sys.executable, "-m", "ipse", *words]
    return subprocess.run(command, env=ENV, check=True, capture_output=True, text=True).stdout


@contextmanager
def running(words: list[str], address: str, env: dict[str, str]) -> Iterator[psutil.Process]:
    """A server, once it answers; ended afterwards."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env) as process:
        try:
            until = time.monotonic() + 120
            while time.monotonic() < until and process.poll() is None:
                try:
                    httpx2.get(address, trust_env=False, timeout=5)
                    break
                except httpx2.TransportError:
                    time.sleep(0.2)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def used(process: psutil.Process) -> float:
    """Seconds of processor that it took so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def mib(process: psutil.Process) -> float:
    """Resident memory."""
    return round(float(process.memory_info().rss) / 2**20, 1)


def beats(process: psutil.Process, address: str, script: Path, given: argparse.Namespace) -> dict[str, float]:
    """Heartbeats a second, one a request, over so many connections."""
    words = ["wrk", "-t1", f"-c{given.connections}", f"-d{given.seconds}s", "-s", str(script), address]
    before = used(process)
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    count = int(re.findall(r"(\d+) requests in", said)[0])
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", said)))
    return {
        "per_second": round((count - failed) / given.seconds, 1),
        "failed": failed,
        "processor_ms_each": round((used(process) - before) * 1000 / max(count, 1), 3),
    }


def states(count: int, *, gap: float) -> Iterator[tuple[datetime, str]]:
    """States one after the other: when each begins, and its app."""
    for n in range(count):
        yield START + timedelta(seconds=n * gap), f"app {n * 7 % 31}"


def bodies(count: int, gap: float, *, ours: bool) -> Iterator[bytes]:
    """Requests that push so many states; ours as many as a body may hold."""
    at_once = 8000 if ours else 1000
    found = [
        {"at": at.isoformat(), "duration": gap, "data": {"app": app}}
        if ours
        else {"timestamp": at.isoformat(), "duration": gap, "data": {"app": app}}
        for at, app in states(count, gap=gap)
    ]
    for at in range(0, count, at_once):
        some = found[at : at + at_once]
        yield json.dumps({"source": "bulk", "events": some} if ours else some, separators=(",", ":")).encode()


def pushed(client: httpx2.Client, path: str, made: list[bytes]) -> float:
    """Seconds until all of it is answered."""
    began = time.perf_counter()
    for body in made:
        client.post(path, content=body, headers={"Content-Type": "application/json"}).raise_for_status()
    return time.perf_counter() - began


def timed(client: httpx2.Client, method: str, path: str, body: object = None) -> float:
    """Seconds of one request; raises where it fails."""
    began = time.perf_counter()
    client.request(method, path, json=body).raise_for_status()
    return time.perf_counter() - began


def ours(folder: Path, given: argparse.Namespace, stack: ExitStack) -> dict[str, object]:
    """Everything, of ipse."""
    vault = ["--vault", str(folder / "vault")]
    ipse("init", *vault)
    for source in ("beats", "bulk"):
        purposes = ["--purpose", "archive", "--purpose", "events"]
        ipse("consent", "give", "--source", source, *purposes, "--yes", *vault)
    told = ipse("token", "add", "load", "--scope", "import", "--scope", "read", "--json", *vault)
    token = str(json.loads(told)["secret"])
    script = folder / "ours.lua"
    script.write_text(BEATS % (f'wrk.headers["Authorization"] = "Bearer {token}"', OUR_BEAT))
    words = [sys.executable, "-m", "ipse", "serve", "--no-browser", "--port", "4793", "--json", *vault]
    process = stack.enter_context(running(words, f"{OURS}/api/health", ENV))
    client = stack.enter_context(
        httpx2.Client(
            base_url=OURS, headers={"Authorization": f"Bearer {token}"}, timeout=600, trust_env=False
        )
    )
    found: dict[str, object] = {"memory_idle_mib": mib(process)}
    found["beats"] = beats(process, OURS, script, given)
    made = list(bodies(given.bulk, 1.0, ours=True))
    found["bulk_per_second"] = round(given.bulk / pushed(client, "/api/events", made))
    gap = 30 * 86_400 / given.month
    pushed(client, "/api/events", list(bodies(given.month, gap, ours=True)))
    path = f"/api/streams/bulk/series?every=3600&since={START:%Y-%m-%dT%H:%M:%SZ}"
    found["month_s"] = [round(timed(client, "GET", path), 3) for _ in range(3)]
    found["memory_after_mib"] = mib(process)
    return found


def theirs(folder: Path, given: argparse.Namespace, stack: ExitStack) -> dict[str, object]:
    """Everything, of aw-server; its data lies in the folder."""
    executable = peers.python("aw-server", *PEER).with_name("aw-server")
    home = folder / "aw"
    env = {
        **os.environ,
        "HOME": str(home),
        **{f"XDG_{name}_HOME": str(home / name) for name in ("DATA", "CONFIG", "CACHE")},
    }
    words = [str(executable), "--host", "127.0.0.1", "--port", "4794"]
    process = stack.enter_context(running(words, f"{THEIRS}/api/0/info", env))
    client = stack.enter_context(httpx2.Client(base_url=THEIRS, timeout=600, trust_env=False))
    for name in (*(f"s{n}" for n in range(STREAMS)), "bulk"):
        told = {"client": "load", "type": "currentwindow", "hostname": "here"}
        client.post(f"/api/0/buckets/{name}", json=told).raise_for_status()
    script = folder / "theirs.lua"
    script.write_text(BEATS % ("", THEIR_BEAT))
    found: dict[str, object] = {"memory_idle_mib": mib(process)}
    found["beats"] = beats(process, THEIRS, script, given)
    made = list(bodies(given.bulk, 1.0, ours=False))
    found["bulk_per_second"] = round(given.bulk / pushed(client, "/api/0/buckets/bulk/events", made))
    client.post("/api/0/buckets/month", json={"client": "l", "type": "t", "hostname": "h"}).raise_for_status()
    gap = 30 * 86_400 / given.month
    pushed(client, "/api/0/buckets/month/events", list(bodies(given.month, gap, ours=False)))
    until = START + timedelta(days=31)
    query = [
        'events = query_bucket("month");',
        'events = merge_events_by_keys(events, ["app"]);',
        "RETURN = events;",
    ]
    asked = {"timeperiods": [f"{START.isoformat()}/{until.isoformat()}"], "query": query}
    found["month_s"] = [round(timed(client, "POST", "/api/0/query/", asked), 3)]
    found["memory_after_mib"] = mib(process)
    return found


def collected(folder: Path, seconds: int) -> dict[str, object]:
    """What `ipse collect` takes while it records this machine, as it comes."""
    vault = ["--vault", str(folder / "collecting")]
    ipse("init", *vault)
    ipse("collect", "start", "--yes", *vault)
    told = json.loads(ipse("collect", "status", "--json", *vault))
    process = psutil.Process(told["report"]["pid"])
    time.sleep(10.0)  # its first looks
    before, began = used(process), time.monotonic()
    highest = mib(process)
    while time.monotonic() - began < seconds:
        time.sleep(1.0)
        highest = max(highest, mib(process))
    share = (used(process) - before) / (time.monotonic() - began)
    ipse("collect", "stop", *vault)
    return {
        "seconds": seconds,
        "percent_of_a_core": round(share * 100, 2),
        "memory_mib": highest,
        "collectors": sorted(told["report"]["collectors"]),
    }


def ratios(ours_: dict[str, object], theirs_: dict[str, object]) -> dict[str, object]:
    """How many times ours theirs is, or theirs ours."""
    both = (ours_["beats"], theirs_["beats"])
    assert all(isinstance(one, dict) for one in both)
    mine, other = (one["per_second"] for one in both if isinstance(one, dict))
    month = [min(one["month_s"]) for one in (ours_, theirs_) if isinstance(one["month_s"], list)]
    return {
        "beats": round(mine / other, 1),
        "bulk": round(float(str(ours_["bulk_per_second"])) / float(str(theirs_["bulk_per_second"])), 1),
        "month": round(month[1] / month[0], 1),
    }


def main() -> None:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seconds", 10), ("connections", 32), ("bulk", 100_000), ("collect", 300)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--month", type=int, default=1_000_000)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed (apt: wrk)")
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}
    found: dict[str, object] = {"machine": machine}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ExitStack() as stack:
            found["aw-server"] = other = theirs(folder, given, stack)
        with ExitStack() as stack:
            found["ipse"] = mine = ours(folder, given, stack)
        found["ratios"] = ratios(mine, other)
        if given.collect:
            found["collecting"] = collected(folder, given.collect)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
