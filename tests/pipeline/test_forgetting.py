"""Erasure reaches everything made of what is erased, and nothing brings it back."""

import json
import random
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ipse.config import load_settings
from ipse.datasets import Dataset
from ipse.errors import ConsentError, IpseError, PrivacyError, RegistryError, SettingsError, VaultError
from ipse.pipeline import forgetting, learning
from ipse.pipeline.answering import Clone
from ipse.pipeline.certificates import Certificate, certificates, verify, write
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.contacts import merge
from ipse.pipeline.exporting import export_messages
from ipse.pipeline.forgetting import allow_again, finish, forget, replay
from ipse.pipeline.importing import ImportReport, import_
from ipse.pipeline.judging import evaluate
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.plans import Plan, What, plan_for
from ipse.pipeline.retention import plan_purge, purge, purge_if_due
from ipse.pipeline.workspace import Workspace
from ipse.records import Person
from ipse.registry import Registry
from ipse.vault import Vault

from ..conftest import PASSPHRASE
from .conftest import ME

Imported = tuple[Workspace, ImportReport]
SHORTEST = 8  # characters of a canary's end that are still looked for


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def gone(workspace: Workspace, what: What, name: str = "", *, retrain: bool = False) -> forgetting.Forgotten:
    return forget(workspace, plan_for(workspace, what, name), retrain=retrain, progress=quiet)


def texts(workspace: Workspace) -> str:
    return " ".join(message.text for talk in workspace.vault.scan() for message in talk.messages)


def again(workspace: Workspace, exports: Path) -> ImportReport:
    return import_(workspace, [exports], me=ME, progress=quiet)


def refused(report: ImportReport) -> dict[str, int]:
    counts: dict[str, int] = {}
    for export in report.exports:
        for reason, n in export.refused.items():
            counts[reason] = counts.get(reason, 0) + n
    return counts


def test_a_contact_goes_with_all_that_was_learned_from_them(trained: Workspace, exports: Path) -> None:
    vault = trained.vault
    before, label = vault.counts(), trained.roster().find("Ilka Brandt")
    evaluate(trained, progress=quiet)
    plan = plan_for(trained, "contact", "Ilka Brandt")
    assert vault.counts() == before
    assert (plan.counts["messages"], plan.counts["conversations"]) == (240, 1)
    assert (plan.counts["datasets"], plan.counts["models"], plan.counts["scorecards"]) == (1, 1, 1)
    certificate = forget(trained, plan).certificate.certificate
    assert vault.counts()["whatsapp"]["records"] == 160
    assert [vault.ids(kind) for kind in ("dataset", "model", "artefact", "scorecard")] == [[], [], [], []]
    assert trained.roster().person(label or "") is None
    assert b"Ilka Brandt" not in trained.roster().dumps()
    assert b"Jun Harada" in trained.roster().dumps()
    assert (certificate.remnants, certificate.counts["messages"]) == (0, 240)
    with pytest.raises(RegistryError):
        Clone(trained)
    report = again(trained, exports)
    assert refused(report) == {"you erased this conversation": 240}
    assert vault.counts()["whatsapp"]["records"] == 160
    assert b"Ilka Brandt" not in trained.roster().dumps()


def test_what_was_erased_comes_back_only_if_the_owner_allows_it(imported: Imported, exports: Path) -> None:
    workspace, _ = imported
    gone(workspace, "contact", "Ilka Brandt")
    assert allow_again(workspace, "contact", "Somebody Else") == 0
    assert allow_again(workspace, "contact", "Ilka Brandt") > 0
    assert refused(again(workspace, exports)) == {}
    assert workspace.vault.counts()["whatsapp"]["records"] == 400
    assert workspace.roster().find("Ilka Brandt") not in (None, "PERSON_1")


