from collections.abc import Iterator, Sequence

import msgspec
import pytest

from ipse.records import Turn
from ipse.scorecard import Rivals
from ipse.scorecard.contenders import line_up
from ipse.scorecard.measures import Measured, Missing
from ipse.scorecard.metrics.likelihood import likelihood
from ipse.scorecard.results import CLONE, WRONG

from .people import SETTINGS, Letters, World


class Bits(Letters):
    """Needs so many bits per byte of the owner's text, and so many of anybody else's."""

    def __init__(self, own: float, others: float, known: set[str], below: "Bits | None" = None) -> None:
        super().__init__([], below)
        self.own, self.others, self.replies = own, others, known

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        yield "ok"

    def bits(self, context: Sequence[Turn], reply: str) -> float:
        return (self.own if reply in self.replies else self.others) * len(reply.encode())


def test_gain_and_specificity_are_differences_of_bits_per_byte(world: World) -> None:
    known = {example.reply for example in world.data.test}
    base = Bits(4.0, 4.0, known)
    clone, wrong = Bits(2.5, 3.6, known, base), Bits(4.4, 3.0, known, base)
    lineup = line_up(clone, world.data, Rivals(wrong_authors=[wrong]), SETTINGS, lambda answers: None)
    gain, specific = likelihood(lineup, world.data, SETTINGS)
    assert isinstance(gain, Measured)
    assert isinstance(specific, Measured)
    assert gain.draws[CLONE][0] == pytest.approx(1.5)
    assert specific.draws[CLONE][0] == pytest.approx(1.5 - 0.4)
    assert gain.draws[WRONG][0] == pytest.approx(-0.4)
    assert set(specific.draws) == {CLONE}  # nobody else reads other people's replies
    assert gain.draws["base model"][0] == 0
    assert "needs 4.00 bits per byte" in gain.note
    assert len(gain.plan.strata) == 2  # other people's conversations are resampled apart


def test_a_voice_without_likelihood_is_not_measured(world: World) -> None:
    lineup, _ = world.lineup(world.clone())
    assert all(isinstance(each, Missing) for each in likelihood(lineup, world.data, SETTINGS))


def test_too_few_replies_are_not_measured(world: World) -> None:
    clone = Letters(world.data.train, Letters(world.wrong_text["ada"]))
    few = msgspec.structs.replace(world.data, test=world.data.test[:10])
    lineup = line_up(clone, few, Rivals(), SETTINGS, lambda answers: None)
    assert all(isinstance(each, Missing) for each in likelihood(lineup, few, SETTINGS))
    nobody = msgspec.structs.replace(world.data, impostors={"ada": world.data.impostors["ada"][:5]})
    lineup = line_up(clone, nobody, Rivals(), SETTINGS, lambda answers: None)
    gain, specific = likelihood(lineup, nobody, SETTINGS)
    assert isinstance(gain, Measured)
    assert isinstance(specific, Missing)


def test_of_many_replies_an_even_sample_is_measured(world: World) -> None:
    many = [msgspec.structs.replace(each, id=f"{each.id}{n}") for n in range(2) for each in world.data.test]
    settings = SETTINGS.model_copy(update={"max_examples": 400})
    data = msgspec.structs.replace(world.data, test=many)
    known = {example.reply for example in many}
    lineup = line_up(Bits(1.0, 2.0, known, Bits(3.0, 3.0, known)), data, Rivals(), settings, lambda n: None)
    gain = likelihood(lineup, data, SETTINGS)[0]
    assert isinstance(gain, Measured)
    assert gain.note.startswith("200 replies")
