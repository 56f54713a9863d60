"""Each method adapts a base in its own way, and a voice speaks with what it learned."""

import json
import shutil
from pathlib import Path

import pytest

from ipse.config import LoraSettings, Settings
from ipse.errors import LearnerError
from ipse.learners.adapters.full import FullLearner
from ipse.learners.adapters.houlsby import HoulsbyLearner
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.method import ADAPTER, CARD, CONFIG
from ipse.learners.adapters.methods import METHODS
from ipse.learners.adapters.presets import PRESETS, SEVEN, Ending, ending, family, with_preset
from ipse.learners.adapters.qlora import QloraLearner
from ipse.records import Turn
from ipse.voices.transformer import TransformerVoice

from .adapting import REPLIES, SAID, examples, ignore, settings

pytestmark = pytest.mark.llm

CONTEXT = (Turn("partner", "PERSON_1", SAID[0]),)
HERE = ("lora", "dora", "houlsby", "full")  # qlora needs a GPU


@pytest.fixture(scope="module", params=HERE)
def learned(
    request: pytest.FixtureRequest, tiny_base: Path
) -> tuple[str, dict[str, bytes], dict[str, float]]:
    method = METHODS[request.param]
    rate = 2e-3 if request.param == "full" else 2e-2
    fit = method(settings(tiny_base, max_steps=25, learning_rate=rate, dropout=0.0)).fit(
        examples(200), examples(8, 200), ignore
    )
    return request.param, fit.artefact(), fit.report()


Learned = tuple[str, dict[str, bytes], dict[str, float]]


def test_it_learns_and_a_voice_speaks_with_it(learned: Learned) -> None:
    name, files, report = learned
    assert report["dev_bits"] < 0.9 * report["dev_bits_base"]
    assert json.loads(files[CARD])["method"] == name
    voice = TransformerVoice.load(files)
    assert voice.bits(CONTEXT, REPLIES[0]) < 0.9 * voice.base().bits(CONTEXT, REPLIES[0])
    assert "".join(voice.stream(CONTEXT, contact=None, seed=1))


def test_without_the_adapter_it_is_the_base_as_it_was(learned: Learned, tiny_base: Path) -> None:
    from ipse.bases.loading import load_base
    from ipse.learners.likelihood import bits_of_windows

    voice = TransformerVoice.load(learned[1])
    windows = voice._chat.windows(CONTEXT, REPLIES[0], closed=False)
    plain = sum(bits_of_windows(load_base(tiny_base)[0], windows))
    assert voice.base().bits(CONTEXT, REPLIES[0]) == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize(("name", "data"), [(ADAPTER, b"garbled"), (CONFIG, b"{}"), (CONFIG, b"[")])
def test_a_damaged_artefact_is_one_clear_error(learned: Learned, name: str, data: bytes) -> None:
    with pytest.raises(LearnerError, match=r"cannot be put on|do not fit"):
        TransformerVoice.load(learned[1] | {name: data})


def test_what_is_trained_is_what_the_method_says(tiny_base: Path) -> None:
    from ipse.bases.loading import load_base, quiet
    from ipse.learners.adapters.plans import plan

    how = settings(tiny_base, rank=4, alpha=8, bottleneck=6)
    shape = plan(how, examples=1000, windows=1000)
    trained = {}
    for name in HERE:
        with quiet():
            model = METHODS[name].put_on(load_base(tiny_base)[0], shape, how)
        trained[name] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    wide, inner, layers, vocabulary = 32, 64, 2, 260
    linear = 4 * (wide + wide) + 3 * (wide + inner)
    assert trained["lora"] == layers * 4 * linear
    assert trained["dora"] == trained["lora"] + layers * (
        4 * wide + 2 * inner + wide
    )  # a magnitude a channel
    assert trained["houlsby"] == layers * 2 * (2 * wide * 6 + 6 + wide)
    weights = layers * (4 * wide * wide + 3 * wide * inner + 2 * wide) + wide + vocabulary * wide
    assert trained["full"] == weights


def test_target_modules_are_those_named(tiny_base: Path) -> None:
    some = settings(tiny_base, target_modules=("q_proj", "v_proj"), max_steps=1)
    files = LoraLearner(some).fit(examples(8), [], ignore).artefact()
    assert set(json.loads(files[CONFIG])["target_modules"]) == {"q_proj", "v_proj"}
    with pytest.raises(LearnerError, match="no layers called nowhere"):
        LoraLearner(settings(tiny_base, target_modules=("nowhere",))).fit(examples(8), [], ignore)
    with pytest.raises(LearnerError, match="No layer of the base ends in nowhere"):
        HoulsbyLearner(settings(tiny_base, target_modules=("nowhere",))).fit(examples(8), [], ignore)


