"""Base models: what adapters stand on. Listed and checked, grown from text, and one that comes with ipse."""

__all__: list[str] = []
