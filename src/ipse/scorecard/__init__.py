"""How good a clone is: one card of metrics beside all baselines, and honest where it cannot tell.

See :func:`evaluate`. Knows examples and voices, never the vault.
"""

from ipse.scorecard.blind import BlindPair, BlindTest, Side, blind_test, wilson
from ipse.scorecard.card import evaluate, table, told_of
from ipse.scorecard.comparing import Compared, Comparison, Difference, compare
from ipse.scorecard.contenders import Judging, Made, Rivals, Round, Safety, divide
from ipse.scorecard.drafts import Draft
from ipse.scorecard.gates.secrets import plant, secrets
from ipse.scorecard.page import render
from ipse.scorecard.results import Check, Figure, Forced, Gate, Human, Product, Row, Sample, Scorecard

__all__ = [
    "BlindPair",
    "BlindTest",
    "Check",
    "Compared",
    "Comparison",
    "Difference",
    "Draft",
    "Figure",
    "Forced",
    "Gate",
    "Human",
    "Judging",
    "Made",
    "Product",
    "Rivals",
    "Round",
    "Row",
    "Safety",
    "Sample",
    "Scorecard",
    "Side",
    "blind_test",
    "compare",
    "divide",
    "evaluate",
    "plant",
    "render",
    "secrets",
    "table",
    "told_of",
    "wilson",
]
