"""Signal: the app's own export, Android backups, tables made of them, and exports of Signal Desktop."""

__all__: list[str] = []
