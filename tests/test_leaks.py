"""Nothing of an import stands readable on the disk: canaries, every command, then every byte searched."""

import json
import os
import random
import string
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

SHORTEST = 8  # characters of a canary's end that are still looked for: remnants lose their beginnings first
SEED = 20261121
PRINTS_CONTENT = {
    "answer",
    "chat",
    "export",
    "sources",
}  # commands whose stdout is the owner's text, by design


def canary(rng: random.Random) -> str:
    """Twenty random letters, unlike any word."""
    return "".join(rng.choices(string.ascii_lowercase, k=20))


class Planted:
    """Canaries by what they stand for, and three exports full of them."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.all: dict[str, str] = {}

    def new(self, kind: str) -> str:
        self.all[f"{kind} {len(self.all)}"] = planted = canary(self._rng)
        return planted

    def chat(self, folder: Path) -> None:
        contact, lines = self.new("contact").title(), []
        for n in range(60):
            at = f"{n % 27 + 1:02}/{n // 27 + 1:02}/2023, 1{n % 10}:0"
            lines.append(f"{at}1 - {contact}: did you see {self.new('their words')} yet?")
            lines.append(f"{at}5 - Nora Feld: yes!! {self.new('own words')} was great :)")
        lines.append(f"28/03/2023, 10:00 - {contact}: {self.new('file')}.jpg (file attached)")
        lines.append(f"28/03/2023, 10:01 - {contact}: write to {self.new('mail')}@example.org")
        with zipfile.ZipFile(folder / f"WhatsApp Chat - {contact}.zip", "w") as archive:
            archive.writestr("_chat.txt", "\n".join(lines))

    def mails(self, folder: Path) -> None:
        out = []
        for n in range(6):
            who = self.new("correspondent")
            out.append(f"From {n}@xxx Tue Mar 11 01:31:2{n} +0000 2025")
            out.append(f"Message-ID: <{self.new('message id')}@example.org>")
            out.append(f"From: {who.title()} <{who}@{self.new('domain')}.example>\nTo: nora@example.org")
            out.append(f"Subject: {self.new('subject')}\nDate: Tue, 11 Mar 2025 0{n}:31:25 +0000\n")
            out.append(f"Hello, {self.new('mail body')} is what I wanted to say.\n")
            out.append(f"From {n}1@xxx Tue Mar 11 02:31:2{n} +0000 2025\nMessage-ID: <{n}own@example.org>")
            out.append(f"From: Nora Feld <nora@example.org>\nTo: {who}@example.com\nSubject: Re: it")
            out.append(f"Date: Tue, 11 Mar 2025 0{n}:51:25 +0000\n\nyes!! {self.new('own mail')} it is :)\n")
        (folder / "All mail.mbox").write_text("\n".join(out), encoding="utf-8")

    def reflections(self, folder: Path) -> None:
        rows = ["user_id,question_id,question,response_text,word_count,response_time_seconds"]
        rows += [
            f"nora,q{n},What about {self.new('question')}?,I think {self.new('reflection')} so,4,9"
            for n in range(20)
        ]
        (folder / "reflections.csv").write_text("\n".join(rows), encoding="utf-8")


def found(canaries: Mapping[str, str], folders: Iterable[Path]) -> list[str]:
    """Which canaries stand in which files, in any case, in UTF-8 or UTF-16, whole or by their end."""
    hits = []
    needles = {
        name: [end.encode(code) for end in (text[-SHORTEST:],) for code in ("utf-8", "utf-16-le")]
        for name, text in canaries.items()
    }
    for file in (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()):
        data = file.read_bytes().lower()
        hits += [
            f"{name} in {file.name}" for name, ends in needles.items() if any(end in data for end in ends)
        ]
        hits += [
            f"{name} names {file}" for name, text in canaries.items() if text[-SHORTEST:] in str(file).lower()
        ]
    return hits


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """An environment whose every writable place lies under one folder."""
    places = {
        name: tmp_path / "machine" / name.lower()
        for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    }
    places |= {
        name: tmp_path / "machine" / name.lower()
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR")
    }
    for place in places.values():
        place.mkdir(parents=True)
    own = {
        "IPSE_VAULT": str(tmp_path / "machine" / "vault"),
        "IPSE_PASSPHRASE": "a passphrase of no quokka at all",
    }
    return {**os.environ, **{name: str(place) for name, place in places.items()}, **own}


def run(words: list[str], machine: dict[str, str], logs: Path) -> str:
    """Run a command in the machine's work folder; its output is a log that is searched too."""
    work = logs.parent / "work"
    work.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore", "-m", "ipse", *words],
        env=machine, cwd=work, capture_output=True, text=True, check=False, input="hello there\n\n",
    )  # fmt: skip
    assert done.returncode == 0, f"{words[0]}: {done.stderr[-600:]}"
    log = logs / f"{len(list(logs.iterdir())):02}-{words[0]}.log"
    log.write_text(done.stderr + ("" if words[0] in PRINTS_CONTENT else done.stdout), encoding="utf-8")
    return done.stdout


