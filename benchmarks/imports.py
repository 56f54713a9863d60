"""Import speed and memory: parse alone, and whole import to durable ciphertext, each beside a peer or floor.

Every run is a process of its own on files made here with a fixed seed; medians, and ratios within one run.
Peers: whatstk (WhatsApp), the standard library's mailbox with policy.default (mbox). Floor of the whole
import: the same rows parsed and put unencrypted into SQLite, which is no vault but cannot be undercut by one.
"""

import argparse
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

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


def mbox_file(folder: Path, count: int) -> Path:
    """Plain mail in threads, with quotes and signatures."""
    rng, at = random.Random(7), START
    file = folder / "mail.mbox"
    with file.open("w", encoding="utf-8") as stream:
        for n in range(count):
            at += timedelta(minutes=rng.randint(5, 900))
            name = rng.choice(NAMES)
            address = name.lower().replace(" ", ".") + "@example.org"
            body = "\n".join(sentence(rng).replace("\n", " ") for _ in range(rng.randint(2, 9)))
            stream.write(f"From {n}@xxx {at:%a %b %d %H:%M:%S +0000 %Y}\n")
            stream.write(
                f"Message-ID: <{n}@example.org>\nFrom: {name} <{address}>\nTo: nora.feld@example.org\n"
            )
            stream.write(f"Subject: Re: topic {n // 4}\nDate: {at:%a, %d %b %Y %H:%M:%S +0000}\n")
            stream.write("Content-Type: text/plain; charset=utf-8\n\n")
            stream.write(
                f"{body}\n\nOn {at:%a, %d %b %Y} somebody wrote:\n> {sentence(rng)}\n\n-- \n{name}\n\n"
            )
    return file


def parse_ipse(name: str, file: Path) -> int:
    """Every record of the source, thrown away."""
    from ipse import plugins
    from ipse.exports import ExportPath
    from ipse.interfaces import ReadOptions

    return sum(1 for _ in plugins.source_named(name).read(ExportPath.at(file), ReadOptions()))


def parse_whatstk(file: Path) -> int:
    """The peer, finding the header format itself."""
    from whatstk import WhatsAppChat

    return len(WhatsAppChat.from_source(str(file)).df)


def parse_mailbox(file: Path) -> int:
    """The peer: bodies decoded as ours are."""
    import email
    import email.policy
    import mailbox

    count = 0
    for raw in mailbox.mbox(str(file)):
        message = email.message_from_bytes(raw.as_bytes(), policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        count += body is None or len(body.get_content()) >= 0
    return count


def import_ipse(name: str, file: Path) -> int:
    """The whole import, from consent to durable ciphertext; only Argon2's cost is not counted as import."""
    from ipse.config import load_settings
    from ipse.pipeline.consents import give
    from ipse.pipeline.importing import import_
    from ipse.pipeline.workspace import Workspace
    from ipse.vault import Vault

    with tempfile.TemporaryDirectory() as folder:
        vault, _ = Vault.create(Path(folder) / "vault", "benchmark passphrase")
        with vault:
            workspace = Workspace(vault, load_settings(environment={}))
            give(workspace, name, ["archive"])
            report = import_(workspace, [file], me=["Nora Feld"], format_name=name, progress=lambda *_: None)
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


RUNS: dict[str, Callable[[Path], int]] = {
    "parse-whatsapp-ipse": lambda file: parse_ipse("whatsapp", file),
    "parse-whatsapp-whatstk": parse_whatstk,
    "parse-mbox-ipse": lambda file: parse_ipse("gmail", file),
    "parse-mbox-mailbox": parse_mailbox,
    "import-whatsapp-ipse": lambda file: import_ipse("whatsapp", file),
    "import-whatsapp-floor": lambda file: floor_sqlite("whatsapp", file),
    "import-mbox-ipse": lambda file: import_ipse("gmail", file),
    "import-mbox-floor": lambda file: floor_sqlite("gmail", file),
}


def one(run: str, file: Path) -> None:
    """Do one run and print what it took."""
    started = time.perf_counter()
    count = RUNS[run](file)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"count": count, "seconds": seconds, "peak_mb": peak}))


def measured(run: str, file: Path, repeats: int) -> dict[str, float]:
    """Medians over processes of their own."""
    results = []
    for _ in range(repeats):
        done = subprocess.run(
            [sys.executable, __file__, "--one", run, "--file", str(file)],
            capture_output=True,
            text=True,
            check=True,
        )
        results.append(json.loads(done.stdout.splitlines()[-1]))
    return {
        key: statistics.median(result[key] for result in results) for key in ("count", "seconds", "peak_mb")
    }


def compare(pairs: list[tuple[str, str, Path]], repeats: int) -> None:
    """Print each pair: ours, the peer, and the ratio of speeds."""
    print(f"{'run':26}{'items':>9}{'seconds':>10}{'items/s':>12}{'peak MB':>9}   speed against")
    for ours, peer, file in pairs:
        first, second = measured(ours, file, repeats), measured(peer, file, repeats)
        ratio = second["seconds"] / first["seconds"]
        for run, figures, note in ((ours, first, f"{ratio:.2f} x {peer}"), (peer, second, "")):
            rate = figures["count"] / figures["seconds"]
            sizes = f"{figures['count']:9,.0f}{figures['seconds']:10.2f}{rate:12,.0f}"
            print(f"{run:26}{sizes}{figures['peak_mb']:9.0f}   {note}")


def growth(folder: Path, count: int) -> None:
    """Memory does not grow with the file: the same import at a quarter and at the whole size."""
    for run, make in (("import-whatsapp-ipse", whatsapp_file), ("import-mbox-ipse", mbox_file)):
        size = count if make is whatsapp_file else count // 10
        peaks = []
        for share in (size // 4, size):
            (folder / str(share)).mkdir(exist_ok=True)
            peaks.append(measured(run, make(folder / str(share), share), 1)["peak_mb"])
        print(f"{run}: peak {peaks[0]:.0f} MB at {size // 4:,} items, {peaks[1]:.0f} MB at {size:,}")


def main() -> None:
    """Everything, or ``--one`` run for a child process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000, help="messages in the WhatsApp chat")
    parser.add_argument("--mails", type=int, default=20_000, help="messages in the mbox")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--one", choices=RUNS)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    if options.one:
        one(options.one, options.file)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chat, mail = whatsapp_file(folder, options.messages), mbox_file(folder, options.mails)
        pairs = [
            ("parse-whatsapp-ipse", "parse-whatsapp-whatstk", chat),
            ("parse-mbox-ipse", "parse-mbox-mailbox", mail),
            ("import-whatsapp-ipse", "import-whatsapp-floor", chat),
            ("import-mbox-ipse", "import-mbox-floor", mail),
        ]
        compare(pairs, options.repeats)
        growth(folder, options.messages)


if __name__ == "__main__":
    main()