@pytest.mark.parametrize(
    ("what", "name", "reason", "back"),
    [
        ("source", "whatsapp_txt", "you erased this source", 400),
        ("conversation", "Jun Harada", "you erased this conversation", 160),
        ("all", "", "you erased this source", 400 + 60 + 20),
    ],
)
def test_each_kind_goes_is_refused_and_may_be_allowed(
    imported: Imported, exports: Path, what: What, name: str, reason: str, back: int
) -> None:
    workspace, _ = imported
    before = {source: held["records"] for source, held in workspace.vault.counts().items()}
    gone(workspace, what, name)
    left = sum(held["records"] for held in workspace.vault.counts().values())
    assert sum(before.values()) - left == refused(again(workspace, exports))[reason] >= back - 20
    assert sum(held["records"] for held in workspace.vault.counts().values()) == left
    assert allow_again(workspace, what, name) > 0
    assert refused(again(workspace, exports)) == {}
    after = {source: held["records"] for source, held in workspace.vault.counts().items()}
    assert after == before


def test_one_message_goes(trained: Workspace, exports: Path) -> None:
    talk = next(one for one in trained.vault.scan() if len(one.messages) > 100)
    doomed = talk.messages[11]
    gone(trained, "message", doomed.id)
    now = next(one for one in trained.vault.scan() if one.id == talk.id)
    assert len(now.messages) == len(talk.messages)  # a mark stands in its place
    assert doomed.id not in [one.id for one in now.messages]
    assert doomed.text not in texts(trained)
    assert trained.vault.ids("dataset") == []
    assert refused(again(trained, exports)) == {"you erased this message": 1}
    with pytest.raises(VaultError, match="no message"):
        plan_for(trained, "message", doomed.id)
    assert allow_again(trained, "message", doomed.id) == 1


def test_a_model_goes_alone_and_its_version_is_not_given_again(trained: Workspace) -> None:
    train(trained, progress=quiet)
    gone(trained, "model", "champion")
    registry = Registry(trained.vault)
    assert [card.id for card in registry.cards()] == ["v1"]
    assert registry.champion() == "v1"
    assert trained.vault.ids("dataset") != []
    assert train(trained, progress=quiet).id == "v3"
    with pytest.raises(SettingsError, match="Train it again"):
        allow_again(trained, "model", "v2")


def test_what_is_left_is_learned_anew(trained: Workspace) -> None:
    (old,) = trained.vault.ids("dataset")
    done = gone(trained, "contact", "Ilka Brandt", retrain=True)
    (card,) = done.retrained
    assert (card.id, card.method, Registry(trained.vault).champion()) == ("v2", "retrieval", "v2")
    assert old not in trained.vault.ids("dataset")
    assert len(trained.vault.ids("dataset")) == 1
    assert "Ilka" not in Clone(trained).answer("who brings the soup on friday?").text
    assert "ipse" in gone(trained, "all", retrain=True).not_retrained


@pytest.mark.llm
def test_an_adapter_is_trained_anew_from_the_frozen_base_and_from_no_adapter(
    imported: Imported, tiny_base: Path, tmp_path: Path
) -> None:
    base = Path(shutil.copytree(tiny_base, tmp_path / "base"))
    settings = {"lora": {"base": str(base), "max_steps": 3, "learning_rate": 2e-2, "max_tokens": 64}}
    workspace = Workspace(imported[0].vault, load_settings(settings, environment={}))
    prepare(workspace)
    first = train(workspace, method="lora", progress=quiet)
    (second,) = gone(workspace, "model", first.id, retrain=True).retrained
    # On the same data and seed, who begins at the base comes to the same adapter, byte for byte.
    assert (second.id, second.artefact, second.base_hash) == ("v2", first.artefact, first.base_hash)
    assert second.config == first.config
    (third,) = gone(workspace, "contact", "Ilka Brandt", retrain=True).retrained
    assert (third.base_hash, third.dataset != second.dataset) == (first.base_hash, True)
    assert third.artefact != second.artefact
    weights = base / "model.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1  # as if something had been merged into it
    weights.write_bytes(raw)
    done = gone(workspace, "model", third.id, retrain=True)
    assert (done.retrained, "is not the one" in done.not_retrained) == ((), True)
    assert workspace.vault.ids("model") == []


