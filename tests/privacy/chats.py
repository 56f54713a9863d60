"""Chats made from a seed, in six languages: who is named how is known, so recall can be counted.

The forms of names are written out by hand here, so that they do not come from the code that is measured. Each
message names one person in one hard case, or nobody.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ipse.records import Person

__all__ = ["CASES", "LANGUAGES", "Said", "chat", "clean", "people"]

LANGUAGES = ("en", "de", "fr", "es", "ru", "ka")
CASES = (
    "full", "given", "family", "lower", "upper", "plain letters", "nickname", "possessive", "inflected",
    "a word too", "glued", "initial", "line break", "emoji",
)  # fmt: skip


class Said(NamedTuple):
    """A message, what in it names ``person``, and in which way; clean ones name nobody."""

    text: str
    written: str
    person: Person
    case: str


class Named(NamedTuple):
    """A person and the forms of their name by case; ``word``: the given name is a word as well."""

    name: str
    nicks: Sequence[str]
    possessive: Sequence[str]
    inflected: Sequence[str]
    word: bool = False


PEOPLE: Mapping[str, Sequence[Named]] = {
    "en": (
        Named("Elizabeth Harper", ("Liz", "Beth"), ("Elizabeth's", "Harpers", "Liz’s"), ("the Harpers",)),
        Named("Zoë O'Connor", (), ("Zoë's", "O'Connor's"), ("the O'Connors",)),
        Named("Thomas Finch", ("Tommy",), ("Thomas'", "Tommy's", "Finch's"), ("the Finches",)),
        Named("Rose Whitfield", ("Rosie",), ("Rose's", "Whitfield's"), ("the Whitfields",), word=True),
        Named("Hope Marsh", (), ("Hope's",), ("the Marshes",), word=True),
        Named("Mark Ames", (), ("Mark's", "Ames'"), ("the Ameses",), word=True),
        Named("Renée Ávila-Brooks", (), ("Renée's", "Avila’s"), ("the Brookses",)),
        Named("William Yates", ("Bill", "Billy"), ("William's", "Bill's"), ("the Yateses",)),
    ),
    "de": (
        Named("Jürgen Weiß", ("Jürgi",), ("Jürgens", "Weißens"), ("Juergen", "Weiss")),
        Named("Katharina Größl", ("Käthe", "Katja"), ("Katharinas", "Käthes"), ("Groessl",)),
        Named(
            "Maximilian Öztürk", ("Maxi", "Maxl"), ("Maximilians", "Maxis"), ("Oeztuerk", "Maximilianchen")
        ),
        Named("Ernst Vogel", (), ("Ernsts", "Vogels"), ("Ernstchen",), word=True),
        Named("Sebastian Kühn", ("Basti", "Wastl"), ("Sebastians", "Bastis"), ("Kuehn",)),
        Named("Hans-Peter Lange", ("Hansi",), ("Hans-Peters", "Hansis"), ("Peterchen",), word=True),
        Named("Ulrike Jäger", ("Uli", "Rike"), ("Ulrikes", "Ulis"), ("Jaeger",)),
    ),
    "fr": (
        Named("Élodie Lefèvre", (), ("d'Élodie", "d’Elodie"), ("les Lefèvre",)),
        Named("François Hébert", (), ("de François",), ("les Hébert", "Francois")),
        Named("Mélanie D'Arcy", ("Mel", "Melli"), ("de Mélanie",), ("les D'Arcy",)),
        Named("Pierre Forêt", ("Pierrot",), ("de Pierre",), ("les Foret",), word=True),
        Named("Anne-Laure Noël", ("Annie",), ("d'Anne-Laure",), ("les Noël",)),
        Named("Joséphine Cœur", (), ("de Joséphine",), ("Josephine Coeur",)),
    ),
    "es": (
        Named("José Ángel Núñez", ("Pepe", "Pepito"), ("de José",), ("los Núñez",)),
        Named("María del Mar Ibáñez", ("Mari", "Maruja"), ("de María",), ("Marita",)),
        Named("Francisco Peña", ("Paco", "Pancho", "Kiko"), ("de Paco",), ("los Peñas",), word=True),
        Named("Sofía Guzmán", ("Sofi",), ("de Sofía",), ("Sofita",)),
        Named("Guillermo Ríos", ("Guille",), ("de Guille",), ("Guillermito", "los Rios")),
        Named("Isabel Cortés", ("Isa", "Bella"), ("de Isabel",), ("Isabelita",)),
    ),
    "ru": (
        Named(
            "Александр Воронцов",
            ("Саша", "Саню", "Шуре", "Сашкой"),
            ("Сашин", "Александрова"),
            ("Александра", "Александру", "Александром", "Воронцова", "Воронцовым", "Воронцовых"),
        ),
        Named(
            "Мария Ковалёва",
            ("Маша", "Машей", "Маше", "Маш"),
            ("Машин", "Машиной", "Машины"),
            ("Марии", "Марию", "Марией", "Ковалёвой", "Ковалеву", "Ковалёвы"),
        ),
        Named(
            "Павел Лебедь",
            ("Паша", "Пашу"),
            ("Пашиного", "Пашина"),
            ("Павла", "Павлу", "Павлом", "Павле", "Лебедя", "Лебедем"),
            word=True,
        ),
        Named("Лев Толмачёв", (), ("Толмачёва",), ("Льва", "Льву", "Львом", "Льве", "Толмачёвым"), word=True),
        Named(
            "Надежда Крамская",
            ("Надя", "Наде", "Надюшей", "Надь"),
            ("Надиного", "Надин"),
            ("Надежды", "Надежде", "Надеждой", "Крамской", "Крамскую"),
            word=True,
        ),
        Named(
            "Дмитрий Соловей",
            ("Дима", "Димы", "Димой", "Мите", "Димону"),
            ("Димин", "Димину"),
            ("Дмитрия", "Дмитрию", "Дмитрием"),
        ),
        Named(
            "Илья Рябинин",
            ("Илюха", "Илюхи"),
            ("Ильин", "Ильина"),
            ("Ильи", "Илье", "Илью", "Ильёй", "Рябинина"),
        ),
    ),
    "ka": (
        Named(
            "გიორგი ბერიძე",
            ("გიო", "გიოს", "გოგიმ", "გიასთან"),
            ("გიორგის", "გიოს"),
            ("გიორგიმ", "გიორგისთან", "გიორგისგან", "გიორგიც", "ბერიძემ", "ბერიძის", "ბერიძეები"),
        ),
        Named(
            "ნინო ხარაძე",
            ("ნინიკო", "ნუცას"),
            ("ნინოს",),
            ("ნინომ", "ნინოსთან", "ნინოსთვის", "ნინოსგან", "ხარაძეს", "ხარაძეებს"),
        ),
        Named(
            "თამარ კვირიკაშვილი",
            ("თამუნა", "თამუნას", "თაკოსთან"),
            ("თამარის",),
            ("თამარმა", "თამართან", "თამარისთვის", "თამარს", "კვირიკაშვილს", "კვირიკაშვილმა"),
        ),
        Named(
            "დავით მგელაძე",
            ("დათო", "დათოს", "დათუნამ"),
            ("დავითის",),
            ("დავითმა", "დავითს", "დავითთან", "დავითისგან", "მგელაძემ", "მგელაძესთან"),
        ),
        Named("ია ნაკაშიძე", (), ("იას",), ("იამ", "იასთან", "ნაკაშიძის"), word=True),
        Named(
            "ეკატერინე ჯაფარიძე",
            ("ეკა", "ეკას", "კატოსთან"),
            ("ეკატერინეს",),
            ("ეკატერინემ", "ეკატერინესთან", "ჯაფარიძემ", "ჯაფარიძისგან"),
        ),
    ),
}

FRAMES: Mapping[str, Sequence[str]] = {
    "en": (
        "{} was late again",
        "did you ask {}?",
        "I saw {} and the dog",
        "tell {}, ok",
        "that's from {}",
        "{}!!",
        "haha {} said so",
        "no idea, {} knows",
        "with {} at 8?",
    ),
    "de": (
        "{} kommt später",
        "hast du {} gefragt?",
        "war gestern mit {} da",
        "sag {}, ok",
        "das ist von {}",
        "{}!!",
        "haha, {} wieder",
        "keine Ahnung, {} weiß das",
        "um 8 bei {}?",
    ),
    "fr": (
        "{} arrive ce soir",
        "tu as vu {} ?",
        "j'étais avec {} hier",
        "dis à {} stp",
        "c'est de {}",
        "{} !!",
        "mdr {} encore",
        "aucune idée, {} sait",
        "à 8h chez {} ?",
    ),
    "es": (
        "{} llega tarde",
        "¿has visto a {}?",
        "estuve con {} ayer",
        "dile a {} porfa",
        "es de {}",
        "¡{}!",
        "jaja {} otra vez",
        "ni idea, {} sabe",
        "¿a las 8 con {}?",
    ),
    "ru": (
        "{} опять опоздает",
        "ты видел {}?",
        "вчера был с {} в кино",
        "скажи {}, ладно",
        "это от {}",
        "{}!!",
        "ахах {} снова",
        "без понятия, {} знает",
        "в 8 у {}?",
    ),
    "ka": (
        "{} გვიან მოვა",
        "ნახე {}?",
        "გუშინ {} ვიყავი",
        "უთხარი {}, კარგი",
        "ეს {} არის",
        "{}!!",
        "ჰაჰა {} ისევ",
        "არ ვიცი, {} იცის",
        "8-ზე {}?",
    ),
}

CLEAN: Mapping[str, Sequence[str]] = {
    "en": (
        "ok see you at {h}:{m}",
        "the train is {n} minutes late",
        "bought {n} apples for {n}.{m} €",
        "lol no way",
        "page {n} of {y}",
        "it was in {y}, I think",
        "can you bring bread and milk?",
        "I'm at the station",
        "the meeting is on {d}.{o}.{y}",
        "room {n}, second floor",
        "good night, sleep well",
        "what a view from here",
        "that password thing again, annoying",
        "my street is closed today",
        "we won {n}:{n}",
        "version {n}.{n} is out",
        "turn left after {n} metres",
        "mr and mrs, ha",
        "I will, may be late",
        "order it before {d}/{o}",
    ),
    "de": (
        "ok bis {h}:{m}",
        "der Zug hat {n} Minuten Verspätung",
        "hab {n} Äpfel für {n},{m} € geholt",
        "echt jetzt",
        "Seite {n} von {y}",
        "das war {y}, glaub ich",
        "bringst du Brot und Milch mit?",
        "ich bin am Bahnhof",
        "die Sitzung ist am {d}.{o}.{y}",
        "Zimmer {n}, zweiter Stock",
        "gute Nacht, schlaf gut",
        "was für ein Blick",
        "der Weg war weit, {n} km",
        "am Montag um {h}",
        "wir haben {n}:{n} gewonnen",
        "Version {n}.{n} ist da",
        "Frau und Kinder sind da",
        "bestell es vor dem {d}.{o}.",
    ),
    "fr": (
        "ok à {h}h{m}",
        "le train a {n} minutes de retard",
        "acheté {n} pommes à {n},{m} €",
        "mdr n'importe quoi",
        "page {n} sur {y}",
        "c'était en {y} je crois",
        "tu peux apporter du pain ?",
        "je suis à la gare",
        "la réunion est le {d}/{o}/{y}",
        "chambre {n}, deuxième étage",
        "bonne nuit",
        "la rue est fermée",
        "place {n}, voiture {m}",
        "on a gagné {n} à {n}",
        "madame est sortie",
    ),
    "es": (
        "vale a las {h}:{m}",
        "el tren llega {n} minutos tarde",
        "compré {n} manzanas por {n},{m} €",
        "jaja qué va",
        "página {n} de {y}",
        "fue en {y} creo",
        "¿traes pan y leche?",
        "estoy en la estación",
        "la reunión es el {d}/{o}/{y}",
        "habitación {n}, segundo piso",
        "buenas noches",
        "qué vista",
        "la calle está cerrada",
        "plaza {n} libre",
        "ganamos {n} a {n}",
        "el señor de la tienda",
        "via email {n} veces",
    ),
    "ru": (
        "ок, в {h}:{m}",
        "поезд опаздывает на {n} минут",
        "купил {n} яблок за {n},{m} €",
        "ахах да ладно",
        "страница {n} из {y}",
        "это было в {y}, кажется",
        "купи хлеба и молока",
        "я на вокзале",
        "встреча {d}.{o}.{y}",
        "комната {n}, второй этаж",
        "спокойной ночи",
        "улица закрыта",
        "мы выиграли {n}:{n}",
        "версия {n}.{n} вышла",
        "дом {n} готов",
    ),
    "ka": (
        "კარგი, {h}:{m}-ზე",
        "მატარებელი {n} წუთით აგვიანებს",
        "ვიყიდე {n} ვაშლი",
        "ჰაჰა არა რა",
        "გვერდი {n}",
        "ეს {y} წელს იყო",
        "პური და რძე მოიტანე",
        "სადგურზე ვარ",
        "შეხვედრა {d}.{o}.{y}",
        "ოთახი {n}, მეორე სართული",
        "ღამე მშვიდობისა",
        "რა ხედია",
        "ქუჩა დაკეტილია",
        "მოვიგეთ {n}:{n}",
    ),
}


def people(language: str) -> list[Person]:
    """Who takes part in the chats of a language."""
    return [Person(one.name) for one in PEOPLE[language]]


def chat(language: str, seed: int, count: int) -> Iterator[Said]:
    """``count`` messages that each name somebody, the hard cases in turn."""
    rng = random.Random(f"{language}{seed}")
    made = 0
    while made < count:
        one = rng.choice(PEOPLE[language])
        case = CASES[made % len(CASES)]
        forms = _forms(one, case, language)
        if not forms:
            one = next(other for other in PEOPLE[language] if _forms(other, case, language))
            forms = _forms(one, case, language)
        written = rng.choice(forms)
        yield Said(rng.choice(FRAMES[language]).format(written), written, Person(one.name), case)
        made += 1


def clean(language: str, seed: int, count: int) -> Iterator[str]:
    """``count`` messages that name nobody and nothing personal."""
    rng = random.Random(f"clean{language}{seed}")
    for _ in range(count):
        yield rng.choice(CLEAN[language]).format(
            h=rng.randint(0, 23), m=f"{rng.randint(0, 59):02}", n=rng.randint(1, 99),
            d=rng.randint(1, 28), o=rng.randint(1, 12), y=rng.randint(1990, 2026),
        )  # fmt: skip


def _forms(one: Named, case: str, language: str) -> Sequence[str]:
    given, _, family = one.name.partition(" ")
    if case == "nickname":
        return one.nicks
    if case in ("possessive", "inflected"):
        return getattr(one, case)  # type: ignore[no-any-return]
    every = {
        "full": (one.name,),
        "given": (given,),
        "family": (family,),
        "lower": (given.lower(), one.name.lower(), family.lower()),
        "upper": (given.upper(), family.upper()),
        "plain letters": tuple(filter(None, (_plain(given), _plain(family)))),
        "a word too": (given, given.lower(), family) if one.word else (),
        "glued": (f"@{given}", f"#{given}", f"*{given}*", f"({family})"),
        "initial": (f"{given[0]}. {family}", f"{given} {family[0]}."),
        "line break": (f"{given}\n{family}",),
        "emoji": (f"{given}🎉", f"❤️{family}", f"{given.lower()}👍🏽"),
    }
    return every[case]


_PLAIN = str.maketrans("áéíóúñëçèêôöüäğÁÉÖÜ", "aeiounecee" + "oouag" + "AEOU")


def _plain(name: str) -> str:
    """Without marks, as people without such keys write; nothing where the script has none to leave out."""
    return name.replace("ё", "е").replace("ß", "ss").replace("œ", "oe").replace("Œ", "Oe").translate(_PLAIN)
