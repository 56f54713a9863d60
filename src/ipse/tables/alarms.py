"""A model that raises alarms: over rows of many columns, or along one series; how rare each is, and why.

Nobody labels anomalies beforehand, so it is judged by what can be known without: how many alarms a week it
raises on time it never saw, and how many of the jumps that are planted there it finds, each as high as the
column's usual range. Beside it stand chance at the same rate of alarms, and the plainest rule (how many
standard deviations off), set to the same rate.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError
from ipse.tables.anomalies import NoveltyDetector
from ipse.tables.baselines import Verdict
from ipse.tables.intervals import block_interval
from ipse.tables.monitors import ManyMetrics
from ipse.tables.persistence import dump_arrays, load_arrays

__all__ = ["ALARMS", "AlarmModel", "Alarms", "alarms_in", "judge_alarms", "missed"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALARMS = ("pca", "isolation", "novelty")
VIEWS = ("value", "mean", "time of day")
WEEK = 7 * 86_400_000_000
PLANTED = 200
QUIET = 5  # rows without an alarm that end one


class Alarms(msgspec.Struct, frozen=True, kw_only=True):
    """Of some rows: ``score`` (1: an alarm), ``rare`` the share of held-out rows that were less unusual.

    ``why`` are columns with their values and the share of each in it, the largest first, for alarms alone.
    """

    score: Floats
    rare: Floats
    why: list[list[tuple[str, float, float]]]


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    task: str = "anomaly"
    algorithm: str = "pca"
    columns: tuple[str, ...] = ()
    rate: float = 0.01
    seed: int = 7
    params: dict[str, float] = {}


class AlarmModel:
    """``pca`` and ``isolation`` are of rows of features, ``novelty`` of one series (one column).

    ``rate`` is the share of rows that may be alarms; ``novelty`` has its own threshold instead.
    """

    def __init__(
        self,
        algorithm: str = "pca",
        *,
        rate: float = 0.01,
        seed: int = 7,
        params: Mapping[str, float] | None = None,
    ) -> None:
        if algorithm not in ALARMS:
            raise LearnerError(
                f"There is no algorithm `{algorithm}` for anomalies.", hint=f"There are: {', '.join(ALARMS)}."
            )
        self._facts = _Facts(algorithm=algorithm, rate=rate, seed=seed, params=dict(params or {}))
        self._many: ManyMetrics | None = None
        self._seen: Floats = np.empty(0)
        self.usual_: Floats = np.empty(0)
        self.spread_: Floats = np.empty(0)

    @property
    def columns(self) -> tuple[str, ...]:
        """What an alarm is explained by."""
        return self._facts.columns

    def fit(self, x: Floats, columns: Sequence[str], times: Ints) -> Self:
        """Learn what is usual from rows in order of time (µs); raises ``LearnerError`` for too few."""
        if self._facts.algorithm == "novelty":
            self._facts = msgspec.structs.replace(self._facts, columns=VIEWS)
            score, seen = self._along(x[:, 0], times)
            self.usual_, self.spread_ = _usual(seen)
        else:
            self._facts = msgspec.structs.replace(self._facts, columns=tuple(columns))
            facts = self._facts
            self._many = ManyMetrics(facts.algorithm, rate=facts.rate, seed=facts.seed).fit(x, columns)
            score = self._many.score(x)
            self.usual_, self.spread_ = _usual(x)
        self._seen = np.sort(score[-max(len(score) // 5, 1) :])
        return self

    def tell(self, x: Floats, times: Ints) -> Alarms:
        """What it says of rows in order; along a series, each from the rows before it among these."""
        if self._many is None:
            return self._tell_along(x[:, 0], times)
        score = self._many.score(x)
        why = [
            [(name, float(row[self.columns.index(name)]), share) for name, share in each[:3]]
            for row, each in zip(x, self._many.why(x), strict=True)
        ]
        return Alarms(score=score, rare=self._rare(score), why=why)

    def files(self) -> dict[str, bytes]:
        """The model as files by name."""
        held = {"seen": self._seen, "usual": self.usual_, "spread": self.spread_}
        many = self._many.files() if self._many is not None else {}
        return {
            "model.json": msgspec.json.encode(self._facts),
            "usual.npz": dump_arrays(held),
            **{f"many-{name}": data for name, data in many.items()},
        }

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """A model of its files; raises ``LearnerError``."""
        try:
            facts = msgspec.json.decode(files["model.json"], type=_Facts)
        except (KeyError, msgspec.DecodeError) as error:
            raise LearnerError("These are no files of a model.", hint="Train it again.") from error
        made = cls(facts.algorithm, rate=facts.rate, seed=facts.seed, params=facts.params)
        made._facts = facts
        held = load_arrays(files["usual.npz"])
        made._seen, made.usual_, made.spread_ = held["seen"], held["usual"], held["spread"]
        many = {name.removeprefix("many-"): data for name, data in files.items() if name.startswith("many-")}
        if many:
            made._many = ManyMetrics(facts.algorithm, rate=facts.rate, seed=facts.seed)
            made._many.restore(many, facts.columns)
        return made

    def planted(self, x: Floats, times: Ints, rows: Ints, jumps: Floats) -> Floats:
        """The score of each of these rows with a jump added to it (a row of ``jumps`` each), one by one."""
        if self._many is not None:
            return self._many.score(x[rows] + jumps)
        found, detector = {}, NoveltyDetector(**self._facts.params)  # type: ignore[arg-type]
        wanted = dict(zip(rows.tolist(), jumps[:, 0].tolist(), strict=True))
        for row, (at, value) in enumerate(zip(times.tolist(), x[:, 0].tolist(), strict=True)):
            if row in wanted:
                found[row] = deepcopy(detector).update(at, value + wanted[row]).score
            detector.update(at, value)
        return np.array([found[row] for row in rows.tolist()])

    def _along(self, values: Floats, times: Ints) -> tuple[Floats, Floats]:
        detector = NoveltyDetector(**self._facts.params)  # type: ignore[arg-type]
        score, seen = np.zeros(len(values)), np.full((len(values), len(VIEWS)), np.nan)
        for row, (at, value) in enumerate(zip(times.tolist(), values.tolist(), strict=True)):
            told = detector.update(at, value)
            score[row] = told.score
            seen[row, VIEWS.index(told.view)] = told.seen
        return score, seen

    def _tell_along(self, values: Floats, times: Ints) -> Alarms:
        detector = NoveltyDetector(**self._facts.params)  # type: ignore[arg-type]
        score, why = np.zeros(len(values)), []
        for row, (at, value) in enumerate(zip(times.tolist(), values.tolist(), strict=True)):
            told = detector.update(at, value)
            score[row] = told.score
            why.append([(str(told.view), told.seen, 1.0)] if told.score else [])
        return Alarms(score=score, rare=self._rare(score), why=why)

    def _rare(self, score: Floats) -> Floats:
        """One less the conformal p-value: how many of the held-out scores lie below."""
        return np.asarray(np.searchsorted(self._seen, score, side="left") / (len(self._seen) + 1))


def alarms_in(score: Floats) -> NDArray[np.intp]:
    """The rows that begin an alarm: what follows within a few rows belongs to it."""
    rows = np.flatnonzero(score >= 1)
    return rows[np.diff(rows, prepend=-QUIET - 1) > QUIET]


def missed(model: AlarmModel, x: Floats, times: Ints, judged: NDArray[np.intp], *, seed: int) -> Floats:
    """How wrong at each planted jump: 1 where it is not found, 1 more where there was an alarm without it.

    The same rows and seed plant the same jumps, so models can be held against each other.
    """
    places, jumps = _planted(x, judged, seed)
    rows, many = judged[places].astype(np.int64), model.columns != VIEWS
    score = model.tell(x[rows], times[rows]).score if many else model.tell(x, times).score[rows]
    found = (model.planted(x, times, rows, jumps) >= 1).astype(np.float64)
    return np.asarray(1 - found + (score >= 1))


def _planted(x: Floats, judged: NDArray[np.intp], seed: int) -> tuple[NDArray[np.intp], Floats]:
    """Where among the judged rows jumps of the usual range are planted, and these."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(len(judged), min(PLANTED, len(judged)), replace=False))
    columns = rng.integers(0, x.shape[1], len(places))
    signs = rng.choice([-1.0, 1.0], len(places))
    _, spread = _usual(x[: judged[0]])
    jumps = np.zeros((len(places), x.shape[1]))
    jumps[np.arange(len(places)), columns] = signs * np.maximum(spread[columns], 1e-9)
    return places, jumps