def test_no_canary_is_readable_anywhere_after_every_command(tmp_path: Path, machine: dict[str, str]) -> None:
    planted, exports, logs = Planted(SEED), tmp_path / "exports", tmp_path / "machine" / "logs"
    exports.mkdir()
    logs.mkdir()
    for make in (planted.chat, planted.mails, planted.reflections):
        make(exports)
    recovery = json.loads(run(["init", "--json"], machine, tmp_path / "machine" / "logs"))["recovery_key"]
    (logs / "00-init.log").unlink()  # it shows the recovery key, once and by design
    for source in ("whatsapp", "gmail", "reflections"):
        run(["consent", "give", "--source", source, "--purpose", "archive", "style", "--yes"], machine, logs)
    me = ["--me", "Nora Feld", "--me", "nora@example.org", "--me", "nora"]
    for _ in range(2):
        report = json.loads(run(["import", str(exports), *me, "--json", "--tz", "UTC"], machine, logs))
        # The report names the files the owner named; a contact may be in such a name.
        for log in logs.glob("*-import.log"):
            log.unlink()
    assert sum(export["duplicates"] for export in report["exports"]) > 150
    consent = json.loads(run(["consent", "list", "--json"], machine, logs))[0]["id"]
    for words in (
        ["consent", "notice"], ["consent", "show", consent], ["prepare"], ["train"], ["train"],
        ["models", "list"], ["models", "show"], ["models", "rollback"], ["models", "promote", "v2"],
        ["evaluate", "--out", str(tmp_path / "machine" / "scorecard")], ["answer", "did you see it yet?"],
        ["answer", "did you see it yet?", "--json"], ["chat"], ["export", "messages"], ["export", "dataset"],
        ["sources"], ["sources", "preview", str(exports / "reflections.csv"), "--json"],
        ["jobs", "list"], ["jobs", "stop", "none"], ["audit", "show"], ["audit", "verify"],
        ["settings", "show"], ["settings", "schema"],
        ["consent", "withdraw", consent, "--yes"],
    ):  # fmt: skip
        run(words, machine, logs)
    secrets = {**planted.all, "passphrase": machine["IPSE_PASSPHRASE"], "recovery key": recovery.lower()}
    assert len(planted.all) > 180
    assert found(secrets, [tmp_path / "machine"]) == []


def test_the_search_finds_every_canary_in_the_plain_exports(tmp_path: Path) -> None:
    planted, exports = Planted(SEED), tmp_path / "exports"
    exports.mkdir()
    for make in (planted.chat, planted.mails, planted.reflections):
        make(exports)
    for archive in list(exports.glob("*.zip")):
        zipfile.ZipFile(archive).extractall(exports)
    hits = found(planted.all, [exports])
    assert [name for name in planted.all if not any(hit.startswith(f"{name} ") for hit in hits)] == []


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le"])
def test_the_search_finds_the_end_of_a_canary_in_a_database(tmp_path: Path, code: str) -> None:
    text = canary(random.Random(1))
    (tmp_path / "keys.db-wal").write_bytes(bytes(4096) + text[-SHORTEST:].upper().encode(code) + bytes(99))
    assert found({"x": text}, [tmp_path]) == ["x in keys.db-wal"]
