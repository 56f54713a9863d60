"""`ipse collect`: what may be watched, the process that does, how it stands, and how it is paused or ended.

One process a vault: it holds a lock that the kernel gives back when it ends. It gets the vault's key by a
pipe or opens the vault itself, as a service of the system does; a pause is a file and needs no passphrase.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import msgspec
from filelock import Timeout

from ipse import plugins
from ipse.config import Settings
from ipse.errors import ConsentError, SettingsError, VaultError
from ipse.interfaces import Collector
from ipse.jobs.starting import SECRETS, Child
from ipse.jobs.stopping import alive, asked_to_stop, holding, request_stop, unstop
from ipse.pipeline.days.recording import Recorder, Report
from ipse.pipeline.workspace import Workspace

__all__ = [
    "CollectorView",
    "Pause",
    "Status",
    "allow",
    "collectors",
    "configured",
    "pause",
    "paused",
    "ready",
    "record",
    "resume",
    "start",
    "status",
    "stop",
    "wanted",
]

JOB = "collect"
LIVE = ("collecting", "live")
STOP_SECONDS = 15.0
START_SECONDS = 30.0


class CollectorView(msgspec.Struct, frozen=True, kw_only=True):
    """A collector, whether it is asked for and allowed, and why it cannot run here (empty: it can)."""

    name: str
    says: str
    wanted: bool
    allowed: bool
    why_not: str = ""


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is collected until then, or until it is resumed (None)."""

    until: datetime | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Whether something is collecting, what it said last, and what could be collected."""

    running: bool
    pause: Pause | None
    report: Report | None
    collectors: tuple[CollectorView, ...]


def collectors(workspace: Workspace) -> list[CollectorView]:
    """Every collector that is installed, by name."""
    settings = workspace.settings
    return [
        CollectorView(
            name=name,
            says=part.says,
            wanted=name in wanted(settings),
            allowed=workspace.allows(name),
            why_not=part.configure(settings).check() or "",
        )
        for name, part in ((name, plugins.collector(name)) for name in plugins.collectors())
    ]


def configured(settings: Settings) -> list[Collector]:
    """The collectors that the settings ask for; raises ``PluginError`` for a name that is not known."""
    return [plugins.collector(name).configure(settings) for name in wanted(settings)]


def wanted(settings: Settings) -> list[str]:
    """The collectors that are chosen, and those that projects learn from."""
    known = set(plugins.collectors())
    projects = [one.name for one in settings.data_sources if one.name in known and not one.path]
    return list(dict.fromkeys([*settings.collect.collectors, *projects]))


def ready(workspace: Workspace) -> list[Collector]:
    """The collectors that are allowed; one that cannot run here begins as soon as it can.

    Raises ``ConsentError`` where none is allowed, and ``SettingsError`` where none that is can run here.
    """
    chosen = configured(workspace.settings)
    allowed = [one for one in chosen if workspace.allows(one.name)]
    if not allowed:
        told_of = ", ".join(one.name for one in chosen) or "none is chosen"
        raise ConsentError(f"No collector is allowed ({told_of}).", hint="Allow them: ipse collect start.")
    if all(one.check() is not None for one in allowed):
        raise SettingsError("No collector can run here.", hint="See why: ipse collect list.")
    return allowed


def allow(workspace: Workspace, names: Sequence[str]) -> list[str]:
    """Give consent for these collectors, to keep and to learn; returns those that had none."""
    from ipse.pipeline.consents import (
        give,
    )  # with what a withdrawal erases: learners, which need no memory here

    new = [name for name in names if not workspace.allows(name)]
    for name in new:
        give(workspace, name, ("archive", "events"))
    return new


def record(
    workspace: Workspace, stop: threading.Event | None = None, told: Callable[[Report], None] = lambda _: None
) -> Report:
    """Collect in this process until it is asked to stop; raises ``ConsentError`` where nothing is allowed."""
    folder, ended = workspace.vault.folder, stop or threading.Event()
    chosen = ready(workspace)
    with ExitStack() as held:
        try:
            held.enter_context(holding(folder, JOB))
        except Timeout:
            raise VaultError("Another process collects already.", hint="See `ipse collect status`.") from None
        unstop(folder, JOB)
        names = [one.name for one in chosen]
        recorder = Recorder(workspace, chosen, paused=_Paused(folder))
        workspace.vault.put(*LIVE, b"", action="collect.start", details={"collectors": " ".join(names)})
        told = _telling(workspace, told)
        told(recorder.report())
        watcher = threading.Thread(target=_wait_for_stop, args=(folder, ended), daemon=True)
        watcher.start()
        report = recorder.run(ended, told)
        details = {"kept": report.kept, "dropped": report.dropped, "excluded": report.excluded}
        workspace.vault.note("collect.stop", details)
        unstop(folder, JOB)
    return report


def start(folder: Path, hand: Callable[[IO[bytes]], None]) -> None:
    """Begin to collect in a process of its own, which outlives this one; raises ``VaultError``."""
    if alive(folder, JOB):
        raise VaultError("Another process collects already.", hint="See `ipse collect status`.")
    unstop(folder, JOB)
    child = _child(folder, hand)
    until = time.monotonic() + START_SECONDS
    while not alive(folder, JOB) and child.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    if child.poll() is not None:
        raise VaultError(
            "Collecting ended as soon as it began.", hint="See why: ipse collect start --foreground."
        )


def stop(folder: Path) -> bool:
    """Ask it to end, and wait until what waited is kept; tells whether it ran."""
    if not alive(folder, JOB):
        return False
    request_stop(folder, JOB)
    until = time.monotonic() + STOP_SECONDS
    while alive(folder, JOB):
        if time.monotonic() > until:
            raise VaultError("It does not end.", hint="Its number is in `ipse collect status`; end that.")
        time.sleep(0.05)
    return True


def pause(folder: Path, minutes: float | None = None) -> Pause:
    """Private mode: from now on nothing is collected, for so many minutes or until it is resumed."""
    made = Pause(until=datetime.now(UTC) + timedelta(minutes=minutes) if minutes is not None else None)
    _pause_file(folder).write_bytes(msgspec.json.encode(made))
    return made


def resume(folder: Path) -> bool:
    """End the pause; tells whether there was one."""
    was = paused(folder) is not None
    _pause_file(folder).unlink(missing_ok=True)
    return was


def paused(folder: Path) -> Pause | None:
    """The pause that holds now."""
    try:
        held = msgspec.json.decode(_pause_file(folder).read_bytes(), type=Pause)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, OSError):
        return Pause()  # unreadable: better private than not
    return held if held.until is None or held.until > datetime.now(UTC) else None


def status(workspace: Workspace) -> Status:
    """How collecting stands."""
    folder = workspace.vault.folder
    raw = workspace.vault.get_aside(*LIVE) if LIVE[1] in workspace.vault.ids(LIVE[0]) else None
    return Status(
        running=alive(folder, JOB),
        pause=paused(folder),
        report=msgspec.json.decode(raw, type=Report) if raw else None,
        collectors=tuple(collectors(workspace)),
    )


class _Paused:
    """Whether a pause holds: looked for at most four times a second."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked, self._held = 0.0, False

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self._looked > 0.25:
            self._looked, self._held = now, paused(self._folder) is not None
        return self._held


def _telling(workspace: Workspace, told: Callable[[Report], None]) -> Callable[[Report], None]:
    def tell(report: Report) -> None:
        with suppress(OSError):  # a full disk: what it says is not worth ending for
            workspace.vault.put_aside(*LIVE, msgspec.json.encode(report))
        told(report)

    return tell


def _wait_for_stop(folder: Path, ended: threading.Event) -> None:
    while not ended.wait(0.5):
        if asked_to_stop(folder, JOB) == "stop":
            ended.set()


def _pause_file(folder: Path) -> Path:
    (folder / "jobs").mkdir(mode=0o700, exist_ok=True)
    return folder / "jobs" / f"{JOB}.private"


def _child(folder: Path, hand: Callable[[IO[bytes]], None]) -> Child:
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    child = Child(
        (sys.executable, "-P", "-m", "ipse.pipeline.days.collector", str(folder.resolve())),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    assert child.stdin is not None
    with suppress(BrokenPipeError):
        hand(child.stdin)
        child.stdin.close()
    return child
