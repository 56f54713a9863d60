"""How long the retrieval voice takes with many pairs: to learn and index them, to load them, to answer."""

import gc
import gzip
import json
import random
import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ipse.config import DatasetSettings, RetrievalSettings
from ipse.datasets import dialogues, examples
from ipse.learners.retrieval import RetrievalLearner
from ipse.records import Example, Turn
from ipse.voices.retrieval import RetrievalVoice
from quality_cards import Speed  # type: ignore[import-not-found]
from quality_clock import cores  # type: ignore[import-not-found]
from real_people import PEOPLE, QA  # type: ignore[import-not-found]

__all__ = ["speed"]

SEED = 11
SETTINGS = DatasetSettings()


def speed(data: Path, count: int) -> Speed:
    """Learning, index and answers with many pairs: questions of the press, then anybody's turns of a chat."""
    pairs = _many(data, count + 800)
    train, held = pairs[:count], pairs[count:]
    del pairs
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    started, worked = time.perf_counter(), time.process_time()
    learner = RetrievalLearner(RetrievalSettings()).fit(train, held[:500], lambda *_: None)
    fitted, fit_work = time.perf_counter() - started, time.process_time() - worked
    files = learner.artefact()
    started, worked = time.perf_counter(), time.process_time()
    voice = RetrievalVoice.load(files)
    loaded, load_work = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    words = sum(len(each.reply) for each in train) / len(train)
    print(f"\n{len(train):,} pairs, replies of {words:.0f} characters on average")
    print(
        f"learned and indexed in {fitted:.0f} s ({fit_work:.0f} s of processor), loaded in {loaded:.1f} s ",
        end="",
    )
    print(f"({load_work:.1f} s); files {sum(map(len, files.values())) / 2**20:.0f} MiB")
    print(f"peak memory {peak:.2f} GiB, of which {before:.2f} GiB were there before")
    p50, p95 = _latency(voice, held[500:])
    return Speed(
        pairs=len(train), cores=cores(), learned=(fitted, fit_work),
        loaded=(loaded, load_work), p50=p50, p95=p95, memory_gib=peak,
        files_mib=sum(map(len, files.values())) / 2**20,
    )  # fmt: skip


def _many(data: Path, count: int) -> list[Example]:
    """Pairs of everybody: the press briefings, then the chats."""
    with gzip.open(data / QA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    at = datetime(2014, 1, 1, tzinfo=UTC)
    found = [
        Example(
            id=f"{n:06}", conversation=str(row["doc"]), contact="press", platform="briefings", at=at,
            context=(Turn("partner", "press", row["question"]),), reply=row["answer"],
        )
        for n, row in enumerate(rows)
    ]  # fmt: skip
    for someone in (each for each in PEOPLE if each.id.startswith("chat")):
        for talk in someone.read(data):
            for dialogue in dialogues(talk.messages, SETTINGS):
                for speaker in sorted({turn.speaker for turn in dialogue.turns}):
                    found += examples(dialogue, SETTINGS, speaker=speaker)
        if len(found) >= count:
            break
    return random.Random(SEED).sample(found, min(count, len(found)))


def _latency(
    voice: RetrievalVoice, test: Sequence[Example]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Print and return the median and the 95th percentile in ms: each by the clock, then of processor."""
    taken, worked = [], []
    for seed, each in enumerate(test):
        started, busy = time.perf_counter(), time.process_time()
        "".join(voice.stream(each.context, contact=each.contact, seed=seed))
        taken.append(1000 * (time.perf_counter() - started))
        worked.append(1000 * (time.process_time() - busy))
    p50, p95 = map(float, np.percentile(taken, [50, 95]))
    busy50, busy95 = map(float, np.percentile(worked, [50, 95]))
    print(
        f"answer: p50 {p50:.1f} ms, p95 {p95:.1f} ms; of processor p50 {busy50:.1f} ms, p95 {busy95:.1f} ms"
    )
    return (p50, busy50), (p95, busy95)
