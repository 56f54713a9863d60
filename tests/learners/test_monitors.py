"""The machine while it trains: its figures, a pause when it is hot, and where they are written."""

import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ipse.config import LoraSettings
from ipse.errors import CancelledError, LearnerError, MissingExtraError
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


class Nvml:
    """NVML as its package has it, of one GPU; ``fails`` names the call that the GPU does not support."""

    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        pass

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*given: object) -> object:
            if name == self.fails:
                raise self.NVMLError
            self.asked += [str(one) for one in given if isinstance(one, str)]
            return {
                "nvmlDeviceGetTemperature": 61,
                "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=50),
            }.get(name)

        return call


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        ("", (61.0, 0.5)),
        ("nvmlInit", None),
        ("nvmlDeviceGetHandleByUUID", None),
        ("nvmlDeviceGetUtilizationRates", None),  # as a slice of a GPU does
    ],
)
def test_the_sensor_is_that_of_the_gpu_that_torch_uses(
    monkeypatch: pytest.MonkeyPatch, fails: str, told: tuple[float, float] | None
) -> None:
    import torch

    nvml = Nvml(fails)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(monitors, "find_spec", lambda _name: object())
    monkeypatch.setattr(monitors, "device", lambda: "cuda")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _n: SimpleNamespace(uuid="77-abc"))
    sensor = monitors._nvml()
    assert (sensor() if sensor else None) == told
    assert fails in ("nvmlInit", "nvmlDeviceGetHandleByUUID") or nvml.asked == ["GPU-77-abc"]


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
@pytest.mark.filterwarnings("default")
def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    written = Monitor(LoraSettings(monitors=("tensorboard",), monitor_folder=str(tmp_path)))
    for step in (1, 2):
        written.write(step, {"loss": 1 / step})
    written.close()
    (run,) = tmp_path.iterdir()
    read = EventAccumulator(str(run))
    read.Reload()
    assert [(each.step, each.value) for each in read.Scalars("ipse/loss")] == [(1, 1.0), (2, 0.5)]


@pytest.mark.skipif(find_spec("mlflow") is None, reason="mlflow is not installed")
@pytest.mark.filterwarnings("default")
def test_mlflow_reads_what_was_written(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    wanted = LoraSettings(monitors=("mlflow",), monitor_folder=str(tmp_path / "runs"))
    for last in (0.5, 0.25):  # two trainings are two runs of one experiment
        written = Monitor(wanted)
        for step, loss in ((1, 1.0), (2, last)):
            written.write(step, {"loss": loss, "memory": 1e9})
        written.close()
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'runs' / monitors.DATABASE}")
    (experiment,) = [one for one in client.search_experiments() if one.name == "ipse"]
    runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]
    curves = [[(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")] for run in runs]
    assert sorted(curves) == [[(1, 1.0), (2, 0.25)], [(1, 1.0), (2, 0.5)]]
    (tmp_path / "file").write_text("")
    with pytest.raises(LearnerError, match="MLflow cannot write"):
        Monitor(wanted.model_copy(update={"monitor_folder": str(tmp_path / "file")}))
