"""Every read of content, training, answer, approval and export is in the audit log before it happens."""

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatch
from io import StringIO
from pathlib import Path

import pytest

from ipse.errors import VaultError
from ipse.pipeline.answering import Clone
from ipse.pipeline.contacts import contacts, conversations
from ipse.pipeline.enriching import enriched
from ipse.pipeline.exporting import export_messages
from ipse.pipeline.importing import ImportReport
from ipse.pipeline.judging import evaluate, export_scorecard, promote
from ipse.pipeline.learning import export_dataset, prepare, train
from ipse.pipeline.reviewing import waiting
from ipse.pipeline.workspace import Workspace
from ipse.vault import Conversation

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "ipse"
DOC = ROOT / "docs" / "concepts" / "audit.md"
CARRIERS = {
    "note",
    "_change",
    "_changed",
    "_keep",
    "_move",
    "_noted",
    "Change",
    "_Body",
}  # calls that are handed an action
Imported = tuple[Workspace, ImportReport]
Row = tuple[str, dict[str, object]]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def rows(workspace: Workspace, work: Callable[[], object]) -> list[Row]:
    """The rows that ``work`` writes."""
    before = len(list(workspace.vault.audit_rows()))
    work()
    return [(row.action, row.details) for row in workspace.vault.audit_rows()][before:]


ALL = "gmail, reflections, whatsapp"


def test_every_verb_that_reads_says_so_first(imported: Imported) -> None:
    workspace, _ = imported
    assert rows(workspace, lambda: contacts(workspace)) == [("read", {"why": "contacts", "sources": ALL})]
    found = rows(workspace, lambda: prepare(workspace))
    assert [action for action, _ in found] == ["read", "dataset.prepare"]
    dataset = found[1][1]["dataset"]
    assert rows(workspace, lambda: prepare(workspace)) == [("read", {"why": "prepare", "sources": ALL})]
    found = rows(workspace, lambda: train(workspace, progress=quiet))
    assert found[:2] == [
        ("dataset.read", {"dataset": dataset, "why": "train"}),
        ("train", {"method": "retrieval", "dataset": dataset}),
    ]
    assert [action for action, _ in found[2:]] == [
        "job.train.start", "job.train.done", "model.files", "model.add", "model.default",
    ]  # fmt: skip
    clone: list[Clone] = []
    assert rows(workspace, lambda: clone.append(Clone(workspace))) == [("model.read", {"model": "v1"})]
    assert [action for action, _ in rows(workspace, lambda: clone[0].answer("soup?"))] == ["answer"]
    found = rows(workspace, lambda: export_messages(workspace, StringIO(), "jsonl"))
    assert found == [
        ("export.messages", {"format": "jsonl"}),
        ("read", {"why": "export", "sources": ALL}),
    ]
    found = rows(workspace, lambda: list(export_dataset(workspace, None, "train")))
    assert [action for action, _ in found] == ["dataset.read", "export.dataset"]
    assert rows(workspace, lambda: waiting(workspace)) == [("privacy.review", {})]
    assert rows(workspace, lambda: list(enriched(workspace))) == [
        ("read", {"why": "enrich.show", "sources": ALL})
    ]


def test_judging_approving_and_writing_a_scorecard_are_told(trained: Workspace, tmp_path: Path) -> None:
    found = rows(
        trained,
        lambda: export_scorecard(trained, evaluate(trained, progress=quiet), tmp_path, samples=True),
    )
    dataset = found[1][1]["dataset"]
    assert found[:3] == [
        ("model.read", {"model": "v1"}),
        ("evaluate", {"model": "v1", "dataset": dataset}),
        ("dataset.read", {"dataset": dataset, "why": "evaluate"}),
    ]
    actions = [action for action, _ in found]
    assert actions[3:] == [
        "job.evaluate.start", "read", "job.evaluate.done", "scorecard.keep", "export.scorecard",
    ]  # fmt: skip
    assert found[-1][1] == {"model": "v1", "samples": True}
    train(trained, progress=quiet)
    assert rows(trained, lambda: promote(trained, "v1", force=True)) == [
        ("model.default", {"model": "v1", "reason": "by the owner's word; not promoted by a card"})
    ]


def test_what_was_read_of_one_source_is_erased_with_it(trained: Workspace) -> None:
    assert rows(trained, lambda: list(conversations(trained, {"gmail"}, why="a test"))) == [
        ("read", {"why": "a test", "source": "gmail"})
    ]
    trained.vault.erase("gmail")
    assert [row.action for row in trained.vault.audit_rows()][-2:] == ["erased", "erase"]
    assert trained.vault.verify_audit() > 0


