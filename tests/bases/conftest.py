"""Small text, and the plan of a model that grows in a second."""

import gzip
import json
from pathlib import Path

import pytest

from ipse.bases.growing import grow
from ipse.bases.growth import Plan

WORDS = (
    "the",
    "boat",
    "is",
    "late",
    "again",
    "and",
    "nobody",
    "said",
    "why",
    "so",
    "we",
    "wait",
    "for",
    "tea",
)


def dialogue(number: int) -> dict[str, object]:
    """A made-up exchange; no two are alike."""
    told = [WORDS[(number * step) % len(WORDS)] for step in range(1, 9)]
    asked, answered = " ".join(told[:4]), " ".join(reversed(told))
    messages = [{"role": "user", "content": f"{asked} {number}?"}, {"role": "assistant", "content": answered}]
    if number % 2:
        messages.insert(0, {"role": "system", "content": "Be brief."})
    return {"messages": messages, "group": f"day {number // 3}"}


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """Two corpora: 300 dialogues, gzipped, and a plain text of 40 paragraphs."""
    folder = tmp_path / "text"
    folder.mkdir()
    with gzip.open(folder / "talk.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(dialogue(number)) + "\n" for number in range(300))
    paragraphs = [" ".join(WORDS[number % 7 :] * 20) + f" {number}." for number in range(400)]
    (folder / "prose.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")
    return folder


@pytest.fixture
def plan() -> Plan:
    """Some 30,000 parameters, nine steps."""
    return Plan(
        vocabulary=300,
        hidden=32,
        layers=2,
        heads=2,
        key_heads=1,
        inner=64,
        context=64,
        batch=256,
        micro=128,
        warmup=2,
        cycles=(9,),
        look_every=4,
        save_every=2,
    )


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of some 30,000 parameters, grown on a text of one sentence; nobody writes there."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "text").mkdir()
    lines = [f"the boat is late again, said nobody on day {number}.\n\n" for number in range(200)]
    (folder / "text" / "prose.txt").write_text("".join(lines), encoding="utf-8")
    plan = Plan(
        vocabulary=300, hidden=32, layers=2, heads=2, key_heads=1, inner=64, context=64, batch=256, micro=128,
        warmup=1, cycles=(2,), look_every=2, save_every=2,
    )  # fmt: skip
    grow([folder / "text"], folder / "grown", plan, lambda *_: None)
    return folder / "grown"
