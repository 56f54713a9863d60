"""A year and a half of e-mail as Gmail's Takeout gives it: one mbox with labels, threads, quotes and HTML.

Everything is written out by hand rather than by the email package, whose folding differs between versions.
"""

import quopri
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from textwrap import wrap
from zoneinfo import ZoneInfo

from grammar import Block, Dice, Grammar, read_blocks

__all__ = ["write_mails"]

ZONE = ZoneInfo("Europe/London")
START, DAYS = datetime(2024, 3, 2, 9, tzinfo=ZONE), 545
THREADS, LISTS = 84, {"n": 18, "c": 12, "s": 5}
TILDA = "Tilda Marwede <tilda.marwede@example.org>"
FROM = {
    "f": "Fenella Brisbourne <f.brisbourne@hollybrook.example>",
    "d": '"Vale, Desmond" <d.vale@valelettings.example>',
    "n": "The Free Reed Herald <herald@lists.example.org>",
    "c": "Night Trains & Parcels <no-reply@bookings.example.com>",
    "s": "=?UTF-8?B?8J+OgSBQcml6ZSBPZmZpY2U=?= <winner@prize.example.com>",
    "p": "Priya Ashdown <priya.ashdown@example.org>",
}
SIGNATURE = "Tilda Marwede\nReedworks – accordion & concertina repairs\nThe Old Dairy, Bristol · 0117 496 0123\nhttps://reedworks.example"


@dataclass
class Mail:
    """One message of the mbox, before it is written out."""

    sender: str
    to: str
    subject: str
    at: datetime
    body: str  # what the sender wrote, with salutation and close
    answers: "Mail | None" = None
    labels: str = "Inbox"
    extra: Sequence[str] = field(default=())  # header lines besides the usual
    thread: int = 0
    number: int = 0

    @property
    def id(self) -> str:
        """The Message-ID."""
        return f"<{self.at:%Y%m%d}.{self.number:05d}@{self.sender.rpartition('@')[2].rstrip('>')}>"


class Desk:
    """Writes the texts of the mails."""

    def __init__(self, seed: str) -> None:
        self.dice = Dice(f"{seed} mails")
        self.grammar = Grammar(self.dice)
        blocks = read_blocks("mail")
        self.tilda = next(block for block in blocks if block.name == "tilda")
        self.openings = {block.who: block for block in blocks if block.name == "openings"}
        self.matters = [block for block in blocks if block.name not in ("tilda", "openings")]
        self.lists = {block.who: block for block in read_blocks("lists")}

    def sentences(self, block: Block, mark: str, number: int) -> str:
        """Some sentences of a block in the order in which it has them."""
        lines = block.lines[mark]
        chosen = sorted(
            self.dice.deal(f"{block.name}{block.who}{mark}", range(len(lines))) for _ in range(number)
        )
        return " ".join(self.grammar.fill(lines[i]) for i in dict.fromkeys(chosen))

    def theirs(self, matter: Block, mark: str) -> str:
        """A mail of Fenella's, full of feeling, or of Mr Vale's, free of it."""
        opening = self.grammar.line(f"{matter.who}{mark}", self.openings[matter.who].lines[mark])
        text = self.sentences(
            matter, mark, self.dice.between(2, 3) if mark == "<" else self.dice.between(1, 2)
        )
        if matter.who == "f":
            close = self.dice.pick(("Warmest wishes,", "With kindest regards,", "Ever yours,"))
            return f"Dear Tilda,\n\n{opening} {text}\n\n{close}\nFenella"
        return f"Dear Ms Marwede,\n\n{opening} {text}\n\nRegards,\nD. Vale\nVale Lettings, 0117 496 0500"

    def own(self, matter: Block, mark: str) -> str:
        """What Tilda answers: a word to begin with, the matter, a word to end with."""
        hello = {"f": "Hi Fenella,", "d": "Dear Mr Vale,"}[matter.who]
        parts = [
            self.sentences(matter, mark, self.dice.between(2, 3) if mark == ">" else self.dice.between(1, 2))
        ]
        if self.dice.chance(0.6):
            parts.insert(0, self.grammar.line(f"tilda{mark}", self.tilda.lines[mark]))
        if self.dice.chance(0.35):
            parts.append(self.grammar.line("tilda:", self.tilda.lines[":"]))
        text = "\n\n".join(parts) if self.dice.chance(0.4) else " ".join(parts)
        close = self.dice.pick(
            ("All the best,\nTilda", "Best,\nTilda", "Warmly (and gluey),\nTilda", "Best wishes,\nTilda")
        )
        return f"{hello}\n\n{text}\n\n{close}"

    def thread(self, at: datetime) -> list[Mail]:
        """A question, an answer, and often one round more."""
        matter = self.dice.deal("matters", self.matters)
        them, subject = FROM[matter.who], self.grammar.line(f"{matter.name}@", matter.lines["@"])
        mails = [Mail(them, TILDA, subject, at, self.theirs(matter, "<"), labels="Inbox,Important,Opened")]
        for mark in (">", ":", "+"):
            if mark == ":" and not self.dice.chance(0.8):
                break
            last = mails[-1]
            at = last.at + timedelta(minutes=self.dice.between(25, 60 * 20))
            again = f"Re: {subject.removeprefix('Re: ')}"
            if mark == ":":
                mails.append(Mail(them, TILDA, again, at, self.theirs(matter, mark), last, "Inbox,Opened"))
            else:
                mails.append(Mail(TILDA, them, again, at, self.own(matter, mark), last, "Sent"))
        return mails

    def bulk(self, kind: str, at: datetime) -> Mail:
        """A newsletter, a confirmation or junk."""
        block = self.lists[kind]
        subject = self.grammar.line(f"{kind}@", block.lines["@"])
        extra = {
            "n": ("List-Id: The Free Reed Herald <herald.lists.example.org>", "Precedence: list"),
            "c": ("Auto-Submitted: auto-generated",),
            "s": ("X-Spam-Flag: YES",),
        }[kind]
        labels = {"n": '"Inbox,Category Forums"', "c": "Inbox,Category Updates", "s": "Spam"}[kind]
        return Mail(
            FROM[kind], TILDA, subject, at, self.sentences(block, "<", 3), None, labels.strip('"'), extra
        )


