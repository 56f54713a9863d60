"""E-mail: mbox (Google Takeout among them), maildir and single messages."""

__all__: list[str] = []
