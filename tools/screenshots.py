"""Pictures of the web app's pages for docs/guides, of the demo's made-up person: light, dark and on a phone.

python tools/screenshots.py            # needs `make web` and Chromium; writes docs/guides/images
python tools/screenshots.py days you   # those alone
"""

import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402
from tests.web.conftest import (  # noqa: E402
    CHROMIUM,
    FLAGS,
    Service,
    empty_vault,
    ended,
    serving,
    visit,
)
from tests.web.filled import filled, with_days, with_predictions  # noqa: E402

OUT = ROOT / "docs" / "guides" / "images"
PAGES = {
    "": "home",
    "chat": "chat",
    "review": "review",
    "sources": "sources",
    "you": "you",
    "train": "train",
    "models": "models",
    "days": "days",
    "days?tab=productivity": "days-productivity",
    "days?tab=system": "days-system",
    "days?tab=predictions": "days-predictions",
    "privacy": "privacy",
    "admin": "admin",
    "settings": "settings",
}
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}

LOADED = "() => [...document.images].every((image) => image.complete)"


def pictures(service: Service, pages: dict[str, str]) -> None:
    """Pages in every look, and one in Hebrew."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        first = browser.new_context(locale="en-GB")
        page = visit(first, service).page
        page.goto(service.link)
        page.get_by_role("link", name="Home").wait_for()
        cookies = first.cookies()
        for look, options in LOOKS.items():
            context = browser.new_context(locale="en-GB", reduced_motion="reduce", **options)  # type: ignore[arg-type]
            context.add_cookies(cookies)  # type: ignore[arg-type]
            seen = visit(context, service)
            for path, name in pages.items():
                seen.go(path)
                seen.page.wait_for_function(LOADED)
                seen.page.screenshot(path=OUT / f"{name}-{look}.png")
            context.close()
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        context.add_cookies([*cookies, {"name": "ipse_look", "value": "he.auto", "url": service.address}])  # type: ignore[list-item]
        seen = visit(context, service)
        seen.go("")
        seen.page.wait_for_function(LOADED)
        seen.page.screenshot(path=OUT / "home-hebrew.png")
        browser.close()


def main() -> None:
    """Make a vault in a folder whose name says nothing of this machine, serve it, take the pictures."""
    pages = {path: name for path, name in PAGES.items() if name in sys.argv[1:]} or PAGES
    OUT.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.gettempdir()) / "tilda"
    place.mkdir()
    try:
        vault = with_days(filled(empty_vault(place / "vault")))
        service = serving(with_predictions(vault, place / "electricity.csv"), place)
        try:
            pictures(service, pages)
        finally:
            ended(service)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
