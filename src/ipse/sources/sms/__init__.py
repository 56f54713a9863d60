"""Text messages of Android phones, as SMS Backup & Restore and its imitators write them."""

__all__: list[str] = []
