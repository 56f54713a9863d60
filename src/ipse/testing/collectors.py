"""The contract of a collector, tried out: ``check_collector(MyCollector)`` in a test of yours."""

import threading
import time

from ipse.config import Settings
from ipse.errors import PluginError
from ipse.interfaces import Collector
from ipse.records import Sample

__all__ = ["check_collector"]

END_SECONDS = 5.0
KINDS = ("state", "point", "metric")
PLAIN = (str, int, float, bool, type(None))


def check_collector(
    part: type[Collector], settings: Settings | None = None, *, run_seconds: float = 1.5
) -> None:
    """Make it, look, let it run a moment and stop it; raises ``PluginError`` at what breaks the contract.

    Where :meth:`Collector.check` says that it cannot run here, only that is looked at.
    """
    for name in ("name", "says", "every"):
        _require(hasattr(part, name), part, f"has no `{name}`")
    made = part.configure(settings or Settings())
    _require(bool(made.name) and made.name.replace("_", "").isalnum(), part, f"has a bad name `{made.name}`")
    _require(made.every > 0, part, "looks every 0 seconds; `every` is above that")
    _require("\n" not in made.says and bool(made.says), part, "says nothing of itself in one line")
    why = made.check()
    _require(why is None or bool(why and "\n" not in why), part, "does not say in one line why it cannot run")
    if why is not None:
        return
    for sample in made.poll():
        _check_sample(part, sample)
    _check_run(part, part.configure(settings or Settings()), run_seconds)


def _check_run(part: type[Collector], made: Collector, seconds: float) -> None:
    """It emits from its own thread, and ends when it is told."""
    stop, seen, failed = threading.Event(), list[Sample](), list[BaseException]()

    def run() -> None:
        try:
            made.run(seen.append, stop)
        except BaseException as error:  # handed to who asked, in their own thread
            failed.append(error)
            raise

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(seconds)
    stop.set()
    thread.join(END_SECONDS)
    _require(not failed, part, f"fails while it runs: {failed}")
    _require(not thread.is_alive(), part, f"still runs {END_SECONDS:g} s after it was told to stop")
    for sample in seen:
        _check_sample(part, sample)


def _check_sample(part: type[Collector], sample: Sample) -> None:
    _require(isinstance(sample, Sample), part, f"emits {type(sample).__name__}, not Sample")
    _require(sample.kind in KINDS, part, f"emits the kind `{sample.kind}`")
    _require(sample.dur >= 0, part, "emits a duration below zero")
    _require(bool(sample.data), part, "emits a sample that says nothing")
    for name, value in sample.data.items():
        _require(isinstance(name, str), part, "names a field with something else than text")
        _require(isinstance(value, PLAIN), part, f"emits `{name}` as {type(value).__name__}")
        finite = not isinstance(value, float) or abs(value) < float("inf")
        _require(finite, part, f"emits `{name}` that is no finite number")
    if sample.kind == "metric":
        numbers = [value for value in sample.data.values() if isinstance(value, int | float)]
        _require(bool(numbers), part, "emits a metric without a number")


def _require(holds: object, part: type[Collector], what: str) -> None:
    if not holds:
        raise PluginError(f"The collector {part.__name__} {what}.", hint="See docs/guides/collecting.md.")
