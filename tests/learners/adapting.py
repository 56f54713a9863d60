"""Made-up examples and settings for tests of adapters."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ipse.config import LoraSettings
from ipse.records import Example, Turn

__all__ = ["Kept", "Killed", "examples", "ignore", "settings"]

START = datetime(2024, 1, 1, tzinfo=UTC)
SAID = ("Coffee at five?", "Did you ship it?", "Who won?", "Rain again", "Are you in?")
REPLIES = ("yes yes, at five", "yes yes, shipped", "no no, not us", "yes yes, all day", "no no, at home")


def examples(count: int, first: int = 0) -> list[Example]:
    return [
        Example(
            id=f"{n:032x}",
            conversation=f"c{n}",
            contact="PERSON_1",
            platform="whatsapp",
            at=START + timedelta(hours=n),
            context=(Turn("partner", "PERSON_1", SAID[n % 5]),),
            reply=REPLIES[n % 5],
        )
        for n in range(first, first + count)
    ]


def settings(base: Path, **changed: object) -> LoraSettings:
    plain: dict[str, object] = {"base": str(base), "max_steps": 6, "learning_rate": 2e-2, "system": "As me."}
    return LoraSettings.model_validate(plain | changed)


def ignore(done: float, total: float | None, figures: Mapping[str, float]) -> None:
    """Follow nothing."""


class Killed(BaseException):
    """Ends a run as a signal does: nothing in it may answer."""


class Kept:
    """A checkpoint in memory; ``every`` so many are kept, as if the others had come too late."""

    def __init__(self, every: int = 1) -> None:
        self.data: bytes | None = None
        self.saves = 0
        self.every = every

    def load(self) -> bytes | None:
        return self.data

    def save(self, data: bytes) -> None:
        self.saves += 1
        if self.saves % self.every == 0:
            self.data = data
