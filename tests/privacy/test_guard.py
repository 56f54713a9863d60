"""The guard: excluded apps and paths leave nothing, and of texts stays what the mode says."""

import os
from pathlib import Path

import pytest

from ipse.config import CollectSettings, PrivacySettings
from ipse.privacy.guard import OTHER, Guard
from ipse.records import Sample

Data = dict[str, str | int | float | bool | None]


def guard(*, categories: dict[str, tuple[str, ...]] | None = None, **privacy: object) -> Guard:
    return Guard(PrivacySettings(**privacy), CollectSettings(categories=categories or {}), b"key")


def passed(rules: Guard, **data: str | float | bool | None) -> Data | None:
    found = rules.passed(Sample(data=data))
    return None if found is None else dict(found.data)


@pytest.mark.parametrize(
    "app",
    ["KeePassXC", "keepassxc", "/usr/bin/keepassxc", "keepassxc.exe", "Signal Desktop", "signal-x.desktop"],
)
@pytest.mark.parametrize("field", ["app", "exe", "process", "name", "unit"])
def test_an_excluded_app_leaves_nothing(app: str, field: str) -> None:
    rules = guard(exclude_apps=("keepassxc", "signal*"))
    assert rules.passed(Sample(data={field: app, "title": "x"})) is None
    other = Sample(data={field: "keepass", "n": 1})
    assert rules.passed(other) == other


def test_an_excluded_path_leaves_nothing_by_whatever_link(tmp_path: Path) -> None:
    secret, link, other = tmp_path / "secret", tmp_path / "link", tmp_path / "open"
    secret.mkdir()
    other.mkdir()
    link.symlink_to(secret)
    (other / "in").symlink_to(secret / "deep")
    rules = guard(exclude_paths=(str(link), ""), titles="full")
    for path in (secret / "a.txt", link / "a.txt", other / "in", other / "in" / "b", secret):
        assert passed(rules, path=str(path)) is None
    assert passed(rules, title=f"{secret}/a.txt – editor") is None
    assert passed(rules, path=f"{other}/../secret/x") is None
    assert passed(rules, path=str(other / "a"), n=2) == {"path": str(other / "a"), "n": 2}


def test_a_neighbour_of_an_excluded_path_is_not_excluded_by_name(tmp_path: Path) -> None:
    rules = guard(exclude_paths=(str(tmp_path / "a"),), titles="full")
    assert rules.passed(Sample(data={"path": str(tmp_path / "b")})) is not None


def test_home_is_written_in_any_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    rules = guard(exclude_paths=("~/private",), titles="full")
    for text in ("~/private/x", f"{tmp_path}/private", "vim ~/private/x", "~/./private/x"):
        assert passed(rules, title=text) is None
    assert passed(rules, title="~") == {"title": "~"}
    assert passed(guard(exclude_paths=("~",)), path=os.fspath(tmp_path / "x")) is None


def test_each_mode_leaves_what_it_says() -> None:
    said: Data = {"app": "firefox", "title": "Quarterly figures – mail", "n": 1}
    assert passed(guard(titles="off"), **said) == {"app": "firefox", "n": 1}
    assert passed(guard(), **said) == {"app": "firefox", "n": 1, "category": "communication"}
    assert passed(guard(titles="full"), **said) == said
    digest = passed(guard(titles="hmac"), **said)
    assert digest is not None
    assert len(str(digest["title"])) == 16
    assert digest == passed(guard(titles="hmac"), **said)
    assert digest != passed(Guard(PrivacySettings(titles="hmac"), CollectSettings(), b"other"), **said)
    assert passed(guard(titles="hmac"), title="\udcff") is not None


def test_categories_of_the_owner_come_first() -> None:
    rules = guard(categories={"thesis": ("Kapitel", "zotero"), "none": ()})
    assert passed(rules, app="firefox", title="kapitel 3") == {"app": "firefox", "category": "thesis"}
    assert passed(rules, app="xterm", title="~") == {"app": "xterm", "category": "code"}
    assert passed(rules, app="thing", title="?") == {"app": "thing", "category": OTHER}
    assert passed(rules, app="thing") == {"app": "thing"}
    assert passed(rules, app="x", title="t", category="mine") == {"app": "x", "category": "mine"}


def test_errors_are_told_apart_and_not_what_they_say() -> None:
    one = passed(guard(), unit="a", message="failed at 0x7f12 for user 42")
    other = passed(guard(), unit="a", message="failed at 0x8812 for user 7")
    third = passed(guard(), unit="a", message="out of memory")
    assert one == other != third
    assert one is not None
    assert "42" not in str(one["message"])


def test_of_a_table_the_texts_stay() -> None:
    rules = guard(exclude_apps=("x",))
    sample = Sample(data={"title": "t"})
    assert rules.passed(sample, texts_too=False) is sample
    assert rules.passed(Sample(data={"app": "x"}), texts_too=False) is None
