"""System health: what is out of the usual and why, what will be used up when, bursts of errors.

Computed from the events of the machine each time it is asked, and not kept.
"""

__all__: list[str] = []
