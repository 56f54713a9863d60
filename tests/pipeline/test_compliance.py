"""The compliance report itself: an empty vault, its page, its signature, the logs beside it."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from ipse.consent import NOTICE
from ipse.errors import DamagedVaultError, SettingsError
from ipse.pipeline.compliance import (
    LINES,
    SignedReport,
    accept_impact,
    compliance,
    impact,
    known_line,
    verify,
    write,
)
from ipse.pipeline.compliance.drawing import inventory, lineage
from ipse.pipeline.compliance.page import render
from ipse.pipeline.compliance.results import ModelRow, Month, Outcome, failed, passed, state_of
from ipse.pipeline.consents import give
from ipse.pipeline.drills import drill
from ipse.pipeline.importing import ImportReport
from ipse.pipeline.requests import (
    add_exception,
    add_request,
    close_request,
    exceptions,
    remove_exception,
    requests,
)
from ipse.pipeline.workspace import Workspace
from ipse.vault.backup.manifest import listing

from .compliance_vault import Prepared, quiet

MISSING = Outcome(state="not measured", found="")
VOID = {"meta", "br", "link", "img", "input", "hr"}


@pytest.fixture(scope="module")
def signed(clean: Prepared, tmp_path_factory: pytest.TempPathFactory) -> SignedReport:
    copy = clean.copy(tmp_path_factory.mktemp("signed") / "copy")
    with copy.opened() as workspace:
        add_exception(workspace, "C2", "<b>not yet</b>")
        return copy.report(workspace)


def test_an_empty_vault_fails_nothing_and_claims_nothing(workspace: Workspace) -> None:
    report = compliance(workspace, progress=quiet).report
    states = {line.id: line.state for line in report.lines}
    assert list(states) == [f"C{number}" for number in range(1, 19)]
    # Its passphrase costs little, so that tests are quick: that is found even so.
    assert {name for name, state in states.items() if state == "fail"} == {"C8"}
    assert {name for name, state in states.items() if state == "pass"} == {"C10", "C18"}
    assert (report.inventory, report.months, report.models, report.activities) == ((), (), (), ())
    assert "Nothing is kept." in render(SignedReport(report, "", ""))


def test_a_vault_without_backups_or_limits_is_told_so(imported: tuple[Workspace, ImportReport]) -> None:
    workspace, _ = imported
    give(workspace, "gmail", ["enrich"])
    report = compliance(workspace, progress=quiet).report
    lines = {line.id: line for line in report.lines}
    assert (lines["C16"].state, lines["C7"].state, lines["C13"].state) == (
        "fail",
        "not measured",
        "not measured",
    )
    assert "3 of 3 sources have no limit" in lines["C7"].checks[0].found
    assert [row.activity for row in report.activities] == [
        "Keeping gmail", "Keeping whatsapp", "Keeping reflections",
        "Learning how you write", "Looking up links",
    ]  # fmt: skip
    assert report.activities[0].limit == "until withdrawn or erased"


def test_what_is_counted_is_what_is_there(clean: Prepared, signed: SignedReport) -> None:
    report = signed.report
    with clean.opened() as workspace:
        counts = workspace.vault.counts()
    kept = Counter[str]()
    for row in report.inventory:
        kept[row.source] += row.count
        assert sum(row.ages) == row.count
    assert kept == {source: held["records"] for source, held in counts.items()}
    assert sum(sum(month.counts.values()) for month in report.months) == kept.total()
    assert [row.what for row in report.drills] == ["backup", "drill"]
    assert [row.what for row in report.erasures] == ["source"]
    (model,) = report.models
    assert (model.models, model.champion, model.kept, set(model.consents)) == (
        ("v1",), "v1", True, {"gmail", "whatsapp"},
    )  # fmt: skip
    assert [row.subject for row in report.requests] == ["PERSON_2"]
    assert report.controller == "the one who tests"


def test_no_name_and_no_content_is_in_it(signed: SignedReport) -> None:
    told = msgspec.json.encode(signed).decode().casefold()
    for said in ("ilka", "brandt", "harada", "tomas", "nora", "example.org", "dumplings", "library"):
        assert said not in told
    assert "person_2" in told  # the control: pseudonyms are


class Page(HTMLParser):
    """What a browser would ask for, and whether the page is well formed and has its headings in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.open: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.bare = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.asked += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "action"}]
        self.ids += [held["id"] or ""] if "id" in held else []
        self.bare += tag == "th" and "scope" not in held
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.handle_starttag(tag, attrs)
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_one_well_formed_document_that_asks_for_nothing(signed: SignedReport) -> None:
    text = render(signed)
    page = Page(text)
    assert page.open == []
    assert page.asked
    assert all(one.startswith("#") for one in page.asked)
    assert {one.removeprefix("#") for one in page.asked} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert page.bare == 0
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "prefers-color-scheme: dark" in text
    assert "<b>not yet" not in text
    assert "&lt;b&gt;not yet" in text
    for line in signed.report.lines:
        assert f'id="{line.id}"' in text


