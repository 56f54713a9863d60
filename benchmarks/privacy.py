"""What is recognized, beside Presidio in the same run: recall and precision by type with intervals; speed.

The set is Presidio's own (presidio-research, synth_dataset_v2: 1,500 made-up texts, 2,863 spans of 17
types), in English, with names, numbers and addresses of many countries. Found: a span of the right type
covers the whole value. Right: what was found overlaps a value of its type. `TYPES` says which types go
together. A title (Mr.) that stays is no miss. What ipse does not look for is listed, and is a miss in the
totals: organisations, nationalities, ages and dates say who somebody is only together with more.

Presidio runs as its README has it (AnalyzerEngine, all default recognizers, English), but on a blank
pipeline, for spaCy hands out its models elsewhere than on the package index: so it finds neither people
nor places, which it does with en_core_web_lg. Where both find by pattern the comparison holds; the totals
do not say what Presidio finds with its model (published by its authors for this set, by token: precision
0.685, recall 0.603). A row of its own is ipse where the people in the texts take part in the chat, which
is how it knows names.

Speed: short chat messages a second on one core, by CPU time; ours is the whole gate, theirs the analyzer
alone.
"""

import argparse
import json
import random
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from scipy.stats import binomtest

import peers  # type: ignore[import-not-found]
from imports import sentence  # type: ignore[import-not-found]
from ipse import plugins
from ipse.config import PrivacySettings
from ipse.consent import Consent, Permit, decide, sign
from ipse.privacy.gate import Gate
from ipse.privacy.operators import resolve
from ipse.privacy.roster import Roster
from ipse.records import Message, Person

SET = Path(__file__).resolve().parents[2] / "shared" / "data" / "pii" / "presidio" / "synth_dataset_v2.json"
REQUIREMENT = "presidio-analyzer==2.2.360"

TYPES = {  # of the set: under what they are counted
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "IBAN_CODE": "IBAN", "CREDIT_CARD": "CARD",
    "IP_ADDRESS": "IP", "DOMAIN_NAME": "URL", "US_SSN": "ID", "US_DRIVER_LICENSE": "ID",
    "STREET_ADDRESS": "ADDRESS", "ZIP_CODE": "ADDRESS", "GPE": "PLACE", "PERSON": "NAME", "TITLE": "TITLE",
    "ORGANIZATION": "ORGANISATION", "NRP": "NATIONALITY", "AGE": "AGE", "DATE_TIME": "DATE",
}  # fmt: skip
THEIR_TYPES = {
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "IBAN_CODE": "IBAN", "CREDIT_CARD": "CARD",
    "IP_ADDRESS": "IP", "URL": "URL", "DATE_TIME": "DATE", "PERSON": "NAME", "LOCATION": "PLACE",
    "NRP": "NATIONALITY",
}  # fmt: skip
STRUCTURED = ("EMAIL", "PHONE", "IBAN", "CARD", "IP", "URL", "ID")
RIGHT_TOO = {"NAME": {"TITLE"}, "ADDRESS": {"PLACE"}, "PLACE": {"ADDRESS"}, "URL": {"EMAIL"}}

THEIRS = """
import json, logging, sys, time
import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
logging.disable(logging.CRITICAL)

class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__(ner_model_configuration=NerModelConfiguration())
        self.nlp = {"en": spacy.blank("en")}

engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
asked = json.load(sys.stdin)
results = [engine.analyze(text, language="en") for text in asked["texts"]]
found = [[(r.start, r.end, r.entity_type, r.score) for r in one] for one in results]
started = time.process_time()
for text in asked["short"]:
    engine.analyze(text, language="en")
print(json.dumps({"found": found, "seconds": time.process_time() - started}))
"""


class Found(NamedTuple):
    """A span and the type it is counted under."""

    start: int
    end: int
    kind: str


def texts() -> tuple[list[str], list[list[Found]]]:
    """The texts of the set and the spans in each."""
    rows = json.loads(SET.read_text(encoding="utf-8"))
    gold = [
        [Found(s["start_position"], s["end_position"], TYPES[s["entity_type"]]) for s in row["spans"]]
        for row in rows
    ]
    return [row["full_text"] for row in rows], gold


def ours(text: str) -> list[Found]:
    """What the gate would replace of what recognizers find."""
    settings = PrivacySettings()
    spans = [s for one in RECOGNIZERS for s in one.find(text) if s.score >= settings.replace_from]
    return [Found(span.start, span.end, span.kind) for span in resolve(text, found=spans)]


RECOGNIZERS = plugins.recognizers(PrivacySettings())


def with_people(everything: Sequence[str], gold: Sequence[Sequence[Found]]) -> list[list[Found]]:
    """The same where everybody named in the set is known, as those who take part in a chat are."""
    roster = Roster()
    for text, spans in zip(everything, gold, strict=True):
        for span in spans:
            if span.kind == "NAME":
                roster.add(Person(text[span.start : span.end]))
    out = []
    for text in everything:
        known = [mention.span() for mention in roster.known.find(text)]
        sure = [s for one in RECOGNIZERS for s in one.find(text) if s.score >= PrivacySettings().replace_from]
        taken = [(s.start, s.end, s.kind) for s in resolve(text, known=known, found=sure)]
        out.append([Found(a, b, "NAME" if kind.startswith("PERSON_") else kind) for a, b, kind in taken])
    return out


