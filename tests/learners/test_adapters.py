import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ipse.config import LoraSettings, Settings
from ipse.errors import BaseModelError, CancelledError, LearnerError
from ipse.interfaces import Learner
from ipse.learners.adapters.looking import rose
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.method import ADAPTER, CARD, CONFIG, LENGTHS
from ipse.learners.adapters.plans import Plan, plan

from .adapting import examples, ignore, settings

pytestmark = pytest.mark.llm


class Steps:
    """Remembers what it was told; stops the run at a step if asked to."""

    def __init__(self, stop_at: float = math.inf) -> None:
        self.told: list[tuple[float, float | None, dict[str, float]]] = []
        self.stop_at = stop_at

    def __call__(self, done: float, total: float | None, figures: Mapping[str, float]) -> None:
        self.told.append((done, total, dict(figures)))
        if done >= self.stop_at:
            raise CancelledError("Stopped.")


@pytest.mark.parametrize(
    ("examples", "windows", "changed", "expected"),
    [
        (1000, 1000, {}, Plan(16, 32, 3.0, 375, 1e-4, batch=8, warmup=37, general=375, whole=375)),
        (250, 250, {}, Plan(16, 32, 3.0, 96, 2e-4, batch=8, warmup=9, general=96, whole=96)),
        (199, 400, {}, Plan(8, 16, 2.0, 100, 1e-4, batch=8, warmup=10, general=100, whole=100)),
        (117, 117, {}, Plan(8, 16, 2.0, 30, 2e-4, batch=8, warmup=3, general=30, whole=30)),
        (
            117,
            117,
            {"rank": 4, "alpha": 8},
            Plan(4, 8, 2.0, 30, 2e-4, batch=8, warmup=3, general=30, whole=30),
        ),
        (
            1000,
            1000,
            {"max_steps": 40},
            Plan(16, 32, 3.0, 40, 2e-4, batch=8, warmup=4, general=40, whole=375),
        ),
        (
            1000,
            1000,
            {"accumulation": 4},
            Plan(16, 32, 3.0, 96, 2e-4, batch=32, warmup=9, general=96, whole=96),
        ),
        (
            9000,
            9000,
            {"warmup": 50},
            Plan(16, 32, 3.0, 3375, 1e-4, batch=8, warmup=50, general=3375, whole=3375),
        ),
        (117, 117, {"epochs": 20}, Plan(8, 16, 20.0, 300, 1e-4, batch=8, warmup=30, general=300, whole=300)),
        (1, 1, {"epochs": 0.1}, Plan(8, 16, 0.1, 1, 2e-4, batch=8, warmup=0, general=1, whole=1)),
    ],
)
def test_the_plan_follows_the_recipe(
    examples: int, windows: int, changed: dict[str, object], expected: Plan
) -> None:
    assert plan(LoraSettings.model_validate(changed), examples=examples, windows=windows) == expected


def test_what_the_owner_set_stays_as_it_is() -> None:
    chosen = LoraSettings(rank=32, alpha=64, learning_rate=3e-4, max_steps=20)
    kept = plan(chosen, examples=50, windows=50, own=chosen.model_fields_set)
    assert (kept.rank, kept.alpha, kept.learning_rate) == (32, 64, 3e-4)
    fitted = plan(chosen, examples=50, windows=50, own={"max_steps"})
    assert (fitted.rank, fitted.alpha, fitted.learning_rate) == (8, 16, 6e-4)


@pytest.mark.parametrize(("tokens", "steps"), [(0, 375), (100_000, 375), (500_000, 150), (75_000_000, 1)])
def test_the_plan_stops_where_the_tokens_are_spent(tokens: int, steps: int) -> None:
    spending = LoraSettings(total_tokens=600_000)
    assert plan(spending, examples=1000, windows=1000, tokens=tokens).steps == steps


@pytest.mark.parametrize(
    ("chosen", "steps", "seen", "by_tokens"),
    [({"total_tokens": 1}, 1, 0.25, 1), ({"total_tokens": 0}, 4, 1.0, 0), ({"max_steps": 1}, 1, 0.25, 0)],
)
def test_where_a_training_ended_is_told(
    tiny_base: Path, chosen: dict[str, int], steps: int, seen: float, by_tokens: int
) -> None:
    given: dict[str, object] = {"epochs": 1.0, "max_steps": 0, **chosen}
    told = LoraLearner(settings(tiny_base, **given)).fit(examples(32), [], ignore).report()
    assert (told["steps"], told["epochs_seen"], told["epochs_planned"]) == (steps, seen, 1.0)
    assert (told["stopped_by_tokens"], told["tokens"] > 0) == (by_tokens, True)


