"""The gate in its order: permit, exclusions, known people, patterns; every field; and failing closed."""

import re
from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import asdict

from ipse.consent import Permit
from ipse.errors import PrivacyError, RefusedError
from ipse.interfaces import Span
from ipse.privacy.gate import Gate
from ipse.privacy.roster import Roster
from ipse.records import Event, Message, Person

from ..growth import assert_linear

MakeGate = Callable[..., Gate]
MakeMessage = Callable[..., Message]
MakePermit = Callable[..., Permit]

ANNA = Person("Anna Schmidt", "+49 151 23456789")
OWNER = Person("Max Berg", "max.berg@example.com")


class Finder:
    """A recognizer of somebody else's: finds what it is told to, or fails."""

    name = "finder"

    def __init__(self, *spans: Span, error: Exception | None = None) -> None:
        self._spans = spans
        self._error = error

    def find(self, text: str) -> Sequence[Span]:
        if self._error is not None:
            raise self._error
        return self._spans


@pytest.fixture
def roster() -> Roster:
    roster = Roster()
    roster.add(OWNER, owner=True)
    roster.add(ANNA)
    return roster


def an_event(**fields: object) -> Event:
    known: dict[str, object] = {"source": "windows", "kind": "state", "ts": 1, "rx": 2, "key": "0" * 32}
    return Event(**{**known, **fields})  # type: ignore[arg-type]