def theirs(found: Iterable[tuple[int, int, str, float]], least: float) -> list[Found]:
    """Of spans that overlap the surest, then the longest, as its anonymizer takes them."""
    taken: list[Found] = []
    for start, end, kind, score in sorted(found, key=lambda f: (-f[3], f[0] - f[1])):
        if score >= least and not any(one.start < end and start < one.end for one in taken):
            taken.append(Found(start, end, THEIR_TYPES.get(kind, "ID")))
    return taken


def count(gold: Sequence[Sequence[Found]], found: Sequence[Sequence[Found]]) -> Counter[tuple[str, str]]:
    """Values found and missed, finds right and wrong, by type, and of any type under ``all``."""
    counts: Counter[tuple[str, str]] = Counter()
    for wanted, got in zip(gold, found, strict=True):
        for value in wanted:
            if value.kind == "TITLE":
                continue
            over = [g for g in got if g.start <= value.start and value.end <= g.end]
            same = {value.kind, *RIGHT_TOO.get(value.kind, ())} - {"TITLE"}
            counts[value.kind, "found" if any(g.kind in same for g in over) else "missed"] += 1
            counts["all", "found" if over else "missed"] += 1
        for one in got:
            over = [v for v in wanted if one.start < v.end and v.start < one.end]
            same = {one.kind, *RIGHT_TOO.get(one.kind, ())}
            counts[one.kind, "right" if any(v.kind in same for v in over) else "wrong"] += 1
            counts["all", "right" if over else "wrong"] += 1
    return counts


def share(hits: int, misses: int) -> str:
    """A share with its Wilson interval at 95 %."""
    if not hits + misses:
        return f"{'–':>22}"
    interval = binomtest(hits, hits + misses).proportion_ci(method="wilson")
    return f"{hits / (hits + misses):7.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def table(title: str, counts: Counter[tuple[str, str]], kinds: Sequence[str]) -> None:
    print(f"\n{title}\n{'':14}{'values':>7}{'recall':>23}{'finds':>8}{'precision':>23}")
    for kind in kinds:
        found, missed = counts[kind, "found"], counts[kind, "missed"]
        right, wrong = counts[kind, "right"], counts[kind, "wrong"]
        print(
            f"{kind:14}{found + missed:7}{share(found, missed):>23}{right + wrong:8}{share(right, wrong):>23}"
        )


def structured(counts: Counter[tuple[str, str]]) -> str:
    hits, misses = (sum(counts[kind, what] for kind in STRUCTURED) for what in ("found", "missed"))
    return share(hits, misses)


def permit() -> Permit:
    given = datetime.now(UTC)
    consent = Consent(
        id="bench",
        vault="bench",
        source="whatsapp",
        purposes=("archive",),
        data_categories=("messages",),
        given_at=given,
        expires_at=given + timedelta(days=1),
    )
    return decide([sign(consent, b"k" * 32)], source="whatsapp", purpose="archive", now=given)


def speed(short: Sequence[str]) -> float:
    """CPU seconds that the whole gate takes, with 50 people known."""
    roster = Roster()
    for number in range(50):
        roster.add(Person(f"Person{number:02} Familyname{number:02}", f"p{number}@example.org"))
    gate = Gate(roster, PrivacySettings(), recognizers=RECOGNIZERS, permit=permit())
    at, sender = datetime.now(UTC), Person("Person01 Familyname01")
    messages = [
        Message(id=f"{n:032x}", conversation="c", platform="whatsapp", at=at, sender=sender, text=text)
        for n, text in enumerate(short)
    ]
    started = time.process_time()
    for message in messages:
        gate.clear(message)
    return time.process_time() - started


def main() -> None:
    """Measure both, and print tables and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000, help="short messages for our speed")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    peer = peers.python("presidio", REQUIREMENT)
    everything, gold = texts()
    rng = random.Random(7)
    short = [sentence(rng) for _ in range(options.messages)]
    own, their_seconds, answer = [], [], {}
    for _ in range(options.repeats):
        own.append(len(short) / speed(short))
        some = short[:2_000]
        done = subprocess.run(
            [str(peer), "-c", THEIRS], input=json.dumps({"texts": everything, "short": some}), text=True,
            capture_output=True, check=True,
        )  # fmt: skip
        answer = json.loads(done.stdout.splitlines()[-1])
        their_seconds.append(len(some) / answer["seconds"])
    kinds = ["EMAIL", "PHONE", "IBAN", "CARD", "IP", "URL", "ID", "ADDRESS", "PLACE", "NAME"]
    rest = ["ORGANISATION", "NATIONALITY", "AGE", "DATE", "all"]
    rows = {
        "ipse": [ours(text) for text in everything],
        "ipse, the people in the texts known": with_people(everything, gold),
        f"Presidio, {REQUIREMENT.partition('==')[2]}, no model": [
            theirs(one, 0.0) for one in answer["found"]
        ],
        "the same, finds from 0.5 on": [theirs(one, 0.5) for one in answer["found"]],
    }
    for title, found in rows.items():
        counts = count(gold, found)
        table(title, counts, [*kinds, *rest])
        print(f"structured identifiers together: recall {structured(counts)}")
    mine, other = statistics.median(own), statistics.median(their_seconds)
    spread = f"from {min(own):,.0f} to {max(own):,.0f}"
    spread = f"from {min(own):,.0f} to {max(own):,.0f}"
    print(f"\nshort messages a second on one core: ipse's gate {mine:,.0f} ({spread})")
    print(f"Presidio's analyzer {other:,.0f}: {mine / other:,.0f} x")


if __name__ == "__main__":
    main()
