"""Violations seeded by the back door: each fails the line it belongs to and no other, and names what it is.

The vault they are seeded in is made by the real pipeline; of itself it fails no line.
"""

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from ipse.consent import sign
from ipse.datasets.card import canonical, content_hash
from ipse.pipeline import certificates
from ipse.pipeline.answering import LABEL
from ipse.pipeline.auditing import checkpoint
from ipse.pipeline.certificates import Certificate
from ipse.pipeline.compliance import SignedReport, accept_impact
from ipse.pipeline.consents import give
from ipse.pipeline.contacts import exclude, merge
from ipse.pipeline.objecting import object_to
from ipse.pipeline.plans import plan_for
from ipse.pipeline.requests import Kind, add_request
from ipse.pipeline.retention import purge
from ipse.pipeline.workspace import Workspace
from ipse.privacy import gate
from ipse.privacy.erasures import Erased
from ipse.privacy.gate import Cleared
from ipse.records import Message, Person
from ipse.registry import Registry
from ipse.vault import KdfParameters
from ipse.vault.custody import change_passphrase

from .compliance_vault import PASSPHRASE, Prepared, Seed, consent_of, put_consent

Violation = tuple[str, str, Seed, str]
VIOLATIONS: list[Violation] = []
LONG_AGO = timedelta(days=60)


def seeded(line: str, names: str) -> Callable[[Seed], Seed]:
    """A violation of ``line``; the evidence must match ``names``."""

    def keep(seed: Seed) -> Seed:
        VIOLATIONS.append((line, (seed.__doc__ or "").strip().rstrip("."), seed, names))
        return seed

    return keep


def now() -> datetime:
    return datetime.now(UTC)


def kept(workspace: Workspace, *, source: str = "gmail", **fields: object) -> None:
    """Keep a message that never went through the gate."""
    message = Message(
        id="5eed" * 8, conversation="CONV_000009_5eed5eed", platform=source, at=now() - timedelta(hours=1),
        sender=Person("PERSON_2"), text="no word of it",
    )  # fmt: skip
    cleared = Cleared(msgspec.structs.replace(message, **fields), gate._SEAL)
    workspace.vault.keep([cleared], source=source)


def again(workspace: Workspace) -> None:
    """Assess what is done anew, so that the seed is in one line alone."""
    accept_impact(workspace, "as it is now")


def variant(workspace: Workspace, text: bytes, **fields: object) -> tuple[str, bytes]:
    """The dataset with another text in it, whole by a hash of its own."""
    old = workspace.vault.get("dataset", workspace.vault.ids("dataset")[0])
    head, persona, body = old.split(b"\n", 2)
    assert b"the lake" in body
    body = body.replace(b"the lake", text, 1)
    card = msgspec.json.decode(head, type=dict[str, object]) | fields
    card["hash"] = content_hash(body.splitlines())
    return str(card["hash"])[:16], b"\n".join((canonical(card), persona, body))


@seeded("C1", "consent [0-9a-f]{16}")
def forged_consent(it: Prepared, workspace: Workspace) -> None:
    """A consent was made to last longer than what was signed."""
    signed = next(one for one in workspace.consents() if one.consent.source == "gmail")
    longer = replace(signed, consent=replace(signed.consent, expires_at=now() + timedelta(days=9999)))
    workspace.vault.put(
        "consent", signed.consent.id, msgspec.json.encode(longer), action="consent.give", details={}
    )


@seeded("C1", "consent [0-9a-f]{16}")
def foreign_consent(it: Prepared, workspace: Workspace) -> None:
    """A consent is signed by somebody else's key."""
    consent = consent_of(workspace, "whatsapp")
    raw = msgspec.json.encode(sign(consent, b"7" * 32))
    workspace.vault.put("consent", consent.id, raw, action="consent.give", details={})


@seeded("C1", "source journals")
def no_consent(it: Prepared, workspace: Workspace) -> None:
    """Records are kept of a source that was never allowed."""
    kept(workspace, source="journals")


@seeded("C1", "source journals")
def expired_consent(it: Prepared, workspace: Workspace) -> None:
    """Records came in, and stay, after their consent had run out."""
    consent = replace(
        consent_of(workspace, "gmail"), id="0" * 16, source="journals", given_at=now() - LONG_AGO,
        expires_at=now() - timedelta(days=9),
    )  # fmt: skip
    put_consent(workspace, consent)
    kept(workspace, source="journals")


