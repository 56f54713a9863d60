"""The page Days over made-up days: each part is looked at, corrected and undone as its owner would."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from ipse.config import load_settings
from ipse.pipeline.days.productivity.correcting import corrections
from ipse.pipeline.workspace import Workspace

from ..conftest import PASSPHRASE
from .conftest import PATIENCE, Service, Visit, empty_vault, ended, serving, visit

WIDE, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
TABS = ("recorded", "productivity", "system", "predictions")
LOAD = "at,load\n" + "".join(
    f"2026-04-{day:02d}T{hour:02d}:00:00Z,{20 + hour + day % 3}\n"
    for day in range(1, 9)
    for hour in range(24)
)
FEW = "".join(LOAD.splitlines(keepends=True)[: 1 + 5 * 24])


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    held = serving(empty_vault(tmp_path / "vault"), tmp_path)
    yield held
    ended(held)


def test_days_from_nothing_to_a_correction_and_back(browser: Browser, service: Service) -> None:
    context = browser.new_context(viewport=WIDE, locale="en-GB", reduced_motion="reduce")
    seen = visit(context, service)
    page = seen.page
    page.goto(service.link)
    page.get_by_role("link", name="Days").click()
    expect(page.get_by_role("button", name="I allow this, begin")).to_be_visible(timeout=PATIENCE)
    file_of_events(page)
    own_table(page)
    page.get_by_role("tab", name="Productivity").click()
    page.get_by_role("button", name="Look at made-up days").click()
    expect(page.get_by_text("These days are made up")).to_be_visible(timeout=PATIENCE)
    correct(page)
    put_first(page)
    dismiss(page)
    every_tab(seen)
    collecting(page)  # from then on there are own figures, and the made-up ones are shown no more
    assert seen.said == []
    assert seen.outside() == []
    context.close()
    ended(service)
    with Workspace.open(load_settings({"vault": str(service.folder)}), PASSPHRASE) as workspace:
        assert corrections(workspace) == []  # it was undone


def file_of_events(page: Page) -> None:
    """A table becomes a stream: allowed first, then counted and drawn."""
    table = {"name": "Load.csv", "mimeType": "text/csv", "buffer": LOAD.encode()}
    page.get_by_label("Choose a file").set_input_files(table)  # type: ignore[arg-type]
    page.get_by_role("button", name="I allow this, read it in").click()
    expect(page.get_by_text("192 events of load kept")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("heading", name="load over time")).to_be_visible(timeout=PATIENCE)


def own_table(page: Page) -> None:
    """Five days are too few to learn from and be judged by: it is said so, and what came in stays."""
    page.get_by_role("tab", name="Predictions").click()
    table = {"name": "heat.csv", "mimeType": "text/csv", "buffer": FEW.encode()}
    page.get_by_label("Choose a table").set_input_files(table)  # type: ignore[arg-type]  # not the other tab's
    page.get_by_role("button", name="I allow this, learn").click()
    expect(page.get_by_text("Nothing was learned. What came in is kept")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("At least 20 of each are needed")).to_be_visible(timeout=PATIENCE)


def collecting(page: Page) -> None:
    """What this machine can collect begins, rests while its owner wishes, and ends."""
    page.get_by_role("tab", name="Recorded").click()
    page.get_by_role("button", name="I allow this, begin").click()
    page.get_by_role("button", name="Private mode").click()
    page.get_by_role("menuitem", name="Until I say so").click()
    expect(page.get_by_text("Private until you go on: nothing is collected")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Go on now").click()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("Nothing is collected at the moment")).to_be_visible(timeout=PATIENCE)


def dismiss(page: Page) -> None:
    """What is no anomaly stays marked as none until its owner thinks otherwise."""
    page.get_by_role("tab", name="System health").click()
    none = page.get_by_role("button", name="Not an anomaly")
    again = page.get_by_role("button", name="It is one after all")
    none.first.click(timeout=PATIENCE)
    again.first.click(timeout=PATIENCE)
    expect(again).to_have_count(0, timeout=PATIENCE)


def correct(page: Page) -> None:
    """The owner's word on an app holds at once, and is taken back at once."""
    # Whichever app the day that this runs on ended with: a Sunday is not a Monday.
    page.get_by_role("button", name=re.compile(r"^Correct what .+ is for$")).first.click()
    page.get_by_role("textbox", name="Category").or_(page.get_by_role("combobox", name="Category")).fill(
        "Games"
    )
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("you said so").first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("you said so")).to_have_count(0, timeout=PATIENCE)


def put_first(page: Page) -> None:
    """Two tasks in order, each with why; the later one is put first."""
    for task in ("Write the report", "Water the plants"):
        page.get_by_role("textbox", name="What is to be done").fill(task)
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("checkbox", name=task)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Sooner:").click()
    expect(page.get_by_text("Noted. The order learns from 1 word of yours.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("checkbox", name="Water the plants").click()
    expect(page.get_by_role("checkbox", name="Water the plants")).to_have_count(0, timeout=PATIENCE)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("checkbox", name="Water the plants")).to_be_visible(timeout=PATIENCE)


def every_tab(seen: Visit) -> None:
    """Wide and light, then dark and as narrow as a phone: no finding, nothing wider than the screen."""
    found = {}
    for tab in TABS:
        page = seen.go(f"days?tab={tab}")
        found[tab, "light"] = seen.findings()
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(PHONE)
        found[tab, "phone"] = seen.findings("color-contrast")  # nothing else is other than in the light
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth + 1"), tab
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)
    assert {where: what for where, what in found.items() if what} == {}
