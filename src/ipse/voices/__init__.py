"""Voices: trained clones at work, one file per kind. They know no vault and no source."""

__all__: list[str] = []
