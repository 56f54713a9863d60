"""What is recognized, beside Presidio in the same run: recall and precision by type with intervals; speed.

The set is Presidio's own (presidio-research, synth_dataset_v2: 1,500 made-up texts, 2,863 spans of 17
types), in English, with names, numbers and addresses of many countries. Found: a span of the right type
covers the whole value. Right: what was found overlaps a value of its type. `TYPES` says which types go
together. A title (Mr.) that stays is no miss.

Nothing is learned from the set. Its templates were parted in two by hash: with the texts of one part in
view sentences and rules were written and tuned; of the other (`held_out`) only totals were looked at.
Templates that had been seen before the parting are in the first. Rows: ipse as it comes; with the recognizer
`entities`; that one asked for every kind there is (`privacy.entity_kinds`); and where the people in the texts
take part in the chat.

Presidio runs as its README has it (AnalyzerEngine, all default recognizers, English), but on a blank
pipeline, for spaCy hands out its models elsewhere than on the package index: so it finds neither people
nor places, which it does with en_core_web_lg. Its authors publish for that, by word: precision 0.685,
recall 0.603. What they count is counted here by their own package (`privacy_tokens`), for ipse and for
Presidio alike.

Speed: messages a second on one core, by CPU time, ours is the whole gate, theirs the analyzer alone; of made
short messages and of real ones (Topical-Chat), which are longer and full of names. Known participants and
false alarms: `privacy_chats`.
"""

import argparse
import hashlib
import json
import random
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from scipy.stats import binomtest

import peers  # type: ignore[import-not-found]
import privacy_chats as chats  # type: ignore[import-not-found]
import privacy_tokens as tokens  # type: ignore[import-not-found]
from imports import sentence  # type: ignore[import-not-found]
from ipse import plugins
from ipse.config import PrivacySettings
from ipse.consent import Consent, Permit, decide, sign
from ipse.interfaces import Recognizer
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
THEIR_GOLD = {"STREET_ADDRESS": "LOCATION", "GPE": "LOCATION", "DOMAIN_NAME": "URL"}  # as they align the set
THEIR_TYPES = {
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "IBAN_CODE": "IBAN", "CREDIT_CARD": "CARD",
    "IP_ADDRESS": "IP", "URL": "URL", "DATE_TIME": "DATE", "PERSON": "NAME", "LOCATION": "PLACE",
    "NRP": "NATIONALITY",
}  # fmt: skip
OUR_TYPES = {  # theirs for ours, where their package counts
    "NAME": "PERSON", "PLACE": "LOCATION", "ADDRESS": "LOCATION", "ORGANISATION": "ORGANIZATION",
    "DATE": "DATE_TIME", "NATIONALITY": "NRP", "EMAIL": "EMAIL_ADDRESS", "PHONE": "PHONE_NUMBER",
    "IBAN": "IBAN_CODE", "CARD": "CREDIT_CARD", "IP": "IP_ADDRESS", "URL": "URL", "ID": "US_SSN",
}  # fmt: skip
COUNTED = (*sorted({*OUR_TYPES.values()}), "US_DRIVER_LICENSE")
EVERY = ("NAME", "ADDRESS", "PLACE", "ORGANISATION", "NATIONALITY", "DATE", "AGE")
SEEN = frozenset(  # templates looked at before the set was parted
    (
        5,
        6,
        7,
        11,
        12,
        26,
        28,
        29,
        42,
        60,
        62,
        75,
        81,
        83,
        87,
        89,
        90,
        107,
        118,
        122,
        128,
        139,
        157,
        162,
        164,
        178,
    )
)
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
seconds = []
for some in asked["timed"]:
    started = time.process_time()
    for text in some:
        engine.analyze(text, language="en")
    seconds.append(time.process_time() - started)
print(json.dumps({"found": found, "seconds": seconds}))
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


def held_out() -> list[bool]:
    """Of each text whether it is of the part that nothing was tuned on."""
    rows = json.loads(SET.read_text(encoding="utf-8"))
    ids = [row["template_id"] for row in rows]
    return [hashlib.sha256(str(n).encode()).digest()[0] % 2 == 1 and n not in SEEN for n in ids]


def ours(text: str, recognizers: Sequence[Recognizer]) -> list[Found]:
    """What the gate would replace of what recognizers find."""
    settings = PrivacySettings()
    spans = [s for one in recognizers for s in one.find(text) if s.score >= settings.replace_from]
    return [Found(span.start, span.end, span.kind) for span in resolve(text, found=spans)]


RECOGNIZERS = plugins.recognizers(PrivacySettings())
WITH = ("default", "entities")
PEOPLE = plugins.recognizers(PrivacySettings(recognizers=WITH))
THOROUGH = plugins.recognizers(PrivacySettings(recognizers=WITH, entity_kinds=EVERY))


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


