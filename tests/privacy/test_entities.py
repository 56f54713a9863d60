"""People, places, organisations and addresses that are only talked about."""

import json
import random
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ipse import plugins
from ipse.config import PrivacySettings
from ipse.interfaces import Recognizer, Span
from ipse.privacy import tagging
from ipse.privacy.finding import CERTAIN
from ipse.privacy.gate import Gate
from ipse.privacy.recognizers.entities import MOST, UNLISTED, Entities
from ipse.privacy.review import Review
from ipse.privacy.tagging import LABELS, TOKEN, Found, Tagger, Words, here, pair, tagger, tone
from ipse.records import Message

from .chats import LANGUAGES, clean

EVERY = ("NAME", "ADDRESS", "PLACE", "ORGANISATION", "NATIONALITY", "DATE", "AGE")
WNUT = Path(__file__).resolve().parents[3] / "shared" / "data" / "pii" / "wnut17"


def found(text: str, *kinds: str) -> set[tuple[str, str]]:
    """What would be replaced."""
    return {(s.kind, text[s.start : s.end]) for s in Entities(kinds or EVERY).find(text) if s.score >= 0.5}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I met Jonathan Baker at the market", "Jonathan Baker"),
        ("my sister Caroline is coming too", "Caroline"),
        ("Did Sebastian call you back?", "Sebastian"),
        ("My name is Oluwaseun Adeyemi", "Oluwaseun Adeyemi"),
        ("it was written by Małgorzata Wiśniewska", "Małgorzata Wiśniewska"),
        ("Best regards,\nPriya Raman", "Priya Raman"),
        ("thanks, Katarzyna", "Katarzyna"),
        ("hast du Friederike Schulze gesehen?", "Friederike Schulze"),
        ("la semaine dernière avec Geneviève Dubois", "Geneviève Dubois"),
    ],
)
def test_a_person_who_is_only_talked_about_is_found(text: str, name: str) -> None:
    assert ("NAME", name) in found(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("we moved to Copenhagen last year", "PLACE", "Copenhagen"),
        ("she works for Brightwater Insurance in Leeds", "ORGANISATION", "Brightwater Insurance"),
        ("two Norwegian tourists", "NATIONALITY", "Norwegian"),
        ("proud bulgarians all of them", "NATIONALITY", "bulgarians"),
        ("come on Friday", "DATE", "Friday"),
        ("the party is on 12 March 2021", "DATE", "12 March 2021"),
        ("born 4/17/1988", "DATE", "4/17/1988"),
        ("it opened in 1987 already", "DATE", "1987"),
        ("a 34-year-old man", "AGE", "34"),
        ("she just turned 8", "AGE", "8"),
        ("Age: 61", "AGE", "61"),
    ],
)
def test_what_else_can_be_asked_for(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)
    assert not {k for k, _ in found(text, "NAME", "ADDRESS")} & {kind}


@pytest.mark.parametrize(
    "text",
    [
        "my new address is 4 Harrowgate Lane, Leeds",
        "send it to 2210 Willow Creek Road, Apt 7, Springfield 62704",
        "The house at 118 Ellington Terrace was sold",
    ],
)
def test_an_address_is_found_with_its_number(text: str) -> None:
    (one,) = (value for kind, value in found(text, "ADDRESS"))
    assert one[0].isdigit()
    assert one in text


@pytest.mark.parametrize(
    "text",
    [
        "", "ok", "I WILL BE LATE", "Good Morning!", "Thank You So Much", "what a view", "see you at 5",
        "The Train leaves at 5:30 from platform 4", "Plan B is fine", "version 2.1 is out", "no way\nno way",
        "bringst du Brot und Milch mit?", "Der Zug hat Verspätung", "Zimmer 94, zweiter Stock",
        "I am 5 minutes late", "he is 100 % sure", "turn 90 degrees",
    ],
)  # fmt: skip
def test_what_names_nobody_stays(text: str) -> None:
    assert found(text, "NAME", "ADDRESS", "AGE") == set()


def test_a_name_of_which_nothing_is_known_is_asked_about_and_not_replaced() -> None:
    text = "Ask Corvandel about it"
    spans = [s for s in Entities().find(text) if s.kind == "NAME"]
    assert [text[s.start : s.end] for s in spans] == ["Corvandel"]
    assert PrivacySettings().ask_from <= spans[0].score < PrivacySettings().replace_from
    assert spans[0].score <= UNLISTED


def test_the_same_name_behind_what_leads_to_one_is_replaced() -> None:
    assert ("NAME", "Corvandel") in found("My name is Corvandel")


