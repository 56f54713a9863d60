"""The vaults that are served: which are unlocked, and the workspaces that requests borrow.

The rule of access: a workspace is used by one request (or one piece of background work) at a time. Each vault
has up to ``service.workers`` of them, opened as needed and kept for the next; between them the vault's own
lock keeps order, as it does between processes, for each has its own connections. Who finds none idle waits
a little, and is then told to come again. Nobody keeps a workspace while waiting for something else: a stream
borrows one for each piece. Child processes open the vault themselves.
"""

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple, Protocol, TypeVar, cast

from ipse.config import Settings
from ipse.errors import AccessError, BusyError, DamagedVaultError, NotFoundError
from ipse.pipeline.tokens import Token
from ipse.pipeline.unlocking import Keeper
from ipse.pipeline.watching import Watch
from ipse.pipeline.workspace import Workspace
from ipse.server.passes import Passes
from ipse.vault import Vault
from ipse.vault.opening import Opener, by_master
from ipse.vault.scratch import scratch

__all__ = ["Closing", "OpenVault", "Served", "Vaults"]

WAIT_SECONDS = 10.0  # for a workspace; a request that takes longer than this is a job
SETTLE_SECONDS = 1.0  # for which settings that were chosen elsewhere may be unknown
HEADER = "vault.json"


class Closing(Protocol):
    """What works for one open vault, such as a queue: ended before the vault is locked."""

    def close(self) -> None:
        """End it and wait until it uses the vault no more."""


T = TypeVar("T", bound=Closing)


_Stamp = tuple[int, int, int]


class _Held(NamedTuple):
    """A workspace, and what the header was when it was opened."""

    workspace: Workspace
    stamp: _Stamp


class OpenVault:
    """One unlocked vault: lends workspaces, and holds what works for it while it is open."""

    def __init__(self, settings: Settings, opener: Opener) -> None:
        self.settings = settings
        self._workers = settings.service.workers
        self._free = threading.Condition()
        self._idle: list[_Held] = []
        self._lent = 0
        self._ending = self._closed = False
        self._chosen_at = -math.inf
        self._parts: dict[type[Closing], Closing] = {}
        self._keeper = Keeper(opener)
        first = Workspace.open(settings, self._keeper, temporary=False)
        self.id = first.vault.id
        self.folder = first.vault.folder
        self._header = _stamp(self.folder)
        self._idle.append(_Held(first, self._header))
        self._sound = self._header  # the newest header known to be of the same master key
        self._looking = self.own()
        self.watch = Watch(self._looking.vault)
        self.passes = Passes(self.watch)

    @property
    def closed(self) -> bool:
        """Whether it was locked, or found to be under another master key since."""
        return self._closed

    def hand(self, pipe: IO[bytes]) -> None:
        """Write the key to a pipe: for a child process that does a job."""
        self._keeper.hand(pipe)

    def own(self) -> Workspace:
        """A workspace for a thread that works as long as the vault is open; that thread closes it."""
        return Workspace.open(self.settings, by_master(self._keeper.key()), purge=False, temporary=False)

    @contextmanager
    def lend(self) -> Iterator[Workspace]:
        """A workspace for one request; raises ``BusyError`` when none gets free in time.

        Do not ask for a second one while holding one.
        """
        held = self._take()
        try:
            # Somebody may have chosen other settings: here since it was last lent, or in another process.
            if held.workspace.settled_at <= max(self._chosen_at, time.monotonic() - SETTLE_SECONDS):
                held.workspace.settle()
            yield held.workspace
        finally:
            self._give_back(held)

    def settled(self) -> None:
        """Other settings were chosen: whoever borrows from now on goes by them."""
        self._chosen_at = time.monotonic()

    def known(self, secret: str) -> Token | None:
        """Whose token this is, where that can be told at once, without a workspace and without waiting."""
        if self._ending or self._closed or _stamp(self.folder) != self._sound:
            return None
        return self.passes.glance(secret)

    def part(self, kind: type[T], make: Callable[["OpenVault"], T]) -> T:
        """The one ``kind`` that works for this vault, made when it is first asked for."""
        with self._free:
            if self._ending:
                raise _locked()
            if kind not in self._parts:
                self._parts[kind] = make(self)
            return cast("T", self._parts[kind])

    def working(self, kind: type[T]) -> T | None:
        """The one ``kind`` that works for this vault already; waits for nobody."""
        return cast("T | None", self._parts.get(kind))

    def close(self) -> None:
        """Lock it: what works for it ends, who holds a workspace finishes, the key is forgotten."""
        with self._free:
            self._ending = True
            parts, self._parts = list(self._parts.values()), {}
        for part in parts:
            part.close()  # they may still need the vault for it
        with self._free:
            self._closed = True
            self._free.wait_for(lambda: self._lent == 0, timeout=WAIT_SECONDS)
            self._let_go()
            self._looking.close()
            self._keeper.wipe()

    def _take(self) -> _Held:
        until = time.monotonic() + WAIT_SECONDS
        with self._free:
            while not self._closed and not self._idle and self._lent >= self._workers:
                if not self._free.wait(timeout=until - time.monotonic()):
                    raise BusyError("Too many ask at once.", hint="Try again in a moment.", after=2.0)
            if self._closed:
                raise _locked()
            stamp = _stamp(self.folder)
            self._let_go(stamp)
            idle = self._idle.pop() if self._idle else None
            self._lent += 1
        try:
            held = idle or _Held(self.own(), stamp)
            self._sound = stamp
            return held
        except DamagedVaultError:
            self._returned(None)
            if stamp == self._header:
                raise
            self.close()  # the master key is another since
            raise _locked() from None
        except BaseException:
            self._returned(None)
            raise

    def _give_back(self, held: _Held) -> None:
        held.workspace.warnings.clear()
        held.workspace.vault.journal.by = ""
        keep = not self._closed and held.stamp == _stamp(self.folder)
        if not keep:
            held.workspace.close()
        self._returned(held if keep else None)

    def _returned(self, held: _Held | None) -> None:
        with self._free:
            self._lent -= 1
            if held is not None:
                self._idle.append(held)
            self._free.notify_all()

    def _let_go(self, stamp: _Stamp | None = None) -> None:
        """Close what was opened by another header than this: master key or catalog may be others since."""
        for held in [one for one in self._idle if one.stamp != stamp]:
            self._idle.remove(held)
            held.workspace.close()


