"""Messages on a Mac or iPhone: its database, and the blobs in it."""

__all__: list[str] = []
