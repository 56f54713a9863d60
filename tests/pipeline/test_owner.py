"""Who of the senders is the owner."""

from collections.abc import Sequence

import pytest

from ipse.errors import OwnerUnknownError, SourceError
from ipse.interfaces import Survey
from ipse.pipeline.owner import Candidate, matcher, people_of, settle, shown, spelled
from ipse.privacy.roster import Roster
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
        ("Nora F. <nora@example.org>", Person("N. Feld", "nora@example.org")),  # as senders are shown
        ("nora <nora#5506>", Person("nora", "nora#5506")),
        ("Nora <3", Person("Nora <3")),
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
        ("Nora <nora@example.org>", Person("Nora", "nora@example.com")),
        ("", Person("")),
    ],
)
def test_somebody_else_is_not_the_owner(me: str, person: Person) -> None:
    assert not matcher([me])(person)


def test_nobody_lists_the_senders_by_how_much_they_wrote() -> None:
    senders = {Person("Ana"): 3, Person("Ben", "ben@example.org"): 12, Person("Copied Only"): 0}
    with pytest.raises(OwnerUnknownError) as caught:
        settle([("chat.txt", Survey(senders=senders))], ["Nora"], Roster(), None)
    assert "chat.txt" in str(caught.value)
    assert "Ben <ben@example.org> (12), Ana (3)." in str(caught.value)
    assert "Copied" not in str(caught.value)
    assert "--me" in caught.value.hint


def test_no_senders_at_all_is_another_matter() -> None:
    with pytest.raises(SourceError, match="no messages were found"):
        settle([("empty.txt", Survey(senders={Person(""): 3}))], ["Nora"], Roster(), None)


def test_a_long_list_of_senders_is_cut_and_counted() -> None:
    senders = {Person(f"P{n:02}"): n + 1 for n in range(20)}
    with pytest.raises(OwnerUnknownError, match="and 8 more"):
        settle([("chat.txt", Survey(senders=senders))], ["Nora"], Roster(), None)


def test_the_owner_among_them_is_enough() -> None:
    survey = Survey(senders={Person("Ana"): 3, Person("Nora"): 0})
    assert settle([("chat.txt", survey)], ["Nora"], Roster(), None).names == ()


def test_whoever_is_chosen_as_they_are_shown_is_the_owner() -> None:
    nora = Person("Nora", "nora@example.org")
    survey = Survey(senders={Person("Ana"): 3, nora: 2})
    settled = settle([("All mail.mbox", survey)], [], Roster(), lambda _, found: [found[1].name])
    assert settled.names == (shown(nora), "nora@example.org")
    assert matcher(settled.names)(nora)
    assert not matcher(settled.names)(Person("Ana"))
    assert spelled(["", " ", "Nora"]) == ("Nora",)


def test_an_export_that_knows_its_owner_asks_nobody() -> None:
    for owner in ((), (Person("Ana"),)):
        assert (
            settle([("sms.xml", Survey(senders={Person("Ana"): 3}, owner=owner))], [], Roster(), None).names
            == ()
        )


def test_the_owner_of_earlier_imports_is_the_owner_still() -> None:
    roster = Roster()
    roster.add(Person("Nora Feld", "nora@example.org"), owner=True)
    assert settle([("chat.txt", Survey(senders={Person("Nora Feld"): 3}))], [], roster, None).names == ()


def test_where_nobody_can_say_the_one_in_every_conversation_is_offered_first() -> None:
    asked: list[tuple[str, list[Candidate]]] = []

    def ask(export: str, candidates: Sequence[Candidate]) -> list[str]:
        asked.append((export, list(candidates)))
        return [candidates[0].name]

    survey = Survey(senders={Person("Ana"): 9, Person("Nora"): 5}, likely=(Person("Nora"),))
    assert settle([("messenger.zip", survey)], [], Roster(), ask).names == ("Nora",)
    assert asked == [
        ("messenger.zip", [Candidate("Nora", 5, likely=True), Candidate("Ana", 9, likely=False)])
    ]
    with pytest.raises(OwnerUnknownError) as caught:
        settle([("messenger.zip", survey)], [], Roster(), None)
    assert "--me Nora" in caught.value.hint


def test_addresses_and_names_become_people_of_their_kind() -> None:
    assert people_of(["Nora", "Nora <nora@example.org>", "nora@example.org", "+49 30 23125 001"]) == [
        Person("Nora"),
        Person("Nora", "nora@example.org"),
        Person("", "nora@example.org"),
        Person("", "+49 30 23125 001"),
    ]


def test_where_the_owner_is_in_one_export_another_may_be_without() -> None:
    surveys = [
        ("day.log", Survey(senders={Person("Ana"): 3})),
        ("next.log", Survey(senders={Person("Nora"): 2})),
        ("empty.log", Survey(senders={})),
    ]
    settled = settle(surveys, ["Nora"], Roster(), None)
    assert settled.names == ()
    assert settled.without == {
        "day.log": "nobody in it is you, so all of it counts as said by others",
        "empty.log": "no messages",
    }
    with pytest.raises(OwnerUnknownError):
        settle(surveys[:1], ["Nora"], Roster(), None)
