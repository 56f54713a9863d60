"""Metric 9: what it makes up. A reply that names a number, a date, a link or a name from nowhere.

Nowhere is: not in the prompt, not in the retrieved block (the most like situations of the training set and
what was said in them), not in the profile. The same count over the owner's own replies stands beside it, for
people too say what nobody mentioned. It does not know whether what is said is true.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ipse.records import Example
from ipse.scorecard.bootstrap import Plan
from ipse.scorecard.contenders import Judging, Lineup
from ipse.scorecard.measures import FEWEST_REPLIES, Measure, Measured, Missing, Spec, with_wrong
from ipse.scorecard.results import CEILING

__all__ = ["Claims", "inventions"]

RETRIEVED = 3  # past situations of the retrieved block, as many as a voice is shown
FEWEST_FACTS = 20  # questions on what is known of the owner, to say anything

INVENTED = Spec(
    id="9",
    name="Makes things up",
    definition="Share of its replies with a number, date, link or name that neither the prompt nor the like "
    "situations before nor your profile holds.",
    good="at most your own rate",
    unit="share",
    higher=False,
    against=CEILING,
)
FACTS = Spec(
    id="9 own facts",
    name="Knows your facts (own facts)",
    definition="Of held-out replies of yours that name something your training text names too, the share "
    "where it names the same.",
    good="above another author’s clone",
    unit="share",
    primary=False,
)

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>()\"']+")
_PLACEHOLDER = re.compile(r"<?\b([A-Z]+_\d+)\b>?")
_DATE = re.compile(r"\b\d{1,4}[./-]\d{1,2}(?:[./-]\d{1,4})?\b")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,:]\d+)*(?![\w])")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_START = re.compile(r"(?:^|[.!?…:;\n\"“”(*•>-])\s*$")
_MONTHS = """
monday tuesday wednesday thursday friday saturday sunday january february march april june july august
september october november december montag dienstag mittwoch donnerstag freitag samstag sonntag januar
februar märz mai juni juli oktober dezember
"""
_DAYS = frozenset(_MONTHS.split())
_CAPITALISED = frozenset({"de"})  # languages that capitalise every noun: a capital is no sign of a name


class Claims:
    """Finds what a text claims; a capitalised word is a name unless the channel writes it small as well."""

    def __init__(self, texts: Iterable[str]) -> None:
        small: Counter[str] = Counter()
        for text in texts:
            small.update(word for word in _WORD.findall(text) if word[0].islower())
        self._small = small

    def of(self, text: str, *, lang: str | None = None) -> frozenset[str]:
        """Links, dates, numbers and names in a text, each in one form."""
        links = [found.rstrip(".,;:!?").casefold() for found in _LINK.findall(text)]
        plain = _LINK.sub(" ", text)
        people = _PLACEHOLDER.findall(plain)
        plain = _PLACEHOLDER.sub(" ", plain)
        dates = _DATE.findall(plain)
        numbers = [found.replace(",", "") for found in _NUMBER.findall(_DATE.sub(" ", plain))]
        return frozenset([*links, *people, *dates, *numbers, *self._names(plain, lang)])

    def _names(self, text: str, lang: str | None) -> Iterable[str]:
        for found in _WORD.finditer(text):
            word, plain = found[0], found[0].casefold()
            if plain in _DAYS and word[0].isupper():
                yield plain
            elif lang in _CAPITALISED or not word[0].isupper() or len(word) < 2:
                continue
            elif not _START.search(text[: found.start()][-8:]) and not self._small[plain]:
                yield plain.removesuffix("'s").removesuffix("’s")


def inventions(lineup: Lineup, data: Judging, plan: Plan) -> list[Measure]:
    """The invention rate of every contender and of the owner, and how often known facts come out right."""
    if len(lineup.examples) < FEWEST_REPLIES:
        return [Missing(INVENTED, f"{len(lineup.examples)} held-out replies, {FEWEST_REPLIES} are needed.")]
    claims = Claims(_channel(data))
    given = [known | claims.of(data.profile) for known in _given(lineup, claims)]
    told = {CEILING: lineup.real} | {each.name: each.answers for each in lineup.everyone()}
    made = {name: _made(claims, lineup.examples, answers) for name, answers in told.items()}
    rates = {
        name: plan.mean([bool(c - g) for c, g in zip(several, given, strict=True)], lineup.clusters)
        for name, several in made.items()
    }
    note = "Names are known by their capital: small ones, and all but placeholders in German, are missed."
    measured = Measured(spec=INVENTED, plan=plan, draws=with_wrong(rates, lineup), note=note)
    return [measured, _facts(lineup, made, claims, plan)]


def _facts(lineup: Lineup, made: dict[str, list[frozenset[str]]], claims: Claims, plan: Plan) -> Measure:
    """Where the real reply names what the training text names and the prompt does not, who names it too."""
    known: list[set[str]] = [set() for _ in lineup.taught]
    for facts, taught in zip(known, lineup.taught, strict=True):
        facts.update(*(claims.of(example.reply, lang=example.lang) for example in taught))
    asked = [claims.of(_prompt(example), lang=example.lang) for example in lineup.examples]
    wanted = [
        (real & known[at]) - given
        for real, given, at in zip(made[CEILING], asked, map(int, lineup.rounds), strict=True)
    ]
    places = [n for n, named in enumerate(wanted) if named]
    if len(places) < FEWEST_FACTS:
        return Missing(FACTS, f"{len(places)} held-out replies name such a fact; {FEWEST_FACTS} are needed.")
    clusters: npt.NDArray[np.intp] = lineup.clusters[places]
    draws = {
        name: plan.mean([bool(several[n] & wanted[n]) for n in places], clusters)
        for name, several in made.items()
    }
    note = f"{len(places)} replies; yourself is always right, by definition."
    return Measured(spec=FACTS, plan=plan, draws=with_wrong(draws, lineup), note=note)


def _made(claims: Claims, examples: Sequence[Example], answers: Sequence[str]) -> list[frozenset[str]]:
    return [claims.of(answer, lang=each.lang) for each, answer in zip(examples, answers, strict=True)]


def _channel(data: Judging) -> list[str]:
    own = [example.reply for example in (*data.train, *data.judge)]
    return own + [turn.text for example in data.train for turn in example.context[-1:]]


def _given(lineup: Lineup, claims: Claims) -> list[frozenset[str]]:
    """What the prompt and the most like situations of T hold, claim by claim."""
    given = [claims.of(_prompt(each), lang=each.lang) for each in lineup.examples]
    for number, taught in enumerate(lineup.taught):
        places = np.flatnonzero(lineup.rounds == number)
        near = _near([_last(each) for each in taught], [_last(lineup.examples[n]) for n in places])
        seen: dict[int, frozenset[str]] = {}
        for place, found in zip(map(int, places), near, strict=True):
            for at in found:
                if at not in seen:
                    seen[at] = claims.of(f"{_prompt(taught[at])}\n{taught[at].reply}", lang=taught[at].lang)
                given[place] |= seen[at]
    return given


def _near(before: Sequence[str], now: Sequence[str]) -> list[list[int]]:
    """For each text its most like ones of ``before``, by place."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(before) or not now:
        return [[] for _ in now]
    vectors = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+")  # noqa: S106 - a pattern of words
    past = vectors.fit_transform(before)
    scores = (past @ vectors.transform(now).T).toarray()
    return [list(map(int, np.argsort(-column, kind="stable")[:RETRIEVED])) for column in scores.T]


def _prompt(example: Example) -> str:
    return "\n".join(turn.text for turn in example.context)


def _last(example: Example) -> str:
    return example.context[-1].text if example.context else ""