@seeded("C2", "dataset [0-9a-f]{16}, gmail: health")
def special_without_leave(it: Prepared, workspace: Workspace) -> None:
    """A dataset was let to learn from what is about health, by a consent that never spoke of it."""
    consent = consent_of(workspace, "gmail").id
    name, raw = variant(workspace, b"the pond", special={"gmail": {"health": consent}})
    workspace.vault.put("dataset", name, raw, action="dataset.prepare", details={"dataset": name})


@seeded("C2", "dataset [0-9a-f]{16}")
def special_unasked(it: Prepared, workspace: Workspace) -> None:
    """A dataset holds a text about an illness though nobody allowed that."""
    name, raw = variant(workspace, b"the chemotherapy")
    workspace.vault.put("dataset", name, raw, action="dataset.prepare", details={"dataset": name})


@seeded("C3", "notice 1")
def old_notice(it: Prepared, workspace: Workspace) -> None:
    """A consent in force was given under a notice that is no longer true."""
    put_consent(workspace, replace(consent_of(workspace, "gmail"), notice_version="1"))


@seeded("C3", "rights")
def no_rights_told(it: Prepared, workspace: Workspace) -> None:
    """A consent in force does not say which rights there are."""
    put_consent(workspace, replace(consent_of(workspace, "gmail"), rights=()))


@seeded("C4", "dataset [0-9a-f]{16}, gmail: consent")
def learned_without_leave(it: Prepared, workspace: Workspace) -> None:
    """A dataset rests on a consent that never allowed learning."""
    put_consent(workspace, replace(consent_of(workspace, "gmail"), purposes=("archive",)))
    again(workspace)


@seeded("C4", "model v2, dataset 0{16}")
def no_lineage(it: Prepared, workspace: Workspace) -> None:
    """A model stands there whose dataset nobody knows."""
    card = Registry(workspace.vault).card("v1")
    Registry(workspace.vault).add(replace(card, dataset="0" * 16), {"weights": b"what of?"})


@seeded("C4", "artefact v9")
def files_without_card(it: Prepared, workspace: Workspace) -> None:
    """The files of a model lie there without its card."""
    workspace.vault.put("artefact", "v9", b"weights", action="model.files", details={"model": "v9"})


@seeded("C5", "")
def raw_bodies(it: Prepared, workspace: Workspace) -> None:
    """A message is kept a second time as exported."""
    kept(workspace, raw="> quoted\nno word of it")


@seeded("C5", "message (5eed)+")
def file_names(it: Prepared, workspace: Workspace) -> None:
    """The name of an attached file is kept."""
    kept(workspace, attachments=("divorce papers.pdf",))


@seeded("C6", "record (5eed)+")
def misdated(it: Prepared, workspace: Workspace) -> None:
    """A record is dated in the next century."""
    kept(workspace, at=datetime(2199, 1, 1, tzinfo=UTC))


@seeded("C6", "dataset [0-9a-f]{16}")
def not_corrected(it: Prepared, workspace: Workspace) -> None:
    """What is learned from takes one person for two, though the owner said who they are."""
    merge(workspace, "Ilka Brandt", ["Tomas Weil"])


@seeded("C7", "source gmail")
def overdue(it: Prepared, workspace: Workspace) -> None:
    """Records are older than the owner wants to keep them."""
    kept(workspace, at=now() - timedelta(days=11000))


@seeded("C8", "")
def weak_passphrase(it: Prepared, workspace: Workspace) -> None:
    """The passphrase is stretched at a cost that a guesser laughs at."""
    weak = KdfParameters(memory_kib=64, iterations=1, lanes=1)
    change_passphrase(it.vault, it.recovery, PASSPHRASE, kdf=weak, allow_weak=True)


@seeded("C8", "keys.db")
def readable_by_others(it: Prepared, workspace: Workspace) -> None:
    """Anyone on this machine can read the key file."""
    (it.vault / "keys.db").chmod(0o644)


@seeded("C8", "source gmail|source whatsapp")
def flipped_bit(it: Prepared, workspace: Workspace) -> None:
    """A bit of a sealed record is not what was written."""
    with closing(sqlite3.connect(it.vault / "catalog.db")) as db, db:
        (sealed,) = db.execute("SELECT sealed FROM segments LIMIT 1").fetchone()
        db.execute(
            "UPDATE segments SET sealed = ? WHERE sealed = ?", (bytes([sealed[0] ^ 1]) + sealed[1:], sealed)
        )


