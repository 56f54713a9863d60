"""Chat over HTTP at ten users beside a bare FastAPI that answers a constant, by wrk, in the same run.

Each answer of the clone is checked against consent, cleared, recalled, and kept with its audit rows, durable
before it is told; the floor does nothing. Then ten who are told piece by piece on an adapter, through the
fair queue; WebSockets that are idle; and memory over many requests. Processor time stands beside the clock:
other work may run on the machine. Needs `wrk`; the adapter needs the extra `llm`.

    python benchmarks/service.py [--seconds 10] [--users 10] [--sockets 1000] [--requests 10000]
"""

import argparse
import asyncio
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import psutil
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[1]
FLOOR = """
import uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.post("/")
async def answer(body: dict) -> dict:
    return {"message": {"shown": "half past nine from the lake, don't be late!!"}}
uvicorn.run(app, port=%d, log_level="error", access_log=False)
"""
POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %s"
local n = 0
request = function()
  n = (n + 1) %% %d
  local said = '{"message": "who brings the soup on friday?", "session": "user-' .. n .. '", "stream": %s}'
  return wrk.format(nil, nil, nil, said)
end
done = function(summary, latency, requests)
  for _, share in pairs({50, 90, 95, 99}) do
    io.write(string.format("at%%d: %%.3f\\n", share, latency:percentile(share) / 1000))
  end
