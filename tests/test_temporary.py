"""Where files are opened for writing by imports, training, erasures and backups: in the vault alone."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from .conftest import CHEAP, PASSPHRASE
from .soak import SOAK

# Every process logs what Python opens for writing, and where SQLite is told to.
HOOK = """
import os, sys
log = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def watch(event, args):
    if event == "open" and args[2] is not None and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        name = args[0]
    elif event == "os.mkdir":
        name = args[0]
    elif event == "sqlite3.connect":
        name = os.fsdecode(args[0]).removeprefix("file:").partition("?")[0]
    else:
        return
    if isinstance(name, (str, bytes, os.PathLike)):
        os.write(log, os.path.abspath(os.fsdecode(name)).encode() + b"\\n")
sys.addaudithook(watch)
"""
STRACE = ("strace", "-f", "-qq", "-e", "trace=openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2")
WROTE = re.compile(r"(?:O_WRONLY|O_RDWR|O_CREAT|mkdir|creat\(|rename)")
NAMED = re.compile(r'"((?:[^"\\]|\\.)*)"')

Watch = Callable[..., set[str]]


def exports(folder: Path) -> None:
    """A chat, and a database in a zip, which SQLite can read from a copy only."""
    folder.mkdir()
    lines = []
    for n in range(80):
        at = f"{n // 3 % 27 + 1:02}/{n // 60 + 1:02}/2023, {8 + n % 3 * 4:02}"
        lines += [f"{at}:00 - Ilka Brandt: what about {n}?", f"{at}:04 - Nora Feld: yes!! {n} sounds great"]
    (folder / "WhatsApp Chat with Ilka Brandt.txt").write_text("\n".join(lines), encoding="utf-8")
    database = folder.parent / "reflections.db"
    columns = "user_id, question_id, question, response_text, word_count, response_time_seconds, created_at"
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(f"CREATE TABLE reflections ({columns})")
        row = ("Nora Feld", "q1", "What about soup?", "I like soup very much", 5, 30, "2023-05-01")
        db.execute("INSERT INTO reflections VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    with zipfile.ZipFile(folder / "reflections.zip", "w") as archive:
        archive.write(database, "reflections.db")


# strace sees what libraries in C do as well; both are for machines with time.
TRACED = ["strace"] if shutil.which("strace") else []
WATCHES = ["audit hook", *TRACED] if SOAK or not TRACED else TRACED


@pytest.fixture(params=WATCHES)
def watch(request: pytest.FixtureRequest, tmp_path: Path) -> Watch:
    """Runs a command and returns the paths it, or what it started, made or opened for writing."""
    hook, home, log = tmp_path / "hook", tmp_path / "home", tmp_path / "watch.log"
    for place in (hook, home, home / "tmp", tmp_path / "work"):
        place.mkdir(exist_ok=True)
    if request.param == "audit hook":
        (hook / "sitecustomize.py").write_text(HOOK)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))
    } | {
        "PYTHONPATH": str(hook),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WATCH_LOG": str(log),
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "IPSE_VAULT": str(tmp_path / "vault"),
        "IPSE_PASSPHRASE": PASSPHRASE,
    }

    def run(*words: str) -> set[str]:
        log.unlink(missing_ok=True)
        tracer = (*STRACE, "-o", str(log)) if request.param == "strace" else ()
        done = subprocess.run(
            [*tracer, sys.executable, *words],
            env=environment, cwd=tmp_path / "work", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-800:]
        told = log.read_text(encoding="utf-8").splitlines()
        if request.param == "strace":
            told = [name for line in told if WROTE.search(line) and " = -1 " not in line
                    for name in NAMED.findall(line)]  # fmt: skip
        return {name for name in told if name and not name.startswith(("/dev/", "/proc/"))} - {str(log)}

    return run


def outside(found: set[str], *places: Path) -> set[str]:
    return {name for name in found if not any(Path(name).is_relative_to(place) for place in places)}


def test_nothing_is_written_outside_the_vault(watch: Watch, tmp_path: Path) -> None:
    vault, backups = tmp_path / "vault", tmp_path / "backups"
    exports(tmp_path / "exports")
    made, _ = Vault.create(vault, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with made:
        for source in ("whatsapp", "reflections"):
            give(Workspace(made, load_settings({}, environment={})), source, ["archive", "style"])
    found = watch("-m", "ipse", "sources", "find", str(tmp_path / "exports"))
    assert outside(found, vault) == set()
    found = watch("-m", "ipse", "import", str(tmp_path / "exports"), "--me", "Nora Feld", "--json")
    assert any(Path(name).is_relative_to(vault / "tmp") and "copy" in name for name in found)
    assert outside(found, vault) == set()
    for words in (["prepare"], ["train", "--yes"], ["vault", "reencrypt", "--yes"]):
        assert outside(watch("-m", "ipse", *words), vault) == set(), words
    assert outside(watch("-m", "ipse", "backup", str(backups), "--json"), vault, backups) == set()
    found = watch("-m", "ipse", "forget", "--contact", "Ilka Brandt", "--yes", "--json")
    assert outside(found, vault) == set()
    assert list((vault / "tmp").iterdir()) == []
    assert list((tmp_path / "home" / "tmp").iterdir()) == []


def test_the_watch_sees_what_is_written_elsewhere(watch: Watch, tmp_path: Path) -> None:
    """The control: a temporary file, a folder, and a database of SQLite."""
    code = "import tempfile, sqlite3; tempfile.TemporaryFile(dir='.'); tempfile.mkdtemp()"
    found = watch("-c", f"{code}; sqlite3.connect('x.db').execute('create table a (b)')")
    assert any(name.startswith(str(tmp_path / "home" / "tmp")) for name in found)
    assert any(name.endswith("x.db") for name in found)
