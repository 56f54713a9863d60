"""Which span is taken where several overlap, and what is written."""

import pytest

from ipse.interfaces import Span
from ipse.privacy.operators import KEEP, PLACEHOLDER, file_name, replace, resolve

TEXT = "0123456789abcdef"


def kinds(spans: list[Span]) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.kind) for span in spans]


def test_known_people_go_before_what_is_longer() -> None:
    spans = resolve(TEXT, known=[Span(2, 5, "PERSON_1")], found=[Span(0, 9, "PLACE")])
    assert kinds(spans) == [(0, 2, "PLACE"), (2, 5, "PERSON_1"), (5, 9, "PLACE")]


def test_an_identifier_around_a_known_person_is_replaced_whole() -> None:
    spans = resolve(TEXT, known=[Span(2, 5, "PERSON_1")], found=[Span(0, 9, "EMAIL")])
    assert kinds(spans) == [(0, 9, "EMAIL")]


def test_a_known_address_goes_before_the_same_span_by_a_pattern() -> None:
    spans = resolve(TEXT, known=[Span(2, 9, "PERSON_1")], found=[Span(2, 9, "EMAIL")])
    assert kinds(spans) == [(2, 9, "PERSON_1")]


def test_of_two_patterns_the_longer_is_taken_and_the_rest_of_the_other_is_replaced_too() -> None:
    spans = resolve(TEXT, found=[Span(0, 6, "PHONE"), Span(4, 12, "URL")])
    assert kinds(spans) == [(0, 4, "PHONE"), (4, 12, "URL")]


def test_of_two_equal_spans_one_is_taken() -> None:
    spans = resolve(TEXT, found=[Span(0, 6, "PHONE"), Span(0, 6, "CARD")])
    assert kinds(spans) == [(0, 6, "CARD")]


def test_a_rest_of_blanks_is_left() -> None:
    spans = resolve("ab   cd", known=[Span(0, 2, "ME"), Span(5, 7, "PERSON_1")], found=[Span(0, 7, "NAME")])
    assert kinds(spans) == [(0, 2, "ME"), (5, 7, "PERSON_1")]


def test_what_is_kept_is_not_touched_by_anything() -> None:
    spans = resolve(TEXT, first=[Span(3, 6, KEEP)], known=[Span(4, 8, "ME")], found=[Span(0, 9, "URL")])
    assert kinds(spans) == [(0, 3, "URL"), (3, 6, KEEP), (6, 9, "URL")]


def test_a_replacement_stands_where_its_span_stood() -> None:
    spans = [Span(0, 1, "A"), Span(3, 5, "B"), Span(15, 16, "C")]
    assert replace(TEXT, spans, lambda span: f"<{span.kind}>") == "<A>12<B>56789abcde<C>"
    assert replace(TEXT, [], lambda span: "never") == TEXT


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("IMG-20240501-WA0001.jpg", "<FILE.jpg>"),
        ("Anna Schmidt.PDF", "<FILE.pdf>"),
        ("a.tar.gz", "<FILE.gz>"),
        ("brief.an.anna schmidt", "<FILE>"),
        ("notes", "<FILE>"),
        ("x.", "<FILE>"),
        ("a\nb.txt", "<FILE.txt>"),
        ("<FILE.jpg>", "<FILE.jpg>"),
        ("<FILE>", "<FILE>"),
    ],
)
def test_of_a_file_name_the_extension_is_kept(name: str, kept: str) -> None:
    assert file_name(name) == kept


def test_a_placeholder_is_told_from_what_resembles_it() -> None:
    for text in ("<ME>", "<PERSON_3>", "<US_SSN_12>", "<CONV_000001_0a1b2c3d>"):
        assert PLACEHOLDER.fullmatch(text)
    for text in ("<me>", "<PERSON>", "<PERSON_x>", "<P 1>", "PERSON_3", "<PERSON_3", "<_1>", "<FILE.jpg>"):
        assert not PLACEHOLDER.fullmatch(text)
