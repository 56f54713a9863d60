"""Names by a model of the owner's own: a Hugging Face token classifier or a spaCy pipeline, in a folder.

It raises recall on people who are only talked about, and makes mistakes, so whatever it finds is also put
before the owner (``ipse privacy review``). Nothing is fetched, and no code of the model's folder runs.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

from ipse.config import PrivacySettings
from ipse.errors import SettingsError
from ipse.interfaces import Span

__all__ = ["NamedEntities"]

KINDS = {
    "PER": "NAME",
    "PERSON": "NAME",
    "LOC": "PLACE",
    "LOCATION": "PLACE",
    "GPE": "PLACE",
    "ORG": "ORGANISATION",
    "ORGANIZATION": "ORGANISATION",
}
"""Labels of the usual schemes (CoNLL, OntoNotes) under our names."""
UNSCORED = 0.85  # spaCy gives no confidence; Presidio assumes the same

Entity = tuple[int, int, str, float]


class NamedEntities:
    """``NAME``, and ``PLACE`` and ``ORGANISATION`` where the settings ask for them."""

    name = "ner"
    optional = True

    def __init__(self, model: str = "", kinds: Sequence[str] = ("NAME",)) -> None:
        self.model = model
        self.kinds = tuple(kinds)

    @classmethod
    def configure(cls, settings: PrivacySettings) -> Self:
        """For the model of the settings; raises ``SettingsError`` if there is none there."""
        if not settings.ner_model or not Path(settings.ner_model).expanduser().is_dir():
            raise SettingsError(
                f"privacy.ner_model: there is no folder `{settings.ner_model}`.",
                hint="Name the folder of a token classifier (Hugging Face) or of a spaCy pipeline.",
            )
        return cls(str(Path(settings.ner_model).expanduser()), settings.ner_kinds)

    def find(self, text: str) -> list[Span]:
        """Every entity of the kinds asked for, with the model's confidence."""
        if not text.strip():
            return []
        found = (
            (start, end, KINDS.get(label, ""), score) for start, end, label, score in self._entities(text)
        )
        return [Span(start, end, kind, score) for start, end, kind, score in found if kind in self.kinds]

    @cached_property
    def _entities(self) -> Callable[[str], list[Entity]]:
        folder = Path(self.model)
        if (folder / "config.json").is_file():
            return _hugging_face(folder)
        if (folder / "meta.json").is_file():
            return _spacy(folder)
        raise SettingsError(
            f"{folder}: neither a token classifier nor a spaCy pipeline.",
            hint="It should hold a config.json (Hugging Face) or a meta.json (spaCy).",
        )


def _hugging_face(folder: Path) -> Callable[[str], list[Entity]]:
    try:
        from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline
    except ImportError as error:
        raise SettingsError(
            "The recognizer `ner` needs transformers.", hint="pip install 'ipse[llm]'"
        ) from error
    try:
        words = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForTokenClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
    except (OSError, ValueError, KeyError) as error:
        raise SettingsError(f"{folder}: not a token classifier.", hint="Check privacy.ner_model.") from error
    classify = pipeline("token-classification", model=model, tokenizer=words, aggregation_strategy="simple")

    def entities(text: str) -> list[Entity]:
        return [
            (int(one["start"]), int(one["end"]), str(one["entity_group"]).upper(), float(one["score"]))
            for one in classify(text)
            if one["start"] < one["end"]
        ]

    return entities


def _spacy(folder: Path) -> Callable[[str], list[Entity]]:
    try:
        import spacy
    except ImportError as error:
        raise SettingsError("The recognizer `ner` needs spaCy.", hint="pip install spacy") from error
    try:
        language = spacy.load(folder)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{folder}: not a spaCy pipeline.", hint="Check privacy.ner_model.") from error

    def entities(text: str) -> list[Entity]:
        return [(one.start_char, one.end_char, one.label_, UNSCORED) for one in language(text).ents]

    return entities
