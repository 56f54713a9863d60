"""Finds the people the vault knows in a text: names, nicknames, handles, phones and mails in any form.

An index over words rather than one large pattern, so that its speed does not depend on how many are known:
a text whose words were all seen before and belong to nobody costs one set comparison. It keeps no text, and
whom a pseudonym stands for is the roster's to know.

Limits, on purpose: a name of one letter, or without letters, is not looked for; one that is a function word
(Will, May) only where it is written as a name, a short form that is a word (Bill, Света) only with a capital;
a name that is another word (Klein, Rose) costs that word in every text; the cases of Slavic and Finnish names
in Latin script stay; a misspelt name stays, and one written in another script.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from ipse.interfaces import Span
from ipse.privacy.mails import loose_mails
from ipse.privacy.names import (
    ASCII_WORD,
    UNSPACED_RUN,
    WORD,
    Form,
    address_key,
    fold,
    fold_german,
    forms,
    letters,
    words,
)
from ipse.privacy.nicknames import WORDS, nicknames
from ipse.privacy.numbers import NumberIndex
from ipse.privacy.stopwords import ORGANISATION, PARTICLES, ROLES, STOPWORDS

__all__ = ["KnownPeople", "Mention"]

_K = TypeVar("_K", str, tuple[str, ...])

MEMORY = 200_000  # words remembered as nobody's name, some 20 MB at most
LONGEST_RUN = 10  # words that one mention may have
_BETWEEN = re.compile(r"[ \t\u00a0.'’ʼ_\-]{1,3}")
_DIGIT = re.compile(r"\d")
_SENTENCE_END = re.compile(r"(?:^|[.!?…:\n])[\s\"'«»„“”(*_]*$")


class Mention(NamedTuple):
    """A known person in a text. ``plain``: written as it would be alone, so it can be shown again."""

    start: int
    end: int
    label: str
    plain: bool = False

    def span(self) -> Span:
        """As what a recognizer returns; the kind is the pseudonym."""
        return Span(self.start, self.end, self.label)


class _Claim(NamedTuple):
    """That a word may stand for somebody; the smallest of several claims wins."""

    needs: int
    inexact: int  # 0 as learned, 1 another form of it, 2 and 3 a short name
    rank: int
    label: str
    lead: int = 0
    tail: int = 0
    plain: bool = True


# What a word needs to stand for somebody: nothing, a capital, one that grammar does not ask for, company.
_NOTHING, _WRITTEN, _CAPITAL, _COMPANY = range(4)


class _Word(NamedTuple):
    start: int
    end: int
    written: str
    claims: Sequence[_Claim]


class KnownPeople:
    """The index. ``learn`` adds a name and address under a label such as ``PERSON_3`` or ``ME``."""

    def __init__(self) -> None:
        self._claims: dict[str, list[_Claim]] = {}
        self._full: dict[tuple[str, ...], str] = {}
        self._glue: set[tuple[str, str]] = set()  # (word, label): may stand inside that person's name
        self._handles: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        self._unspaced: dict[str, str] = {}
        self._unspaced_pattern: re.Pattern[str] | None = None
        self._mails: dict[str, str] = {}
        self._numbers = NumberIndex()
        self._nobody: set[str] = set()
        self._ranks: dict[str, int] = {}

    def learn(self, label: str, name: str, address: str) -> None:
        """Add the forms of one name and address; the owner's come first where forms are shared."""
        self._ranks.setdefault(label, 0 if label == "ME" else len(self._ranks) + 1)
        self._nobody.clear()
        role = False
        for written in (address, name):
            kind, key = address_key(written) or ("", "")
            if kind == "mail":
                _give(self._mails, key, label)
                role = role or key.partition("@")[0] in ROLES
            elif kind == "phone":
                self._numbers.learn(label, key)
            elif kind == "handle" and (written is address or written.startswith("@")):
                self._learn_handle(label, key)
        if "@" not in name:
            self._learn_name(label, name, role=role)

    def belongs_to(self, kind: str, value: str) -> str | None:
        """The label whose mail address or phone number ``value`` is."""
        if kind == "EMAIL":
            return self._mails.get(value.casefold())
        if kind == "PHONE":
            return self._numbers.owner(value)
        return None

    def find(self, text: str) -> list[Mention]:
        """Every mention; of names the longest, other kinds may overlap."""
        found: list[Mention] = []
        said = set((ASCII_WORD if text.isascii() else WORD).findall(text))
        if not self._nobody.issuperset(said):
            for word in said - self._nobody:
                self._lookup(word)
            if not self._nobody.issuperset(said):
                found += self._names(text)
        if self._unspaced and not text.isascii():
            found += self._runs(text)
        if self._mails and "@" in text:
            found += self._addresses(text)
        if self._numbers and _DIGIT.search(text):
            found += (Mention(start, end, label) for start, end, label in self._numbers.find(text))
        return found

    def _learn_name(self, label: str, name: str, *, role: bool) -> None:
        for run in UNSPACED_RUN.findall(unicodedata.normalize("NFC", name)):
            self._learn_run(label, run)
        parts = words(name)
        self._glue.update((part, label) for part in parts)
        said = [part for part in parts if letters(part) >= 2 and part not in PARTICLES]
        strong = [part for part in said if part not in STOPWORDS]
        first = next((at for at, part in enumerate(parts) if part in said), 0)
        for full in (parts, parts[first:]):
            if len(full) > 1:
                _give(self._full, tuple(full), label)
        for joined in {"".join(words(piece)) for piece in (name, *name.split())} - set(parts):
            if letters(joined) >= 5:
                self._claim(label, joined, _NOTHING)
        organisation = len(parts) > 1 and (role or not ORGANISATION.isdisjoint(parts))
        for part in strong:
            self._claim(label, part, _COMPANY if organisation else _NOTHING)
        for part in strong if not organisation else ():
            for nick in nicknames(part):
                needs = _CAPITAL if nick in STOPWORDS else _WRITTEN if nick in WORDS else _NOTHING
                self._claim(label, nick, needs, nick=True)
        for part in said if not organisation else ():
            if part in STOPWORDS and (part == parts[0] or not strong):
                self._claim(label, part, _CAPITAL)
        for part in {fold_german(word) for word in WORD.findall(name) if fold(word) in strong}:
            self._claim(label, part, _COMPANY if organisation else _NOTHING)

    def _claim(self, label: str, part: str, needs: int, *, nick: bool = False) -> None:
        for form in forms(part) if needs <= _WRITTEN else [Form(part)]:
            inexact = 2 * nick + (form.word != part)
            claim = _Claim(needs, inexact, self._ranks[label], label, form.lead, form.tail, form.plain)
            held = self._claims.setdefault(form.word, [])
            held[:] = sorted([*(other for other in held if other.label != label or other < claim), claim])

    def _learn_run(self, label: str, run: str) -> None:
        """A name in a script without spaces, and the given name in it where the family name is one sign."""
        given = [run[1:]] if len(run) == 3 and all("\u3400" <= c <= "\ud7af" for c in run) else []
        for form in (run, *given):
            if len(form) >= 2:
                _give(self._unspaced, form, label)
        self._unspaced_pattern = None

    def _learn_handle(self, label: str, handle: str) -> None:
        parts = WORD.findall(handle)
        if letters(handle) < 2 or not parts:
            return
        pattern = re.compile(re.escape(handle[handle.index(parts[0]) :]) + r"(?![^\W_])", re.IGNORECASE)
        held = self._handles.setdefault(fold(parts[0]), [])
        if all(other.pattern != pattern.pattern for other, _ in held):
            held.append((pattern, label))

    def _addresses(self, text: str) -> Iterator[Mention]:
        for start, end in loose_mails(text):
            label = self._mails.get(text[start:end].casefold())
            if label:
                yield Mention(start, end, label)

    def _runs(self, text: str) -> Iterator[Mention]:
        if self._unspaced_pattern is None:
            longest_first = sorted(self._unspaced, key=lambda form: (-len(form), form))
            self._unspaced_pattern = re.compile("|".join(map(re.escape, longest_first)))
        for match in self._unspaced_pattern.finditer(text):
            yield Mention(match.start(), match.end(), self._unspaced[match.group()], plain=True)

    def _lookup(self, word: str) -> Sequence[_Claim]:
        """Who may be meant by a word; a word that is nobody's is remembered as such."""
        if word in self._nobody:
            return ()
        folded = fold(word)
        claims = self._claims.get(folded)
        if claims is None and not word.isascii():
            claims = self._claims.get(fold_german(word))
        if claims is None and folded not in self._handles:
            if len(self._nobody) >= MEMORY:
                self._nobody.clear()
            self._nobody.add(word)
        return claims or ()

    def _names(self, text: str) -> Iterator[Mention]:
        pattern = ASCII_WORD if text.isascii() else WORD
        line = [_Word(*m.span(), m.group(), self._lookup(m.group())) for m in pattern.finditer(text)]
        at = 0
        while at < len(line):
            if self._handles:
                yield from self._handle(text, line[at])
            if line[at].claims:
                mention, at = self._run(text, line, at)
                if mention:
                    yield mention
            else:
                at += 1

    def _handle(self, text: str, word: _Word) -> Iterator[Mention]:
        for pattern, label in self._handles.get(fold(word.written), ()):
            match = pattern.match(text, word.start)
            if match:
                yield Mention(match.start(), match.end(), label)

    def _run(self, text: str, line: list[_Word], at: int) -> tuple[Mention | None, int]:
        """The longest mention that begins with the claimed word ``at``, and the word after it."""
        shared = {claim.label for claim in line[at].claims}
        end = at + 1
        so_far = [fold(line[at].written)]
        for here in range(at + 1, min(at + LONGEST_RUN, len(line))):
            word = line[here]
            if not _BETWEEN.fullmatch(text, line[here - 1].end, word.start):
                break
            folded = fold(word.written)
            common = shared.intersection(claim.label for claim in word.claims)
            if self._full.get((*so_far, folded)) in shared:
                end = here + 1
            elif common and folded not in so_far:
                shared, end = common, here + 1
            elif letters(folded) != 1 and all((folded, label) not in self._glue for label in shared):
                break
            so_far.append(folded)
        return self._mention(text, line[at:end], shared), end

    def _mention(self, text: str, taken: list[_Word], shared: set[str]) -> Mention | None:
        whole = self._full.get(tuple(fold(word.written) for word in taken))
        claims = [claim for claim in taken[0].claims if claim.label in shared]
        chosen = next((claim for claim in claims if claim.label == whole), claims[0])
        alone = len(taken) == 1 and whole is None
        if chosen.needs == _COMPANY and whole != chosen.label:
            return None
        if chosen.needs == _WRITTEN and alone and not taken[0].written[:1].isupper():
            return None
        if chosen.needs == _CAPITAL and alone and not _written_as_name(text, taken[0]):
            return None
        ends = [claim for claim in taken[-1].claims if claim.label == chosen.label]
        plain = all(c.plain for word in taken for c in word.claims if c.label == chosen.label)
        tail = ends[0].tail if ends else 0
        return Mention(taken[0].start + chosen.lead, taken[-1].end - tail, chosen.label, plain)


def _give(index: dict[_K, str], key: _K, label: str) -> None:
    """First come, first served; the owner before all."""
    if label == "ME" or key not in index:
        index[key] = label


def _written_as_name(text: str, word: _Word) -> bool:
    """A capital where the grammar asks for none: ``ask Will``, but neither ``will you`` nor ``Will you``."""
    before = text[max(0, word.start - 8) : word.start]
    return text[word.start : word.end].istitle() and not _SENTENCE_END.search(before)