class Served:
    """One vault that the service answers for, locked or not; ``id`` can be read without its key."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.folder = folder
        self.id = Vault.info(folder).id
        self.settings = settings.model_copy(update={"vault": str(folder)})
        self._guard = threading.Lock()
        self._opened: OpenVault | None = None
        self._then: list[Callable[[OpenVault], object]] = []

    @property
    def opened(self) -> OpenVault | None:
        """It, if it is unlocked."""
        return None if self._opened is None or self._opened.closed else self._opened

    def unlock(self, opener: Opener) -> OpenVault:
        """Open it, if it is not; raises like ``Workspace.open``."""
        with self._guard:
            if self._opened is None or self._opened.closed:
                self._opened = OpenVault(self.settings, opener)
                for begin in self._then:
                    begin(self._opened)
            return self._opened

    def when_open(self, begin: Callable[[OpenVault], object]) -> None:
        """Call ``begin`` each time it is unlocked, and now if it is."""
        with self._guard:
            self._then.append(begin)
            if self.opened is not None:
                begin(self.opened)

    def lock(self) -> None:
        """Close it; nobody is let in until it is unlocked again."""
        with self._guard:
            held, self._opened = self._opened, None
        if held is not None:
            held.close()


class Vaults:
    """Every vault of this service. Temporary files of the process lie in the first one's folder.

    There may be none yet, where one is to be made in the browser.
    """

    def __init__(self, settings: Settings, folders: Sequence[Path]) -> None:
        self._settings = settings
        self._served: dict[str, Served] = {}
        self._open = ExitStack()
        self._then: list[Callable[[OpenVault], object]] = []
        for folder in folders:
            self.adopt(folder)

    def adopt(self, folder: Path) -> Served:
        """Serve one more vault, locked."""
        served = Served(self._settings, folder)
        if not self._served:
            self._open.enter_context(scratch(folder))
        self._served = {**self._served, served.id: served}  # others may be going over it
        for begin in self._then:
            served.when_open(begin)
        return served

    def __iter__(self) -> Iterator[Served]:
        """In the order given."""
        return iter(self._served.values())

    def when_open(self, begin: Callable[[OpenVault], object]) -> None:
        """Call ``begin`` with each vault as it is unlocked: for what works without being asked."""
        self._then.append(begin)
        for served in self:
            served.when_open(begin)

    def find(self, id_: str) -> Served:
        """The vault of that id, or the only one for no id; raises ``NotFoundError``."""
        if not id_ and len(self._served) == 1:
            return next(iter(self))
        if id_ not in self._served:
            raise NotFoundError("There is no such vault here.", hint="See `ipse vault status` for its id.")
        return self._served[id_]

    def opened(self, id_: str) -> OpenVault:
        """The unlocked vault of that id; raises ``AccessError`` if it is locked or not served."""
        served = self._served.get(id_)
        if served is None or served.opened is None:
            raise _locked()
        return served.opened

    def close(self) -> None:
        """Lock all of them."""
        for served in self:
            served.lock()
        self._open.close()


def _stamp(folder: Path) -> _Stamp:
    """What changes when the header is written, or is not there: then opening tells why."""
    try:
        found = os.stat(os.path.join(folder, HEADER))  # noqa: PTH116, PTH118 - with each request, several times
    except FileNotFoundError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _locked() -> AccessError:
    return AccessError("The vault is locked.", hint="Unlock it: sign in with its passphrase.")
