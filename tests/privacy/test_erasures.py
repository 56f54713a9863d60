"""What was erased is not taken in again, and nobody can read from the ledger what it was."""

from collections.abc import Callable

import pytest

from ipse.errors import PrivacyError, RefusedError
from ipse.privacy.erasures import Erased, Erasures, names_of
from ipse.privacy.gate import Gate
from ipse.privacy.roster import OWNER, Roster
from ipse.records import Event, Message, Person

ANNA = Person("Anna Schmidt", "anna@example.com")
SECRET = b"s" * 32
MakeGate = Callable[..., Gate]
Make = Callable[..., Message]


@pytest.fixture
def ledger() -> Erasures:
    return Erasures(SECRET)


@pytest.fixture
def roster(ledger: Erasures) -> Roster:
    """Nora's, who knows Anna and Tom."""
    roster = Roster()
    roster.erasures = ledger
    roster.add(Person("Nora Feld"), owner=True)
    roster.add(ANNA)
    roster.add(Person("Tom", "+49 160 1111111"))
    return roster


def erase(roster: Roster, label: str) -> None:
    roster.erasures.add("e1", names_of(label, roster.handles(label)))
    roster.forget([label])


def test_the_ledger_says_nothing_without_its_key(ledger: Erasures) -> None:
    ledger.add("e1", [Erased("source", "whatsapp"), *names_of("PERSON_1", [ANNA])])
    data = ledger.dumps()
    assert [word for word in (b"whatsapp", b"schmidt", b"anna") if word in data.lower()] == []
    other = Erasures(b"t" * 32)
    other.load(data)
    assert not other.holds("source", "whatsapp")
    same = Erasures(SECRET)
    same.load(data)
    assert same.holds("source", "whatsapp")
    assert not same.holds("source", "gmail")
    assert len(same) == len(ledger)
    assert same.labels == frozenset({"PERSON_1"})


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"tokens": 3}'])
def test_a_damaged_ledger_is_refused(ledger: Erasures, data: bytes) -> None:
    with pytest.raises(PrivacyError, match="damaged"):
        ledger.load(data)


def test_a_ledger_of_another_version_is_refused(ledger: Erasures) -> None:
    with pytest.raises(PrivacyError, match="another version"):
        ledger.load(b'{"version": 2}')


def test_the_revision_grows_with_what_is_new(ledger: Erasures) -> None:
    ledger.add("e1", [Erased("source", "a")])
    ledger.add("e1", [Erased("source", "a")])
    assert ledger.revision == 1
    ledger.touch()
    assert ledger.revision == 2


def test_one_thing_allowed_again_allows_all_of_its_erasure(ledger: Erasures) -> None:
    ledger.add("e1", [*names_of("PERSON_1", [ANNA]), Erased("conversation", "whatsapp|Anna")])
    ledger.add("e2", [Erased("message", "m1")])
    assert ledger.allow([Erased("message", "m9")]) == 0
    assert ledger.allow([Erased("name", "anna schmidt")]) == 3
    assert not ledger.holds("conversation", "whatsapp|Anna")
    assert ledger.holds("message", "m1")
    assert ledger.labels == frozenset()


def test_an_older_ledger_takes_in_what_a_newer_one_holds(ledger: Erasures) -> None:
    newer = Erasures(SECRET)
    newer.add("e1", [Erased("source", "a")])
    newer.add("e2", [Erased("source", "b")])
    ledger.add("e1", [Erased("source", "a")])
    assert ledger.union(newer)
    assert ledger.holds("source", "b")
    assert not ledger.union(newer)
    assert ledger.revision > newer.revision


@pytest.mark.parametrize(
    ("erased", "met", "same"),
    [
        (ANNA, Person("Schmidt, Anna"), True),
        (ANNA, Person("A.", "ANNA@example.com"), True),
        (ANNA, Person("anna@example.com"), True),
        (ANNA, Person("Anna"), False),
        (ANNA, Person("Anna Berg"), False),
        (Person("Tom", "+49 160 1111111"), Person("Tom"), True),
        (Person("Tom", "+49 160 1111111"), Person("Tom", "+49 160 2222222"), False),
        (Person("Tom", "+49 160 1111111"), Person("", "0049160 1111111"), True),
        (Person("Tom"), Person("Tom", "+49 160 2222222"), True),
        (Person("Tom"), Person("Tim"), False),
        (Person("", "@tom"), Person("x y", "tom"), True),
        (Person("", "@tom"), Person(""), False),
    ],
)
def test_who_is_known_again(ledger: Erasures, erased: Person, met: Person, *, same: bool) -> None:
    assert ledger.label(met) is None
    ledger.add("e1", names_of("PERSON_1", [erased]))
    assert ledger.label(met) == ("PERSON_1" if same else None)


