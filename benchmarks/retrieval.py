"""Reply choice by the retrieval voice against BM25 and TF-IDF, on five people; its speed at 100,000 pairs.

    python benchmarks/retrieval.py [--data ../shared/data] [--only qa chat-1] [--rehearse] [--pairs 100000]
    python benchmarks/retrieval.py --pairs 0 --json FILE   # the people alone, kept for the page of quality.py
    python benchmarks/retrieval.py --speed --json FILE     # the measure of speed alone

Each person's replies are split by whole conversation and time (train, judge, test). For each situation of
the test set the true reply stands among up to 99 others that read otherwise: first the person's own of that
set, then other people's of that time. A tie counts half. Intervals are 95 % of a bootstrap over
conversations, paired for differences and ratios. BM25 (bm25s) and TF-IDF (scikit-learn) rank the same
candidates and know all of them beforehand, which the voice does not. Each is asked in three ways: with the
newest turn, with all turns, and with all turns and the names of who speaks; the voice is held against plain
BM25 in the way that does best *on the test set*, with names and without. A person with fewer than 500
replies is split four times, each time a fifth later (rolling origin). The mean is that of the people whose
replies all have 99 others.

``--rehearse`` ranks the later half of the judge set instead, and leaves the test set alone: for tuning.
"""

import argparse
import gc
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.config import DatasetSettings, RetrievalSettings
from ipse.datasets import impostors, prepare, split
from ipse.datasets.duplicates import normalised
from ipse.learners.retrieval import RetrievalLearner
from ipse.records import Example, Turn
from ipse.scorecard import Figure
from ipse.voices.retrieval import RetrievalVoice
from quality_cards import Among, Floors, Mean, Ranked, keep  # type: ignore[import-not-found]
from real_people import PEOPLE, Someone, Talk  # type: ignore[import-not-found]
from retrieval_speed import speed  # type: ignore[import-not-found]

__all__ = ["main"]

OTHERS = 99
SEED = 11
FEW, FOLDS = 500, 4
SHOWN = 3  # of the best others in a table, beside plain BM25
ASKED = ("newest turn", "all turns", "all turns and names")
VOICE = "retrieval voice"
KINDS = {
    "own": "ranks",
    "of others": "foreign",
}  # whose the others are, and where the ranks stand
SETTINGS = DatasetSettings()

Scores = npt.NDArray[np.float64]
Choices = npt.NDArray[np.int64]


class Fold(msgspec.Struct, frozen=True):
    """What is learned from, what tunes, what is ranked, and what other people wrote meanwhile."""

    train: Sequence[Example]
    judge: Sequence[Example]
    test: Sequence[Example]
    others: Sequence[str]


class Result(msgspec.Struct, frozen=True):
    """Ranks of the true replies, by name of the ranker, and the conversation of each."""

    ranks: Mapping[str, Scores]
    foreign: Mapping[str, Scores]
    conversations: Sequence[str]
    candidates: Mapping[str, int]  # of own, of others: the fewest of any situation


class Share(msgspec.Struct, frozen=True):
    """R@1 of the voice, of BM25 of texts, and of that of texts and names: each a figure, then its draws."""

    candidates: int
    voice: Scores
    texts: Scores
    named: Scores


def main() -> None:
    """Run the comparison and print it."""
    options = _options()
    people, shares = [], {}
    for someone in () if options.speed else PEOPLE:
        if not options.only or someone.id in options.only:
            situations, found = _person(someone, options)
            among = {kind: _among(share) for kind, share in found.items()}
            people.append(Ranked(person=someone.id, told=someone.told, situations=situations, among=among))
            shares[someone.id] = found
            gc.collect()
    means = _means(shares)
    fast = speed(options.data, options.pairs) if options.pairs else None
    if options.json is not None:
        keep(options.json, Floors(people=tuple(people), means=means, speed=fast))


def _means(shares: Mapping[str, Mapping[str, Share]]) -> dict[str, Mean]:
    """Over the people who have all candidates, where there are two of them or more."""
    out = {}
    for kind in KINDS:
        whole = {
            person: found[kind]
            for person, found in shares.items()
            if kind in found and found[kind].candidates > OTHERS
        }
        if len(whole) < 2:
            continue
        voice, texts, named = (
            np.mean([getattr(each, name) for each in whole.values()], axis=0)
            for name in ("voice", "texts", "named")
        )
        one = _among(Share(OTHERS + 1, voice, texts, named))
        out[kind] = Mean(
            **msgspec.structs.asdict(one), people=tuple(whole),
            mean_over_texts=float(np.mean([each.voice[0] / each.texts[0] for each in whole.values()])),
            mean_over_named=float(np.mean([each.voice[0] / each.named[0] for each in whole.values()])),
        )  # fmt: skip
        print(f"\nmean over {', '.join(whole)}\nR@1 among {kind}: {_told(one.voice)}")
        for rival, theirs, ratio, mean in (
            ("BM25 of texts", one.texts, one.over_texts, out[kind].mean_over_texts),
            ("the best BM25, names too", one.named, one.over_named, out[kind].mean_over_named),
        ):
            print(f"  {rival}: {_told(theirs)}, {_told(ratio, of=1)} x; mean ratio {mean:.2f} x")
    return out


