"""Any table, read as its owner says what its columns mean."""

__all__: list[str] = []
