"""Parsing Telegram beside chat-miner 0.6: the same file, made here with a fixed seed; a process for each run.

chat-miner runs in an environment of its own, which the first run makes (`peers.py`). Its `parse_file` decodes
the whole file and makes an object of each message, which is what our reading does less; `get_df`, which its
own examples go on with, is measured too. Medians of alternating runs, and the peak memory of each process.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import peers  # type: ignore[import-not-found]
from imports import NAMES, START, sentence  # type: ignore[import-not-found]

REQUIREMENT = "chat-miner==0.6.0"

OURS = """
import json, resource, sys, time
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.sources.telegram.source import Telegram
started = time.perf_counter()
count = sum(1 for _ in Telegram().read(ExportPath.at(sys.argv[1]), ReadOptions()))
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"count": count, "seconds": seconds, "peak_mb": peak}))
"""
THEIRS = """
import json, logging, resource, sys, time
from chatminer.chatparsers import TelegramJsonParser
logging.disable(logging.CRITICAL)
started = time.perf_counter()
parser = TelegramJsonParser(sys.argv[1])
parser.parse_file()
seconds = time.perf_counter() - started
count = len(parser.parsed_messages.get_df())
frame = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"count": count, "seconds": seconds, "frame": frame, "peak_mb": peak}))
"""


def said(rng: random.Random, number: int, moment: int) -> dict[str, Any]:
    """A message as Telegram Desktop writes it since 2022; one in ten has formatting, one in five answers."""
    who, text = rng.randrange(len(NAMES)), sentence(rng)
    half = len(text) // 2
    parts = [{"type": "plain", "text": text[:half]}, {"type": "bold", "text": text[half:]}]
    formatted = rng.random() < 0.1
    return {
        "id": number,
        "type": "message",
        "date": "2023-11-14T23:13:20",
        "date_unixtime": str(moment),
        "from": NAMES[who],
        "from_id": f"user{100_000 + who}",
        **({"reply_to_message_id": number - 3} if rng.random() < 0.2 else {}),
        "text": [text[:half], parts[1]] if formatted else text,
        "text_entities": parts if formatted else [{"type": "plain", "text": text}],
    }


def telegram_file(folder: Path, count: int) -> Path:
    """A group's result.json, indented by one as Telegram Desktop does; written message by message."""
    rng, at = random.Random(7), START
    file = folder / "result.json"
    with file.open("w", encoding="utf-8") as stream:
        stream.write('{\n "name": "friends",\n "type": "private_group",\n "id": 4242,\n "messages": [')
        for number in range(1, count + 1):
            at += timedelta(seconds=rng.randint(5, 900))
            one = json.dumps(said(rng, number, int(at.timestamp())), ensure_ascii=False, indent=1)
            stream.write((",\n  " if number > 1 else "\n  ") + one.replace("\n", "\n  "))
        stream.write("\n ]\n}\n")
    return file


def once(python: Path | str, code: str, file: Path) -> dict[str, float]:
    """Run ``code`` over ``file`` in a process of its own; what it printed last."""
    done = subprocess.run([str(python), "-c", code, str(file)], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure both, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    peer = peers.python("chat-miner", REQUIREMENT)
    with tempfile.TemporaryDirectory() as name:
        file = telegram_file(Path(name), options.messages)
        rounds = [
            (once(sys.executable, OURS, file), once(peer, THEIRS, file)) for _ in range(options.repeats)
        ]
    ours, theirs = (
        {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for runs in zip(*rounds, strict=True)
    )
    print(f"{'':24}{'messages':>10}{'seconds':>9}{'peak MB':>9}   speed against")
    print(f"{'ipse':24}{ours['count']:10,.0f}{ours['seconds']:9.2f}{ours['peak_mb']:9.0f}")
    for label, key in (("chat-miner parse_file", "seconds"), ("chat-miner with get_df", "frame")):
        ratios = sorted(two[key] / one["seconds"] for one, two in rounds)
        shown = f"{statistics.median(ratios):.1f} x (from {ratios[0]:.1f} to {ratios[-1]:.1f})"
        print(f"{label:24}{theirs['count']:10,.0f}{theirs[key]:9.2f}{theirs['peak_mb']:9.0f}   {shown}")


if __name__ == "__main__":
    main()
