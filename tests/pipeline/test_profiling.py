"""The style profile of a vault: what may be looked at, what is told, and what lies outside afterwards."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from ipse.errors import ConsentError, DatasetError, SettingsError
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.contacts import contacts, exclude
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import ImportReport
from ipse.pipeline.learning import prepare
from ipse.pipeline.objecting import object_to
from ipse.pipeline.plans import plan_for
from ipse.pipeline.profiling import contact_names, export_profile, profile, reply_lengths
from ipse.pipeline.workspace import Workspace
from ipse.profile import Profile

Imported = tuple[Workspace, ImportReport]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def labels(workspace: Workspace) -> dict[str, str]:
    return {one.name: one.pseudonym for one in contacts(workspace)}


def test_the_profile_of_a_vault(imported: Imported) -> None:
    workspace, _ = imported
    found = profile(workspace, zone="Europe/Berlin")
    known = labels(workspace)
    assert [(one.contact, one.messages) for one in found.relations] == [
        (known["Ilka Brandt"], 120), (known["Jun Harada"], 80), (known["Tomas Weil"], 30),
    ]  # fmt: skip
    assert (found.messages, found.elsewhere) == (230, {"notes to yourself": 20})
    assert found.sources == {"whatsapp": 200, "gmail": 30}
    emoticons = next(each for each in found.habits if each.name == "has an emoticon, as :)")
    assert 0.6 < emoticons.own < 0.9
    assert emoticons.others is not None
    assert emoticons.others < 0.02  # (8) looks like one
    assert found.relations[0].waits.awake is not None
    assert 180 <= found.relations[0].waits.awake.low <= found.relations[0].waits.awake.high <= 1200
    assert found.relations[2].waits.awake is not None  # five hours by mail, less where a night lies between
    assert contact_names(workspace, found)[known["Jun Harada"]] == "Jun Harada"


def test_only_what_is_allowed_for_style_is_looked_at(imported: Imported) -> None:
    workspace, _ = imported
    for signed in workspace.consents():
        if signed.consent.source != "whatsapp":
            withdraw(workspace, signed.consent.id)
    give(workspace, "gmail", ["archive"])
    assert profile(workspace).sources == {"whatsapp": 200}
    withdraw(workspace, next(s.consent.id for s in workspace.consents() if s.consent.source == "whatsapp"))
    with pytest.raises(ConsentError):
        profile(workspace)


def test_an_empty_vault_and_a_zone_that_is_none(workspace: Workspace) -> None:
    with pytest.raises(DatasetError, match="ipse import"):
        profile(workspace)
    for name in ("Mars/Base", "../etc"):
        with pytest.raises(SettingsError, match="no time zone"):
            profile(workspace, zone=name)


def test_whoever_objects_or_is_excluded_or_is_erased_is_gone_from_the_next(imported: Imported) -> None:
    workspace, _ = imported
    known = labels(workspace)
    object_to(workspace, "Jun", note="", models="keep-unused", progress=quiet)
    assert [one.contact for one in profile(workspace).relations] == [
        known["Ilka Brandt"],
        known["Tomas Weil"],
    ]
    exclude(workspace, "Tomas")
    assert [one.contact for one in profile(workspace).relations] == [known["Ilka Brandt"]]
    forget(workspace, plan_for(workspace, "contact", "Ilka"))
    left = profile(workspace)
    assert (left.sources, left.relations) == ({"reflections": 20}, ())


def test_nothing_of_it_is_kept_and_both_steps_are_told(imported: Imported, tmp_path: Path) -> None:
    workspace, _ = imported
    before = len(list(workspace.vault.audit_rows()))
    kept = {kind: workspace.vault.ids(kind) for kind in ("dataset", "features", "prediction")}
    files = export_profile(workspace, profile(workspace), tmp_path / "out")
    rows = [(row.action, row.details) for row in workspace.vault.audit_rows()][before:]
    assert rows == [
        ("read", {"why": "profile", "sources": "gmail, reflections, whatsapp"}),
        ("export.profile", {"names": False, "contacts": 3}),
    ]
    assert {kind: workspace.vault.ids(kind) for kind in kept} == kept
    assert [file.name for file in files] == ["profile.json", "profile.html"]


def test_names_are_written_only_where_that_is_asked_for(imported: Imported, tmp_path: Path) -> None:
    workspace, _ = imported
    found = profile(workspace)
    hidden = [file.read_text() for file in export_profile(workspace, found, tmp_path / "a")]
    names = contact_names(workspace, found)
    named = [file.read_text() for file in export_profile(workspace, found, tmp_path / "b", names=names)]
    for without, within in zip(hidden, named, strict=True):
        assert "Ilka" not in without
        assert "Ilka Brandt" in within
    assert msgspec.json.decode(hidden[0], type=Profile) == found


def test_lengths_for_a_voice(imported: Imported) -> None:
    workspace, _ = imported
    with pytest.raises(DatasetError):
        reply_lengths(workspace)
    dataset = prepare(workspace)
    found = reply_lengths(workspace, dataset.card.id)
    assert found is not None
    assert found.everyone.count == len(dataset.split.train)
    last = list(workspace.vault.audit_rows())[-1]
    assert (last.action, last.details["why"]) == ("dataset.read", "lengths")
    ilka = labels(workspace)["Ilka Brandt"]
    assert ilka in found.contacts
    assert 5 <= found.to(ilka).median <= 12


class Parts(HTMLParser):
    """Checks that what is opened is closed, and gathers attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in {"meta", "br", "link", "img", "input", "hr"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page(imported: Imported, tmp_path: Path) -> Path:
    workspace, _ = imported
    return export_profile(workspace, profile(workspace), tmp_path)[1]


def test_the_page_asks_nothing_of_any_network_and_every_drawing_has_a_name(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parts = Parts()
    parts.feed(text)
    assert parts.open == []
    linked = [value for _, name, value in parts.attributes if name in ("src", "href", "action", "srcset")]
    assert [value for value in linked if not value.startswith("#")] == []
    for word in ("http://", "https://", "<script", "@import", "url(http"):
        assert word not in text
    assert "default-src 'none'" in text
    drawings = [value for tag, name, value in parts.attributes if (tag, name) == ("svg", "aria-label")]
    assert text.count("<svg") == len(drawings) >= 8
    assert all(drawings)
    ids = [value for _, name, value in parts.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for name in set(re.findall(r"var\(--([a-z0-9-]+)\)", text)):
        assert text.count(f"--{name}:") == 2, f"--{name} in light and in dark"
    assert not re.search(r"#0[0-9a]0[0-9a]0[0-9a]", text)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium here")
def test_a_browser_shows_it_whole(page: Path, tmp_path: Path) -> None:
    """Read back from a real browser: it parsed all of it and complains of nothing."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"]
    done = subprocess.run(
        ["chromium", *options, f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "How it was measured" in done.stdout
    assert done.stdout.count("<svg") == page.read_text(encoding="utf-8").count("<svg")
    assert "CONSOLE" not in done.stderr
