"""Reply choice by the retrieval voice against BM25 and TF-IDF, on five people; its speed at 100,000 pairs.

    python benchmarks/retrieval.py [--data ../shared/data] [--only qa chat-1] [--rehearse] [--pairs 100000]

Each person's replies are split by whole conversation and time (train, judge, test). For each situation of
the test set the true reply stands among up to 99 others that read otherwise: first the person's own of that
set, then other people's of that time. A tie counts half. Intervals are 95 % of a bootstrap over
conversations, paired for differences and ratios. BM25 (bm25s) and TF-IDF (scikit-learn) rank the same
candidates and know all of them beforehand, which the voice does not. Each is asked in three ways: with the
newest turn, with all turns, and with all turns and the names of who speaks; the voice is held against plain
BM25 in the way that does best *on the test set*, with names and without. A person with fewer than 500
replies is split four times, each time a fifth later (rolling origin).

``--rehearse`` ranks the later half of the judge set instead, and leaves the test set alone: for tuning.
"""

import argparse
import gc
import gzip
import json
import random
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.config import DatasetSettings, RetrievalSettings
from ipse.datasets import dialogues, examples, impostors, prepare, split
from ipse.datasets.duplicates import normalised
from ipse.learners.retrieval import RetrievalLearner
from ipse.records import Example, Turn
from ipse.voices.retrieval import RetrievalVoice
from real_people import PEOPLE, QA, Someone, Talk  # type: ignore[import-not-found]

__all__ = ["main"]

OTHERS = 99
SEED = 11
FEW, FOLDS = 500, 4
SHOWN = 3  # of the best others in a table, beside plain BM25
ASKED = ("newest turn", "all turns", "all turns and names")
VOICE = "retrieval voice"
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


def main() -> None:
    """Run the comparison and print it."""
    options = _options()
    shares = {}
    for someone in PEOPLE:
        if not options.only or someone.id in options.only:
            shares[someone.id] = _person(someone, options)
            gc.collect()
    if len(shares) > 1:
        _means(shares)
    if options.pairs:
        _speed(options)


def _means(shares: Mapping[str, Mapping[str, tuple[Scores, ...]]]) -> None:
    print("\nmean over people")
    for kind in ("own", "of others"):
        told = [each[kind] for each in shares.values()]
        voice = np.mean([each[0] for each in told], axis=0)
        print(f"R@1 among {kind}: {_cell(voice[0], voice[1:])}")
        for at, rival in ((1, "BM25 of texts"), (2, "the best BM25, names too")):
            theirs = np.mean([each[at] for each in told], axis=0)
            ratios = [each[0][0] / each[at][0] for each in told]
            times = _cell(voice[0] / theirs[0], voice[1:] / theirs[1:], of=1)
            print(f"  {rival}: {_cell(theirs[0], theirs[1:])}, {times} x; mean ratio {np.mean(ratios):.2f} x")


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
    return parser.parse_args()


def _person(someone: Someone, options: argparse.Namespace) -> dict[str, tuple[Scores, ...]]:
    """Print one person's tables; R@1 of the voice and of BM25: each a figure, then its draws."""
    folds = list(_folds(someone.read(options.data), options))
    sizes = [f"{len(fold.train):,} + {len(fold.judge):,} -> {len(fold.test):,}" for fold in folds]
    print(f"\n{someone.id} ({someone.told}): train + judge -> ranked {', '.join(sizes)}", flush=True)
    started = time.process_time()
    results = [_ranked(fold) for fold in folds]
    conversations = [each for result in results for each in result.conversations]
    weights = _resamples(conversations)
    print(f"{len(conversations):,} situations, {time.process_time() - started:.0f} s of processor in all")
    out = {}
    for title, kind in (("own", "ranks"), ("of others", "foreign")):
        parts = [getattr(result, kind) for result in results]
        ranks = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        out[title] = _table(title, ranks, weights)
    return out


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
    both = []
    for start, end in ((0, len(own)), (len(own), len(pool))):
        choices = _choices(pool, len(own), range(start, end), rng)
        if choices.shape[1] < 2:
            continue
        both.append({name: _ranks(scores) for name, scores in _all(voice, fold.test, pool, choices)})
    foreign = both[1] if len(both) > 1 else {}
    return Result(both[0], foreign, [example.conversation for example in fold.test])


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


