"""Several adapters on one base in memory: each says what it says alone, and goes when nobody holds it."""

import gc
from pathlib import Path
from threading import Thread

import pytest

from ipse.config import load_settings
from ipse.learners.adapters.methods import METHODS
from ipse.records import Turn
from ipse.voices import seats
from ipse.voices.transformer import TransformerVoice

from ..learners.adapting import examples, ignore, settings

pytestmark = pytest.mark.llm
ASKED = [Turn("partner", "PERSON_1", "Did you ship it?")]
SAID = "yes yes, shipped"


def learned(base: Path, method: str = "lora", seed: int = 1) -> dict[str, bytes]:
    some = settings(base, max_steps=6, learning_rate=6e-2, seed=seed)
    return METHODS[method](some).fit(examples(30), examples(6, 30), ignore).artefact()


@pytest.fixture(scope="module")
def adapters(tiny_base: Path) -> dict[str, dict[str, bytes]]:
    return {
        "one": learned(tiny_base), "two": learned(tiny_base, seed=2), "dora": learned(tiny_base, "dora"),
        "houlsby": learned(tiny_base, "houlsby"),
    }  # fmt: skip


@pytest.fixture
def alone(adapters: dict[str, dict[str, bytes]]) -> dict[str, tuple[float, str]]:
    """What each says with a base of its own."""
    out = {}
    for name, files in adapters.items():
        voice = TransformerVoice.load(files)
        out[name] = (voice.bits(ASKED, SAID), "".join(voice.stream(ASKED, contact=None, seed=3)))
        del voice
        gc.collect()
        assert not seats._racks  # nobody is left, so the base went
    assert len({bits for bits, _ in out.values()}) == len(out)
    return out


def test_adapters_on_one_base_share_it_and_say_what_they_say_alone(
    adapters: dict[str, dict[str, bytes]], alone: dict[str, tuple[float, str]]
) -> None:
    voices = {name: TransformerVoice.load(files) for name, files in adapters.items()}
    models = {name: id(voice._model) for name, voice in voices.items()}
    assert models["one"] == models["two"] == models["dora"] != models["houlsby"]
    for _ in range(2):
        for name, voice in voices.items():
            assert voice.bits(ASKED, SAID) == alone[name][0], name
            assert "".join(voice.stream(ASKED, contact=None, seed=3)) == alone[name][1], name
    bare = {voices[name].base().bits(ASKED, SAID) for name in ("one", "two", "dora")}
    assert len(bare) == 1


def test_one_that_nobody_holds_any_more_goes_and_the_others_stay(
    adapters: dict[str, dict[str, bytes]], alone: dict[str, tuple[float, str]]
) -> None:
    first, second = TransformerVoice.load(adapters["one"]), TransformerVoice.load(adapters["two"])
    assert first.bits(ASKED, SAID) == alone["one"][0]
    del first
    gc.collect()
    assert second.bits(ASKED, SAID) == alone["two"][0]
    assert list(second._model.peft_config) == ["adapter1"]  # type: ignore[attr-defined]
    third = TransformerVoice.load(adapters["dora"])
    assert third.bits(ASKED, SAID) == alone["dora"][0]
    assert second.bits(ASKED, SAID) == alone["two"][0]


def test_voices_on_one_base_may_speak_at_once(
    adapters: dict[str, dict[str, bytes]], alone: dict[str, tuple[float, str]]
) -> None:
    voices = {name: TransformerVoice.load(adapters[name]) for name in ("one", "two", "dora")}
    heard: dict[str, list[float]] = {name: [] for name in voices}

    def speak(name: str) -> None:
        heard[name] += [voices[name].bits(ASKED, SAID) for _ in range(10)]

    threads = [Thread(target=speak, args=(name,)) for name in voices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {name: [alone[name][0]] * 10 for name in voices}


def test_words_are_drawn_as_the_settings_say(adapters: dict[str, dict[str, bytes]]) -> None:
    voice = TransformerVoice.load(adapters["one"])
    tree = {"temperature": 0.01, "max_new_tokens": 5, "top_k": 3, "top_p": 0.5, "repetition_penalty": 1.5}
    voice.configure(load_settings({"voice": tree}, environment={}))
    assert voice.sampling.max_new_tokens == 5
    answers = {"".join(voice.stream(ASKED, contact=None, seed=seed)) for seed in range(4)}
    assert len(answers) == 1  # so cold that the dice do not matter
    assert len(answers.pop()) <= 5
    free = {"repetition_penalty": 1.0, "temperature": 0.01, "max_new_tokens": 40}
    voice.configure(load_settings({"voice": free}, environment={}))
    plain = "".join(voice.stream(ASKED, contact=None, seed=1))
    voice.configure(load_settings({"voice": free | {"repetition_penalty": 2.0}}, environment={}))
    varied = "".join(voice.stream(ASKED, contact=None, seed=1))
    assert len(set(varied)) / len(varied) > len(set(plain)) / len(plain)
