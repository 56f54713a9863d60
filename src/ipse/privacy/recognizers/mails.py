"""Mail addresses, in letters of any script."""

from ipse.interfaces import Span
from ipse.privacy.mails import mails

__all__ = ["Mails"]


class Mails:
    """``EMAIL``: whatever has a domain behind its ``@``."""

    name = "mails"

    def find(self, text: str) -> list[Span]:
        """Every address."""
        return [Span(start, end, "EMAIL") for start, end in mails(text)] if "@" in text else []
