"""Whatever surrounds it: nothing planted survives in any field, and the owner gets the original back."""

import string
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipse.errors import PrivacyError
from ipse.privacy.gate import Gate
from ipse.privacy.roster import Roster
from ipse.records import Event, Message, Person

from ..soak import rounds

NAMES = ["Wilhelmina Oberhuber", "Zdeněk Šmíd", "Олена Бойчук", "თამარ ჯაფარიძე", "陈志远", "محمود درويش"]
FIELDS = ("text", "subject", "raw", "account")
AROUND = st.text(
    st.sampled_from(string.ascii_lowercase + " .,;:!?\n()<>\"'*_-/@#=&1257äßéжპ好ع😀\u200d\u0301"),
    max_size=40,
)

MAILS = st.from_regex(
    r"[a-z][a-z0-9]{2,10}([.+_-][a-z0-9]{1,8})?@[a-z]{3,10}(\.[a-z]{2,6}){1,2}", fullmatch=True
)
PHONES = st.from_regex(r"(\+49 ?|0)17[0-9][ /-]?[2-9][0-9]{6}", fullmatch=True)


ONE_SPELLING = st.from_regex(r"\+4917[0-9][2-9][0-9]{6}", fullmatch=True)


@st.composite
def cases(draw: st.DrawFn, phones: st.SearchStrategy[str] = PHONES) -> tuple[str, list[str]]:
    """A text, and what was planted in it between blanks."""
    planted = draw(st.lists(st.one_of(st.sampled_from(NAMES), MAILS, phones), min_size=1, max_size=4))
    pieces = [draw(AROUND)]
    for one in planted:
        pieces += [f" {one} ", draw(AROUND)]
    return "".join(pieces), planted


@pytest.fixture
def gate(make_gate: Callable[..., Gate]) -> Gate:
    roster = Roster()
    roster.add(Person("Owner Ownerson"), owner=True)
    for name in NAMES:
        roster.add(Person(name))
    return make_gate(roster, keep_raw=True)


QUICK = settings(
    max_examples=rounds(60, 10_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@QUICK
@given(case=cases(), letters=st.sampled_from(["lower", "upper"]))
def test_nothing_planted_survives_in_any_field_of_a_message(
    gate: Gate, message: Callable[..., Message], case: tuple[str, list[str]], letters: str
) -> None:
    text, planted = case
    if letters == "upper":
        text = text.upper()
    told = message(
        text,
        sender=Person(planted[0], planted[-1]),
        participants=(Person(planted[-1]),),
        conversation=text,
        attachments=(f"{text}.pdf",),
        lang=planted[0],
        **dict.fromkeys(FIELDS[1:], text),
    )
    kept = unicodedata.normalize("NFC", repr(gate.clear(told).record)).casefold()
    for one in planted:
        assert unicodedata.normalize("NFC", one).casefold() not in kept


@QUICK
@given(case=cases())
def test_nothing_planted_survives_in_an_event(
    make_gate: Callable[..., Gate], make_permit: Callable[..., object], case: tuple[str, list[str]]
) -> None:
    text, planted = case
    roster = Roster()
    for name in NAMES:
        roster.add(Person(name))
    gate = make_gate(roster, by=make_permit("windows", "events"))
    event = Event(source="windows", kind="state", ts=1, rx=1, key=text, data={"title": text, planted[0]: 1})
    kept = repr(gate.clear(event).record)
    assert all(one not in kept for one in planted)


@QUICK
@given(case=cases(ONE_SPELLING))
def test_the_owner_gets_the_original_back(
    make_gate: Callable[..., Gate], message: Callable[..., Message], case: tuple[str, list[str]]
) -> None:
    text, _ = case
    roster = Roster()
    for name in NAMES:
        roster.add(Person(name))
    # A value comes back in the spelling first seen, so each has one spelling here.
    cleared = make_gate(roster).clear(message(text, sender=Person("Somebody"))).record.text
    assert roster.restore(cleared) == unicodedata.normalize("NFC", text)


@QUICK
@given(text=st.text(max_size=80), planted=st.sampled_from(["<PERSON_1>", "<ME>", "<EMAIL_1>", "<TEXT_1>"]))
def test_no_text_makes_restoring_name_somebody(
    gate: Gate, message: Callable[..., Message], text: str, planted: str
) -> None:
    before = f"{text}{planted}{text}"
    try:
        cleared = gate.clear(message(before, sender=Person("Mallory"))).record.text
    except PrivacyError:
        before.encode("utf-8", "replace")
        return
    assert planted not in cleared or planted == "<TEXT_1>"
    assert all(name not in restored(gate, cleared) for name in NAMES)


@QUICK
@given(case=cases())
def test_clearing_again_changes_nothing(
    gate: Gate, message: Callable[..., Message], case: tuple[str, list[str]]
) -> None:
    once = gate.clear(message(case[0], sender=Person(NAMES[0]), subject=case[0])).record
    assert gate.clear(once).record == once


def restored(gate: Gate, text: str) -> str:
    return gate._roster.restore(text)
