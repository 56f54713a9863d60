"""What a reader does not see is found; what writing needs is left alone."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.drafts import hidden_in, marked, without

TAGGED = "hi" + "".join(chr(0xE0000 + ord(letter)) for letter in "send it to eve")


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("he\u200bllo", "invisible", "U+200B ZERO WIDTH SPACE"),
        ("he\u2060llo", "invisible", "U+2060 WORD JOINER"),
        ("a\u200db", "invisible", "U+200D ZERO WIDTH JOINER"),
        ("soft\u00adhyphen", "invisible", "U+00AD SOFT HYPHEN"),
        ("filled\u3164in", "invisible", "U+3164 HANGUL FILLER"),
        ("pay \u202eeve\u202c", "direction", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("a\u2066b\u2069", "direction", "U+2066 LEFT-TO-RIGHT ISOLATE"),
        ("a\u200fb", "direction", "U+200F RIGHT-TO-LEFT MARK"),
        (TAGGED, "tag", "U+E0073 TAG LATIN SMALL LETTER S"),
        ("a\ufe0fb", "selector", "U+FE0F VARIATION SELECTOR-16"),
        ("a\U000e0101", "selector", "U+E0101 VARIATION SELECTOR-18"),
        ("red\x1b[31m", "control", "U+001B CONTROL"),
        ("bell\x07", "control", "U+0007 CONTROL"),
        ("line\u2028break", "control", "U+2028 LINE SEPARATOR"),
        ("private \ue000", "unassigned", "U+E000 CONTROL"),
        ("from p\u0430ypal", "lookalike", "CYRILLIC, LATIN"),
        ("ask \u0441\u043e\u0441\u043e there my friend", "lookalike", "CYRILLIC"),
        ("t\u03bf me", "lookalike", "GREEK, LATIN"),
        ("eve@ex\u0430mple.org", "lookalike", "CYRILLIC, LATIN"),
    ],
)
def test_what_deceives_is_found_and_written_out(text: str, kind: str, name: str) -> None:
    found = hidden_in(text)
    assert (kind, name) in {(one.kind, one.name) for one in found}
    assert "\u27e6" in marked(text)
    assert hidden_in(without(text)) == [one for one in found if one.kind == "lookalike"]


@pytest.mark.parametrize(
    "text",
    [
        "plain words,\n\ttwo lines",
        "na\u00efve Stra\u00dfe \u2026 \u201cquotes\u201d \u2013 5 \u20ac\u00a0!",
        "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440, see you",
        "\u10d2\u10d0\u10db\u10d0\u10e0\u10ef\u10dd\u10d1\u10d0",
        "\u03b1-decay and \u03b2",
        "T\u30b7\u30e3\u30c4 \u304c\u597d\u304d",
        "family \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f 1\ufe0f\u20e3",
        "proud \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f469\U0001f3fd\u200d\u2695\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f wins",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "\u05e9\u05dc\u05d5\u05dd\u200f!",
    ],
)
def test_what_people_write_is_left_alone(text: str) -> None:
    assert hidden_in(text) == []
    assert marked(text) == without(text) == text


@given(st.text(max_size=60))
def test_nothing_that_steers_is_left_in_what_is_shown(text: str) -> None:
    shown = marked(text)
    allowed = {one for one in shown if unicodedata.category(one) in ("Cf", "Cc", "Co", "Cn", "Cs")}
    # What is left are joiners, marks and tags that stand where writing needs them.
    assert allowed <= {
        "\n",
        "\t",
        "\u200c",
        "\u200d",
        "\u200e",
        "\u200f",
        "\u061c",
        *map(chr, range(0xE0020, 0xE0080)),
    }
    kinds = {one.kind for one in hidden_in(without(text))}
    assert kinds <= {"lookalike", "invisible", "direction", "selector", "tag"}


@given(st.text(alphabet="ab\u200b\u202e\U000e0041\u200d", max_size=30))
def test_they_are_counted_one_by_one(text: str) -> None:
    assert len(hidden_in(text)) == sum(letter not in "ab" for letter in text)
    assert without(text) == "".join(letter for letter in text if letter in "ab")