@seeded("C8", "dataset [0-9a-f]{16}")
def changed_dataset(it: Prepared, workspace: Workspace) -> None:
    """A dataset is not what its hash says."""
    (name,) = workspace.vault.ids("dataset")
    raw = workspace.vault.get("dataset", name).replace(b"soup", b"soap", 1)
    workspace.vault.put("dataset", name, raw, action="dataset.prepare", details={"dataset": name})


@seeded("C8", "old/keys.db")
def bare_keys(it: Prepared, workspace: Workspace) -> None:
    """A copy of the key file lies among the backups."""
    (it.backups / "old").mkdir()
    shutil.copy(it.vault / "keys.db", it.backups / "old")


@seeded("C9", "dataset [0-9a-f]{16}")
def named_in_a_dataset(it: Prepared, workspace: Workspace) -> None:
    """A dataset calls somebody by name."""
    name, raw = variant(workspace, b"Ilka Brandt")
    workspace.vault.put("dataset", name, raw, action="dataset.prepare", details={"dataset": name})


@seeded("C9", "message (5eed)+")
def named_in_a_record(it: Prepared, workspace: Workspace) -> None:
    """A record that passed by the gate calls somebody by name."""
    kept(workspace, text="ask ilka about it")


@seeded("C9", "message (5eed)+")
def identifier_kept(it: Prepared, workspace: Workspace) -> None:
    """A record that passed by the gate holds an address."""
    kept(workspace, text="write to somebody.else@example.net")


@seeded("C10", "")
def broken_chain(it: Prepared, workspace: Workspace) -> None:
    """A row of the audit log was changed."""
    with closing(sqlite3.connect(it.vault / "catalog.db")) as db, db:
        db.execute("UPDATE audit SET mac = zeroblob(32) WHERE seq = 9")


@seeded("C10", "[0-9a-f]{16}")
def told_by_nobody(it: Prepared, workspace: Workspace) -> None:
    """A dataset stands there that no row of the audit log speaks of."""
    name, raw = variant(workspace, b"the pond")
    workspace.vault.put("dataset", name, raw, action="job.import.done", details={})


@seeded("C11", "data_categories")
def incomplete_record(it: Prepared, workspace: Workspace) -> None:
    """The record of processing does not say which data is processed."""
    put_consent(workspace, replace(consent_of(workspace, "gmail"), data_categories=()))


@seeded("C12", "source gmail")
def lost_records(it: Prepared, workspace: Workspace) -> None:
    """A record that is counted cannot be handed out."""
    vault = workspace.vault
    with vault._parts.catalog.write() as db:
        home = vault._sources.find(db, "gmail")
        assert home is not None
        more = replace(home.ledger, records=home.ledger.records + 1)
        vault._sources.save(db, home._replace(ledger=more))


def late(workspace: Workspace, kind: Kind) -> None:
    add_request(workspace, kind, "Ilka Brandt", received=(now() - LONG_AGO).date())


@seeded("C6", "request [0-9a-f]{8} .rectification")
def late_rectification(it: Prepared, workspace: Workspace) -> None:
    """A request of rectification is late."""
    late(workspace, "rectification")


@seeded("C12", "request [0-9a-f]{8} .access")
def late_access(it: Prepared, workspace: Workspace) -> None:
    """A request of access is late."""
    late(workspace, "access")


@seeded("C13", "erasure [0-9a-f]{16}")
def unfinished_erasure(it: Prepared, workspace: Workspace) -> None:
    """An erasure was begun and never finished."""
    plan = plan_for(workspace, "source", "gmail")
    workspace.vault.put("forgetting", plan.id, msgspec.json.encode(plan), action="forget.begin", details={})


@seeded("C13", "source gmail")
def remnants(it: Prepared, workspace: Workspace) -> None:
    """What the ledger says was erased is there again."""
    workspace.erasures().add("f" * 16, [Erased("source", "gmail")])
    workspace.keep_erasures()


@seeded("C13", "model v1, erasure")
def model_kept(it: Prepared, workspace: Workspace) -> None:
    """A model outlived the erasure of what it learned from."""
    done = Certificate(
        id="e" * 16, vault=workspace.vault.id, what="source", asked_at=now(), done_at=now(), counts={},
        datasets=(), models=("v1",), remnants=0, audit_row=0, audit_hash="",
    )  # fmt: skip
    certificates.keep(workspace, done, {"erasure": done.id})


