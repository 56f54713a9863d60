"""How good a clone is: one card of metrics beside all baselines, and honest where it cannot tell.

See :func:`evaluate`. Knows examples and voices, never the vault.
"""

from ipse.scorecard.card import evaluate, table
from ipse.scorecard.contenders import Judging, Rivals, divide
from ipse.scorecard.page import render
from ipse.scorecard.results import Check, Figure, Gate, Row, Sample, Scorecard

__all__ = [
    "Check",
    "Figure",
    "Gate",
    "Judging",
    "Rivals",
    "Row",
    "Sample",
    "Scorecard",
    "divide",
    "evaluate",
    "render",
    "table",
]
