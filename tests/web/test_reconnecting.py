"""The server dies and comes back: the page that is open goes on, without being loaded anew."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from ..pipeline.drafted import made
from .conftest import PATIENCE, Service, ended, serving, visit


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="Write a message").fill(question)
    page.keyboard.press("Enter")


def kept(page: Page, count: int) -> None:
    """Until so many answers are whole and in the vault: only these can be rated and explained."""
    expect(page.get_by_role("button", name="Why this answer")).to_have_count(count, timeout=PATIENCE)


def again(service: Service, home: Path) -> Service:
    """It, killed and started at the same address."""
    service.process.kill()
    ended(service)
    return serving(service.folder, home, port=urlsplit(service.address).port or 0)


def test_a_chat_goes_on_where_the_server_was_killed(browser: Browser, tmp_path: Path) -> None:
    service = serving(made(tmp_path / "made"), tmp_path)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    try:
        visited = visit(context, service)
        page = visited.page
        page.goto(service.link)
        page.get_by_role("link", name="Chat", exact=True).click()
        ask(page, "who brings the soup?")
        answers = page.get_by_test_id("answer")
        expect(answers).to_have_count(1, timeout=PATIENCE)
        kept(page, 1)
        page.evaluate("() => { window.stays = true }")
        service = again(service, tmp_path)
        ask(page, "and who brings the bread?")
        expect(answers).to_have_count(2, timeout=PATIENCE)
        kept(page, 2)
        assert page.evaluate("() => window.stays"), "it was not loaded anew"
        visited.go("chat")  # what was told before and after is kept
        expect(answers).to_have_count(2, timeout=PATIENCE)
    finally:
        context.close()
        ended(service)
