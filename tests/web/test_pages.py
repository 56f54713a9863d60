"""Each page in light, dark and on a phone, in both languages: no finding, no error, nobody asked."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

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
    "privacy?tab=words": "words",
    "privacy?tab=erase": "erase",
    "admin": "admin",
    "admin?tab=access": "access",
    "admin?tab=jobs": "jobs",
    "admin?tab=reports": "reports",
    "admin?tab=backups": "backups",
    "settings": "settings",
    "no/such/page": "nowhere",
}
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


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


@pytest.mark.parametrize("look", ["light", "dark", "phone", "hebrew"])
def test_every_page(browser: Browser, service: Service, cookies: list[dict[str, object]], look: str) -> None:
    seen = signed_in(
        browser,
        service,
        cookies,
        viewport=PHONE if look == "phone" else WIDE,
        color_scheme="dark" if look == "dark" else "light",
        reduced_motion="reduce",
    )
    if look == "hebrew":
        seen.page.context.add_cookies([{"name": "ipse_look", "value": "he.auto", "url": service.address}])
    findings = {}
    for path, name in PAGES.items():
        seen.go(path)
        expect(seen.page.locator("h1, h2").first).to_be_visible(timeout=PATIENCE)
        findings[name] = seen.findings()
        wide = seen.page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth + 1")
        assert not wide, f"{name} is wider than the screen"
        if look == "hebrew":
            assert seen.page.evaluate("() => document.documentElement.dir") == "rtl"
    assert {name: found for name, found in findings.items() if found} == {}
    assert seen.said == []
    assert seen.outside() == []
    seen.page.context.close()


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
    size = sum(len(gzip.compress(body)) for body in bodies.values())
    assert 50_000 < size <= 300_000, f"{size:,} bytes"
    first = set(bodies)
    seen.go("you")
    assert set(bodies) - first, "the page You brings files of its own"
    seen.page.context.close()


def test_what_is_needed_is_here() -> None:
    if shutil.which("npm"):
        assert AXE.is_file(), "make web"
    assert Path(__file__).with_name("filled.py").is_file()
