"""The databases a catalog can lie in: one file each for what only that one's dialect says."""

__all__: list[str] = []
