"""What the machine does while it trains: memory, and of a GPU its use and temperature; written where asked.

Only figures go out, never text. NVML tells of the GPU where nvidia-ml-py is installed; TensorBoard and MLflow
are the owner's own, and written to a folder.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

from ipse.bases.loading import device
from ipse.config import LoraSettings
from ipse.errors import LearnerError, MissingExtraError

__all__ = ["Monitor", "Writer", "writers"]

COOLER: Final = 5.0  # degrees below the limit from which it goes on
PAUSE: Final = 2.0  # seconds between two looks at a hot GPU
DATABASE: Final = "mlflow.db"
EXPERIMENT: Final = "ipse"
PACKAGES: Final = {"tensorboard": "tensorboard", "mlflow": "mlflow"}


class Writer(Protocol):
    """Somewhere that figures are written to."""

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        """Write them for a step."""

    def close(self) -> None:
        """No more come."""


class Monitor:
    """Looks at the machine; ``sensor`` gives temperature (°C) and use (0–1) of the GPU, None without one."""

    def __init__(
        self, settings: LoraSettings, sensor: Callable[[], tuple[float, float]] | None = None
    ) -> None:
        self._hot = settings.hot
        self._sensor = sensor or _nvml()
        self._writers = writers(settings)

    def figures(self) -> dict[str, float]:
        """Memory in bytes; of a GPU, if there is one, also use and temperature."""
        import psutil

        if device() == "cuda":
            import torch

            out = {"memory": float(torch.cuda.max_memory_allocated())}
        else:
            out = {"memory": float(psutil.Process().memory_info().rss)}
        if self._sensor is not None:
            out["temperature"], out["gpu"] = self._sensor()
        return out

    def rest(self, tell: Callable[[], None]) -> float:
        """Wait while the GPU is hot; returns the seconds waited. ``tell`` may stop it."""
        if self._sensor is None or self._sensor()[0] < self._hot:
            return 0.0
        begun = time.monotonic()
        while self._sensor()[0] > self._hot - COOLER:
            tell()
            time.sleep(PAUSE)
        return time.monotonic() - begun

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        """To whatever the settings name."""
        for writer in self._writers:
            writer.write(step, figures)

    def close(self) -> None:
        """No more come."""
        for writer in self._writers:
            writer.close()


def writers(settings: LoraSettings) -> list[Writer]:
    """Those that the settings name; ``MissingExtraError`` for one that is not installed."""
    made: dict[str, Callable[[Path], Writer]] = {"tensorboard": _Board, "mlflow": _Mlflow}
    for name in settings.monitors:
        if find_spec(PACKAGES[name]) is None:
            raise MissingExtraError(
                f"lora.monitors names {name}, which is not installed.", hint=f"Run: pip install {name}"
            )
    return [made[name](Path(settings.monitor_folder).expanduser()) for name in settings.monitors]


class _Board:
    """TensorBoard's event files."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # A folder each: in one, TensorBoard draws all runs as a single line.
        self._held: Any = SummaryWriter(str(folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}"))

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            self._held.add_scalar(f"ipse/{name}", value, step)

    def close(self) -> None:
        self._held.close()


class _Mlflow:
    """A run of MLflow, in a database of the folder; its own telemetry is switched off before it is imported.

    MLflow 3 writes no plain files any more.
    """

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("DO_NOT_TRACK", "true")
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            database = folder.resolve() / DATABASE
            self._client: Any = MlflowClient(tracking_uri=f"sqlite:///{database}")
            found = self._client.get_experiment_by_name(EXPERIMENT)
            place = (folder.resolve() / "mlflow-artifacts").as_uri()
            held = found.experiment_id if found else self._client.create_experiment(EXPERIMENT, place)
            self._run = self._client.create_run(held).info.run_id
        except (MlflowException, OSError) as error:
            raise LearnerError(
                f"MLflow cannot write to {folder}: {str(error).partition('. ')[0]}",
                hint="Set lora.monitor_folder to a folder that can be written, or leave mlflow out of "
                "lora.monitors.",
            ) from error

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = round(time.time() * 1000)
        self._client.log_batch(self._run, [Metric(name, value, now, step) for name, value in figures.items()])

    def close(self) -> None:
        self._client.set_terminated(self._run)


def _nvml() -> Callable[[], tuple[float, float]] | None:
    """NVML's sensor of the first GPU; None without the package or a GPU."""
    if device() != "cuda" or find_spec("pynvml") is None:
        return None
    import pynvml
    import torch

    def sensor() -> tuple[float, float]:
        heat = pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU)
        return float(heat), pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100

    try:
        pynvml.nvmlInit()
        # torch counts what CUDA_VISIBLE_DEVICES leaves, NVML what there is: one name tells the same device.
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(0).uuid}")
        sensor()  # a slice of a GPU (MIG) has a handle, but tells neither
    except pynvml.NVMLError:
        return None
    return sensor
