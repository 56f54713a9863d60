"""What each rule of cleaning takes out, and what it leaves."""

from collections import Counter
from typing import Any

import msgspec
import numpy as np
import pytest

from ipse.config import DatasetSettings
from ipse.datasets import RULES, Report, prepare
from ipse.datasets.coherence import cohesion, judge
from ipse.datasets.duplicates import repeats
from ipse.datasets.moods import mood, steadiness
from ipse.datasets.rules import left_out, unfit
from ipse.datasets.thinning import is_low_value
from ipse.errors import DatasetError, MissingExtraError
from ipse.records import Example, Message, Turn
from ipse.sentences import embeddings_installed

from .talks import START, Held, day_by_day, message, said

SETTINGS = DatasetSettings()
CONSENTS = {"whatsapp": "c"}
SEA = "I grew up by the sea. The sea taught me patience. It was never in a hurry."
TIDE = "Waves woke us every morning. Sailors came into harbour. Boats smelled of tar and fish."
SALAD = "The bus is late. Quantum fields are odd. Cheese needs salt. Paris burned twice."
INVITATION = "Dear friends, we are giving a party on the roof this Saturday, do come and bring a cake."


def example(reply: str, *, platform: str = "whatsapp", lang: str | None = None) -> Example:
    return Example(
        id=reply,
        conversation="c",
        contact="PERSON_1",
        platform=platform,
        at=START,
        context=(Turn("partner", "PERSON_1", "and?"),),
        reply=reply,
        lang=lang,
    )


def test_every_rule_has_a_name_of_its_own_and_says_what_it_takes_out() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names) >= 14
    assert all(rule.about for rule in RULES)
    assert {rule.setting for rule in RULES} - {""} <= set(DatasetSettings.model_fields)


@pytest.mark.parametrize(
    ("text", "change", "reason"),
    [
        ("---------- Forwarded message ---------\nFrom: x", {}, "forward-line"),
        ("Anfang der weitergeleiteten Nachricht:\n…", {}, "forward-line"),
        ("Your verification code is 1234", {}, "machine"),
        ("Automatische Antwort: ich bin im Urlaub", {}, "machine"),
        ("I am out of the office until Monday.", {}, "machine"),
        ("News!\nTo unsubscribe click here", {"platform": "gmail", "direction": "inbound"}, "list-mail"),
        ("My post.\nTo unsubscribe click here", {"platform": "gmail"}, None),
        ("how do I unsubscribe?", {"direction": "inbound"}, None),
        ("I forwarded the message to her", {}, None),
        ("your code is bad, rewrite it", {}, None),
        ("We were out of the office when it rained", {}, None),
    ],
)
def test_text_that_no_person_wrote_is_no_turn(text: str, change: dict[str, Any], reason: str | None) -> None:
    assert left_out(message(text, **change)) == reason
    if reason:
        assert left_out(message(text, **change), [reason]) is None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("<URL_1>", "bare"),
        ("https://example.org/a !", "bare"),
        ("<PERSON_2> <EMAIL_1>", "bare"),
        ("see <URL_1>", None),
        ("<URL_1> 😂", None),
        ("🎉🎉", None),
        ("...", None),
    ],
)
def test_a_reply_that_is_only_a_link_teaches_nothing(reply: str, reason: str | None) -> None:
    assert unfit(example(reply), SETTINGS) == reason


def test_only_the_chosen_languages_stay_and_undetermined_ones() -> None:
    chosen = DatasetSettings(languages=("de",))
    assert [unfit(example("hm", lang=lang), chosen) for lang in ("de", "en", None)] == [
        None,
        "language",
        None,
    ]
    assert unfit(example("hm", lang="en"), SETTINGS) is None


def test_reflections_are_held_to_more_than_chat() -> None:
    short, long = "I think so.", " ".join([SEA] * 4)
    assert unfit(example(short, platform="reflections"), SETTINGS) == "short-reflection"
    assert unfit(example(short), SETTINGS) is None
    assert unfit(example(long, platform="reflections"), SETTINGS) is None
    lax = DatasetSettings(reflection_words=3)
    assert unfit(example(SALAD, platform="reflections"), lax) == "incoherent"
    turning = "I love the sea. I hate the sea. The sea is a joy to me. I am afraid of it."
    assert unfit(example(turning, platform="reflections"), lax) == "unsteady"
    without = DatasetSettings(reflection_words=3, without=("unsteady", "incoherent"))
    assert unfit(example(turning, platform="reflections"), without) is None


def test_sentences_that_take_each_other_up_hang_together() -> None:
    assert cohesion(SEA) > 0.1 > cohesion(SALAD)
    assert cohesion("One sentence alone.") == 1.0
    assert cohesion("Meine Oma backte Brot. Das Brot roch nach Kümmel.") > 0.1


def test_the_card_says_what_judged_coherence() -> None:
    by_words = DatasetSettings(coherence_by="words")
    assert judge(by_words) == (cohesion, "words", 0.03)
    card = prepare([day_by_day(9)], by_words, consents=CONSENTS).card
    assert card.means == {"coherence": "words, at least 0.03"}


def test_an_owner_sets_how_far_a_reflection_has_to_hang_together() -> None:
    strict = DatasetSettings(reflection_words=3, coherence_by="words", reflection_coherence=1.0)
    assert unfit(example(SEA, platform="reflections"), strict) == "incoherent"
    lax = strict.model_copy(update={"reflection_coherence": 0.0})
    assert unfit(example(SALAD, platform="reflections"), lax) is None


def test_embeddings_that_are_not_installed_are_asked_for_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipse.sentences.find_spec", lambda _name: None)
    assert judge(SETTINGS).name == "words"
    with pytest.raises(MissingExtraError, match="not installed"):
        judge(DatasetSettings(coherence_by="embeddings"))


