"""Import speed and memory: parse alone, and whole import to durable ciphertext, each beside peers or a floor.

Every run is a process of its own on files made here with a fixed seed; ours and the peers' take turns, and
medians are compared. Importing libraries is not counted in parsing, neither ours nor theirs.

WhatsApp peers: whatstk (finding the header format itself), chat-miner (`parse_file` and the data frame, as
its README has it), the node package whatsapp-chat-parser (`parseString` of the file read). Mail: the standard
library's mailbox with policy.default, which takes every line that starts with "From " for a new message.
Floor of the whole import: the same rows parsed and put unencrypted into SQLite, which is no vault but cannot
be undercut by one.
"""

import argparse
import base64
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import peers  # type: ignore[import-not-found]

TEXT = (
    "the train was late again so we had coffee and talked about nothing in particular until it got dark "
    "did you see that film yes no maybe tomorrow call me when you are home I can bring bread wine cheese"
)
WORDS = TEXT.split()
NAMES = ["Nora Feld", "Ilka Brandt", "Tomas Weil", "Mirjam Osk", "Jun Harada"]
START = datetime(2021, 1, 1, 8, tzinfo=UTC)


def sentence(rng: random.Random) -> str:
    """Three to eighteen words, here and there a line break, an emoji or an address."""
    words = rng.choices(WORDS, k=rng.randint(3, 18))
    if rng.random() < 0.1:
        words.insert(len(words) // 2, rng.choice(["🙂", "😂", "❤️", "ask@example.org", "\n"]))
    return " ".join(words)


def whatsapp_file(folder: Path, count: int) -> Path:
    """A chat in the German Android style."""
    rng, at = random.Random(7), START
    file = folder / "WhatsApp Chat with friends.txt"
    with file.open("w", encoding="utf-8") as stream:
        for _ in range(count):
            at += timedelta(seconds=rng.randint(5, 900))
            stream.write(f"{at:%d.%m.%y, %H:%M} - {rng.choice(NAMES)}: {sentence(rng)}\n")
    return file


TRAPPED = 83  # every so many-th mail holds a line that starts with "From ": 240 in 20,000
ATTACHED = 11  # every so many-th mail has a file


def mail(rng: random.Random, n: int, at: datetime) -> str:
    """A mail as Gmail's Takeout has it: text and HTML, a quote, a signature; here and there a file."""
    name = rng.choice(NAMES)
    address = name.lower().replace(" ", ".") + "@example.org"
    body = [sentence(rng).replace("\n", " ") for _ in range(rng.randint(2, 9))]
    quote = f"On {at:%a, %d %b %Y} somebody wrote:\n> {sentence(rng)}"
    rows = "".join(f'<div style="font-family:arial,sans-serif">{line}</div>\n' for line in body)
    if n % TRAPPED == TRAPPED - 1:
        body.insert(1, "\nFrom the station we walked home.")
    parts = [
        "Content-Type: multipart/alternative; boundary=inner\n\n--inner\n"
        'Content-Type: text/plain; charset="UTF-8"\n\n'
        + "\n".join(body)
        + f"\n\n{quote}\n\n-- \n{name}\n\n--inner\n"
        f'Content-Type: text/html; charset="UTF-8"\n\n<html><body>{rows}</body></html>\n\n--inner--\n'
    ]
    if n % ATTACHED == 0:
        data = base64.encodebytes(rng.randbytes(rng.randint(20_000, 94_000))).decode()
        parts.append(
            "Content-Type: image/jpeg; name=photo.jpg\nContent-Disposition: attachment; filename=photo.jpg\n"
            f"Content-Transfer-Encoding: base64\n\n{data}"
        )
    return (
        f"From {1_700_000_000_000_000_000 + n}@xxx {at:%a %b %d %H:%M:%S +0000 %Y}\n"
        f"X-GM-THRID: {1_700_000_000_000_000_000 + n // 4}\nX-Gmail-Labels: Inbox,Opened\n"
        f"Received: by 2002:a05:6a20:{n:x} with SMTP id x{n};\n        {at:%a, %d %b %Y %H:%M:%S +0000}\n"
        f"Message-ID: <{n}@example.org>\nFrom: {name} <{address}>\nTo: nora.feld@example.org\n"
        f"Subject: Re: topic {n // 4}\nDate: {at:%a, %d %b %Y %H:%M:%S +0000}\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=outer\n\n--outer\n"
        + "\n--outer\n".join(parts)
        + "\n--outer--\n\n"
    )


def mbox_file(folder: Path, count: int) -> Path:
    """Mail in threads; 20,000 are 170 MB."""
    rng, at = random.Random(7), START
    file = folder / "mail.mbox"
    with file.open("w", encoding="utf-8") as stream:
        for n in range(count):
            at += timedelta(minutes=rng.randint(5, 900))
            stream.write(mail(rng, n, at))
    return file


Run = Callable[[Path], int]


def parse_ipse(name: str) -> Run:
    """Every record of the source, thrown away."""
    from ipse import plugins
    from ipse.exports import ExportPath
    from ipse.interfaces import ReadOptions

    source = plugins.source_named(name)
    return lambda file: sum(1 for _ in source.read(ExportPath.at(file), ReadOptions()))


def parse_whatstk() -> Run:
    """The peer, finding the header format itself."""
    from whatstk import WhatsAppChat

    return lambda file: len(WhatsAppChat.from_source(str(file)).df)


def parse_mailbox() -> Run:
    """The peer: bodies decoded as ours are."""
    import email
    import email.policy
    import mailbox

    def run(file: Path) -> int:
        count = 0
        for raw in mailbox.mbox(str(file)):
            message = email.message_from_bytes(raw.as_bytes(), policy=email.policy.default)
            body = message.get_body(("plain", "html"))
            count += body is None or len(body.get_content()) >= 0
        return count

    return run


def import_ipse(name: str, file: Path) -> int:
    """The whole import, from consent to durable ciphertext; only Argon2's cost is not counted as import."""
    from ipse import plugins
    from ipse.config import load_settings
    from ipse.pipeline.consents import give
    from ipse.pipeline.importing import import_
    from ipse.pipeline.workspace import Workspace
    from ipse.vault import Vault

    with tempfile.TemporaryDirectory() as folder:
        vault, _ = Vault.create(Path(folder) / "vault", "benchmark passphrase")
        with vault:
            workspace = Workspace(vault, load_settings(environment={}))
            source = plugins.source_named(name).name
            give(workspace, source, ["archive"])
            report = import_(
                workspace, [file], me=["Nora Feld"], format_name=source, progress=lambda *_: None
            )
    return sum(export.kept for export in report.exports)


def floor_sqlite(name: str, file: Path) -> int:
    """Parse and insert in the clear: no gate, no key, no audit."""
    from ipse import plugins
    from ipse.exports import ExportPath
    from ipse.interfaces import ReadOptions
    from ipse.records import Message

    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "plain.db")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE message (id TEXT PRIMARY KEY, at TEXT, sender TEXT, text TEXT)")
        found = plugins.source_named(name).read(ExportPath.at(file), ReadOptions())
        rows = ((m.id, m.at.isoformat(), m.sender.name, m.text) for m in found if isinstance(m, Message))
        db.executemany("INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?)", rows)
        db.commit()
        (count,) = db.execute("SELECT count(*) FROM message").fetchone()
        db.close()
    return int(count)


