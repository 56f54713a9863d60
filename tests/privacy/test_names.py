"""How names and addresses are folded and compared."""

import pytest

from ipse.privacy.names import address_key, fold, fold_german, forms, name_key, phone_key, words


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("JOSÉ", "jose"),
        ("Weiß", "weiss"),
        ("Łukasz Øre", "lukasz ore"),
        ("İlkay Yılmaz", "ilkay yilmaz"),
        ("Алёна Андрей", "алена андреи"),
        ("ΓΙΏΡΓΟΣ", fold("Γιώργος")),
        ("ＡＮＮＡ", "anna"),
        ("أَحْمَد", "احمد"),
        ("अनिता", "अनिता"),
    ],
)
def test_one_spelling_for_all_cases_and_accents(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_an_umlaut_has_two_plain_spellings() -> None:
    assert (fold("Müller"), fold_german("Müller"), fold_german("Mu\u0308ller")) == (
        "muller",
        "mueller",
        "mueller",
    )


def test_a_name_is_taken_in_the_order_spoken() -> None:
    assert words("Schmidt, Anna-Maria") == ["anna", "maria", "schmidt"]
    assert words("Anna,") == ["anna"]
    assert words("~ 🦊 O'Brien (Büro) 2") == ["o", "brien", "buro", "2"]


def test_two_writings_of_a_name_have_one_key() -> None:
    assert name_key("Schmidt, ANNA") == name_key(" anna  schmidt") == "anna schmidt"
    assert name_key("王小明") == "王小明"
    assert name_key(" 🦊 ") == "🦊"
    assert name_key("") == ""


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("+49 151 2345678", "1512345678"),
        ("0049 (0)151-2345678", "1512345678"),
        ("0151/2345678", "1512345678"),
        ("\u202a+49 151 2345678\u202c", "1512345678"),
        ("+999 123 4567", "9991234567"),
        ("12-34-5", None),
        ("0000000", None),
        ("Anna 0151 2345678", None),
        ("", None),
    ],
)
def test_a_number_is_compared_without_country_code_and_trunk_zero(written: str, key: str | None) -> None:
    assert phone_key(written) == key


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Anna@Example.COM", ("mail", "anna@example.com")),
        ("mailto:anna@example.com", ("mail", "anna@example.com")),
        ("@Anna_K", ("handle", "anna_k")),
        ("anna_k", ("handle", "anna_k")),
        ("0151 2345678", ("phone", "1512345678")),
        ("@", None),
        (" ", None),
    ],
)
def test_an_address_has_a_kind_and_a_comparable_value(written: str, key: tuple[str, str] | None) -> None:
    assert address_key(written) == key


def test_forms_never_become_function_words_and_short_parts_take_none() -> None:
    assert [form.word for form in forms("bo")] == ["bo"]
    assert "als" not in {form.word for form in forms("al")}
    assert "mais" not in {form.word for form in forms("mai")}
    assert {form.word for form in forms("ян")} == {"ян"}
    assert [form.word for form in forms("ասյա")] == ["ասյա"]


@pytest.mark.parametrize("word", ["anna", "анна", "иван", "გიორგი", "ნინო", "γιωργοσ", "احمد", "דוד"])
def test_what_stays_around_a_form_leaves_the_name(word: str) -> None:
    for form in forms(word):
        core = form.word[form.lead : len(form.word) - form.tail]
        assert core == word if form.plain else core[:2] == word[:2]