def test_by_embeddings_each_sentence_is_held_against_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The arithmetic, with a model that knows three directions."""
    ways = {"One.": (1.0, 0.0), "Two.": (0.6, 0.8), "Three.": (0.0, 1.0)}
    monkeypatch.setattr("ipse.sentences.find_spec", lambda _name: object())
    monkeypatch.setattr(
        "ipse.datasets.coherence.embedded", lambda parts: np.array([ways[part] for part in parts])
    )
    asked = judge(DatasetSettings(coherence_by="embeddings"))
    assert (asked.name, asked.least) == ("embeddings of all-MiniLM-L6-v2", 0.08)
    found = asked.score
    assert found("One. Two. Three.") == pytest.approx((0.6 + 0.8) / 2)
    assert found("One. Three.") == 0.0
    assert found("Unknown, and alone.") == 1.0


@pytest.mark.skipif(not embeddings_installed(), reason="the extra `embeddings` is not installed")
def test_by_embeddings_a_reflection_whose_sentences_do_not_hang_together_is_left_out() -> None:
    asked = DatasetSettings(reflection_words=3, coherence_by="embeddings")
    found = judge(asked)
    assert found.name == "embeddings of all-MiniLM-L6-v2"
    assert found.score(SEA) > found.score(SALAD) + 0.1
    kept, left = (example(text, platform="reflections") for text in (TIDE, SALAD))
    assert unfit(kept, asked, found) is None
    assert unfit(left, asked, found) == "incoherent"
    by_words = asked.model_copy(update={"coherence_by": "words"})
    assert unfit(kept, by_words) == "incoherent"  # it says nothing twice


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("What a wonderful day", 1),
        ("I am not happy", -1),
        ("Ich war sehr traurig", -1),
        ("Er war nie einsam", 1),
        ("It was hopeless", -1),
        ("The table is green", 0),
        ("Leider ist das so", 0),
    ],
)
def test_the_mood_of_a_sentence(sentence: str, expected: int) -> None:
    assert mood(sentence) == expected


def test_few_moods_are_steady_whatever_they_are() -> None:
    assert steadiness("I love it. I hate it. Well.") == 1.0
    assert steadiness("I love it. I like joy. I am glad. So happy.") == 1.0
    assert steadiness("I love it. I hate it. I am glad. I am sad. What joy.") == 0.0


def test_the_first_of_those_that_are_alike_stays() -> None:
    near = INVITATION.replace("a cake", "cakes")
    assert repeats([INVITATION, "ok", near, INVITATION.upper(), "ok", SEA], threshold=0.8) == [
        None,
        None,
        "near",
        "same",
        None,
        None,
    ]


def test_repeats_go_and_common_words_stay() -> None:
    talk = day_by_day(60)
    more: list[Message] = []
    for n in range(60):
        at = n * 1440 + 400
        more += said(("PERSON_1", at, f"what about {n}?"), ("me", at + 1, INVITATION))
        more += said(("PERSON_1", at + 60, f"and {n}?"), ("me", at + 61, "ok"))
    talk.messages.extend(more)
    report = Report(samples=True)
    dataset = prepare([talk], SETTINGS, consents=CONSENTS, report=report)
    for held in dataset.split.sets().values():
        assert sum(each.reply == INVITATION for each in held) <= 1
    assert dataset.card.filters["duplicate"] >= 10
    assert report.samples["duplicate"][0].text == INVITATION
    assert INVITATION.encode() not in dataset.dumps().splitlines()[0]
    rates = dataset.card.rates
    assert rates["true"] == 0.25
    assert rates["kept"] == pytest.approx(0.25, abs=0.01), "taking out repeats must not make `ok` commoner"
    kept = prepare([talk], DatasetSettings(without=("low-value",)), consents=CONSENTS).card.rates
    assert kept["kept"] > 0.3
    test = dataset.split.test
    assert sum(each.reply == "ok" for each in test) / len(test) > 0.3, "what judges is never thinned"


def test_a_cap_holds_for_each_contact_and_in_any_order() -> None:
    talks = [day_by_day(40), day_by_day(40, talk="CONV_2", contact="PERSON_2")]
    capped = DatasetSettings(max_per_contact=10)
    dataset = prepare(talks, capped, consents=CONSENTS)
    assert Counter(each.contact for each in dataset.split.train) == {"PERSON_1": 10, "PERSON_2": 10}
    assert len(dataset.split.test) > 20
    assert prepare(reversed(talks), capped, consents=CONSENTS) == dataset


def test_what_counts_as_short() -> None:
    texts = ("ok", "na klar", "why?", "see you tomorrow then", "😂", "<PERSON_1> ok")
    assert [is_low_value(text, SETTINGS) for text in texts] == [True, True, False, False, True, True]


@pytest.mark.parametrize(
    ("name", "says"), [("duplicat", "no rule"), ("nonsense", "no rule"), ("automatic", "always applied")]
)
def test_a_rule_that_cannot_be_left_away_is_said_so(name: str, says: str) -> None:
    with pytest.raises(DatasetError, match=says):
        prepare([day_by_day(3)], DatasetSettings(without=(name,)), consents=CONSENTS)


def test_a_vault_of_which_nothing_passes_names_the_rule() -> None:
    talks = [
        Held(
            "R",
            "whatsapp",
            [msgspec.structs.replace(one, platform="reflections") for one in day_by_day(5).messages],
        )
    ]
    with pytest.raises(DatasetError, match="short-reflection"):
        prepare(talks, SETTINGS, consents=CONSENTS)
