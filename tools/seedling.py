"""Make the text that the Seedling is grown from, out of public data with a clear licence.

    python tools/seedling.py DATA FOLDER

``DATA`` holds the four sources of :data:`SOURCES`, ``FOLDER`` gets a file of dialogues for each; then
``ipse base grow FOLDER --to BASE`` grows the model. Nobody in :data:`LEFT_OUT` speaks in the result: these
are the people whose clones ipse is measured on. Handles and what the gate's recognizers find become
placeholders.
"""

import argparse
import gzip
import hashlib
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from ipse import plugins
from ipse.config import LoraSettings, PrivacySettings
from ipse.interfaces import Span
from ipse.privacy.finding import Finder
from ipse.privacy.operators import replace, resolve

__all__ = ["main"]

SOURCES = {
    "briefings": ("qa/whitehouse-briefings-carney-gibbs.jsonl.gz", "public domain (US federal work)"),
    "irc": ("chat/ubuntu-irc-disentanglement.tar.gz", "CC-BY-4.0, Kummerfeld et al. 2019"),
    "topical": ("dialogue/topical-chat", "CDLA-Sharing-1.0, Gopalakrishnan et al. 2019"),
    "letters": ("letters/letters.jsonl", "public domain (Project Gutenberg 2811, 13065, 13272)"),
}
LEFT_OUT = {
    # Every briefing in which he speaks is left out whole.
    "briefings": ("MR. CARNEY",),
    # Every exchange with one of them is left out; how else they sign begins alike.
    "irc": ("actionparsnip", "dr_willis", "dr-willis", "ikonia"),
}
OTHER_SPEAKER = 0.6  # oldest share of the other speaker's briefings: his later ones measure other clones
BOTS = ("ubottu", "ubotu")
CUT = 1600  # characters of a dialogue that are one document, about: it then fits the context
BACK = 40  # lines that a question may lie before its answer
WITHIN = 10  # lines between two messages of one burst
COMMON = 5  # times a word is met in the other corpora before it is no handle
TERM = (date(2009, 1, 20), date(2011, 2, 11))  # of the other speaker; dates outside are slips of the file

LINE = re.compile(r"\[\d\d:\d\d(?::\d\d)?\] <([^>\s]+)> (.*)")
ADDRESSED = re.compile(r"\s*@?([^\s:,>]+)\s*[:,>]+\s+(.*)")
FOOTNOTE = re.compile(r"\s*\[(?:\d+|Footnote[^\]]*)\]")
WRAPPED = re.compile(r"(?<!\n)\n(?!\n)")
HANDLE = re.compile(r"[^\s:,;!?()\[\]<>\"'.]+")

Turns = list[tuple[str, str]]  # (who, what)


class Message(NamedTuple):
    """A line of a channel."""

    at: int
    who: str
    whom: str
    text: str


class Document(NamedTuple):
    """A dialogue of two, or one person's text, and what it is held out with."""

    turns: Turns
    group: str


