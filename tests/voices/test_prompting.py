"""What a prompted model is told: the persona card, past exchanges, the conversation."""

from datetime import UTC, datetime

from ipse.learners.manner import Manner, manner_of
from ipse.lengths import Lengths, Quartiles
from ipse.records import Example, Turn
from ipse.voices.prompting import Card, messages, room


def example(reply: str, contact: str = "PERSON_1", lang: str | None = "en", **more: object) -> Example:
    return Example(
        id=reply, conversation="c", contact=contact, platform="whatsapp", at=datetime(2024, 1, 1, tzinfo=UTC),
        context=(Turn("partner", contact, "well?"),), reply=reply, lang=lang, **more,  # type: ignore[arg-type]
    )  # fmt: skip


USUAL = Lengths(everyone=Quartiles(2, 4, 8, 100, most=18))
PLAIN = Manner(lengths=USUAL)
NOTHING = Card()


def told(*turns: Turn, manner: Manner = PLAIN, card: Card = NOTHING, contact: str | None = None) -> list[str]:
    found = messages(turns, contact=contact, manner=manner, card=card, examples=[("ready?", "always")])
    return [f"{message['role'][0]}:{message['content']}" for message in found]


def test_manner_counts_what_the_owner_wrote() -> None:
    train = [example("Yes. 😀"), example("no 😀"), example("sure thing."), example("ja 😀 klar", lang="de")]
    manner = manner_of([*train, example("no 😀", origin="no 😀")])
    assert manner.lengths.everyone.median == 1.5
    assert manner.lengths.contacts == {}  # too few to one person
    assert manner.languages == {"en": 0.75, "de": 0.25}
    assert (manner.small, manner.stopped, manner.with_emoji, manner.emoji) == (0.75, 0.25, 0.75, ("😀",))


def test_lengths_are_those_to_the_contact_where_enough_are_known() -> None:
    long = [example("word " * 33, contact="PERSON_2") for _ in range(20)]
    manner = manner_of([*long, *(example("ok") for _ in range(60))])
    assert room(manner, "PERSON_2", 256) == 99
    assert room(manner, "PERSON_2", 64) == 64
    assert room(manner, "PERSON_1", 256) == 24  # never too little to say anything


def test_the_conversation_follows_the_examples_and_roles_alternate() -> None:
    said = told(
        Turn("owner", "me", "before"), Turn("partner", "P", "hi"), Turn("partner", "P", "there"),
        Turn("owner", "me", "hey"), Turn("partner", "P", "coming?"),
    )  # fmt: skip
    assert said[1:] == ["u:ready?", "a:always", "u:hi\nthere", "a:hey", "u:coming?"]
    assert told()[-1] == "u:…"
    assert told(Turn("partner", "P", "hi"), Turn("owner", "me", "hey"))[-2:] == ["a:hey", "u:…"]


def test_in_a_group_each_is_told_apart() -> None:
    said = told(Turn("partner", "PERSON_1", "lunch?"), Turn("partner", "PERSON_2", "at one"))
    assert said[-1] == "u:PERSON_1: lunch?\nPERSON_2: at one"


def test_the_card_is_told_in_the_system_line() -> None:
    manner = Manner(
        lengths=USUAL, languages={"de": 0.8, "en": 0.15, "fr": 0.05},
        small=0.9, stopped=0.1, with_emoji=0.3, emoji=("😀", "🎉"),
    )  # fmt: skip
    card = Card(values={"family": 0.2})
    system = told(manner=manner, card=card)[0]
    for part in (
        "2 to 8 words", "more than 18", "small letter", "leave out the full stop", "30% of messages",
        "😀 🎉", "`de` (80%) and `en` (15%)", "hold dear: family",
    ):  # fmt: skip
        assert part in system
    assert "`fr`" not in system
    plain = told()[0]
    assert "begin with a capital" in plain
    assert "hardly any emoji" in plain
    assert "hold dear" not in plain
