"""A voice by a fast engine: it says what the exact one would, is judged by that, and gives way to it."""

import gc
import json
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ipse.config import load_settings
from ipse.errors import BaseModelError, LearnerError
from ipse.interfaces import EngineVoice
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.method import ADAPTER, CARD
from ipse.records import Turn
from ipse.voices import seats, transformer
from ipse.voices.engines import copies
from ipse.voices.engines.copies import COPY, EngineName, copy_in, make_copy, size_of
from ipse.voices.engines.llama import LlamaEngine
from ipse.voices.engines.onnx import OnnxEngine
from ipse.voices.engines.passages import Engine, Passage
from ipse.voices.engines.transformers import TransformersEngine
from ipse.voices.sampling import Logits
from ipse.voices.transformer import TransformerVoice

from ..learners.adapting import examples, ignore, settings

pytestmark = pytest.mark.llm
ASKED = [Turn("partner", "PERSON_1", "Did you ship it?")]
SAID = "yes yes, shipped"
Files = dict[str, bytes]
LLAMA = pytest.param("llama", marks=pytest.mark.skipif(not LlamaEngine.installed(), reason="no llama.cpp"))


def learned(base: Path, seed: int = 1) -> Files:
    some = settings(base, max_steps=12, learning_rate=6e-2, seed=seed)
    return LoraLearner(some).fit(examples(60), examples(6, 60), ignore).artefact()


def copied(files: Files, engine: EngineName = "onnx") -> Files:
    return {**files, **make_copy(files, engine=engine, precision="int8", progress=ignore)}


@pytest.fixture(scope="module")
def files(tiny_base: Path) -> Files:
    return learned(tiny_base)


@pytest.fixture(scope="module")
def fast(files: Files) -> Files:
    return copied(files)


def configured(files: Files, **voice: object) -> TransformerVoice:
    made = TransformerVoice.load(files)
    made.configure(load_settings({"voice": voice}, environment={}))
    return made


def said(voice: TransformerVoice, seed: int = 3) -> str:
    return "".join(voice.stream(ASKED, contact=None, seed=seed))


def logits(engine: Engine, prompt: Sequence[int]) -> list[Logits]:
    """After the prompt, and after each token that the exact engine would say next."""
    passage = engine.begin()
    return [passage.following(list(prompt)), *(passage.following([token]) for token in (9, 40, 17, 9))]


def apart(ours: Sequence[Logits], theirs: Sequence[Logits]) -> float:
    """Bits of divergence of a token, on average."""
    chances = [
        [np.exp(row - row.max()) / np.exp(row - row.max()).sum() for row in side] for side in (ours, theirs)
    ]
    return float(np.mean([(p * np.log2(p / q)).sum() for p, q in zip(*chances, strict=True)]))


@pytest.mark.parametrize("engine", ["onnx", LLAMA])
def test_an_engine_makes_of_every_token_what_the_exact_one_does(
    files: Files, fast: Files, engine: EngineName
) -> None:
    voice = TransformerVoice.load(fast if engine == "onnx" else copied(files, engine))
    exact = TransformerVoice.load(files)
    assert voice.engine == {"onnx": "onnxruntime-genai int8", "llama": "llama.cpp int8"}[engine]
    assert exact.engine == "transformers float32"
    prompt = exact._chat.prompt(ASKED, 60)
    assert voice._chat.prompt(ASKED, 60) == prompt
    wanted = logits(exact._engine(), prompt)
    assert apart(wanted, logits(voice._engine(), prompt)) < 0.02
    assert apart(wanted, logits(exact.base()._engine(), prompt)) > 0.3  # the control: without the adapter
    rest = [*prompt, 9, 40]
    assert apart([wanted[2]], [voice._engine().begin().following(rest)]) < 0.02  # by one step or by several
    assert 0 < voice.weights < exact.weights
    assert isinstance(voice, EngineVoice)


@pytest.mark.parametrize("engine", ["onnx", LLAMA])
def test_passages_at_once_do_not_mix(files: Files, fast: Files, engine: EngineName) -> None:
    runs = TransformerVoice.load(fast if engine == "onnx" else copied(files, engine))._engine()
    prompts = [[0, 20, 30, 40], [0, 99, 98], [0, 7]]
    alone = [logits(runs, prompt) for prompt in prompts]
    passages = [runs.begin() for _ in prompts]
    together = [[passage.following(prompt)] for passage, prompt in zip(passages, prompts, strict=True)]
    for token in (9, 40, 17, 9):
        for heard, passage in zip(together, passages, strict=True):
            heard.append(passage.following([token]))
    for heard, before in zip(together, alone, strict=True):
        assert np.allclose(heard, before, atol=1e-4)


