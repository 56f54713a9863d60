"""When to look, how much, and when to stop."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ipse.errors import LearnerError
from ipse.learners.adapters import plans, run
from ipse.learners.adapters.looking import membership, schedule, thin, told_apart
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.chat import ChatFormat
from ipse.records import Example

from .adapting import examples, ignore, settings


def test_a_look_takes_its_share_of_the_work_and_no_more() -> None:
    for steps in (200, 2000, 20_000):
        looks = schedule(0.1, steps=steps, step_tokens=800, reply_tokens=200, held=1000)
        spent = (math.ceil(steps / looks.every) + 1) * looks.side * 200
        assert spent <= 1.1 * 0.1 / 0.9 * 3 * steps * 800
        assert looks.side > 25
    long = schedule(0.1, steps=20_000, step_tokens=800, reply_tokens=200, held=1000)
    assert (long.side, long.every) == (100, 2000)
    short = schedule(0.1, steps=6, step_tokens=400, reply_tokens=200, held=5)
    assert (short.side, short.every) == (5, 3)


def test_it_looks_at_the_start_and_at_the_end() -> None:
    looks = schedule(0.1, steps=25, step_tokens=100, reply_tokens=100, held=50)
    due = [step for step in range(26) if looks.due(step, 25)]
    assert due[0] == 0
    assert due[-1] == 25
    assert len(due) <= 4


def test_thinned_places_are_spread_evenly() -> None:
    assert thin(range(100), 3) == [0, 50, 99]
    assert thin(range(2), 3) == [0, 1]


def test_membership_is_the_chance_that_a_reply_learned_from_gained_more() -> None:
    assert membership([3.0, 2.0], [1.0, 2.0]) == pytest.approx(0.875)
    assert membership([], [1.0]) == 0.5
    rng = np.random.default_rng(1)
    same = membership(rng.normal(size=400).tolist(), rng.normal(size=400).tolist())
    assert same == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("auc", "side", "apart"),
    [
        (0.66, 100, True),
        (0.64, 100, False),
        (0.66, 8, False),
        (0.75, 8, True),
        (1.0, 5, True),
        (0.5, 5, False),
    ],
)
def test_few_replies_must_be_told_apart_beyond_chance(auc: float, side: int, *, apart: bool) -> None:
    assert told_apart(auc, side, side, 0.65) is apart


@pytest.mark.llm
def test_learning_by_heart_ends_the_run_and_an_earlier_adapter_is_kept(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replies that share nothing: whatever is gained on those learned from is by heart."""
    rng = np.random.default_rng(3)

    def noise(count: int, first: int) -> list[Example]:
        made = examples(count, first)
        return [
            msgspec.structs.replace(one, reply="".join(rng.choice(list("abcdefghijklmnop"), 24)))
            for one in made
        ]

    some, held = noise(24, 0), noise(24, 24)
    monkeypatch.setattr(run, "rose", lambda _more: False)  # it would end sooner
    monkeypatch.setattr(plans, "FEW", 0)  # so few examples would be seen twice at most
    how = settings(tiny_base, max_steps=120, epochs=200, learning_rate=2e-2, dropout=0.0, rank=32, alpha=64)
    stopped = LoraLearner(how).fit(some, held, ignore).report()
    assert stopped["stopped_by_membership"] == 1.0
    assert stopped["membership"] > 0.65
    assert stopped["steps"] < 120
    assert stopped["dev_bits"] <= stopped["dev_bits_base"]


@pytest.mark.llm
def test_what_differs_before_all_was_seen_is_not_learning_by_heart(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "membership", lambda _ours, _theirs: 0.9)
    first = LoraLearner(settings(tiny_base, max_steps=6)).fit(examples(48), examples(8, 48), ignore).report()
    assert (first["steps"], first["stopped_by_membership"]) == (6, 0)
    longer = settings(tiny_base, max_steps=12)
    assert LoraLearner(longer).fit(examples(48), examples(8, 48), ignore).report()["steps"] == 12
    # Without a look in the first epoch nothing is known of the difference, and it counts.
    late = LoraLearner(longer).fit(examples(12), examples(8, 12), ignore).report()
    assert late["stopped_by_membership"] == 1


@pytest.mark.llm
def test_the_second_stage_learns_from_what_is_specialised_alone(tiny_base: Path) -> None:
    from ipse.bases.loading import load_base
    from ipse.learners.adapters.texts import Texts

    chat = ChatFormat(load_base(tiny_base)[1], system="As me.", window=128)
    some = [
        msgspec.structs.replace(one, platform="reflections" if number % 4 == 0 else "whatsapp")
        for number, one in enumerate(examples(20))
    ]
    two = settings(tiny_base, stages=2)
    texts = Texts(chat, two, some, [])
    assert texts.two_stages
    assert texts.special == [0, 4, 8, 12, 16]
    assert sorted(texts.general + texts.special) == list(range(20))
    assert not Texts(chat, settings(tiny_base), some, []).two_stages
    assert not Texts(chat, two, examples(20), []).two_stages
    varied = [
        msgspec.structs.replace(one, origin="x" if n >= 10 else None) for n, one in enumerate(examples(20))
    ]
    texts = Texts(chat, two, varied, [])
    assert texts.general == list(range(20))
    assert texts.special == list(range(10))
    made = LoraLearner(settings(tiny_base, stages=2, max_steps=10)).fit(some, [], ignore)
    assert made.report()["stages"] == 2


