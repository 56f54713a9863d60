"""Discord: the data package that it sends to its users, and what DiscordChatExporter writes."""

__all__: list[str] = []