FORWARDED = """---------- Forwarded message ---------
From: Fenella Brisbourne <f.brisbourne@hollybrook.example>
Date: Mon, 16 Sept 2024 at 08:12
Subject: The bellows doctors
To: Tilda Marwede <tilda.marwede@example.org>


Dear Tilda,

Two of the children have asked for your autograph; I said you would be mortified.

Fenella"""
TRAIN = """Hi love,

here's the plan, so that you know when to feed the lodger:

From Thursday on I'm in Bremen, back on the Tuesday night train, give or take a Hamm.
The key's with the greengrocer and the tin's behind the rice – honestly, one pouch, whatever he says.

Tilda"""


def _forwards() -> list[list[Mail]]:
    """With Priya: a mail passed on, one with a line that begins with From, one passed on to Tilda."""
    at, priya = START + timedelta(days=200, hours=9), FROM["p"]
    framed = f"Look what Fenella wrote – I'm having it framed.\n\nTilda\n\n{FORWARDED}"
    out = Mail(TILDA, priya, "Fwd: The bellows doctors", at, framed, labels="Sent")
    crying = "STOP I'm crying at work!!! 😭💛\n\nP xx"
    back = Mail(priya, TILDA, "Re: Fwd: The bellows doctors", at + timedelta(hours=2), crying, out)
    train = Mail(TILDA, priya, "Bremen, again", at + timedelta(days=40), TRAIN, labels="Sent")
    thought = f"thought of youuu!!! 😂\n\n{FORWARDED}"
    passed = Mail(priya, TILDA, "Fwd: The bellows doctors (again)", at + timedelta(days=60), thought)
    return [[out, back], [train], [passed]]


def write_mails(seed: str) -> bytes:
    """The mbox."""
    desk = Desk(seed)
    dice = desk.dice
    mails = []
    for number in range(THREADS):
        at = START + timedelta(days=number * DAYS / THREADS, minutes=dice.between(0, 600))
        mails.append(desk.thread(at))
    for kind, count in LISTS.items():
        step = DAYS / count
        whens = (START + timedelta(days=(n + 0.4) * step, minutes=dice.below(300)) for n in range(count))
        mails += [[desk.bulk(kind, at)] for at in whens]
    mails += _forwards()
    number = 0
    for place, thread in enumerate(mails):
        for mail in thread:
            number += 1
            mail.at = mail.at.replace(second=dice.below(60), microsecond=0)
            mail.thread, mail.number = 1793255011364000000 + place * 7919 + 17, number
    flat = sorted((mail for thread in mails for mail in thread), key=lambda mail: mail.at)
    return "".join(_written(mail) for mail in flat).encode("ascii")


