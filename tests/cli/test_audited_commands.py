"""Every command that reads what is in the vault says so in the audit log; a new one must say which it is."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from ipse.cli.app import app
from ipse.config import load_settings
from ipse.drafts import digest
from ipse.pipeline.consents import give
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.tables_taking import take
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.drafting import approve, propose
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.portability import export_all
from ipse.pipeline.reviewing import allow
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from ..pipeline.conftest import ME, chat
from ..pipeline.days.tables import events_table, small_sample
from .test_commands import Run, run

__all__ = ["run"]  # a fixture

# The words of each command that opens content, and the actions that it must leave, in this order.
READS: dict[str, tuple[list[str], list[str]]] = {
    "import": (["{exports}", "--me", "Nora Feld"], ["import.people", "import.keep"]),
    "import-archive": (["{archive}"], ["import.keep"]),
    "contacts list": ([], ["read"]),
    "contacts merge": (["Ilka Brandt", "Jun Harada"], ["contacts.merge"]),
    "contacts rename": (["Ilka Brandt", "Ilka B."], ["contacts.rename"]),
    "contacts exclude": (["Ilka Brandt"], ["contacts.exclude"]),
    "contacts object": (["Ilka Brandt"], ["contacts.objection"]),
    "enrich": (["--show"], ["read"]),
    "prepare": ([], ["read"]),
    "train": (["--yes"], ["dataset.read", "train", "model.add"]),
    "evaluate": ([], ["model.read", "evaluate", "dataset.read", "read", "scorecard.keep"]),
    "evaluate compare": (
        ["v1", "v2"],
        ["model.read", "model.read", "evaluate.compare", "dataset.read", "read"],
    ),
    "evaluate blind": (["--json"], ["model.read", "evaluate.blind", "dataset.read", "blind.keep"]),
    "answer": (["soup?"], ["model.read", "answer"]),
    "draft new": (["soup?", "--json"], ["model.read", "answer", "draft.propose", "draft.show"]),
    "draft list": ([], ["draft.list"]),
    "draft show": (["{draft}"], ["draft.show"]),
    "draft edit": (["{draft}", "--text", "no"], ["draft.edit", "draft.show"]),
    "draft approve": (["{draft}"], ["draft.show", "draft.approve"]),
    "draft reject": (["{draft}"], ["draft.reject"]),
    "draft send": (["{approved}"], ["draft.claim", "draft.sent"]),
    "review": (["--json"], ["draft.list", "draft.show"]),
    "chat": (["--json"], ["model.read", "answer"]),
    "export messages": ([], ["export.messages", "read"]),
    "export dataset": ([], ["dataset.read", "export.dataset"]),
    "export all": (["{out}"], ["export.all", "export.messages", "read"]),
    "privacy review": ([], ["privacy.review"]),
    "privacy list": ([], ["privacy.list"]),
    "settings list": ([], ["settings.read"]),
    "privacy allow": (["Venus"], ["privacy.allow"]),
    "privacy deny": (["Pluto"], ["privacy.deny"]),
    "vault doctor": (["--deep"], ["read"]),
    "profile": ([], ["read"]),
    "monitor style": ([], ["dataset.read", "read"]),
    "learn": (
        ["{table}", "--target", "load", "--algorithm", "ridge", "--yes"],
        ["consent.give", "events.keep", "read", "predictor.keep", "project.challenger"],
    ),
    "features preview": (["--file", "{features}"], ["read"]),
    "features build": (["--file", "{features}"], ["read", "features.keep"]),
    "features check": (["--file", "{features}", "--origins", "3"], ["read"]),
    "events check": ([], ["read"]),
    "predict now": (["desk"], ["model.read", "prediction.keep"]),
    "predict outcomes": (["desk"], ["read"]),
    "predict show": (["desk"], ["read"]),
    "predict batch": (["desk", "{rows}"], ["export.predictions", "model.read"]),
    "predict export": (["desk", "{out}"], ["export.predictor"]),
    "monitor drift": (["desk"], ["read"]),
    "productivity show": ([], ["read"]),
    "system show": ([], ["read"]),
    "system watch": (["--looks", "1"], ["read"]),
    "report compliance": ([], ["report.compliance"]),
    "consent receipt": (["{consent}"], ["consent.receipt"]),
    "audit export": (["{file}"], ["audit.export", "audit.checkpoint"]),
    "audit verify": ([], ["audit.verify"]),
    "audit checkpoint": ([], ["audit.checkpoint"]),
    "backup create": (["{out}"], ["job.backup.start", "backup.write"]),
    "backup ledger": (["{file}"], ["export.ledger"]),
    "forget": (["--contact", "Ilka Brandt", "--yes"], ["forget.begin", "forget.done", "forget.end"]),
    "purge": (["--yes"], []),
}

# Those that open none, and why nothing has to be told; what changes something leaves rows of its own.
SILENT = {
    "opens no vault": [
        "init", "sources", "sources preview", "sources find", "sources guide", "consent notice",
        "consent verify", "base list", "base add", "base check", "base grow", "export verify",
        "report verify", "settings show", "settings schema", "jobs stop", "vault status", "vault lock",
        "backup list", "backup verify", "restore",
    ],
    "cards, counts and states, no content": [
        "models list", "models show",
        "predict list", "jobs list", "jobs show", "jobs schedule list", "draft channels",
    ],
    "the owner's own statements": [
        "consent list", "consent show", "report requests list", "report exception list", "report dpia",
        "predict suppressions",
        "productivity corrections", "tasks list",
    ],
    "the log itself": [
        "audit show",
    ],
    "changes something, and leaves a row of it": [
        "consent give", "consent withdraw", "models promote", "models rollback",
        "predict promote", "predict rollback", "predict judge", "predict prefer", "predict unsuppress",
        "report requests add",
        "report requests close", "report exception add", "report exception remove", "backup drill",
        "vault passphrase", "vault recovery", "vault rotate", "vault reencrypt", "vault keyring add",
        "vault keyring remove", "vault unlock", "vault move-catalog", "contacts release",
        "draft revoke", "draft reopen", "draft settle", "draft secret",
        "models export", "models optimize", "jobs start", "jobs resume", "jobs work",
        "jobs schedule add", "jobs schedule remove", "token add", "token revoke",
        "settings set", "settings unset", "collect start", "collect import",
        "collect export", "collect sample", "productivity correct", "tasks add", "tasks first", "tasks done",
        "tasks remove", "system dismiss",
    ],
    "what is watched and how that goes, not what was seen": [
        "events list",
        "collect list", "collect pause", "collect resume", "collect status", "collect stop", "collect unit",
    ],
    "hashes, scopes and dates": ["token list"],
    "a service: each route tells by the verb that it calls": ["serve"],
}  # fmt: skip


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def commands(node: object, path: tuple[str, ...] = ()) -> Iterator[str]:
    children = getattr(node, "commands", {})
    if not children or getattr(node, "invoke_without_command", False):
        yield " ".join(path)
    for name, child in children.items():
        yield from commands(child, (*path, name))


def test_every_command_says_whether_it_reads() -> None:
    known = [*READS, *(name for names in SILENT.values() for name in names)]
    assert len(known) == len(set(known))
    assert set(commands(typer.main.get_command(app))) == set(known)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with two contacts and a model, made once and copied for each command."""
    folder = tmp_path_factory.mktemp("audited")
    (folder / "exports").mkdir()
    vault, _ = Vault.create(folder / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    workspace = Workspace(vault, load_settings({"retrieval": {"epochs": 1}}, environment={}))
    give(workspace, "whatsapp", ["archive", "style"])
    first = chat(folder / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 40, 1)
    second = chat(folder / "WhatsApp Chat with Jun Harada.txt", "Jun Harada", 30, 2)
    chat(folder / "exports" / "WhatsApp Chat with Bo Lind.txt", "Bo Lind", 3, 3)
    with vault:
        import_(workspace, [first, second], me=ME, progress=quiet)
        prepare(workspace)
        train(workspace, progress=quiet)
        train(workspace, progress=quiet)
        allow(workspace, ["Mercury"])
        propose(workspace, "soup?")
        ready = propose(workspace, "bread?")
        approve(workspace, ready.id, seen=digest(ready))
        desk = events_table(folder / "desk.csv")
        give(workspace, "desk", ["archive", "events"])
        take(workspace, desk, quiet)
        learn(workspace, Wanted(project="desk", stream="desk", field="load", algorithm="ridge"), quiet)
        take(workspace, events_table(folder / "more.csv", hours=800), quiet, source="desk")
        give(workspace, "sample", ["archive", "events"])
        small_sample(workspace)
        export_all(workspace, folder / "archive")
    (folder / "features.yaml").write_text(
        "features: {load: {from: desk, field: load, agg: mean, window: 3h}}"
    )
    return folder


@pytest.mark.parametrize("name", READS)
def test_what_reads_leaves_its_rows(
    name: str, template: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(template / "vault", tmp_path / "vault"))
    with Vault.open(folder, PASSPHRASE) as vault:
        before, consent = len(list(vault.audit_rows())), vault.ids("consent")[0]
        draft, ready = vault.ids("draft")
    places = {
        "{exports}": str(template / "exports"), "{archive}": str(template / "archive"),
        "{out}": str(tmp_path / "out"), "{file}": str(tmp_path / "file"), "{consent}": consent,
        "{draft}": draft, "{approved}": ready, "{table}": str(events_table(tmp_path / "other.csv")),
        "{features}": str(template / "features.yaml"), "{rows}": str(tmp_path / "rows.csv"),
    }  # fmt: skip
    words, expected = READS[name]
    monkeypatch.setenv("IPSE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("IPSE_SCORECARD__RESAMPLES", "100")
    monkeypatch.chdir(tmp_path)
    said = iter(["what about soup?", ""])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(said))
    code, _, err = run(*name.split(), *(places.get(word, word) for word in words), "--vault", str(folder))
    assert code in (0, 1) if name == "vault doctor" else code == 0, err  # the doctor minds a cheap passphrase
    with Vault.open(folder, PASSPHRASE) as vault:
        left = [row.action for row in vault.audit_rows()][before:]
        assert vault.verify_audit() >= before
    told = iter(left)
    assert all(action in told for action in expected), left
