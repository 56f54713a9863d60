"""Recognizers that need more than ipse: Presidio's patterns, a model of the owner's. Settings choose."""

import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from ipse import plugins
from ipse.config import PrivacySettings
from ipse.errors import PluginError, SettingsError
from ipse.interfaces import Recognizer, Span
from ipse.privacy.recognizers.ner import NamedEntities
from ipse.privacy.recognizers.presidio import Presidio


def chosen(**settings: object) -> list[str]:
    return [one.name for one in plugins.recognizers(PrivacySettings.model_validate(settings))]


def test_the_settings_choose_recognizers() -> None:
    everything = chosen()
    assert "ner" not in everything
    assert "presidio" not in everything
    assert {"mails", "phones", "ids"} <= set(everything)
    assert chosen(recognizers=["mails"]) == ["mails"]
    assert chosen(recognizers=[]) == []
    assert chosen(recognizers=["default", "presidio"]) == sorted([*everything, "presidio"])


def test_a_recognizer_that_is_not_known_names_those_there_are() -> None:
    with pytest.raises(PluginError, match=r"no recognizer `fonts`.*"):
        chosen(recognizers=["fonts"])


def test_the_phone_regions_of_the_settings_are_used() -> None:
    settings = PrivacySettings(recognizers=("phones",), phone_regions=("US",))
    assert plugins.recognizers(settings)[0].find("599 12 34 56") == []


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def hide(module: str) -> None:
        real = builtins.__import__

        def importing(name: str, *rest: object) -> object:
            if name.partition(".")[0] == module:
                raise ImportError(name)
            return real(name, *rest)  # type: ignore[arg-type]

        monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.setattr(builtins, "__import__", importing)

    return hide


class Theirs:
    """What a pattern recognizer of Presidio looks like from outside."""

    supported_entities = ("EMAIL_ADDRESS",)

    def analyze(self, text: str, entities: object, artifacts: None) -> "list[SimpleNamespace] | None":
        if not text:
            return None
        return [
            SimpleNamespace(entity_type=kind, start=0, end=3, score=score)
            for kind, score in (("EMAIL_ADDRESS", 1.0), ("US_BANK_NUMBER", 0.05), ("DATE_TIME", 0.6))
        ]


def test_presidio_brings_its_patterns_with_their_confidence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Registry:
        recognizers = (Theirs(), object())

        def load_predefined_recognizers(self, languages: list[str]) -> None:
            assert languages == ["en"]

    module = ModuleType("presidio_analyzer")
    module.PatternRecognizer, module.RecognizerRegistry = Theirs, Registry  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "presidio_analyzer", module)
    presidio = Presidio()
    assert isinstance(presidio, Recognizer)
    assert presidio.find("a@b") == [Span(0, 3, "EMAIL", 1.0), Span(0, 3, "ID", 0.05)]
    assert presidio.find("") == []


def test_presidio_says_what_it_needs(without: Callable[[str], None]) -> None:
    without("presidio_analyzer")
    with pytest.raises(SettingsError, match=r"needs presidio-analyzer"):
        Presidio().find("x")


@pytest.mark.parametrize("folder", ["", "/nowhere/at/all"])
def test_a_model_that_is_not_there_is_named_at_once(folder: str) -> None:
    with pytest.raises(SettingsError, match=r"privacy.ner_model"):
        chosen(recognizers=["ner"], ner_model=folder)


def test_a_folder_that_holds_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"neither a token classifier nor"):
        NamedEntities(str(tmp_path)).find("x")
    assert NamedEntities(str(tmp_path)).find("  ") == []


def test_a_spacy_pipeline_is_asked_for_the_kinds_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meta.json").write_text("{}")
    entities = [
        SimpleNamespace(start_char=0, end_char=4, label_="PERSON"),
        SimpleNamespace(start_char=8, end_char=14, label_="GPE"),
        SimpleNamespace(start_char=15, end_char=19, label_="DATE"),
    ]
    module = ModuleType("spacy")
    module.load = lambda _folder: lambda _text: SimpleNamespace(ents=entities)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spacy", module)
    settings = PrivacySettings(recognizers=("ner",), ner_model=str(tmp_path), ner_kinds=("NAME", "PLACE"))
    (ner,) = plugins.recognizers(settings)
    assert ner.find("Anna in Berlin 2024") == [Span(0, 4, "NAME", 0.85), Span(8, 14, "PLACE", 0.85)]
    assert NamedEntities(str(tmp_path)).find("Anna in Berlin") == [Span(0, 4, "NAME", 0.85)]


def test_a_spacy_pipeline_that_does_not_load_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_folder: Path) -> None:
        raise OSError("E053")

    (tmp_path / "meta.json").write_text("{}")
    module = ModuleType("spacy")
    module.load = load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spacy", module)
    with pytest.raises(SettingsError, match=r"not a spaCy pipeline"):
        NamedEntities(str(tmp_path)).find("x")


@pytest.mark.parametrize(("file", "library"), [("meta.json", "spacy"), ("config.json", "transformers")])
def test_what_a_model_needs_is_told(
    tmp_path: Path, without: Callable[[str], None], file: str, library: str
) -> None:
    (tmp_path / file).write_text("{}")
    without(library)
    with pytest.raises(SettingsError, match=r"The recognizer `ner` needs"):
        NamedEntities(str(tmp_path)).find("x")


@pytest.mark.llm
def test_a_token_classifier_is_read_from_its_folder(tmp_path: Path) -> None:
    import torch
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    (tmp_path / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "anna", "was", "here"])
    )
    BertTokenizerFast(vocab_file=str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        id2label={0: "O", 1: "B-PER"}, label2id={"O": 0, "B-PER": 1},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 2.0]))
    model.save_pretrained(tmp_path)
    spans = NamedEntities(str(tmp_path)).find("anna was")
    assert [(span.start, span.end, span.kind) for span in spans] == [(0, 4, "NAME"), (5, 8, "NAME")]
    assert all(0.8 < span.score < 0.95 for span in spans)


@pytest.mark.llm
def test_a_folder_with_another_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(SettingsError, match=r"not a token classifier"):
        NamedEntities(str(tmp_path)).find("x")
