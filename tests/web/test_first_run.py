"""From no vault at all to the first answer and back, as a person would: only by what stands on the pages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ipse.config import load_settings
from ipse.pipeline.auditing import verify
from ipse.pipeline.drafting import held
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry

from ..conftest import PASSPHRASE
from .conftest import EXPORTS, PATIENCE, Service, Visit, ended, serving, visit

ME = ("Tilda Marwede", "tilda.marwede@example.org", "tilda")
SOURCES = ("WhatsApp", "Gmail", "Reflections")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    held = serving(tmp_path / "vault", tmp_path)
    yield held
    ended(held)


def test_first_run_from_nothing(browser: Browser, service: Service) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    visited = visit(context, service)
    page = visited.page
    page.goto(service.link)
    found(visited)
    expect(page.get_by_role("heading", name="Let us begin")).to_be_visible(timeout=PATIENCE)
    assert "#" not in page.url  # the one-time code has left the address bar
    consent(page)
    bring_in(page)
    learn(page)
    ask(page)
    decide(visited)
    withdraw(visited)
    audit_holds(visited)
    assert visited.said == []
    assert visited.outside() == []
    context.close()
    ended(service)
    in_the_vault(service.folder)


def found(visited: Visit) -> None:
    """A vault: its passphrase twice, where it lies, its recovery key once."""
    page = visited.page
    expect(page.get_by_role("heading", name="A vault of your own")).to_be_visible(timeout=PATIENCE)
    first, second = page.locator("input[autocomplete=new-password]").all()
    first.fill("summer")
    expect(page.get_by_text("8 characters at least")).to_be_visible(timeout=PATIENCE)
    first.fill(PASSPHRASE)
    second.fill("something else")
    make = page.get_by_role("button", name="Make my vault")
    expect(page.get_by_text("They are not the same")).to_be_visible(timeout=PATIENCE)
    expect(make).to_be_disabled()
    second.fill(PASSPHRASE)
    assert visited.findings() == []
    make.click()
    expect(page.get_by_test_id("recovery")).to_have_text(re.compile(r"\w{4}"), timeout=PATIENCE)
    page.get_by_label("I wrote it down and keep it elsewhere").check()
    page.get_by_role("button", name="Go on").click()


def consent(page: Page) -> None:
    for source in SOURCES:
        page.get_by_text(source, exact=True).click()
    page.get_by_role("button", name="Go on with 3 sources").click()
    page.get_by_role("button", name="I allow this").click()
    expect(page.get_by_text("You allowed Gmail, Reflections and WhatsApp.")).to_be_visible(timeout=PATIENCE)


def bring_in(page: Page) -> None:
    files = sorted(file for file in EXPORTS.rglob("*") if file.is_file())
    page.locator("input[type=file]").first.set_input_files(files)
    expect(page.get_by_label("What was found").get_by_text("WhatsApp").first).to_be_visible(timeout=PATIENCE)
    who = page.get_by_role("combobox", name="Who of them is you?")
    for name in ME:
        who.fill(name)
        who.press("Enter")
    page.get_by_role("heading", name="Let us begin").click()  # closes the list of names
    page.get_by_role("button", name="Read it in").click()
    expect(page.get_by_text(re.compile(r"[\d,]+ messages are here, sealed"))).to_be_visible(
        timeout=3 * PATIENCE
    )


def learn(page: Page) -> None:
    page.get_by_role("button", name="Learn from my messages").click()
    expect(page.get_by_role("heading", name="Ask your first question")).to_be_visible(timeout=3 * PATIENCE)


def ask(page: Page) -> None:
    page.get_by_role("textbox", name="Write a message").fill("Are you coming to rehearsal on Thursday?")
    page.get_by_role("button", name="Ask").click()  # it is asked in the chat
    answer = page.get_by_test_id("answer")
    expect(answer).to_have_text(re.compile(r"\w"), timeout=PATIENCE)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_text("AI-written").first).to_be_visible()
    page.get_by_role("button", name="Why this answer").click()
    expect(page.get_by_text(re.compile(r"% alike")).first).to_be_visible(timeout=PATIENCE)


def decide(visited: Visit) -> None:
    page = visited.page
    page.get_by_role("link", name="Review").click()
    page.get_by_role("button", name="Draft an answer").first.click()
    page.get_by_role("textbox", name="What they wrote").fill("Can you bring the soup on Friday?")
    page.get_by_role("button", name="Write a draft").click()
    expect(page.get_by_role("region", name="Draft")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Text").fill("I will, it is in the oven already :)")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("edited").first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible(timeout=PATIENCE)
    page.get_by_text("Approved", exact=True).click()
    send = page.get_by_role("button", name="Send now")
    send.click()
    expect(page.get_by_text("Nothing is approved and waiting to be sent")).to_be_visible(timeout=PATIENCE)
    page.get_by_text("Handed out", exact=True).click()
    expect(page.get_by_role("region", name="Draft")).to_contain_text("in the oven", timeout=PATIENCE)


def withdraw(visited: Visit) -> None:
    page = visited.page
    page.get_by_role("link", name="Privacy").click()
    page.get_by_role("button", name="Withdraw the consent for WhatsApp").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What was learned from it").check()
    dialog.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("withdrawn", exact=True)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="No model yet")).to_be_visible(timeout=PATIENCE)


def audit_holds(visited: Visit) -> None:
    page = visited.page
    page.get_by_role("link", name="Admin").click()
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_test_id("verified")).to_contain_text("The log is whole", timeout=PATIENCE)


def in_the_vault(folder: Path) -> None:
    """What the pages said is so: sent once, the model gone, the log whole."""
    with Workspace.open(load_settings({"vault": str(folder)}), PASSPHRASE) as workspace:
        assert Registry(workspace.vault).cards() == []
        assert held(workspace) == []  # a draft goes with the model that wrote it
        handed = [row for row in workspace.vault.audit_rows() if row.action == "draft.sent"]
        assert len(handed) == 1
        assert verify(workspace).rows > 20
