"""For who writes plugins: checks of the contracts, to be run in the plugin's own tests."""

from ipse.testing.collectors import check_collector
from ipse.testing.learners import check_learner

__all__ = ["check_collector", "check_learner"]
