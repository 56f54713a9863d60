"""A voice of two: an adapter proposes, the owner's past grounds, and what sounds and fits best is said."""

__all__: list[str] = []
