"""Telegram Desktop's machine-readable export: one chat, or the whole account, in ``result.json``."""

__all__: list[str] = []