READS: dict[str, Callable[[Workspace], object]] = {
    "contacts": contacts,
    "prepare": prepare,
    "train": lambda workspace: train(workspace, progress=quiet),
    "evaluate": lambda workspace: evaluate(workspace, progress=quiet),
    "export messages": lambda workspace: export_messages(workspace, StringIO(), "csv"),
    "export dataset": lambda workspace: list(export_dataset(workspace, None, "test")),
    "enrich --show": lambda workspace: list(enriched(workspace)),
    "answer": lambda workspace: Clone(workspace).answer("soup?"),
}


@pytest.mark.parametrize("verb", READS)
def test_no_row_no_reading(trained: Workspace, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the row cannot be written, nothing is opened."""
    opened: list[str] = []
    get = trained.vault.get

    def refuse(action: str, details: Mapping[str, object]) -> None:
        raise VaultError(f"no room for {action} {details}")

    def counted(kind: str, name: str) -> bytes:
        if kind in {"dataset", "artefact", "links", "scorecard"}:
            opened.append(kind)
        return get(kind, name)

    def scanned(**_: object) -> Iterator[None]:
        opened.append("messages")
        return iter(())

    monkeypatch.setattr(trained.vault, "note", refuse)
    monkeypatch.setattr(trained.vault, "get", counted)
    monkeypatch.setattr(trained.vault, "scan", scanned)
    with pytest.raises(VaultError, match="no room"):
        READS[verb](trained)
    assert opened == []


def test_that_check_sees_what_is_opened(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with rows written, each of these verbs opens something."""
    opened: list[str] = []
    get, scan = trained.vault.get, trained.vault.scan

    def counted(kind: str, name: str) -> bytes:
        opened.append(kind)
        return get(kind, name)

    def scanned(*, sources: Collection[str] | None = None) -> Iterator[Conversation]:
        opened.append("messages")
        return scan(sources=sources)

    monkeypatch.setattr(trained.vault, "get", counted)
    monkeypatch.setattr(trained.vault, "scan", scanned)
    for verb, read in READS.items():
        opened.clear()
        read(trained)
        assert {"dataset", "artefact", "messages"} & set(opened), verb


# What may open messages: the one door of the verbs, which writes the row, and what erasures and their replay
# look through, whose own rows tell: forgetting must not wait for one more row on a full disk. So does the row
# of an export of everything and that of a compliance report, written before they begin.
DOORS = {"census.py", "contacts.py", "derived.py", "plans.py", "portability.py", "remnants.py"}


def test_messages_are_read_through_one_door() -> None:
    asked = {"scan", "events"}
    found = {
        file.name
        for folder in ("pipeline", "cli")
        for file in sorted((SRC / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asked
    }
    assert "contacts.py" in found
    assert found <= DOORS, "read by pipeline.contacts.conversations, which writes the audit row"


def words(node: ast.expr) -> set[str]:
    """The texts that an expression can be; what is put into one reads `…`."""
    if isinstance(node, ast.IfExp):
        return words(node.body) | words(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return {"".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)}
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def actions_in(source: str) -> set[str]:
    found: set[str] = set()
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        handed = list(call.args) if name in CARRIERS or "journal.append" in ast.unparse(call.func) else []
        handed += [keyword.value for keyword in call.keywords if keyword.arg == "action"]
        found |= {text for value in handed for text in words(value)}
    return found


def test_the_table_names_every_action_and_no_other() -> None:
    section = DOC.read_text(encoding="utf-8").split("## What is written")[1]
    cells = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    documented = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    code = {name for file in SRC.rglob("*.py") for name in actions_in(file.read_text(encoding="utf-8"))}
    documented -= {"job.KIND.start", "job.KIND.STATE"}
    assert {name for name in code if not any(fnmatch(name, one) for one in documented)} == set(), DOC.name
    assert {one for one in documented if not any(fnmatch(name, one) for name in code)} == set(), DOC.name


def test_actions_are_found_however_they_are_handed_on() -> None:
    source = 'vault.note("a.b", {}); self._journal.append(db, "c", {}); rows.append("no")'
    source += '\nvault.put("kind", "name", b"", action="d" if x else "e"); _changed(workspace, f"{x}.f", y)'
    assert actions_in(source) == {"a.b", "c", "d", "e", "….f"}
