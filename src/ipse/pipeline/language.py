"""The language of a message, among those the owner writes (lingua, in process, no network).

Asking lingua about every message would be most of an import. People repeat themselves, so a message whose
words were met before, nearly all in one language, is of that language; lingua decides the others, and every
sixteenth, and only what lingua decided is learned from. Short or mixed texts stay undecided: None is an
answer. Georgian or Russian in Latin letters is not known.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ipse.errors import SettingsError

if TYPE_CHECKING:
    from lingua import Language, LanguageDetector

__all__ = ["Detector"]

SHORTEST: Final = 12  # characters; below that detection is a guess
FARTHEST: Final = 240  # characters looked at: more text adds time, hardly certainty
# Trigrams alone decide most texts in a quarter of the time. Where their first choice leads by this much, they
# agree with all n-grams on 98.8 % of chat messages (two languages) and 99.6 % of long answers.
SURE: Final = 0.4
LEAD: Final = 0.05  # by which all n-grams together must lead; less is undecided
STEP: Final = 512  # messages decided before their words are learned from
ASKED: Final = 16  # of so many messages that words could decide, lingua is asked about one
FAMILIAR: Final = 3  # times a word was met in one language before it says so
NEARLY: Final = 0.8  # of the familiar words of a message; names and loan words are of other languages
LOST: Final = 8  # what a sighting in another language takes from that
WORDS: Final = 100_000  # remembered at most


class Detector:
    """Detects among ISO 639-1 ``codes``; raises ``SettingsError`` for a code lingua does not know.

    What it answers depends on what it was asked before: it learns the words of the languages it meets.
    """

    def __init__(self, codes: Sequence[str]) -> None:
        from lingua import Language

        known = {language.iso_code_639_1.name.lower(): language for language in Language.all()}
        wrong = [code for code in codes if code.lower() not in known]
        if wrong:
            raise SettingsError(
                f"imports.languages: unknown code {', '.join(wrong)}.",
                hint="Write ISO 639-1 codes such as [en, de].",
            )
        self._languages = {code.lower(): known[code.lower()] for code in codes}
        self._fast = _detector([*self._languages.values()], SURE, quick=True) if len(codes) > 1 else None
        self._among: frozenset[str] = frozenset()
        self._careful: LanguageDetector | None = None
        self._met: Counter[str] = Counter()
        self._words: dict[str, tuple[str, int]] = {}
        self._familiar: dict[str, str] = {}
        self._counted = 0

    def detect(self, texts: Sequence[str]) -> list[str | None]:
        """The ISO 639-1 code of each text, or None where it is too short or could be several."""
        if self._fast is None:
            (only,) = self._languages
            return [only if text.strip() else None for text in texts]
        found: list[str | None] = []
        for at in range(0, len(texts), STEP):
            found += self._detect(self._fast, texts[at : at + STEP])
        return found

    def _detect(self, fast: "LanguageDetector", texts: Sequence[str]) -> list[str | None]:
        codes: list[str | None] = [None] * len(texts)
        asked: dict[int, list[str]] = {}
        for n, text in enumerate(texts):
            if len(text) < SHORTEST or len(text.strip()) < SHORTEST:
                continue
            words = text[:FARTHEST].lower().split()
            self._counted += 1
            if self._counted % ASKED:
                codes[n] = self._by_words(words)
            if codes[n] is None:
                asked[n] = words
        open_ = self._ask(fast, texts, codes, list(asked))
        self._met.update(code for n in asked if (code := codes[n]) is not None)
        if open_:
            self._ask(self._careful_one(), texts, codes, open_)
        for n, words in asked.items():
            if (code := codes[n]) is not None:
                self._learn(words, code)
        return codes

    def _by_words(self, words: Sequence[str]) -> str | None:
        """The language of nearly all familiar words, where half of the words and at least three are that."""
        votes = [*map(self._familiar.get, words)]
        familiar = len(votes) - votes.count(None)
        if familiar * 2 < len(votes) or familiar < FAMILIAR:
            return None
        first = next(vote for vote in votes if vote is not None)
        if votes.count(first) == familiar:
            return first
        code, count = Counter(vote for vote in votes if vote is not None).most_common(1)[0]
        return code if count >= NEARLY * familiar else None

    def _ask(
        self,
        detector: "LanguageDetector",
        texts: Sequence[str],
        codes: list[str | None],
        places: Sequence[int],
    ) -> list[int]:
        """Let lingua decide about the texts at ``places``; returns those it leaves open."""
        found = detector.detect_languages_in_parallel_of([texts[n][:FARTHEST] for n in places])
        for n, language in zip(places, found, strict=True):
            codes[n] = language.iso_code_639_1.name.lower() if language else None
        return [n for n in places if codes[n] is None]

    def _careful_one(self) -> "LanguageDetector":
        """The one that knows all n-grams, some 18 MB a language: only of those that are met."""
        few = self._met.total() / 50
        often = [code for rank, (code, n) in enumerate(self._met.most_common()) if rank < 3 or n > few]
        often += [code for code in self._languages if code not in often][: max(3 - len(often), 0)]
        if self._careful is None or not self._among.issuperset(often):
            self._among |= frozenset(often)
            self._careful = _detector([self._languages[code] for code in sorted(self._among)], LEAD)
        return self._careful

    def _learn(self, words: Sequence[str], code: str) -> None:
        for word in {*words}:
            held, count = self._words.get(word, (code, 0))
            if count == 0 and len(self._words) >= WORDS:
                continue
            count = count + 1 if held == code else count - LOST
            if count < 0:
                held, count = code, 1
            self._words[word] = held, count
            if count >= FAMILIAR:
                self._familiar[word] = held
            else:
                self._familiar.pop(word, None)


def _detector(languages: "Sequence[Language]", distance: float, *, quick: bool = False) -> "LanguageDetector":
    from lingua import LanguageDetectorBuilder

    builder = LanguageDetectorBuilder.from_languages(*languages).with_minimum_relative_distance(distance)
    return (builder.with_low_accuracy_mode() if quick else builder).build()