def _among(share: Share) -> Among:
    over = {name: share.voice / np.maximum(getattr(share, name), 1e-9) for name in ("texts", "named")}
    return Among(
        candidates=share.candidates, voice=_figure(share.voice), texts=_figure(share.texts),
        named=_figure(share.named), over_texts=_figure(over["texts"]), over_named=_figure(over["named"]),
    )  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside, help="folder of the shared data")
    parser.add_argument("--only", nargs="*", default=(), help="people, by name")
    parser.add_argument("--rehearse", action="store_true", help="on the judge set; leaves the test set alone")
    parser.add_argument("--most", type=int, default=1500, help="situations ranked of a person")
    parser.add_argument("--pairs", type=int, default=100_000, help="pairs of the measure of speed; 0: none")
    parser.add_argument("--speed", action="store_true", help="the measure of speed alone")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    if options.speed and not options.pairs:
        parser.error("--speed measures some pairs; leave out --pairs 0")
    if options.json is not None and options.rehearse:
        parser.error("a rehearsal is for tuning: its figures are not kept; leave out --rehearse or --json")
    return options


def _person(someone: Someone, options: argparse.Namespace) -> tuple[int, dict[str, Share]]:
    """Print one person's tables; how many situations, and R@1 by whose the candidates are."""
    folds = list(_folds(someone.read(options.data), options))
    sizes = [f"{len(fold.train):,} + {len(fold.judge):,} -> {len(fold.test):,}" for fold in folds]
    print(f"\n{someone.id} ({someone.told}): train + judge -> ranked {', '.join(sizes)}", flush=True)
    started = time.process_time()
    results = [_ranked(fold) for fold in folds]
    conversations = [each for result in results for each in result.conversations]
    weights = _resamples(conversations)
    print(f"{len(conversations):,} situations, {time.process_time() - started:.0f} s of processor in all")
    out = {}
    for title, kind in KINDS.items():
        parts = [getattr(result, kind) for result in results]
        ranks = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        fewest = min(result.candidates[title] for result in results)
        out[title] = Share(fewest, *_table(title, ranks, weights))
    return len(conversations), out


