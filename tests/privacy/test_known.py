"""Known people are found in every form: a table of names, scripts and ways to write them; recall is 1.000."""

from collections.abc import Callable

import pytest

from ipse.privacy.gate import Gate
from ipse.privacy.known import KnownPeople
from ipse.privacy.roster import Roster
from ipse.records import Message, Person

# A person, and the ways in which texts write them. Every form is tried as it is, in upper and in lower case.
FORMS: list[tuple[Person, list[str]]] = [
    (Person("Anna Schmidt"), ["Anna", "Schmidt", "Anna Schmidt", "Annas", "Anna's", "Anna’s", "Schmidts",
                              "Schmidt, Anna", "Anna-Schmidt", "@Anna", "#AnnaSchmidt", "_Anna_", "*Anna*"]),
    (Person("Jürgen Weiß"),
        ["Jürgen", "Juergen", "Jurgen", "Weiß", "Weiss", "Jürgens", "Juergens", "Ju\u0308rgen"]),
    (Person("Joerg Mueller"), ["Jörg", "Joerg", "Müller", "Mueller"]),
    (Person("José Ángel Núñez"),
        ["José", "Jose", "Ángel", "angel", "Núñez", "Nunez", "Jose\u0301", "José Núñez"]),
    (Person("Łukasz Wójcik"), ["Łukasz", "Lukasz", "Wójcik", "Wojcik"]),
    (Person("Søren Kjær"), ["Søren", "Soren", "Soeren", "Kjær", "Kjaer"]),
    (Person("Jan van der Berg"), ["Jan", "Berg", "Jan van der Berg", "van der Berg", "Jans"]),
    (Person("Siobhán O'Brien"), ["Siobhán", "Siobhan", "O'Brien", "OBrien", "Brien", "O’Brien's"]),
    (Person("Jean-Luc Dupont"), ["Jean", "Luc", "Jean-Luc", "JeanLuc Dupont", "Dupont", "Jean Luc"]),
    (Person("Dr. Ayşe Yılmaz"), ["Ayşe", "Ayse", "Yılmaz", "Yilmaz", "Ayşe'nin", "Dr. Yılmaz"]),
    (Person("Ng Bo"), ["Ng", "Bo", "Ng Bo", "Bo's"]),
    (Person("Will Smith"), ["Smith", "Will Smith", "Smiths"]),
    (Person("~ Mischa"), ["Mischa", "Mischas"]),
    (Person("Анна Петрова"),
        ["Анна", "Анны", "Анне", "Анну", "Анной", "Анною", "Петрова", "Петровой", "Петрову",
                              "Анну Петрову", "Анне Петровой"]),
    (Person("Иван Соловьёв"),
        ["Иван", "Ивана", "Ивану", "Иваном", "Иване", "Соловьёв", "Соловьев", "Соловьёвым"]),
    (Person("Андрей Толстой"), ["Андрей", "Андрея", "Андрею", "Андреем", "Андрее"]),
    (Person("Игорь Достоевский"), ["Игорь", "Игоря", "Игорю", "Игорем", "Достоевский", "Достоевского",
                                   "Достоевскому", "Достоевским", "Достоевском"]),
    (Person("Наталья Крамская"),
        ["Наталья", "Наталье", "Наталью", "Натальей", "Крамская", "Крамской", "Крамскую"]),
    (Person("Марко Шевченко"), ["Марко", "Марка", "Марку", "Марком", "Шевченко"]),
    (Person("Оксана Бойчук"), ["Оксана", "Оксані", "Оксану", "Оксаною", "Бойчукові"]),
    (Person("გიორგი ბერიძე"),
        ["გიორგი", "გიორგის", "გიორგიმ", "გიორგისთვის", "გიორგისთან", "გიორგიც", "ბერიძე",
                               "ბერიძემ", "ბერიძეს", "ბერიძის"]),
    (Person("დავით"), ["დავით", "დავითი", "დავითმა", "დავითს", "დავითის", "დავითთან", "დავითისგან"]),
    (Person("ნინო ხარაძე"), ["ნინო", "ნინოს", "ნინომ", "ნინოსთვის", "ხარაძე", "ხარაძეს"]),
    (Person("Γιώργος Παπαδόπουλος"), ["Γιώργος", "Γιώργο", "Γιώργου", "Παπαδόπουλου", "Γιωργος"]),
    (Person("Μαρία Ιωαννίδης"), ["Μαρία", "Μαρίας", "Ιωαννίδη"]),
    (Person("Ελένη Σάββας"), ["Ελένη", "Ελένης", "Σάββα"]),
    (Person("Φρόσω"), ["Φρόσω", "Φρόσως"]),
    (Person("أحمد علي"), ["أحمد", "احمد", "وأحمد", "لأحمد", "علي", "على", "أَحْمَد"]),
    (Person("דוד לוי"), ["דוד", "לוי", "לדוד", "ודוד"]),
    (Person("अनिता शर्मा"), ["अनिता", "शर्मा", "अनिता शर्मा"]),
    (Person("王小明"), ["王小明", "小明", "我见到王小明了", "小明好"]),
    (Person("田中さくら"), ["田中さくら", "田中さくらさん"]),
    (Person("김민수"), ["김민수", "민수가", "김민수씨"]),
    (Person("สมชาย ใจดี"), ["สมชาย", "ใจดี", "คุณสมชายมา"]),
    (Person("Աննա Պետրոսյան"), ["Աննա", "Պետրոսյան"]),
    (Person("anna_k92"), ["anna_k92", "Anna_K92"]),
    (Person("", "@bergziege"), ["bergziege", "@bergziege", "@BergZiege!"]),
    (Person("@wander.vogel"), ["wander.vogel", "@wander.vogel"]),
    (Person("Lena", "lena_m.07"), ["lena_m.07", "@lena_m.07", "Lena"]),
    (Person("", "mira.koch@example.com"),
        ["mira.koch@example.com", "<mira.koch@example.com>", "mira.koch@example.com."]),
    (Person("", "root@localhost"), ["root@localhost", "'root@localhost'"]),
    (Person("kim@example.org"), ["kim@example.org"]),
    (Person("", "+49 151 23456789"),
        ["+4915123456789", "0151 23456789", "0151/234 567 89", "+49 (0)151-23456789",
        "0049 151 2345 6789", "49151 23456789", "(0151) 23456789", "0 15 12 34 56 78 9"]),
    (Person("+995 599 12 34 56"), ["599123456", "599 12-34-56", "+995599123456"]),
    (Person("", "212-555-0123"), ["212-555-0123", "(212) 555 0123", "+1 212.555.0123", "2125550123"]),
]  # fmt: skip

