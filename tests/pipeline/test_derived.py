"""What is made of records goes with them, however far down, and no kind of it can be forgotten."""

import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ipse.config import load_settings
from ipse.errors import SettingsError, VaultError
from ipse.pipeline.consents import give
from ipse.pipeline.contacts import contacts
from ipse.pipeline.derived import KINDS, Origin, get_made, keep_made, reached
from ipse.pipeline.forgetting import PROOFS, forget
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.plans import What, plan_for
from ipse.pipeline.retention import plan_purge, purge
from ipse.pipeline.workspace import Workspace
from ipse.privacy import gate
from ipse.records import Event
from ipse.scorecard import Scorecard
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from .conftest import ME, chat, mails, reflections


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with a document of each kind that is made of records, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("template")
    vault, _ = Vault.create(folder / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    workspace = Workspace(vault, load_settings({"retrieval": {"epochs": 1}}, environment={}))
    exports = [
        chat(folder / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 40, 1),
        chat(folder / "WhatsApp Chat with Jun Harada.txt", "Jun Harada", 30, 2),
        mails(folder / "All mail.mbox", 30),
        reflections(folder / "reflections.csv", 20),
    ]
    for source in ("whatsapp", "gmail", "reflections"):
        give(workspace, source, ["archive", "style"])
    import_(workspace, exports, me=ME, progress=quiet)
    with vault:
        _fill(workspace)
    return folder / "vault"


@pytest.fixture
def made(template: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of it, open."""
    with Vault.open(shutil.copytree(template, tmp_path / "vault"), PASSPHRASE) as vault:
        yield Workspace(vault, load_settings({}, environment={}))


def _fill(workspace: Workspace) -> None:
    event = Event(source="window", kind="state", ts=1_700_000_000_000_000, rx=2, key="e1", data={"app": "x"})
    workspace.vault.keep([gate.Cleared(event, gate._SEAL)], source="window")
    prepare(workspace)
    train(workspace, progress=quiet)
    judged = Scorecard(
        model="v1", dataset=prepare(workspace).card.id, created_at=datetime.now(UTC), rows=(), gates=(),
        self_checks=(), promotable=True, reasons=(),
    )  # fmt: skip
    workspace.vault.put("scorecard", "v1", judged.to_json(), action="scorecard.keep", details={})
    ilka = workspace.roster().find("Ilka Brandt") or ""
    talk = next(one for one in workspace.vault.scan(sources=["gmail"]))
    for name, origin in {
        ("draft", "to ilka"): Origin(sources=frozenset({"whatsapp"}), about=frozenset({ilka})),
        ("draft", "of mails"): Origin(sources=frozenset({"gmail"}), about=frozenset({talk.messages[0].id})),
        ("blind", "v1"): Origin(documents=frozenset({("model", "v1")})),
        ("session", "by v1"): Origin(documents=frozenset({("model", "v1")})),
        ("draft", "in the session"): Origin(documents=frozenset({("session", "by v1")})),
        ("features", "of windows"): Origin(sources=frozenset({"window"})),
        ("prediction", "of windows"): Origin(documents=frozenset({("features", "of windows")})),
        ("judgement", "of windows"): Origin(documents=frozenset({("prediction", "of windows")})),
        ("suppression", "of windows"): Origin(sources=frozenset({"window"})),
        ("draft", "of mails only"): Origin(sources=frozenset({"gmail"})),
    }.items():
        keep_made(workspace, name, b"a text", origin)


MADE = ("draft", "session", "features", "prediction", "judgement", "suppression")


def there(workspace: Workspace, kinds: Iterable[str] = MADE) -> set[str]:
    return {name for kind in kinds for name in workspace.vault.ids(kind)}


EVERYTHING = {
    "to ilka", "of mails", "by v1", "in the session", "of windows", "of mails only",
}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "name", "left"),
    [
        ("contact", "Ilka Brandt", {"of mails", "of windows", "of mails only"}),
        ("contact", "Jun Harada", {"to ilka", "of mails", "of windows", "of mails only"}),
        ("source", "gmail", {"to ilka", "of windows"}),
        ("source", "window", EVERYTHING - {"of windows"}),
        ("source", "reflections", {"to ilka", "of mails", "of windows", "of mails only"}),
        ("model", "v1", {"to ilka", "of mails", "of windows", "of mails only"}),
        ("all", "", set()),
    ],
)
def test_what_is_made_of_it_goes_with_it(made: Workspace, what: What, name: str, left: set[str]) -> None:
    assert there(made) == EVERYTHING
    gone = len(EVERYTHING) + 3 - len(left) - 3 * ("of windows" in left)  # four are called that
    plan = plan_for(made, what, name)
    certificate = forget(made, plan).certificate.certificate
    assert there(made) == left
    counts = certificate.counts
    told = tuple(KINDS[kind].told for kind in MADE)
    assert sum(counts.get(one, 0) for one in told) == gone
    assert certificate.remnants == 0


def test_one_message_takes_what_was_made_of_it(made: Workspace) -> None:
    talk = next(one for one in made.vault.scan(sources=["gmail"]))
    forget(made, plan_for(made, "message", talk.messages[0].id))
    assert there(made) == {"to ilka", "of windows"}  # "of mails only" may have been made of it


def test_what_is_kept_says_of_what_it_was_made(made: Workspace) -> None:
    assert get_made(made, ("draft", "to ilka")) == b"a text"
    with pytest.raises(VaultError, match="no kind of document"):
        keep_made(made, ("novelty", "one"), b"", Origin(sources=frozenset({"gmail"})))
    with pytest.raises(VaultError, match="no kind of document"):
        keep_made(made, ("consent", "one"), b"", Origin(sources=frozenset({"gmail"})))
    with pytest.raises(VaultError, match="does not say"):
        keep_made(made, ("draft", "one"), b"", Origin(about=frozenset({"PERSON_1"})))


def test_every_kind_says_what_it_is_made_of_or_why_it_stays() -> None:
    assert [kind for kind, known in KINDS.items() if (known.origin is None) != bool(known.why)] == []
    assert [kind for kind, known in KINDS.items() if known.origin and not (known.told and known.family)] == []


def test_a_kind_that_is_in_no_table_fails_the_suite(made: Workspace) -> None:
    """The control of the fixture that watches every test of a verb."""
    with pytest.raises(AssertionError, match="in no table"):
        made.vault.put("novelty", "one", b"", action="test", details={})


def test_a_vault_holds_no_kind_that_is_in_no_table(made: Workspace) -> None:
    held = {kind for kind, _ in made.vault._documents.labels()}
    assert {"dataset", "model", "scorecard", "draft", "roster", "consent", "job"} <= held
    assert held <= KINDS.keys()


def test_a_model_whose_dataset_is_gone_goes_with_any_of_its_sources(made: Workspace) -> None:
    made.vault.remove("dataset", made.vault.ids("dataset")[0], action="dataset.remove", details={})
    plan = plan_for(made, "contact", "Ilka Brandt")
    assert (plan.models, plan.counts["scorecards"]) == (("v1",), 1)
    assert ("model", "v1") not in reached(made, sources=["window"])


def limited(workspace: Workspace, **retention: object) -> Workspace:
    return Workspace(workspace.vault, load_settings({"retention": retention}, environment={}))


@pytest.mark.parametrize(
    ("family", "gone"),
    [
        ("datasets", {"dataset"}),
        ("models", {"model", "artefact", "scorecard", "blind", "session", "draft: in the session"}),
        ("scorecards", {"scorecard", "blind"}),
        ("drafts", {"session", "draft"}),
        ("predictions", {"features", "prediction", "judgement", "suppression"}),
        ("logs", {"job"}),
    ],
)
def test_each_family_has_its_own_time(made: Workspace, family: str, gone: set[str]) -> None:
    kinds = (
        "dataset",
        "model",
        "artefact",
        "scorecard",
        "blind",
        "session",
        "draft",
        "features",
        "prediction",
        "judgement",
        "suppression",
        "job",
    )
    before: dict[str, set[str]] = {kind: set(made.vault.ids(kind)) for kind in kinds}
    workspace = limited(made, **{family: 10})
    now = datetime.now(UTC)
    assert plan_purge(workspace, now + timedelta(days=9)) is None
    plan = plan_purge(workspace, now + timedelta(days=11))
    assert plan is not None
    assert plan.counts
    assert {kind: set(made.vault.ids(kind)) for kind in kinds} == before  # a preview takes nothing
    done = purge(workspace, now + timedelta(days=11))
    assert done is not None
    assert done.certificate.remnants == 0
    for kind in kinds:
        went = before[kind] - set(made.vault.ids(kind))
        single = {one.partition(": ")[2] for one in gone if one.startswith(f"{kind}: ")}
        assert went == (before[kind] if kind in gone else single), kind
    assert made.vault.counts()["window"]["records"] == 1
    assert plan_purge(workspace, now + timedelta(days=11)) is None


def test_a_source_has_a_time_for_each_family(made: Workspace) -> None:
    event = Event(source="gmail", kind="point", ts=1_700_000_000_000_000, rx=2, key="e1")
    made.vault.keep([gate.Cleared(event, gate._SEAL)], source="gmail")
    now = datetime(2030, 1, 1, tzinfo=UTC)
    kept = limited(made, sources={"gmail": {"messages": 100_000}, "window": {"messages": 1}}, events=100_000)
    assert plan_purge(kept, now) is None
    plan = plan_purge(limited(made, sources={"gmail": {"events": 5}}, messages=100_000), now)
    assert plan is not None
    assert (plan.counts["events"], "messages" in plan.counts) == (1, False)
    plan = plan_purge(limited(made, sources={"gmail": {"messages": 5}, "window": 0}, events=5), now)
    assert plan is not None
    assert (plan.counts["events"], plan.counts["messages"]) == (1, 60)
    with pytest.raises(SettingsError, match="retention"):
        limited(made, sources={"gmail": {"pictures": 5}})


def test_the_log_says_no_more_what_was_done_long_ago_and_proofs_stay(
    made: Workspace,
) -> None:
    forget(made, plan_for(made, "contact", "Jun Harada"))
    rows = list(made.vault.audit_rows())
    told = {row.seq for row in rows if row.at and not row.action.startswith(PROOFS)}
    workspace = limited(made, audit=30)
    now = datetime.now(UTC) + timedelta(days=31)
    plan = plan_purge(workspace, now)
    assert plan is not None
    assert plan.counts == {"audit details": len(told)}
    done = purge(workspace, now)
    assert done is not None
    after = {row.seq: row.action for row in made.vault.audit_rows()}
    assert {seq for seq in told if after[seq] != "erased"} == set()
    assert [row for row in rows if row.action == "forget.done" and after[row.seq] != row.action] == []
    assert made.vault.verify_audit() == len(after)
    assert plan_purge(workspace, now) is None
    contacts(made)
    later = now + timedelta(days=40)
    assert purge(workspace, later) is not None  # what was done since; the row that says so stays
    assert made.vault.verify_audit() > len(after)


def test_a_plan_of_before_is_read(made: Workspace) -> None:
    """One that was sealed before there were documents in it, and cut short."""
    plan = plan_for(made, "model", "v1")
    tree = msgspec.to_builtins(plan)
    for field in ("documents", "audit_before"):
        del tree[field]
    assert msgspec.convert(tree, type=type(plan)).models == ("v1",)
