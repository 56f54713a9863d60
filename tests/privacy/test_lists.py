"""The owner's lists: what is allowed stays, what is denied goes in every form, and a gate obeys both."""

from collections.abc import Callable

import pytest

from ipse.config import PrivacySettings
from ipse.errors import PrivacyError
from ipse.interfaces import Span
from ipse.privacy.gate import Gate
from ipse.privacy.lists import PRIVATE, WordLists
from ipse.privacy.review import CONTEXTS, Context, Doubt, Review
from ipse.privacy.roster import Roster
from ipse.records import Message, Person

from .conftest import OURS


def denying(*words: str) -> WordLists:
    lists = WordLists()
    for word in words:
        lists.deny(word)
    return lists


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("Falke", "der falke und die FALKE", ["falke", "FALKE"]),
        ("Falke", "Falkes Nest, falkenhaft", ["Falke"]),
        ("Projekt Falke", "im Projekt Falke, projekt-falke", ["Projekt Falke", "projekt-falke"]),
        ("Projekt Falke", "Projekt und Falke, ein Projekt .... Falke, Projekt", []),
        ("José", "jose kommt", ["jose"]),
        ("Саша", "про Сашу", ["Сашу"]),
        ("ნინო", "ნინოსთან", ["ნინო"]),
        ("أحمد", "وأحمد هنا", ["أحمد"]),
        ("小明", "我见小明和小明了", ["小明", "小明"]),
        ("X7", "an x7 b", ["x7"]),
    ],
)
def test_a_denied_word_is_found_in_any_case_and_form(word: str, text: str, found: list[str]) -> None:
    lists = denying(word)
    assert [text[span.start : span.end] for span in lists.find(text)] == found
    again = WordLists.loads(lists.dumps())
    assert [span.kind for span in again.find(text)] == [PRIVATE] * len(found)


def test_a_word_is_on_one_list_at_most_and_comes_off_it() -> None:
    lists = denying("Rose")
    lists.allow("rose")
    assert (lists.allowed, lists.denied) == (("rose",), {})
    assert lists.allows("ROSE")
    assert lists.keeps("rose")
    assert not lists.keeps("Rose")
    assert lists.holds("Rosé")
    assert not lists.holds("Tulpe")
    assert not lists.allows("Tulpe")
    lists.deny("Rose", "NAME")
    assert (lists.allowed, lists.denied) == ((), {"Rose": "NAME"})
    assert lists.forget("rose")
    assert not lists.forget("rose")
    assert list(lists.find("Rose")) == []
    held = WordLists.loads(lists.dumps())
    assert (held.allowed, held.denied) == ((), {})


def test_allowed_words_are_kept_when_read_again() -> None:
    lists = WordLists()
    lists.allow(" Will ")
    assert WordLists.loads(lists.dumps()).allowed == ("Will",)


@pytest.mark.parametrize("word", ["", "  ", "!?"])
def test_a_word_needs_a_letter_or_a_digit(word: str) -> None:
    with pytest.raises(PrivacyError, match=r"neither letter nor digit"):
        WordLists().allow(word)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"deny": 3}', b"\xff"])
def test_damaged_documents_are_told(data: bytes) -> None:
    with pytest.raises(PrivacyError, match=r"lists of words are damaged"):
        WordLists.loads(data)
    with pytest.raises(PrivacyError, match=r"review queue is damaged"):
        Review.loads(data if data != b'{"deny": 3}' else b'{"doubts": 3}')


def test_the_memory_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipse.privacy.lists.MEMORY", 2)
    lists = denying("Falke")
    text = "eins zwei drei zwei Falke"
    assert len(list(lists.find(text))) == 1
    assert len(lists._elsewhere) <= 2


def doubt(value: str, *, message: str = "1", **fields: object) -> Doubt:
    known: dict[str, object] = {
        "kind": "NAME",
        "value": value,
        "score": 0.4,
        "replaced": False,
        "count": 1,
        "contexts": (Context("hi ", "!", message),),
    }
    return Doubt(**{**known, **fields})  # type: ignore[arg-type]


def test_the_queue_counts_words_and_keeps_few_contexts() -> None:
    review = Review()
    for number in range(5):
        review.add(doubt("Sabine", message=f"{number}", score=0.4 + number / 10, replaced=True))
    review.add(doubt("SABINE", message="0"))
    review.add(doubt("Dirk"))
    first, second = Review.loads(review.dumps())
    assert (first.value, first.count, first.replaced) == ("Sabine", 6, False)
    assert first.score == pytest.approx(0.8)
    assert len(first.contexts) == CONTEXTS
    assert second.value == "Dirk"
    assert review.changed


