"""A gate as the pipeline makes it, and messages of made-up people."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ipse.config import PrivacySettings
from ipse.consent import Consent, Permit, Purpose, decide, sign
from ipse.interfaces import Recognizer
from ipse.privacy.gate import Gate
from ipse.privacy.recognizers import PatternRecognizer
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
        **settings: object,
    ) -> Gate:
        return Gate(
            Roster() if roster is None else roster,
            PrivacySettings.model_validate(settings),
            recognizers=recognizers or [PatternRecognizer()],
            permit=permit() if by is None else by,
        )

    return make
