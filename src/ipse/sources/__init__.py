"""One file per export: each reads it into records and knows nothing of vault, privacy or learners."""

__all__: list[str] = []