def _table(title: str, ranks: Mapping[str, Scores], weights: Scores) -> tuple[Scores, ...]:
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
            lead, ratio = _cell(gain[0], gain[1:]), _cell(times[0], times[1:], of=1)
        ten, mrr = 100 * _within(ranks[name], 10).mean(), 100 * (1 / ranks[name]).mean()
        cell = _cell(first[name][0], first[name][1:])
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


def _cell(value: float, draws: Scores, *, of: int = 100) -> str:
    low, high = np.percentile(draws[np.isfinite(draws)], [2.5, 97.5])
    digits = 1 if of == 100 else 2
    return f"{of * value:.{digits}f} [{of * low:.{digits}f}, {of * high:.{digits}f}]"


def _speed(options: argparse.Namespace) -> None:
    """Learning, index and answers with many pairs: questions of the press, then anybody's turns of a chat."""
    pairs = _many(options.data, options.pairs + 800)
    train, held = pairs[: options.pairs], pairs[options.pairs :]
    del pairs
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    started, worked = time.perf_counter(), time.process_time()
    learner = RetrievalLearner(RetrievalSettings()).fit(train, held[:500], lambda *_: None)
    fitted, fit_work = time.perf_counter() - started, time.process_time() - worked
    files = learner.artefact()
    started, worked = time.perf_counter(), time.process_time()
    voice = RetrievalVoice.load(files)
    loaded, load_work = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    words = sum(len(each.reply) for each in train) / len(train)
    print(f"\n{len(train):,} pairs, replies of {words:.0f} characters on average")
    print(
        f"learned and indexed in {fitted:.0f} s ({fit_work:.0f} s of processor), loaded in {loaded:.1f} s ",
        end="",
    )
    print(f"({load_work:.1f} s); files {sum(map(len, files.values())) / 2**20:.0f} MiB")
    print(f"peak memory {peak:.2f} GiB, of which {before:.2f} GiB were there before")
    _latency(voice, held[500:])


def _many(data: Path, count: int) -> list[Example]:
    """Pairs of everybody: the press briefings, then the chats."""
    with gzip.open(data / QA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    at = datetime(2014, 1, 1, tzinfo=UTC)
    found = [
        Example(
            id=f"{n:06}", conversation=str(row["doc"]), contact="press", platform="briefings", at=at,
            context=(Turn("partner", "press", row["question"]),), reply=row["answer"],
        )
        for n, row in enumerate(rows)
    ]  # fmt: skip
    for someone in (each for each in PEOPLE if each.id.startswith("chat")):
        for talk in someone.read(data):
            for dialogue in dialogues(talk.messages, SETTINGS):
                for speaker in sorted({turn.speaker for turn in dialogue.turns}):
                    found += examples(dialogue, SETTINGS, speaker=speaker)
        if len(found) >= count:
            break
    return random.Random(SEED).sample(found, min(count, len(found)))


def _latency(voice: RetrievalVoice, test: Sequence[Example]) -> None:
    taken, worked = [], []
    for seed, each in enumerate(test):
        started, busy = time.perf_counter(), time.process_time()
        "".join(voice.stream(each.context, contact=each.contact, seed=seed))
        taken.append(1000 * (time.perf_counter() - started))
        worked.append(1000 * (time.process_time() - busy))
    p50, p95 = np.percentile(taken, [50, 95])
    busy50, busy95 = np.percentile(worked, [50, 95])
    print(
        f"answer: p50 {p50:.1f} ms, p95 {p95:.1f} ms; of processor p50 {busy50:.1f} ms, p95 {busy95:.1f} ms"
    )


if __name__ == "__main__":
    main()
