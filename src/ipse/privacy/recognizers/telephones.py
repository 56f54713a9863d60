"""Phone numbers, with a country code or as the owner's regions write them."""

from collections.abc import Sequence
from typing import Self

from ipse.config import PrivacySettings
from ipse.interfaces import Span
from ipse.privacy.phones import phones
from ipse.privacy.recognizers.patterns import digits

__all__ = ["Telephones"]

SHORTEST = 7


class Telephones:
    """``PHONE``; ``regions`` are those of numbers written without a country code, in order."""

    name = "phones"

    def __init__(self, regions: Sequence[str] = PrivacySettings().phone_regions) -> None:
        self.regions = tuple(regions)

    @classmethod
    def configure(cls, settings: PrivacySettings) -> Self:
        """For the regions of the settings."""
        return cls(settings.phone_regions)

    def find(self, text: str) -> list[Span]:
        """Every number. A card's digits often are one, too: the gate takes the card."""
        if digits(text) < SHORTEST:
            return []
        return [Span(start, end, "PHONE") for start, end in phones(text, self.regions)]
