"""Backups: what changed, as of one moment, opened by the recovery key alone; and a vault again from them."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import (
    DamagedVaultError,
    UnknownVersionError,
    VaultError,
    VaultExistsError,
    VaultMissingError,
    WrongPassphraseError,
)
from ipse.signing import signature
from ipse.vault import KdfParameters, Vault, custody
from ipse.vault.backup import tables, writing
from ipse.vault.backup.checking import check
from ipse.vault.backup.manifest import listing, newest, read_manifest, signed
from ipse.vault.backup.packs import Packs
from ipse.vault.backup.restoring import Replay, backed_up_documents, restore

Clear = Callable[..., list[Any]]
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
NEW = "another passphrase"


def quiet(done: float, total: float | None, figures: object) -> None:
    """No progress shown."""


def back_up(vault: Vault, directory: Path, keep: int | None = None) -> writing.Backup:
    return vault.back_up(directory, keep=keep, progress=quiet)


def again(
    directory: Path, target: Path, key: str, *, name: str | None = None, replay: Replay | None = None
) -> Vault:
    """The vault restored into ``target``, opened with its new passphrase."""
    restore(directory, target, key, NEW, name=name, replay=replay, kdf=CHEAP, progress=quiet)
    return Vault.open(target, NEW)


def content(vault: Vault) -> tuple[list[Any], list[Any], dict[str, bytes]]:
    """Everything that is not the log or a job."""
    documents = {name: vault.get("model", name) for name in vault.ids("model")}
    talks = [(talk.id, talk.source, talk.messages) for talk in vault.scan()]
    return talks, list(vault.events()), documents


@pytest.fixture
def filled(vault: Vault, messages: Clear, events: Clear) -> Vault:
    """Messages, events, a small document and one of several pieces."""
    vault.keep(messages("a", range(600)) + messages("b", range(20)), source="whatsapp")
    vault.keep(events(range(300)), source="window")
    vault.put("model", "v1", b"small", action="model.add", details={})
    vault.put("model", "v2", random.Random(1).randbytes(2_500_000), action="model.add", details={})
    return vault


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    return tmp_path / "copies"


def test_a_vault_comes_back_whole_with_its_recovery_key_and_a_new_passphrase(
    filled: Vault, copies: Path, tmp_path: Path, recovery: str
) -> None:
    made = back_up(filled, copies)
    expected, rows = content(filled), filled.verify_audit()
    with again(copies, tmp_path / "new", recovery.lower().replace("-", " ")) as restored:
        assert content(restored) == expected
        assert restored.id == filled.id
        assert restored.verify_audit() == rows + 1  # and that it was restored
        assert [row.action for row in restored.audit_rows()][-1] == "backup.restore"
        restored.keep([], source="whatsapp")
    Vault.open(tmp_path / "new", recovery).close()
    with pytest.raises(WrongPassphraseError):
        Vault.open(tmp_path / "new", "correct horse")
    assert made.counts["segments"] > 4
    assert (made.counts["files"], made.counts["seen"]) == (1, 620)  # events are known by their blocks


def test_a_second_backup_writes_what_changed_and_no_more(
    filled: Vault, copies: Path, tmp_path: Path, recovery: str, messages: Clear
) -> None:
    first = back_up(filled, copies)
    nothing = back_up(filled, copies)
    filled.keep(messages("a", [700]), source="whatsapp")
    filled.remove("model", "v1", action="model.remove", details={})
    last = back_up(filled, copies)
    assert nothing.written < last.written < first.written / 50
    assert back_up(filled, tmp_path / "elsewhere").written > 50 * last.written  # the control: all of it
    for name, messages_, models in ((first.name, 600, 2), (last.name, 601, 1)):
        with again(copies, tmp_path / name, recovery, name=name) as restored:
            talks, _, documents = content(restored)
            assert (len(talks[0][2]), len(documents)) == (messages_, models)


def test_no_file_of_a_backup_holds_a_key_or_the_passphrase_s_way_to_one(
    filled: Vault, folder: Path, copies: Path, sql: Any
) -> None:
    back_up(filled, copies)
    files = {path: path.read_bytes() for path in copies.rglob("*") if path.is_file()}
    wrapped = [row[0] for row in sql("SELECT wrapped FROM keys", file="keys.db")]
    segment = sql("SELECT sealed FROM segments")[0][0]
    assert any(segment in raw for raw in files.values())  # the control: ciphertext is there as it is
    assert not any(bytes(key) in raw for raw in files.values() for key in wrapped)
    assert not any(b"passphrase" in raw for raw in files.values())
    assert all(path.stat().st_mode & 0o077 == 0 for path in files if path.name != "backup.lock")


def test_another_recovery_key_the_passphrase_and_nothing_open_no_backup(
    filled: Vault, copies: Path, tmp_path: Path
) -> None:
    back_up(filled, copies)
    _, other = Vault.create(tmp_path / "other", "correct horse", kdf=CHEAP, allow_weak=True)
    for secret in (other, "correct horse", "", "AAAA"):
        with pytest.raises(WrongPassphraseError):
            restore(copies, tmp_path / "new", secret, NEW, kdf=CHEAP, progress=quiet)
        with pytest.raises(WrongPassphraseError):
            check(copies, recovery_key=secret, progress=quiet)
    assert not (tmp_path / "new").exists()


def test_a_backup_goes_into_an_empty_folder_only(
    filled: Vault, folder: Path, copies: Path, tmp_path: Path, recovery: str
) -> None:
    back_up(filled, copies)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").touch()
    for target in (tmp_path / "full", folder):
        with pytest.raises(VaultExistsError):
            restore(copies, target, recovery, NEW, kdf=CHEAP, progress=quiet)
    assert content(filled)[0]


def test_what_was_erased_since_is_erased_again_before_there_is_a_header(
    filled: Vault, copies: Path, tmp_path: Path, recovery: str
) -> None:
    back_up(filled, copies)
    target = tmp_path / "new"

    def replay(vault: Vault) -> int:
        with pytest.raises(VaultMissingError):
            Vault.open(target, NEW)
        return vault.erase("whatsapp")

    with again(copies, target, recovery, replay=replay) as restored:
        assert content(restored)[0] == []
        assert len(content(restored)[1]) == 300
        assert [row.details for row in restored.audit_rows()][-1]["replayed"] == 620


def test_documents_are_read_from_the_newest_backup_without_restoring_it(
    filled: Vault, copies: Path, recovery: str
) -> None:
    filled.put("erasure", "e1", b"one", action="erase", details={})
    back_up(filled, copies)
    filled.put("erasure", "e2", b"x" * 100_000, action="erase", details={})
    back_up(filled, copies)
    assert backed_up_documents(copies, recovery, "erasure") == {"e1": b"one", "e2": b"x" * 100_000}
    assert backed_up_documents(copies, recovery, "nothing") == {}


def test_only_so_many_backups_are_kept_and_nothing_that_none_needs(
    filled: Vault, copies: Path, tmp_path: Path, recovery: str
) -> None:
    names = [back_up(filled, copies).name]
    filled.erase("whatsapp")
    filled.remove("model", "v2", action="model.remove", details={})
    size = sum(path.stat().st_size for path in copies.rglob("*"))
    names += [back_up(filled, copies, keep=2).name]
    last = back_up(filled, copies, keep=1)
    assert last.removed == tuple(names)
    assert [one.name for one in listing(copies).whole] == [last.name]
    assert sum(path.stat().st_size for path in copies.rglob("*")) < size / 10
    with again(copies, tmp_path / "new", recovery) as restored:
        assert content(restored) == content(filled)
    with pytest.raises(VaultError, match="At least one"):
        back_up(filled, copies, keep=0)


def test_many_small_packs_and_chunks_are_joined(
    vault: Vault,
    copies: Path,
    messages: Clear,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    recovery: str,
) -> None:
    monkeypatch.setattr(writing, "MOST_SMALL", 4)
    monkeypatch.setattr(tables, "MOST_SMALL", 3)
    counts = []
    for number in range(9):
        vault.keep(messages("a", [number]), source="whatsapp")
        counts.append(back_up(vault, copies).packs)
    assert max(counts) <= 6
    index = newest(copies)
    assert index.counts["seen"] == 9
    with again(copies, tmp_path / "new", recovery) as restored:
        assert content(restored) == content(vault)


def test_rows_go_into_chunks_of_some_thousand(
    vault: Vault,
    copies: Path,
    messages: Clear,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    recovery: str,
) -> None:
    monkeypatch.setattr(tables, "CHUNK_ROWS", 16)
    monkeypatch.setattr(tables, "SMALL_ROWS", 4)
    vault.keep(messages("a", range(50)), source="whatsapp")
    back_up(vault, copies)
    vault.keep(messages("a", range(50, 60)), source="whatsapp")
    back_up(vault, copies)
    with again(copies, tmp_path / "new", recovery) as restored:
        assert content(restored) == content(vault)


def test_large_vaults_take_several_packs(
    filled: Vault, copies: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recovery: str
) -> None:
    monkeypatch.setattr("ipse.vault.backup.packs.PACK_BYTES", 200_000)
    assert back_up(filled, copies).packs == 3
    with again(copies, tmp_path / "new", recovery) as restored:
        assert content(restored) == content(filled)


def test_a_folder_holds_one_vault_s_backups_and_one_backup_is_written_at_a_time(
    filled: Vault, copies: Path, tmp_path: Path
) -> None:
    back_up(filled, copies)
    other, _ = Vault.create(tmp_path / "other", "correct horse", kdf=CHEAP, allow_weak=True)
    with other, pytest.raises(VaultError, match="another vault"):
        back_up(other, copies)
    refused: list[str] = []

    def meanwhile(done: float, total: float | None, figures: object) -> None:
        with pytest.raises(VaultError, match="is being written"):
            back_up(filled, copies)
        refused.append("once")

    filled.back_up(copies, progress=meanwhile)
    assert refused


def test_a_file_replaced_meanwhile_makes_the_backup_begin_again(
    filled: Vault, copies: Path, tmp_path: Path, recovery: str
) -> None:
    def replaced(done: float, total: float | None, figures: Any) -> None:
        if done == 1 and "written" in figures and len(calls) < 2:
            calls.append(1)
            filled.put("model", "v2", b"%d" % len(calls) * 100_000, action="model.add", details={})

    calls: list[int] = []
    filled.back_up(copies, progress=replaced)
    assert len(calls) == 2
    with again(copies, tmp_path / "new", recovery) as restored:
        assert restored.get("model", "v2") == b"2" * 100_000


def test_a_file_that_is_not_there_at_all_is_damage(filled: Vault, folder: Path, copies: Path) -> None:
    for path in (folder / "objects").iterdir():
        path.unlink()
    with pytest.raises(DamagedVaultError):
        back_up(filled, copies)
    assert listing(copies).whole == ()


def test_the_vault_of_another_master_key_starts_anew_in_the_same_folder(
    filled: Vault, copies: Path, tmp_path: Path, recovery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a rotation: nothing of the last backup opens, so all rows are written again."""
    first = back_up(filled, copies)
    foreign = signed(newest(copies), bytes(32), filled.signing_key())
    (copies / "snapshots" / f"{first.name}.json").write_bytes(foreign.raw())
    back_up(filled, copies)
    with again(copies, tmp_path / "new", recovery) as restored:
        assert content(restored) == content(filled)