def test_a_report_is_verified_without_the_vault(signed: SignedReport, tmp_path: Path) -> None:
    json_file, page = write(signed, tmp_path / "out")
    assert (verify(json_file).page, verify(page).page) == (None, True)
    assert verify(page, signed.public_key).report == signed.report
    with pytest.raises(DamagedVaultError, match="another key"):
        verify(page, "A" * 43 + "=")
    with pytest.raises(SettingsError, match="cannot be read"):
        verify(tmp_path / "absent.html")
    for raw in (b"{}", b"<html></html>", b"", b"\xff"):
        (tmp_path / "other").write_bytes(raw)
        with pytest.raises(SettingsError, match="holds no compliance report"):
            verify(tmp_path / "other")


CHANGES = {
    "a result in the JSON": ("json", '"state": "not measured"', '"state": "pass"'),
    "a count in the JSON": ("json", '"records": 4', '"records": 5'),
    "a result in the page alone": ("html", "✓ pass", "✗ fail"),
    "a result in what the page holds": ("html", '"state":"not measured"', '"state":"pass"'),
    "a script in the page": ("html", "</footer>", "<script>alert(1)</script></footer>"),
    "the signature": ("json", '"signature": "', '"signature": "A'),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_report_is_refused(signed: SignedReport, tmp_path: Path, what: str) -> None:
    kind, before, after = CHANGES[what]
    json_file, page = write(signed, tmp_path)
    file = json_file if kind == "json" else page
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(DamagedVaultError, match="not what the vault signed"):
        verify(file)


def test_the_page_of_another_version_is_verified_by_its_data(clean: Prepared, tmp_path: Path) -> None:
    from ipse.pipeline.compliance import report as module
    from ipse.signing import public_key, signature

    copy = clean.copy(tmp_path / "copy")
    with copy.opened() as workspace:
        seed = workspace.vault.signing_key()
        old = replace(copy.report(workspace).report, code_version="0.0.9")
    raw = module._canonical(old)
    made = SignedReport(old, signature(seed, module.PURPOSE, raw), public_key(seed))
    _, page = write(made, tmp_path / "out")
    page.write_text(
        page.read_text(encoding="utf-8").replace("What this vault can show", "Looks"), encoding="utf-8"
    )
    assert (verify(page).page, verify(page).version) == (None, "0.0.9")


def test_making_a_report_is_told_in_the_log_and_changes_nothing_else(clean: Prepared, tmp_path: Path) -> None:
    copy = clean.copy(tmp_path / "copy")
    with copy.opened() as workspace:
        documents = {kind: workspace.vault.states(kind) for kind in ("consent", "dataset", "model", "job")}
        before = len(list(workspace.vault.audit_rows()))
        first, second = copy.report(workspace), copy.report(workspace)
        rows = [row.action for row in workspace.vault.audit_rows()][before:]
        assert rows[0] == "report.compliance"
        assert set(rows) == {"report.compliance", "audit.verify"}
        assert {kind: workspace.vault.states(kind) for kind in documents} == documents
    assert [line.state for line in first.report.lines] == [line.state for line in second.report.lines]
    with copy.opened() as workspace, pytest.raises(SettingsError, match="is not there"):
        compliance(workspace, anchor=tmp_path / "absent", progress=quiet)


def test_a_line_waits_for_what_it_needs_and_fails_for_anything() -> None:
    besides = replace(MISSING, needed=False)
    wrong = replace(failed("", ""), needed=False)
    assert state_of([passed(""), besides]) == "pass"
    assert state_of([passed(""), MISSING]) == "not measured"
    assert state_of([besides]) == "not measured"
    assert state_of([passed(""), wrong]) == "fail"
    assert state_of([MISSING, failed("", "")]) == "fail"


@pytest.mark.parametrize(
    ("came", "due"),
    [("2026-01-31", "2026-02-28"), ("2024-01-31", "2024-02-29"), ("2025-12-15", "2026-01-15"),
     ("2026-03-31", "2026-04-30"), ("2025-02-28", "2025-03-28")],
)  # fmt: skip
def test_a_request_is_due_a_month_later(workspace: Workspace, came: str, due: str) -> None:
    made = add_request(workspace, "access", "somebody", received=date.fromisoformat(came))
    assert made.due.isoformat() == due
    assert (made.overdue(made.due), made.overdue(made.due + timedelta(days=1))) == (False, True)


def test_requests_are_kept_closed_and_counted(workspace: Workspace) -> None:
    today = datetime.now(UTC).date()
    one = add_request(workspace, "erasure", " ", received=today - timedelta(days=90), note="by letter")
    two = add_request(workspace, "access", "Ilka Brandt")
    assert (one.subject, two.subject, two.received) == ("unknown", "Ilka Brandt", today)
    done = close_request(workspace, one.id, note="done", closed=today - timedelta(days=80))
    assert (done.note, done.overdue(today)) == ("by letter; done", False)
    late = close_request(workspace, two.id[:6])
    assert (late.closed, late.overdue(today)) == (today, False)
    assert requests(workspace) == [done, late]
    for wrong in (one.id, "zz"):
        with pytest.raises(SettingsError, match="no open request"):
            close_request(workspace, wrong)
    three = add_request(workspace, "objection", "x")
    with pytest.raises(SettingsError, match="before the request"):
        close_request(workspace, three.id, closed=today - timedelta(days=1))
    with pytest.raises(SettingsError, match="has not come"):
        add_request(workspace, "access", "x", received=today + timedelta(days=1))


def test_exceptions_stand_beside_a_result(workspace: Workspace) -> None:
    made = add_exception(workspace, known_line(" c8 "), " a test ")
    report = compliance(workspace, progress=quiet).report
    assert [(one.line, one.reason) for one in report.exceptions] == [("C8", "a test")]
    assert {line.id: line.state for line in report.lines}["C8"] == "fail"
    assert remove_exception(workspace, made.id) == made
    assert exceptions(workspace) == []
    with pytest.raises(SettingsError, match="no exception"):
        remove_exception(workspace, made.id)
    with pytest.raises(SettingsError, match="needs a reason"):
        add_exception(workspace, "C8", " ")
    with pytest.raises(SettingsError, match="no line `C19`"):
        known_line("C19")


def test_the_assessment_is_filled_in_and_asks_again_when_something_changes(workspace: Workspace) -> None:
    give(workspace, "gmail", ["archive"])
    assert [section.id for section in impact(workspace)] == ["a", "b", "c", "d"]
    assert "Purposes consented to: archive." in impact(workspace)[0].known
    with pytest.raises(SettingsError, match="needs a statement"):
        accept_impact(workspace, " ")
    first = accept_impact(workspace, "small")
    assert accept_impact(workspace, "still small").processing == first.processing
    give(workspace, "gmail", ["archive"])
    assert accept_impact(workspace, "the same").processing == first.processing
    give(workspace, "gmail", ["style"])
    assert accept_impact(workspace, "more").processing != first.processing


def test_a_drill_tells_what_is_wrong_with_a_backup(clean: Prepared, tmp_path: Path) -> None:
    copy = clean.copy(tmp_path / "copy")
    index = listing(copy.backups).whole[-1].index
    file = copy.backups / "snapshots" / index.name
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1])
    with copy.opened() as workspace:
        done = drill(workspace, copy.backups, copy.recovery, progress=quiet)
        assert (done.records, len(done.faults)) == (0, 1)
        report = copy.report(workspace).report
    lines = {line.id: line for line in report.lines}
    assert [check.state for check in lines["C16"].checks] == ["pass", "fail", "fail"]


