"""Zulip: an organization's export, and dumps of messages."""

__all__: list[str] = []
