"""Each page in light, dark and on a phone, in both languages: no finding, no error, nobody asked."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from .conftest import AXE, PATIENCE, Service, Visit, empty_vault, ended, serving, visit
from .filled import filled

PAGES = {
    "": "home",
    "chat": "chat",
    "review": "review",
    "sources": "sources",
    "you": "you",
    "train": "train",
    "models": "models",
    "days": "days",
    "privacy": "privacy",
    "privacy?tab=kept": "kept",
    "privacy?tab=exclusions": "exclusions",
    "privacy?tab=words": "words",
    "privacy?tab=erase": "erase",
    "admin": "admin",
    "admin?tab=access": "access",
    "admin?tab=usage": "usage",
    "admin?tab=jobs": "jobs",
    "admin?tab=reports": "reports",
    "admin?tab=backups": "backups",
    "settings": "settings",
    "no/such/page": "nowhere",
}
LAYOUT = (  # what may be otherwise where the same page is narrow
    "color-contrast",
    "scrollable-region-focusable",
    "aria-hidden-focus",
    "button-name",
    "link-name",
    "label",
    "td-headers-attr",
    "th-has-data-cells",
)
WIDE, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("pages")
    held = serving(filled(empty_vault(home / "vault")), home)
    yield held
    ended(held)


@pytest.fixture(scope="module")
def cookies(browser: Browser, service: Service) -> list[dict[str, object]]:
    """What a browser keeps that is signed in by the link."""
    context = browser.new_context()
    page = visit(context, service).page
    page.goto(service.link)
    expect(page.get_by_role("link", name="Home")).to_be_visible(timeout=PATIENCE)
    kept = [dict(one) for one in context.cookies()]
    context.close()
    return kept


def signed_in(browser: Browser, service: Service, cookies: list[dict[str, object]], **more: object) -> Visit:
    context = browser.new_context(locale="en-GB", **more)  # type: ignore[arg-type]
    context.add_cookies(cookies)  # type: ignore[arg-type]
    return visit(context, service)


def test_every_page_in_every_look(
    browser: Browser, service: Service, cookies: list[dict[str, object]]
) -> None:
    """Light and wide, then dark, then as narrow as a phone: a page is loaded once and looked at thrice."""
    seen = signed_in(browser, service, cookies, viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    found = {}
    for path, name in PAGES.items():
        page = seen.go(path)
        found[name, "light"] = seen.findings()
        assert fits(page), f"{name} is wider than the screen"
        page.emulate_media(color_scheme="dark")
        page.wait_for_selector("html[data-mantine-color-scheme=dark]")
        found[name, "dark"] = seen.findings("color-contrast")  # nothing else is other than in the light
        page.set_viewport_size(PHONE)
        found[name, "phone"] = seen.findings(*LAYOUT)
        assert fits(page), f"{name} is wider than a phone"
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)
    assert {where: what for where, what in found.items() if what} == {}
    assert seen.said == []
    assert seen.outside() == []
    seen.page.context.close()


def test_every_page_from_right_to_left(
    browser: Browser, service: Service, cookies: list[dict[str, object]]
) -> None:
    """On a phone, where there is least room; what holds of a structure was looked at before."""
    seen = signed_in(browser, service, cookies, viewport=PHONE, reduced_motion="reduce")
    seen.page.context.add_cookies([{"name": "ipse_look", "value": "he.auto", "url": service.address}])
    for path, name in PAGES.items():
        page = seen.go(path)
        assert page.evaluate("() => document.documentElement.dir") == "rtl"
        assert fits(page), f"{name} is wider than a phone"
        assert seen.findings("color-contrast", "html-has-lang", "valid-lang") == []
    assert seen.said == []
    assert seen.outside() == []
    seen.page.context.close()


def fits(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth + 1"))


def test_what_is_set_holds_and_can_be_taken_back(
    browser: Browser, service: Service, cookies: list[dict[str, object]]
) -> None:
    seen = signed_in(browser, service, cookies, viewport=WIDE, reduced_motion="reduce")
    page = seen.go("settings")
    page.get_by_role("textbox", name="Find a setting").fill("imports.batch")
    page.get_by_role("button", name="Change imports.batch").click()
    page.get_by_role("textbox", name="Change imports.batch").fill("4096")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("chosen here")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("4096")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("8192")).to_be_visible(timeout=PATIENCE)
    page = seen.go("privacy?tab=exclusions")
    words = page.get_by_role("combobox", name="Words").or_(page.get_by_role("textbox", name="Words"))
    words.fill("biopsy")
    words.press("Enter")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Refused from the next import on", exact=True)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("biopsy")).to_have_count(0, timeout=PATIENCE)
    page = seen.go("privacy?tab=kept")
    page.get_by_role("textbox", name="Messages").first.fill("30")
    page.get_by_role("button", name="Show what would go").click()
    expect(page.get_by_text("By these limits this would go")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile(r"^[\d,]+ messages"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    assert seen.said == []
    page.context.close()


def test_axe_finds_what_is_wrong(
    browser: Browser, service: Service, cookies: list[dict[str, object]]
) -> None:
    """The control: a button without a name is found, so that none found means something."""
    seen = signed_in(browser, service, cookies)
    seen.go("days")
    seen.page.evaluate("() => document.querySelector('main').append(document.createElement('button'))")
    assert any("button-name" in one for one in seen.findings())
    seen.page.context.close()


def test_a_stranger_sees_the_door_alone(browser: Browser, service: Service) -> None:
    context = browser.new_context(locale="en-GB")
    seen = visit(context, service)
    seen.go("models")
    expect(seen.page.get_by_role("heading", name="Welcome back")).to_be_visible(timeout=PATIENCE)
    assert seen.findings() == []
    assert seen.said == []
    context.close()


def test_the_keyboard_reaches_the_page_and_its_links(
    browser: Browser, service: Service, cookies: list[dict[str, object]]
) -> None:
    seen = signed_in(browser, service, cookies)
    page = seen.go("days")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the page")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.get_by_role("link", name="Models").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main:focus")).to_be_visible(timeout=PATIENCE)  # arriving takes the focus along
    page.context.close()


def test_first_load_is_small_and_routes_are_split(
    browser: Browser, service: Service, cookies: list[dict[str, object]]
) -> None:
    """Compressed as servers do it (gzip), whatever the service does."""
    import gzip

    seen = signed_in(browser, service, cookies)
    bodies: dict[str, bytes] = {}
    seen.page.on(
        "response", lambda answer: bodies.update({answer.url: answer.body()}) if ".js" in answer.url else None
    )
    seen.go("")
    seen.page.wait_for_load_state("networkidle")
    size = sum(len(gzip.compress(body)) for body in bodies.values())
    assert 50_000 < size <= 300_000, f"{size:,} bytes"
    first = set(bodies)
    seen.go("you")
    seen.page.wait_for_load_state("networkidle")
    assert set(bodies) - first, "the page You brings files of its own"
    seen.page.context.close()


def test_what_is_needed_is_here() -> None:
    if shutil.which("npm"):
        assert AXE.is_file(), "make web"
    assert Path(__file__).with_name("filled.py").is_file()
