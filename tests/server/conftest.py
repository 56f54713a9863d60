"""A real server on loopback, one a module, and ways to ask it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import uvicorn

from ipse.config import Settings, load_settings
from ipse.pipeline.tokens import SCOPES, Scope, add
from ipse.server.app import create
from ipse.server.founding import Founding
from ipse.server.guard import hosts_of
from ipse.server.serving import listen
from ipse.server.vaults import Vaults
from ipse.vault import Vault
from ipse.vault.opening import by_secret

from ..conftest import CHEAP, PASSPHRASE

NAMES = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Running:
    """A server that listens. ``ask`` carries the owner's token, ``stranger`` none."""

    address: str
    vaults: Vaults
    app: object
    folder: Path

    def token(self, *scopes: Scope, vault: str = "") -> str:
        """A new token of these scopes, all of them for none."""
        held = self.vaults.find(vault).opened
        assert held is not None
        with held.lend() as workspace:
            return add(workspace, "a test", scopes=scopes or SCOPES).secret

    def code(self) -> str:
        """A one-time code for the first vault."""
        way = self.app.state.sign_in  # type: ignore[attr-defined]
        return str(way.code(next(iter(self.vaults)).id))

    @contextmanager
    def client(self, token: str | None = None, **headers: str) -> Iterator[httpx2.Client]:
        """A client with that token, or none."""
        known = {"Authorization": f"Bearer {token}"} if token else {}
        patient = 60.0  # seconds: on a machine with other work, writing the schema took more than five
        with httpx2.Client(
            base_url=self.address, headers={**known, **headers}, trust_env=False, timeout=patient
        ) as client:
            yield client


def made(folder: Path) -> Path:
    """An empty vault whose passphrase costs little."""
    vault, _ = Vault.create(folder, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    vault.close()
    return folder


@contextmanager
def running(
    folders: list[Path],
    settings: Settings | None = None,
    *,
    locked: bool = False,
    new: Path | None = None,
) -> Iterator[Running]:
    """Serve these vaults from a thread of this process; ``new`` is where one is yet to be made."""
    settings = settings or load_settings({}, environment={})
    vaults = Vaults(settings, folders)
    for one in vaults:
        if not locked:
            one.unlock(by_secret(PASSPHRASE))
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    founding = Founding(vaults, settings, new) if new else None
    app = create(vaults, settings, hosts=hosts_of(NAMES, port, "http"), founding=founding)
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_level="error", access_log=False, ws="websockets-sansio", timeout_graceful_shutdown=2
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield Running(f"http://127.0.0.1:{port}", vaults, app, new or folders[0])
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over one empty, unlocked vault."""
    with running([made(tmp_path_factory.mktemp("served") / "vault")]) as started:
        yield started


@pytest.fixture(scope="module")
def owner(service: Running) -> Iterator[httpx2.Client]:
    """Who may everything."""
    with service.client(service.token()) as client:
        yield client


@pytest.fixture
def copies(tmp_path: Path) -> Callable[[Path], Path]:
    """Copies of a vault, to change them."""
    return lambda folder: Path(shutil.copytree(folder, tmp_path / f"copy-of-{folder.name}"))
