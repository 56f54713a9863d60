"""Metric 12: seconds to an answer and to a clone, memory, and how near the machine's limit it works.

A language voice reads all its weights for every token it says, so memory bandwidth bounds it; the bound is
measured here, on the machine that answers. Figures hold for this machine and what else ran on it.
"""

import resource
import sys
import time

import msgspec
import numpy as np

from ipse.interfaces import EngineVoice, LanguageVoice
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.contenders import Contender, Lineup, Made
from ipse.scorecard.measures import Measure, Measured, Missing, Spec
from ipse.scorecard.results import CLONE

__all__ = ["bandwidth", "costs"]

PROBE_BYTES = 1 << 28  # far beyond any cache
PROBES = 3
SLOWEST = 0.95


def _spec(figure: str, name: str, definition: str, good: str, unit: str, *, higher: bool = False) -> Spec:
    return msgspec.convert(
        {
            "id": f"12 {figure}".rstrip(), "name": name, "definition": definition, "good": good, "unit": unit,
            "higher": higher, "against": None, "primary": not figure,
        },
        type=Spec,
    )  # fmt: skip


P95 = _spec("", "Cost", "Seconds to a whole answer, 95th percentile.", "below a second", "seconds")
P50 = _spec(
    "p50", "Seconds to an answer (p50)", "Seconds to a whole answer, median.", "below a second", "seconds"
)
TRAINED = _spec("clone", "Seconds to clone (time to clone)", "Seconds of training.", "minutes", "seconds")
MEMORY = _spec(
    "memory",
    "Peak memory (peak memory)",
    "Most memory of the process that judged, so far.",
    "fits",
    "megabytes",
)
LIMIT = _spec(
    "limit", "Share of the memory limit (of limit)",
    "Tokens a second times bytes of weights, as a share of the memory bandwidth measured.",
    "at least .5", "share", higher=True,
)  # fmt: skip


def costs(lineup: Lineup, made: Made, plan: Plan) -> list[Measure]:
    """Seconds to an answer of every voice; memory and time to clone of the clone alone."""
    clone = lineup.clone
    if not clone.seconds:
        return [Missing(P95, "No answer was timed.")]
    out: list[Measure] = []
    for spec, share in ((P95, SLOWEST), (P50, 0.5)):
        draws = {
            each.name: _quantile(each, lineup, share, plan)
            for each in (clone, *lineup.baselines)
            if each.seconds
        }
        out.append(Measured(spec=spec, plan=plan, draws=draws, note=_NOTE))
    out.append(_single(MEMORY, _peak_megabytes(), plan, "Judging included."))
    if made.seconds is not None:
        out.append(_single(TRAINED, made.seconds, plan, "As the learner reported it."))
    if isinstance(clone.voice, LanguageVoice):
        out.append(_of_the_limit(clone, made, plan))
    return out


_NOTE = "On this machine, with what else ran on it."


def _of_the_limit(clone: Contender, made: Made, plan: Plan) -> Measure:
    """Tokens a second after the first, times what is read for each, over what memory can deliver."""
    runs = clone.voice if isinstance(clone.voice, EngineVoice) else None
    weights = runs.weights if runs else made.weights
    spoken = sum(max(0, each.pieces - 1) for each in clone.seconds)
    taken = sum(each.whole - each.first for each in clone.seconds)
    if not weights or not spoken or taken <= 0:
        return Missing(LIMIT, "The size of its weights is not known, or it says one token at most.")
    speed, most = spoken / taken, bandwidth()
    note = f"{speed:.0f} tokens a second, {weights / 1e6:.0f} MB of weights, "
    note += f"{most / 1e9:.1f} GB/s of memory."
    if runs:
        note += f" By {runs.engine}." + (f" {runs.slower}" if runs.slower else "")
    return _single(LIMIT, speed * weights / most, plan, note)


def _quantile(contender: Contender, lineup: Lineup, share: float, plan: Plan) -> Draws:
    """The quantile of seconds on every resample, answers weighted as their conversations were drawn."""
    taken = np.array([each.whole for each in contender.seconds])
    order = np.argsort(taken, kind="stable")
    weights = plan.weights[:, lineup.clusters[order]].cumsum(axis=1)
    at = (weights >= share * weights[:, -1:]).argmax(axis=1)
    return np.asarray(taken[order][at])


def _single(spec: Spec, value: float, plan: Plan, note: str) -> Measured:
    """A figure that was taken once: it has no interval."""
    draws = np.full(len(plan.weights), np.nan)
    draws[0] = value
    return Measured(spec=spec, plan=plan, draws={CLONE: draws}, note=note)


def _peak_megabytes() -> float:
    """Peak resident memory of this process: kilobytes on Linux, bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3 / 1.024)


def bandwidth(size: int = PROBE_BYTES) -> float:
    """Bytes a second that this machine reads from memory, by summing an array that no cache holds."""
    held = np.ones(size // 8)
    best = float("inf")
    for _ in range(PROBES):
        started = time.perf_counter()
        held.sum()
        best = min(best, time.perf_counter() - started)
    return held.nbytes / best