def test_the_persona_card_is_said_in_training_and_at_use_alike(tiny_base: Path) -> None:
    from ipse.voices.transformer import TransformerVoice

    told: list[dict[str, bytes]] = []
    for persona in (False, True):
        learner = LoraLearner(settings(tiny_base, max_steps=1, persona=persona, max_tokens=512))
        learner.introduce(themes=[("boats", "tide")], values=("family",))
        told.append(learner.fit(examples(20), examples(4, 20), ignore).artefact())
    plain, carded = (json.loads(files[CARD]) for files in told)
    assert (plain["system"], plain["settings"]["persona"]) == ("As me.", False)
    assert carded["system"].startswith("As me.\nHalf of their messages here have 4 to 4 words")
    assert "They often write about: boats, tide.\nThey hold dear: family." in carded["system"]
    assert carded["settings"]["persona"] is True
    voice = TransformerVoice.load(told[1])
    prompt = voice._chat.tokenizer.decode(voice._chat.prompt([], 512))
    assert "They hold dear: family." in prompt


def test_it_learns_the_owners_replies(tiny_base: Path) -> None:
    some = settings(tiny_base, max_steps=75, learning_rate=2e-2, dropout=0.0)
    learner = LoraLearner(some).fit(examples(200), examples(10, 200), ignore)
    report = learner.report()
    assert isinstance(learner, Learner)
    assert report["dev_bits"] < 0.75 * report["dev_bits_base"]
    assert report["examples"] == report["windows"] == 200
    assert report["tokens_per_second"] > 0


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tiny_base: Path) -> None:
    first, again, other = (
        LoraLearner(settings(tiny_base, seed=seed)).fit(examples(20), examples(5, 20), ignore).artefact()
        for seed in (7, 7, 8)
    )
    assert first == again
    assert first[ADAPTER] != other[ADAPTER]


def test_the_callers_random_numbers_are_left_alone(tiny_base: Path) -> None:
    import numpy as np
    import torch

    def drawn() -> tuple[float, float, float]:
        return random.random(), float(np.random.random()), float(torch.rand(1))

    def seed() -> None:
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)

    seed()
    expected = drawn()
    seed()
    LoraLearner(settings(tiny_base, max_steps=1)).fit(examples(4), [], ignore)
    assert drawn() == expected


def test_every_step_tells_loss_and_time_left(tiny_base: Path) -> None:
    steps = Steps()
    LoraLearner(settings(tiny_base, learning_rate=2e-3)).fit(examples(48), examples(5, 48), steps)
    assert list(dict.fromkeys(done for done, _, _ in steps.told)) == [0, 1, 2, 3, 4, 5, 6]
    assert {total for _, total, _ in steps.told[1:]} == {6}
    for _, _, figures in [told for told in steps.told if told[0]]:
        assert figures["loss"] > 0
        assert figures["eta_seconds"] >= 0
        assert figures["bits_per_byte"] > 0
        assert figures["tokens_per_second"] > 0
    assert steps.told[-1][2]["eta_seconds"] == 0


def test_the_loss_is_the_mean_over_the_owners_tokens_alone(tiny_base: Path) -> None:
    """The trainer's own first loss against the likelihood of labelled tokens, end of turn included."""
    from ipse.bases.loading import load_base
    from ipse.learners.chat import IGNORED, ChatFormat
    from ipse.learners.likelihood import bits_of_windows

    some = examples(8)
    steps = Steps()
    LoraLearner(settings(tiny_base, max_steps=1, dropout=0.0, batch=8)).fit(some, [], steps)
    model, tokenizer = load_base(tiny_base)
    chat = ChatFormat(tokenizer, system="As me.", window=128)
    windows = [window for example in some for window in chat.windows(example.context, example.reply)]
    tokens = sum(label != IGNORED for window in windows for label in window.labels)
    expected = sum(bits_of_windows(model, windows)) * math.log(2) / tokens
    assert tokens == sum(len(example.reply) + 1 for example in some)
    assert steps.told[-1][2]["loss"] == pytest.approx(expected, rel=1e-3)


def test_the_artefact_is_a_plain_peft_adapter_on_all_linear_layers(tiny_base: Path, tmp_path: Path) -> None:
    from peft import PeftModel
    from safetensors.torch import load

    from ipse.bases.loading import load_base, quiet

    files = LoraLearner(settings(tiny_base)).fit(examples(20), [], ignore).artefact()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with quiet():
        model = PeftModel.from_pretrained(load_base(tiny_base)[0], tmp_path)
    held = load(files[ADAPTER])
    layers = {name.split(".")[-3] for name in held}
    assert layers == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    inside = {name.replace(".default", ""): value for name, value in model.named_parameters()}
    assert all((inside[name] == value).all() for name, value in held.items())
    assert json.loads(files[CONFIG])["r"] == 8


