"""The machine while it trains: its figures, a pause when it is hot, and where they are written."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.config import LoraSettings
from ipse.errors import CancelledError, MissingExtraError
from ipse.learners.adapters import monitors
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.monitors import Monitor

from .adapting import examples, settings

pytestmark = pytest.mark.llm


def heats(*degrees: float) -> Callable[[], tuple[float, float]]:
    left = list(degrees)
    return lambda: (left.pop(0), 0.5)


def test_memory_is_told_and_of_a_gpu_its_use_and_temperature() -> None:
    assert Monitor(LoraSettings()).figures()["memory"] > 1e6
    told = Monitor(LoraSettings(), heats(61.0)).figures()
    assert (told["temperature"], told["gpu"]) == (61.0, 0.5)


def test_a_hot_gpu_rests_until_it_is_cooler(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    assert Monitor(LoraSettings(hot=85), heats(84.0)).rest(lambda: None) == 0
    assert slept == []
    Monitor(LoraSettings(hot=85), heats(86.0, 86.0, 84.0, 81.0, 80.0)).rest(lambda: None)
    assert len(slept) == 3

    def stop() -> None:
        raise CancelledError("Stop.")

    with pytest.raises(CancelledError):
        Monitor(LoraSettings(hot=85), heats(86.0, 86.0)).rest(stop)


def test_figures_are_written_where_asked_and_a_missing_package_is_named(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[int, set[str]]] = []

    class Paper:
        def write(self, step: int, figures: dict[str, float]) -> None:
            written.append((step, set(figures)))

        def close(self) -> None:
            written.append((-1, set()))

    with monkeypatch.context() as patch:
        patch.setattr(monitors, "writers", lambda _settings: [Paper()])
        LoraLearner(settings(tiny_base, max_steps=2)).fit(examples(16), examples(4, 16), lambda *_: None)
    assert [step for step, _ in written] == [1, 2, -1]
    assert {"loss", "bits_per_byte", "tokens_per_second", "memory"} <= written[0][1]
    monkeypatch.setattr(monitors, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match="mlflow"):
        Monitor(LoraSettings(monitors=("mlflow",)))
