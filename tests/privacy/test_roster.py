"""The roster: one pseudonym a person, one placeholder a value, and the way back."""

from typing import TYPE_CHECKING

import msgspec
import pytest

from ipse.errors import PrivacyError
from ipse.privacy.roster import OWNER, Roster
from ipse.records import Person

if TYPE_CHECKING:
    from collections.abc import Callable

ANNA = Person("Anna Schmidt", "anna@example.com")


@pytest.fixture
def roster() -> Roster:
    roster = Roster()
    roster.add(Person("Max Berg", "+49 151 23456789"), owner=True)
    roster.add(ANNA)
    roster.add(Person("Tom", "+49 160 1111111"))
    return roster


def test_people_are_numbered_as_they_come_and_the_owner_is_me(roster: Roster) -> None:
    assert list(roster.people()) == [OWNER, "PERSON_1", "PERSON_2"]
    assert roster.add(Person("Ida")) == "PERSON_3"
    early = Roster()
    assert early.add(Person("Ida")) == "PERSON_1"
    assert early.add(Person("Max"), owner=True) == OWNER
    assert early.add(Person("Ole")) == "PERSON_2"


@pytest.mark.parametrize(
    "person",
    [
        ANNA,
        Person("Anna Schmidt"),
        Person("ANNA  SCHMIDT", "+49 171 5555555"),
        Person("Schmidt, Anna"),
        Person("A. S.", "Anna@Example.com"),
        Person("anna@example.com"),
        Person("", "ANNA@example.com"),
    ],
)
def test_the_same_name_or_address_is_the_same_person(roster: Roster, person: Person) -> None:
    assert roster.pseudonym(person) == "PERSON_1"
    assert roster.add(person) == "PERSON_1"


def test_a_single_name_with_another_address_of_its_kind_is_another_person(roster: Roster) -> None:
    assert roster.add(Person("Tom", "+49 160 2222222")) == "PERSON_3"
    assert roster.add(Person("Tom", "0160/2222222")) == "PERSON_3"
    assert roster.add(Person("Tom", "tom@example.com")) == "PERSON_2"
    assert roster.add(Person("Tom")) == "PERSON_2"
    assert roster.pseudonym(Person("Tina")) is None
    assert roster.pseudonym(Person("", "tina@example.com")) is None


def test_whoever_turns_out_to_be_the_owner_is_me_from_then_on(roster: Roster) -> None:
    assert roster.add(ANNA, owner=True) == OWNER
    again = Roster.loads(roster.dumps())
    for one in (roster, again):
        assert one.pseudonym(ANNA) == OWNER
        assert one.add(ANNA) == OWNER
        assert one.pseudonym(Person("", "anna@example.com")) == OWNER
        assert one.restore("<PERSON_1> <ME>") == "Anna Schmidt Max Berg"


def test_its_size_tells_whether_it_learned_something(roster: Roster) -> None:
    before = len(roster)
    roster.placeholder("URL", "https://example.com")
    roster.placeholder("CONV", "whatsapp|Family")
    roster.add(Person("Ida"))
    assert (before, len(roster)) == (3, 6)
    roster.add(Person("Ida"))
    roster.placeholder("URL", "https://example.com")
    assert len(roster) == 6


def test_nobody_cannot_be_added(roster: Roster) -> None:
    with pytest.raises(PrivacyError, match="Nobody"):
        roster.add(Person("  "))


@pytest.mark.parametrize(
    ("name", "pseudonym"),
    [
        ("Anna Schmidt", "PERSON_1"),
        ("anna", "PERSON_1"),
        ("SCHMIDT", "PERSON_1"),
        ("anna@example.com", "PERSON_1"),
        ("+49 160 1111111", "PERSON_2"),
        ("0160 1111111", "PERSON_2"),
        ("person_2", "PERSON_2"),
        ("<PERSON_2>", "PERSON_2"),
        ("max", "me"),
        ("<ME>", "me"),
        ("Nina", None),
        ("Anna Berg", None),
        ("PERSON_9", None),
        ("  ", None),
    ],
)
def test_a_contact_is_found_by_whatever_the_owner_types(
    roster: Roster, name: str, pseudonym: str | None
) -> None:
    assert roster.find(name) == pseudonym


def test_a_contact_without_letters_or_in_signs_is_found() -> None:
    roster = Roster()
    roster.add(Person("🦊"))
    roster.add(Person("王小明"))
    assert (roster.find("🦊"), roster.find("王小明")) == ("PERSON_1", "PERSON_2")


def test_a_person_is_shown_by_name_rather_than_by_number() -> None:
    roster = Roster()
    roster.add(Person("+49 160 1111111"))
    assert roster.person("PERSON_1") == Person("+49 160 1111111")
    roster.add(Person("Ida", "+49 160 1111111"))
    assert roster.person("<PERSON_1>") == Person("Ida", "+49 160 1111111")
    assert roster.person("PERSON_2") is None


def test_a_placeholder_is_the_same_for_every_spelling_of_a_value(roster: Roster) -> None:
    for kind, spellings in {
        "EMAIL": ["Foo@Example.com", "foo@example.com"],
        "PHONE": ["+49 30 1234567", "030/1234567", "0049301234567"],
        "IBAN": ["DE89 3704 0044 0532 0130 00", "de89370400440532013000"],
    }.items():
        assert {roster.placeholder(kind, one) for one in spellings} == {f"<{kind}_1>"}
        assert roster.restore(f"<{kind}_1>") == spellings[0]
    assert roster.placeholder("PHONE", "x") == "<PHONE_2>"
    assert roster.placeholder("URL", "http://a.b/C") != roster.placeholder("URL", "http://a.b/c")