def test_the_card_names_base_format_and_settings(tiny_base: Path) -> None:
    from ipse.bases.folders import fingerprint

    card = json.loads(LoraLearner(settings(tiny_base)).fit(examples(20), [], ignore).artefact()[CARD])
    assert card["base"] == str(tiny_base)
    assert card["base_hash"] == fingerprint(tiny_base)
    assert card["system"] == "As me."
    assert card["template"] == "fallback"
    assert card["window"] == 128
    assert card["settings"]["seed"] == 7
    assert card["plan"]["steps"] == 6


def test_a_rise_on_the_dev_set_ends_the_run_and_the_best_adapter_is_kept(tiny_base: Path) -> None:
    wild = settings(tiny_base, learning_rate=3.0, max_steps=120)
    learner = LoraLearner(wild).fit(examples(40), examples(20, 40), ignore)
    assert learner.report()["steps"] < 120
    assert learner.report()["dev_bits"] <= learner.report()["dev_bits_base"]


@pytest.mark.parametrize("more", [[1.0, 1.1, 0.9], [0.5]])
def test_a_rise_beyond_its_own_noise_is_one(more: Sequence[float]) -> None:
    assert rose(more)


@pytest.mark.parametrize("more", [[9.0, -5.0, -3.0], [-1.0, -1.0], [0.0, 0.0], [0.0]])
def test_a_rise_within_its_own_noise_is_none(more: Sequence[float]) -> None:
    assert not rose(more)


def test_stopped_by_the_owner_it_leaves_no_file_and_keeps_the_best_so_far(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    learner = LoraLearner(settings(tiny_base, max_steps=20))
    with pytest.raises(CancelledError):
        learner.fit(examples(40), examples(5, 40), Steps(stop_at=5))
    assert list(tmp_path.iterdir()) == []
    assert learner.report()["steps"] == 5
    assert set(learner.artefact()) == {ADAPTER, CONFIG, CARD, LENGTHS}


def test_stopped_before_it_began_there_is_nothing_to_keep(tiny_base: Path) -> None:
    learner = LoraLearner(settings(tiny_base))
    with pytest.raises(CancelledError):
        learner.fit(examples(4), [], Steps(stop_at=0))
    with pytest.raises(LearnerError, match="not trained"):
        learner.artefact()
    with pytest.raises(LearnerError, match="not trained"):
        learner.report()


def test_without_examples_it_says_what_to_do(tiny_base: Path) -> None:
    with pytest.raises(LearnerError, match="ipse prepare"):
        LoraLearner(settings(tiny_base)).fit([], [], ignore)


def test_configure_checks_the_base_before_anything_long_begins(tiny_base: Path) -> None:
    made = LoraLearner.configure(Settings(lora=settings(tiny_base)))
    assert made.settings.base == str(tiny_base)
    with pytest.raises(BaseModelError):
        LoraLearner.configure(Settings(lora=settings(tiny_base / "nowhere")))


def test_nothing_of_the_owners_words_reaches_a_disk_nor_anything_the_network(
    tiny_base: Path, tmp_path: Path
) -> None:
    """A run of its own, the Hub not switched off; home, caches and temporary files searched at each step."""
    root = tmp_path / "machine"
    root.mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"HF_HUB_OFFLINE", "CI", "PYTEST_VERSION"}
    } | {name: str(root) for name in ("HOME", "TMPDIR", "HF_HOME", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("leak_run.py")), str(tiny_base)],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["steps"] == 4
    assert seen["found_when_planted"] is True
    assert seen["hits"] == []
    assert seen["connections"] == []
    assert seen["telemetry"] == 0
    assert "Warning" not in done.stderr
    assert done.stdout.count("\n") == 1, "the trainer prints nothing"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["babyllama-361", "stories260K"])
def test_small_real_models_learn_in_a_few_steps(shared: Path, name: str) -> None:
    few = settings(shared / "models" / name, max_steps=12, learning_rate=4e-3)
    report = LoraLearner(few).fit(examples(40), examples(5, 40), ignore).report()
    assert report["dev_bits"] < 0.9 * report["dev_bits_base"]


def test_activations_that_are_computed_again_give_the_same_weights(tiny_base: Path) -> None:
    from safetensors.torch import load

    kept, again = (
        load(
            LoraLearner(settings(tiny_base, dropout=0.0, gradient_checkpointing=how))
            .fit(examples(24), examples(4, 24), ignore)
            .artefact()[ADAPTER]
        )
        for how in ("off", "on")
    )
    assert kept.keys() == again.keys()
    assert any(tensor.abs().max() > 1e-3 for name, tensor in kept.items() if "lora_B" in name)
    for name, tensor in kept.items():
        assert (again[name] - tensor).abs().max() < 1e-4, name