def test_a_merged_contact_goes_under_every_name(imported: Imported, exports: Path) -> None:
    workspace, _ = imported
    merge(workspace, "Jun Harada", ["Tomas Weil"])
    prepare(workspace)
    gone(workspace, "contact", "Tomas Weil")
    assert set(workspace.vault.counts()) == {"whatsapp", "reflections"}
    assert workspace.vault.counts()["whatsapp"]["records"] == 240
    dump = workspace.roster().dumps()
    assert [name for name in (b"Jun Harada", b"Tomas", b"tomas@example.com") if name in dump] == []
    again(workspace, exports)
    assert workspace.vault.counts()["whatsapp"]["records"] == 240
    assert b"Tomas" not in workspace.roster().dumps()


def test_in_a_group_only_theirs_goes_and_no_new_pair_is_made(workspace: Workspace, tmp_path: Path) -> None:
    lines = []
    for n in range(40):
        at = f"{n // 2 % 27 + 1:02}/{n // 27 + 1:02}/2023, 1{n % 2 * 6}"
        lines.append(f"{at}:00 - Ilka Brandt: is plan {n} fine, Jun Harada?")
        lines.append(f"{at}:00 - Jun Harada: the secret of plan {n}?")
        lines.append(f"{at}:00 - Nora Feld: that stays between us, number {n}!!")
    file = tmp_path / "WhatsApp Chat with the three.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    give(workspace, "whatsapp", ["archive", "style"])
    import_(workspace, [file], me=["Nora Feld"], progress=quiet)
    prepare(workspace)
    label = workspace.roster().find("Jun Harada")
    plan = plan_for(workspace, "contact", "Jun Harada")
    assert (plan.counts["messages"], plan.counts["rewritten"]) == (40, 1)
    forget(workspace, plan)
    assert "secret" not in texts(workspace)
    assert f"<{label}>" in texts(workspace)
    from ipse.errors import DatasetError

    with pytest.raises(DatasetError, match="no reply of the owner"):
        prepare(workspace)  # every reply of hers answered what is gone: none may answer Ilka's instead
    report = import_(workspace, [file], me=["Nora Feld"], progress=quiet)
    assert refused(report) == {"a contact you erased wrote it": 40}
    assert "secret" not in texts(workspace)


def test_only_what_nothing_needs_leaves_the_roster(workspace: Workspace, tmp_path: Path) -> None:
    def chat(name: str, words: str) -> None:
        lines = [f"01/02/2023, 10:0{n} - {who}: {words}" for n, who in enumerate((name, "Nora Feld"))]
        (tmp_path / f"WhatsApp Chat with {name}.txt").write_text("\n".join(lines), encoding="utf-8")

    chat("Ilka Brandt", "both@example.org ilka@example.org https://ilka.example.org/x")
    chat("Jun Harada", "both@example.org")
    give(workspace, "whatsapp", ["archive"])
    import_(workspace, [tmp_path], me=["Nora Feld"], progress=quiet)
    for shard, urls in (
        ("1", ["https://ilka.example.org/x", "https://left.example.org"]),
        ("2", ["https://a.b"]),
    ):
        workspace.vault.put(
            "links", shard, json.dumps(dict.fromkeys(urls, 1)).encode(), action="t", details={}
        )
    counts = gone(workspace, "conversation", "Ilka Brandt").certificate.certificate.counts
    dump = workspace.roster().dumps().decode()
    assert "both@example.org" in dump
    assert [one for one in ("ilka@example.org", "Ilka Brandt", "ilka.example") if one in dump] == []
    assert (counts["names"], counts["links"], workspace.vault.ids("links")) == (1, 3, [])


