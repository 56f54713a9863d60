"""WhatsApp: the chats a phone exports, as text, zip or folder."""

__all__: list[str] = []
