"""Learners over tables and series: each with its baseline and calibrated uncertainty. Knows no vault."""

from ipse.tables.alarms import ALARMS, AlarmModel, Alarms, alarms_in, judge_alarms
from ipse.tables.anomalies import THRESHOLD, Detection, NoveltyDetector, detect
from ipse.tables.baselines import Verdict, judge_classes, judge_numbers, no_change, seasonal
from ipse.tables.clustering import Clusters, cluster
from ipse.tables.drift import Drift, drift
from ipse.tables.estimators import CLASSIFIERS, REGRESSORS, Estimator, Task, estimator
from ipse.tables.explaining import contributions
from ipse.tables.forecasting import FORECASTERS, SharedForecaster, forecast, intervals, smape
from ipse.tables.groups import GROUPS, GroupModel, judge_groups
from ipse.tables.intervals import adapted, block_interval, coverage
from ipse.tables.models import LEVEL, Forecasts, TableModel
from ipse.tables.monitors import ManyMetrics
from ipse.tables.orders import LEAST_PAIRS, OrderModel, Pairs, judge_orders
from ipse.tables.ranking import PairwiseRanker
from ipse.tables.series import Ahead, SeriesModel, even, judge_series, wrong_by
from ipse.tables.splitting import rolling_splits, time_split

__all__ = [
    "ALARMS",
    "CLASSIFIERS",
    "FORECASTERS",
    "GROUPS",
    "LEAST_PAIRS",
    "LEVEL",
    "REGRESSORS",
    "THRESHOLD",
    "Ahead",
    "AlarmModel",
    "Alarms",
    "Clusters",
    "Detection",
    "Drift",
    "Estimator",
    "Forecasts",
    "GroupModel",
    "ManyMetrics",
    "NoveltyDetector",
    "OrderModel",
    "Pairs",
    "PairwiseRanker",
    "SeriesModel",
    "SharedForecaster",
    "TableModel",
    "Task",
    "Verdict",
    "adapted",
    "alarms_in",
    "block_interval",
    "cluster",
    "contributions",
    "coverage",
    "detect",
    "drift",
    "estimator",
    "even",
    "forecast",
    "intervals",
    "judge_alarms",
    "judge_classes",
    "judge_groups",
    "judge_numbers",
    "judge_orders",
    "judge_series",
    "no_change",
    "rolling_splits",
    "seasonal",
    "smape",
    "time_split",
    "wrong_by",
]
