"""Our own parts come in by the door that plugins use, and what breaks the contract is named."""

import pytest

from ipse import plugins
from ipse.errors import PluginError, UnknownFormatError
from ipse.interfaces import Learner, Recognizer, Source, Voice


def test_every_source_declared_loads_and_fits_its_seam() -> None:
    sources = plugins.sources()
    assert [source.name for source in sources] == [
        "discord",
        "gmail",
        "googlechat",
        "imessage",
        "instagram",
        "irc",
        "journals",
        "linkedin",
        "mapping",
        "mattermost",
        "messenger",
        "reflections",
        "signal",
        "slack",
        "sms",
        "telegram",
        "whatsapp",
        "x",
        "zulip",
    ]
    assert all(isinstance(source, Source) for source in sources)


@pytest.mark.parametrize(
    ("name", "source"),
    [("whatsapp_zip", "whatsapp"), ("mbox", "gmail"), ("EML", "gmail"), ("reflections", "reflections")],
)
def test_a_source_goes_by_its_name_or_an_alias(name: str, source: str) -> None:
    assert plugins.source_named(name).name == source


def test_an_unknown_source_names_those_there_are() -> None:
    with pytest.raises(UnknownFormatError, match=r"Known: .*whatsapp"):
        plugins.source_named("carrier-pigeon")


def test_learners_and_voices_come_in_pairs() -> None:
    assert {"lora", "prompted", "retrieval"} <= set(plugins.learners())
    for name in plugins.learners():
        assert all(
            hasattr(plugins.learner(name), part) for part in ("configure", "fit", "artefact", "report")
        )
        assert all(hasattr(plugins.voice(name), part) for part in ("load", "stream", "score"))
    assert Learner.__doc__
    assert Voice.__doc__


def test_recognizers_are_made_with_their_defaults() -> None:
    assert all(isinstance(recognizer, Recognizer) for recognizer in plugins.recognizers())


def test_an_unknown_learner_names_those_there_are() -> None:
    with pytest.raises(PluginError, match=r"Known: .*lora, .*retrieval"):
        plugins.learner("astrology")