def test_a_number_with_a_check_goes_before_the_address_around_it(
    make_gate: Callable[..., Gate], message: Callable[..., Message]
) -> None:
    gate = make_gate(recognizers=["default", "entities"])
    text = "come to 2210 Willow Creek Road, Springfield 62704\n+1 202-456-1111"
    assert gate.clear(message(text)).record.text.endswith("<PHONE_1>")


def test_a_name_ends_with_its_line() -> None:
    assert {("NAME", "Caroline Baker"), ("NAME", "Jonathan Baker")} <= found("Caroline Baker\nJonathan Baker")


def test_settings_choose_the_kinds() -> None:
    def entities(**settings: object) -> Recognizer:
        made = plugins.recognizers(PrivacySettings.model_validate({"recognizers": ["entities"], **settings}))
        return made[0]

    text = "Jonathan Baker lives in Copenhagen"
    assert {s.kind for s in entities().find(text)} == {"NAME"}
    assert {s.kind for s in entities(entity_kinds=["PLACE"]).find(text)} == {"PLACE"}
    assert entities(entity_kinds=[]).find(text) == []


def test_the_gate_replaces_the_sure_and_asks_about_the_rest(
    make_gate: Callable[..., Gate], message: Callable[..., Message]
) -> None:
    gate = make_gate(recognizers=["default", "entities"], review=(review := Review()))
    text = gate.clear(message("Jonathan Baker was late. Ask Corvandel about it")).record.text
    assert text == "<NAME_1> was late. Ask Corvandel about it"
    assert [one.value for one in review] == ["Corvandel"]


def test_signs_alone_are_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = [Found(0, 3, "PER", 1.0), Found(4, 8, "PER", 0.9)]
    made = SimpleNamespace(find=lambda _text: marked, are=lambda _word, *_flags: True)
    monkeypatch.setattr("ipse.privacy.recognizers.entities.tagger", lambda: made)
    assert Entities().find("'-' Anna") == [Span(4, 8, "NAME", 0.9)]


def test_a_name_in_small_letters_needs_a_tagger_that_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = [Found(0, 4, "PER", 0.8), Found(9, 13, "PER", 0.95)]
    made = SimpleNamespace(find=lambda _text: marked, are=lambda _word, *flags: flags == ("first",))
    monkeypatch.setattr("ipse.privacy.recognizers.entities.tagger", lambda: made)
    unsure, sure = Entities().find("anna and anna")
    assert unsure == Span(0, 4, "NAME", round(0.8 * UNLISTED, 3))
    assert sure == Span(9, 13, "NAME", 0.95)


def test_a_long_text_is_read_where_names_could_be() -> None:
    dull = "and then we went on and on about it " * 400
    text = f"{dull}I saw Jonathan Baker there. {dull}Ask Caroline Schmidt about it. {dull}"
    assert {("NAME", "Jonathan Baker"), ("NAME", "Caroline Schmidt")} <= found(text, "NAME")


@pytest.mark.parametrize("language", LANGUAGES)
def test_clean_messages_raise_no_alarm_of_any_kind_of_name(language: str) -> None:
    alarms = [t for t in clean(language, 11, 500) if found(t, "NAME", "ADDRESS", "PLACE", "ORGANISATION")]
    assert len(alarms) <= 500 // 200, alarms


# The tagger by itself


def test_the_tone_of_a_text() -> None:
    words = Words({"this": 16, "is": 16, "fine": 16})
    assert tone(["this", "is", "fine"], words) == "small"
    assert tone(["This", "is", "fine"], words) == "mixed"
    assert tone(["THIS", "5"], words) == "bare"
    assert tone(["das", "ist", "gut", "is"], words) == "foreign"
    assert tone(["a", "b"], words) == "small"


def test_features_say_what_is_known_of_a_word_and_how_it_is_written() -> None:
    words = Words({"anna": 1, "mc": 2})
    assert here("Anna", words, 0) == ["w0=anna", "k0=1Xx", "s3=nnaXx", "s2=naXx", "l=4Xx"]
    assert here("anna", words, -1) == ["w-1=anna", "k-1=1x"]
    kinds = {w: here(w, words, 1)[1] for w in ("A", "USA", "McDonald", "iPhone", "12", "1.5", "\n", "§", ",")}
    assert kinds == {
        "A": "k1=0X", "USA": "k1=0XX", "McDonald": "k1=0XxX", "iPhone": "k1=0xX", "12": "k1=0d2",
        "1.5": "k1=0dd", "\n": "k1=0¶", "§": "k1=0p", ",": "k1=0,",
    }  # fmt: skip
    assert pair("Anna", "\n", words) == (["a=1Xx|0¶", "b=1Xx|¶"], ["c=1Xx|0¶", "d=anna|0¶"])


