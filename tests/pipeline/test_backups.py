"""What was erased stays erased when an older backup comes back, and what was learned from it too."""

import json
import shutil
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.errors import VaultError, VaultMissingError
from ipse.pipeline.backups import back_up, check_backups, export_ledger, list_backups, restore_vault
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import ImportReport
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.plans import plan_for
from ipse.pipeline.workspace import Workspace
from ipse.privacy.erasures import Erased, Erasures
from ipse.vault import KdfParameters, Vault
from ipse.vault.backup.restoring import Restored

from .conftest import imported_into

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
NEW = "another passphrase"
Imported = tuple[Workspace, ImportReport]


def quiet(done: float, total: float | None, figures: object) -> None:
    """No progress shown."""


def erased(workspace: Workspace, *things: Erased) -> None:
    """Write into the ledger that these were erased, as forgetting does."""
    erasures = Erasures(workspace.vault.signing_key())
    erasures.add("e1", things)
    workspace.vault.put("erasures", "ledger", erasures.dumps(), action="forget.ledger", details={})


@pytest.fixture
def key(tmp_path: Path) -> str:
    """The recovery key of the vault that :func:`workspace` opens."""
    return (tmp_path / "recovery").read_text(encoding="utf-8")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made, recovery = Vault.create(tmp_path / "mine", "correct horse", kdf=CHEAP, allow_weak=True)
    (tmp_path / "recovery").write_text(recovery, encoding="utf-8")
    return made


@pytest.fixture
def imported(workspace: Workspace, request: pytest.FixtureRequest) -> Imported:
    """Imported anew: of a vault that is copied, nobody has the recovery key."""
    return workspace, imported_into(workspace.vault, request)


def restored(
    copies: Path, target: Path, key: str, ledger: Path | None = None, name: str | None = None
) -> Restored:
    settings = load_settings({}, environment={})
    return restore_vault(
        copies, target, key, NEW, settings=settings, name=name, ledger=ledger, kdf=CHEAP, progress=quiet
    )


def test_an_older_backup_does_not_bring_back_what_was_erased_since(
    imported: Imported, tmp_path: Path, key: str
) -> None:
    workspace, _ = imported
    copies = tmp_path / "copies"
    prepare(workspace)
    train(workspace, progress=quiet)
    old = back_up(workspace, copies, progress=quiet)
    control = restored(copies, tmp_path / "control", key, name=old.name)
    assert control.replayed == 0
    for what, name in (("contact", "Ilka Brandt"), ("source", "reflections")):
        forget(workspace, plan_for(workspace, what, name))  # type: ignore[arg-type]
    back_up(workspace, copies, progress=quiet)
    done = restored(copies, tmp_path / "new", key, name=old.name)
    assert done.replayed > 100
    with Vault.open(tmp_path / "control", NEW) as vault:
        assert b"Ilka" in vault.get("roster", "roster")
        assert vault.ids("model") == ["v1"]
    with Vault.open(tmp_path / "new", NEW) as vault:
        assert b"Ilka" not in vault.get("roster", "roster")
        assert [*vault.scan()] == [*workspace.vault.scan()]
        assert vault.counts() == workspace.vault.counts()
        assert vault.ids("dataset") == vault.ids("model") == vault.ids("artefact") == []
        assert vault.read_all() > 100
    assert restored(copies, tmp_path / "newest", key).replayed == 0


def test_nothing_erased_is_nothing_replayed(imported: Imported, tmp_path: Path, key: str) -> None:
    workspace, _ = imported
    made = back_up(workspace, tmp_path / "copies", keep=2, progress=quiet)
    done = restored(tmp_path / "copies", tmp_path / "new", key)
    assert (done.replayed, done.backup, done.recovery_key) == (0, made.name, key)
    with Vault.open(tmp_path / "new", NEW) as vault:
        assert [*vault.scan()] == [*workspace.vault.scan()]
    assert [one.name for one in list_backups(tmp_path / "copies")] == [made.name]
    assert check_backups(tmp_path / "copies", recovery_key=key, deep=True, progress=quiet)[0].faults == ()


def test_the_ledger_of_a_newer_vault_is_taken_from_a_file(
    imported: Imported, tmp_path: Path, key: str
) -> None:
    workspace, _ = imported
    back_up(workspace, tmp_path / "copies", progress=quiet)
    export_ledger(workspace, tmp_path / "empty.json")
    one = next(iter(workspace.vault.scan())).messages[0]
    erased(workspace, Erased("message", one.id))
    export_ledger(workspace, tmp_path / "ledger.json")
    assert one.id not in (tmp_path / "ledger.json").read_text(encoding="utf-8")
    assert restored(tmp_path / "copies", tmp_path / "a", key, tmp_path / "empty.json").replayed == 0
    assert restored(tmp_path / "copies", tmp_path / "b", key, tmp_path / "ledger.json").replayed == 1
    with Vault.open(tmp_path / "b", NEW) as vault:
        assert one.id not in {message.id for talk in vault.scan() for message in talk.messages}


def test_a_ledger_that_the_vault_did_not_sign_is_refused_before_there_is_a_vault(
    imported: Imported, tmp_path: Path, key: str
) -> None:
    workspace, _ = imported
    back_up(workspace, tmp_path / "copies", progress=quiet)
    file = tmp_path / "ledger.json"
    export_ledger(workspace, file)
    good = json.loads(file.read_text(encoding="utf-8"))
    other, _ = Vault.create(tmp_path / "other", "correct horse", kdf=CHEAP, allow_weak=True)
    with other:
        export_ledger(Workspace(other, workspace.settings), tmp_path / "theirs.json")
    file.write_text(json.dumps(good | {"ledger": "e30="}), encoding="utf-8")
    (tmp_path / "text.json").write_text("no ledger", encoding="utf-8")
    (tmp_path / "bytes.json").write_bytes(b'{"vault": "\xe1"}')
    wrongs = ("theirs.json", "text.json", "bytes.json", "absent.json")
    for wrong in (file, *(tmp_path / name for name in wrongs)):
        target = tmp_path / f"new-{wrong.stem}"
        with pytest.raises(VaultError, match="no ledger that this vault signed"):
            restored(tmp_path / "copies", target, key, wrong)
        with pytest.raises(VaultMissingError):
            Vault.open(target, NEW)


def test_a_medium_that_goes_away_leaves_the_backups_before_whole(
    imported: Imported, tmp_path: Path, key: str
) -> None:
    workspace, _ = imported
    copies, away = tmp_path / "copies", tmp_path / "away"
    first = back_up(workspace, copies, progress=quiet)
    prepare(workspace)
    train(workspace, progress=quiet)

    def pull(done: float, total: float | None, _figures: object) -> None:
        if total is not None and copies.exists():
            copies.rename(away)

    with pytest.raises(VaultError) as told:
        back_up(workspace, copies, progress=pull)
    assert "\n" not in str(told.value)
    assert told.value.hint
    shutil.rmtree(copies, ignore_errors=True)  # what was begun where the medium had been
    away.rename(copies)
    (found,) = check_backups(copies, recovery_key=key, deep=True, progress=quiet)
    assert (found.name, found.faults) == (first.name, ())
    second = back_up(workspace, copies, progress=quiet)
    assert restored(copies, tmp_path / "new", key).backup == second.name


def test_a_backup_does_not_lie_in_the_vault(imported: Imported) -> None:
    workspace, _ = imported
    with pytest.raises(VaultError, match="lies in the vault"):
        back_up(workspace, workspace.vault.folder / "copies", progress=quiet)
