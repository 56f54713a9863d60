"""What cleaning took out: counts for the card, and a few samples for the owner's eyes only.

Samples are never kept: a report lives as long as the command that asked for it.
"""

from collections import Counter

import msgspec

from ipse.records import Example, Message

__all__ = ["Report", "Sample"]

SAMPLES = 3
SHOWN = 160  # characters of a sample


class Sample(msgspec.Struct, frozen=True):
    """The beginning of something that was left out, and the pseudonym of who wrote it or is answered."""

    who: str
    text: str


class Report:
    """Counts what each rule took out; the first few of each are held as samples where ``samples`` asks."""

    def __init__(self, *, samples: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self.samples: dict[str, list[Sample]] = {}
        self._sampling = samples

    def message(self, reason: str, message: Message) -> None:
        """Count a message that is no turn."""
        self.counts[reason] += 1
        self._sample(reason, message.sender.name or "me", message.text)

    def reply(self, reason: str, example: Example) -> None:
        """Count an example that is left out."""
        self.counts[reason] += 1
        self._sample(reason, example.contact, example.reply)

    def _sample(self, reason: str, who: str, text: str) -> None:
        held = self.samples.setdefault(reason, []) if self._sampling else []
        if self._sampling and len(held) < SAMPLES:
            short = " ".join(text.split())
            held.append(Sample(who, short if len(short) <= SHOWN else short[: SHOWN - 1] + "…"))