def test_a_conversation_token_is_consistent_and_cannot_be_guessed(roster: Roster) -> None:
    token = roster.placeholder("CONV", "whatsapp|Family")
    assert token == roster.placeholder("CONV", "whatsapp|Family")
    assert token != roster.placeholder("CONV", "gmail|Family")
    assert roster.restore(token) == "whatsapp|Family"
    assert roster.issued(token[1:-1])
    assert not roster.issued("CONV_000001_00000000")
    assert token not in {Roster().placeholder("CONV", "whatsapp|Family") for _ in range(3)}


def test_restoring_puts_back_only_what_is_asked_for(roster: Roster) -> None:
    roster.placeholder("EMAIL", "x@example.com")
    text = "<ME>, <PERSON_1>, <PERSON_2>, <EMAIL_1>"
    assert roster.restore(text) == "Max Berg, Anna Schmidt, Tom, x@example.com"
    assert roster.restore(text, only=["PERSON_1", "me"]) == "Max Berg, Anna Schmidt, <PERSON_2>, <EMAIL_1>"
    assert roster.restore(text, only={"<ME>", "EMAIL_1"}) == "Max Berg, <PERSON_1>, <PERSON_2>, x@example.com"
    assert roster.restore(text, only=[]) == text


@pytest.mark.parametrize(
    "text",
    ["<PERSON_9>", "<PERSON_0>", "<EMAIL_1>", "<URL_0>", "<CONV_000009_00000000>", "<person_1>", "<X>"],
)
def test_what_was_never_given_out_stays(roster: Roster, text: str) -> None:
    assert roster.restore(text) == text


def test_without_an_owner_me_stays() -> None:
    assert Roster().restore("<ME>") == "<ME>"


def test_a_restored_value_is_not_read_again(roster: Roster) -> None:
    planted = roster.placeholder("TEXT", "<PERSON_1>")
    assert roster.restore(planted) == "<PERSON_1>"


def test_a_person_is_restored_as_texts_usually_write_them(roster: Roster) -> None:
    for written in ("Anna", "anna", "Anna"):
        roster.saw("PERSON_1", written)
    roster.saw("ME", "Max")
    assert roster.restore("<PERSON_1>, <ME>") == "Anna, Max"
    assert Roster.loads(roster.dumps()).restore("<PERSON_1>, <ME>") == "Anna, Max"


def test_an_opaque_id_is_the_same_each_time_and_another_in_another_roster(roster: Roster) -> None:
    digest = roster.opaque("<abc@mail.example.com>")
    assert (len(digest), digest) == (32, Roster.loads(roster.dumps()).opaque("<abc@mail.example.com>"))
    assert digest != Roster().opaque("<abc@mail.example.com>")


def test_what_is_dumped_comes_back_whole(roster: Roster) -> None:
    token = roster.placeholder("CONV", "whatsapp|Family")
    mail = roster.placeholder("EMAIL", "x@example.com")
    again = Roster.loads(roster.dumps())
    assert again.dumps() == roster.dumps()
    assert again.people() == roster.people()
    assert again.issued(token[1:-1])
    assert again.placeholder("EMAIL", "X@example.com") == mail
    assert again.placeholder("EMAIL", "y@example.com") == "<EMAIL_2>"
    assert again.add(Person("Ida")) == "PERSON_3"
    assert [mention.label for mention in again.known.find("Anna ruft 0160 1111111 an")] == [
        "PERSON_1",
        "PERSON_2",
    ]


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"secret": 1}', b"\x80\x04."])
def test_a_damaged_roster_is_an_error(data: bytes) -> None:
    with pytest.raises(PrivacyError, match="damaged"):
        Roster.loads(data)


def test_a_roster_of_another_version_is_an_error(roster: Roster) -> None:
    state = msgspec.json.decode(roster.dumps())
    with pytest.raises(PrivacyError, match="version"):
        Roster.loads(msgspec.json.encode({**state, "version": 2}))


def test_a_number_is_never_given_twice_and_a_merged_one_still_means_somebody() -> None:
    roster = Roster()
    roster.add(Person("Nora Feld"), owner=True)
    first, second = roster.add(Person("Ilka Brandt", "ilka@example.org")), roster.add(Person("I. Brandt"))
    roster.rename(second, "Ilka B.")
    roster.exclude(second)
    roster.saw(second, "I. Brandt")
    roster.merge(first, second)
    assert roster.now(second) == roster.now(f"<{second}>") == first
    assert roster.merged == {second: first}
    assert roster.excluded == {first}
    assert roster.pseudonym(Person("I. Brandt")) == first
    assert roster.add(Person("Kim Park")) not in (first, second)
    again = Roster.loads(roster.dumps())
    assert again.find(second) == first
    assert again.restore(f"<{second}> and <{first}>") == "I. Brandt and I. Brandt"
    assert again.handles(second) == (Person("Ilka Brandt", "ilka@example.org"), Person("I. Brandt"))
    assert again.handles("PERSON_99") == ()
    assert again.called(first) == "Ilka Brandt"
    assert [one.label for one in again.known.find("see Ilka Brandt")] == [first]


def test_what_cannot_be_done_to_a_contact_is_said() -> None:
    roster = Roster()
    roster.add(Person("Nora Feld"), owner=True)
    ilka = roster.add(Person("Ilka Brandt"))
    attempts: list[Callable[[], None]] = [
        lambda: roster.merge(ilka, ilka),
        lambda: roster.merge(ilka, "me"),
        lambda: roster.merge(ilka, "PERSON_9"),
        lambda: roster.rename(ilka, " "),
        lambda: roster.exclude("me"),
    ]
    for attempt in attempts:
        with pytest.raises(PrivacyError):
            attempt()
    roster.exclude(ilka)
    roster.exclude(ilka, excluded=False)
    assert roster.excluded == frozenset()
