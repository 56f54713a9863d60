"""Features of events: columns in, a table of numbers at points in time out. Knows neither keys nor models."""

from ipse.features.checking import Breach, LeakCheck, check_point_in_time
from ipse.features.definitions import (
    Aggregation,
    Feature,
    FeatureSet,
    Origins,
    SqlFeature,
    TimeFeature,
    parse_features,
    parse_set,
    seconds,
)
from ipse.features.streams import Stream
from ipse.features.tables import FeatureTable, compute, origins_of

__all__ = [
    "Aggregation",
    "Breach",
    "Feature",
    "FeatureSet",
    "FeatureTable",
    "LeakCheck",
    "Origins",
    "SqlFeature",
    "Stream",
    "TimeFeature",
    "check_point_in_time",
    "compute",
    "origins_of",
    "parse_features",
    "parse_set",
    "seconds",
]