def judge_alarms(
    model: AlarmModel, x: Floats, times: Ints, judged: NDArray[np.intp], *, most: float, seed: int
) -> Verdict:
    """By planted jumps that are found, beside chance; at most ``most`` alarms a week, by the upper 95 % end.

    ``model`` was fitted on rows before ``judged``; ``x`` are all rows, in order.
    """
    from scipy.stats import chi2

    many = model.columns != VIEWS
    score = model.tell(x[judged] if many else x, times[judged] if many else times).score
    score = score if many else score[judged]
    weeks = max(float(times[judged][-1] - times[judged][0]) / WEEK, 1e-9)
    told = len(alarms_in(score))
    low, high = (
        float(chi2.ppf(0.025, 2 * told) / 2 / weeks) if told else 0.0,
        float(chi2.ppf(0.975, 2 * told + 2) / 2 / weeks),
    )
    earlier = x[: judged[0]]
    places, jumps = _planted(x, judged, seed)
    rows = judged[places].astype(np.int64)
    found = (model.planted(x, times, rows, jumps) >= 1).astype(np.float64)
    chance = (score[places] >= 1).astype(np.float64)
    plain = _plain(earlier, x[rows] + jumps, float(np.mean(score >= 1)))
    better, worse = block_interval(found - chance, seed=seed), block_interval(found - plain, seed=seed)
    against = ""
    if high > most:
        against = (
            f"{told / weeks:.2g} alarms a week, up to {high:.2g} by the 95 % interval; {most:g} are allowed"
        )
    elif worse[1] < 0:
        against = (
            f"the plain rule finds {plain.mean():.0%} at the same rate of alarms, this {found.mean():.0%}"
        )
    return Verdict(
        metric="found",
        value=float(found.mean()),
        baseline="chance",
        baseline_value=float(chance.mean()),
        better=float((found - chance).mean()),
        low=better[0],
        high=better[1],
        rows=len(judged),
        figures={
            "alarms_a_week": told / weeks,
            "alarms_a_week_low": low,
            "alarms_a_week_high": high,
            "found_by_plain_rule": float(plain.mean()),
        },
        but=against,
    )


def _plain(earlier: Floats, planted: Floats, rate: float) -> Floats:
    """Whether a plain limit on standard deviations, set to the same rate on earlier rows, finds each."""
    middle = np.nan_to_num(np.nanmean(np.where(np.isnan(earlier).all(axis=0), 0.0, earlier), axis=0))
    scale = np.maximum(np.nan_to_num(np.nanstd(earlier, axis=0)), 1e-9)
    off = np.abs(np.nan_to_num((earlier - middle) / scale)).max(axis=1)
    limit = float(np.quantile(off, 1 - min(max(rate, 1 / (len(off) + 1)), 0.5)))
    now = np.abs(np.nan_to_num((planted - middle) / scale)).max(axis=1)
    return np.asarray(now > limit, dtype=np.float64)


def _usual(x: Floats) -> tuple[Floats, Floats]:
    """The median of each column, and how far apart its 5th and 95th percentiles lie."""
    known = np.where(np.isnan(x).all(axis=0), 0.0, x)
    low, middle, high = np.nanquantile(known, [0.05, 0.5, 0.95], axis=0)
    return np.nan_to_num(middle), np.nan_to_num(high - low)