def test_links_that_something_still_has_stay(workspace: Workspace, tmp_path: Path) -> None:
    for name, link in (
        ("Ilka Brandt", "https://one.example.org/x"),
        ("Jun Harada", "https://two.example.org/y"),
    ):
        lines = [f"01/02/2023, 10:0{n} - {who}: {link}" for n, who in enumerate((name, "Nora Feld"))]
        (tmp_path / f"WhatsApp Chat with {name}.txt").write_text("\n".join(lines), encoding="utf-8")
    give(workspace, "whatsapp", ["archive"])
    import_(workspace, [tmp_path], me=["Nora Feld"], progress=quiet)
    both = json.dumps({"https://one.example.org/x": 1, "https://two.example.org/y": 2}).encode()
    workspace.vault.put("links", "a", both, action="t", details={})
    gone(workspace, "contact", "Ilka Brandt")
    assert json.loads(workspace.vault.get("links", "a")) == {"https://two.example.org/y": 2}


def test_the_owner_and_strangers_cannot_be_forgotten(imported: Imported) -> None:
    workspace, _ = imported
    wrong: Iterable[tuple[What, str, type[IpseError], str]] = (
        ("contact", "me", PrivacyError, "--all"),
        ("contact", "Zebedee", PrivacyError, "Nobody called"),
        ("conversation", "nothing", VaultError, "no one conversation"),
        ("source", "signal", VaultError, "holds nothing"),
        ("model", "v9", RegistryError, "no model"),
    )
    for what, name, error, says in wrong:
        with pytest.raises(error, match=says):
            plan_for(workspace, what, name)


def test_the_certificate_is_signed_and_names_the_audit_row(trained: Workspace, tmp_path: Path) -> None:
    signed = gone(trained, "conversation", "Ilka Brandt").certificate
    verify(signed)
    assert certificates(trained) == [signed]
    told = signed.certificate
    rows = {row.seq: row for row in trained.vault.audit_rows()}
    assert (rows[told.audit_row].action, rows[told.audit_row].details["erasure"]) == ("forget.done", told.id)
    write(signed, tmp_path / "c.json")
    text = (tmp_path / "c.json").read_text(encoding="utf-8")
    assert json.loads(text)["certificate"]["datasets"] == list(told.datasets)
    assert [word for word in ("Ilka", "PERSON", "whatsapp", "CONV") if word in text] == []
    forged = msgspec.structs.replace(signed, certificate=msgspec.structs.replace(told, remnants=3))
    assert isinstance(forged.certificate, Certificate)
    with pytest.raises(VaultError, match="not what was signed"):
        verify(forged)


