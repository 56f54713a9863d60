"""The verbs of events: what a machine did is recorded, kept, made into features, learned from and foretold.

Imported one by one, as the other verbs are.
"""

__all__: list[str] = []
