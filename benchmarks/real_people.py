"""Five people who really wrote, from ../shared/data, as conversations that a vault would hand out.

None of their text trains the base models that come with ipse. A channel is read once and seen from the side
of each of its people; names are those of public archives, so nothing here is pseudonymized.
"""

import gzip
import json
import re
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from ipse import plugins
from ipse.exports import merged
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person

__all__ = ["PEOPLE", "QA", "Someone", "Talk", "briefings", "dated"]

ZULIP = "chat/lean-zulip-116395_maths.jsonl.gz"
IRC = "chat/ubuntu-irc-disentanglement.tar.gz"
QA = "qa/whitehouse-briefings-carney-gibbs.jsonl.gz"
MAIL = "mail/cypherpunks-1992.mbox.gz"
LINE = re.compile(r"\[(\d\d):(\d\d)\] <([^>]+)> (.*)")
DAY = re.compile(r"(\d{4}-\d\d-\d\d)")
TERM = ("2009-01-20", "2014-12-31")  # dates of briefings outside it are slips of the file
NOT_PROSE = re.compile(r"[^A-Za-z0-9\s.,;:!?'\"()@*-]")
QUOTED = re.compile(r"^>| said:$|https?://", re.MULTILINE)


class Talk(msgspec.Struct, frozen=True):
    """A conversation as a vault hands it out."""

    id: str
    source: str
    messages: Sequence[Message]


class Someone(msgspec.Struct, frozen=True):
    """A person to clone: how they are called on the page, and how their channel is read."""

    id: str
    told: str
    read: Callable[[Path], list[Talk]]


def _zulip(name: str, data: Path) -> list[Talk]:
    with gzip.open(data / ZULIP) as lines:
        rows = [json.loads(line) for line in lines]
    topics: dict[str, list[Message]] = defaultdict(list)
    for row in rows:
        at = datetime.fromtimestamp(float(row["ts"]), UTC)
        said = _message(str(row["id"]), row["topic"], at, row["sender"], name, text=_prose(row["text"]))
        if row["sender"] != "Welcome Bot" and said.text:
            topics[row["topic"]].append(said)
    return [Talk(topic, "zulip", held) for topic, held in topics.items()]


def _prose(text: str) -> str:
    """The paragraphs that are prose: pasted code and formulae are nobody's voice."""
    kept = [part for part in text.split("\n\n") if len(NOT_PROSE.findall(part)) * 50 <= len(part)]
    return "\n\n".join(part for part in kept if not QUOTED.search(part))


def _irc(name: str, data: Path) -> list[Talk]:
    """Each log is a channel on a day; whoever is addressed in front of a line is whom it answers."""
    talks = []
    for day, lines in _logs(data / IRC):
        channel = [found for line in lines if (found := LINE.match(line)) and "ubot" not in found[3]]
        at, held = datetime.fromisoformat(f"{day}T00:00:00+00:00"), []
        for n, found in enumerate(channel):
            moment = at.replace(hour=int(found[1]), minute=int(found[2])) + timedelta(milliseconds=n)
            held.append(_message(f"{day}/{n}", day, moment, found[3], name, text=found[4]))
        talks.append(Talk(day, "irc", sorted(held, key=lambda message: message.at)))
    return talks


def _logs(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Days and their lines; a day that several files hold is read once, from the longest."""
    days: dict[str, list[str]] = {}
    with tarfile.open(file) as archive:
        for member in archive:
            day = DAY.search(member.name)
            stream = archive.extractfile(member) if day and member.name.endswith(".raw.txt") else None
            if day and stream:
                lines = stream.read().decode("utf-8", "replace").splitlines()
                days[day[1]] = max(days.get(day[1], []), lines, key=len)
    yield from sorted(days.items())


def briefings(name: str, data: Path) -> list[Talk]:
    """Each briefing is a conversation. Who spoke there before is moved into this speaker's years.

    Two press secretaries never held the office at once; only the order of time within each matters here.
    """
    with gzip.open(data / QA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    own = dated([row for row in rows if row["speaker"] == name])
    first, last = min(at for at, _ in own), max(at for at, _ in own)
    others = dated([row for row in rows if row["speaker"] != name])
    started, ended = min(at for at, _ in others), max(at for at, _ in others)
    moved = [(first + (last - first) * ((at - started) / (ended - started)), held) for at, held in others]
    talks = []
    for at, held in [*own, *moved]:
        doc, messages = str(held[0]["doc"]), []
        for n, row in enumerate(held):
            asked, said = at + timedelta(seconds=2 * n), at + timedelta(seconds=2 * n + 1)
            messages.append(_message(f"{doc}/{n}q", doc, asked, "press", name, text=row["question"]))
            messages.append(_message(f"{doc}/{n}a", doc, said, row["speaker"], name, text=row["answer"]))
        talks.append(Talk(doc, "briefings", messages))
    return talks


def dated(rows: Sequence[dict[str, str]]) -> list[tuple[datetime, list[dict[str, str]]]]:
    """The briefings of one speaker with their day; one without a date has that of the one before."""
    docs: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row["doc"])):
        docs[str(row["doc"])].append(row)
    dated = [(held[0]["date"], held) for held in docs.values()]
    day = next(date for date, _ in dated if date and TERM[0] <= date <= TERM[1])
    out = []
    for date, held in dated:
        day = date if date and TERM[0] <= date <= TERM[1] else day
        out.append((datetime.fromisoformat(f"{day}T12:00:00+00:00"), held))
    return out


def _list(name: str, data: Path) -> list[Talk]:
    """A mailing list as the reader of mailboxes reads it; a thread is a conversation."""
    (source,) = (each for each in plugins.sources() if each.name == "gmail")
    threads: dict[str, list[Message]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "list.mbox"
        file.write_bytes(gzip.decompress((data / MAIL).read_bytes()))
        for record in source.read(merged([file])[0], ReadOptions(me=(name,))):
            if isinstance(record, Message) and record.text:
                thread = re.sub(r"(?i)^(re:\s*)+", "", record.subject or "").strip().casefold()
                changed = msgspec.structs.replace(record, conversation=thread, automatic=False, group=True)
                threads[thread].append(_seen_by(changed, name))
    return [Talk(thread, "mail", sorted(held, key=lambda m: m.at)) for thread, held in threads.items()]


def _seen_by(message: Message, name: str) -> Message:
    direction = "outbound" if name in (message.sender.name, message.sender.address) else "inbound"
    return msgspec.structs.replace(message, direction=direction)


def _message(id_: str, conversation: str, at: datetime, sender: str, me: str, *, text: str) -> Message:
    return Message(
        id=id_, conversation=conversation, platform="chat", at=at, sender=Person(sender), text=text,
        direction="outbound" if sender == me else "inbound", group=True,
    )  # fmt: skip


PEOPLE: tuple[Someone, ...] = (
    Someone("chat-1", "chat, mathematicians", partial(_zulip, "Kevin Buzzard")),
    Someone("chat-2", "chat, mathematicians", partial(_zulip, "Mario Carneiro")),
    Someone("chat-3", "chat, help with Ubuntu", partial(_irc, "ActionParsnip")),
    Someone("qa", "questions and answers, press", partial(briefings, "MR. CARNEY")),
    Someone("list", "mailing list, cryptography", partial(_list, "Eric Hughes")),
)
