"""Messages on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from ipse.pipeline.exporting import subject_norm, wire
from ipse.pipeline.preview import plain
from ipse.records import Message, Person
from ipse.schemas import WIRE_FIELDS

START = datetime(2024, 5, 1, 9, 0, tzinfo=timezone(timedelta(hours=2)))
PUBLISHED = """
conversation_id message_id timestamp_ms date_iso sender direction participants body_raw body_text subject
subject_norm reply_to_message_id account sender_domain partner_id is_reply turn_role content_type lang
char_len token_est has_emoji thread_index thread_len platform
"""


def message(n: int, sender: str, text: str, **more: object) -> Message:
    fields: dict[str, object] = {
        "id": f"m{n}",
        "conversation": "CONV_1",
        "platform": "whatsapp",
        "at": START + timedelta(minutes=n),
        "sender": Person(sender),
        "text": text,
        "direction": "outbound" if sender == "me" else "inbound",
    }
    return Message(**(fields | more))  # type: ignore[arg-type]


def test_the_fields_are_the_published_ones_in_their_order() -> None:
    assert tuple(PUBLISHED.split()) == WIRE_FIELDS


def test_a_conversation_becomes_rows_that_know_their_place() -> None:
    rows = list(wire([message(0, "PERSON_1", "hi 🙂"), message(1, "me", "hey"), message(2, "me", "you ok?")]))
    assert [row.thread_index for row in rows] == [0, 1, 2]
    assert {row.thread_len for row in rows} == {3}
    assert [row.turn_role for row in rows] == ["partner", "you", "you"]
    assert [row.is_reply for row in rows] == [False, True, False]
    assert [row.has_emoji for row in rows] == [True, False, False]
    assert {row.partner_id for row in rows} == {"PERSON_1"}
    assert rows[0].date_iso == "2024-05-01T09:00:00+02:00"
    assert rows[0].timestamp_ms == round(START.astimezone(UTC).timestamp() * 1000)


def test_a_groups_partner_is_the_group() -> None:
    rows = list(wire([message(0, "PERSON_1", "a"), message(1, "PERSON_2", "b"), message(2, "me", "c")]))
    assert {row.partner_id for row in rows} == {"CONV_1"}


def test_a_reply_named_by_the_export_is_one_even_after_own_words() -> None:
    rows = list(wire([message(0, "me", "a"), message(1, "me", "b", reply_to="m9")]))
    assert rows[1].is_reply
    assert rows[1].reply_to_message_id == "m9"


def test_a_raw_body_that_was_not_kept_is_null() -> None:
    kept, dropped = wire([message(0, "me", "a", raw="a\n-- \nme"), message(1, "me", "b")])
    assert kept.body_raw == "a\n-- \nme"
    assert dropped.body_raw is None


@pytest.mark.parametrize(
    ("subject", "norm"),
    [
        ("Re: Re[2]: Hello  World", "hello world"),
        ("AW: WG: Termin", "termin"),
        ("Fwd: fw: x", "x"),
        ("Research: plans", "research: plans"),
        ("SV: RV: Ärger", "ärger"),
        ("", ""),
        (None, None),
    ],
)
def test_subjects_lose_their_reply_prefixes(subject: str | None, norm: str | None) -> None:
    assert subject_norm(subject) == norm


def test_tokens_are_estimated_by_bytes() -> None:
    (row,) = wire([message(0, "me", "გამარჯობა")])
    assert row.char_len == 9
    assert row.token_est == 7


@pytest.mark.parametrize(
    ("person", "written"),
    [
        (Person("Ann B.", "ann@example.org"), '"Ann B." <ann@example.org>'),
        (Person("Ann", "ann@example.org"), "Ann <ann@example.org>"),
        (Person("", "ann@example.org"), "ann@example.org"),
        (Person("Ann"), "Ann"),
        (Person(""), None),
    ],
)
def test_a_preview_writes_a_sender_as_mail_does(person: Person, written: str | None) -> None:
    assert plain(msgspec.structs.replace(message(0, "x", "hi"), sender=person))["from"] == written
