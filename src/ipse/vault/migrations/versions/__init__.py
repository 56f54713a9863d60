"""One file per step, named by its number."""

__all__: list[str] = []