# Each makes what is timed; the libraries it needs are imported before.
RUNS: dict[str, Callable[[], Run]] = {
    "parse-whatsapp-ipse": lambda: parse_ipse("whatsapp"),
    "parse-whatsapp-whatstk": parse_whatstk,
    "parse-mbox-ipse": lambda: parse_ipse("mbox"),
    "parse-mbox-mailbox": parse_mailbox,
    "import-whatsapp-ipse": lambda: lambda file: import_ipse("whatsapp", file),
    "import-whatsapp-floor": lambda: lambda file: floor_sqlite("whatsapp", file),
    "import-mbox-ipse": lambda: lambda file: import_ipse("mbox", file),
    "import-mbox-floor": lambda: lambda file: floor_sqlite("mbox", file),
}
CHAT_MINER = """
import json, resource, sys, time
from chatminer.chatparsers import WhatsAppParser
started = time.perf_counter()
parser = WhatsAppParser(sys.argv[1])
parser.parse_file()
count = len(parser.parsed_messages.get_df(as_pandas=True))
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"count": count, "seconds": seconds, "peak_mb": peak}))
"""
NODE = """
const { readFileSync } = require("fs");
const { parseString } = require("whatsapp-chat-parser");
const started = performance.now();
const count = parseString(readFileSync(process.argv[1], "utf8")).length;
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ count, seconds, peak_mb: process.resourceUsage().maxRSS / 1024 }));
"""
# Peers that live elsewhere, each made on first use.
ELSEWHERE: dict[str, Callable[[Path], tuple[list[str], Path | None]]] = {
    "parse-whatsapp-chat-miner": lambda file: (
        [str(peers.python("chat-miner", "chat-miner==0.6.0")), "-c", CHAT_MINER, str(file)],
        None,
    ),
    "parse-whatsapp-node": lambda file: (
        ["node", "-e", NODE, str(file)],
        peers.node("whatsapp-chat-parser@4.0.2"),
    ),
}


