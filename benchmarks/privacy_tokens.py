"""Scored as Presidio's authors score: by word, with their own package (presidio-evaluator) and its rules.

Their TokenEvaluator takes each word that is marked, or found, whatever the type: precision is the share of
the words found that are marked, recall the share of the words marked that are found. Words such as "street",
"the" and punctuation are no mistake either way. Types that Presidio does not look for (titles, ages, postal
codes by themselves) are left out of what is marked and of what is found, as in their notebook 4. It needs no
model: the words are those of spaCy's English rules.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import peers  # type: ignore[import-not-found]

__all__ = ["Score", "score"]

REQUIREMENT = "presidio-evaluator==0.3.2"

SCORE = """
import json, logging, sys
import spacy
from presidio_evaluator import InputSample
from presidio_evaluator.evaluation import EvaluationResult, TokenEvaluator, get_skip_words
logging.disable(logging.CRITICAL)
split = spacy.blank("en")
asked = json.load(sys.stdin)

def tags(doc, spans):
    out = ["O"] * len(doc)
    for start, end, kind in spans:
        for at, token in enumerate(doc):
            if token.idx < end and start < token.idx + len(token):
                out[at] = kind
    return out

docs = [split(text) for text in asked["texts"]]
evaluator = TokenEvaluator(entities_to_keep=asked["kinds"], skip_words=get_skip_words())
out = []
for found in asked["found"]:
    results = []
    for doc, gold, spans in zip(docs, asked["gold"], found):
        words, marked, predicted = [t.text for t in doc], tags(doc, gold), tags(doc, spans)
        sample = InputSample(doc.text, tokens=words, tags=marked)
        counts, errors = evaluator.compare(sample, predicted)
        results.append(EvaluationResult(
            counts, errors, text=doc.text, tokens=words, actual_tags=marked, predicted_tags=predicted
        ))
    made = evaluator._calculate_score(results)
    out.append([made.pii_true_positives, made.pii_predicted, made.pii_annotated])
print(json.dumps(out))
"""


class Score(NamedTuple):
    """Words found and marked, words found, words marked."""

    right: int
    found: int
    marked: int


def score(
    texts: Sequence[str],
    gold: Sequence[Sequence[tuple[int, int, str]]],
    found: Sequence[Sequence[Sequence[tuple[int, int, str]]]],
    kinds: Sequence[str],
) -> list[Score]:
    """The words of each of several systems' finds; ``kinds`` are the types that count."""
    asked = {"texts": texts, "gold": gold, "found": found, "kinds": list(kinds)}
    done = subprocess.run(
        [str(_python()), "-c", SCORE], input=json.dumps(asked), text=True, capture_output=True, check=True
    )
    return [Score(*one) for one in json.loads(done.stdout.splitlines()[-1])]


def _python() -> Path:
    return Path(peers.python("presidio-evaluator", REQUIREMENT))