def _folds(talks: Sequence[Talk], options: argparse.Namespace) -> Iterator[Fold]:
    consents = {talk.source: "measured only" for talk in talks}
    whole = prepare(talks, SETTINGS, consents=consents).split
    every = sorted((e for part in whole.sets().values() for e in part), key=lambda e: (e.at, e.id))
    if options.rehearse:
        half = len(whole.judge) // 2
        parts = [(whole.train, whole.judge[:half], whole.judge[half:])]
    elif len(every) >= FEW:
        parts = [(whole.train, whole.judge, whole.test)]
    else:
        cuts = [(every[: len(every) * (k + 1) // (FOLDS + 1)], k / (k + 1)) for k in range(1, FOLDS + 1)]
        splits = [
            split(held, SETTINGS.model_copy(update={"train": 0.75 * known, "judge": 0.25 * known}))
            for held, known in cuts
        ]
        parts = [(part.train, part.judge, part.test) for part in splits]
    foreign = impostors(talks, SETTINGS, like=whole)
    for train, judge, test in parts:
        first, last = test[0].at, test[-1].at
        meanwhile = [e.reply for held in foreign.values() for e in held if first <= e.at <= last]
        rows = sorted(random.Random(SEED).sample(range(len(test)), min(options.most, len(test))))
        yield Fold(train, judge, [test[at] for at in rows], meanwhile)


def _ranked(fold: Fold) -> Result:
    learner = RetrievalLearner(RetrievalSettings()).fit(fold.train, fold.judge, lambda *_: None)
    print(f"  {learner.report()}, mix {learner.memory_.matcher.mix}")
    voice = RetrievalVoice.load(learner.artefact())
    rng = np.random.default_rng(SEED)
    own = [example.reply for example in fold.test]
    pool = own + [fold.others[at] for at in rng.permutation(len(fold.others))[:2000]]
    both, widths = [], []
    for start, end in ((0, len(own)), (len(own), len(pool))):
        choices = _choices(pool, len(own), range(start, end), rng)
        if choices.shape[1] < 2:
            continue
        widths.append(choices.shape[1])
        both.append({name: _ranks(scores) for name, scores in _all(voice, fold.test, pool, choices)})
    foreign = both[1] if len(both) > 1 else {}
    candidates = dict(zip(KINDS, widths, strict=False))
    return Result(both[0], foreign, [example.conversation for example in fold.test], candidates)


def _choices(pool: Sequence[str], count: int, among: range, rng: np.random.Generator) -> Choices:
    """For each of the first ``count`` its row and up to ``OTHERS`` in ``among`` that read otherwise."""
    plain = np.array([normalised(reply) for reply in pool])
    rows = []
    for at in range(count):
        drawn = among.start + rng.permutation(len(among))
        rows.append([at, *drawn[plain[drawn] != plain[at]][:OTHERS]])
    width = min(len(row) for row in rows)
    return np.array([row[:width] for row in rows])


def _all(
    voice: RetrievalVoice, test: Sequence[Example], pool: Sequence[str], choices: Choices
) -> Iterator[tuple[str, Scores]]:
    ranked = zip(test, choices, strict=True)
    yield VOICE, np.array([voice.score(each.context, [pool[at] for at in row]) for each, row in ranked])
    for how in ASKED:
        asked = [_question(each.context, how) for each in test]
        yield f"BM25, {how}", _bm25(asked, pool, choices, stopwords=None)
        yield f"BM25 without stopwords, {how}", _bm25(asked, pool, choices, stopwords="en")
        yield f"TF-IDF, {how}", _tfidf(asked, pool, choices)
        yield (
            f"TF-IDF of characters, {how}",
            _tfidf(asked, pool, choices, analyzer="char_wb", ngram_range=(3, 5)),
        )


def _question(context: Sequence[Turn], how: str) -> str:
    if how == ASKED[0]:
        return context[-1].text
    named = how == ASKED[2]
    return "\n".join(f"{turn.speaker} {turn.text}" if named else turn.text for turn in context)


def _bm25(asked: Sequence[str], pool: Sequence[str], choices: Choices, *, stopwords: str | None) -> Scores:
    import bm25s

    index = bm25s.BM25()
    index.index(bm25s.tokenize(pool, stopwords=stopwords, show_progress=False), show_progress=False)
    words = bm25s.tokenize(asked, stopwords=stopwords, return_ids=False, show_progress=False)
    blank = np.zeros(len(pool))  # of a question made of stopwords alone
    ranked = zip(words, choices, strict=True)
    return np.array([(index.get_scores(each) if each else blank)[row] for each, row in ranked])


def _tfidf(asked: Sequence[str], pool: Sequence[str], choices: Choices, **how: object) -> Scores:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, **how)
    said = vectorizer.fit_transform(pool)
    queries = vectorizer.transform(asked)
    return np.array([(said[row] @ queries[at].T).toarray()[:, 0] for at, row in enumerate(choices)])


def _ranks(scores: Scores) -> Scores:
    true, others = scores[:, :1], scores[:, 1:]
    ranks: Scores = 1 + (others > true).sum(axis=1) + (others == true).sum(axis=1) / 2
    return ranks


def _table(title: str, ranks: Mapping[str, Scores], weights: Scores) -> tuple[Scores, Scores, Scores]:
    """Print it; R@1 of the voice, of the best BM25 of texts alone, and of that of texts and names."""
    first = {name: _drawn(weights, _within(held, 1)) for name, held in ranks.items()}
    ours = first[VOICE]
    rivals = sorted((name for name in ranks if name != VOICE), key=lambda name: -first[name][0])
    plain = [name for name in rivals if name.startswith("BM25,")]
    print(f"{'among ' + title:44}{'R@1':>20}{'R@10':>8}{'MRR':>8}{'R@1 of the voice above':>26}{'x':>18}")
    for name in (VOICE, *[each for each in rivals if each in plain or each in rivals[:SHOWN]]):
        lead = ratio = ""
        if name != VOICE:
            gain, times = ours - first[name], ours / np.maximum(first[name], 1e-9)
            lead, ratio = _told(_figure(gain)), _told(_figure(times), of=1)
        ten, mrr = 100 * _within(ranks[name], 10).mean(), 100 * (1 / ranks[name]).mean()
        cell = _told(_figure(first[name]))
        print(f"{name:44}{cell:>20}{ten:8.1f}{mrr:8.1f}{lead:>26}{ratio:>18}", flush=True)
    texts = next(name for name in plain if not name.endswith(ASKED[2]))
    return ours, first[texts], first[plain[0]]


def _within(ranks: Scores, first: int) -> Scores:
    """1 where the true reply is among the ``first``, else 0."""
    return (ranks < first + 0.5).astype(np.float64)


def _resamples(conversations: Sequence[str], count: int = 2000) -> Scores:
    """Weights of the situations in each resample of whole conversations, (count, n)."""
    rng = np.random.default_rng(SEED)
    _, member = np.unique(np.array(conversations), return_inverse=True)
    size = member.max() + 1
    weights = rng.multinomial(size, np.full(size, 1 / size), size=count)[:, member].astype(np.float64)
    scaled: Scores = weights / weights.sum(axis=1, keepdims=True)
    return scaled


def _drawn(weights: Scores, values: Scores) -> Scores:
    """The mean, then that of each resample."""
    return np.concatenate([[values.mean()], weights @ values])


def _figure(drawn: Scores) -> Figure:
    """A value, then its draws, as the value and its 95 %."""
    draws = drawn[1:]
    low, high = np.percentile(draws[np.isfinite(draws)], [2.5, 97.5])
    return Figure(float(drawn[0]), float(low), float(high))


def _told(figure: Figure, *, of: int = 100) -> str:
    digits = 1 if of == 100 else 2
    value, low, high = (f"{of * (each or 0):.{digits}f}" for each in (figure.value, figure.low, figure.high))
    return f"{value} [{low}, {high}]"


if __name__ == "__main__":
    main()
