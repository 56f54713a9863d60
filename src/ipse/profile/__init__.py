"""The owner's style: what it is (:func:`measure`) and how it drifts. Knows conversations, never the vault."""

from ipse.profile.measure import measure
from ipse.profile.results import Habit, Period, Profile, Relation, Shift, Term, Vocabulary, Waits

__all__ = ["Habit", "Period", "Profile", "Relation", "Shift", "Term", "Vocabulary", "Waits", "measure"]
