"""Learners: one file per method. They see examples; they know no vault, no source and no voice."""

__all__: list[str] = []