@seeded("C13", "certificate [0-9a-f]{16}")
def forged_certificate(it: Prepared, workspace: Workspace) -> None:
    """A certificate of erasure says more than was signed."""
    (held,) = certificates.certificates(workspace)
    more = replace(held, certificate=replace(held.certificate, counts={"messages": 9999}))
    name = held.certificate.id
    workspace.vault.put(
        "certificate", name, msgspec.json.encode(more), action="forget.certificate", details={}
    )


@seeded("C14", "dataset [0-9a-f]{16}: PERSON_")
def left_out_and_learned(it: Prepared, workspace: Workspace) -> None:
    """Somebody who was left out still speaks in what is learned from."""
    exclude(workspace, "Ilka Brandt")


@seeded("C14", "dataset [0-9a-f]{16}: PERSON_")
def objected_and_learned(it: Prepared, workspace: Workspace) -> None:
    """Somebody who objected still speaks in what was made to be learned from next."""
    object_to(workspace, "Tomas Weil")
    name, raw = variant(workspace, b"the pond")
    workspace.vault.put("dataset", name, raw, action="dataset.prepare", details={"dataset": name})


@seeded("C14", "request [0-9a-f]{8} .objection")
def late_objection(it: Prepared, workspace: Workspace) -> None:
    """An objection is late."""
    late(workspace, "objection")


@seeded("C15", "dataset [0-9a-f]{16}, audit row")
def used_after_withdrawal(it: Prepared, workspace: Workspace) -> None:
    """A dataset and a model were made after the consent was withdrawn."""
    given = consent_of(workspace, "gmail")
    gone = replace(given, state="withdrawn", withdrawn_at=given.given_at + timedelta(microseconds=1))
    put_consent(workspace, gone)
    again(workspace)


@seeded("C15", "source journals")
def kept_after_withdrawal(it: Prepared, workspace: Workspace) -> None:
    """Records are there two months after their consent was withdrawn."""
    consent = replace(
        consent_of(workspace, "gmail"), id="1" * 16, source="journals", given_at=now() - 2 * LONG_AGO,
        state="withdrawn", withdrawn_at=now() - LONG_AGO,
    )  # fmt: skip
    put_consent(workspace, consent)
    kept(workspace, source="journals")


@seeded("C16", "")
def never_tried(it: Prepared, workspace: Workspace) -> None:
    """No backup was ever tried."""
    (name,) = workspace.vault.ids("drill")
    workspace.vault.remove("drill", name, action="drill.remove", details={})


