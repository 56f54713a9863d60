"""What holds for any conversations at all: the three faults of the field cannot happen."""

from collections import Counter

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipse.config import DatasetSettings
from ipse.datasets import Dataset, dialogues, examples, prepare
from ipse.datasets.duplicates import distinctive, normalised
from ipse.datasets.rules import left_out
from ipse.records import Example, Message

from ..soak import rounds
from .talks import Held, message

SETTINGS = DatasetSettings()
WORDS = (
    "ok",
    "hm",
    "see you at the corner of the old market square",
    "na klar",
    "wie immer, um acht vor dem Kino am Fluss",
)
ANY = settings(
    max_examples=rounds(80, 10_000),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

CHANGES: tuple[dict[str, object], ...] = (
    *({} for _ in range(8)),
    {"text": ""},
    {"content_type": "media"},
    {"content_type": "system"},
    {"automatic": True},
    {"forwarded": True},
)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Up to three interleaved conversations; every message holds where and when it was said."""
    minutes = {"A": 0.0, "B": 1.0, "C": 2.0}
    people = {"A": ("me", "PERSON_1"), "B": ("me", "PERSON_2"), "C": ("me", "PERSON_1", "PERSON_3")}
    found = []
    for at in range(draw(st.integers(1, 40))):
        talk = draw(st.sampled_from("ABC"))
        minutes[talk] += draw(st.sampled_from([0, 0.5, 1, 3, 60, 800]))
        by = draw(st.sampled_from(people[talk]))
        marked = f"{draw(st.sampled_from(WORDS))} #{talk}{at}#"
        text = draw(st.sampled_from([marked, marked, draw(st.sampled_from(WORDS))]))
        each = message(text, by=by, minute=minutes[talk], talk=talk, id=f"{talk}{at}", group=talk == "C")
        found.append(msgspec.structs.replace(each, **draw(st.sampled_from(CHANGES))))
    return found


def learn(messages: list[Message]) -> list[Example]:
    return [each for held in dialogues(messages, SETTINGS) for each in examples(held, SETTINGS)]


@ANY
@given(conversations())
def test_a_turn_is_in_its_own_prompt_never(messages: list[Message]) -> None:
    for held in dialogues(messages, SETTINGS):
        ids = Counter(name for turn in held.turns for name in turn.messages)
        assert max(ids.values()) == 1, "no message is in two turns"
        for each in examples(held, SETTINGS):
            reply = normalised(each.reply)
            assert not distinctive(reply) or all(reply not in normalised(turn.text) for turn in each.context)
            assert each.context[-1].role == "partner"
            assert len(each.context) <= SETTINGS.context_turns


@ANY
@given(conversations())
def test_context_and_reply_are_always_of_one_conversation(messages: list[Message]) -> None:
    for each in learn(messages):
        marks = {mark[0] for turn in each.context for mark in turn.text.split("#")[1::2]}
        marks |= {mark[0] for mark in each.reply.split("#")[1::2]}
        assert len(marks) <= 1
        assert {turn.speaker for turn in each.context} <= {"me", "PERSON_1", "PERSON_2", "PERSON_3"}


@ANY
@given(conversations())
def test_no_context_reaches_over_a_missing_message(messages: list[Message]) -> None:
    for talk in "ABC":
        held = [each for each in messages if each.conversation == talk]
        order = {each.id: at for at, each in enumerate(held)}
        missing = {at for at, each in enumerate(held) if left_out(each)}
        for dialogue in dialogues(held, SETTINGS):
            for at, turn in enumerate(dialogue.turns[1:], 1):
                before, after = order[dialogue.turns[at - 1].messages[-1]], order[turn.messages[0]]
                assert turn.cut == bool(missing & set(range(before + 1, after)))
                inside = [order[name] for name in turn.messages]
                assert not missing & set(range(inside[0], inside[-1]))
            cuts = [at for at, turn in enumerate(dialogue.turns) if turn.cut]
            for each in examples(dialogue, SETTINGS):
                (at,) = [
                    n
                    for n, turn in enumerate(dialogue.turns)
                    if turn.last == each.at and turn.text == each.reply
                ][:1]
                assert at not in cuts
                assert all(not at - len(each.context) < cut <= at for cut in cuts)


@ANY
@given(conversations())
def test_no_message_is_made_up_or_used_for_two_replies(messages: list[Message]) -> None:
    texts = {each.text for each in messages}
    found = learn(messages)
    assert len({each.id for each in found}) == len(found)
    for each in found:
        said = [*(turn.text for turn in each.context), each.reply]
        assert {line for text in said for line in text.split("\n")} <= texts


@ANY
@given(conversations(), st.randoms(use_true_random=False))
def test_sets_share_no_conversation_and_the_file_comes_back(messages: list[Message], rng: object) -> None:
    talks = [
        Held(talk, "whatsapp", [each for each in messages if each.conversation == talk]) for talk in "ABC"
    ]
    if not learn(messages):
        return
    dataset = prepare(talks, SETTINGS, consents={"whatsapp": "c"})
    held = [{each.conversation for each in part} for part in dataset.split.sets().values()]
    assert sum(map(len, held)) == len(set().union(*held))
    assert Dataset.loads(dataset.dumps()) == dataset
    rng.shuffle(talks)  # type: ignore[attr-defined]
    assert prepare(talks, SETTINGS, consents={"whatsapp": "c"}) == dataset