@pytest.mark.llm
def test_what_a_number_of_tokens_does_not_come_to_is_not_written_down(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.bases.loading import load_base
    from ipse.learners.adapters import texts
    from ipse.learners.adapters.texts import Texts

    monkeypatch.setattr(texts, "NEWEST", 10)
    chat = ChatFormat(load_base(tiny_base)[1], system="As me.", window=128)
    some = examples(200)
    every = Texts(chat, settings(tiny_base), some, [])
    assert (every.share, every.read) == (1.0, some)
    most = round(every.mean_piece * 40)
    capped = settings(tiny_base, max_steps=0, batch=4, total_tokens=most, replay=0.5)
    few = Texts(chat, capped, some, examples(8, 200))
    assert 40 <= len(few.read) == len(few.pieces) <= 48
    assert few.read == sorted(few.read, key=some.index)
    assert few.read[-10:] == some[-10:]
    assert len({some.index(one) // 50 for one in few.read}) == 4  # and of all times
    assert few.share == len(few.read) / 200
    drawn, left = ([one.id for one in some if one.id in ids] for ids in few.sample)
    assert drawn == [one.id for one in few.read[:-10]]  # the newest are read whatever chance says
    assert len(left) == 100
    assert not {one.id for one in few.read} & set(left)
    assert every.sample == ([], [])
    seen = [window.ids for one in few.read for window in chat.windows(one.context, one.reply, closed=False)]
    assert all(piece.window.ids in seen for piece in few.watched(4).learned.pieces)
    other = Texts(chat, settings(tiny_base, total_tokens=most, seed=8), some, [])
    assert other.read != few.read
    for whole in (capped.model_copy(update=each) for each in ({"stages": 2}, {"epsilon": 8.0})):
        varied = [msgspec.structs.replace(one, origin="x" if n % 2 else None) for n, one in enumerate(some)]
        assert Texts(chat, whole, varied, []).share == 1.0
    assert Texts(chat, capped, varied, []).sample == ([], [])

    learner = LoraLearner(capped).fit(some, examples(8, 200), ignore)
    told = learner.report()
    assert told["examples"] == 200
    assert told["stopped_by_tokens"] == 1
    assert told["steps"] == pytest.approx(10, abs=1)
    assert told["epochs_seen"] == pytest.approx(0.2, abs=0.03)


@pytest.mark.llm
def test_the_weight_of_an_example_counts_in_the_loss(tiny_base: Path) -> None:
    some = [msgspec.structs.replace(one, weight=3.0 if n % 2 else 1.0) for n, one in enumerate(examples(8))]
    seen: list[float] = []

    def loss_of(used: list[Example]) -> float:
        seen.clear()
        LoraLearner(settings(tiny_base, max_steps=1, dropout=0.0)).fit(
            used, [], lambda done, _total, figures: seen.append(figures["loss"]) if done else None
        )
        return seen[-1]

    def tokens(used: list[Example]) -> int:
        return sum(len(one.reply) + 1 for one in used)

    odd, even = some[1::2], some[::2]
    heavy, light = loss_of(odd * 2), loss_of(even * 2)
    expected = (3 * heavy * tokens(odd) + light * tokens(even)) / (3 * tokens(odd) + tokens(even))
    assert loss_of(some) == pytest.approx(expected, rel=1e-3)
    assert loss_of(some) != pytest.approx(loss_of(examples(8)), rel=1e-4)


@pytest.mark.llm
def test_where_memory_runs_out_rows_are_halved_and_the_result_is_the_same(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load

    from ipse.learners.adapters.reader import Reader

    plain = LoraLearner(settings(tiny_base, dropout=0.0)).fit(examples(16), [], ignore).artefact()
    logits, refused = Reader.logits, []

    def small(self: Reader, row: object) -> object:
        if row.ids.size > 300:  # type: ignore[attr-defined]
            refused.append(row.ids.size)  # type: ignore[attr-defined]
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return logits(self, row)  # type: ignore[arg-type]

    monkeypatch.setattr(Reader, "logits", small)
    halved = LoraLearner(settings(tiny_base, dropout=0.0)).fit(examples(16), [], ignore).artefact()
    assert 1 <= len(refused) <= 2
    first, second = load(plain["adapter_model.safetensors"]), load(halved["adapter_model.safetensors"])
    for name, tensor in first.items():
        assert tensor.numpy() == pytest.approx(second[name].numpy(), abs=1e-4)
    monkeypatch.setattr(Reader, "logits", lambda _self, _row: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises((LearnerError, MemoryError)):
        LoraLearner(settings(tiny_base)).fit(examples(16), [], ignore)


@pytest.mark.llm
def test_a_base_made_for_chat_replays_its_own_answers(tiny_base: Path, tmp_path: Path) -> None:
    import shutil

    from ipse.bases.loading import load_base
    from ipse.learners.adapters.replay import own_answers
    from ipse.learners.chat import FALLBACK_TEMPLATE

    model, tokenizer = load_base(tiny_base)
    plain = ChatFormat(tokenizer, system="As me.", window=128)
    assert own_answers(model, plain, examples(40), share=0.1, alive=lambda: None) == []
    chatty = Path(shutil.copytree(tiny_base, tmp_path / "base"))
    (chatty / "chat_template.jinja").write_text(FALLBACK_TEMPLATE)
    chat = ChatFormat(load_base(chatty)[1], system="As me.", window=128)
    pieces = own_answers(model, chat, examples(40), share=0.1, alive=lambda: None)
    assert len(pieces) == 4
    assert all(any(label >= 0 for label in piece.window.labels) for piece in pieces)
    report = LoraLearner(settings(chatty, replay=0.1)).fit(examples(40), [], ignore).report()
    assert report["replayed"] == 4
