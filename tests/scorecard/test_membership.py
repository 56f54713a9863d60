import msgspec

from ipse.scorecard.bootstrap import Plan
from ipse.scorecard.gates.membership import membership

from .people import Letters, World, write


def plan_of(strata: object) -> Plan:
    return Plan(strata, resamples=200, seed=7)  # type: ignore[arg-type]


class Memory(Letters):
    """A language voice that knows by heart what it was trained on."""

    def __init__(self, world: World, below: Letters) -> None:
        super().__init__(world.data.train, below)
        self.heart = {each.reply for each in world.data.train}

    def bits(self, context: object, reply: str) -> float:
        return 1.0 if reply in self.heart else super().bits(context, reply)  # type: ignore[arg-type]


def test_a_voice_that_learned_a_manner_passes_and_one_that_learned_by_heart_is_caught(world: World) -> None:
    base = Letters([each for several in world.wrong_text.values() for each in several])
    calm = membership(Letters(world.data.train, base), world.data, plan_of)
    assert calm.passed
    assert calm.figure is not None
    assert 0.35 < calm.figure.value <= 0.6
    caught = membership(Memory(world, base), world.data, plan_of)
    assert caught.passed is False
    assert caught.figure is not None
    assert caught.figure.value > 0.8


def test_what_changed_since_is_not_taken_for_what_was_learned(world: World) -> None:
    """The author writes otherwise by the time of the test; nothing was learned by heart."""
    base = Letters([each for several in world.wrong_text.values() for each in several])
    later = msgspec.structs.replace(world.data, test=write("ada", 3, conversations=40, start=180))
    gate = membership(Letters(world.data.train, base), later, plan_of)
    assert gate.passed


class Part(Memory):
    """The same, of every other example, and it says which."""

    def __init__(self, world: World, below: Letters) -> None:
        super().__init__(world, below)
        self.read, self.left = (list(world.data.train[n::2]) for n in (0, 1))
        self.heart = {each.reply for each in self.read} - {each.reply for each in self.left}

    def sample(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(each.id for each in self.read), frozenset(each.id for each in self.left)


def test_who_read_a_part_is_asked_about_that_and_the_rest(world: World) -> None:
    base = Letters([each for several in world.wrong_text.values() for each in several])
    part = Part(world, base)
    caught = membership(part, world.data, plan_of)
    assert "drawn from the same by chance" in caught.note
    assert caught.passed is False
    part.heart = set()
    calm = membership(part, world.data, plan_of)
    assert calm.figure is not None
    assert 0.4 < calm.figure.value < 0.6


def test_a_voice_that_repeats_its_owner_has_a_figure_and_no_gate(world: World) -> None:
    gate = membership(world.clone(), world.data, plan_of)
    assert gate.passed is None
    assert gate.figure is not None
    assert "by design" in gate.note


def test_too_few_examples_are_told(world: World) -> None:
    few = msgspec.structs.replace(world.data, judge=world.data.judge[:9])
    gate = membership(world.clone(), few, plan_of)
    assert gate.passed is None
    assert gate.figure is None
    assert "20 replies each" in gate.note
