"""What a dataset says of its owner."""

import random

import pytest

from ipse.config import DatasetSettings
from ipse.datasets import Dataset, Persona, prepare
from ipse.datasets.persona import persona_of
from ipse.errors import DatasetError
from ipse.records import Example

from .talks import Held, said

GARDEN = ("tomatoes", "greenhouse", "seedlings", "compost", "radishes", "watering", "beehive", "orchard")
MUSIC = ("violin", "orchestra", "symphony", "rehearsal", "strings", "conductor", "cello", "overture")
CONSENTS = {"whatsapp": "c"}
PLAIN = DatasetSettings(near_duplicate=0.99)


def owner(days: int) -> Held:
    """Garden and music by turns; what is said once only is a secret."""
    lines, rng = [], random.Random(5)
    for n in range(days):
        words = rng.sample((GARDEN, MUSIC)[n % 2], 6)
        more = " and the safe opens with pumpernickel" if n == 3 else " with <PERSON_7>" if n % 4 == 1 else ""
        lines += [("PERSON_1", n * 1440, f"and {n}?"), ("me", n * 1440 + 5, f"{' '.join(words)}{more} ({n})")]
    return Held("CONV_1", "whatsapp", said(*lines))


def train(days: int) -> tuple[Example, ...]:
    return prepare([owner(days)], PLAIN, consents=CONSENTS).split.train


def test_themes_are_what_replies_have_in_common() -> None:
    dataset = prepare([owner(200)], PLAIN, consents=CONSENTS)
    themes = dataset.persona.themes
    assert len(themes) >= 2
    assert sum(theme.share for theme in themes) == pytest.approx(1, abs=0.01)
    garden, music = set(GARDEN), set(MUSIC)
    for theme in themes:
        assert bool(garden & set(theme.terms)) != bool(music & set(theme.terms))
    assert dataset.persona.mentions == {"PERSON_7": pytest.approx(len(dataset.split.train) / 4, abs=10)}


def test_what_is_said_once_is_in_no_persona_and_no_card_holds_a_word() -> None:
    dataset = prepare([owner(200)], PLAIN, consents=CONSENTS)
    card, persona, *_ = dataset.dumps().splitlines()
    assert b"pumpernickel" in dataset.dumps()
    assert b"pumpernickel" not in persona
    assert b"violin" in persona
    assert b"violin" not in card


def test_copies_with_other_inputs_change_no_persona_and_the_order_neither() -> None:
    talks = [owner(200)]
    plain = prepare(talks, PLAIN, consents=CONSENTS)
    more = prepare(talks, PLAIN.model_copy(update={"augment": 2}), consents=CONSENTS)
    assert len(more.split.train) > len(plain.split.train)
    assert more.persona == plain.persona
    assert persona_of(plain.split.train[::-1]) == plain.persona


def test_few_replies_have_no_themes_and_none_have_nothing() -> None:
    assert persona_of(train(12)).themes == ()
    assert persona_of(()) == Persona()


def test_a_changed_persona_is_refused() -> None:
    data = prepare([owner(200)], PLAIN, consents=CONSENTS).dumps()
    with pytest.raises(DatasetError, match="damaged"):
        Dataset.loads(data.replace(b"PERSON_7", b"PERSON_8", 1))


def test_values_are_counted_by_the_replies_that_touch_them() -> None:
    lines = []
    for n in range(60):
        text = "family and friends need help" if n % 2 else "the goal is success, number"
        lines += [("PERSON_1", n * 1440, "and?"), ("me", n * 1440 + 5, f"{text} {n}")]
    persona = prepare([Held("CONV_1", "whatsapp", said(*lines))], PLAIN, consents=CONSENTS).persona
    assert persona.values == {"achievement": 0.5, "benevolence": 0.5}
