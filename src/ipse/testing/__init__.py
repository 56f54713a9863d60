"""For who writes plugins: checks of the contracts, to be run in the plugin's own tests."""

from ipse.testing.collectors import check_collector

__all__ = ["check_collector"]