end
"""
ENV = {**os.environ, "IPSE_PASSPHRASE": "a passphrase for load", "IPSE_SERVICE__RATE": "1000000/second"}
ENV |= {"IPSE_SERVICE__WAITING_EACH": "64", "OMP_NUM_THREADS": "1"}  # all users are one token for wrk
ENV |= {"IPSE_LORA__EPOCHS": "1", "IPSE_LORA__MAX_STEPS": "20"}
CHAT = "http://127.0.0.1:4791/api/ai-echo/chat"


@contextmanager
def running(words: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A process, ended afterwards."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=ENV) as process:
        try:
            yield process
        finally:
            process.terminate()


def made(folder: Path) -> str:
    """A vault with a clone of a made-up person, and a token for it."""
    sys.path.insert(0, str(ROOT))
    from tests.pipeline.conftest import chat

    export = chat(folder / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 2000, 1)
    vault = ["--vault", str(folder / "vault")]
    for words in (
        ["init"],
        ["consent", "give", "--source", "whatsapp", "--purpose", "archive", "--purpose", "style", "--yes"],
        ["import", str(export), "--me", "Nora Feld", "--json"],
        ["prepare", "--json"],
        ["train", "--json"],
    ):
        ipse(*words, *vault)
    told = json.loads(ipse("token", "add", "load", "--role", "reviewer", "--json", *vault))
    return str(told["secret"])


def ipse(*words: str) -> str:
    """What a command prints."""
    command = [sys.executable, "-m", "ipse", *words]
    return subprocess.run(command, env=ENV, check=True, capture_output=True, text=True).stdout


class Load:
    """Asks one process; what it takes of it."""

    def __init__(self, pid: int, users: int) -> None:
        self.process = psutil.Process(pid)
        self.users = users

    @property
    def mb(self) -> float:
        """Resident memory, megabytes."""
        return round(float(self.process.memory_info().rss) / 1e6, 1)

    def run(self, address: str, script: Path, seconds: int) -> dict[str, float]:
        """Answers a second, the milliseconds within which shares of them came, and processor time of each."""
        words = ["wrk", "-t1", f"-c{self.users}", f"-d{seconds}s", "-s", str(script), address]
        used, began = sum(self.process.cpu_times()[:2]), time.perf_counter()
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        took, used = time.perf_counter() - began, sum(self.process.cpu_times()[:2]) - used
        count = int(re.findall(r"(\d+) requests in", said)[0])
        found = {f"p{share}_ms": float(value) for share, value in re.findall(r"at(\d+): ([\d.]+)", said)}
        failed = re.findall(r"Non-2xx or 3xx responses: (\d+)", said)
        return {
            "answers": count,
            "answers_per_second": float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0]),
            **found,
            "processor_ms_each": round(used * 1000 / max(count, 1), 3),
            "processors_used": round(used / took, 2),
            "failed": float(failed[0]) if failed else 0.0,
        }


def sockets(stack: ExitStack, token: str, count: int, load: Load) -> dict[str, float]:
    """So many that say nothing; memory of each."""
    begun, before = time.perf_counter(), load.mb
    for _ in range(count):
        where = "ws://127.0.0.1:4791/api/ai-echo/ws"
        header = {"Authorization": f"Bearer {token}"}
        stack.enter_context(connect(where, additional_headers=header, proxy=None, open_timeout=60))
    took = time.perf_counter() - begun
    return {"open": count, "seconds": round(took, 1), "kb_each": round((load.mb - before) * 1000 / count, 1)}


class Listeners:
    """Users who ask again and again and are told piece by piece: what each waited, and what each got."""

    def __init__(self, tokens: list[str], model: str, seconds: float) -> None:
        self._tokens = tokens
        self._model = model
        self._seconds = seconds
        self._first: list[float] = []
        self._whole: list[float] = []
        self._told: list[tuple[float, float]] = []  # what one was told to wait, and when the first piece came
        self._pieces = 0
        self._each = [0] * len(tokens)

    async def listen(self) -> dict[str, object]:
        """All of them at once."""
        began = time.perf_counter()
        await asyncio.gather(*(self._user(number) for number in range(len(self._tokens))))
        took = time.perf_counter() - began
        told = [statistics.median(part) for part in zip(*self._told, strict=True)] if self._told else []
        return {
            "users": len(self._tokens),
            "answers": len(self._whole),
            "pieces_per_second": round(self._pieces / took, 1),
            "first_piece_s": spread(self._first),
            "whole_s": spread(self._whole),
            "answers_of_a_user": [min(self._each), max(self._each)],
            "told_to_wait": len(self._told),
            "told_and_waited_s": [round(one, 2) for one in told],
        }

    async def _user(self, number: int) -> None:
        end = time.perf_counter() + self._seconds
        headers = {"Authorization": f"Bearer {self._tokens[number]}", "Accept": "text/event-stream"}
        asked = {"message": "who brings the soup on friday?", "session": f"s{number}", "model": self._model}
        async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=600) as client:
            while time.perf_counter() < end:
                await self._ask(client, asked)
                self._each[number] += 1

    async def _ask(self, client: httpx2.AsyncClient, asked: dict[str, str]) -> None:
        began, kind, wait, heard = time.perf_counter(), "", 0.0, False
        async with client.stream("POST", CHAT, json=asked) as got:
            got.raise_for_status()
            async for line in got.aiter_lines():
                kind = line.removeprefix("event: ") if line.startswith("event: ") else kind
                if not line.startswith("data: "):
                    continue
                if kind == "place":
                    wait = json.loads(line.removeprefix("data: "))["seconds"]
                self._pieces += kind == "piece"
                if kind == "piece" and not heard:
                    heard = True
                    self._first.append(time.perf_counter() - began)
                    if wait:
                        self._told.append((wait, self._first[-1]))
        self._whole.append(time.perf_counter() - began)


def spread(found: list[float]) -> dict[str, float]:
    """Median and the 95th of 100."""
    ordered = sorted(found)
    return {"p50": round(statistics.median(ordered), 3), "p95": round(ordered[int(len(ordered) * 0.95)], 3)}


def trained(folder: Path, users: int) -> list[str]:
    """An adapter on the base model that ships, v2, and a token for each user."""
    vault = ["--vault", str(folder / "vault")]
    ipse("train", "--method", "lora", "--json", *vault)
    found = (ipse("token", "add", f"user {n}", "--role", "reviewer", "--json", *vault) for n in range(users))
    return [str(json.loads(one)["secret"]) for one in found]


def measured(folder: Path, given: argparse.Namespace, token: str, tokens: list[str]) -> dict[str, object]:
    """Everything, in turn."""
    told: dict[str, object] = {"load_average": os.getloadavg()[0], "cores": os.cpu_count()}
    scripts = {}
    for name, stream in (("whole", "false"), ("pieces", "true")):
        scripts[name] = folder / f"{name}.lua"
        scripts[name].write_text(POST % (token, given.users, stream))
    with ExitStack() as stack:
        floor = stack.enter_context(running([sys.executable, "-c", FLOOR % 4790]))
        words = ["serve", "--no-browser", "--port", "4791", "--json", "--vault", str(folder / "vault")]
        served = stack.enter_context(running([sys.executable, "-m", "ipse", *words]))
        assert served.stdout is not None
        served.stdout.readline()
        time.sleep(5.0)
        load = Load(served.pid, given.users)
        bare = Load(floor.pid, given.users)
        told["floor"] = bare.run("http://127.0.0.1:4790/", scripts["whole"], given.seconds // 2)
        load.run(CHAT, scripts["whole"], 3)
        curve, count = [(0, load.mb)], 0
        while count < given.requests:
            found = load.run(CHAT, scripts["whole"], given.seconds)
            told.setdefault("chat", found)
            count += int(found["answers"])
            curve.append((count, load.mb))
        told["memory_mb_after_requests"] = curve
        told["chat_in_pieces"] = load.run(CHAT, scripts["pieces"], given.seconds)
        told["sockets"] = sockets(stack, token, given.sockets, load)
        told["chat_beside_sockets"] = load.run(CHAT, scripts["whole"], given.seconds // 2)
        if tokens:
            asyncio.run(Listeners(tokens, "v2", 1.0).listen())  # the adapter is loaded
            told["adapter_in_pieces"] = asyncio.run(Listeners(tokens, "v2", given.seconds * 2).listen())
    told["load_average_after"] = os.getloadavg()[0]
    return told


def main() -> None:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seconds", 10), ("users", 10), ("sockets", 1000), ("requests", 10_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--no-adapter", action="store_true")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed (apt: wrk)")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as name:
        token = made(Path(name))
        tokens = [] if given.no_adapter else trained(Path(name), given.users)
        print(json.dumps(measured(Path(name), given, token, tokens), indent=1))


if __name__ == "__main__":
    main()