def by_word(
    everything: Sequence[str],
    rows: dict[str, list[list[Found]]],
    held: Sequence[bool],
    answer: dict[str, Any],
) -> None:
    """Precision and recall as Presidio's authors count them."""
    raw = json.loads(SET.read_text(encoding="utf-8"))
    gold = [
        [
            (s["start_position"], s["end_position"], THEIR_GOLD.get(s["entity_type"], s["entity_type"]))
            for s in row["spans"]
        ]
        for row in raw
    ]
    found = [
        [[(f.start, f.end, OUR_TYPES.get(f.kind, f.kind)) for f in one] for one in row]
        for row in rows.values()
    ]
    found.append([[(a, b, kind) for a, b, kind, least in one if least >= 0.4] for one in answer["found"]])
    titles = [*rows, "Presidio without a model, finds from 0.4 on"]
    print("\nby word, as presidio-evaluator counts; published for Presidio with en_core_web_lg: 0.685, 0.603")
    for part, chosen in (("all 1,500", [True] * len(held)), (f"{sum(held)} held out", held)):
        some = [at for at, wanted in enumerate(chosen) if wanted]
        scores = tokens.score(
            [everything[at] for at in some], [gold[at] for at in some],
            [[row[at] for at in some] for row in found], COUNTED,
        )  # fmt: skip
        for title, one in zip(titles, scores, strict=True):
            precision = share(one.right, one.found - one.right)
            print(
                f"{part:14}{title:44} precision {precision} recall {share(one.right, one.marked - one.right)}"
            )


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


def speed(short: Sequence[str], recognizers: Sequence[Recognizer]) -> float:
    """CPU seconds that the whole gate takes, with 50 people known."""
    roster = Roster()
    for number in range(50):
        roster.add(Person(f"Person{number:02} Familyname{number:02}", f"p{number}@example.org"))
    gate = Gate(roster, PrivacySettings(), recognizers=recognizers, permit=permit())
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
    real = chats.real_messages()
    own, own_real, with_own, with_real, their_seconds, their_real = [], [], [], [], [], []
    answer: dict[str, Any] = {}
    for _ in range(options.repeats):
        own.append(len(short) / speed(short, RECOGNIZERS))
        with_own.append(len(short) / speed(short, PEOPLE))
        own_real.append(len(real) / speed(real, RECOGNIZERS))
        with_real.append(len(real) / speed(real, PEOPLE))
        some, answer = (short[:2_000], real[:500]), presidio(peer, everything, short[:2_000], real[:500])
        their_seconds.append(len(some[0]) / answer["seconds"][0])
        their_real.append(len(some[1]) / answer["seconds"][1])
    kinds = ["EMAIL", "PHONE", "IBAN", "CARD", "IP", "URL", "ID", "ADDRESS", "PLACE", "NAME"]
    rest = ["ORGANISATION", "NATIONALITY", "AGE", "DATE", "all"]
    held = held_out()
    mine = {
        "ipse": [ours(text, RECOGNIZERS) for text in everything],
        "ipse with `entities`": [ours(text, PEOPLE) for text in everything],
        "ipse with `entities`, every kind": [ours(text, THOROUGH) for text in everything],
    }
    rows = {
        **mine,
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
    parted = [at for at, wanted in enumerate(held) if wanted]
    for title, found in mine.items():
        counts = count([gold[at] for at in parted], [found[at] for at in parted])
        table(f"{title}, the {len(parted)} texts held out", counts, [*kinds, *rest])
    by_word(everything, mine, held, answer)
    chats.known(PEOPLE, permit(), share)
    chats.alarms("ipse", RECOGNIZERS, permit(), share)
    chats.alarms("ipse with `entities`", PEOPLE, permit(), share)
    print("\nmessages a second on one core: median of the runs, least and most")
    for title, one, more, other in (
        ("short", own, with_own, their_seconds),
        ("real", own_real, with_real, their_real),
    ):
        ratio = statistics.median(one) / statistics.median(other)
        print(f"{title:6} ipse's gate {spread(one)}, with `entities` {spread(more)}")
        print(f"       Presidio's analyzer {spread(other)}: {ratio:,.0f} x")


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def presidio(peer: Path, everything: Sequence[str], *timed: Sequence[str]) -> dict[str, Any]:
    """What Presidio finds in each text, and the CPU seconds that it takes for each of the timed lists."""
    asked = json.dumps({"texts": everything, "timed": timed})
    done = subprocess.run([str(peer), "-c", THEIRS], input=asked, text=True, capture_output=True, check=True)
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


if __name__ == "__main__":
    main()
