"""Cut off at any step, a training goes on to the very bytes it would have come to."""

import json
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from ipse.errors import CancelledError, LearnerError
from ipse.interfaces import ResumableLearner
from ipse.learners.adapters import state
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.method import AdapterLearner
from ipse.learners.adapters.methods import METHODS

from ..soak import rounds
from .adapting import Kept, Killed, examples, ignore, settings

pytestmark = pytest.mark.llm

STEPS = 12


def learner(
    base: Path, method: type[AdapterLearner] = LoraLearner, kept: Kept | None = None, **more: object
) -> AdapterLearner:
    made = method(settings(base, max_steps=STEPS, learning_rate=3e-3, checkpoint_seconds=0, **more))
    if kept is not None:
        made.keep_in(kept)
    return made


def fitted(
    made: AdapterLearner, stop_at: float | None = None, how: type[BaseException] = Killed
) -> dict[str, bytes]:
    def follow(done: float, _total: float | None, _figures: Mapping[str, float]) -> None:
        if stop_at is not None and done >= stop_at:
            raise how("Stop.")

    return made.fit(examples(48), examples(8, 48), follow).artefact()


@pytest.fixture(scope="module")
def whole(tiny_base: Path) -> dict[str, bytes]:
    return fitted(learner(tiny_base))


def test_killed_at_random_steps_the_bytes_are_the_same(tiny_base: Path, whole: dict[str, bytes]) -> None:
    rng = random.Random(5)
    for _ in range(rounds(2, 20)):
        kept, done = Kept(every=rng.choice((1, 2, 3))), 0
        while done < STEPS - 1 and rng.random() < 0.7:
            done = rng.randint(done + 1, STEPS - 1)
            with pytest.raises(Killed):
                fitted(learner(tiny_base, kept=kept), stop_at=done)
        assert fitted(learner(tiny_base, kept=kept)) == whole


@pytest.mark.parametrize("method", ["dora", "houlsby", "full"])
def test_so_it_is_with_every_method(tiny_base: Path, method: str) -> None:
    kept = Kept(every=2)
    with pytest.raises(Killed):
        fitted(learner(tiny_base, METHODS[method], kept), stop_at=5)
    assert kept.data is not None
    assert fitted(learner(tiny_base, METHODS[method], kept)) == fitted(learner(tiny_base, METHODS[method]))


def test_the_comparison_notices_what_a_checkpoint_lacks(
    tiny_base: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: random numbers left out of the checkpoint, so the dropout after it is another."""
    monkeypatch.setattr(state, "set_random_state", lambda _state: None)
    kept = Kept()
    with pytest.raises(Killed):
        fitted(learner(tiny_base, kept=kept), stop_at=6)
    assert fitted(learner(tiny_base, kept=kept)) != whole


def test_stopped_by_the_owner_it_goes_on_from_that_very_step(
    tiny_base: Path, whole: dict[str, bytes]
) -> None:
    kept = Kept()
    slow = LoraLearner(settings(tiny_base, max_steps=STEPS, learning_rate=3e-3, checkpoint_seconds=1e6))
    slow.keep_in(kept)
    with pytest.raises(CancelledError):
        fitted(slow, stop_at=7, how=CancelledError)
    assert kept.saves == 1
    seen: list[float] = []
    again = learner(tiny_base, kept=kept)
    again.fit(examples(48), examples(8, 48), lambda done, _total, _figures: seen.append(done))
    assert min(done for done in seen if done) == 8
    assert json.dumps(sorted(again.artefact())) == json.dumps(sorted(whole))
    assert again.artefact()["adapter_model.safetensors"] == whole["adapter_model.safetensors"]


def test_a_checkpoint_of_other_settings_or_examples_is_left_alone(tiny_base: Path) -> None:
    kept = Kept()
    with pytest.raises(Killed):
        fitted(learner(tiny_base, kept=kept), stop_at=6)
    fresh = learner(tiny_base, kept=kept, dropout=0.2)
    assert fitted(fresh) == fitted(learner(tiny_base, dropout=0.2))


def test_a_damaged_checkpoint_is_one_clear_error(tiny_base: Path) -> None:
    kept = Kept()
    kept.data = b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "
    with pytest.raises(LearnerError, match="cannot be read"):
        fitted(learner(tiny_base, kept=kept))
    assert state.unpacked(state.packed(state.Standing(run="a"), {}), "b") is None


def test_every_method_says_that_it_can(tiny_base: Path) -> None:
    for method in METHODS.values():
        assert isinstance(method(settings(tiny_base)), ResumableLearner)


def test_without_a_place_to_keep_it_nothing_is_kept(tiny_base: Path) -> None:
    made = learner(tiny_base)
    with pytest.raises(CancelledError):
        fitted(made, stop_at=2, how=CancelledError)
    made.fit(examples(8), [], ignore)
    assert made.report()["steps"] > 0


def test_an_optimizer_that_counts_in_whole_numbers_goes_on_in_them() -> None:
    import torch

    from ipse.learners.adapters.stepping import Stepper

    weight = torch.nn.Parameter(torch.ones(3, 2))

    def step() -> None:
        row, values = torch.tensor([[1]]), torch.tensor([[1.0, 2.0]])
        weight.grad = torch.sparse_coo_tensor(row, values, (3, 2), check_invariants=True)
        stepper.optimizer.step()

    stepper = object.__new__(Stepper)
    stepper._trained = {"weight": weight}
    stepper.optimizer = torch.optim.SparseAdam([weight])
    step()
    tensors, numbers = stepper.state()
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    step()
    stepper.restore(before, {name: float(number) for name, number in numbers.items()})
    assert type(stepper.optimizer.state[weight]["step"]) is int
    assert stepper.optimizer.state[weight]["step"] == 1
    assert torch.equal(weight, before["weight/weight"])