def test_qlora_says_in_one_line_that_it_needs_a_gpu(tiny_base: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(LearnerError, match="qlora needs a CUDA device"):
        QloraLearner.check_machine(tiny_base)


def test_qlora_trains_over_nf4_with_its_scales_quantised(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path of a GPU on a CPU, but for the optimizer, whose paging needs one."""
    bitsandbytes = pytest.importorskip("bitsandbytes")
    from ipse.learners.adapters import qlora

    monkeypatch.setattr(qlora, "device", lambda: "cuda")
    layers = [
        module
        for module in QloraLearner.open_base(tiny_base)[0].modules()
        if isinstance(module, bitsandbytes.nn.Linear4bit)
    ]
    assert len(layers) == 14
    assert {layer.weight.quant_type for layer in layers} == {"nf4"}
    assert all(layer.weight.quant_state.nested for layer in layers)
    monkeypatch.setattr(QloraLearner, "optimizer", LoraLearner.optimizer)
    fit = QloraLearner(settings(tiny_base, max_steps=25, dropout=0.0)).fit(
        examples(200), examples(8, 200), ignore
    )
    assert fit.report()["dev_bits"] < 0.9 * fit.report()["dev_bits_base"]
    monkeypatch.setattr(qlora, "device", lambda: "cpu")
    voice = TransformerVoice.load(fit.artefact())
    assert voice.bits(CONTEXT, REPLIES[0]) < 0.9 * voice.base().bits(CONTEXT, REPLIES[0])


def test_full_refuses_a_large_base_in_one_line(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FullLearner.configure(Settings(lora=settings(tiny_base))).name == "full"
    from ipse.learners.adapters import full

    monkeypatch.setattr(full, "MOST", 1000)
    with pytest.raises(LearnerError, match="full trains bases up to"):
        FullLearner.configure(Settings(lora=settings(tiny_base)))


@pytest.mark.parametrize(
    ("kind", "named", "expected"),
    [
        ("mistral", "mistral-7b-instruct-v0.3", "mistral"),
        ("llama", "meta-llama-3-8b-instruct", "llama"),
        ("llama", "SmolLM2-360M-Instruct", "smollm"),
        ("smollm3", "SmolLM3-3B", "smollm"),
        ("qwen3", "Qwen3-4B", "qwen"),
        ("phi3", "Phi-3-mini", "phi"),
        ("gpt_neox", "pythia-1b", "none"),
    ],
)
def test_a_base_is_known_by_its_family(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, named: str, expected: str
) -> None:
    from ipse.bases.folders import Tensor
    from ipse.learners.adapters import presets

    folder = tmp_path / named
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    monkeypatch.setattr(presets, "tensors", lambda _folder: {"w": Tensor("BF16", (1000, 100_000))})
    assert family(folder) == expected
    monkeypatch.setattr(presets, "tensors", lambda _folder: {"w": Tensor("BF16", (10, 10))})
    assert family(folder) == "tiny"


@pytest.mark.parametrize(
    ("chosen", "tiny", "cuda", "expected"),
    [
        ({}, False, False, Ending(200_000, "processor")),
        ({}, False, True, Ending(0, "epochs")),
        ({}, True, True, Ending(200_000, "preset")),
        ({"total_tokens": 0}, True, False, Ending(0, "epochs")),
        ({"total_tokens": 5000}, False, False, Ending(5000, "settings")),
        ({"preset": "none"}, False, False, Ending(0, "epochs")),
    ],
)
def test_where_a_training_ends_is_known_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, chosen: dict[str, object], expected: Ending, *, tiny: bool, cuda: bool
) -> None:
    from ipse.learners.adapters import presets

    monkeypatch.setattr(presets, "family", lambda _folder: "tiny" if tiny else "qwen")
    monkeypatch.setattr(presets, "device", lambda: "cuda" if cuda else "cpu")
    assert ending(LoraSettings.model_validate(chosen), Path()) == expected


def test_mistral_has_its_published_values_and_the_owner_counts_first(tmp_path: Path) -> None:
    chosen = with_preset(LoraSettings(preset="mistral", rank=4), tmp_path)
    assert (chosen.rank, chosen.alpha, chosen.dropout, chosen.learning_rate) == (4, 64, 0.1, 2e-4)
    assert (chosen.warmup, chosen.max_tokens, chosen.accumulation) == (100, 2048, 4)
    assert chosen.target_modules == SEVEN
    assert with_preset(LoraSettings(preset="none"), tmp_path).rank == LoraSettings().rank
    for name, values in PRESETS.items():
        assert LoraSettings.model_validate({**values, "preset": name}).preset == name


def test_compiling_without_a_compiler_is_told_before_anything_long(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.config import load_settings
    from ipse.learners.adapters import method

    wanted = load_settings({"lora": {"base": str(tiny_base), "compile": True}}, environment={})
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    METHODS["lora"].configure(wanted)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(LearnerError, match=r"lora\.compile needs a C\+\+ compiler"):
        METHODS["lora"].configure(wanted)
    monkeypatch.setattr(method, "device", lambda: "cuda")
    monkeypatch.setattr(method, "find_spec", lambda _name: None)
    with pytest.raises(LearnerError, match=r"lora\.compile needs the package triton"):
        METHODS["lora"].configure(wanted)
