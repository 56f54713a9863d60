"""Postal addresses: a street with its house number, and the town behind it; post boxes; British postcodes.

What marks a street differs by language: a word before its name (``rue``, ``calle``, ``via``, ``ул.``), a
word after it (``Street``) or its end (``-straße``, ``-gatan``, ``-katu``). Some of these are ordinary words,
so they count only where the name is written as one. A house number has to stand beside; a town alone is no
address.
"""

import re
from collections.abc import Iterator

from ipse.interfaces import Span
from ipse.privacy.recognizers.patterns import digits

__all__ = ["Addresses"]

DOUBTFUL = 0.4
LONGEST = 30  # letters of one word of a street's name

_CAP = r"[^\W\d_a-zà-ÿа-я][\w'’.\-]{0,29}"  # a word with a capital, or of a script without
_WORD = r"[^\W\d_][\w'’.\-]{0,29}"
_NUMBER = r"\d{1,5}(?:[ ]?[a-zA-Z](?![^\W_]))?(?:[ ]?[-/][ ]?\d{1,5}[a-zA-Z]?)?(?![\w:]|[.,/-]\d)"
_UNIT = (
    r"(?:[,\s]{1,3}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Rm|App|Apto|Appt|Bldg|Wohnung|Whg|Piso|Esc"
    r"|Interno|Int|Scala|кв|корп|к|стр|ბინა)\b\.?[ ]?(?:n?[º°o]\.?[ ]?)?[\w\-]{1,8}"
    r"|[,\s]{1,3}#[ ]?[\w\-]{1,8}"
    r"|[, ]{1,3}\d{1,2}[ºª°](?:[ ]?[\w]{1,6})?)"
)
# A town with its postal code on either side; what follows on the next line only with a code.
_TOWN_NAME = (
    rf"{_CAP}(?:[ \-](?:(?:am|an der|im|in|sur|sous|de|del|della|di|la|le|les|en|upon)[ \-])?{_CAP}){{0,3}}"
)
_CODE = (
    r"\d{2}-\d{3}|(?:[A-Z]{1,2}-)?\d{3,5}(?:[ -]?\d{2,4})?|\d{4}[ ]?[A-Z]{2}"
    r"|[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}"
)
_TOWN = (
    rf"(?:\s?,?\s{{0,2}}(?:(?:{_CODE})[ ]{_TOWN_NAME}(?:[, ]{{1,2}}\([A-Z]{{2}}\))?"
    rf"|{_TOWN_NAME},?[ \n](?:[A-Z]{{2}}[ \n])?(?:{_CODE})(?![\w]|[ -]?\d))"
    rf"|,[ ]{_TOWN_NAME})?"
)
_AFTER = (  # behind the name, as a word of its own
    r"Street|St|Avenue|Ave|Av|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Circle|Cir|Terrace"
    r"|Ter|Square|Sq|Way"
    r"|Parkway|Pkwy|Highway|Hwy|Crescent|Cres|Close|Gardens|Grove|Mews|Hill|Trail|Trl|Alley|Plaza"
    r"|Place|Pl|Row|Walk"
    r"|Quay|Wharf|Turnpike|Pike|Loop|Parade|Esplanade|Path"
)
_WORD_EN = rf"(?-i:{_CAP}|\d{{1,3}}(?:st|nd|rd|th))"
_EN = rf"\d{{1,6}}[A-Za-z]?,?[ ](?:{_WORD_EN}[ ]){{1,5}}(?-i:(?:{_AFTER})\b)\.?(?:[ ](?-i:[NS]?[EW]|[NS])\b)?"
_END = (  # the end of the name
    r"(?:stra(?:ß|ss)e|str\.|gasse|allee|platz|damm|ufer|chaussee|promenade|steig"
    r"|(?<=[a-zäöüß]{3})weg|(?<=[a-zäöüß]{2}[bdfgklmnstz])ring|markt"
    r"|straat|laan|plein|gracht|kade|dreef|singel"
    r"|gatan|gata|gaten|gate|v[äe]gen|v[äe]g|veien|vei|vej|vejen|gade|str[äe]det|stien|torget|all[ée]|bakken"
    r"|katu|kuja|polku|(?<=[a-zäö]{3})tie)"
)
_BEFORE_SURE = (  # before the name, and hardly anything else
    r"rue|boulevard|bd|bld|avenue|av|impasse|all[ée]e|chemin|quai|faubourg"
    r"|calle|c/|avenida|avda|paseo|carrer|plaza|pza|ronda|glorieta|traves[íi]a|carretera|ctra"
    r"|viale|piazza|piazzale|corso|vicolo|largo|lungomare|lungotevere"
    r"|rua|travessa|pra[çc]a|alameda|estrada|ulica|ul\.|al\.|ulice|utca|strada|calea|bulevardul"
)
_LINK = (
    r"(?:(?:de|du|des|d['’]|del|della|delle|dello|dei|degli|da|do|dos|das|di|la|las|le|les|los"
    r"|el|l['’]|van|von|st)[ ]?){0,3}"
)
_NO = r"(?:[,]?[ ]?(?:n[.º°o]{0,2}[ ]?|nr\.?[ ]?|N)?|,[ ])"