def one(run: str, file: Path) -> None:
    """Do one run and print what it took."""
    work = RUNS[run]()
    started = time.perf_counter()
    count = work(file)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"count": count, "seconds": seconds, "peak_mb": peak}))


Figures = dict[str, float]


def once(run: str, file: Path) -> Figures:
    """One run in a process of its own; ``OSError`` or ``CalledProcessError`` where the peer is missing."""
    words, home = [sys.executable, __file__, "--one", run, "--file", str(file)], None
    if run in ELSEWHERE:
        words, home = ELSEWHERE[run](file)
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=home)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(runs: Sequence[str], file: Path, repeats: int) -> dict[str, Figures]:
    """Medians of each run that can be done, taking turns."""
    results: dict[str, list[Figures]] = {run: [] for run in runs}
    for _ in range(repeats):
        for run in list(results):
            try:
                results[run].append(once(run, file))
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{run:26}  left out, it cannot be run here: {type(error).__name__}")
                del results[run]
    return {
        run: {key: statistics.median(each[key] for each in found) for key in ("count", "seconds", "peak_mb")}
        for run, found in results.items()
    }


def compare(groups: list[tuple[list[str], Path]], repeats: int) -> None:
    """Print each group: ours first, then the others with how many times faster ours is."""
    print(f"{'run':26}{'items':>9}{'seconds':>10}{'items/s':>12}{'peak MB':>9}   ours is faster")
    for runs, file in groups:
        found = measured(runs, file, repeats)
        ours = found.get(runs[0])
        for run, figures in found.items():
            rate = figures["count"] / figures["seconds"]
            note = f"{figures['seconds'] / ours['seconds']:.2f} x" if ours and run != runs[0] else ""
            sizes = f"{figures['count']:9,.0f}{figures['seconds']:10.2f}{rate:12,.0f}"
            print(f"{run:26}{sizes}{figures['peak_mb']:9.0f}   {note}", flush=True)


def huge(folder: Path) -> None:
    """Memory to read an mbox of 2 GB, beside one of a twentieth."""
    for count in (12_000, 240_000):
        file = mbox_file(folder, count)
        size, figures = file.stat().st_size, once("parse-mbox-ipse", file)
        file.unlink()
        print(
            f"parse-mbox-ipse, {size / 1e9:.2f} GB: {figures['count']:,.0f} mails in "
            f"{figures['seconds']:.0f} s, peak {figures['peak_mb']:.0f} MB"
        )


def growth(folder: Path, count: int) -> None:
    """Memory does not grow with the file: the same import at a quarter and at the whole size."""
    for run, make in (("import-whatsapp-ipse", whatsapp_file), ("import-mbox-ipse", mbox_file)):
        size = count if make is whatsapp_file else count // 10
        peaks = []
        for share in (size // 4, size):
            (folder / str(share)).mkdir(exist_ok=True)
            peaks.append(once(run, make(folder / str(share), share))["peak_mb"])
        print(f"{run}: peak {peaks[0]:.0f} MB at {size // 4:,} items, {peaks[1]:.0f} MB at {size:,}")


def main() -> None:
    """Everything, or ``--one`` run for a child process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000, help="messages in the WhatsApp chat")
    parser.add_argument("--mails", type=int, default=20_000, help="messages in the mbox")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="only groups so named, as parse-whatsapp")
    parser.add_argument("--huge", action="store_true", help="an mbox of 2 GB instead, for its peak memory")
    parser.add_argument("--one", choices=RUNS)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    if options.one:
        one(options.one, options.file)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.huge:
            huge(folder)
            return
        chat, letters = whatsapp_file(folder, options.messages), mbox_file(folder, options.mails)
        print(f"{chat.stat().st_size / 1e6:.0f} MB of chat, {letters.stat().st_size / 1e6:.0f} MB of mail")
        groups = [
            (["parse-whatsapp-ipse", "parse-whatsapp-whatstk", *ELSEWHERE], chat),
            (["parse-mbox-ipse", "parse-mbox-mailbox"], letters),
            (["import-whatsapp-ipse", "import-whatsapp-floor"], chat),
            (["import-mbox-ipse", "import-mbox-floor"], letters),
        ]
        compare([group for group in groups if options.only in group[0][0]], options.repeats)
        if not options.only:
            growth(folder, options.messages)


if __name__ == "__main__":
    main()