def test_there_must_be_a_backup(filled: Vault, copies: Path, tmp_path: Path, recovery: str) -> None:
    with pytest.raises(VaultError, match="there are no backups"):
        restore(copies, tmp_path / "new", recovery, NEW, kdf=CHEAP, progress=quiet)
    back_up(filled, copies)
    with pytest.raises(VaultError, match="no whole backup `2001`"):
        restore(copies, tmp_path / "new", recovery, NEW, name="2001", kdf=CHEAP, progress=quiet)
    assert newest(copies, newest(copies).id) == newest(copies)


def test_a_manifest_of_a_newer_ipse_says_so(filled: Vault, copies: Path) -> None:
    back_up(filled, copies)
    path = next((copies / "snapshots").glob("*.json"))
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":2'))
    with pytest.raises(UnknownVersionError):
        read_manifest(path)


def test_the_clock_put_back_makes_no_older_backup(
    filled: Vault, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = back_up(filled, copies)

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) - timedelta(days=900)

    monkeypatch.setattr(writing, "datetime", Earlier)
    assert back_up(filled, copies).name > first.name


def test_a_signature_for_something_else_signs_no_backup(filled: Vault, copies: Path) -> None:
    back_up(filled, copies)
    manifest = newest(copies)
    assert manifest.signature != signature(filled.signing_key(), "export", manifest.raw())
    packs = Packs(copies / "packs")
    with pytest.raises(DamagedVaultError):
        packs.read(bytes(32))


