"""Slack: the export of a workspace."""

__all__: list[str] = []
