"""The web app in a real browser, over the real ``ipse serve``."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src" / "ipse" / "server" / "static"
EXPORTS = ROOT / "examples" / "demo" / "exports"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERVE = ("serve", "--no-browser", "--port", "0", "--json")
SETTLED = """() => document.querySelector('h1, h2')
    && !document.querySelector('main [role=status], #root > [role=status]')"""
PATIENCE = 60_000  # milliseconds; a loaded machine is slow, and nothing here is timed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the browser or the built app where they are absent, and say so."""
    lacking = (
        "no Chromium (tools/chromium.sh)"
        if not CHROMIUM
        else "the web app is not built (make web)"
        if not (STATIC / "index.html").is_file()
        else ""
    )
    if not lacking:
        return
    for item in items:
        if Path(__file__).parent in item.path.parents and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=lacking))


@dataclass
class Service:
    """A running ``ipse serve``: where it is, and the link that signs one browser in."""

    address: str
    link: str
    folder: Path
    process: subprocess.Popen[str]


@dataclass
class Visit:
    """A page, with everything that it said and asked for."""

    page: Page
    address: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("request", self._request)

    def go(self, path: str = "") -> Page:
        """Open a page of the app and wait until nothing of it is awaited."""
        self.page.goto(self.address + path.lstrip("/"))
        self.settle()
        return self.page

    def settle(self) -> None:
        """Until there is a page, and nothing on it says that it waits."""
        self.page.wait_for_function(SETTLED, timeout=PATIENCE)

    def findings(self, *rules: str) -> list[str]:
        """What axe has against the page as it is: serious and critical findings, with where.

        By these rules alone, or by all.
        """
        self.page.evaluate(
            # One that is cut off, as by what comes next, is over too.
            "async () => { await Promise.allSettled(document.getAnimations().map((a) => a.finished)) }"
        )
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))  # not a script element: the CSP lets none in
        options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        found: dict[str, Any] = self.page.evaluate("(options) => axe.run(document, options)", options)
        return [
            f"{one['id']} ({one['impact']}): {node['target']} {node.get('failureSummary', '')[:200]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    def outside(self) -> list[str]:
        """What was asked of anybody but the service."""
        known = (self.address, "data:", f"blob:{self.address}", self.address.replace("http", "ws", 1))
        return [one for one in self.asked if not one.startswith(known)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)


def serving(folder: Path, home: Path, port: int = 0) -> Service:
    """Start ``ipse serve`` on a vault that is there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IPSE_")}
    environment = {
        **kept,
        "IPSE_PASSPHRASE": PASSPHRASE,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "IPSE_BACKUP__FOLDER": str(home / "backups"),
    }
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ipse",
            "serve",
            "--no-browser",
            "--port",
            str(port),
            "--json",
            "--vault",
            str(folder),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        cwd=home,
    )
    assert process.stdout is not None
    told = ""
    for line in process.stdout:  # until it has said where it is
        told += line
        try:
            link = json.loads(told)
        except json.JSONDecodeError:
            continue
        return Service(link["address"], link["sign_in"], folder, process)
    raise AssertionError(f"ipse serve ended: {told}")


def ended(service: Service) -> None:
    """Stop it and wait."""
    service.process.terminate()
    service.process.wait(timeout=30)
    assert service.process.stdout is not None
    service.process.stdout.close()


def empty_vault(folder: Path) -> Path:
    """A vault with nothing in it, whose passphrase costs little."""
    vault, _ = Vault.create(folder, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    vault.close()
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a file: while it is there this thread has a loop that runs."""
    with sync_playwright() as playwright:
        held = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield held
        held.close()


def visit(context: BrowserContext, service: Service) -> Visit:
    """A new page that listens; it is signed in if the context is."""
    context.set_default_timeout(PATIENCE)
    made = Visit(context.new_page(), service.address)
    made.listen()
    return made
