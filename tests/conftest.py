"""What every test needs: closed sockets, quiet threads, the shared data where it is present."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipse.vault import KdfParameters, Vault

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HF_HUB_OFFLINE"] = "1"

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
PASSPHRASE = "a passphrase for tests"
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the shared data where it is absent, and say so."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason=f"the shared data is not beside this checkout ({SHARED.name}/ is absent)")
    for item in items:
        if "shared" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def closed_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        local = self.family == socket.AF_UNIX or str(address[0]) in LOOPBACK
        assert local, f"a test tried to reach {address!r}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings, vaults and environment of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith("IPSE_")]:
        monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture
def shared() -> Path:
    """The folder of real data; tests that use it carry the mark `shared`."""
    return SHARED


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault whose passphrase costs little."""
    made, _ = Vault.create(tmp_path / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with made:
        yield made
