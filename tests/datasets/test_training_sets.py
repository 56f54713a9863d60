"""What only the training set knows: strategies, copies with other inputs, weights; and how sets are drawn."""

import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.config import DatasetSettings
from ipse.datasets import Dataset, prepare, split, to_jsonl
from ipse.datasets.strategies import STRATEGIES, STYLE_ONLY, in_its_own_prompt
from ipse.errors import DatasetError
from ipse.records import Example, Message, Turn

from .talks import START, Held, day_by_day, message, said
from .test_invariants import ANY, conversations, learn
from .test_split import example

CONSENTS = {"whatsapp": "c"}
NAMES = tuple(STRATEGIES)
TOPICS = ("garden", "mountain", "violin", "bakery", "harbour", "winter", "bicycle", "library", "grandmother")


def reflections(count: int) -> list[Held]:
    """Questions put to oneself and answers of some sixty words, each of its own topic."""
    found = []
    for n in range(count):
        topic, other = TOPICS[n % 9], TOPICS[(n // 9 + n + 1) % 9]
        answer = (
            f"Number {n} makes me think of the {topic} where I was {n} years younger. The {topic} was near "
            f"the {other}, and the {other} smelled of rain {n}. I went to the {other} after school. It was "
            f"there that I learned what a {topic} is for: {n} quiet hours, bread, and nobody who asks. "
            f"Those hours are why I still keep a {topic} and visit a {other} when week {n} comes."
        )
        asked = f"Here is question {n}. What does the {topic} mean to you?"
        lines = said(("", n * 2000, asked), ("me", n * 2000 + 5, answer), talk=f"q{n}")
        kept = [msgspec.structs.replace(one, platform="reflections", lang="en") for one in lines]
        found.append(Held(f"q{n}", "whatsapp", kept))
    return found


def test_117_reflections_become_some_hundreds_without_a_word_put_in_the_owners_mouth() -> None:
    talks = reflections(117)
    settings = DatasetSettings(holdout=0.1, augment=4, without=("near-duplicate",), near_duplicate=0.99)
    dataset = prepare(talks, settings, consents=CONSENTS)
    own = {one.text for talk in talks for one in talk.messages if one.direction == "outbound"}
    sets = dataset.split.sets()
    assert 400 <= sum(map(len, sets.values())) <= 500
    assert {each.reply for held in sets.values() for each in held} <= own
    assert 9 <= len(sets["test"]) <= 14
    assert [each for name in ("judge", "test") for each in sets[name] if each.origin] == []
    kinds = {name: n for name, n in dataset.card.counts.items() if name.startswith("augmented_")}
    assert set(kinds) == {"augmented_truncation", "augmented_follow-up", "augmented_reverse"}
    assert sum(kinds.values()) == sum(each.origin is not None for each in sets["train"])
    most = Counter(each.origin for each in sets["train"] if each.origin)
    assert max(most.values()) == 4


@ANY
@given(conversations(), st.sampled_from(NAMES), st.sampled_from(["time", "ratio"]))
def test_whatever_trains_is_the_owners_own_and_in_one_set(
    messages: list[Message], strategy: Any, by: Any
) -> None:
    talks = [
        Held(talk, "whatsapp", [each for each in messages if each.conversation == talk]) for talk in "ABC"
    ]
    settings = DatasetSettings(strategy=strategy, split=by, augment=3, half_life_days=1)
    replies = {each.id: each.reply for each in learn(messages)}
    try:
        dataset = prepare(talks, settings, consents=CONSENTS)
    except DatasetError:
        assert not replies or strategy == "qa"
        return
    sets = dataset.split.sets()
    for name, held in sets.items():
        for each in held:
            assert each.reply == replies[each.origin or each.id], "every reply is one of the owner's, whole"
            assert not in_its_own_prompt(each)
            assert each.context
            assert each.context[-1].role == "partner"
            assert name == "train" or (each.origin is None and each.weight == 1.0)
    ids = [each.id for held in sets.values() for each in held]
    assert len(set(ids)) == len(ids)
    origins = [{each.origin or each.id for each in held} for held in sets.values()]
    talked = [{each.conversation for each in held} for held in sets.values()]
    assert sum(map(len, origins)) == len(set().union(*origins))
    assert sum(map(len, talked)) == len(set().union(*talked))
    assert {each.origin for each in sets["train"]} - {None} <= {each.id for each in sets["train"]}
    again = prepare(talks[::-1], settings, consents=CONSENTS)
    assert again.card.hash == dataset.card.hash
    assert Dataset.loads(dataset.dumps()) == dataset


def test_a_strategy_shapes_what_trains_and_leaves_what_judges() -> None:
    talk = [day_by_day(60), day_by_day(60, talk="CONV_2", contact="PERSON_2")]
    made = {
        name: prepare(talk, DatasetSettings.model_validate({"strategy": name}), consents=CONSENTS)
        for name in NAMES
    }
    assert len({each.card.hash for each in made.values()}) == 5 - 1, "here each turn asks, and is one burst"
    plain = made["conversation"].split
    for each in made.values():
        assert (each.split.judge, each.split.test) == (plain.judge, plain.test)
    last = made["few-shot"].split.train[-1]
    assert len(last.context) == len(plain.train[-1].context) + 4
    assert last.context[:4:2] != last.context[1:4:2]
    earlier = {each.reply for each in plain.train[:-1]}
    assert {last.context[1].text, last.context[3].text} <= earlier
    assert {each.context for each in made["style-only"].split.train} == {
        (Turn("partner", who, STYLE_ONLY),) for who in ("PERSON_1", "PERSON_2")
    }


def test_questions_alone_train_questions_and_answers() -> None:
    talk = day_by_day(30)
    talk.messages.extend(said(("PERSON_1", 60, "so it is."), ("me", 65, "indeed")))
    qa = prepare([talk], DatasetSettings(strategy="qa"), consents=CONSENTS).split.train
    assert qa
    assert all(each.context[-1].text.endswith("?") and len(each.context) == 1 for each in qa)
    told = [Held("A", "whatsapp", said(("P", 0, "hm."), ("me", 1, "yes"), talk="A"))]
    with pytest.raises(DatasetError, match="leaves nothing"):
        prepare(told, DatasetSettings(strategy="qa"), consents=CONSENTS)


def test_recent_examples_weigh_more_and_the_mean_is_one() -> None:
    train = prepare([day_by_day(90)], DatasetSettings(half_life_days=10), consents=CONSENTS).split.train
    weights = [each.weight for each in train]
    assert weights == sorted(weights)
    assert sum(weights) / len(weights) == pytest.approx(1, abs=1e-3)
    assert weights[-1] > 8 * weights[0]


def test_sets_by_lot_hold_all_times_and_whole_conversations() -> None:
    held = [example(48 * n, f"c{n:03}") for n in range(200)]
    parts = split(held, DatasetSettings(split="ratio"))
    sizes = [len(part) for part in parts.sets().values()]
    assert sizes == [120, 40, 40]
    assert parts.test[0].at < parts.train[-1].at
    assert (parts.gap_hours, parts.between, parts.timed) == (0.0, 0, False)
    assert parts.side(parts.judge[3]) == "judge"
    assert parts.side(example(3, "elsewhere")) is None
    assert split(held[::-1], DatasetSettings(split="ratio")) == parts


def test_a_share_held_out_leaves_the_rest_in_proportion() -> None:
    held = [example(48 * n, f"c{n:03}") for n in range(200)]
    parts = split(held, DatasetSettings(holdout=0.1, train=0.75, judge=0.25))
    assert [len(part) for part in parts.sets().values()] == [135, 45, 20]


def one(*turns: tuple[str, str], reply: str = "r", group: bool = False) -> Example:
    context = tuple(Turn("owner" if who == "me" else "partner", who, text) for who, text in turns)
    plain = example(0, "c", reply)
    return msgspec.structs.replace(plain, context=context, group=group, at=START)


def test_the_formats_of_other_programs() -> None:
    each = one(("me", "lost"), ("P", "a"), ("me", "b"), ("P", "c"), ("P", "d"))
    (line,) = to_jsonl([each], "Be me.", "sharegpt")
    assert json.loads(line) == {
        "conversations": [
            {"from": "system", "value": "Be me."},
            {"from": "human", "value": "a"},
            {"from": "gpt", "value": "b"},
            {"from": "human", "value": "c\nd"},
            {"from": "gpt", "value": "r"},
        ]
    }
    (line,) = to_jsonl([each], "", "alpaca")
    assert json.loads(line) == {
        "instruction": "c\nd",
        "input": "",
        "output": "r",
        "system": "",
        "history": [["a", "b"]],
    }
    (line,) = to_jsonl([one(("P", "a"), ("Q", "b"), group=True)], "", "alpaca")
    assert json.loads(line)["instruction"] == "P: a\nQ: b"


def test_a_dataset_of_format_1_still_loads() -> None:
    dataset = prepare([day_by_day(40)], DatasetSettings(), consents=CONSENTS)
    head, _, body = dataset.dumps().split(b"\n", 2)
    old = json.loads(head)
    for name in ("rates", "means", "persona_hash"):
        del old[name]
    old["format"] = 1
    old["settings"] = {"train": 0.6}
    lines = [json.loads(line) for line in body.splitlines()]
    for each in lines:
        del each["example"]["weight"], each["example"]["origin"]
    text = [
        json.dumps(each, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() for each in lines
    ]
    from ipse.datasets.card import content_hash

    old["hash"] = content_hash(text)
    loaded = Dataset.loads(b"\n".join((json.dumps(old).encode(), *text, b"")))
    assert loaded.split == dataset.split
    assert loaded.card.rates == {}


def test_what_is_asked_in_a_chat_is_cut_to_what_came_last() -> None:
    talk = [
        Held(
            "A",
            "whatsapp",
            [
                message("first", by="P", talk="A"),
                message("second", by="P", minute=9, talk="A"),
                message("sure", minute=10, talk="A"),
            ],
        )
    ]
    train = prepare(talk, DatasetSettings(augment=2), consents=CONSENTS).split.train
    assert [[turn.text for turn in each.context] for each in train] == [["first", "second"], ["second"]]
    assert train[1].origin == train[0].id