def test_likelihoods_are_those_of_the_exact_weights(files: Files, fast: Files) -> None:
    exact, voice = TransformerVoice.load(files), configured(fast)
    assert voice.engine.startswith("onnx")
    assert voice.bits(ASKED, SAID) == exact.bits(ASKED, SAID)
    assert voice.likelihood(ASKED, [SAID, "no"]) == exact.likelihood(ASKED, [SAID, "no"])
    assert voice.base().bits(ASKED, SAID) == exact.base().bits(ASKED, SAID)


@pytest.mark.parametrize("engine", ["onnx", LLAMA])
def test_the_base_beside_it_speaks_by_the_same_engine(files: Files, fast: Files, engine: EngineName) -> None:
    voice = configured(fast if engine == "onnx" else copied(files, engine), top_k=1, max_new_tokens=5)
    base, exact = voice.base(), TransformerVoice.load(files).base()
    assert (base.engine, base.weights) == (voice.engine, voice.weights)
    assert base.sampling == voice.sampling
    prompt = exact._chat.prompt(ASKED, 60)
    wanted = logits(exact._engine(), prompt)
    assert apart(wanted, logits(base._engine(), prompt)) < 0.02
    assert apart(wanted, logits(voice._engine(), prompt)) > 0.3  # the control: with the adapter
    assert configured(fast, engine="transformers").base().engine.startswith("transformers")


def test_a_base_that_cannot_be_copied_speaks_by_transformers(
    files: Files, fast: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = configured(fast, top_k=1, max_new_tokens=5).base()

    def refused(*_given: object, **_more: object) -> None:
        raise LearnerError("It cannot be written.")

    monkeypatch.setattr(copies, "save_merged", refused)
    assert said(base) == said(configured(files, top_k=1, max_new_tokens=5).base())
    assert base.slower == "It cannot be written."


def test_words_follow_the_seed_and_the_settings(fast: Files) -> None:
    voice = configured(fast, max_new_tokens=20)
    assert said(voice) == said(voice) != ""
    assert len({said(voice, seed) for seed in range(6)}) > 1
    cold = configured(fast, top_k=1, max_new_tokens=5)
    assert len({said(cold, seed) for seed in range(4)}) == 1
    assert len(said(cold)) <= 5


def test_to_speak_it_needs_no_base_and_to_judge_it_does(
    tiny_base: Path, files: Files, fast: Files, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(tiny_base, tmp_path / "base"))
    card = json.loads(files[CARD]) | {"folder": str(moved), "base": str(moved)}
    voice = configured(fast | {CARD: json.dumps(card).encode()})
    shutil.rmtree(moved)
    assert said(voice) == said(configured(fast))
    with pytest.raises(BaseModelError):
        voice.bits(ASKED, SAID)


def test_two_on_one_base_stand_side_by_side(tiny_base: Path, fast: Files) -> None:
    both = [fast, copied(learned(tiny_base, seed=2))]
    alone = [said(TransformerVoice.load(each)) for each in both]
    assert alone[0] != alone[1]
    voices = [TransformerVoice.load(each) for each in both]
    for _ in range(2):
        assert [said(voice) for voice in voices] == alone
    streams = [voice.stream(ASKED, contact=None, seed=3) for voice in voices]
    heard = zip(*zip_longest(*streams, fillvalue=""), strict=True)  # a piece of each in turn
    assert ["".join(pieces) for pieces in heard] == alone
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(said, voices * 6)) == alone * 6
    voices[0].bits(ASKED, SAID)
    voices[1].bits(ASKED, SAID)
    assert voices[0]._model is voices[1]._model  # who judges them shares the base
    gc.collect()  # what other tests held
    assert len(seats._racks) == 1