def test_the_queue_is_bounded_and_counts_what_it_leaves_out() -> None:
    review = Review(limit=1)
    for name in ("Sabine", "Dirk", "Uwe", "Sabine"):
        review.add(doubt(name))
    assert [(one.value, one.count) for one in review] == [("Sabine", 2)]
    assert Review.loads(review.dumps()).left_out == 2


def test_what_is_settled_leaves_the_queue() -> None:
    review = Review()
    review.add(doubt("Sabine"))
    untouched = Review.loads(review.dumps())
    assert untouched.settle("Dirk") is None
    assert not untouched.changed
    held = Review.loads(review.dumps())
    settled = held.settle("sabine")
    assert settled is not None
    assert settled.value == "Sabine"
    assert held.changed
    assert len(held) == 0


def test_what_stood_in_messages_that_are_gone_leaves_the_queue() -> None:
    review = Review()
    review.add(doubt("Sabine"))
    review.add(doubt("Sabine", message="2"))
    review.add(doubt("Dirk"))
    untouched = Review.loads(review.dumps())
    assert untouched.keep_only({"1", "2", "3"}) == 0
    assert not untouched.changed
    held = Review.loads(review.dumps())
    assert held.keep_only({"2"}) == 1
    assert held.changed
    assert [(one.value, [at.message for at in one.contexts]) for one in held] == [("Sabine", ["2"])]
    assert held.keep_only(()) == 1
    assert len(held) == 0


def gate(
    make_gate: Callable[..., Gate], lists: WordLists | None = None, review: Review | None = None
) -> Gate:
    roster = Roster()
    roster.add(Person("Rose Weber"))
    made = make_gate(roster)
    return Gate(roster, PrivacySettings(), recognizers=OURS, permit=made._permit, lists=lists, review=review)


def test_the_gate_replaces_what_is_denied_and_keeps_what_is_allowed(
    make_gate: Callable[..., Gate], message: Callable[..., Message]
) -> None:
    lists = denying("Projekt Falke")
    lists.deny("Sabine", "NAME")
    lists.allow("rose")
    lists.allow("info@example.org")
    door = gate(make_gate, lists)
    text = "Rose malt eine rose für Sabine und sabines Projekt Falke, info@example.org"
    cleared = door.clear(message(text)).record.text
    assert cleared == ("<PERSON_1> malt eine rose für <NAME_1> und <NAME_1>s <PRIVATE_1>, info@example.org")
    assert gate(make_gate, lists).clear(message("nichts")).record.text == "nichts"
    assert "<PERSON_1>" in gate(make_gate).clear(message("eine rose")).record.text


def test_what_is_doubtful_is_left_and_put_before_the_owner_as_cleared(
    make_gate: Callable[..., Gate], message: Callable[..., Message]
) -> None:
    review = Review()
    door = gate(make_gate, review=review)
    cleared = door.clear(message("Hallo Sabine, ruf Rose an: rose@example.org")).record
    assert cleared.text == "Hallo Sabine, ruf <PERSON_1> an: <EMAIL_1>"
    (found,) = review
    assert (found.kind, found.value, found.replaced, found.count) == ("NAME", "Sabine", False, 1)
    (context,) = found.contexts
    assert (context.before, context.after) == ("Hallo ", ", ruf <PERSON_1> an: <EMAIL_1>")
    assert context.message == cleared.id
    door.clear(cleared)
    assert [one.count for one in review] == [1]


def test_a_known_person_is_no_question(
    make_gate: Callable[..., Gate], message: Callable[..., Message]
) -> None:
    review = Review()
    door = gate(make_gate, review=review)
    assert door.clear(message("Hallo Rose, alles gut?")).record.text == "Hallo <PERSON_1>, alles gut?"
    assert len(review) == 0


def test_what_a_model_finds_is_replaced_and_put_before_the_owner(
    make_gate: Callable[..., Gate], message: Callable[..., Message]
) -> None:
    class Model:
        name = "model"

        def find(self, text: str) -> list[Span]:
            return [Span(0, 4, "NAME", 0.9), Span(5, 8, "NAME", 0.1)]

    review = Review()
    door = make_gate(None, Model())
    door._review = review
    assert door.clear(message("Dirk Uwe da")).record.text == "<NAME_1> Uwe da"
    assert [(one.value, one.replaced) for one in review] == [("Dirk", True)]