FRAMES = ["{}", "hi {}!", "gestern war {} da, oder?", "«{}»", "a ({})\n{}"]


@pytest.mark.parametrize(("person", "forms"), FORMS, ids=[f"{p.name}{p.address}" for p, _ in FORMS])
def test_every_form_in_any_case_is_found(
    person: Person, forms: list[str], make_gate: Callable[..., Gate], message: Callable[..., Message]
) -> None:
    roster = Roster()
    label = roster.add(person)
    gate = make_gate(roster)
    missed = [
        text
        for form in forms
        for written in (form, form.upper(), form.lower())
        for text in (frame.format(written, written) for frame in FRAMES)
        if f"<{label}>" not in (cleared := gate.clear(message(text, sender=person)).record.text)
        or any(word in cleared.casefold() for word in ("anna", "schmidt", "петров", "小明", "599", "234"))
    ]
    assert missed == []


@pytest.fixture
def known() -> KnownPeople:
    people = KnownPeople()
    for number, name in enumerate(["Anna Schmidt", "Anna Maria Koch", "Tom Koch", "Maria", "Koch"], start=1):
        people.learn(f"PERSON_{number}", name, "")
    return people


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("Anna", ["Anna=1"]),
        ("Koch", ["Koch=2"]),
        ("Tom Koch", ["Tom Koch=3"]),
        ("Anna Koch", ["Anna Koch=2"]),
        ("Anna Maria", ["Anna Maria=2"]),
        ("Anna M. Koch", ["Anna M. Koch=2"]),
        ("Koch Anna", ["Koch Anna=2"]),
        ("Anna Schmidt Tom", ["Anna Schmidt=1", "Tom=3"]),
        ("Anna Anna", ["Anna=1", "Anna=1"]),
        ("Anna\nSchmidt", ["Anna=1", "Schmidt=1"]),
        ("Anna und Koch", ["Anna=1", "Koch=2"]),
        ("Annas Koch", ["Annas Koch=2"]),
        ("annalena kocht", []),
    ],
)
def test_the_longest_and_most_specific_person_is_meant_then_the_first(
    known: KnownPeople, text: str, mentions: list[str]
) -> None:
    found = known.find(text)
    assert [f"{text[m.start : m.end]}={m.label.removeprefix('PERSON_')}" for m in found] == mentions


def test_the_owner_goes_before_everybody_who_shares_a_part() -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "Max Berg", "a@example.com")
    people.learn("ME", "Max Berg", "a@example.com")
    people.learn("PERSON_2", "Max", "+49 151 23456789")
    people.learn("ME", "", "0151 23456789")
    text = "Max, Max Berg, a@example.com, 0151 23456789"
    assert {mention.label for mention in people.find(text)} == {"ME"}
    assert people.belongs_to("EMAIL", "A@EXAMPLE.COM") == "ME"
    assert people.belongs_to("PHONE", "+49 151 23456789") == "ME"
    assert people.belongs_to("PHONE", "12345678") is None
    assert people.belongs_to("URL", "a@example.com") is None


