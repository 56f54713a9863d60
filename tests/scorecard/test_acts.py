"""What replies do, on sentences written before the rules were run on them."""

import pytest

from ipse.scorecard.acts import ACTS, LANGUAGES, act

SAID = {
    "en": {
        "accept": ["yes, 7 works", "Sure!", "sounds good, see you", "of course I will", "yep", "I agree."],
        "decline": [
            "no, sorry", "I can't make it on Friday", "nope", "Unfortunately I am away that week",
            "I don't think that is right", "sorry, can't",
        ],
        "ask": ["when does it start?", "Which one do you mean?", "Do you have the key? Mine is gone"],
        "answer": [
            "The train leaves at nine.", "It is in the drawer below the sink.", "She moved to Leeds in May.",
            "About forty people came, most of them from the choir.",
        ],
        "defer": [
            "let me check and get back to you", "not sure yet", "I don't know", "maybe, ask me tomorrow",
            "I'll have to think about it", "later",
        ],
        "acknowledge": ["thanks!", "ok", "haha", "👍", "got it", "Oh nice"],
    },
    "de": {
        "accept": ["ja gerne", "klar, mach ich", "Auf jeden Fall!", "passt"],
        "decline": ["nein, leider nicht", "ich kann am Freitag nicht", "nee", "keine Zeit heute"],
        "ask": ["wann fängt es an?", "und du?", "Hast du den Schlüssel noch?"],
        "answer": ["Der Zug fährt um neun.", "Es liegt in der Schublade.", "Sie wohnt jetzt in Kassel."],
        "defer": ["weiß ich noch nicht", "mal sehen", "ich schau nach und melde mich", "vielleicht morgen"],
        "acknowledge": ["danke!", "alles klar", "super", "haha"],
    },
    "fr": {
        "accept": ["oui avec plaisir", "d'accord"],
        "decline": ["non, pas du tout", "je peux pas samedi"],
        "ask": ["tu viens à quelle heure ?", "pourquoi ?"],
        "answer": ["Le train part à neuf heures."],
        "defer": ["je sais pas encore", "on verra"],
        "acknowledge": ["merci !", "super"],
    },
    "es": {
        "accept": ["sí, claro", "vale"],
        "decline": ["no puedo el sábado", "para nada"],
        "ask": ["¿a qué hora vienes?", "¿y tú?"],
        "answer": ["El tren sale a las nueve."],
        "defer": ["no sé todavía", "luego te digo"],
        "acknowledge": ["gracias!", "genial"],
    },
}  # fmt: skip
CASES = [
    (lang, name, text) for lang, acts in SAID.items() for name, several in acts.items() for text in several
]


@pytest.mark.parametrize(("lang", "name", "text"), CASES)
def test_what_a_reply_does(lang: str, name: str, text: str) -> None:
    assert act(text, lang=lang) == name


def test_every_act_of_every_language_is_tried() -> None:
    assert set(SAID) == set(LANGUAGES)
    for acts in SAID.values():
        assert set(acts) == set(ACTS)


def test_an_unknown_language_is_read_by_all_rules_and_another_one_by_marks_alone() -> None:
    assert act("ja gerne") == "accept"
    assert act("ja gerne", lang="ka") == "answer"
    assert act("როდის?", lang="ka") == "ask"
    assert act("") == "acknowledge"


def test_an_opening_word_does_not_hide_what_follows() -> None:
    assert act("Well, I will have to check with Jonas first.", lang="en") == "defer"
    assert act("<PERSON_3>, no, that is not what I meant", lang="en") == "decline"
    long = (
        "Thanks, it was a good day. The bus was late, so we walked along the river and met half the village."
    )
    assert act(long, lang="en") == "answer"
