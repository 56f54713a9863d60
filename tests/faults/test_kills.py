"""kill -9 at any moment of a verb: nothing acknowledged is lost, nothing is there twice, the verb goes on."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ipse.config import load_settings
from ipse.errors import DamagedVaultError, IpseError
from ipse.pipeline.archives import import_archive
from ipse.pipeline.backups import check_backups, restore_vault
from ipse.pipeline.certificates import certificates
from ipse.pipeline.consents import give
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.portability import verify_archive
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault import KdfParameters, Vault
from ipse.vault.catalog import REVISION

from ..pipeline.conftest import chat
from ..soak import SOAK, rounds
from ..vault import fixture, test_fixtures
from .killing import Server, Trial, trials
from .verbs import PASSPHRASE, SETTINGS, opened

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
WHO, OTHER = "Ilka Brandt", "Jun Harada"
Check = Callable[[Trial], None]
PRELOADED = (
    "alembic.command",
    "lingua",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "scipy.sparse.linalg",
)


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server.running(*PRELOADED) as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders to begin with: a vault with leave and exports, one with all of it imported, one trained on."""
    root = tmp_path_factory.mktemp("made")
    settings = load_settings(SETTINGS, environment={})
    first = root / "fresh"
    (first / "exports").mkdir(parents=True)
    chat(first / "exports" / f"WhatsApp Chat with {WHO}.txt", WHO, 80, 1)
    chat(first / "exports" / f"WhatsApp Chat with {OTHER}.txt", OTHER, 60, 2)
    vault, recovery = Vault.create(first / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    (first / "recovery").write_text(recovery)
    with vault:
        give(Workspace(vault, settings), "whatsapp", ["archive", "style"])
    with Vault.open(shutil.copytree(first, root / "full") / "vault", PASSPHRASE) as vault:
        import_(Workspace(vault, settings), [first / "exports"], me=["Nora Feld"], progress=quiet)
    with Vault.open(shutil.copytree(root / "full", root / "trained") / "vault", PASSPHRASE) as vault:
        workspace = Workspace(vault, settings)
        prepare(workspace)
        train(workspace, progress=quiet)
        vault.journal.checkpoint()
    old = root / "old"
    shutil.copytree(fixture.FIXTURES / "1-0001", old / "vault")
    return {path.name: path for path in root.iterdir()}


def ids(workspace: Workspace) -> list[str]:
    """The ids of all messages, each as often as it is there; the vault is checked for being whole."""
    vault = workspace.vault
    found = [one.id for talk in vault.scan() for one in talk.messages]
    assert vault.counts().get("whatsapp", {"records": 0})["records"] == len(found) == vault.read_all()
    return sorted(found)


def sound(folder: Path) -> None:
    """Both databases are what SQLite calls whole."""
    for name in ("catalog.db", "keys.db"):
        with closing(sqlite3.connect(folder / name)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.fixture(scope="module")
def everyone(made: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The ids of all that the exports hold."""
    with opened(
        shutil.copytree(made["full"], tmp_path_factory.mktemp("ids") / "full") / "vault"
    ) as workspace:
        return ids(workspace)


@pytest.fixture
def checks(server: Server, everyone: list[str], tmp_path: Path) -> dict[str, Check]:
    """What must hold after each verb was killed."""

    def again(verb: str, trial: Trial, **job: Any) -> list[str]:
        return server.run(verb, tmp_path / "again", vault=trial.folder / "vault", **job)[0]

    def imported(trial: Trial) -> None:
        acked = max((int(word) for word in trial.said if word.isdigit()), default=0)
        with opened(trial.folder / "vault") as workspace:
            found = ids(workspace)
        assert len(set(found)) == len(found) >= acked
        assert set(found) <= set(everyone)
        again("import", trial, exports=trial.folder / "exports")
        with opened(trial.folder / "vault") as workspace:
            assert ids(workspace) == everyone

    def trained(trial: Trial) -> None:
        said = [word.split()[1] for word in trial.said if word.startswith(("model", "dataset"))]
        with opened(trial.folder / "vault") as workspace:
            registry = Registry(workspace.vault)
            held = {*workspace.vault.ids("dataset"), *workspace.vault.ids("model")}
            assert held >= set(said)
            assert all(registry.files(card.id) for card in registry.cards())
            assert ids(workspace) == everyone
        again("train", trial)
        with opened(trial.folder / "vault") as workspace:
            registry = Registry(workspace.vault)
            assert registry.files(str(registry.champion()))
            assert ids(workspace) == everyone

    def forgotten(trial: Trial) -> None:
        for turn in range(2):
            with opened(trial.folder / "vault") as workspace:
                vault = workspace.vault
                gone = workspace.roster().find(WHO) is None
                left = {WHO: 160, OTHER: 120}
                assert len(ids(workspace)) == left[OTHER] + (0 if gone else left[WHO])
                assert gone or not (turn or "forgotten" in trial.said)
                assert bool(vault.ids("model")) == bool(vault.ids("dataset")) == (not gone)
                assert len(certificates(workspace)) == gone
                assert vault.ids("forgetting") == []
            if not gone:
                again("forget", trial, who=WHO)

    def backed_up(trial: Trial) -> None:
        recovery, copies = (trial.folder / "recovery").read_text(), trial.folder / "copies"
        for turn in range(2):
            if (copies / "snapshots").is_dir():
                found = check_backups(copies, recovery_key=recovery, deep=True, progress=quiet)
                assert [one.faults for one in found] == [()] * len(found)
                names = {one.name for one in found}
                assert {word for word in trial.said if word[:4].isdigit()} <= names or turn
            if turn:
                settings = load_settings(SETTINGS, environment={})
                target = trial.folder / "restored"
                restore_vault(
                    copies, target, recovery, PASSPHRASE, settings=settings, kdf=CHEAP, progress=quiet
                )
                with opened(target) as workspace:
                    assert ids(workspace) == everyone
            else:
                again("backup", trial, copies=copies)
        with opened(trial.folder / "vault") as workspace:
            assert ids(workspace) == everyone

    def migrated(trial: Trial) -> None:
        with Vault.open(trial.folder / "vault", fixture.PASSPHRASE) as vault:
            test_fixtures.check(vault)
            assert vault._parts.catalog._revision() == REVISION
        again("open", trial, passphrase=fixture.PASSPHRASE)
        with Vault.open(trial.folder / "vault", fixture.PASSPHRASE) as vault:
            test_fixtures.check(vault)

    def signed(trial: Trial) -> None:
        acked = max((int(word) for word in trial.said if word.isdigit()), default=1)
        with opened(trial.folder / "vault") as workspace:
            assert len(workspace.vault.journal.checkpoints()) >= acked
            assert ids(workspace) == everyone
        again("checkpoint", trial)
        with opened(trial.folder / "vault") as workspace:
            assert workspace.vault.journal.verify().checkpoints > acked - trial.finished

    def exported(trial: Trial) -> None:
        out = trial.folder / "out"
        with opened(trial.folder / "vault") as workspace:
            try:
                rows = verify_archive(out).rows
            except DamagedVaultError:
                assert "exported" not in trial.said
                with pytest.raises(DamagedVaultError):
                    import_archive(workspace, out, progress=quiet)
            else:
                assert rows["records"] == rows["messages"] == len(everyone)
            assert ids(workspace) == everyone
        again("export", trial, out=trial.folder / "second")
        assert verify_archive(trial.folder / "second").rows["records"] == len(everyone)

    def rekeyed(verb: str) -> Check:
        def check(trial: Trial) -> None:
            with opened(trial.folder / "vault") as workspace:
                assert ids(workspace) == everyone
            again(verb, trial)
            with opened(trial.folder / "vault") as workspace:
                assert ids(workspace) == everyone
                assert not workspace.vault.reencrypting

        return check

    return {
        "import": imported,
        "train": trained,
        "forget": forgotten,
        "backup": backed_up,
        "open": migrated,
        "checkpoint": signed,
        "export": exported,
        "rotate": rekeyed("rotate"),
        "reencrypt": rekeyed("reencrypt"),
    }


BEGIN = {"import": "fresh", "train": "full", "open": "old"}
JOBS: dict[str, dict[str, Callable[[Path], Any]]] = {
    "import": {"exports": lambda folder: folder / "exports"},
    "forget": {"who": lambda _: WHO},
    "backup": {"copies": lambda folder: folder / "copies"},
    "open": {"passphrase": lambda _: fixture.PASSPHRASE},
    "export": {"out": lambda folder: folder / "out"},
}
VERBS = ("import", "train", "forget", "backup", "open", "checkpoint", "export", "rotate", "reencrypt")


def found_by(check: Check, trial: Trial) -> str:
    """What the check finds after a kill; nothing where all is well."""
    try:
        check(trial)
        sound(trial.folder / "vault")
    except (AssertionError, IpseError, KeyError, sqlite3.Error) as error:
        return f"{type(error).__name__} {error}"
    return ""


@pytest.mark.parametrize("verb", VERBS)
def test_killed_at_any_moment_nothing_is_lost_and_it_goes_on(
    server: Server, made: dict[str, Path], tmp_path: Path, checks: dict[str, Check], verb: str
) -> None:
    job = {"vault": lambda folder: folder / "vault", **JOBS.get(verb, {})}
    begin = made[BEGIN.get(verb, "trained")]
    faults, late = list[str](), 0
    for trial in trials(server, verb, begin, tmp_path, rounds(1, 200), **job):
        late += trial.finished
        fault = found_by(checks[verb], trial)
        faults += [f"{trial.number}: {fault}"] if fault else []
    sys.stderr.write(f"{verb}: {late} of {rounds(1, 200)} ended before they were killed\n")
    assert faults == []


@pytest.mark.llm
@pytest.mark.skipif(not SOAK, reason="minutes")
def test_training_an_adapter_killed_at_any_moment_leaves_a_whole_model_or_none(
    made: dict[str, Path], tiny_base: Path, everyone: list[str], tmp_path: Path
) -> None:
    lora = {"base": str(tiny_base), "max_steps": 12, "max_tokens": 96, "checkpoint_seconds": 0}
    job = {"vault": lambda folder: folder / "vault", "lora": lambda _: lora}
    late, results = 0, set[str]()
    with Server.running("torch", "transformers", "peft") as server:
        for trial in trials(server, "train", made["full"], tmp_path, 20, **job):
            late += trial.finished
            said = [word.split()[1] for word in trial.said if word.startswith(("model", "dataset"))]
            for turn in range(2):
                with opened(trial.folder / "vault") as workspace:
                    registry = Registry(workspace.vault)
                    held = {*workspace.vault.ids("dataset"), *workspace.vault.ids("model")}
                    assert held >= set(said)
                    assert all(registry.files(card.id) for card in registry.cards())
                    assert ids(workspace) == everyone
                    assert registry.cards() or not turn
                    results |= {card.artefact for card in registry.cards() if card.method == "lora"}
                if not turn:
                    server.run("train", tmp_path / "again", vault=trial.folder / "vault", lora=lora)
            sound(trial.folder / "vault")
    assert len(results) == 1, "whenever it was killed, the adapter is the same to the byte"
    sys.stderr.write(f"lora: {late} of 20 ended before they were killed\n")


@pytest.mark.parametrize("verb", VERBS)
def test_the_check_notices_a_verb_that_is_not_safe(
    server: Server, made: dict[str, Path], tmp_path: Path, checks: dict[str, Check], verb: str
) -> None:
    """The control: the same verb with what makes it safe taken away, killed in the gap."""
    job = {"vault": lambda folder: folder / "vault", **JOBS.get(verb, {})}
    for n in range(rounds(1, 20)):
        folder = Path(shutil.copytree(made[BEGIN.get(verb, "trained")], tmp_path / str(n)))
        arguments = {name: of(folder) for name, of in job.items()}
        said, _ = server.run(verb, tmp_path / "said", kill_at="gap", mutant=verb, **arguments)
        assert found_by(checks[verb], Trial(n, folder, said, finished=False))
