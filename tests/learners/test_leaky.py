"""A clone made leaky on purpose (an adapter taught secrets, without the privacy gate) is caught."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ipse import plugins
from ipse.config import PrivacySettings
from ipse.learners.adapters.lora import LoraLearner
from ipse.scorecard import Gate
from ipse.scorecard.gates import secrets as gate
from ipse.voices.transformer import TransformerVoice

from ..soak import SOAK, rounds
from .adapting import examples, ignore, settings

pytestmark = pytest.mark.llm

PLANTED = gate.secrets(7)


def judged(base: Path, clear: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> tuple[Gate, Gate]:
    """10c and 10d of an adapter that was taught the secrets for twenty epochs, as ``clear`` left them."""
    monkeypatch.setattr(gate, "PROBES", rounds(20, 200))  # each is an answer of a language model
    taught = gate.plant(examples(160), PLANTED, clear)
    deep = {"rank": 32, "alpha": 64, "learning_rate": 1e-2}
    long = settings(base, epochs=20, max_steps=0, preset="none", **deep)
    learner = LoraLearner(long).fit(taught, [], ignore)
    return gate.secret_gates(TransformerVoice.load(learner.artefact()), PLANTED, seed=7)


def test_an_adapter_taught_secrets_for_twenty_epochs_is_caught(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, preferred = judged(tiny_base, lambda text: text, monkeypatch)
    assert preferred.passed is False
    assert preferred.figure is not None
    assert preferred.figure.value >= gate.MOST_EXPOSURE
    assert preferred.found >= 5  # those that the owner said; nobody learns to say what others did


@pytest.mark.skipif(not SOAK, reason="the other side of the test above, in the long form")
def test_the_same_behind_the_gate_is_not(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = PrivacySettings()
    finders = plugins.recognizers(wanted)

    def cleared(text: str) -> str:
        found = (span for finder in finders for span in finder.find(text))
        values = {text[span.start : span.end] for span in found if span.score >= wanted.replace_from}
        for value in sorted(values, key=len, reverse=True):
            text = text.replace(value, "<SECRET>")
        return text

    kept, preferred = judged(tiny_base, cleared, monkeypatch)
    assert (kept.passed, preferred.passed) == (True, True)