def test_every_field_of_a_message_is_cleared(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    told = message(
        "Anna, ruf 0151 23456789 an: max.berg@example.com",
        id="<CAF1@mail.anna-schmidt.example>",
        reply_to="<CAF0@mail.anna-schmidt.example>",
        conversation="Anna Schmidt und Max",
        sender=ANNA,
        participants=(ANNA, OWNER, Person("Nina", "nina@example.com")),
        subject="Re: Annas Geburtstag",
        raw="> Anna Schmidt schrieb",
        account="max.berg@example.com",
        sender_domain="anna-schmidt.example",
        attachments=("Anna Schmidt.pdf", "IMG_1.JPG", "brief.anna"),
        lang="de",
    )
    record = make_gate(roster, keep_raw=True).clear(told).record
    assert record.text == "<PERSON_1>, ruf <PERSON_1> an: <ME>"
    assert record.subject == "Re: <PERSON_1>s Geburtstag"
    assert record.raw == "> <PERSON_1> schrieb"
    assert record.account == "<ME>"
    assert record.sender == Person("PERSON_1")
    assert record.participants == (Person("PERSON_1"), Person("me"), Person("PERSON_2"))
    assert record.attachments == ("<FILE.pdf>", "<FILE.jpg>", "<FILE>")
    assert re.fullmatch(r"CONV_000001_[0-9a-f]{8}", record.conversation)
    assert record.sender_domain == "<DOMAIN_1>"
    assert re.fullmatch(r"[0-9a-f]{32}", record.id)
    assert re.fullmatch(r"[0-9a-f]{32}", record.reply_to or "")
    assert (record.at, record.platform, record.lang, record.direction) == (
        told.at,
        "whatsapp",
        "de",
        "inbound",
    )
    said = re.sub(r"[0-9a-f]{32}|_[0-9a-f]{8}\b", "", repr(record))  # a random id may spell anything
    assert not re.search(r"anna|schmidt|berg|nina|23456789|caf", said, re.IGNORECASE)


def test_what_holds_nothing_stays_as_it_is(make_gate: MakeGate, message: MakeMessage) -> None:
    told = message("bis gleich :)", lang="de", sender_domain="gmail.com", reply_to="f" * 32)
    record = make_gate().clear(told).record
    kept = ("id", "text", "lang", "sender_domain", "reply_to", "raw", "subject", "account", "attachments")
    assert [getattr(record, name) for name in kept] == [getattr(told, name) for name in kept]


def test_the_body_as_exported_is_dropped_unless_the_owner_keeps_it(
    make_gate: MakeGate, message: MakeMessage
) -> None:
    told = message("hi", raw="hi\n-- \nsignature")
    assert make_gate().clear(told).record.raw == ""
    assert make_gate(keep_raw=True).clear(told).record.raw == told.raw


def test_whoever_sends_is_known_before_their_text_is_read(make_gate: MakeGate, message: MakeMessage) -> None:
    record = make_gate().clear(message("Ida hier!", sender=Person("Ida Lund"))).record
    assert (record.sender.name, record.text) == ("PERSON_1", "<PERSON_1> hier!")


def test_outbound_messages_are_the_owners_under_any_name(make_gate: MakeGate, message: MakeMessage) -> None:
    gate = make_gate()
    out = message("ich bin Maxi", sender=Person("Maxi"), direction="outbound")
    assert gate.clear(out).record.sender == Person("me")
    assert gate.clear(message("hallo Maxi", sender=Person("Ida"))).record.text == "hallo <ME>"


@pytest.mark.parametrize("nobody", [Person(""), Person(" ", "")])
def test_a_message_of_nobody_stays_nobodys(make_gate: MakeGate, message: MakeMessage, nobody: Person) -> None:
    record = make_gate().clear(message("you changed the group", sender=nobody)).record
    assert record.sender == Person("")


def test_a_language_that_is_none_is_dropped(make_gate: MakeGate, message: MakeMessage) -> None:
    gate = make_gate()
    assert gate.clear(message("hi", lang="Anna Schmidt")).record.lang is None
    assert gate.clear(message("hi", lang="pt-BR")).record.lang == "pt-BR"


def test_strings_of_an_event_are_cleared(
    make_gate: MakeGate, make_permit: MakePermit, roster: Roster
) -> None:
    gate = make_gate(roster, by=make_permit("windows", "events"))
    data = {"title": "Chat mit Anna", "app": "mail", "url": "https://example.com/x", "n": 3, "Anna": None}
    record = gate.clear(an_event(data=data, key="pc-of-Anna|1")).record
    assert record.data == {
        "title": "Chat mit <PERSON_1>",
        "app": "mail",
        "url": "<URL_1>",
        "n": 3,
        "<PERSON_1>": None,
    }
    assert re.fullmatch(r"[0-9a-f]{32}", record.key)
    assert (record.source, record.ts, record.rx) == ("windows", 1, 2)


def test_fields_of_an_event_never_merge(make_gate: MakeGate, make_permit: MakePermit, roster: Roster) -> None:
    gate = make_gate(roster, by=make_permit("windows", "events"))
    with pytest.raises(PrivacyError, match="one name"):
        gate.clear(an_event(data={"Anna": 1, "anna": 2}))


def test_a_permit_covers_its_source_and_purpose_only(
    make_gate: MakeGate, make_permit: MakePermit, message: MakeMessage
) -> None:
    for by in (make_permit("gmail"), make_permit("whatsapp", "events")):
        with pytest.raises(PrivacyError, match="does not cover") as caught:
            make_gate(by=by).clear(message("hi"))
        assert "ipse consent give" in str(caught.value)
    for by in (make_permit("gmail", "events"), make_permit("windows", "style")):
        with pytest.raises(PrivacyError, match="does not cover"):
            make_gate(by=by).clear(an_event())
    assert make_gate(by=make_permit("whatsapp", "style")).clear(message("hi")).record.text == "hi"
    assert make_gate(by=make_permit("windows")).clear(an_event()).record.key == "0" * 32


def test_an_expired_permit_clears_nothing(
    make_gate: MakeGate, make_permit: MakePermit, message: MakeMessage
) -> None:
    gate = make_gate(by=make_permit(expired=True))
    with pytest.raises(PrivacyError, match="expired"):
        gate.clear(message("hi"))
    with pytest.raises(PrivacyError, match="expired"):
        gate.stand_in(message("hi"))


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({"exclude_people": ["ANNA SCHMIDT"]}, {}),
        ({"exclude_people": ["0151/23456789"]}, {}),
        ({"exclude_people": ["+49 160 7777777"]}, {"sender": Person("+49 160 7777777")}),
        ({"exclude_conversations": ["anna schmidt"]}, {}),
        ({"exclude_words": ["Diagnose"]}, {"text": "die diagnose kam"}),
        ({"exclude_words": ["straße 5"]}, {"text": "in der STRASSE 5!"}),
        ({"exclude_words": ["geheim"]}, {"subject": "Geheim"}),
        ({"exclude_words": ["geheim"]}, {"raw": "> geheim"}),
        ({"exclude_words": ["geheim"]}, {"attachments": ("geheim.pdf",)}),
        ({"exclude_words": ["秘密"]}, {"text": "这是秘密吗"}),
        ({"exclude_words": ["c++"]}, {"text": "ich mag C++."}),
    ],
)
def test_what_the_owner_excludes_is_refused(
    make_gate: MakeGate, message: MakeMessage, settings: dict[str, object], fields: dict[str, object]
) -> None:
    told = message(**{"text": "hi", "sender": ANNA, **fields})
    with pytest.raises(RefusedError) as caught:
        make_gate(**settings).clear(told)
    assert "Anna" not in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"exclude_people": ["Anna"]}, "hi"),
        ({"exclude_conversations": ["Anna"]}, "hi"),
        ({"exclude_words": ["gnose", "ein", " "]}, "Diagnose meiner Katze"),
        ({}, "hi"),
    ],
)
def test_what_only_resembles_an_exclusion_is_kept(
    make_gate: MakeGate, message: MakeMessage, settings: dict[str, object], text: str
) -> None:
    assert make_gate(**settings).clear(message(text, sender=ANNA)).record.text == text