@pytest.mark.parametrize("tail", [b"", b"\xc1" + (1).to_bytes(8, "big"), b"\x90" + (1).to_bytes(8, "big")])
def test_a_file_that_only_has_the_name_of_a_pack_is_passed_over(
    filled: Vault, copies: Path, tail: bytes, recovery: str
) -> None:
    """Its hash is right and its list is not: nobody but somebody who made it so writes that."""
    (copies / "packs").mkdir(parents=True)
    raw = b"x" * 100 + tail
    name = f"{sha256(raw).hexdigest()}.pack"
    (copies / "packs" / name).write_bytes(raw)
    assert back_up(filled, copies).damaged == (name,)
    assert check(copies, recovery_key=recovery, progress=quiet)[0].faults == ()


def test_a_restore_interrupted_at_its_first_step_can_be_done_again(
    filled: Vault, copies: Path, tmp_path: Path, recovery: str
) -> None:
    back_up(filled, copies)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "restoring.new").touch()
    with again(copies, tmp_path / "new", recovery) as restored:
        assert content(restored) == content(filled)


def test_an_interrupted_restore_is_cleared_away_with_its_folders(
    filled: Vault, copies: Path, tmp_path: Path, recovery: str
) -> None:
    back_up(filled, copies)
    target = tmp_path / "new"
    (target / "objects").mkdir(parents=True)
    for name in ("objects/half.seal", "keys.db", "restoring"):
        (target / name).touch()
    (target / "link").symlink_to(tmp_path / "copies", target_is_directory=True)
    with again(copies, target, recovery) as restored:
        assert content(restored) == content(filled)
    assert {path.name for path in target.iterdir()} >= {"vault.json", "keys.db", "objects"}
    assert not (target / "restoring").exists()
    assert listing(copies).whole


