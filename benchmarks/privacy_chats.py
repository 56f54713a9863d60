"""Made and real chats through the gate: known participants by language and case, and false alarms.

Known participants: the generated chats of the tests (``tests/privacy/chats.py``), whose forms of names are
written out by hand. A person is missed where the message is not cleared of them. False alarms: messages that
name nobody, ours and tweets whose annotators marked nothing (WNUT17's test part, which nothing was learned
from); and of two real chats how many messages hold any find at all, right ones too.
"""

import gzip
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ipse.config import PrivacySettings
from ipse.consent import Permit
from ipse.interfaces import Recognizer
from ipse.privacy.gate import Gate
from ipse.privacy.operators import PLACEHOLDER
from ipse.privacy.roster import Roster
from ipse.records import Message, Person

__all__ = ["alarms", "known", "real_messages"]

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
KEPT = ("<URL_", "<EMAIL_", "<IP_", "<MAC_")  # what real messages really hold

Share = Callable[[int, int], str]


def _gate(recognizers: Sequence[Recognizer], permit: Permit, roster: Roster | None = None) -> Gate:
    return Gate(roster or Roster(), PrivacySettings(), recognizers=recognizers, permit=permit)


def _message(text: str, number: int) -> Message:
    at = datetime(2024, 5, 1, tzinfo=UTC)
    sender = Person("Xq Vrtz")
    return Message(
        id=f"{number:032x}", conversation="c", platform="whatsapp", at=at, sender=sender, text=text
    )


def known(recognizers: Sequence[Recognizer], permit: Permit, share: Share, count: int = 5_600) -> None:
    """Recall on known participants: a table of languages by hard cases."""
    sys.path.append(str(ROOT))
    from tests.privacy.chats import CASES, LANGUAGES, chat, people

    print(f"\nknown participants: found in {count:,} generated messages a language, by hard case")
    print(f"{'':14}" + "".join(f"{language:>12}" for language in LANGUAGES))
    table: dict[str, Counter[tuple[str, bool]]] = {}
    for language in LANGUAGES:
        roster = Roster()
        for person in people(language):
            roster.add(person)
        gate, counts = _gate(recognizers, permit, roster), Counter[tuple[str, bool]]()
        for number, said in enumerate(chat(language, 7, count)):
            text = gate.clear(_message(said.text, number)).record.text
            parts = [
                part for part in said.written.strip("@#*()").split() if len(part) > 3 and part[0].isupper()
            ]
            whole = f"<{roster.pseudonym(said.person)}>" in text and not any(part in text for part in parts)
            counts[said.case, whole] += 1
        table[language] = counts
    for case in CASES:
        cells = (f"{c[case, True]}/{c[case, True] + c[case, False]}" for c in table.values())
        print(f"{case:14}" + "".join(f"{cell:>12}" for cell in cells))
    hits, misses = (sum(c[case, hit] for c in table.values() for case in CASES) for hit in (True, False))
    print(f"together: {hits:,} of {hits + misses:,}, recall {share(hits, misses)}")


def real_messages() -> list[str]:
    """Messages as people wrote them: Topical-Chat, 5,000."""
    file = SHARED / "dialogue" / "topical-chat" / "valid_rare.json"
    talks = json.loads(file.read_text(encoding="utf-8")).values()
    return list(itertools.islice((said["message"] for talk in talks for said in talk["content"]), 5_000))


def _zulip() -> Iterator[str]:
    with gzip.open(SHARED / "chat" / "lean-zulip-116395_maths.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in itertools.islice(file, 5_000):
            yield json.loads(line)["text"]


def _tweets() -> Iterator[str]:
    held = (SHARED / "pii" / "wnut17" / "emerging.test.annotated").read_text(encoding="utf-8")
    for tweet in held.split("\n\n"):
        rows = [line.split("\t") for line in tweet.splitlines() if "\t" in line]
        if rows and all(tag.strip() == "O" for _, tag in rows):
            # Apart as the annotators put them: 2017 - 01 - 25
            yield re.sub(r"(?<=\d) ([.:/\-]) (?=\d)", r"\1", " ".join(word for word, _ in rows))


def alarms(title: str, recognizers: Sequence[Recognizer], permit: Permit, share: Share) -> None:
    """How many messages hold a find."""
    sys.path.append(str(ROOT))
    from tests.privacy.chats import LANGUAGES, clean

    sets: list[tuple[str, Iterable[str]]] = [
        (f"clean, {language}", clean(language, 7, 5_000)) for language in LANGUAGES
    ]
    sets += [
        ("tweets that name nothing", _tweets()),
        ("Topical-Chat, right finds too", real_messages()),
        ("Zulip, right finds too", _zulip()),
    ]
    print(f"\n{title}: messages with a find (links, mails and IP addresses aside)")
    for kind, texts in sets:
        gate, hits, misses = _gate(recognizers, permit), 0, 0
        for number, text in enumerate(texts):
            cleared = gate.clear(_message(text, number)).record.text
            found = any(not match.group().startswith(KEPT) for match in PLACEHOLDER.finditer(cleared))
            hits, misses = hits + found, misses + (not found)
        rate = 200 * hits / (hits + misses)
        print(f"{kind:32}{hits:5} of {hits + misses:6,}: {rate:6.2f} in 200 {share(hits, misses)}")