def _written(mail: Mail) -> str:
    """One message as it stands in the mbox; what looks like a separator inside of it is masked."""
    utc = mail.at.astimezone(ZoneInfo("UTC"))
    lines = [
        f"From {mail.thread + mail.number}@xxx {utc:%a %b %d %H:%M:%S} +0000 {utc:%Y}",
        f"X-GM-THRID: {mail.thread}",
        f"X-Gmail-Labels: {mail.labels}",
        *(["Delivered-To: tilda.marwede@example.org"] if mail.sender != TILDA else []),
        "MIME-Version: 1.0",
        *mail.extra,
        f"Date: {format_datetime(mail.at)}",
        f"Message-ID: {mail.id}",
        *_answering(mail),
        f"Subject: {_encoded(mail.subject)}",
        f"From: {mail.sender}",
        f"To: {mail.to}",
        *_body(mail),
    ]
    head, *rest = lines
    return (
        "\n".join([head, *(">" + line if line.lstrip(">").startswith("From ") else line for line in rest)])
        + "\n\n"
    )


def _answering(mail: Mail) -> list[str]:
    chain: list[str] = []
    earlier = mail.answers
    while earlier:
        chain.insert(0, earlier.id)
        earlier = earlier.answers
    return [f"In-Reply-To: {chain[-1]}", "References: " + "\n ".join(chain)] if chain else []


def _encoded(subject: str) -> str:
    if subject.isascii():
        return subject
    return f"=?UTF-8?Q?{quopri.encodestring(subject.encode(), header=True).decode().replace('?', '=3F')}?="


def _body(mail: Mail) -> list[str]:
    """Tilda's program writes flowed text, Mr Vale's quotes below a block of headers, the rest is Gmail."""
    if mail.sender == TILDA:
        quote = f"\n\n{_attribution(mail.answers)}\n{_cited(mail.answers)}" if mail.answers else ""
        plain = f"{_flowed(mail.body)}\n\n-- \n{SIGNATURE}{quote}"
        return ["Content-Type: text/plain; charset=UTF-8; format=flowed", *_quoted(plain)]
    if mail.sender == FROM["d"]:
        quote = f"\n\n{_block_quote(mail.answers)}" if mail.answers else ""
        return ["Content-Type: text/plain; charset=utf-8", *_quoted("\n".join(_wrapped(mail.body)) + quote)]
    if mail.sender in (FROM["c"], FROM["s"]):
        return ['Content-Type: text/html; charset="UTF-8"', *_quoted(_html(mail))]
    return _alternatives(mail)


def _alternatives(mail: Mail) -> list[str]:
    plain = "\n".join(_wrapped(mail.body))
    if mail.answers:
        plain += f"\n\n{_attribution(mail.answers)}\n\n{_cited(mail.answers)}"
    edge = f"{mail.number:020x}"
    return [
        f'Content-Type: multipart/alternative; boundary="{edge}"',
        "",
        f"--{edge}",
        'Content-Type: text/plain; charset="UTF-8"',
        *_quoted(plain),
        "",
        f"--{edge}",
        'Content-Type: text/html; charset="UTF-8"',
        *_quoted(_html(mail)),
        "",
        f"--{edge}--",
    ]


def _flowed(text: str) -> str:
    """Lines that end in a blank go on in the next (RFC 3676)."""
    return "\n".join(" \n".join(wrap(line, 72)) for line in text.split("\n"))


def _cited(mail: Mail) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _wrapped(mail.body))


def _quoted(text: str) -> list[str]:
    encoded = quopri.encodestring(text.encode()).decode("ascii")
    return ["Content-Transfer-Encoding: quoted-printable", "", *encoded.splitlines()]


def _wrapped(text: str) -> list[str]:
    return [piece for line in text.split("\n") for piece in (wrap(line, 76) or [""])]


def _attribution(mail: Mail) -> str:
    name, _, address = mail.sender.replace('"', "").partition(" <")
    return f"On {mail.at:%a}, {mail.at.day} {mail.at:%b %Y at %H:%M}, {name} <{address}\nwrote:"


def _block_quote(mail: Mail) -> str:
    to = mail.to.replace('"', "")
    head = f"From: {mail.sender}\nSent: {mail.at:%d %B %Y %H:%M}\nTo: {to}\nSubject: {mail.subject}"
    return f"{head}\n\n" + "\n".join(_wrapped(mail.body))


def _html(mail: Mail) -> str:
    parts = [f'<div dir="ltr">{_paragraphs(mail.body)}</div>']
    if mail.answers:
        said = escape(_attribution(mail.answers).replace("\n", " "), quote=False)
        parts.append(f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{said}<br></div>')
        parts.append('<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">')
        parts.append(f"{_paragraphs(mail.answers.body)}</blockquote></div>")
    return "".join(parts)


def _paragraphs(text: str) -> str:
    return escape(text, quote=False).replace("\n\n", "</div><div><br></div><div>").replace("\n", "<br>")
