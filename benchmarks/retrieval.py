"""Reply choice by the retrieval voice against BM25 and TF-IDF, on one speaker's answers to questions.

    python benchmarks/retrieval.py [--data ../shared/data] [--speaker "MR. CARNEY"]

Answers are split by whole briefing and time (train, judge, test). For each question of the test set the true
answer stands among 99 random other answers of the same speaker that read otherwise; a tie counts half.
Intervals are 95 % of a bootstrap over briefings, paired for the differences. BM25 (bm25s) and TF-IDF
(scikit-learn) rank the same candidates and know all answers of the test set beforehand; the voice does not.
"""

import argparse
import gzip
import json
import resource
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipse.config import DatasetSettings, RetrievalSettings
from ipse.datasets import split
from ipse.datasets.duplicates import normalised
from ipse.learners.retrieval import RetrievalLearner
from ipse.records import Example, Turn
from ipse.voices.retrieval import RetrievalVoice

__all__ = ["main"]

FILE = "qa/whitehouse-briefings-carney-gibbs.jsonl.gz"
OTHERS = 99
TERM = ("2009-01-20", "2014-12-31")  # dates outside it are slips of the file
SEED = 11

Scores = npt.NDArray[np.float64]
Choices = npt.NDArray[np.int64]


def main() -> None:
    """Run the comparison and print it."""
    options = _options()
    parts = split(_answers(options.data / FILE, options.speaker), DatasetSettings())
    test = parts.test[: options.most]
    sizes = ", ".join(f"{name} {len(held):,}" for name, held in parts.sets().items())
    print(f"answers of {options.speaker}: {sizes}")
    choices = _choices(test, np.random.default_rng(SEED))
    started, worked = time.perf_counter(), time.process_time()
    learner = RetrievalLearner(RetrievalSettings()).fit(parts.train, parts.judge, lambda *_: None)
    voice = RetrievalVoice.load(learner.artefact())
    seconds, busy = time.perf_counter() - started, time.process_time() - worked
    results = {
        "retrieval voice": _voice(voice, test, choices),
        "BM25": _bm25(test, choices, stopwords=None),
        "BM25, stopwords out": _bm25(test, choices, stopwords="en"),
        "TF-IDF": _tfidf(test, choices, sublinear=False),
        "TF-IDF, sublinear": _tfidf(test, choices, sublinear=True),
    }
    _table({name: _ranks(scores) for name, scores in results.items()}, [each.conversation for each in test])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"train and load: {seconds:.1f} s ({busy:.1f} s of processor)   memory of this run: {peak:.2f} GiB")
    _latency(voice, test[:300])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside, help="folder of the shared data")
    parser.add_argument("--speaker", default="MR. CARNEY")
    parser.add_argument("--most", type=int, default=None, help="questions of the test set at most")
    return parser.parse_args()


def _answers(file: Path, speaker: str) -> list[Example]:
    """One example an answer; a briefing is a conversation, one without a date has that of the one before."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    own = sorted((row for row in rows if row["speaker"] == speaker), key=lambda row: row["doc"])
    day = next(row["date"] for row in own if row["date"])
    found = []
    for number, row in enumerate(own):
        if row["date"] and TERM[0] <= row["date"] <= TERM[1]:
            day = row["date"]
        found.append(
            Example(
                id=f"{number:06}",
                conversation=str(row["doc"]),
                contact="press",
                platform="reflections",
                at=datetime.fromisoformat(f"{day}T12:00:00+00:00"),
                context=(Turn("partner", "press", row["question"]),),
                reply=row["answer"],
            )
        )
    return found


def _choices(test: Sequence[Example], rng: np.random.Generator) -> Choices:
    """For each question the row of its answer and of ``OTHERS`` that read otherwise, (n, 100)."""
    plain = np.array([normalised(each.reply) for each in test])
    rows = []
    for at in range(len(test)):
        drawn = rng.permutation(len(test))
        rows.append([at, *drawn[plain[drawn] != plain[at]][:OTHERS]])
    return np.array(rows)


def _voice(voice: RetrievalVoice, test: Sequence[Example], choices: Choices) -> Scores:
    replies = [each.reply for each in test]
    return np.array(
        [
            voice.score(each.context, [replies[at] for at in row])
            for each, row in zip(test, choices, strict=True)
        ]
    )


def _bm25(test: Sequence[Example], choices: Choices, *, stopwords: str | None) -> Scores:
    import bm25s

    index = bm25s.BM25()
    answers = bm25s.tokenize([each.reply for each in test], stopwords=stopwords, show_progress=False)
    index.index(answers, show_progress=False)
    asked = bm25s.tokenize(
        [_question(each) for each in test], stopwords=stopwords, return_ids=False, show_progress=False
    )
    blank = np.zeros(len(test))  # of a question made of stopwords alone
    ranked = zip(asked, choices, strict=True)
    return np.array([(index.get_scores(words) if words else blank)[row] for words, row in ranked])


def _tfidf(test: Sequence[Example], choices: Choices, *, sublinear: bool) -> Scores:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=sublinear)
    answers = vectorizer.fit_transform([each.reply for each in test])
    asked = vectorizer.transform([_question(each) for each in test])
    return np.array([(answers[row] @ asked[at].T).toarray()[:, 0] for at, row in enumerate(choices)])


def _question(example: Example) -> str:
    return "\n".join(turn.text for turn in example.context)


def _ranks(scores: Scores) -> Scores:
    true, others = scores[:, :1], scores[:, 1:]
    ranks: Scores = 1 + (others > true).sum(axis=1) + (others == true).sum(axis=1) / 2
    return ranks


def _table(ranks: Mapping[str, Scores], briefings: Sequence[str]) -> None:
    weights = _resamples(briefings)
    ours = next(iter(ranks.values()))
    print(f"{'':20}{'R@1':>20}{'R@10':>20}{'MRR':>20}{'R@1 of the voice above':>26}")
    for name, held in ranks.items():
        cells = [_interval(weights, values) for values in (_within(held, 1), _within(held, 10), 1 / held)]
        lead = "" if held is ours else _interval(weights, _within(ours, 1) - _within(held, 1))
        print(f"{name:20}" + "".join(f"{cell:>20}" for cell in cells) + f"{lead:>26}")


def _within(ranks: Scores, first: int) -> Scores:
    """1 where the true answer is among the ``first``, else 0."""
    return (ranks < first + 0.5).astype(np.float64)


def _resamples(briefings: Sequence[str], count: int = 2000) -> Scores:
    """Weights of the questions in each resample of whole briefings, (count, n)."""
    rng = np.random.default_rng(SEED)
    _, member = np.unique(np.array(briefings), return_inverse=True)
    drawn = rng.multinomial(member.max() + 1, np.full(member.max() + 1, 1 / (member.max() + 1)), size=count)
    weights = drawn[:, member].astype(np.float64)
    scaled: Scores = weights / weights.sum(axis=1, keepdims=True)
    return scaled


def _interval(weights: Scores, values: Scores) -> str:
    low, high = np.percentile(weights @ values, [2.5, 97.5])
    return f"{100 * values.mean():.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _latency(voice: RetrievalVoice, test: Sequence[Example]) -> None:
    taken = []
    for seed, each in enumerate(test):
        started = time.perf_counter()
        "".join(voice.stream(each.context, contact=each.contact, seed=seed))
        taken.append(1000 * (time.perf_counter() - started))
    p50, p95 = np.percentile(taken, [50, 95])
    print(f"answer: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


if __name__ == "__main__":
    main()