def test_every_line_has_its_article_and_every_check_says_what_it_asks() -> None:
    assert [spec.id for spec in LINES] == [f"C{number}" for number in range(1, 19)]
    asked = [check.__doc__ or "" for spec in LINES for check in (*spec.needed, *spec.besides)]
    assert len(asked) == len(set(asked))
    assert all(text.partition("\n")[0].endswith(".") for text in asked)
    assert all(spec.articles and spec.needed for spec in LINES)
    assert "withdraw" in NOTICE  # what C3 and C15 hold the vault to


def test_months_without_records_are_drawn_and_many_are_drawn_together() -> None:
    two = [Month(month="2023-11", counts={"events": 3}), Month(month="2024-02", counts={"your messages": 5})]
    drawn = inventory(two)
    assert re.findall(r">(\d{4}-\d\d)</text>", drawn) == ["2023-11", "2023-12", "2024-01", "2024-02"]
    assert re.findall(r"<title>(.+?)</title>", drawn) == ["2023-11: 3 events", "2024-02: 5 your messages"]
    long = [Month(month=f"{year}-01", counts={"events": 20_000}) for year in range(1990, 2026)]
    assert inventory(long).count("<rect") == 36
    assert ">20k<" in inventory(long)
    assert inventory([]) == lineage([]) == ""


def test_a_lost_dataset_is_drawn_as_lost() -> None:
    row = ModelRow(dataset="<d>", consents={"gmail": "c1"}, examples=0, contacts=0, kept=False,
                   models=("v1", "v2"), methods=("lora", "retrieval"), champion="v2")  # fmt: skip
    drawn = lineage([row])
    assert ("box lost" in drawn, "box main" in drawn, "&lt;d&gt;" in drawn) == (True, True, True)
    assert drawn.count('class="link"') == 3