def small() -> Tagger:
    """One that takes every word with a capital for a person."""
    per = np.zeros(len(LABELS), np.float32)
    per[LABELS.index("PER")] = 4.0
    return Tagger(Words(), {"k0=0Xx": per}, np.zeros((len(LABELS), len(LABELS)), np.float32))


def test_the_weights_decide() -> None:
    made = small()
    (one,) = made.find("so Xenia it is")
    assert (one.start, one.end, one.label) == (3, 8, "PER")
    assert one.score == pytest.approx(np.exp(4) / (np.exp(4) + len(LABELS) - 1), abs=1e-4)
    assert made.find("so xenia it is") == []
    assert [f.label for f in made.find("Xenia")] == ["PER"]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagging, "MEMORY", 3)
    made = small()
    for number in range(20):
        word = "Xen" + "abcdefghijklmnopqrstuvw"[number]
        assert [f.label for f in made.find(f"so {word} said {word.lower()}")] == ["PER"]
        assert max(len(made._here), len(made._pairs), len(made._dull)) <= 3 + 8
    assert made.find("so it said") == made.find("so it said") == []


def test_scores_are_the_best_path_and_its_posterior() -> None:
    rng = np.random.default_rng(7)
    scores = rng.normal(size=(4, 3)).astype(np.float32)
    moves = rng.normal(size=(3, 3)).astype(np.float32)
    paths = {
        path: sum(scores[at, label] for at, label in enumerate(path))
        + sum(moves[a, b] for a, b in pairwise(path))
        for path in product(range(3), repeat=4)
    }
    assert tuple(tagging._viterbi(scores, moves)) == max(paths, key=lambda path: paths[path])
    total = sum(np.exp(value) for value in paths.values())
    sure = tagging._posterior(scores, np.exp(moves))
    for at in range(4):
        for label in range(3):
            share = sum(np.exp(v) for path, v in paths.items() if path[at] == label) / total
            assert sure[at, label] == pytest.approx(share, rel=1e-3)


def test_any_text_can_be_read() -> None:
    rng = random.Random(7)
    signs = "aB é.\n'’-5🙂ß中გЖ@/#\u0301"
    for _ in range(rounds := 300):
        text = "".join(rng.choices(signs, k=rng.randint(0, 30)))
        for span in Entities(EVERY).find(text):
            assert isinstance(span, Span)
            assert 0 <= span.start < span.end <= len(text)
            assert 0 < span.score <= 1.0
    assert rounds


def test_certain_finds_are_not_asked_about() -> None:
    scores = {s.score for s in Entities().find("My name is Jonathan Baker")}
    assert scores == {MOST}
    assert CERTAIN <= MOST < 1


def test_the_file_of_weights_is_small_and_needs_no_pickle() -> None:
    file = Path(tagging.__file__).with_name("entities.npz")
    assert file.stat().st_size < 5_000_000
    with np.load(file, allow_pickle=False) as held:
        assert set(held) == {"words", "flags", "features", "weights", "moves"}
        assert held["weights"].shape[1] == len(LABELS)
    assert tagger() is tagger()


def tweets() -> Iterator[tuple[str, bool]]:
    """Each tweet of the test part, and whether anything in it is marked."""
    for tweet in (WNUT / "emerging.test.annotated").read_text(encoding="utf-8").split("\n\n"):
        rows = [line.split("\t") for line in tweet.splitlines() if "\t" in line]
        yield " ".join(word for word, _ in rows), any(tag.strip() != "O" for _, tag in rows)


@pytest.mark.shared
def test_tweets_that_name_nothing_raise_one_alarm_in_two_hundred_at_most() -> None:
    unnamed = [text for text, named in tweets() if not named]
    alarms = [(text, found(text, "NAME", "ADDRESS")) for text in unnamed]
    assert len(unnamed) > 500
    assert sum(bool(spans) for _, spans in alarms) <= len(unnamed) // 200


@pytest.mark.shared
def test_people_in_a_set_that_nothing_was_learned_from_are_found() -> None:
    file = WNUT.parent / "presidio" / "synth_dataset_v2.json"
    hit = marked = 0
    for row in json.loads(file.read_text(encoding="utf-8")):
        people = [s for s in row["spans"] if s["entity_type"] == "PERSON"]
        spans = [s for s in Entities().find(row["full_text"]) if s.score >= 0.5] if people else []
        marked += len(people)
        hit += sum(
            any(s.start <= p["start_position"] and p["end_position"] <= s.end for s in spans) for p in people
        )
    assert hit / marked >= 0.6
    assert TOKEN.findall("a b")
