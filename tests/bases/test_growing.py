"""Growing: the same to the bit however often it is stopped, nothing seen across documents, and of use."""

import hashlib
from collections.abc import Mapping
from contextlib import nullcontext
from math import log
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ipse.bases.growth import FILE, Plan, load_checkpoint
from ipse.bases.packing import IGNORED, Stream
from ipse.errors import BaseModelError, CancelledError
from ipse.interfaces import Progress

pytestmark = pytest.mark.llm


def grown(text: Path, folder: Path, plan: Plan, *stops: int) -> str:
    """Grow, stopping at each of ``stops`` and beginning again; the hash of the weights."""
    from ipse.bases.growing import grow

    for stop in stops:
        with pytest.raises(CancelledError):
            grow([text], folder, plan, _until(stop))
    grow([text], folder, plan, lambda *_: None)
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def _until(stop: int) -> Progress:
    def progress(done: float, total: float | None, figures: Mapping[str, float]) -> None:
        if done >= stop:
            raise CancelledError("stopped")

    return progress


def test_stopped_and_taken_up_gives_the_same_bits(text: Path, tmp_path: Path, plan: Plan) -> None:
    whole = grown(text, tmp_path / "whole", plan)
    assert grown(text, tmp_path / "stopped", plan, 0, 3, 8) == whole
    other = msgspec.structs.replace(plan, seed=8)
    assert grown(text, tmp_path / "other", other) != whole


def test_a_killed_growth_goes_on_from_the_last_checkpoint(text: Path, tmp_path: Path, plan: Plan) -> None:
    whole = grown(text, tmp_path / "whole", plan)

    class Killed(Exception):  # noqa: N818  not an error of ours: nothing may catch it
        pass

    from ipse.bases.growing import grow

    def progress(done: float, total: float | None, figures: Mapping[str, float]) -> None:
        if done == 5:
            raise Killed

    with pytest.raises(Killed):
        grow([text], tmp_path / "killed", plan, progress)
    checkpoint = load_checkpoint(tmp_path / "killed" / "growth")
    assert checkpoint is not None
    assert checkpoint.standing.step == 4
    assert grown(text, tmp_path / "killed", plan) == whole


