"""The metrics, one file a family; each takes a line-up and hands back draws. Knows no card."""

__all__: list[str] = []