def test_an_erased_person_is_found_in_texts_and_never_kept(roster: Roster) -> None:
    erase(roster, "PERSON_1")
    assert roster.person("PERSON_1") is None
    assert b"schmidt" not in roster.dumps().lower()
    again = Roster.loads(roster.dumps())
    again.erasures = roster.erasures
    assert again.add(ANNA) == "PERSON_1"
    assert again.add(ANNA) == "PERSON_1"
    assert [one.label for one in again.known.find("ask Anna Schmidt")] == ["PERSON_1"]
    again.saw("PERSON_1", "Anna")
    assert b"schmidt" not in again.dumps().lower()
    assert b"anna" not in again.dumps().lower()
    assert again.gave("PERSON_1")
    assert not again.gave("PERSON_9")


def test_a_number_is_not_given_again(roster: Roster) -> None:
    roster.merge("PERSON_2", "PERSON_1")
    roster.rename("PERSON_2", "Tommy")
    erase(roster, "PERSON_1")  # one person with PERSON_2, and gone with it
    assert roster.now("PERSON_1") == "PERSON_2"
    assert list(roster.people()) == [OWNER]
    assert roster.add(Person("Ida Moor")) == "PERSON_3"
    assert Roster.loads(roster.dumps()).add(Person("Uwe Kern")) == "PERSON_4"
    assert roster.called("PERSON_2") == ""


def test_the_owner_is_not_forgotten(roster: Roster) -> None:
    with pytest.raises(PrivacyError, match="--all"):
        roster.forget([OWNER])
    assert OWNER in roster.people()


def test_values_that_nothing_needs_go_and_keep_their_numbers(roster: Roster) -> None:
    for value in ("a@example.org", "b@example.org"):
        roster.placeholder("EMAIL", value)
    first, second = (roster.placeholder("CONV", f"whatsapp|{name}") for name in ("Anna", "Tom"))
    assert roster.keep_only({"EMAIL_2", second[1:-1]}) == 2
    held = Roster.loads(roster.dumps())
    for one in (roster, held):
        assert one.restore("<EMAIL_1> <EMAIL_2>") == "<EMAIL_1> b@example.org"
        assert one.conversations() == {"whatsapp|Tom": second[1:-1]}
        assert not one.issued(first[1:-1])
        assert one.placeholder("EMAIL", "b@example.org") == "<EMAIL_2>"
        assert one.placeholder("EMAIL", "a@example.org") == "<EMAIL_3>"
        assert one.keep_only({"EMAIL_2", "EMAIL_3", second[1:-1]}) == 0


def test_the_gate_refuses_each_thing_with_its_reason(
    roster: Roster, make_gate: MakeGate, message: Make
) -> None:
    gate = make_gate(roster)
    asked = message("hello", sender=Person("Tom", "+49 160 1111111"), conversation="Tom")
    assert gate.clear(asked).record.text == "hello"
    for erased, reason in (
        (Erased("message", asked.id), "this message"),
        (Erased("conversation", "whatsapp|Tom"), "this conversation"),
        (Erased("source", "whatsapp"), "this source"),
    ):
        roster.erasures.add("e", [erased])
        with pytest.raises(RefusedError, match=reason):
            gate.clear(asked)
    with pytest.raises(RefusedError, match="this source"):
        gate.stand_in(asked)
    roster.erasures.allow([Erased("source", "whatsapp")])
    assert gate.clear(asked).record.text == "hello"


def test_a_conversation_is_known_by_its_token_too(roster: Roster, make_gate: MakeGate, message: Make) -> None:
    gate = make_gate(roster)
    cleared = gate.clear(message("hello", sender=ANNA)).record
    roster.erasures.add("e", [Erased("conversation", cleared.conversation)])
    with pytest.raises(RefusedError, match="this conversation"):
        gate.clear(cleared)


def test_what_an_erased_contact_writes_is_refused_and_what_names_them_is_not(
    roster: Roster, make_gate: MakeGate, message: Make
) -> None:
    group = {"conversation": "friends", "group": True}
    kept = make_gate(roster).clear(message("is Anna Schmidt there?", sender=Person("Tom"), **group)).record
    erase(roster, "PERSON_1")
    gate = make_gate(roster)
    with pytest.raises(RefusedError, match="a contact you erased"):
        gate.clear(message("hello", sender=ANNA, **group))
    assert gate.stand_in(message("hello", sender=ANNA, **group)).record.sender == Person("")
    named = gate.clear(message("is Anna Schmidt there?", sender=Person("Tom"), participants=(ANNA,), **group))
    assert named.record.text == kept.text == "is <PERSON_1> there?"
    assert named.record.participants == (Person("PERSON_1"),)
    assert gate.clear(named.record).record == named.record
    assert b"schmidt" not in roster.dumps().lower()


def test_events_of_an_erased_source_are_refused(
    roster: Roster, make_gate: MakeGate, make_permit: Callable[..., object]
) -> None:
    gate = make_gate(roster, by=make_permit("window", "events"))
    event = Event(source="window", kind="state", ts=1, rx=2, key="0" * 32)
    assert gate.clear(event).record.key == event.key
    roster.erasures.add("e", [Erased("source", "window")])
    with pytest.raises(RefusedError, match="this source"):
        gate.clear(event)
