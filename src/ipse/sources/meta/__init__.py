"""What Meta's exports have in common: Messenger's and Instagram's sources are made of these parts."""

__all__: list[str] = []
