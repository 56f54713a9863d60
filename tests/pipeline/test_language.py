"""The language of a message."""

import pytest

from ipse.errors import SettingsError
from ipse.pipeline.language import Detector

TEXTS = {
    "en": "I will be there a little later than we said, sorry about that",
    "de": "Ich komme ein bisschen später als ausgemacht, tut mir leid",
    "ka": "ცოტა მოგვიანებით მოვალ, ბოდიში",
    "fr": "Je serai un peu en retard, désolé pour le dérangement",
}


def test_each_text_is_told_apart_and_short_ones_stay_open() -> None:
    found = Detector(("en", "de", "fr", "ka")).detect(
        [*TEXTS.values(), "ok", "", "😀😀😀😀😀😀😀😀😀😀😀😀😀"]
    )
    assert found[:4] == list(TEXTS)
    assert found[4:] == [None, None, None]


def test_one_language_needs_no_detection() -> None:
    assert Detector(("de",)).detect(["ok", " "]) == ["de", None]


def test_an_unknown_code_says_what_codes_look_like() -> None:
    with pytest.raises(SettingsError, match="unknown code xx"):
        Detector(("en", "xx"))