def test_an_exact_name_goes_before_another_ones_possessive() -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "Anna", "")
    people.learn("PERSON_2", "Annas", "")
    assert [mention.label for mention in people.find("Annas, Anna")] == ["PERSON_2", "PERSON_1"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("ask Will", 1),
        ("ich frage Will's Bruder", 1),
        ("will you come? Will you? WILL YOU", 0),
        ("Yes. Will you", 0),
        ("Will Smith will", 1),
        ("ich will das", 0),
    ],
)
def test_a_name_that_is_a_function_word_counts_where_it_is_written_as_a_name(text: str, count: int) -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "Will Smith", "")
    assert len(people.find(text)) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [("ask Bill", 1), ("Bill, come", 1), ("the bill came", 0), ("Liz and liz", 2), ("LIZ", 1), ("will", 0)],
)
def test_a_short_name_that_is_a_word_needs_a_capital(text: str, count: int) -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "William Yates", "")
    people.learn("PERSON_2", "Elizabeth Harper", "")
    assert len(people.find(text)) == count


def test_whoever_bears_a_name_goes_before_whom_it_is_short_for() -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "Александр Воронцов", "")
    people.learn("PERSON_2", "Саша", "")
    assert [mention.label for mention in people.find("Саша, Сашу, Шура, Александр")] == [
        "PERSON_2", "PERSON_2", "PERSON_1", "PERSON_1",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["J.", "🦊", "4711", "X 2", "♥", "", "王"])
def test_names_of_one_letter_or_none_are_not_looked_for(name: str) -> None:
    people = KnownPeople()
    people.learn("PERSON_1", name, "")
    assert people.find("J. sagt X 2 sind 4711 🦊 ♥ 王") == []


@pytest.mark.parametrize(
    ("name", "address"),
    [("The New York Post", ""), ("Night Owl Service", ""), ("Good News", "noreply@example.com")],
)
def test_the_words_of_an_organisation_are_not_names_alone(name: str, address: str) -> None:
    people = KnownPeople()
    people.learn("PERSON_1", name, address)
    assert people.find("new york, good night, an owl on the post") == []
    text = f"hat {name} geschrieben"
    assert [mention.label for mention in people.find(text)] == ["PERSON_1"]


def test_a_company_that_shares_a_word_with_a_person_does_not_hide_the_person() -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "York Service", "")
    people.learn("PERSON_2", "York", "")
    assert [mention.label for mention in people.find("york")] == ["PERSON_2"]


def test_a_short_number_is_not_looked_for() -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "", "+49 12 345")
    assert people.find("12345 12 345") == []


@pytest.mark.parametrize(
    "text",
    [
        "9990151234567890",
        "15123456789012",
        "151 2345678",
        "12 3 151 23456780",
        "0151 234567890",
        "9999999915123456789",
    ],
)
def test_digits_inside_a_longer_number_are_not_the_known_one(text: str) -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "", "+49 151 23456789")
    assert people.find(text) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12 0151 23456789", "0151 23456789"),
        ("(+49 151 23456789)", "+49 151 23456789"),
        ("call (0151) 23456789 now", "(0151) 23456789"),
        ("7 +49 (0)151 23456789 7", "+49 (0)151 23456789"),
        ("1 151 23456789 2", "151 23456789"),
        ("wa.me/4915123456789", "4915123456789"),
    ],
)
def test_a_known_number_is_taken_with_its_prefix_and_nothing_else(text: str, number: str) -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "", "0151/23456789")
    assert [text[m.start : m.end] for m in people.find(text)] == [number]


def test_what_is_learned_later_is_found_in_words_seen_before(monkeypatch: pytest.MonkeyPatch) -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "Anna", "")
    assert people.find("Tom und 王小明") == []
    people.learn("PERSON_2", "Tom", "")
    people.learn("PERSON_3", "王小明", "")
    people.learn("PERSON_4", "小明", "")
    assert [m.label for m in people.find("Tom und 王小明")] == ["PERSON_2", "PERSON_3"]


def test_the_memory_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipse.privacy.known.MEMORY", 3)
    people = KnownPeople()
    people.learn("PERSON_1", "Anna", "")
    assert len(people.find("eins zwei drei vier fünf Anna sechs Anna")) == 2


def test_a_handle_is_found_only_as_a_whole_word() -> None:
    people = KnownPeople()
    people.learn("PERSON_1", "", "@tom_k")
    people.learn("PERSON_2", "", "@tom_k")
    people.learn("PERSON_3", "", "@7")
    people.learn("PERSON_4", "", "@王小明")
    assert [m.label for m in people.find("@tom_k, tom_kurt, tom, @7")] == ["PERSON_1"]
    assert people.find("王小明") == []
