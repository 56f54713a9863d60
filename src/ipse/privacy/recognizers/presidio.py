"""Presidio's pattern recognizers, for those who want its types beside ours (extra ``presidio``).

Only what works by pattern and check is taken: names and places need a spaCy model, which is ``ner`` here.
Each find keeps Presidio's own confidence, so its weaker patterns are asked about or ignored.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ipse.errors import SettingsError
from ipse.interfaces import Span

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

__all__ = ["Presidio"]

KINDS = {
    "CREDIT_CARD": "CARD",
    "CRYPTO": "WALLET",
    "EMAIL_ADDRESS": "EMAIL",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
    "MAC_ADDRESS": "MAC",
    "PHONE_NUMBER": "PHONE",
    "URL": "URL",
}
"""Their types under our names; what is not here is a number of somebody's: ``ID``."""
LEFT_OUT = frozenset({"DATE_TIME"})  # when something is says too little about anybody


class Presidio:
    """What ``presidio-analyzer`` finds by pattern in English text."""

    name = "presidio"
    optional = True

    def find(self, text: str) -> Sequence[Span]:
        """Every result of every pattern recognizer."""
        return [
            Span(result.start, result.end, KINDS.get(result.entity_type, "ID"), float(result.score))
            for one in self._recognizers
            for result in one.analyze(text, one.supported_entities, None) or ()
            if result.entity_type not in LEFT_OUT
        ]

    @cached_property
    def _recognizers(self) -> "list[EntityRecognizer]":
        try:
            from presidio_analyzer import PatternRecognizer, RecognizerRegistry
        except ImportError as error:
            raise SettingsError(
                "The recognizer `presidio` needs presidio-analyzer.", hint="pip install 'ipse[presidio]'"
            ) from error
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=["en"])
        return [one for one in registry.recognizers if isinstance(one, PatternRecognizer)]