def _street(pattern: str) -> re.Pattern[str]:
    """From the street to the town. Only the mark of a street may have any case, else every word is a name."""
    return re.compile(rf"(?<![\w]){pattern}{_UNIT}{{0,2}}(?-i:{_TOWN})", re.IGNORECASE)


_CAPITAL = rf"(?-i:{_CAP})"
_AFTER_NAME = _street(_EN)
# From the end of a street's name on; what stands before it is looked at sign by sign, or long lines of
# hyphens would take a minute: Lindenstraße 12, Lange Straße 5, Mannerheimintie 3
_ENDING = re.compile(
    rf"(?P<gap>[ -]?)(?P<end>{_END}),?[ ]{_NUMBER}{_UNIT}{{0,2}}(?-i:{_TOWN})", re.IGNORECASE
)
_NAMED = (
    # 12 rue de la Paix; 12, avenue Foch
    _street(
        rf"\d{{1,4}}(?:[ ]?(?:bis|ter|quater|[a-d]))?,?[ ](?:{_BEFORE_SURE})\.?[ ]{_LINK}{_CAPITAL}"
        rf"(?:[ \-]{_LINK}{_CAPITAL}){{0,3}}"
    ),
    # Calle Mayor 5; Via Roma, 12; Rua Augusta n.º 3; ul. Długa 7
    _street(
        rf"(?:{_BEFORE_SURE}"
        rf"|(?-i:[Vv]ia))\.?[ ]{_LINK}{_CAPITAL}(?:[ \-]{_LINK}{_CAPITAL}){{0,4}}{_NO}{_NUMBER}"
    ),
)
# ул. Ленина, д. 5; проспект Мира 12; რუსთაველის გამზირი 12
_EASTERN = _street(
    rf"(?:(?:ул\.|улица|улице|пр\.|просп\.|проспект|пер\.|переулок|наб\.|набережная|шоссе|бульвар"
    rf"|пл\.|площадь)"
    rf"[ ]?{_WORD}(?:[ ]{_CAPITAL}){{0,2}},?[ ](?:д\.?[ ]?|дом[ ])?{_NUMBER}"
    rf"|{_WORD}(?:[ ]{_WORD})?[ ](?:ქუჩა|ქ\.|გამზირი|გამზ\.|ჩიხი|შესახვევი)[ ]?(?:N|№|#)?[ ]?{_NUMBER})"
)
# Am Markt 3, 50667 Köln: prepositions are streets only with a town
_PREPOSITION = re.compile(
    rf"(?<!\w)(?:Am|An der|An den|Im|In der|Zum|Zur|Auf der|Auf dem|Unter den|Hinter der) {_CAP}"
    rf"(?: {_CAP})? {_NUMBER},?\s\d{{4,5}} {_TOWN_NAME}"
)
_BOX = re.compile(
    r"(?<!\w)(?:P\.? ?O\.? ?Box|PMB|PSC(?= \d{1,5}, Box)|Postfach|Apartado|Casella Postale|Boîte"
    r" postale|Postbus|Skrytka)[ ]?"
    r"\d[\d ]{0,7}(?<=\d)(?:, Box \d{1,5})?(?:\s(?:APO|FPO|DPO) [A-Z]{2} \d{5})?(?![\w])",
    re.IGNORECASE,
)
# 4 Koskikatu 25 Apt. 864: whatever stands between a number and a flat is a street
_FLAT = (
    _street(
        rf"(?:\d{{1,6}}[ ])?(?:{_CAPITAL}[ ]){{1,4}}(?:\d{{1,5}}[,.]?[ ])?(?-i:Apt|Suite|Flat|кв)\b\.?[ ]?"
        r"\w{0,3}\d{1,4}"
    ),
    re.compile(
        r"(?<!\w)(?:Apt\.|Apartment|Suite|Flat|Unit) \d{1,5}(?: Box \d{1,5})?"
        r"(?:\s(?:APO|FPO|DPO) [A-Z]{2} \d{5})?(?![\w:%]|[.,]\d)"
    ),
)
_POSTCODE = re.compile(
    r"(?<![\w])(?:GIR ?0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[A-Z])"
    r" \d[ABD-HJLNP-UW-Z]{2})(?![\w])"
)
# my zip code is 90210; my address is Pagari 18; wohne in Am Bach 3
_LABELLED = (
    re.compile(
        r"(?<!\w)(?i:(?:zip|postal|post)[ -]?code|zip|plz|postleitzahl|code postal|c[óo]digo postal)"
        r"(?: is| ist|:| est| es){1,2} (?P<value>[A-Z]{0,2}\d[\dA-Z]{1,4}(?:[ -]?\d[\dA-Z]{1,3})?)(?!\w)"
    ),
    re.compile(
        rf"(?<!\w)(?i:address|(?:live|lives|living|located|staying|reside|based) (?:at|on)"
        rf"|(?:ship|send|deliver|mail|come)(?:ed|ped|ered)? (?:it |them |this )?(?:to|over to)"
        rf"|anschrift|adresse"
        rf"|wohn(?:e|en|t) (?:in|an|am|im)|habite(?:ns|z)? (?:au|à)?|direcci[óo]n|vivo en|indirizzo"
        rf"|abito (?:in|a)"
        rf"|morada|endereço|adres|адрес|живу на|მისამართი|ვცხოვრობ)"
        rf"(?i:\s?(?:is|ist|lautet|est|es|è|:|—|-))?[: ]{{1,3}}"
        rf"(?:(?:der|dem|the|in|of) )?(?P<value>(?:\d{{1,6}}[A-Za-z]?,?"
        rf" (?:{_CAP}[ ,]{{1,2}}){{0,4}}{_CAP}(?: {_NUMBER})?"
        rf"|(?:{_CAP} ){{1,4}}{_NUMBER}){_UNIT}{{0,2}}{_TOWN})"
    ),
)
# a street's word in lower case throughout: perhaps
_LOWER = re.compile(
    rf"(?<!\w)(?:\d{{1,4}} (?:{_WORD} ){{1,2}}(?:street|road|avenue|lane|drive)"
    rf"|(?:calle|piazza|viale|rue|rua) {_LINK}{_WORD} \d{{1,4}})(?![\w])"
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# By the words that have to be in a text (folded to lower case) for a pattern to be tried at all.
_BY_WORD: tuple[tuple[frozenset[str], tuple[re.Pattern[str], ...]], ...] = (
    (frozenset(_AFTER.lower().split("|")), (_AFTER_NAME,)),
    (
        _set(
            "rue boulevard bd bld avenue av impasse allée allee chemin quai faubourg calle c"
            " avenida avda paseo carrer"
            " plaza pza ronda glorieta travesía travesia carretera ctra via viale piazza piazzale"
            " corso vicolo largo"
            " lungomare lungotevere rua travessa praça praca alameda estrada ulica ul al ulice"
            " utca strada calea bulevardul"
        ),
        _NAMED,
    ),
    (
        _set(
            "ул улица улице пр просп проспект пер переулок наб набережная шоссе бульвар пл площадь"
            " ქუჩა ქ გამზირი გამზ ჩიხი შესახვევი"
        ),
        (_EASTERN,),
    ),
    (_set("am an im in zum zur auf unter hinter"), (_PREPOSITION,)),
    (_set("box pobox pmb psc postfach apartado casella boîte postbus skrytka"), (_BOX,)),
    (_set("apt apartment suite flat unit кв"), _FLAT),
    (
        _set(
            "zip plz zipcode postcode code postleitzahl postal código codigo address live lives living"
            " located staying reside"
            " based ship send deliver mail come shipped sent delivered mailed anschrift adresse"
            " wohne wohnen wohnt habite"
            " habitons habitez dirección direccion vivo indirizzo abito morada endereço adres"
            " адрес живу მისამართი"
            " ვცხოვრობ"
        ),
        _LABELLED,
    ),
    (_set("street road avenue lane drive calle piazza viale rue rua"), (_LOWER,)),
)
_TAILS = _set(
    "raße asse str llee latz damm ufer ssee nade teig weg ring arkt raat laan lein acht kade reef"
    " ngel atan gata aten"
    " gate ägen egen väg veg eien vei vej ejen gade ädet edet tien rget kken katu kuja olku ntie"
)  # the last four letters of what `_END` ends with, or all where there are fewer
_LETTERS = re.compile(r"[^\W\d_]+")
_POSTCODE_HINT = re.compile(r"\d[A-Z]{2}(?!\w)")
_BESIDE = re.compile(r"[^\W\d_][.º°№#,: ]{0,4}\d|\d[A-Za-z]?,? [^\W\d_]")


class Addresses:
    """``ADDRESS``: in the manners of English, German, French, Spanish, Italian, Portuguese, Dutch, the Nordic
    languages, Polish, Russian and Georgian.
    """

    name = "addresses"

    def find(self, text: str) -> list[Span]:
        """Every address, as far as it can be told where it ends."""
        if not digits(text) or not _BESIDE.search(text):
            return []
        return list(_found(text))


def _found(text: str) -> Iterator[Span]:
    words = _LETTERS.findall(text.lower())
    said = frozenset(words)
    for hints, patterns in _BY_WORD:
        if not hints.isdisjoint(said):
            for pattern in patterns:
                yield from _matches(pattern, text)
    if not _TAILS.isdisjoint([word[-4:] for word in words] + [word[-3:] for word in words]):
        yield from _ended(text)
    if _POSTCODE_HINT.search(text):
        yield from _matches(_POSTCODE, text)


def _ended(text: str) -> Iterator[Span]:
    """Streets that end in what a street is; a word apart has to be written as a name, or it is any square."""
    for match in _ENDING.finditer(text):
        start = _word_start(text, match.start())
        name = text[start : match.start()]
        apart = match["gap"] == " " and not match["end"].lower().startswith("str")
        if not name[:1].isalpha() or (apart and not (name[0].isupper() and match["end"][0].isupper())):
            continue
        for _ in range(2):  # Karl Marx Allee 3
            before = _word_start(text, start - 1)
            if start < 2 or text[start - 1] not in " -" or not text[before : before + 1].isupper():
                break
            start = before
        yield Span(start, match.end(), "ADDRESS")


def _word_start(text: str, end: int) -> int:
    start = end
    while start > 0 and end - start < LONGEST and (text[start - 1].isalnum() or text[start - 1] in "'’."):
        start -= 1
    return start


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    score = DOUBTFUL if pattern is _LOWER else 1.0
    group = "value" if "value" in pattern.groupindex else 0
    for match in pattern.finditer(text):
        yield Span(match.start(group), match.end(group), "ADDRESS", score)
