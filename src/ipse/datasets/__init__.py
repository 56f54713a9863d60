"""Frozen, versioned views of a vault: messages become dialogues, examples, three sets and a card.

Knows the two families of records and the settings of a dataset; knows no source, no key and no model.
"""

from ipse.datasets.card import Card, SetSummary
from ipse.datasets.cleaning import Report, Sample
from ipse.datasets.dataset import Dataset, Talk, impostors, prepare
from ipse.datasets.dialogues import Dialogue, TimedTurn, dialogues, examples
from ipse.datasets.formats import InstructionFormat, to_chat_jsonl, to_jsonl
from ipse.datasets.persona import Persona, Theme, persona_of
from ipse.datasets.rolling import Fold, Rolling, rolling
from ipse.datasets.rules import RULES, Rule
from ipse.datasets.split import Split, split

__all__ = [
    "RULES",
    "Card",
    "Dataset",
    "Dialogue",
    "Fold",
    "InstructionFormat",
    "Persona",
    "Report",
    "Rolling",
    "Rule",
    "Sample",
    "SetSummary",
    "Split",
    "Talk",
    "Theme",
    "TimedTurn",
    "dialogues",
    "examples",
    "impostors",
    "persona_of",
    "prepare",
    "rolling",
    "split",
    "to_chat_jsonl",
    "to_jsonl",
]