def main() -> None:
    """Write every corpus and say how much there is of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    read = {"briefings": briefings, "topical": topical, "letters": letters}
    found = {name: list(how(options.data / SOURCES[name][0])) for name, how in read.items()}
    common = _common(document for documents in found.values() for document in documents)
    found["irc"] = list(irc(options.data / SOURCES["irc"][0], common))
    told = {name: _write(options.folder / f"{name}.jsonl.gz", documents) for name, documents in found.items()}
    licences = {name: licence for name, (_, licence) in SOURCES.items()}
    notes = {"sources": licences, "left out": LEFT_OUT, "corpora": told}
    (options.folder / "SOURCES.json").write_text(json.dumps(notes, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))  # noqa: T201  a tool prints


def briefings(file: Path) -> Iterator[Document]:
    """Questions and answers of one speaker, in the order of a briefing."""
    held: dict[str, list[dict[str, str]]] = {}
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            held.setdefault(str(row["doc"]), []).append(row)
    kept = {
        name: rows
        for name, rows in held.items()
        if not any(row["speaker"] in LEFT_OUT["briefings"] for row in rows)
        and rows[0]["date"]  # one without a date cannot be placed
        and TERM[0] <= date.fromisoformat(rows[0]["date"]) <= TERM[1]
    }
    order = sorted(kept, key=lambda name: (kept[name][0]["date"], name))
    for name in order[: int(OTHER_SPEAKER * len(order))]:
        turns = [
            turn for row in kept[name] for turn in (("press", row["question"]), ("speaker", row["answer"]))
        ]
        for piece in _pieces(turns):
            yield Document(piece, f"briefing {name}")


def topical(folder: Path) -> Iterator[Document]:
    """Conversations of two about what they read."""
    for file in sorted(folder.glob("*.json")):
        for name, talk in json.loads(file.read_text(encoding="utf-8")).items():
            turns = [(each["agent"], each["message"]) for each in talk["content"]]
            for piece in _pieces(turns):
                yield Document(piece, f"topical {name}")


def letters(file: Path) -> Iterator[Document]:
    """Letters, a few paragraphs a document."""
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = WRAPPED.sub(" ", FOOTNOTE.sub("", row["text"]).replace("_", ""))
        turns = [("writer", part.strip()) for part in text.split("\n\n") if part.strip()]
        for piece in _pieces(turns):
            yield Document(piece, f"letter {row['author']} {row['vol']} {row['no']}")


def irc(file: Path, common: frozenset[str]) -> Iterator[Document]:
    """Exchanges of two in a channel: who answers whom is told by whom a line addresses."""
    with tarfile.open(file) as archive:
        members = [member for member in archive if member.name.endswith(".raw.txt")]
        for member in sorted(members, key=lambda member: member.name):
            held = archive.extractfile(member)
            if held is None or ("channel-two" in member.name and ".all." not in member.name):
                continue  # the other files of the second channel repeat this one
            day = Path(member.name).name[:10]
            for number, turns in enumerate(_exchanges(held.read().decode("utf-8", "replace"), common)):
                for piece in _pieces(turns):
                    yield Document(piece, f"irc {day}" if day[:2] == "20" else f"irc two {number // 50}")


def _exchanges(text: str, common: frozenset[str]) -> Iterator[Turns]:
    lines = [found for found in map(LINE.match, text.splitlines()) if found]
    handles = {found[1].casefold() for found in lines}
    messages = [_message(at, found[1], found[2], handles) for at, found in enumerate(lines)]
    whole = (rf"(?<!\w){re.escape(name)}(?!\w)" for name in _long(handles, common))
    names = re.compile("|".join(whole) or "(?!)", re.IGNORECASE)
    for exchange in _paired(messages):
        people = {message.who for message in exchange}
        if any(one.startswith((*LEFT_OUT["irc"], *BOTS)) for one in people) or len(people) != 2:
            continue
        numbers: dict[str, str] = {}
        yield [(message.who, _unnamed(message.text, names, numbers)) for message in exchange]


def _message(at: int, who: str, text: str, handles: set[str]) -> Message:
    found = ADDRESSED.match(text)
    if found and found[1].casefold() in handles:
        return Message(at, who.casefold(), found[1].casefold(), found[2])
    return Message(at, who.casefold(), "", text.strip())


def _paired(messages: Sequence[Message]) -> list[list[Message]]:
    """Messages to one another, with the question before the first answer and what follows at once."""
    done: list[list[Message]] = []
    running: dict[frozenset[str], list[Message]] = {}
    latest: dict[str, list[Message]] = {}  # what each has said to nobody, the last few lines of it
    turn_of: dict[str, frozenset[str]] = {}
    for message in messages:
        pair = frozenset((message.who, message.whom)) if message.whom else turn_of.get(message.who)
        exchange = running.get(pair) if pair else None
        if message.whom and pair and (exchange is None or message.at - exchange[-1].at > BACK):
            asked = [old for old in latest.pop(message.whom, []) if message.at - old.at <= BACK]
            exchange = running[pair] = asked
            done.append(exchange)
        if message.whom and pair and exchange is not None:
            exchange.append(message)
            turn_of[message.who] = turn_of[message.whom] = pair
        elif exchange and message.at - exchange[-1].at <= WITHIN:
            exchange.append(message)
        else:
            held = [old for old in latest.get(message.who, []) if message.at - old.at <= WITHIN]
            latest[message.who] = [*held, message]
    return done


def _long(handles: Iterable[str], common: frozenset[str]) -> list[str]:
    """Handles that are no words, the longest first."""
    return sorted((one for one in handles if len(one) > 2 and one not in common), key=len, reverse=True)


def _unnamed(text: str, names: re.Pattern[str], numbers: dict[str, str]) -> str:
    return names.sub(lambda f: numbers.setdefault(f[0].casefold(), f"<PERSON_{len(numbers) + 1}>"), text)


def _common(documents: Iterable[Document]) -> frozenset[str]:
    counts = Counter(word for document in documents for _, text in document.turns for word in text.split())
    return frozenset(word for word, count in counts.items() if count >= COMMON and word.isalpha())


def _pieces(turns: Turns) -> Iterator[Turns]:
    """Turns of one speaker in a row made one, then cut to about ``CUT`` characters at whole turns."""
    piece: Turns = []
    size = 0
    for who, said in turns:
        text = said.strip()
        if not text:
            continue
        if piece and size + len(text) > CUT:
            yield piece
            piece, size = [], 0
        if piece and piece[-1][0] == who:
            piece[-1] = (who, f"{piece[-1][1]}\n{text}")
        else:
            piece.append((who, text))
        size += len(text)
    if piece:
        yield piece


def _write(file: Path, documents: Sequence[Document]) -> dict[str, int]:
    """Write the documents once each, with what the recognizers find replaced, and count them."""
    settings = PrivacySettings()
    finder = Finder(plugins.recognizers(settings), settings, None)
    seen: set[bytes] = set()
    counts: Counter[str] = Counter()
    with gzip.open(file, "wt", encoding="utf-8") as out:
        for document in documents:
            messages = _messages(document, finder)
            if messages is None:
                counts["too short"] += 1
                continue
            digest = hashlib.sha256(json.dumps(messages).encode()).digest()
            if digest in seen:
                counts["repeated"] += 1
                continue
            seen.add(digest)
            counts["documents"] += 1
            counts["bytes"] += sum(len(one["content"].encode()) for one in messages)
            row = {"messages": _with_system(messages, digest), "group": document.group}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return dict(counts)


def _messages(document: Document, finder: Finder) -> list[dict[str, str]] | None:
    people = list(dict.fromkeys(who for who, _ in document.turns))
    alone = len(people) == 1
    if alone and people[0] != "writer":
        return None
    numbers: dict[str, str] = {}
    return [
        {
            "role": "assistant" if alone or people.index(who) == 1 else "user",
            "content": _cleared(text, finder, numbers),
        }
        for who, text in document.turns
    ]


def _cleared(text: str, finder: Finder, numbers: dict[str, str]) -> str:
    def written(span: Span) -> str:
        key = f"{span.kind} {text[span.start : span.end].casefold()}"
        return numbers.setdefault(key, f"<{span.kind}_{len(numbers) + 1}>")

    found = finder.replaced(finder.find(text))
    return replace(text, resolve(text, found=found), written) if found else text


def _with_system(messages: list[dict[str, str]], digest: bytes) -> list[dict[str, str]]:
    """Every other document begins with the line that adapters are trained under."""
    if digest[0] % 2:
        return messages
    return [{"role": "system", "content": LoraSettings().system}, *messages]


if __name__ == "__main__":
    main()
