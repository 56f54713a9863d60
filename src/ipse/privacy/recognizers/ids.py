"""National identity, tax and insurance numbers: by shape and check digit, or by the label before them.

The checks are python-stdnum's, which has one module a country. A number of plain digits is taken only where
its shape or a label says what it is, too; a good check digit alone makes it a doubtful find (``DOUBTFUL``),
which the gate leaves and asks about. Behind a label a number is taken whatever its check digit
says: a slip of the pen names somebody all the same.
"""

import re
from collections.abc import Callable, Iterator
from importlib import import_module

from ipse.interfaces import Span
from ipse.privacy.recognizers.patterns import digits

__all__ = ["DOUBTFUL", "Ids", "is_german_card"]

DOUBTFUL = 0.4
FEWEST = 6  # digits that any of them has at least

_Check = Callable[[str], bool]


_SPACES = re.compile(r"[ .]")


def _stdnum(module: str) -> _Check:
    def valid(written: str) -> bool:
        return bool(import_module(f"stdnum.{module}").is_valid(_SPACES.sub("", written)))

    return valid


def is_german_card(written: str) -> bool:
    """Ten signs of a German identity card or passport (``L01X00T471``): ICAO 9303, weights 7, 3, 1."""
    signs = written.upper()
    total = sum(int(sign, 36) * (7, 3, 1)[place % 3] for place, sign in enumerate(signs[:9]))
    return total % 10 == int(signs[9])


def _is_nino(written: str) -> bool:
    """A British National Insurance number: some prefixes were never given (HMRC, NIM39110)."""
    return written[:2].upper() not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


# Shape, check, and whether both suffice without a label.
_SHAPES: tuple[tuple[re.Pattern[str], _Check, float], ...] = tuple(
    (re.compile(rf"(?<![\w.,+\-])(?:{shape})(?![\w\-]|[.,]\d)"), check, score)
    for shape, check, score in (
        (r"\d{3}([- ])\d\d\1\d{4}", _stdnum("us.ssn"), 1.0),
        (r"9\d\d-\d\d-\d{4}", _stdnum("us.itin"), 1.0),
        (
            r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]",
            _is_nino,
            1.0,
        ),
        (r"[1-9]\d(?: \d{3}){3}|[1-9]\d(?:/\d{3}){3}", _stdnum("de.idnr"), 1.0),
        (r"[1-9]\d{10}", _stdnum("de.idnr"), DOUBTFUL),
        (r"[CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}\d(?:D)?", is_german_card, DOUBTFUL),
        (
            r"[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d",
            _stdnum("fr.nir"),
            1.0,
        ),
        (r"\d{8}-?[A-HJ-NP-TV-Z]|\d{2}\.\d{3}\.\d{3}-?[A-HJ-NP-TV-Z]", _stdnum("es.dni"), 1.0),
        (r"[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]", _stdnum("es.nie"), 1.0),
        (
            r"[A-Za-z]{6}[\dL-Vl-v]{2}[A-Ea-ehHlLmMpPr-tR-T][\dL-Vl-v]{2}[A-Za-z][\dL-Vl-v]{3}[A-Za-z]",
            _stdnum("it.codicefiscale"),
            1.0,
        ),
        (r"\d{11}", _stdnum("pl.pesel"), DOUBTFUL),
        (r"(?:19|20)?\d{6}[-+]\d{4}", _stdnum("se.personnummer"), 1.0),
    )
)
# Each label by itself, so that a language adds a line.
_LABELS = (
    r"ssn|social[ -]security|itin|tax(?:payer)?[ -]id(?:entification)?|passport"
    r"|(?:drivers?|driver['’]s|driving)[ -](?:licen[cs]e|licence)|id(?:entity)?[ -]?card|nhs"
    r"|national[ -]insurance|ni (?=n)"
    r"|national[ -]id|personal[ -](?:id|number|code)|identity[ -]number|id[ -]number|medicare"
    r"|steuer[ -]?id(?:entifikationsnummer)?|idnr|steuernummer|personalausweis(?:nummer)?|ausweis(?:nummer)?"
    r"|reisepass(?:nummer)?|führerschein(?:nummer)?|sozialversicherungsnummer|rentenversicherungsnummer|svnr"
    r"|versichertennummer"
    r"|num[ée]ro de s[ée]cu(?:rit[ée] sociale)?|s[ée]curit[ée] sociale|num[ée]ro nir|passeport"
    r"|carte d['’]identit[ée]|carte vitale"
    r"|permis de conduire"
    r"|dni|n[úu]mero nie|nif|pasaporte|carn[ée] de conducir|seguridad social"
    r"|codice fiscale|passaporto|carta d['’]identit[àa]|patente"
    r"|bsn|burgerservicenummer|paspoort(?:nummer)?|rijbewijs(?:nummer)?"
    r"|pesel|dow[óo]d osobisty|nr dowodu|paszport(?:u)?"
    r"|contribuinte|cart[ãa]o de cidad[ãa]o|passaporte|cpf"
    r"|personnummer|pass(?:nummer)|cpr"
    r"|паспорт\w{0,3}|снилс|инн"
    r"|პირადი ნომერი|პირადი ნომრით|პ/ნ|პირადობის ნომერი|პირადობა|პასპორტი\w{0,2}"
)
_LABELLED = re.compile(
    rf"(?<![^\W_])(?:{_LABELS})(?![^\W_])"
    r"(?:[\s:#.=()№°\-]{1,4}(?:(?:number|numéro|nummer|número|numero|номер|ნომერი|no|nr|num|is|ist"
    r"|lautet|est|es|è|é|är"
    r"|jest|n|серия|არის|de|meines?|my)(?![^\W_])[\s:#.=()№°\-]{0,4}){0,3}|(?<=\d))"
    r"(?P<value>[A-Z]{0,3}\d[A-Z0-9]*(?:[ ./\-]?[A-Z]{0,3}\d[A-Z0-9]*){0,10}(?:[ \-]?[A-Z](?![A-Z]))?)",
    re.IGNORECASE,
)
_RUN = re.compile(r"(?:\d[ ./\-]?[A-Za-z]{0,3}){5}\d")
_GEORGIAN = re.compile(r"(?<![^\W_])ID[\s:#№]{0,3}(?P<value>\d{11})(?!\w)", re.IGNORECASE)


class Ids:
    """``ID``: of ten countries by check digit; of others, and passports and licences of any, with a label."""

    name = "ids"

    def find(self, text: str) -> list[Span]:
        """Every number; one that is doubtful scores ``DOUBTFUL``."""
        if digits(text) < FEWEST or not _RUN.search(text):
            return []
        return [*_labelled(text), *_shaped(text)]


def _shaped(text: str) -> Iterator[Span]:
    for shape, check, score in _SHAPES:
        for match in shape.finditer(text):
            if check(match.group().removesuffix("D") if check is is_german_card else match.group()):
                yield Span(match.start(), match.end(), "ID", score)


def _labelled(text: str) -> Iterator[Span]:
    for pattern in (_LABELLED, _GEORGIAN):
        for match in pattern.finditer(text):
            value = match["value"]
            if digits(value) >= FEWEST - 1 and len(value) >= FEWEST:
                yield Span(match.start("value"), match.end("value"), "ID")
