"""Collectors: each watches one thing on this machine, and knows neither the vault nor the others."""

from ipse.collectors.polled import Polled

__all__ = ["Polled"]
