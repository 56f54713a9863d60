"""Chat over HTTP at ten users beside a bare FastAPI that answers a constant, by wrk, in the same run.

Each answer of the clone is checked against consent, cleared, recalled, and kept with its audit row, so two
durable writes; the floor does nothing. Also: idle WebSockets, and memory over many requests. Needs `wrk`.

    python benchmarks/service.py [--seconds 10] [--users 10] [--sockets 1000] [--requests 10000]
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

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
  local said = '{"message": "who brings the soup on friday?", "session": "user-' .. n .. '"}'
  return wrk.format(nil, nil, nil, said)
end
"""
ENV = {**os.environ, "IPSE_PASSPHRASE": "a passphrase for load", "IPSE_SERVICE__RATE": "1000000/second"}
ENV["IPSE_SERVICE__WAITING_EACH"] = "64"  # all users are one token here


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


def load(address: str, script: Path, *, seconds: int, users: int) -> dict[str, float]:
    """Answers a second, and milliseconds within which half and 95 of 100 came."""
    words = ["wrk", "-t1", f"-c{users}", f"-d{seconds}s", "--latency", "-s", str(script), address]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    spread = script.with_suffix(".txt")
    spread.write_text(said)
    found = {"answers_per_second": float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])}
    for share in ("50", "90", "99"):
        value, unit = re.findall(rf"{share}%\s+([\d.]+)(us|ms|s)", said)[0]
        found[f"p{share}_ms"] = float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
    failed = re.findall(r"Non-2xx or 3xx responses: (\d+)", said)
    return found | {"failed": float(failed[0]) if failed else 0.0}


def main() -> None:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seconds", 10), ("users", 10), ("sockets", 1000), ("requests", 10_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed (apt: wrk)")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        token = made(folder)
        script = folder / "post.lua"
        script.write_text(POST % (token, given.users))
        floor = stack.enter_context(running([sys.executable, "-c", FLOOR % 4790]))
        words = ["serve", "--no-browser", "--port", "4791", "--json", "--vault", str(folder / "vault")]
        served = stack.enter_context(running([sys.executable, "-m", "ipse", *words]))
        assert served.stdout is not None
        served.stdout.readline()
        time.sleep(5.0)
        size = psutil.Process(served.pid).memory_info
        told: dict[str, object] = {
            "load_average": os.getloadavg()[0],
            "cores": os.cpu_count(),
            "floor_pid": floor.pid > 0,
        }
        many = {"seconds": given.seconds, "users": given.users}
        told["floor"] = load("http://127.0.0.1:4790/", script, **many)
        address = "http://127.0.0.1:4791/api/ai-echo/chat"
        load(address, script, seconds=3, users=given.users)
        before = size().rss
        told["chat"] = chat = load(address, script, **many)
        rounds = max(1, int(given.requests / max(1.0, chat["answers_per_second"] * given.seconds)))
        for _ in range(rounds):
            load(address, script, **many)
        told["memory_mb"] = [round(one / 1e6, 1) for one in (before, size().rss)]
        begun, before = time.perf_counter(), size().rss
        header = {"Authorization": f"Bearer {token}"}
        for _ in range(given.sockets):
            where = "ws://127.0.0.1:4791/api/ai-echo/ws"
            stack.enter_context(connect(where, additional_headers=header, proxy=None, open_timeout=60))
        told["sockets"] = {"open": given.sockets, "seconds": time.perf_counter() - begun,
                           "mb": (size().rss - before) / 1e6}  # fmt: skip
        told["chat_beside_sockets"] = load(address, script, **many)
        print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
