"""Productivity: what time went to, when there was focus, which hours are good for it, what comes first.

Computed from the events of windows each time it is asked, and not kept; what is kept are the owner's own
words: corrections, tasks, and which of two comes first.
"""

__all__: list[str] = []
