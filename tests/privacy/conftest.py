"""A gate as the pipeline makes it, and messages of made-up people."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ipse import plugins
from ipse.config import PrivacySettings
from ipse.consent import Consent, Permit, Purpose, decide, sign
from ipse.interfaces import Recognizer
from ipse.privacy.gate import Gate
from ipse.privacy.operators import resolve
from ipse.privacy.review import Review
from ipse.privacy.roster import Roster
from ipse.records import Message, Person


def permit(source: str = "whatsapp", purpose: Purpose = "archive", *, expired: bool = False) -> Permit:
    """A permit by a real consent; an expired one was good when it was decided."""
    given = datetime.now(UTC) - timedelta(days=2)
    consent = Consent(
        id="consent",
        vault="vault",
        source=source,
        purposes=(purpose,),
        data_categories=("messages",),
        given_at=given,
        expires_at=given + timedelta(days=1 if expired else 30),
    )
    return decide([sign(consent, b"k" * 32)], source=source, purpose=purpose, now=given)


@pytest.fixture
def make_permit() -> Callable[..., Permit]:
    return permit


@pytest.fixture
def message() -> Callable[..., Message]:
    """A message of a chat by its text; any field can be named."""

    def make(text: str, **fields: object) -> Message:
        known: dict[str, object] = {
            "id": "0" * 32,
            "conversation": "Anna Schmidt",
            "platform": "whatsapp",
            "at": datetime(2024, 5, 1, 12, 0, tzinfo=UTC),
            "sender": Person("Anna Schmidt"),
            "text": text,
        }
        return Message(**{**known, **fields})  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_gate() -> Callable[..., Gate]:
    def make(
        roster: Roster | None = None,
        *recognizers: Recognizer,
        by: Permit | None = None,
        review: Review | None = None,
        **settings: object,
    ) -> Gate:
        chosen = PrivacySettings.model_validate(settings)
        return Gate(
            Roster() if roster is None else roster,
            chosen,
            recognizers=recognizers or plugins.recognizers(chosen),
            permit=permit() if by is None else by,
            review=review,
        )

    return make


OURS = plugins.recognizers(PrivacySettings())


def found(
    text: str, recognizers: Sequence[Recognizer] = OURS, *, least: float = 0.5
) -> list[tuple[str, str]]:
    """What the recognizers find together, as the gate takes it: kind and value, without overlaps."""
    spans = [span for one in recognizers for span in one.find(text) if span.score >= least]
    return [(span.kind, text[span.start : span.end]) for span in resolve(text, found=spans)]