def test_the_engine_is_the_one_that_is_set(fast: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured(fast, engine="onnx").engine == configured(fast).engine == "onnxruntime-genai int8"
    plain = configured(fast, engine="transformers")
    assert (plain.engine, plain.slower) == ("transformers float32", None)
    other = configured(fast, engine="llama")
    assert other.engine.startswith("transformers")
    assert "no optimized copy for llama" in str(other.slower)
    monkeypatch.setattr(transformer, "device", lambda: "cuda")
    assert configured(fast).engine.startswith("transformers")
    assert configured(fast, engine="onnx").engine.startswith("onnx")


def test_a_voice_without_a_copy_says_so_only_where_one_was_asked_for(files: Files) -> None:
    assert configured(files).slower is None
    assert "ipse models optimize" in str(configured(files, engine="onnx").slower)


def test_without_its_runtime_or_with_a_broken_copy_it_speaks_slower_and_says_so(
    files: Files, fast: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = said(TransformerVoice.load(files))
    broken = {
        "cannot load": fast | {"optimized/model.onnx": b"\x00garbled"},
        "not whole": {name: data for name, data in fast.items() if name != "optimized/model.onnx"},
        "tokenizer": {name: data for name, data in fast.items() if "tokenizer" not in name},
    }
    for told, held in broken.items():
        voice = configured(held)
        assert told in str(voice.slower)
        assert voice.engine == "transformers float32"
        assert said(voice) == exact
    monkeypatch.setattr(OnnxEngine, "installed", classmethod(lambda _cls: False))
    voice = configured(fast)
    assert "needs onnxruntime-genai" in str(voice.slower)
    assert said(voice) == exact


def test_a_copy_of_another_adapter_is_not_taken_for_its_own(files: Files, fast: Files) -> None:
    assert copy_in(fast) is not None
    assert copy_in(files) is None
    assert copy_in(fast | {ADAPTER: b"another"}) is None
    assert copy_in(fast | {COPY: b"{"}) is None
    assert copy_in(fast | {COPY: fast[COPY].replace(b'"version":1', b'"version":9')}) is None


class Failing:
    """An engine that gives way after some words."""

    kind, name, weights = "onnx", "failing", 1

    def __init__(self, engine: Engine, words: int) -> None:
        self.engine, self.words = engine, words

    def begin(self) -> Passage:
        return _Failing(self.engine.begin(), self.words)


class _Failing:
    def __init__(self, passage: Passage, words: int) -> None:
        self.passage, self.words = passage, words

    def following(self, tokens: Sequence[int]) -> Logits:
        self.words -= 1
        if self.words < 0:
            raise LearnerError("It gave way.")
        return self.passage.following(tokens)


def test_an_engine_that_fails_gives_way_before_the_first_word_and_not_in_the_midst(files: Files) -> None:
    exact = TransformerVoice.load(files)

    def failing(words: int) -> TransformerVoice:
        return TransformerVoice(exact._seat, exact._chat, fast=Failing(exact._engine(), words))

    voice = failing(0)
    assert said(voice) == said(exact)
    assert voice.slower == "It gave way."
    assert voice.engine == "transformers float32"
    begun: Iterator[str] = failing(2).stream(ASKED, contact=None, seed=3)
    assert next(begun)
    with pytest.raises(LearnerError, match="gave way"):
        list(begun)
    exact._fast = Failing(TransformersEngine(exact._seat, adapter=True), 0)
    assert said(exact)


def test_nothing_of_what_was_learned_touches_a_disk_to_speak(
    fast: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[str, int] = {}
    write = Path.write_bytes

    def noted(self: Path, data: bytes) -> int:
        written[self.name] = len(data)
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", noted)
    assert said(configured(fast))
    assert {"genai_config.json", "tokenizer.json"} <= set(written)
    assert not {"model.onnx", "model.gguf", ADAPTER} & set(written)


def test_what_no_copy_can_be_made_of_is_told(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LearnerError, match="no language model"):
        make_copy({"a": b""}, engine="onnx", precision="int8", progress=ignore)
    with pytest.raises(LearnerError, match="four bits"):
        make_copy(files, engine="llama", precision="int4", progress=ignore)
    assert size_of(100_000_000, "int8") == 120_000_000
    with pytest.raises(LearnerError, match=r"7\.0 billion parameters is too large"):
        size_of(7_000_000_000, "int4")
    monkeypatch.setattr(OnnxEngine, "installed", classmethod(lambda _cls: False))
    monkeypatch.setitem(copies._WRITERS, "onnx", lambda *_: {"model.onnx": b"123"})
    made = make_copy(files, engine="onnx", precision="int8", progress=ignore)
    assert msgspec.json.decode(made[COPY])["bytes"] == 3


def test_an_engine_that_breaks_says_so_in_a_line(fast: Files) -> None:
    voice = TransformerVoice.load(fast)
    passage = voice._engine().begin()
    with pytest.raises(LearnerError, match="onnxruntime-genai failed"):
        passage.following([5] * 1000)  # more than its window holds
