"""Journals and notes: Markdown and text, and what journalling apps export."""

__all__: list[str] = []
