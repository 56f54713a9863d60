"""Differential privacy: what is promised, what it costs, and that nothing else looks at the examples."""

from pathlib import Path

import pytest

from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.method import ADAPTER, LENGTHS

from .adapting import examples, ignore, settings

pytestmark = pytest.mark.llm


def test_the_promise_is_kept_and_its_price_is_told(tiny_base: Path) -> None:
    pytest.importorskip("opacus")
    reports = {}
    for epsilon in (1.0, 50.0):
        how = settings(tiny_base, epsilon=epsilon, max_steps=6, dropout=0.0, stages=2, replay=0.1)
        first = LoraLearner(how).fit(examples(40), examples(5, 40), ignore)
        reports[epsilon] = first.report()
        assert 0.9 * epsilon < reports[epsilon]["epsilon"] <= epsilon
        assert reports[epsilon]["delta"] == pytest.approx(0.1 / 40)
        assert reports[epsilon]["stages"] == 1
        assert reports[epsilon]["replayed"] == 0
        assert reports[epsilon]["stopped_by_membership"] == 0
    assert LENGTHS not in first.artefact()  # they are counted without noise
    assert reports[1.0]["noise_over_gradient"] > 2 * reports[50.0]["noise_over_gradient"] > 0


def test_noise_does_not_follow_the_seed(tiny_base: Path) -> None:
    pytest.importorskip("opacus")
    how = settings(tiny_base, epsilon=8.0, max_steps=2)
    first, second = (LoraLearner(how).fit(examples(16), [], ignore).artefact() for _ in range(2))
    assert first[ADAPTER] != second[ADAPTER]


def test_the_gradient_of_an_example_is_clipped(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without noise the sum of n examples is no longer than n, whatever an example weighs."""
    pytest.importorskip("opacus")
    import torch

    from ipse.learners.adapters import private

    sums: list[float] = []

    def told(self: private.PrivateStepper, total: dict[str, torch.Tensor]) -> float:
        sums.append(float(sum(tensor.square().sum() for tensor in total.values())) ** 0.5)
        for parameter in self._trained.values():
            parameter.grad = torch.zeros_like(parameter)
        return 0.0

    monkeypatch.setattr(private.PrivateStepper, "_disturbed", told)
    monkeypatch.setattr(private, "CLIP", 1e-3)
    how = settings(tiny_base, epsilon=8.0, max_steps=2, batch=16)
    LoraLearner(how).fit(examples(16), [], ignore)
    assert len(sums) == 2
    assert all(0 < norm <= 16e-3 + 1e-6 for norm in sums)
