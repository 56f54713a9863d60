"""Learners over tables and series: each with its baseline and calibrated uncertainty. Knows no vault."""

from ipse.tables.anomalies import THRESHOLD, Detection, NoveltyDetector, detect
from ipse.tables.baselines import Verdict, judge_classes, judge_numbers, no_change, seasonal
from ipse.tables.clustering import Clusters, cluster
from ipse.tables.drift import Drift, drift
from ipse.tables.estimators import CLASSIFIERS, REGRESSORS, Estimator, Task, estimator
from ipse.tables.explaining import contributions
from ipse.tables.forecasting import FORECASTERS, SharedForecaster, forecast, intervals, smape
from ipse.tables.intervals import adapted, coverage
from ipse.tables.models import Forecasts, TableModel
from ipse.tables.monitors import ManyMetrics
from ipse.tables.ranking import PairwiseRanker
from ipse.tables.splitting import rolling_splits, time_split

__all__ = [
    "CLASSIFIERS",
    "FORECASTERS",
    "REGRESSORS",
    "THRESHOLD",
    "Clusters",
    "Detection",
    "Drift",
    "Estimator",
    "Forecasts",
    "ManyMetrics",
    "NoveltyDetector",
    "PairwiseRanker",
    "SharedForecaster",
    "TableModel",
    "Task",
    "Verdict",
    "adapted",
    "cluster",
    "contributions",
    "coverage",
    "detect",
    "drift",
    "estimator",
    "forecast",
    "intervals",
    "judge_classes",
    "judge_numbers",
    "no_change",
    "rolling_splits",
    "seasonal",
    "smape",
    "time_split",
]