def test_everything_is_where_the_device_is(
    text: Path, tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a device that computes nothing, what stayed on the CPU beside it would be refused by torch."""
    import torch

    from ipse.bases import growing
    from ipse.bases.corpora import read_corpora

    grown(text, tmp_path / "base", msgspec.structs.replace(plan, cycles=(2,)))
    checkpoint = load_checkpoint(tmp_path / "base" / "growth")
    assert checkpoint is not None
    assert {tensor.device.type for tensor in checkpoint.tensors.values()} == {"cpu"}
    monkeypatch.setattr(growing, "device", lambda: "meta")
    monkeypatch.setattr(growing, "computes_in_half", lambda: False)
    made = growing._model

    def tied(*given: Any) -> Any:  # moved there, unlike to a GPU, tied weights come apart
        with torch.device("meta"):
            return made(*given)

    monkeypatch.setattr(growing, "_model", tied)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # it has none for this device
    longer = msgspec.structs.replace(plan, cycles=(2, 2))
    growth = growing.Growth(read_corpora([text]), tmp_path / "base", longer)
    assert growth.standing.step == 2
    states = [growth._optimizer.state[parameter] for parameter in growth.model.parameters()]
    assert {tensor.device.type for state in states for tensor in state.values()} == {"meta"}
    seen: list[str] = []

    def loss(logits: torch.Tensor, labels: torch.Tensor, **_: object) -> torch.Tensor:
        seen.extend((logits.device.type, labels.device.type))
        raise Looked

    monkeypatch.setattr(torch.nn.functional, "cross_entropy", loss)
    with pytest.raises(Looked):
        growth._step(2)
    # Without a mask transformers would look at positions, which hold nothing here.
    monkeypatch.setattr(growth, "_logits", lambda ids, *_: torch.zeros(*ids.shape, 300, device="meta"))
    with pytest.raises(Looked):
        growth.measure()
    assert seen == ["meta"] * 4


class Looked(Exception):  # noqa: N818  it only ends what was looked at
    """Raised where a test has seen enough."""


def test_it_learns_and_what_it_needs_is_measured_by_corpus(text: Path, tmp_path: Path, plan: Plan) -> None:
    from ipse.bases.corpora import read_corpora
    from ipse.bases.growing import Growth

    longer = msgspec.structs.replace(plan, cycles=(60,), look_every=60)
    before = Growth(read_corpora([text]), tmp_path / "none", longer).measure()
    grown(text, tmp_path / "some", longer)
    after = Growth(read_corpora([text]), tmp_path / "some", longer).standing.held[60]
    assert set(before) == set(after) == {"prose", "talk"}
    assert after["talk"] < 0.8 * before["talk"]
    # From random weights every token of the vocabulary is as likely as any other.
    assert before["talk"] == pytest.approx(
        log(300) / log(2) / _bytes_a_token(text, tmp_path / "none"), rel=0.1
    )


def _bytes_a_token(text: Path, folder: Path) -> float:
    from transformers import PreTrainedTokenizerFast

    from ipse.bases.corpora import read_corpora

    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / "growth")
    said = [each.content for document in read_corpora([text])[1].held for each in document.messages]
    tokens = sum(len(tokenizer(one, add_special_tokens=False)["input_ids"]) for one in said)
    return sum(len(one.encode()) for one in said) / tokens


def test_a_finished_growth_takes_another_cycle_but_no_other_text(
    text: Path, tmp_path: Path, plan: Plan
) -> None:
    grown(text, tmp_path / "base", plan)
    again = msgspec.structs.replace(plan, cycles=(9, 4))
    grown(text, tmp_path / "base", again)
    checkpoint = load_checkpoint(tmp_path / "base" / "growth")
    assert checkpoint is not None
    assert checkpoint.standing.step == 13
    with pytest.raises(BaseModelError, match="other settings"):
        grown(text, tmp_path / "base", msgspec.structs.replace(plan, cycles=(8, 5)))
    (text / "more.txt").write_text("more")
    with pytest.raises(BaseModelError, match="other text"):
        grown(text, tmp_path / "base", again)


def test_a_damaged_checkpoint_is_one_clear_error(text: Path, tmp_path: Path, plan: Plan) -> None:
    grown(text, tmp_path / "base", plan)
    (tmp_path / "base" / "growth" / FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(BaseModelError, match="damaged"):
        grown(text, tmp_path / "base", plan)


def test_the_rate_warms_up_falls_and_does_so_again_in_each_cycle(plan: Plan) -> None:
    long = msgspec.structs.replace(plan, cycles=(100, 50), warmup=10)
    rates = [long.rate(step) for step in range(150)]
    assert max(rates) == rates[9] == rates[10] == rates[109] == long.learning_rate
    assert rates[99] < 0.06 * long.learning_rate
    assert rates[10:100] == sorted(rates[10:100], reverse=True)
    assert [long.length(step) for step in (0, 74, 75, 99, 100)] == [32, 32, 64, 64, 32]


def test_every_token_of_an_epoch_comes_once_and_sides_change() -> None:
    documents = [np.array([0, 3, number, 1, 4, number, 1], dtype=np.int32) for number in range(10, 40)]
    stream = Stream(documents, sides=(3, 4), seed=7)
    assert stream.tokens == 210
    epochs = [stream.batch(epoch * 210, rows=1, length=210) for epoch in (0, 1)]
    for batch in epochs:
        assert sorted(batch.ids[0]) == sorted(np.concatenate(documents))
        assert (batch.labels != IGNORED).sum() == 6 * 30  # the last token of a document predicts nothing
    begins = [{int(b.ids[0][at + 2]): int(b.ids[0][at + 1]) for at in range(0, 210, 7)} for b in epochs]
    assert all(begins[0][number] != begins[1][number] for number in range(10, 40))


def test_a_batch_depends_on_its_place_alone() -> None:
    documents = [np.arange(5 + number % 7, dtype=np.int32) for number in range(50)]
    ahead, again = Stream(documents, sides=(3, 4), seed=7), Stream(documents, sides=(3, 4), seed=7)
    for start in range(0, 2000, 100):
        one = ahead.batch(start, rows=4, length=25)
    np.testing.assert_array_equal(one.ids, again.batch(1900, rows=4, length=25).ids)
    np.testing.assert_array_equal(one.ids.ravel(), again.batch(1900, rows=2, length=50).ids.ravel())


def test_attention_stays_within_a_document(text: Path, tmp_path: Path, plan: Plan) -> None:
    """The logits of a document in a packed row are those it has alone."""
    import torch

    from ipse.bases.corpora import read_corpora
    from ipse.bases.growing import Growth

    exact = msgspec.structs.replace(plan, half=False)
    growth = Growth(read_corpora([text / "talk.jsonl.gz"]), tmp_path / "base", exact)
    batch = growth.stream.batch(0, rows=1, length=256)
    first = int((batch.positions[0] == 0).nonzero()[0][1])  # where the second document begins
    second = int((batch.positions[0] == 0).nonzero()[0][2])
    with torch.no_grad():
        packed = growth.model(
            input_ids=torch.from_numpy(batch.ids),
            position_ids=torch.from_numpy(batch.positions),
            attention_mask=torch.from_numpy(batch.within)[:, None],
            use_cache=False,
        ).logits[0, first:second]
        alone = growth.model(input_ids=torch.from_numpy(batch.ids[:, first:second]), use_cache=False).logits[
            0
        ]
    torch.testing.assert_close(packed, alone, atol=1e-5, rtol=1e-4)


def test_the_grown_base_loads_speaks_and_marks_replies(text: Path, tmp_path: Path, plan: Plan) -> None:
    from ipse.bases.corpora import Document, Said
    from ipse.bases.loading import load_base
    from ipse.bases.spelling import spelled
    from ipse.learners.chat import ChatFormat
    from ipse.records import Turn

    grown(text, tmp_path / "base", plan)
    model, tokenizer = load_base(tmp_path / "base")
    said = [("system", "Be brief."), ("user", "late  again?\n\n12"), ("assistant", "<|them|> déjà vu 🚣")]
    messages = [{"role": role, "content": content} for role, content in said]
    enc = tokenizer.apply_chat_template(messages[:2], return_dict=True, add_generation_prompt=True)
    document = Document(tuple(Said(role, content) for role, content in said[:2]), "")  # type: ignore[arg-type]
    me = tokenizer.convert_tokens_to_ids("<|me|>")
    assert list(enc["input_ids"]) == [*spelled(tokenizer, (document,))[0], me]
    marked = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    reply = [i for i, m in zip(marked["input_ids"], marked["assistant_masks"], strict=True) if m]
    assert reply[-1] == tokenizer.eos_token_id
    chat = ChatFormat(tokenizer, system="Be brief.", window=64)
    assert chat.own_template
    assert tokenizer.decode(chat.reply("<|them|> déjà vu 🚣")) == "<|them|> déjà vu 🚣"
    assert set(chat.reply("<|them|>")).isdisjoint(tokenizer.all_special_ids)
    prompt = chat.prompt([Turn(role="partner", speaker="a", text="again?")], 60)
    assert prompt[-1] == me
    import torch

    out = model.generate(torch.tensor([prompt]), max_new_tokens=8, do_sample=False)
    assert out.shape[1] > len(prompt)
