"""Who of the senders is the owner."""

from pathlib import Path

import pytest

from ipse.errors import OwnerUnknownError, SourceError
from ipse.pipeline.owner import matcher, must_be_in, people_of
from ipse.records import Person


@pytest.mark.parametrize(
    ("me", "person"),
    [
        ("Nora Feld", Person("nora  feld")),
        ("nora@example.org", Person("Nora F.", "Nora@Example.org")),
        ("+49 30 23125 001", Person("", "+493023125001")),
        ("+49 30 23125 001", Person("+49 30 23125\u2011001")),
        ("Nora", Person("~ Nora")),
        ("\uff2eora", Person("Nora")),
        ('"Nora"', Person("Nora")),
    ],
)
def test_the_owner_is_recognized_however_the_export_writes_them(me: str, person: Person) -> None:
    assert matcher([me])(person)


@pytest.mark.parametrize(
    ("me", "person"),
    [
        ("Nora", Person("Nora Feld")),
        ("Nora Feld", Person("Nora Feldmann")),
        ("nora@example.org", Person("", "nora@example.com")),
        ("+49 30 23125 001", Person("", "+49 30 23125 002")),
        ("Nora", Person("")),
    ],
)
def test_somebody_else_is_not_the_owner(me: str, person: Person) -> None:
    assert not matcher([me])(person)


def test_nobody_lists_the_senders_by_how_much_they_wrote() -> None:
    senders = {Person("Ana"): 3, Person("Ben", "ben@example.org"): 12, Person("Copied Only"): 0}
    with pytest.raises(OwnerUnknownError) as caught:
        must_be_in(senders, matcher(["Nora"]), Path("chat.txt"))
    assert "chat.txt" in str(caught.value)
    assert "Ben <ben@example.org> (12), Ana (3)." in str(caught.value)
    assert "Copied" not in str(caught.value)
    assert "--me" in caught.value.hint


def test_no_senders_at_all_is_another_matter() -> None:
    with pytest.raises(SourceError, match="no messages were found"):
        must_be_in({Person(""): 3}, matcher(["Nora"]), Path("empty.txt"))


def test_a_long_list_of_senders_is_cut_and_counted() -> None:
    senders = {Person(f"P{n:02}"): n + 1 for n in range(20)}
    with pytest.raises(OwnerUnknownError, match="and 8 more"):
        must_be_in(senders, matcher(["Nora"]), Path("chat.txt"))


def test_the_owner_among_them_is_enough() -> None:
    must_be_in({Person("Ana"): 3, Person("Nora"): 0}, matcher(["Nora"]), Path("chat.txt"))


def test_addresses_and_names_become_people_of_their_kind() -> None:
    assert people_of(["Nora", "nora@example.org", "+49 30 23125 001"]) == [
        Person("Nora"),
        Person("", "nora@example.org"),
        Person("", "+49 30 23125 001"),
    ]
