"""Words: whose they are, and who may see them."""

import math
import random

import msgspec
import pytest

from ipse.profile.vocabulary import PRIOR, WINDOW, emoji_in, log_odds, richness

from .talks import measured, said, talk


def test_log_odds_are_those_of_the_paper() -> None:
    own, others = {"a": 30, "b": 70}, {"a": 10, "b": 190}
    found = log_odds(own, others)
    prior = {"a": PRIOR * 40 / 300, "b": PRIOR * 260 / 300}
    up = math.log((30 + prior["a"]) / (100 + PRIOR - 30 - prior["a"]))
    down = math.log((10 + prior["a"]) / (200 + PRIOR - 10 - prior["a"]))
    spread = math.sqrt(1 / (30 + prior["a"]) + 1 / (10 + prior["a"]))
    ratio, z = found["a"]
    assert ratio == pytest.approx(up - down)
    assert z == pytest.approx((up - down) / spread)
    assert found["a"][1] > 0 > found["b"][1]
    assert log_odds({"a": 30}, others, totals=(100, 200)) == {"a": found["a"]}


def test_equal_use_is_nobodys() -> None:
    found = log_odds({"a": 50, "b": 50}, {"a": 500, "b": 500})
    assert max(map(abs, found["a"])) < 1e-9


def test_richness_is_the_mean_over_windows() -> None:
    rng = random.Random(7)
    said = [f"w{min(int(rng.expovariate(0.02)), 400)}" for _ in range(WINDOW + 300)]
    plain = [len(set(said[at : at + WINDOW])) for at in range(len(said) - WINDOW + 1)]
    assert richness(said) == pytest.approx(sum(plain) / len(plain))
    assert richness(["same"] * WINDOW) == 1
    assert richness(["same"] * (WINDOW - 1)) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ok 👍🏽 👍", ["👍", "👍"]),
        ("👨‍👩‍👧 and 🇬🇪!", ["👨‍👩‍👧", "🇬🇪"]),
        ("❤️❤️", ["❤", "❤"]),
        ("1 + 1 = 2 © #", []),
    ],
)
def test_emoji_are_whole(text: str, found: list[str]) -> None:
    assert emoji_in(text) == found


def chats(secret: str, people: int) -> str:
    """A profile as JSON, of somebody who says a word to so many of five people."""
    rng = random.Random(3)
    fill = [f"{a}{b}o" for a in "bdfgklmnpr" for b in "aeiu"]
    talks = []
    for k in range(5):
        lines = []
        for n in range(60):
            theirs, mine = (" ".join(rng.choice(fill) for _ in range(6)) for _ in range(2))
            mine = f"{secret} {mine} {secret} 🦤" if k < people and n < 20 else mine
            lines += [said(f"PERSON_{k}", theirs, 30 * n), said("me", mine, 30 * n + 3)]
        talks.append(talk(f"c{k}", lines))
    return msgspec.json.encode(measured(*talks)).decode()


@pytest.mark.parametrize("people", [1, 2])
def test_what_fewer_than_three_were_told_does_not_show(people: int) -> None:
    found = chats("zanzibar", people)
    assert "zanzibar" not in found
    assert "🦤" not in found


def test_what_three_were_told_shows_as_the_owners() -> None:
    found = chats("zanzibar", 3)
    assert '"more":[{"text":"zanzibar"' in found
    assert '"openers":[{"text":"zanzibar"' in found
    assert "🦤" in found


def test_a_longer_opener_stands_for_a_shorter_that_is_mostly_it() -> None:
    talks = []
    for k in range(3):
        lines = []
        for n in range(12):
            mine = "oh well then" if n % 4 else "oh dear"
            lines += [
                said(f"PERSON_{k}", "?", 30 * n),
                said("me", f"{mine} {'abcdefghijkl'[n]}{'xyz'[k]}q", 30 * n + 3),
            ]
        talks.append(talk(f"c{k}", lines))
    found = measured(*talks)
    assert [(term.text, term.count) for term in found.openers] == [("oh well then", 27), ("oh dear", 9)]


def test_no_text_of_anybody_stands_in_a_profile() -> None:
    """What only others say shows nowhere, however often."""
    talks = [
        talk(
            f"c{k}",
            [
                line
                for n in range(80)
                for line in (
                    said(
                        f"PERSON_{k}",
                        "quagga hello there my dear dear dear friend of old times again",
                        30 * n,
                    ),
                    said("me", f"well yes of course i will be there my dear {n}", 30 * n + 2),
                )
            ],
        )
        for k in range(4)
    ]
    found = measured(*talks)
    assert found.vocabularies[0].less  # "dear" or "my" are said by both
    assert "quagga" not in msgspec.json.encode(found).decode()