def test_an_exclusion_holds_for_records_cleared_before(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    cleared = make_gate(roster).clear(message("hi", sender=ANNA)).record
    with pytest.raises(RefusedError):
        make_gate(roster, exclude_people=["Anna Schmidt"]).clear(cleared)


def test_a_stand_in_says_only_that_something_was_there(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    gate = make_gate(roster, exclude_words=["geheim"])
    told = message("geheim", sender=ANNA, subject="x", raw="y", attachments=("a.pdf",), lang="de", group=True)
    gap = gate.stand_in(told).record
    said = {name: value for name, value in asdict(gap).items() if value}
    token = gate.clear(message("hi", sender=ANNA)).record.conversation
    assert said == {
        "id": roster.opaque(told.id),
        "conversation": token,
        "platform": "whatsapp",
        "at": told.at,
        "sender": Person(""),
        "direction": "inbound",
        "content_type": "deleted",
        "group": True,
    }


def test_no_stand_in_for_a_conversation_that_is_excluded(make_gate: MakeGate, message: MakeMessage) -> None:
    with pytest.raises(RefusedError):
        make_gate(exclude_conversations=["Anna Schmidt"]).stand_in(message("hi"))


@pytest.mark.parametrize(
    "error",
    [ValueError("Anna"), KeyError("Anna"), re.error("Anna"), UnicodeDecodeError("u", b"", 0, 1, "Anna")],
)
def test_a_recognizer_that_fails_fails_closed_and_quotes_nothing(
    make_gate: MakeGate, message: MakeMessage, error: Exception
) -> None:
    with pytest.raises(PrivacyError, match="finder") as caught:
        make_gate(None, Finder(error=error)).clear(message("hi"))
    assert "Anna" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("error", [RuntimeError("bug"), TypeError("bug"), MemoryError(), ZeroDivisionError()])
def test_an_error_nobody_expected_leaves_before_anything_is_cleared(
    make_gate: MakeGate, message: MakeMessage, error: Exception
) -> None:
    kept = []
    with pytest.raises(type(error)):
        kept.append(make_gate(None, Finder(error=error)).clear(message("hi")))
    assert kept == []


@pytest.mark.parametrize(
    "span",
    [
        Span(0, 3, "email"),
        Span(0, 3, ""),
        Span(0, 3, "A B"),
        Span(0, 3, "ME"),
        Span(0, 3, "TEXT"),
        Span(0, 3, "CONV"),
        Span(0, 3, "PERSON_1"),
        Span(3, 3, "EMAIL"),
        Span(-1, 3, "EMAIL"),
        Span(0, 99, "EMAIL"),
    ],
)
def test_a_span_that_cannot_be_used_fails_closed(
    make_gate: MakeGate, message: MakeMessage, span: Span
) -> None:
    with pytest.raises(PrivacyError, match="span"):
        make_gate(None, Finder(span)).clear(message("hello you"))


def test_a_recognizer_of_somebody_elses_is_replaced_like_ours(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    gate = make_gate(roster, Finder(Span(0, 5, "US_SSN"), Span(6, 10, "PERSON")))
    record = gate.clear(message("12345 Olaf und Anna")).record
    assert record.text == "<US_SSN_1> <PERSON_2> und <PERSON_1>"
    assert roster.find("Olaf") == "PERSON_2"


def test_text_that_is_no_unicode_fails_closed(make_gate: MakeGate, message: MakeMessage) -> None:
    with pytest.raises(PrivacyError, match="Unicode"):
        make_gate().clear(message("hi \ud800"))


def test_text_that_looks_like_a_placeholder_restores_nobody(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    roster.placeholder("EMAIL", "secret@example.com")
    text = "I am <PERSON_1>, <ME>, <EMAIL_1>, <PERSON_<EMAIL_1>> and <PERSON_7>"
    cleared = make_gate(roster).clear(message(text, sender=Person("Mallory"))).record.text
    assert not re.search(r"<(ME|PERSON_\d+|EMAIL_\d+)>", cleared)
    assert roster.restore(cleared) == text
    assert roster.restore(cleared, only=["PERSON_1", "me"]) == cleared


def test_forged_names_of_chats_and_senders_do_not_pass_for_cleared(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    forged = message("<ME> owes me", conversation="CONV_000001_00000000", sender=Person("PERSON_1"))
    record = make_gate(roster).clear(forged).record
    assert record.sender == Person("PERSON_2")
    assert record.text == "<TEXT_1> owes me"


def test_a_message_cleared_twice_is_as_if_cleared_once(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    told = message(
        "Anna: <PERSON_9> a@b.example 4111 1111 1111 1111 password: hunter22 https://a.example/anna",
        sender=ANNA,
        participants=(ANNA, OWNER, Person("")),
        subject="Anna",
        account="max.berg@example.com",
        sender_domain="berg.example",
        attachments=("a.jpg", "b"),
        id="anna@1",
    )
    once = make_gate(roster).clear(told).record
    known = roster.dumps()
    assert make_gate(roster).clear(once).record == once
    assert roster.dumps() == known


def test_people_met_later_are_replaced_when_cleared_again(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    once = make_gate(roster).clear(message("Anna und Ida", sender=ANNA)).record
    roster.add(Person("Ida Person Key"))
    again = make_gate(roster).clear(once).record
    assert (once.text, again.text) == ("<PERSON_1> und Ida", "<PERSON_1> und <PERSON_2>")


def test_a_sender_added_by_hand_to_a_cleared_record_is_cleared(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    token = make_gate(roster).clear(message("hi", sender=ANNA)).record.conversation
    record = make_gate(roster).clear(message("hi", sender=Person("Olga Lund"), conversation=token)).record
    assert (record.sender, record.conversation) == (Person("PERSON_2"), token)


def test_known_people_are_shared_by_all_gates_of_a_roster(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    first, second = make_gate(roster), make_gate(roster)
    first.clear(message("hi", sender=Person("Olga Lund")))
    assert second.clear(message("hallo Olga", sender=ANNA)).record.text == "hallo <PERSON_2>"


def test_phone_regions_come_from_the_settings(make_gate: MakeGate, message: MakeMessage) -> None:
    text = "599 12 34 56"
    assert make_gate(phone_regions=["GE"]).clear(message(text)).record.text == "<PHONE_1>"
    assert make_gate(phone_regions=["US"]).clear(message(text)).record.text == text


def test_a_restored_text_uses_the_form_that_texts_use(
    make_gate: MakeGate, message: MakeMessage, roster: Roster
) -> None:
    gate = make_gate(roster)
    for text in ("Anna!", "mit Annas Hund", "Anna Schmidt", "x.anna@example.net"):
        gate.clear(message(text))
    assert roster.restore("hi <PERSON_1>") == "hi Anna"


def test_inflected_forms_are_replaced_whole_and_not_shown_again(
    make_gate: MakeGate, message: MakeMessage
) -> None:
    roster = Roster()
    roster.add(Person("Анна"))
    text = make_gate(roster).clear(message("вижу Анну, Анну", sender=Person("Анна"))).record.text
    assert (text, roster.restore(text)) == ("вижу <PERSON_1>, <PERSON_1>", "вижу Анна, Анна")


def test_a_message_costs_the_same_however_many_went_before(make_gate: MakeGate, message: MakeMessage) -> None:
    people = [
        Person(f"Vor{chr(97 + n % 26)}{n}name Nach{n}name", f"+49 151 {2000000 + n}") for n in range(50)
    ]
    words = "heute morgen komme ich später weil der Bus nicht fährt und es regnet".split()  # noqa: SIM905
    texts = [" ".join(words[n % 7 : n % 7 + 6]) for n in range(4000)]
    told = [message(text, sender=people[n % 50]) for n, text in enumerate(texts)]

    def clears(size: int) -> None:
        roster = Roster()
        for person in people:
            roster.add(person)
        gate = make_gate(roster)
        for one in told[:size]:
            gate.clear(one)

    assert_linear(clears, len(told))


def test_many_events_are_cleared_as_each_alone_and_all_or_none(
    make_gate: MakeGate, make_permit: MakePermit, roster: Roster
) -> None:
    shared = {"app": "mail", "title": "Anna Schmidt: hello"}
    plain = {"app": "code", "line": 3}
    events = [
        an_event(ts=n, data=data, stream=stream, key=f"{n:032x}" if n % 2 else "row of Anna")
        for n, (data, stream) in enumerate([(shared, ""), (plain, ""), (shared, "Anna"), (dict(shared), "")])
    ]
    gate = make_gate(roster, by=make_permit("windows", "events"))
    many = [one.record for one in gate.clear_events(events)]
    assert many == [gate.clear(event).record for event in events]
    assert many[1] is events[1]  # nothing in it to clear
    assert many[0].data is not shared
    assert "Anna" not in repr(many)
    with pytest.raises(PrivacyError, match="does not cover"):
        gate.clear_events([*events, an_event(source="elsewhere")])
