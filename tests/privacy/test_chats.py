"""Known participants are found in every hard case of six languages, and clean messages stay as they are."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ipse.config import PrivacySettings
from ipse.privacy.gate import Gate
from ipse.privacy.lists import WordLists
from ipse.privacy.names import Form
from ipse.privacy.roster import Roster
from ipse.records import Message, Person

from ..soak import rounds
from .chats import CASES, LANGUAGES, chat, clean, people

MESSAGES = rounds(660, 22_000)
CLEAN = rounds(400, 10_000)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
ORDINARY = frozenset({"URL", "EMAIL", "IP", "MAC"})  # what real chats really hold


def gate_of(make_gate: Callable[..., Gate], *languages: str) -> tuple[Gate, Roster]:
    roster = Roster()
    for language in languages:
        for person in people(language):
            roster.add(person)
    return make_gate(roster), roster


def missed(
    gate: Gate, roster: Roster, language: str, make: Callable[..., Message]
) -> tuple[Counter[str], list[str]]:
    """How many were said in each case, and those in which the person is not replaced whole."""
    said: Counter[str] = Counter()
    out: list[str] = []
    for one in chat(language, 7, MESSAGES):
        said[one.case] += 1
        label = f"<{roster.pseudonym(one.person)}>"
        text = gate.clear(make(one.text, sender=Person("Somebody Else"))).record.text
        left = one.written.strip("@#*()").split()
        if label not in text or any(len(part) > 3 and part in text for part in left if part[0].isupper()):
            out.append(f"{one.case}: {one.text} -> {text}")
    return said, out


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_known_person_is_found_in_every_hard_case(
    make_gate: Callable[..., Gate], message: Callable[..., Message], language: str
) -> None:
    gate, roster = gate_of(make_gate, language)
    said, out = missed(gate, roster, language, message)
    assert out == []
    assert set(said) == set(CASES)
    assert min(said.values()) >= MESSAGES // len(CASES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_count_would_notice_an_index_without_forms_and_short_names(
    make_gate: Callable[..., Gate],
    message: Callable[..., Message],
    language: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ipse.privacy.known.forms", lambda part: [Form(part)])
    monkeypatch.setattr("ipse.privacy.known.nicknames", lambda part: ())
    gate, roster = gate_of(make_gate, language)
    _, out = missed(gate, roster, language, message)
    assert len(out) >= MESSAGES // 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_clean_messages_stay_as_they_are(
    make_gate: Callable[..., Gate], message: Callable[..., Message], language: str
) -> None:
    gate, _ = gate_of(make_gate, *LANGUAGES)
    alarms = [
        (text, cleared)
        for text in clean(language, 7, CLEAN)
        if (cleared := gate.clear(message(text, sender=Person("Somebody Else"))).record.text) != text
    ]
    assert len(alarms) <= CLEAN // 200, alarms[:5]


def test_a_name_that_is_a_word_costs_that_word_until_the_owner_allows_it(
    make_gate: Callable[..., Gate], message: Callable[..., Message]
) -> None:
    _, roster = gate_of(make_gate, "de", "en")
    lists = WordLists()
    lists.allow("Ernst")
    for allowed, kept in ((None, "das ist mir <PERSON_4>"), (lists, "das ist mir ernst")):
        permit = make_gate(roster)._permit
        gate = Gate(roster, PrivacySettings(), recognizers=[], permit=permit, lists=allowed)
        assert gate.clear(message("das ist mir ernst")).record.text == kept
        assert "Ernst" not in gate.clear(message("Ernst kommt")).record.text


def zulip() -> Iterator[str]:
    with gzip.open(SHARED / "chat" / "lean-zulip-116395_maths.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)["text"]


def topical() -> Iterator[str]:
    file = SHARED / "dialogue" / "topical-chat" / "valid_rare.json"
    for talk in json.loads(file.read_text(encoding="utf-8")).values():
        yield from (said["message"] for said in talk["content"])


@pytest.mark.shared
@pytest.mark.parametrize("source", [zulip, topical])
def test_real_chats_raise_one_alarm_in_two_hundred_messages_at_most(
    make_gate: Callable[..., Gate], source: Callable[[], Iterator[str]]
) -> None:
    gate = make_gate()
    alarms = messages = 0
    for text in source():
        messages += 1
        if messages > rounds(5_000, 90_000):
            break
        found = gate._finder.replaced(gate._finder.find(text))
        alarms += any(span.kind not in ORDINARY for span in found)
    assert messages > 4_000
    assert alarms <= messages // 200