@seeded("C16", "backup .*: ")
def rotten_backup(it: Prepared, workspace: Workspace) -> None:
    """A byte of a backup is not what was written."""
    pack = next(path for path in sorted((it.backups / "packs").rglob("*")) if path.is_file())
    raw = bytearray(pack.read_bytes())
    raw[len(raw) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(raw)


@seeded("C17", "audit row")
def no_label(it: Prepared, workspace: Workspace) -> None:
    """An answer went out without saying that AI wrote it."""
    workspace.vault.note("answer", {"model": "v1", "contact": "", "question": "0", "label": ""})


@seeded("C17", "assessed")
def assessed_before(it: Prepared, workspace: Workspace) -> None:
    """A purpose was added and its impact never assessed."""
    give(workspace, "gmail", ["enrich"])


@seeded("C17", "model v2")
def promoted_by_nobody(it: Prepared, workspace: Workspace) -> None:
    """A model speaks that nobody let speak."""
    made = Registry(workspace.vault).add(Registry(workspace.vault).card("v1"), {"weights": b"another"})
    raw = msgspec.json.encode({"history": [made.id], "last": 0})
    workspace.vault.put("alias", "champion", raw, action="model.files", details={})


@seeded("C18", "audit row [0-9]+: gmail")
def looked_up(it: Prepared, workspace: Workspace) -> None:
    """Links were looked up on the network without leave."""
    workspace.vault.note("enrich", {"links": 3, "sources": "gmail"})


@seeded("C18", "audit row [0-9]+")
def shown_elsewhere(it: Prepared, workspace: Workspace) -> None:
    """A model on another machine was shown past messages."""
    for server in ("127.0.0.1:11434", "[::1]:8080", "models.example.org:443"):
        details = {"model": "v1", "contact": "", "question": "0", "label": LABEL, "server": server}
        workspace.vault.note("answer", details)


@seeded("C18", "consent [0-9a-f]{16}")
def recipients(it: Prepared, workspace: Workspace) -> None:
    """A consent hands the data to a broker."""
    put_consent(workspace, replace(consent_of(workspace, "gmail"), recipients=("a broker",)))


def failing(signed: SignedReport) -> list[str]:
    return [line.id for line in signed.report.lines if line.state == "fail"]


def evidence(signed: SignedReport, line: str) -> str:
    """What the failing checks of a line say and name."""
    (found,) = (one for one in signed.report.lines if one.id == line)
    return "\n".join(
        text for check in found.checks if check.state == "fail" for text in (check.found, *check.ids)
    )


@pytest.fixture
def copied(clean: Prepared, tmp_path: Path) -> Prepared:
    return clean.copy(tmp_path / "copy")


def test_a_clean_vault_fails_no_line(copied: Prepared) -> None:
    with copied.opened() as workspace:
        report = copied.report(workspace).report
    assert [line.id for line in report.lines if line.state != "pass"] == []
    besides = [check for line in report.lines for check in line.checks if check.state == "not measured"]
    assert not any(check.needed for check in besides)


@pytest.mark.parametrize(
    ("line", "seed", "names"), [pytest.param(line, seed, names, id=f"{line} {what}")
                                for line, what, seed, names in VIOLATIONS],
)  # fmt: skip
def test_a_violation_fails_its_line_and_no_other(copied: Prepared, line: str, seed: Seed, names: str) -> None:
    with copied.opened() as workspace:
        seed(copied, workspace)
        signed = copied.report(workspace)
    assert failing(signed) == [line]
    assert re.search(names, evidence(signed, line)), evidence(signed, line)


SWITCHES: list[tuple[str, dict[str, object], str]] = [
    ("C7", {"retention": {"messages": 30}}, "dataset [0-9a-f]{16}"),
    ("C9", {"privacy": {"recognizers": ["mails"]}}, "phones"),
    ("C18", {"lora": {"allow_network": True}}, "allow_network"),
]


@pytest.mark.parametrize(("line", "settings", "names"), SWITCHES)
def test_a_setting_that_switches_protection_off_fails_its_line(
    copied: Prepared, line: str, settings: dict[str, object], names: str
) -> None:
    with copied.opened(**settings) as workspace:
        again(workspace)
        signed = copied.report(workspace)
    assert failing(signed) == [line]
    assert re.search(names, evidence(signed, line))


def test_an_older_copy_of_the_vault_fails_accountability_by_its_anchor(
    copied: Prepared, tmp_path: Path
) -> None:
    old = copied.copy(tmp_path / "old")
    with copied.opened() as workspace:
        checkpoint(workspace, copied.anchor)
    shutil.rmtree(copied.vault)
    shutil.copytree(old.vault, copied.vault)
    with copied.opened() as workspace:
        signed = copied.report(workspace)
        assert failing(signed) == ["C10"]
        assert "older copy" in evidence(signed, "C10")
        copied.anchor = old.anchor
        assert failing(copied.report(workspace)) == []


def test_a_model_outlives_its_dataset_only_where_retention_let_that_go(copied: Prepared) -> None:
    late = now() + timedelta(days=2)
    with copied.opened(retention={"messages": 10950, "datasets": 1}) as workspace:
        signed = copied.report(workspace, now=late)
        assert failing(signed) == ["C7"]
        assert re.search("^dataset [0-9a-f]{16}$", evidence(signed, "C7"), re.MULTILINE)
        purge(workspace, late)
        report = copied.report(workspace, now=late).report
    assert [line.id for line in report.lines if line.state == "fail"] == []
    assert [(row.kept, row.models) for row in report.models] == [(False, ("v1",))]


def test_whoever_objected_may_stay_in_what_is_not_used(copied: Prepared) -> None:
    with copied.opened() as workspace:
        object_to(workspace, "Tomas Weil")
        assert failing(copied.report(workspace)) == []


def test_time_alone_makes_a_backup_too_old(copied: Prepared) -> None:
    with copied.opened() as workspace:
        signed = copied.report(workspace, now=now() + timedelta(days=40))
        assert failing(signed) == ["C16"]
        assert "40 days old; 30 are allowed" in evidence(signed, "C16")
        assert failing(copied.report(workspace, now=now() + timedelta(days=29))) == []


def test_at_least_twenty_violations_are_seeded_and_every_line_is_hit() -> None:
    assert len(VIOLATIONS) + len(SWITCHES) + 2 >= 20
    hit = {line for line, *_ in VIOLATIONS}
    assert hit == {f"C{number}" for number in range(1, 19)}
