"""Metrics 1 and 3: does it sound like the owner, and can it be told from the owner?

The judge of metric 1 learns from J and other people's text, never from what trained a clone. Metric 3 is a
classifier two-sample test (Lopez-Paz & Oquab 2017) on the same contexts. Knows style alone, not sense.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Self, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.config import ScorecardSettings
from ipse.records import Example
from ipse.scorecard.blocks import blocks, in_order, key, words
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.contenders import Judging, Lineup
from ipse.scorecard.measures import FEWEST_REPLIES, Measure, Measured, Missing, Spec, averaged, with_wrong
from ipse.scorecard.results import BEFORE, CEILING, CLONE, Check, Figure

__all__ = [
    "Judge",
    "Sounds",
    "not_above",
    "own_against_own",
    "sounds_like_me",
    "two_sample",
    "wrong_author_check",
]

T = TypeVar("T")

FEWEST_BLOCKS = 5  # of the owner's J, of their E and of impostors, to judge at all
MOST_BLOCKS = 240  # of one side, to train a judge on
MOST_BLOCKS_EACH = 40  # of one impostor, so that none stands for all
NEGATIVES = 0.6  # oldest share of an impostor's text that trains the judge; the rest checks it
FOLDS = 5
SPLITS = 10  # random halves of the owner's text held against each other
WRONG_AUC = 0.85
STRETCHES = 3  # of T, each about as long as E
COMMON = 4  # words: a shorter reply is said again by anybody, so that J holds it as well proves nothing

SOUNDS = Spec(
    id="1",
    name="Sounds like you",
    definition="Mean probability that blocks of its answers are yours, by a judge trained on text of yours "
    "and of other people that no clone has seen.",
    good="at least 80 % of your own held-out text, and not above your own text, of then or before",
    unit="share",
)
TOLD = Spec(
    id="3",
    name="Told from you",
    definition="How well a classifier tells its answers from your real ones to the same messages: .5 is not "
    "at all, 1 is always.",
    good=".50 to .60",
    unit="auc",
    higher=False,
    meets=(0.0, 0.6),
)


class Judge:
    """Character 2- to 5-grams with case kept → balanced logistic regression, calibrated to even odds."""

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def fit(self, own: Sequence[str], others: Sequence[str]) -> Self:
        """Learn to tell ``own`` blocks from those of ``others``."""
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold

        labels = np.array([1] * len(own) + [0] * len(others))
        # Even odds: the share of blocks says who has written more, not who has written this.
        weights = np.where(labels == 1, 0.5 / len(own), 0.5 / len(others)) * len(labels)
        self.vectorizer_ = TfidfVectorizer(
            analyzer="char", ngram_range=(2, 5), lowercase=False, sublinear_tf=True, min_df=2,
            max_features=20_000,
        )  # fmt: skip
        folds = StratifiedKFold(min(FOLDS, len(own), len(others)), shuffle=True, random_state=self.seed)
        model = LogisticRegression(C=100.0, solver="liblinear", random_state=self.seed)
        self.model_ = CalibratedClassifierCV(model, method="sigmoid", cv=folds, ensemble=False)
        self.model_.fit(self.vectorizer_.fit_transform([*own, *others]), labels, sample_weight=weights)
        return self

    def probability(self, texts: Sequence[str]) -> Draws:
        """P(the owner's) of each block."""
        return np.asarray(self.model_.predict_proba(self.vectorizer_.transform(texts))[:, 1])


class Sounds(msgspec.Struct, frozen=True):
    """Metric 1 and the check of its judge."""

    measure: Measure
    check: Check


def sounds_like_me(lineup: Lineup, data: Judging, settings: ScorecardSettings, plan: Plan) -> Sounds:
    """Judge blocks of every contender's answers, on the platforms where other people's text is known."""
    size, seed = settings.block_words, settings.seed
    impostors = _impostor_blocks(data, size)
    platforms = {each.platform for examples in data.impostors.values() for each in examples}
    own = [block.text for block in blocks(_replies(data.judge, platforms), size)]
    held_out = _Blocks(lineup, platforms, size)
    real = held_out.of(lineup.real)
    reason = "There is no text of other people from the same channels." if not data.impostors else ""
    reason = reason or _too_little(own, impostors[0], [text for text, _ in real], size)
    if reason:
        return Sounds(Missing(SOUNDS, reason), Check(name=_CHECK, passed=None, note=reason))
    judge = Judge(seed=seed).fit(_thinned(own, MOST_BLOCKS), impostors[0])
    told = {CEILING: lineup.real} | {each.name: each.answers for each in lineup.everyone()}
    found = {name: held_out.draws(judge, answers, plan) for name, answers in told.items()}
    draws = {name: each for name, each in found.items() if each is not None}
    before = _before(judge, data, platforms, size, plan)
    draws |= {} if before is None else {BEFORE: before}
    # All of E rather than the part that was answered: the check stands on as many blocks as there are.
    every = [block.text for block in blocks(_replies(data.test, platforms), size)]
    check = wrong_author_check(judge, _thinned(every, MOST_BLOCKS), impostors[1], settings)
    if CLONE not in draws:
        short = f"the clone's answers do not fill {FEWEST_BLOCKS} blocks of {size} words"
        return Sounds(Missing(SOUNDS, f"{short[0].upper()}{short[1:]}."), check)
    note = f"{len(real)} blocks of {size} words of yours; judge trained on {len(own)} of yours and "
    note += f"{len(impostors[0])} of {len(data.impostors)} other people."
    return Sounds(Measured(spec=SOUNDS, plan=plan, draws=with_wrong(draws, lineup), note=note), check)


_CHECK = "The judge tells other people from you"


def wrong_author_check(
    judge: Judge, own: Sequence[str], others: Sequence[str], settings: ScorecardSettings
) -> Check:
    """AUC of the judge between held-out blocks of the owner and of others; below .85 the card is void."""
    if len(others) < FEWEST_BLOCKS:
        return Check(name=_CHECK, passed=None, note="Too few blocks of other people are left to check it.")
    plan = Plan([len(own), len(others)], resamples=settings.resamples, seed=settings.seed)
    up = (judge.probability(own), np.arange(len(own)))
    down = (judge.probability(others), len(own) + np.arange(len(others)))
    figure = plan.figure(plan.auc(up, down))
    note = f"AUC on blocks of {settings.block_words} words; {WRONG_AUC} is needed."
    return Check(name=_CHECK, passed=figure.value >= WRONG_AUC, figure=figure, note=note)


def not_above(measure: Measure) -> Check:
    """Nobody sounds more like the owner than the owner: where it seems so, the judge has been misled.

    A clone says what its owner said before the test, and people change: by judges of real people, text of
    theirs that nobody had read stood up to .11 above that of the test, and up to .22 below. So a clone has
    to stand above both. At 98 %, a clone that is as good as its owner is void by chance once in a hundred.
    """
    name = "It does not sound more like you than you do"
    if not isinstance(measure, Measured):
        return Check(name=name, passed=None, note="Metric 1 was not measured.")
    own = [measure.draws[each] for each in (CEILING, BEFORE) if each in measure.draws]
    figure = measure.plan.figure(measure.draws[CLONE] - max(own, key=lambda draws: draws[0]), level=0.98)
    if figure.low is None:
        return Check(name=name, passed=None, figure=figure, note="Too few conversations.")
    note = "Metric 1 of the clone less that of your own text, of the test or before, whichever is higher; it "
    note += "must not lie above 0 with its whole 98 % interval."
    return Check(name=name, passed=figure.low <= 0, figure=figure, note=note)


def _before(judge: Judge, data: Judging, platforms: set[str], size: int, plan: Plan) -> Draws | None:
    """Metric 1 of the owner's own text of T, in that third of it which the judge takes for them most.

    What stands in J as well is left out: a judge that has read what trained the clone must not find the
    owner's text as likely as the clone's. Its conversations are not those of the plan, so they are resampled
    on their own, and leaving out one of the plan's changes nothing.
    """
    read = {key(each.reply) for each in data.judge}
    known = [
        each for each in sorted(data.train, key=lambda example: (example.at, example.id))
        if each.platform in platforms and not (key(each.reply) in read and len(words(each.reply)) >= COMMON)
    ]  # fmt: skip
    several = []
    for n in range(STRETCHES):
        stretch = in_order(known[n * len(known) // STRETCHES : (n + 1) * len(known) // STRETCHES])
        found = _thinned(blocks([each.reply for each in stretch], size), MOST_BLOCKS)
        if len(found) >= FEWEST_BLOCKS:
            at = [stretch[block.middle].conversation for block in found]
            several.append((judge.probability([block.text for block in found]), at))
    if not several:
        return None
    values, at = max(several, key=lambda each: float(each[0].mean()))
    numbers = {name: n for n, name in enumerate(dict.fromkeys(at))}
    own = Plan([len(numbers)], resamples=plan.resamples, seed=plan.seed + 1)
    draws = own.mean(values, np.array([numbers[name] for name in at]))
    return np.concatenate([np.full(1 + plan.clusters, draws[0]), draws[1 + own.clusters :]])


class _Blocks:
    """Blocks of any contender's answers to the same examples, each with the conversation of its middle."""

    def __init__(self, lineup: Lineup, platforms: set[str], size: int) -> None:
        place = {id(example): n for n, example in enumerate(lineup.examples)}
        ordered = in_order(example for example in lineup.examples if example.platform in platforms)
        self.order = [place[id(example)] for example in ordered]
        self.clusters, self.size = lineup.clusters, size

    def of(self, answers: Sequence[str]) -> list[tuple[str, int]]:
        found = blocks([answers[n] for n in self.order], self.size)
        return [(block.text, int(self.clusters[self.order[block.middle]])) for block in found]

    def draws(self, judge: Judge, answers: Sequence[str], plan: Plan) -> Draws | None:
        found = self.of(answers)
        if len(found) < FEWEST_BLOCKS:
            return None
        return plan.mean(judge.probability([text for text, _ in found]), np.array([at for _, at in found]))


def _replies(examples: Sequence[Example], platforms: set[str]) -> list[str]:
    return [example.reply for example in in_order(examples) if example.platform in platforms]


def _impostor_blocks(data: Judging, size: int) -> tuple[list[str], list[str]]:
    """Blocks of other people on the owner's platforms: older ones for the judge, newer ones to check it."""
    platforms = {example.platform for example in (*data.judge, *data.test)}
    older: list[str] = []
    newer: list[str] = []
    for _, examples in sorted(data.impostors.items()):
        found = [block.text for block in blocks(_replies(examples, platforms), size)]
        border = -int(-len(found) * NEGATIVES // 1)
        older += _thinned(found[:border], MOST_BLOCKS_EACH)
        newer += _thinned(found[border:], MOST_BLOCKS_EACH)
    return _thinned(older, 2 * MOST_BLOCKS), _thinned(newer, MOST_BLOCKS)


def _thinned(items: list[T], most: int) -> list[T]:
    """At most so many, evenly over the list."""
    if len(items) <= most:
        return items
    return [items[n * len(items) // most] for n in range(most)]


def _too_little(own: Sequence[str], others: Sequence[str], held_out: Sequence[str], size: int) -> str:
    short = [
        f"{what} ({len(found)})"
        for what, found in (("your J", own), ("other people", others), ("your E", held_out))
        if len(found) < FEWEST_BLOCKS
    ]
    if not short:
        return ""
    return f"Fewer than {FEWEST_BLOCKS} blocks of {size} words of {', '.join(short)}."


def two_sample(lineup: Lineup, settings: ScorecardSettings, plan: Plan, own: Draws | None) -> Measure:
    """Tell each contender's answers from the real ones; ``own`` is the AUC of the owner against the owner."""
    real = lineup.real
    if own is None:
        return Missing(TOLD, f"{len(real)} held-out replies, {2 * FEWEST_REPLIES} are needed.")
    telling = _Telling([real, *(contender.answers for contender in lineup.everyone())])
    draws: dict[str, Draws] = {CEILING: own}
    for contender in lineup.everyone():
        up, down = telling.scores(real, contender.answers, seed=settings.seed)
        draws[contender.name] = plan.auc((up, lineup.clusters), (down, lineup.clusters))
    return Measured(spec=TOLD, plan=plan, draws=with_wrong(draws, lineup))


def own_against_own(lineup: Lineup, settings: ScorecardSettings, plan: Plan) -> tuple[Check, Draws | None]:
    """Split the owner's replies in random halves and try to tell them apart: it must not be possible.

    The splits are drawn independently of each other, so the check's interval is Student's over them, at
    99 %: a sound card is void by chance once in a hundred.
    """
    from scipy.stats import t

    name, real = "You cannot be told from yourself", lineup.real
    if len(real) < 2 * FEWEST_REPLIES:
        return Check(name=name, passed=None, note="Too few held-out replies to split in halves."), None
    rng = np.random.default_rng(settings.seed)
    several, telling = [], _Telling([real])
    for split in range(SPLITS):
        order = rng.permutation(len(real))
        first, second = np.sort(order[: len(real) // 2]), np.sort(order[len(real) // 2 :])
        halves = ([real[n] for n in first], [real[n] for n in second])
        up, down = telling.scores(*halves, seed=settings.seed + split)
        several.append(plan.auc((up, lineup.clusters[first]), (down, lineup.clusters[second])))
    values = np.array([draws[0] for draws in several])
    half = float(t.ppf(0.995, SPLITS - 1) * values.std(ddof=1) / np.sqrt(SPLITS))
    figure = Figure(float(values.mean()), float(values.mean()) - half, float(values.mean()) + half)
    passed = abs(figure.value - 0.5) <= half
    note = f"AUC between random halves of your replies, {SPLITS} splits; the 99 % interval must hold .5."
    return Check(name=name, passed=passed, figure=figure, note=note), averaged(several)


class _Telling:
    """Tells two samples of texts apart; all texts are counted once, for all pairs of samples."""

    def __init__(self, samples: Iterable[Sequence[str]]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        distinct = dict.fromkeys(text for sample in samples for text in sample)
        self.places = {text: n for n, text in enumerate(distinct)}
        grams = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 4), lowercase=False, sublinear_tf=True, max_features=30_000
        )
        self.grams = grams.fit_transform([f"\x02{text}\x03" for text in distinct])

    def scores(self, real: Sequence[str], other: Sequence[str], *, seed: int) -> tuple[Draws, Draws]:
        """Held-out scores "is real" of both, by a classifier that never saw their like."""
        from scipy.sparse import csr_matrix, hstack
        from sklearn.linear_model import LogisticRegression

        texts = [*real, *other]
        labels = np.array([1] * len(real) + [0] * len(other))
        grams = self.grams[[self.places[text] for text in texts]]
        features = csr_matrix(hstack([grams, csr_matrix(_shape(texts))]))
        scores = np.full(len(texts), 0.5)
        fold = _folds(labels, _groups(texts, labels), seed)
        for held in (fold == n for n in range(FOLDS)):
            model = LogisticRegression(class_weight="balanced", solver="liblinear", random_state=seed)
            scores[held] = model.fit(features[~held], labels[~held]).predict_proba(features[held])[:, 1]
        return scores[: len(real)], scores[len(real) :]


def _folds(labels: npt.NDArray[np.int_], groups: Sequence[str], seed: int) -> npt.NDArray[np.intp]:
    """The fold of each text, with as many of both sides in each; a group is never divided.

    Dealing out groups looks at every fold for each of them. Most texts are said once: those are dealt out by
    themselves, at once, unless one of the two kinds has too few of a side for every fold.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    said = Counter(groups)
    again = np.array([said[group] > 1 for group in groups])
    several = sum(n > 1 for n in said.values())
    fewest = min(several, *(np.bincount(labels[part], minlength=2).min() for part in (again, ~again)))
    if fewest < FOLDS:
        again[:] = True
    out = np.zeros(len(labels), dtype=np.intp)
    for kind, part in ((StratifiedGroupKFold, again), (StratifiedKFold, ~again)):
        places = np.flatnonzero(part)
        whole = [groups[int(at)] for at in places] if kind is StratifiedGroupKFold else None
        dealt = kind(FOLDS, shuffle=True, random_state=seed)
        for n, (_, held) in enumerate(dealt.split(places, labels[part], whole) if part.any() else ()):
            out[places[held]] = n
    return out


def _groups(texts: Sequence[str], labels: npt.NDArray[np.int_]) -> list[str]:
    """Equal texts stay in one fold, lest the classifier learn them by heart.

    But what fills more than a fold of one side is that side's habit, not chance: it is dealt out over the
    folds, or a bot that always says the same could never be found out.
    """
    keys = [key(text) for text in texts]
    sides = [Counter(k for k, label in zip(keys, labels, strict=True) if label == side) for side in (0, 1)]
    habits = {k for side in sides for k, n in side.items() if n * FOLDS > side.total()}
    return [f"{k}\x00{n % FOLDS}" if k in habits else k for n, k in enumerate(keys)]


def _shape(texts: Sequence[str]) -> Draws:
    """What n-grams do not show, each scaled: characters, words, lines, and how often it is said."""
    said = Counter(key(text) for text in texts)
    columns = np.log1p(
        [[len(text), len(words(text)), text.count("\n"), said[key(text)] - 1] for text in texts]
    )
    spread = columns.std(axis=0)
    return np.asarray((columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0))
