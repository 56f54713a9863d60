"""Enrichment of what the vault holds: with leave only, once, resumable, sealed."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse import plugins
from ipse.enrichment import LinkContent, LookedUp, NotFound, TweetContent, Web
from ipse.errors import CancelledError, ConsentError, UnknownFormatError
from ipse.exports import ExportPath
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.enriching import enrich, enriched, from_archive
from ipse.pipeline.importing import import_
from ipse.pipeline.workspace import Workspace

NOW = datetime(2024, 5, 1, tzinfo=UTC)
LINKS = [
    "https://example.org/a",
    "https://example.org/b",
    "https://x.com/ilka/status/42",
    "https://broken.test/",
]


class Known:
    """A site that knows every link; it counts what it is asked."""

    name, general = "known", True

    def __init__(self) -> None:
        self.asked: list[str] = []

    def takes(self, url: str) -> bool:
        return bool(url)

    def look_up(self, url: str, web: Web, now: datetime) -> LookedUp:
        self.asked.append(url)
        if "broken" in url:
            return NotFound(url=url, reason="it answers 500", again=True, at=now)
        return LinkContent(url=url, title=f"Title of {url[-1]}", at=now)


@pytest.fixture
def web() -> Iterator[Web]:
    one = Web(private=True)
    yield one
    one.close()


@pytest.fixture
def linked(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A chat with four links, archived."""
    give(workspace, "whatsapp", ["archive"])
    lines = [f"01/02/2024, 10:0{n} - Ilka Brandt: look at {link} please" for n, link in enumerate(LINKS)]
    lines.append("01/02/2024, 11:00 - Nora Feld: will do")
    file = tmp_path / "WhatsApp Chat with Ilka Brandt.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_(workspace, [file], me=["Nora Feld"], progress=lambda *_: None)
    return workspace


def quiet(*_: object) -> None:
    """No progress."""


def test_without_leave_nothing_is_asked(linked: Workspace, web: Web) -> None:
    known = Known()
    with pytest.raises(ConsentError, match="nothing was asked"):
        enrich(linked, web=web, sites=[known], progress=quiet)
    assert known.asked == []


def test_each_link_is_asked_for_once_and_kept_sealed(linked: Workspace, web: Web) -> None:
    give(linked, "whatsapp", ["enrich"])
    known = Known()
    first = enrich(linked, web=web, sites=[known], limit=3, progress=quiet)
    assert (first.links, first.known, first.found + first.nothing, first.left) == (4, 0, 3, 1)
    second = enrich(linked, web=web, sites=[known], progress=quiet)
    assert (second.known, second.found + second.nothing, second.left) == (3, 1, 0)
    assert {**first.reasons, **second.reasons} == {"it answers 500": 1}
    assert sorted(known.asked) == sorted(LINKS)
    assert enrich(linked, web=web, sites=[known], progress=quiet).known == 4
    titles = [link.title for one in enriched(linked) for link in one.links]
    assert titles == ["Title of a", "Title of b", "Title of 2"]
    stored = b"".join(file.read_bytes() for file in linked.vault.folder.rglob("*") if file.is_file())
    assert b"Title of" not in stored
    assert b"example.org" not in stored


def test_what_failed_is_asked_for_again_only_when_time_has_passed(linked: Workspace, web: Web) -> None:
    give(linked, "whatsapp", ["enrich"])
    known = Known()
    enrich(linked, web=web, sites=[known], progress=quiet)
    soon = linked.settings.model_copy(
        update={"enrich": linked.settings.enrich.model_copy(update={"again_days": 0.0})}
    )
    enrich(Workspace(linked.vault, soon), web=web, sites=[known], progress=quiet)
    assert known.asked.count("https://broken.test/") == 2
    assert known.asked.count("https://example.org/a") == 1


def test_cancelled_it_keeps_what_it_found(linked: Workspace, web: Web) -> None:
    give(linked, "whatsapp", ["enrich"])
    known = Known()

    def stop(done: float, total: float | None, figures: Mapping[str, float]) -> None:
        if done == 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        enrich(linked, web=web, sites=[known], progress=stop)
    assert enrich(linked, web=web, sites=[known], progress=quiet).known == 2
    assert len(known.asked) == 4


def test_a_withdrawal_ends_the_leave(linked: Workspace, web: Web) -> None:
    consent = give(linked, "whatsapp", ["enrich"])
    withdraw(linked, consent.consent.id)
    with pytest.raises(ConsentError):
        enrich(linked, web=web, sites=[Known()], progress=quiet)


def test_asking_is_in_the_audit_log(linked: Workspace, web: Web) -> None:
    give(linked, "whatsapp", ["enrich"])
    enrich(linked, web=web, sites=[Known()], progress=quiet)
    rows = [row.action for row in linked.vault.audit_rows()]
    assert "enrich" in rows
    assert "enrich.keep" in rows


class Posts:
    """A source whose archive holds one post."""

    name, aliases, reads, general = "x", ("twitter",), "posts", False

    def posts(self, path: ExportPath, ids: Collection[str]) -> Mapping[str, TweetContent]:
        held = json.loads(path.read_bytes())
        return {
            number: TweetContent(url="", id=number, text=text, source="archive", at=NOW)
            for number, text in held.items()
            if number in ids
        }


def test_posts_are_found_in_an_archive_without_network(
    linked: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "archive.json").write_text(json.dumps({"42": "Up at the lake", "7": "another"}))
    give(linked, "x", ["archive"])
    monkeypatch.setattr(plugins, "source_named", lambda name: Posts())
    report = from_archive(linked, tmp_path / "archive.json")
    assert (report.links, report.found, report.left) == (1, 1, 0)
    (one,) = enriched(linked)
    assert [(post.id, post.text, post.source, post.url) for post in one.posts] == [
        ("42", "Up at the lake", "archive", LINKS[2])
    ]
    (tmp_path / "other.json").write_text("{}")
    assert from_archive(linked, tmp_path / "other.json").left == 1


def test_a_source_without_posts_is_no_archive_of_posts(linked: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match="no archive of posts"):
        from_archive(linked, tmp_path, format_name="whatsapp")
