"""Google Chat, and Hangouts before it, as Takeout exports them."""

__all__: list[str] = []
