"""The catalog's tables, step by step. Migrations are only appended; each runs in one transaction."""

__all__: list[str] = []
