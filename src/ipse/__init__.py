"""ipse: your own AI, learned from your own words and days, on your own machine."""

__all__ = ["__version__"]

__version__ = "0.1.0"
