"""A training run that watches itself; started by test_lora.py in a process of its own."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

CANARY = "zq8-canary-lantern-4417"
connections: list[str] = []


def note(event: str, arguments: tuple[object, ...]) -> None:
    """Record whatever would reach another machine."""
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"}:
        connections.append(f"{event} {arguments[-1] if event == 'socket.connect' else arguments[0]}")


def files_with(text: str) -> list[str]:
    """Files below the home, temporary, cache and working folder that hold ``text`` (all are one here)."""
    return [
        str(path)
        for path in Path(os.environ["HOME"]).rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    ]


def main() -> None:
    sys.addaudithook(note)
    from trl.trainer import base_trainer

    from ipse.config import LoraSettings
    from ipse.learners.adapters.lora import LoraLearner
    from ipse.records import Example, Turn

    reports: list[object] = []
    base_trainer.send_telemetry = lambda *_, **given: reports.append(given)
    examples = [
        Example(
            id=str(n),
            conversation=str(n),
            contact="PERSON_1",
            platform="whatsapp",
            at=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n),
            context=(Turn("partner", "PERSON_1", f"{CANARY} asked {n}"),),
            reply=f"{CANARY} answered {n}",
        )
        for n in range(40)
    ]
    hits: list[str] = []

    def watch(done: float, total: float | None, figures: Mapping[str, float]) -> None:
        hits.extend(files_with(CANARY))

    settings = LoraSettings(base=sys.argv[1], max_steps=4)
    learner = LoraLearner(settings).fit(examples, examples[:5], watch)
    hits.extend(files_with(CANARY))
    (Path(os.environ["TMPDIR"]) / "planted").write_text(CANARY)
    seen = {
        "steps": learner.report()["steps"],
        "hits": hits,
        "found_when_planted": len(files_with(CANARY)) == 1,
        "connections": connections,
        "telemetry": len(reports),
    }
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main()
