"""What the body of a WhatsApp message is: words, a file, a deleted message, a poll, or a line of the app.

The app writes its markers in the language of the phone; they are in ``phrases.yaml``. This knows
single bodies, not who wrote them or when.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from typing import cast
from unicodedata import normalize
from zlib import crc32

import msgspec.yaml

from ipse.records import ContentType
from ipse.sources.whatsapp.headers import MARKS

__all__ = ["Markers", "Said", "markers"]

_M = f"[{MARKS}]"
_LEAD = re.compile(f"{_M}+")
_DROP = {
    ord(char): "" for char in "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
}
_DROP |= {ord("\u00a0"): " ", ord("\u202f"): " ", ord("’"): "'"}
# A file of an iPhone: `00000012-PHOTO-2024-01-13-10-00-05.jpg`; of Android: `IMG-20240113-WA0001.jpg`.
_OWN_NAME = re.compile(r"\d{8}-|[A-Z]{3}-\d{8}-WA\d{4}|[0-9a-f]{32}\.", re.ASCII)
_ATTACHED = re.compile(rf"({_M}?)<([^<>:：\n]{{2,30}}?)\s?[:：]\s*([^<>\n]{{1,255}}\.[^<>\s.]{{1,8}})>")
_FILE = re.compile(
    rf"({_M}{{0,4}})([^\n/\\]{{1,200}}\.[^\s./\\()]{{1,8}})\s\(([^()\n]{{2,40}})\){_M}{{0,4}}(?=\n|$)"
)
_ANGLE = re.compile(rf"^{_M}{{0,4}}<([^<>\n]{{3,60}})>|<([^<>\n]{{3,60}})>{_M}{{0,4}}$")
_BEHIND_MARK = re.compile(rf"{_M}([^{MARKS}\n]{{3,60}}){_M}{{0,4}}$")
_BARE_FILE = re.compile(r"[^\n/\\]{1,200}\.(?:[A-Za-z][A-Za-z0-9]{1,3}|7z)")
_PAGES = re.compile(rf"^[^\n•]*\.\w{{1,5}}[\s{MARKS}]{{0,4}}•[\s{MARKS}]{{0,4}}\d[^\n]*")
_LOCATION = re.compile(
    rf"{_M}*(?P<word>[^:\n]{{0,60}})\s?[:：](?:\s[^\n]{{1,200}}:)?\s*{_M}*https?://(?:maps\.google\.|www\.google\.[a-z.]+/maps|goo\.gl/maps"
    rf"|maps\.app\.goo\.gl|maps\.apple\.com|(?:www\.)?foursquare\.com)\S*{_M}*\s*"
)
_VOTES = re.compile(rf"\s*\({_M}*\d+[^()]*\){_M}*$")
_STOPS = ".。।۔"
# Indic letters with a dot, of one character where Unicode prefers two.
_JOINED = {
    normalize("NFC", one): one
    for one in map(chr, (*range(0x958, 0x960), *range(0x9DC, 0x9E0)))
    if normalize("NFC", one) != one
}
_PHRASE = 160  # characters; no phrase of the app that stands for a whole body is longer
# `<Media omitted>` in a language that has no section of its own.
_MEDIA_STEM = re.compile(r"medi|médi|mídi|multim|медиа|медіа|メディア|미디어|媒|وسائط|מדיה|मीडिया|πολυμέσα")


class Said(msgspec.Struct, frozen=True):
    """What a body turns out to be: ``text`` is what a person wrote of it, without any marker."""

    kind: ContentType
    text: str = ""
    files: tuple[str, ...] = ()
    edited: bool = False


def _bare(text: str) -> str:
    return text.strip() if text.isascii() else normalize("NFC", text.translate(_DROP)).strip()


def _fold(text: str) -> str:
    return _bare(text).rstrip(_STOPS).strip().lower()


def _written(phrase: str, kind: ContentType) -> set[str]:
    """A phrase as phones write it: with a capital, a full stop, dotted letters as one character or two."""
    apart = normalize("NFC", phrase)
    joined = apart
    for two, one in _JOINED.items():
        joined = joined.replace(two, one)
    forms = {form for text in (phrase, apart, joined) for form in (text, text[:1].upper() + text[1:])}
    stops = "." if phrase[-1] < "\u0600" else _STOPS  # the others follow letters of Asia
    return forms if kind == "media" else {form + end for form in forms for end in ("", *stops)}


def _pairs(entries: str) -> Iterator[str]:
    """The phrases of one list; `a / b | x / y` stands for every pair."""
    for entry in entries.split(";"):
        sides = [[part.strip() for part in side.split(" / ")] for side in entry.split("|")]
        for words in product(*sides):
            yield " ".join(words).strip()


class Markers:
    """The phrases of all languages, ready to be matched."""

    def __init__(self, languages: Mapping[str, Mapping[str, object]]) -> None:
        def lists(key: str) -> list[str]:
            entries = [cast("str", section[key]) for section in languages.values() if key in section]
            return sorted({phrase for entry in entries for phrase in _pairs(entry)}, key=len, reverse=True)

        whole: dict[str, ContentType] = dict.fromkeys(lists("omitted"), "media")
        whole |= dict.fromkeys(lists("contact"), "contact")
        whole |= dict.fromkeys(lists("live"), "location")
        whole |= dict.fromkeys(lists("missed"), "call")
        deleted = lists("deleted")
        whole |= {phrase: "deleted" for phrase in deleted if not phrase.endswith("*")}
        self.sums = frozenset(
            crc32(form.encode()) for phrase, kind in whole.items() for form in _written(phrase, kind)
        )
        """Checksums of bodies that are no text, as they are written: a quick test before :meth:`examine`."""
        self._whole = {_fold(phrase): kind for phrase, kind in whole.items()}
        self._deleted_by = tuple(phrase[:-1].lower() for phrase in deleted if phrase.endswith("*"))
        self._attached = frozenset(map(_fold, lists("attached")))
        self._edited = frozenset(map(_fold, lists("edited")))
        self._unseen = tuple(map(_fold, lists("unseen")))
        self._calls = tuple(map(_fold, (*lists("missed"), *lists("call"))))
        self._places = frozenset(map(_fold, lists("location")))
        polls = [
            cast("Mapping[str, str]", section["poll"]) for section in languages.values() if "poll" in section
        ]
        self._polls = frozenset(poll["heading"] for poll in polls)
        self._choices = frozenset(poll["choice"] for poll in polls)
        notices = lists("notice")
        said = "|".join(re.escape(phrase) for phrase in notices)
        first = re.escape("".join(sorted({phrase[0] for phrase in notices})))  # refuses most bodies at once
        self.notice = re.compile(f"(?=[{first}])(?:{said})")
        """Matches the beginning of a notice of the app, in its exact case."""
        first_bytes = re.escape(bytes(sorted({phrase.encode()[0] for phrase in notices})))
        self.notice_bytes = b"(?=[" + first_bytes + b"])(?:" + said.encode() + b")"
        """The same as a regular expression of bytes."""
        self.group = re.compile("|".join(lists("group")), re.IGNORECASE)
        """Found in a line of the app that only a group has."""
        self._system = re.compile("|".join(lists("system")), re.IGNORECASE)

    def of_the_app(self, line: str) -> bool:
        """Whether a line without a mark reads like one that the app writes; those are short."""
        line = line[:400]
        return bool(self.notice.match(line) or self.group.search(line) or self._system.search(line))

    def no_name(self, name: str) -> bool:
        """Whether what stands before the first colon is no name but the start of a line of the app."""
        return len(name) > 80 or (name.count(" ") > 1 and self.of_the_app(name))

    def examine(self, body: str, *, apple: bool) -> Said:
        """Tell what a body is. ``apple``: in this style of export the app marks its own lines with U+200E."""
        body, edited = self._unedited(body) if ">" in body[-4:] else (body, False)
        stripped = body[found.end() :] if (found := _LEAD.match(body)) else body
        marked = len(stripped) < len(body)
        line, _, more = stripped.partition("\n")
        if marked and more and self.examine(f"\u200e{line}", apple=apple).kind == "system":
            return Said("system", stripped.strip())
        said = self._stand_in(_fold(stripped), marked=marked) if len(stripped) < _PHRASE else None
        if said is None and (marked or "<" in body or "(" in body or not body.isascii()):
            said = self._media(body)
        if said is None and "\n" in body:
            said = self._poll(stripped)
        if said is None and "://" in body:
            said = self._place(body, marked=marked)
        if said is None and marked and self._is_system(stripped, apple=apple):
            return Said("system", stripped.strip())
        said = said or Said("text", stripped.strip())
        return msgspec.structs.replace(said, edited=True) if edited else said

    def _unedited(self, body: str) -> tuple[str, bool]:
        end = body.rstrip().rstrip(".")
        start = body.rfind("<")
        if not end.endswith(">") or start < 0 or _fold(end[start + 1 : -1]) not in self._edited:
            return body, False
        return body[:start].rstrip("\u200e\u200f \n\u202f\u00a0"), True

    def _stand_in(self, folded: str, *, marked: bool) -> Said | None:
        kind = self._whole.get(folded)
        if kind is not None:
            return Said(kind)
        if folded.startswith(self._deleted_by) and "\n" not in folded:
            return Said("deleted")
        if marked and folded.startswith(self._unseen):
            return Said("media")
        return Said("call") if marked and folded.startswith(self._calls) else None

    def _media(self, body: str) -> Said | None:
        names: list[str] = []

        def apple(match: re.Match[str]) -> str:
            mark, word, name = match.groups()
            if not (mark or _fold(word) in self._attached or _OWN_NAME.match(name)):
                return match[0]
            names.append(_bare(name))
            return "\n"

        rest = _ATTACHED.sub(apple, body)
        if not names and (found := _FILE.match(body)):
            mark, name, word = found.groups()
            if mark or _fold(word) in self._attached or _OWN_NAME.match(name):
                names.append(_bare(name))
                rest = body[found.end() :]
        contact = any(name.lower().endswith(".vcf") for name in names)
        if not names:
            left_out = self._left_out(body)
            if left_out is None:
                return None
            rest, contact = left_out
        caption, more = _caption(rest)
        return Said("contact" if contact else "media", caption, tuple(names) or more)

    def _left_out(self, body: str) -> tuple[str, bool] | None:
        """The body without the stand-in for a file left out of the export; whether that was a contact."""
        for pattern in (_ANGLE, _BEHIND_MARK):
            match = pattern.search(body)
            if match is None:
                continue
            phrase = _fold(match[match.lastindex or 0])
            kind = self._whole.get(phrase)
            unknown = pattern is _ANGLE and " " in phrase and _MEDIA_STEM.search(phrase)
            if kind in ("media", "contact") or unknown:
                return body[: match.start()] + body[match.end() :], kind == "contact"
        return None

    def _poll(self, body: str) -> Said | None:
        head, _, rest = body.partition("\n")
        heading = _bare(head)
        if not heading.endswith((":", "：")) or len(heading) > 40:
            return None
        lines = [bare for line in rest.split("\n") if (bare := _bare(line))]
        if len(lines) < 2:
            return None
        choices = [re.split("[:：]", line, maxsplit=1) for line in lines[1:]]
        words = {choice[0].strip() for choice in choices if len(choice) > 1}
        known = heading[:-1].strip().lower() in self._polls
        alike = len(words) == 1 and len(choices) > 1 and words <= {word.upper() for word in words}
        if not (known or (heading.isupper() and alike)):
            return None
        options = [_VOTES.sub("", choice[-1]).strip() for choice in choices]
        return Said("poll", "\n".join([lines[0], *options]))

    def _place(self, body: str, *, marked: bool) -> Said | None:
        match = _LOCATION.fullmatch(body)
        if match is None or not (marked or _fold(match["word"]) in self._places):
            return None
        return Said("location")

    def _is_system(self, text: str, *, apple: bool) -> bool:
        # A number or an address that was copied with its mark of direction is text, a heading is a poll's.
        own = apple and any(char.isalpha() for char in text) and "://" not in text
        return self.of_the_app(text) or (own and not text.endswith((":", "：")))


def _caption(rest: str) -> tuple[str, tuple[str, ...]]:
    """What a person wrote beside a file, and the name of a document that the app wrote there."""
    text = _PAGES.sub("", rest.strip().strip("\u200e\u200f").strip(), count=1)
    text = text.strip().strip("\u200e\u200f").strip()
    if _BARE_FILE.fullmatch(text):
        return "", (text,)
    return text, ()


@cache
def markers() -> Markers:
    """The markers of every language we have, read once."""
    text = files("ipse.sources.whatsapp").joinpath("phrases.yaml").read_bytes()
    return Markers(msgspec.yaml.decode(text, type=dict[str, dict[str, object]]))
