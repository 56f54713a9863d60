"""On people who really wrote: the right clone stands above the wrong one."""

import gzip
import json
from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from ipse.config import ScorecardSettings
from ipse.records import Example, Turn
from ipse.scorecard import Judging, Rivals, divide

from ..soak import rounds
from .people import Replay, World

SPEAKERS = ("Kevin Buzzard", "Mario Carneiro", "Johan Commelin", "Patrick Massot")
SILENCE = 6 * 3600  # seconds between messages of a topic, after which nothing is an answer


def answers(archive: Path) -> dict[str, list[Example]]:
    """What each of the speakers answered to the message before theirs, by time."""
    topics = defaultdict(list)
    with gzip.open(archive, "rt", encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            topics[message["topic"]].append(message)
    found: dict[str, list[Example]] = {name: [] for name in SPEAKERS}
    for topic, messages in topics.items():
        messages.sort(key=lambda message: message["ts"])
        for n, (asked, said) in enumerate(pairwise(messages)):
            near = said["ts"] - asked["ts"] < SILENCE and said["sender"] != asked["sender"]
            if near and said["sender"] in found:
                found[said["sender"]].append(
                    Example(
                        id=f"{topic}{n}", conversation=f"{topic}{said['ts'] // 86400}", contact="PERSON_1",
                        platform="chat", at=datetime.fromtimestamp(said["ts"], UTC), reply=said["text"],
                        context=(Turn("partner", "PERSON_1", asked["text"]),),
                    )
                )  # fmt: skip
    return {name: sorted(each, key=lambda e: (e.at, e.id))[:2000] for name, each in found.items()}


@pytest.mark.shared
def test_the_card_tells_the_right_clone_from_the_wrong_one(shared: Path) -> None:
    people = answers(shared / "chat" / "lean-zulip-116395_maths.jsonl.gz")
    own = people.pop(SPEAKERS[0])
    older, newer = divide(people)
    data = Judging(train=own[:1200], judge=own[1200:1600], test=own[1600:], impostors=newer)
    world = World(data, older, [Replay(each[:600]) for each in older.values()])
    settings = ScorecardSettings(resamples=500, max_examples=150, seeds=rounds(1, 3))
    right = world.judge(world.clone(), settings=settings)
    wrong = world.judge(world.wrong[1], settings=settings, rivals=Rivals(wrong_authors=world.wrong[::2]))
    first = right.row("1")
    assert first.verdict == "better"
    assert first.headline is not None
    assert first.headline.value > 0.6
    other = wrong.row("1")
    assert other.value is not None
    assert first.low is not None
    assert other.value < first.low
    assert right.row("4").verdict == "better"
    assert right.self_checks[0].passed
    assert right.self_checks[1].figure is not None
    assert right.self_checks[1].figure.value > 0.8
