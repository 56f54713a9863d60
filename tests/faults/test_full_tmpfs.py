"""A disk that is really full: a small tmpfs, where this machine lets its user mount one."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.privacy.roster import Roster
from ipse.vault import KdfParameters, Vault, reserve

from ..soak import rounds
from .test_failing_calls import FIRST

ROOT = Path(__file__).resolve().parents[2]
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
MOUNTED = 'mount -t tmpfs -o size="$1" none "$2" && cp -r "$3/." "$2" && shift 3 && exec "$@"'
FILLED = """
import sys
from pathlib import Path
from ipse.vault import reserve
from tests.faults.test_failing_calls import erase_all_but_mail, fill
from tests.vault.conftest import make_messages

folder = Path(sys.argv[1])
if len(sys.argv) > 2:
    (folder / reserve.RESERVE).unlink()
    (folder.parent / "taken").write_bytes(bytes(reserve.BYTES))
acked = fill(folder, make_messages)
assert erase_all_but_mail(folder) == acked
print(acked)
"""
Clear = Callable[..., list[Any]]


def on_tmpfs(size: int, place: Path, content: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a namespace of its own, where a tmpfs of that size with that content is ``place``."""
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNTED, "sh", str(size), str(place)]
    return subprocess.run(
        [*words, str(content), *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, messages: Clear) -> Path:
    """A folder with a vault; skips where nothing can be mounted."""
    root = tmp_path_factory.mktemp("ready")
    for name in ("empty", "none"):
        (root / name).mkdir()
    if shutil.which("unshare") is None or on_tmpfs(65536, root / "empty", root / "none", "true").returncode:
        pytest.skip("no tmpfs can be mounted here")
    vault, _ = Vault.create(root / "disk" / "vault", FIRST, kdf=CHEAP, allow_weak=True)
    with vault:
        vault.keep(messages("a", range(300)), source="whatsapp")
        vault.keep(messages("m", range(20)), source="gmail")
        vault.put("roster", "roster", Roster().dumps(), action="t", details={})
    return root / "disk"


def size_of(folder: Path) -> int:
    """In whole pages, as a tmpfs counts."""
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("room", [n * 24_000 for n in range(rounds(2, 50))])
def test_what_is_to_be_forgotten_on_it_can_be(ready: Path, tmp_path: Path, room: int) -> None:
    size = size_of(ready) + room
    done = on_tmpfs(size, tmp_path, ready, sys.executable, "-c", FILLED, str(tmp_path / "vault"))
    assert done.returncode == 0, done.stderr


def test_without_its_reserve_it_cannot(ready: Path, tmp_path: Path) -> None:
    """The control."""
    size = size_of(ready) + 24_000
    done = on_tmpfs(size, tmp_path, ready, sys.executable, "-c", FILLED, str(tmp_path / "vault"), "taken")
    assert done.returncode == 1
    assert "FullDiskError" in done.stderr
    assert (ready / "vault" / reserve.RESERVE).exists()
