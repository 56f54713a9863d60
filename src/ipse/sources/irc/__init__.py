"""IRC: the logs that clients and bouncers keep."""

__all__: list[str] = []
