"""Every collector keeps the contract, ours and the example's; one that breaks it is found."""

import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from ipse import plugins
from ipse.collectors import Polled
from ipse.config import CollectSettings, Settings
from ipse.errors import PluginError
from ipse.interfaces import Collector, Stop
from ipse.records import Sample
from ipse.testing import check_collector

EXAMPLE = Path(__file__).parents[2] / "examples" / "collector" / "temperature.py"


def settings(folder: Path) -> Settings:
    log = folder / "app.log"
    log.write_text("error: before\n")
    return Settings(collect=CollectSettings(paths=(str(folder),), logs=(str(log),)))


@pytest.mark.parametrize("name", plugins.collectors())
def test_every_collector_keeps_the_contract(name: str, tmp_path: Path) -> None:
    check_collector(plugins.collector(name), settings(tmp_path), run_seconds=0.1)


def test_the_example_keeps_it_in_under_forty_lines() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 40
    spec = importlib.util.spec_from_file_location("temperature", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check_collector(module.Temperature, run_seconds=0.1)

    class Warm(module.Temperature):  # type: ignore[misc, name-defined]
        def _sensors(self) -> list[float]:
            return [40.0, 51.5]

    check_collector(Warm, run_seconds=0.1)
    assert [sample.data for sample in Warm().poll()] == [{"celsius": 51.5}]


class Good(Polled):
    name = "good"
    says = "something"

    def poll(self) -> Iterable[Sample]:
        yield Sample(kind="metric", data={"value": 1.0})


class Stubborn(Good):
    def run(self, emit: Callable[[Sample], None], stop: Stop) -> None:
        import threading

        threading.Event().wait(30)


class Failing(Good):
    def run(self, emit: Callable[[Sample], None], stop: Stop) -> None:
        raise ValueError("no")


def emitting(sample: Any) -> type[Collector]:
    class Bad(Good):
        def poll(self) -> Iterable[Sample]:
            yield sample

    return Bad


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("part", "says"),
    [
        (type("Bare", (), {}), "has no `name`"),
        (type("Named", (Good,), {"name": "a b"}), "bad name"),
        (type("Busy", (Good,), {"every": 0.0}), "every 0 seconds"),
        (type("Mute", (Good,), {"says": ""}), "says nothing"),
        (type("Silent", (Good,), {"check": lambda _: ""}), "why it cannot run"),
        (Failing, "fails while it runs"),
        (emitting("x"), "emits str"),
        (emitting(Sample(data={"a": 1}, kind="odd")), "kind `odd`"),  # type: ignore[arg-type]
        (emitting(Sample(data={"a": 1}, dur=-1)), "below zero"),
        (emitting(Sample(data={})), "says nothing"),
        (emitting(Sample(data={"a": [1]})), "as list"),  # type: ignore[dict-item]
        (emitting(Sample(data={"a": float("nan")})), "no finite number"),
        (emitting(Sample(data={1: 1})), "something else than text"),  # type: ignore[dict-item]
        (emitting(Sample(data={"a": "x"}, kind="metric")), "without a number"),
    ],
)
def test_what_breaks_it_is_found(part: type[Collector], says: str) -> None:
    with pytest.raises(PluginError, match=says):
        check_collector(part, run_seconds=0.05)


def test_one_that_does_not_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipse.testing.collectors.END_SECONDS", 0.2)
    with pytest.raises(PluginError, match="still runs"):
        check_collector(Stubborn, run_seconds=0.01)


def test_one_that_cannot_run_here_need_not() -> None:
    check_collector(type("Elsewhere", (Stubborn,), {"check": lambda _: "not here"}))
    assert Polled.configure(Settings()).check() is None
    with pytest.raises(NotImplementedError):
        list(Polled().poll())
