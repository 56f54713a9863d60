"""Special categories: what the lists find, how well, and that what they mean otherwise is left alone."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.config import PrivacySettings
from ipse.consent import Permit, Special
from ipse.errors import RefusedError
from ipse.privacy import special
from ipse.privacy.gate import Gate
from ipse.privacy.roster import Roster
from ipse.privacy.special import CATEGORIES, LANGUAGES, special_in
from ipse.records import Message, Person

TABLES = Path(__file__).parent / "special"


def table(name: str) -> list[tuple[str, str, str]]:
    """Language, category (or ``-``) and sentence."""
    found = []
    for file in sorted((TABLES / name).glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            category, sentence = line.split("\t")
            found.append((file.stem, category, sentence))
    return found


def recall(name: str) -> float:
    about = [(category, sentence) for _, category, sentence in table(name) if category != "-"]
    return sum(category in special_in(sentence) for category, sentence in about) / len(about)


def alarms(name: str) -> float:
    plain = [sentence for _, category, sentence in table(name) if category == "-"]
    return sum(bool(special_in(sentence)) for sentence in plain) / len(plain)


# Floors just below what was measured (docs/guides/privacy.md): a list that gets worse is noticed.
def test_what_is_said_in_usual_words_is_mostly_found() -> None:
    """`tuned` is what the lists were written against; `usual` was written after and never tuned against."""
    assert recall("tuned") >= 0.98
    assert alarms("tuned") <= 0.01
    assert recall("usual") >= 0.90


def test_what_is_only_hinted_at_is_mostly_missed_and_said_so() -> None:
    """The limit of a word list, measured: sentences written after the lists, none of them tuned against."""
    found, wrong = recall("indirect"), alarms("indirect")
    assert 0.10 <= found <= 0.30, "docs/guides/privacy.md states another figure"
    assert wrong <= 0.07


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_is_found_in_every_language(language: str, category: str) -> None:
    mine = [sentence for one, what, sentence in table("tuned") if (one, what) == (language, category)]
    found = [sentence for sentence in mine if category in special_in(sentence)]
    assert len(mine) >= 14
    assert len(found) >= 0.8 * len(mine)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", set()),
        ("chemotherapy", {"health"}),
        ("CHEMOTHERAPY starts Monday", {"health"}),
        ("gay", set()),  # of nobody
        ("I'm gay", {"sexuality"}),
        ("<PERSON_3> is gay", {"sexuality"}),
        ("<ME> is gay", {"sexuality"}),
        ("I waited. Gay bars were closed", set()),  # another sentence
        ("the gay bar is what I and all the others looked for", {"sexuality"}),
        ("gay bars, it is said by people who live in this part of town", set()),
        ("gay as he is", {"sexuality"}),
        ("the doctor has an appointment for us", {"health"}),  # two of a kind
        ("doctor doctor", set()),  # one word twice
        ("I'm sick of it", set()),
        ("I'm sick", {"health"}),
        ("I'm sick of it, and my asthma is back", {"health"}),
        ("the European Union", set()),
    ],
)
def test_words_count_by_their_context(text: str, found: set[str]) -> None:
    assert special_in(text) == found


def test_the_lists_are_well_formed() -> None:
    lists = special._lists()
    assert set(lists.bearers) == set(LANGUAGES)
    entries = [entry for held in lists.entries.values() for entry in held]
    assert {entry.kind for entry in entries} == {"sure", "own", "pair", "never"}
    assert {(entry.language, entry.category) for entry in entries} == {
        (language, category) for language in LANGUAGES for category in CATEGORIES
    }
    for entry in entries:
        assert entry.words
        assert all(entry.words), entry
        assert len(entry.words[0]) >= special.KEY or not entry.stems[0], entry


def test_the_gate_refuses_what_the_owner_does_not_keep(make_permit: Callable[..., Permit]) -> None:
    def cleared(text: str, *, refuse: tuple[Special, ...] = ("health",), subject: str | None = None) -> str:
        gate = Gate(Roster(), PrivacySettings(), recognizers=(), permit=make_permit(), refuse=refuse)
        at = datetime(2024, 5, 1, tzinfo=UTC)
        told = Message(
            id="0" * 32,
            conversation="c",
            platform="whatsapp",
            at=at,
            sender=Person("A B"),
            text=text,
            subject=subject,
        )
        return gate.clear(told).record.text

    assert cleared("we are Catholic") == "we are Catholic"
    assert cleared("my asthma", refuse=()) == "my asthma"
    for text, subject in (("my asthma", None), ("see above", "my asthma")):
        with pytest.raises(RefusedError, match="special category you did not allow"):
            cleared(text, subject=subject)