def test_a_disk_that_gives_back_something_else_is_no_place_for_a_backup(
    filled: Vault, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipse.vault.backup.packs.digest_of", lambda path: "0" * 64)
    with pytest.raises(VaultError, match="The disk"):
        back_up(filled, copies)
    assert listing(copies).whole == ()


def test_a_deep_check_finds_what_was_damaged_before_it_was_backed_up(
    filled: Vault, copies: Path, recovery: str, sql: Any
) -> None:
    sql("UPDATE segments SET sealed = zeroblob(2000) WHERE number = 0")
    back_up(filled, copies)
    assert check(copies, recovery_key=recovery, progress=quiet)[0].faults == ()
    assert check(copies, recovery_key=recovery, deep=True, progress=quiet)[0].faults != ()


def test_what_is_changed_between_check_and_use_is_refused(
    filled: Vault, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(filled, copies)
    packs = Packs(copies / "packs")
    for file in newest(copies).packs:
        packs.add(file)
    piece = next(iter(packs._pieces))
    path = next((copies / "packs").glob("*.pack"))
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(DamagedVaultError):
        packs.read(piece)


@pytest.mark.parametrize("lost", ["snapshots/*.index", "packs/*.pack"])
def test_a_backup_that_lost_a_file_is_no_ground_for_the_next(
    filled: Vault, copies: Path, tmp_path: Path, recovery: str, lost: str
) -> None:
    back_up(filled, copies)
    next(copies.glob(lost)).unlink()
    back_up(filled, copies)
    with again(copies, tmp_path / "new", recovery) as restored:
        assert content(restored) == content(filled)


def test_a_manifest_of_any_length_is_not_read(
    filled: Vault, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(filled, copies)
    monkeypatch.setattr("ipse.vault.backup.manifest.MAX_BYTES", 100)
    assert len(listing(copies).damaged) == 1


def test_a_backup_opens_with_the_recovery_key_of_its_day(
    folder: Path, copies: Path, tmp_path: Path, recovery: str, messages: Clear
) -> None:
    with Vault.open(folder, recovery) as vault:
        vault.keep(messages("a", range(10)), source="whatsapp")
        first = back_up(vault, copies)
    custody.change_passphrase(folder, "correct horse", "battery staple", kdf=CHEAP, allow_weak=True)
    later = custody.new_recovery(folder, "battery staple")
    custody.rotate(folder, "battery staple")
    with Vault.open(folder, "battery staple") as vault:
        vault.keep(messages("a", range(10, 20)), source="whatsapp")
        last = back_up(vault, copies)
    for name, key, other, count in ((first.name, recovery, later, 10), (last.name, later, recovery, 20)):
        with pytest.raises(WrongPassphraseError):
            again(copies, tmp_path / f"not-{name}", other, name=name)
        with again(copies, tmp_path / name, key, name=name) as restored:
            assert restored.read_all() == count
            restored.keep(messages("a", [99]), source="whatsapp")
    found = check(copies, recovery_key=later, deep=True, progress=quiet)
    assert [(one.faults, one.opened, one.records) for one in found] == [((), False, None), ((), True, 20)]