STEPS = ("_remember", "_derived", "_records", "sweep", "_remnants")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("late", [False, True])
def test_cut_short_anywhere_the_next_opening_finishes_it(
    trained: Workspace, exports: Path, monkeypatch: pytest.MonkeyPatch, step: str, *, late: bool
) -> None:
    folder, real = trained.vault.folder, getattr(forgetting, step)

    def killed(*arguments: object) -> object:
        if late:
            real(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(forgetting, step, killed)
    with pytest.raises(KeyboardInterrupt):
        gone(trained, "contact", "Ilka Brandt")
    monkeypatch.undo()
    assert len(trained.vault.ids("forgetting")) == 1
    settings = load_settings({"vault": str(folder)}, environment={})
    with Workspace.open(settings, PASSPHRASE) as opened:
        assert opened.vault.ids("forgetting") == []
        assert opened.vault.ids("dataset") == opened.vault.ids("model") == []
        assert opened.vault.counts()["whatsapp"]["records"] == 160
        assert b"Ilka Brandt" not in opened.roster().dumps()
        assert len(certificates(opened)) == 1
        assert opened.vault.verify_audit() > 0
        assert refused(again(opened, exports)) == {"you erased this conversation": 240}


def test_damage_elsewhere_leaves_an_erasure_for_later(
    imported: Imported, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.errors import DamagedVaultError

    workspace, _ = imported

    def damaged(*_: object) -> None:
        raise DamagedVaultError("x")

    monkeypatch.setattr(forgetting, "sweep", damaged)
    with pytest.raises(DamagedVaultError):
        gone(workspace, "contact", "Ilka Brandt")
    assert finish(workspace) == 0
    monkeypatch.undo()
    assert finish(workspace) == 1
    assert finish(workspace) == 0


def test_what_keeps_coming_back_is_said(imported: Imported, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, _ = imported
    monkeypatch.setattr(forgetting, "_remnants", lambda *_: 7)
    with pytest.raises(VaultError, match="7 pieces"):
        gone(workspace, "source", "gmail")
    assert len(workspace.vault.ids("forgetting")) == 1


def test_an_older_backup_does_not_bring_it_back(imported: Imported, tmp_path: Path) -> None:
    workspace, _ = imported
    old = tmp_path / "old"
    shutil.copytree(workspace.vault.folder, old)
    message = next(one for talk in workspace.vault.scan(sources=["gmail"]) for one in talk.messages)
    gone(workspace, "message", message.id)
    gone(workspace, "contact", "Ilka Brandt")
    gone(workspace, "source", "reflections")
    newer = workspace.erasures().dumps()
    with Vault.open(old, PASSPHRASE) as restored:
        back = Workspace(restored, workspace.settings)
        assert restored.counts()["whatsapp"]["records"] == 400
        done = replay(back, newer)
        assert done is not None
        assert done.certificate.what == "restore"
        assert restored.counts() == workspace.vault.counts()
        assert texts(back) == texts(workspace)
        assert b"Ilka Brandt" not in back.roster().dumps()
        assert replay(back) is None


def test_a_backup_from_before_a_merge_gives_none_of_them_back(imported: Imported, tmp_path: Path) -> None:
    workspace, _ = imported
    old, alias = tmp_path / "old", workspace.roster().find("Tomas Weil")
    shutil.copytree(workspace.vault.folder, old)
    merge(workspace, "Jun Harada", ["Tomas Weil"])
    gone(workspace, "contact", "Jun Harada")
    assert alias in workspace.erasures().labels
    with Vault.open(old, PASSPHRASE) as restored:
        back = Workspace(restored, workspace.settings)
        assert replay(back, workspace.erasures().dumps()) is not None
        assert restored.counts() == workspace.vault.counts()
        assert [name for name in (b"Tomas", b"Harada") if name in back.roster().dumps()] == []


def test_an_import_that_began_before_an_erasure_does_not_undo_it(imported: Imported) -> None:
    workspace, _ = imported
    roster = workspace.roster()
    other = Workspace(workspace.vault, workspace.settings)
    gone(other, "contact", "Ilka Brandt")
    roster.add(Person("Somebody New"))
    with pytest.raises(PrivacyError, match="erased meanwhile"):
        workspace.keep_roster(roster)
    workspace.permit("whatsapp", "archive")  # asked for by the batch
    assert roster.erasures.labels
    assert b"Ilka Brandt" not in workspace.roster().dumps()


def test_a_withdrawal_erases_what_the_owner_chose(trained: Workspace) -> None:
    consent = next(one.consent.id for one in trained.consents() if one.consent.source == "gmail")
    assert withdraw(trained, consent, erase=True)[1] == 60
    assert trained.vault.ids("dataset") == trained.vault.ids("model") == []
    assert len(certificates(trained)) == 1
    other = give(trained, "signal", ["archive"]).consent.id
    assert withdraw(trained, other, erase=True)[1] == 0
    assert len(certificates(trained)) == 1


Stop = Callable[[Workspace], object]


@pytest.mark.parametrize(
    "stop",
    [
        lambda w: withdraw(w, next(one.consent.id for one in w.consents() if one.consent.source == "gmail")),
        lambda w: gone(w, "contact", "Ilka Brandt"),
    ],
    ids=["withdrawn", "erased"],
)
@pytest.mark.parametrize("seconds", [0.0, 1e9], ids=["while it runs", "before it is kept"])
def test_running_training_and_judging_stop(
    trained: Workspace, monkeypatch: pytest.MonkeyPatch, stop: Stop, seconds: float
) -> None:
    monkeypatch.setattr(learning, "LOOK_SECONDS", seconds)
    other = Workspace(trained.vault, trained.settings)
    steps: list[float] = []

    def progress(done: float, _total: float | None, _figures: object) -> None:
        if not steps:
            stop(other)
        steps.append(done)

    with pytest.raises(ConsentError):
        train(trained, progress=progress)
    assert (len(steps) == 1) is (seconds == 0)
    assert len(trained.vault.ids("model")) <= 1


def test_judging_and_talking_stop_too(trained: Workspace) -> None:
    clone, other = Clone(trained), Workspace(trained.vault, trained.settings)
    assert clone.answer("who brings the soup?").text
    withdrawn: list[bool] = []

    def progress(_done: float, _total: float | None, _figures: object) -> None:
        if not withdrawn:
            withdraw(other, next(one.consent.id for one in other.consents() if one.consent.source == "gmail"))
        withdrawn.append(True)

    with pytest.raises(ConsentError):
        evaluate(trained, progress=progress)
    assert trained.vault.ids("scorecard") == []
    with pytest.raises(ConsentError):
        clone.answer("who brings the soup?")


def limited(workspace: Workspace, **retention: object) -> Workspace:
    return Workspace(workspace.vault, load_settings({"retention": retention}, environment={}))


def test_what_is_older_than_its_limit_goes_and_may_come_again(trained: Workspace, exports: Path) -> None:
    now = datetime(2023, 6, 1, tzinfo=UTC)
    workspace = limited(trained, sources={"whatsapp": 60}, messages=100_000)
    plan = plan_purge(workspace, now)
    assert plan is not None
    assert plan.counts["messages"] > 50
    done = purge(workspace, now)
    assert done is not None
    assert done.certificate.what == "retention"
    limit = now - timedelta(days=60)
    left = [one for talk in workspace.vault.scan(sources=["whatsapp"]) for one in talk.messages]
    assert left
    assert min(one.at for one in left) >= limit
    assert workspace.vault.counts()["gmail"]["records"] == 60
    assert workspace.vault.ids("model") == []
    assert plan_purge(workspace, now) is None
    assert purge(workspace, now) is None
    assert refused(again(workspace, exports)) == {}


def test_a_purge_is_due_once_a_day_and_only_where_something_is_limited(imported: Imported) -> None:
    workspace, _ = imported
    now = datetime(2030, 1, 1, tzinfo=UTC)
    assert purge_if_due(workspace, now) is None
    assert workspace.vault.ids("purge") == []
    workspace = limited(workspace, messages=10_000)
    assert purge_if_due(workspace, now) is None
    assert workspace.vault.ids("purge") == ["last"]
    workspace = limited(workspace, messages=1, events=5)
    assert purge_if_due(workspace, now + timedelta(hours=23)) is None
    assert purge_if_due(workspace, now + timedelta(hours=24)) is not None
    assert workspace.vault.counts() == {}


def test_opening_a_vault_lets_go_of_what_is_too_old(imported: Imported) -> None:
    workspace, _ = imported
    retention = {"sources": {"gmail": 30}}
    flags = {"vault": str(workspace.vault.folder), "retention": retention}
    with Workspace.open(load_settings(flags, environment={}), PASSPHRASE) as opened:
        assert set(opened.vault.counts()) == {"whatsapp", "reflections"}


class Canaries:
    """Random words, and what finds the end of each in the bytes of files."""

    def __init__(self) -> None:
        self._rng = random.Random(4)
        self.all: list[str] = []

    def new(self) -> str:
        self.all.append("".join(self._rng.choices("bcdfghklmnprstvz", k=18)))
        return self.all[-1]

    def found(self, *blobs: bytes) -> list[str]:
        ends = {one: [one[-SHORTEST:].encode(code) for code in ("utf-8", "utf-16-le")] for one in self.all}
        return [
            one
            for one, needles in ends.items()
            if any(end in blob.lower() for end in needles for blob in blobs)
        ]


def everything(workspace: Workspace) -> list[bytes]:
    """All that can be got out of a vault: every document opened, exports, generations, and every raw byte."""
    vault, out = workspace.vault, []
    kinds = ("consent", "roster", "dataset", "model", "artefact", "scorecard", "alias", "job", "links",
             "erasures", "forgetting", "certificate")  # fmt: skip
    out += [vault.get(kind, name) for kind in kinds for name in vault.ids(kind)]
    out.append(msgspec.json.encode([talk.messages for talk in vault.scan()]))
    out.append(msgspec.json.encode(list(vault.audit_rows())))
    for kind in ("jsonl", "csv", "parquet"):
        file = vault.folder.parent / f"export.{kind}"
        export_messages(workspace, file, kind)
        out.append(file.read_bytes())
    for name in vault.ids("dataset"):
        out.append(Dataset.loads(vault.get("dataset", name)).dumps())
    if Registry(vault).champion():
        said = [Clone(workspace).answer(f"number {n} please").text for n in range(5)]
        out.append(" ".join(said).encode())
    out += [file.read_bytes() for file in vault.folder.rglob("*") if file.is_file()]
    return out


def test_no_canary_is_left_anywhere_after_training_and_erasing(workspace: Workspace, tmp_path: Path) -> None:
    planted, other = Canaries(), Canaries()
    other._rng.seed(5)
    exports = tmp_path / "exports"
    exports.mkdir()
    contact = planted.new().title() + " Brandt"
    for who, words in ((contact, planted), ("Jun Harada", other)):
        lines = []
        for n in range(60):
            at = f"{n % 27 + 1:02}/{n // 27 + 1:02}/2023, 1{n % 10}:0"
            lines.append(f"{at}1 - {who}: number {n}, did you see {words.new()} yet?")
            lines.append(f"{at}5 - Nora Feld: yes!! number {n}, {words.new()} was great :)")
        lines.append(
            f"28/03/2023, 10:01 - {who}: write to {words.new()}@example.org, https://{words.new()}.org/x"
        )
        (exports / f"WhatsApp Chat with {who}.txt").write_text("\n".join(lines), encoding="utf-8")
    give(workspace, "whatsapp", ["archive", "style"])
    import_(workspace, [exports], me=["Nora Feld"], progress=quiet)
    prepare(workspace)
    train(workspace, progress=quiet)
    evaluate(workspace, progress=quiet)
    old = tmp_path / "backup"
    shutil.copytree(workspace.vault.folder, old)
    assert set(planted.found(*everything(workspace))) == set(planted.all)  # the search finds what is there
    done = gone(workspace, "contact", contact, retrain=True)
    assert done.retrained, done.not_retrained
    import_(workspace, [exports], me=["Nora Feld"], progress=quiet)
    assert planted.found(*everything(workspace)) == []
    assert set(other.found(*everything(workspace))) == set(other.all)
    with Vault.open(old, PASSPHRASE) as restored:
        back = Workspace(restored, workspace.settings)
        assert replay(back, workspace.erasures().dumps()) is not None
        assert planted.found(*everything(back)) == []


def test_a_plan_says_nothing_readable(imported: Imported, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, _ = imported
    monkeypatch.setattr(forgetting, "_act", lambda *_: None)
    plan = plan_for(workspace, "contact", "Ilka Brandt")
    forgetting.carry_out(workspace, plan)
    raw = b"".join(file.read_bytes() for file in workspace.vault.folder.rglob("*") if file.is_file())
    assert plan.id.encode() not in raw
    assert msgspec.json.decode(workspace.vault.get("forgetting", plan.id), type=Plan) == plan
