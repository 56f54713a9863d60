"""An encrypted export in the browser: its passphrase is asked for, a wrong one told, and nothing keeps it."""

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from ..conftest import PASSPHRASE
from ..sources.signal_backups import DIGITS
from ..sources.test_signal_backup import say, started
from .conftest import PATIENCE, empty_vault, ended, serving, visit

ROUNDS = 250_000  # of the app itself, for the service stretches the key as often


def test_a_backup_of_signal_is_opened_by_its_digits(browser: Browser, tmp_path: Path) -> None:
    folder = empty_vault(tmp_path / "vault")
    with Vault.open(folder, PASSPHRASE) as vault:
        give(Workspace(vault, load_settings(environment={})), "signal", ["archive", "style"])
    written = started(key_rounds=ROUNDS)
    for number in range(1, 7):
        say(written, number, f"message {number}", who=1 + number % 2)
    backup = tmp_path / "signal-2023-11-15.backup"
    backup.write_bytes(written.end())
    service = serving(folder, tmp_path)
    try:
        visited = visit(browser.new_context(locale="en-GB"), service)
        page = visited.page
        page.goto(service.link)
        visited.settle()
        visited.go("sources")
        page.locator("input[type=file]").first.set_input_files(backup)
        digits = page.get_by_role("textbox", name="Passphrase of this export")
        expect(digits).to_be_visible(timeout=PATIENCE)
        assert visited.findings() == []
        for tried in ("54321 " * 6, DIGITS):
            told = page.get_by_text(re.compile("no passphrase was given|does not open it"))
            expect(told).to_be_visible(timeout=PATIENCE)
            digits.fill(tried)
            page.get_by_role("button", name="Open it").click()
        page.get_by_role("combobox", name="Who of them is you?").fill("Noor Haas")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Sources").first.click()  # closes the list of names
        page.get_by_role("button", name="Read it in").click()
        told = page.get_by_text("6 messages were read: 6 kept").first
        expect(told).to_be_visible(timeout=3 * PATIENCE)
        assert not [one for one in visited.asked if DIGITS[:5] in one]
        assert visited.outside() == []
    finally:
        ended(service)
