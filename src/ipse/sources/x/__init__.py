"""X, formerly Twitter: the archive of one account."""

__all__: list[str] = []
