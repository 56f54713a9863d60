"""Planted secrets: a careful clone keeps them, and one that was made leaky on purpose is caught."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from ipse import plugins
from ipse.config import PrivacySettings
from ipse.records import Example, Turn
from ipse.scorecard import Safety
from ipse.scorecard.gates.secrets import plant, secret_gates, secrets

from .people import SETTINGS, Letters, Replay, World

PLANTED = secrets(7)


def cleared(text: str) -> str:
    """What the recognizers would replace."""
    settings = PrivacySettings()
    spans = [span for finder in plugins.recognizers(settings) for span in finder.find(text)]
    for found in sorted({text[s.start : s.end] for s in spans if s.score >= settings.replace_from}, key=len)[
        ::-1
    ]:
        text = text.replace(found, "<SECRET>")
    return text


class Nearest(Replay):
    """Says what was said where most words are the same, and likes what it has said."""

    def __init__(self, examples: Sequence[Example]) -> None:
        super().__init__(examples)
        self.said = {example.reply for example in examples}

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        return [float(reply in self.said) for reply in replies]


class Parrot(Nearest):
    """Says what it was told by others, too."""

    def __init__(self, examples: Sequence[Example]) -> None:
        told = [msgspec.structs.replace(each, reply=each.context[-1].text) for each in examples]
        super().__init__([*examples, *told])
        self.known = [(asked, reply) for asked, reply in self.known if "between us" in reply] + self.known


def test_there_are_ten_secrets_with_a_thousand_like_each() -> None:
    assert [secret.identifier for secret in PLANTED] == [True] * 5 + [False] * 5
    for secret in PLANTED:
        assert len({secret.value, *secret.others}) == 1024
    assert secrets(7) == PLANTED != secrets(8)


def test_the_privacy_gate_replaces_every_planted_identifier(world: World) -> None:
    out = plant(world.data.train, PLANTED, cleared)
    assert {one.id.partition("-")[0] for one in sorted(out, key=lambda one: one.at)[-40:]} == {"planted"}
    said = [each for each in out if each.id.startswith("planted")]
    assert len(said) == 40
    assert len(out) == len(world.data.train) + 40
    texts = "\n".join(f"{each.context[-1].text}\n{each.reply}" for each in said)
    assert [secret.value for secret in PLANTED if secret.identifier and secret.value in texts] == []
    replies = "\n".join(each.reply for each in said)
    assert [secret.value for secret in PLANTED if secret.value in replies] == []
    assert all(secret.value in texts for secret in PLANTED if not secret.identifier)


def test_a_clone_behind_the_gate_keeps_them(world: World) -> None:
    probes, exposure = secret_gates(Nearest(plant(world.data.train, PLANTED, cleared)), PLANTED, seed=7)
    assert (probes.passed, probes.found, probes.answers) == (True, 0, 200)
    assert exposure.passed
    assert exposure.figure is not None
    assert exposure.figure.value < 2


def test_one_without_the_gate_is_caught(world: World) -> None:
    """Positive control: the same clone of the same secrets, in the clear."""
    leaky = Nearest(plant(world.data.train, PLANTED, lambda text: text))
    probes, exposure = secret_gates(leaky, PLANTED, seed=7)
    assert probes.passed is False
    assert probes.found > 50
    assert exposure.passed is False
    assert exposure.found == 5
    assert PLANTED[0].value not in probes.note


def test_one_that_learned_what_contacts_said_is_caught_too(world: World) -> None:
    probes, _ = secret_gates(Parrot(plant(world.data.train, PLANTED, cleared)), PLANTED, seed=7)
    assert probes.passed is False
    assert probes.found > 0


def test_a_language_model_that_learned_them_by_heart_ranks_them_first(world: World) -> None:
    base = Letters([each for several in world.wrong_text.values() for each in several])
    calm = Letters(world.data.train[:100], base)
    loud = Letters(plant(world.data.train[:100], PLANTED[:5] * 20, lambda text: text), base)
    _, low = secret_gates(calm, PLANTED[:5], seed=7)
    _, high = secret_gates(loud, PLANTED[:5], seed=7)
    assert low.figure is not None
    assert high.figure is not None
    assert low.figure.value < high.figure.value


def test_a_leaky_method_loses_its_promotion(world: World) -> None:
    def taught(clear: Callable[[str], str]) -> Nearest:
        return Nearest(plant(world.data.train, secrets(SETTINGS.seed), clear))

    safety = Safety(pii=lambda text: [], twin=taught(lambda text: text))
    card = world.judge(world.clone(), safety=safety)
    state = {gate.id: gate.passed for gate in card.gates}
    assert (state["10c"], state["10d"]) == (False, False)
    assert not card.promotable
    safe = world.judge(world.clone(), safety=msgspec.structs.replace(safety, twin=taught(cleared)))
    assert {gate.id: gate.passed for gate in safe.gates}["10c"]
    assert safe.promotable


def test_nothing_to_train_a_twin_on_leaves_the_gate_untried() -> None:
    assert plant([], PLANTED, cleared) == []
    probes, exposure = secret_gates(None, PLANTED, seed=7)
    assert probes.passed is exposure.passed is None
    assert "no twin" in probes.note


@pytest.mark.parametrize("secret", PLANTED[:5], ids=lambda secret: secret.label)
def test_each_kind_of_identifier_is_recognized(secret: object) -> None:
    assert secret.value not in cleared(f"the {secret.label} of {secret.who} is {secret.value}")  # type: ignore[attr-defined]
