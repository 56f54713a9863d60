"""Workspaces are borrowed one by one, from an unlocked vault alone, and not past a change of its keys."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.errors import AccessError, BusyError, NotFoundError, VaultMissingError
from ipse.pipeline.choosing import choose
from ipse.server import vaults as room
from ipse.server.vaults import OpenVault, Vaults
from ipse.vault import custody
from ipse.vault.opening import by_secret

from ..conftest import PASSPHRASE
from .conftest import made


@pytest.fixture
def vaults(tmp_path: Path) -> Iterator[Vaults]:
    settings = load_settings({"service": {"workers": 2}}, environment={})
    held = Vaults(settings, [made(tmp_path / "one"), made(tmp_path / "other")])
    try:
        yield held
    finally:
        held.close()


@pytest.fixture
def opened(vaults: Vaults) -> OpenVault:
    return next(iter(vaults)).unlock(by_secret(PASSPHRASE))


class Part:
    """Something that works for a vault."""

    def __init__(self, vault: OpenVault) -> None:
        self.vault = vault
        self.ended = False

    def close(self) -> None:
        with self.vault.lend() as workspace:  # it may need the vault once more
            self.ended = workspace.vault.id == self.vault.id


def test_no_more_are_lent_than_there_are(opened: OpenVault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.05)
    with opened.lend() as first, opened.lend() as second:
        assert first is not second
        with pytest.raises(BusyError), opened.lend():
            pass
    with opened.lend() as third:
        assert third in (first, second)


def test_what_was_chosen_is_known_to_whatever_was_lent_at_the_time(opened: OpenVault) -> None:
    with opened.lend() as away, opened.lend() as chooser:
        choose(chooser, {"imports.batch": 4096})
        opened.settled()
    with opened.lend() as one, opened.lend() as other:
        assert away in (one, other)
        assert [each.settings.imports.batch for each in (one, other)] == [4096, 4096]


def test_a_vault_that_went_is_told_and_one_that_came_back_is_served(
    opened: OpenVault, tmp_path: Path
) -> None:
    header = opened.folder / room.HEADER
    away = header.rename(tmp_path / "away")
    for _ in range(3):  # more often than there are workspaces
        with pytest.raises(VaultMissingError), opened.lend():
            pass
    away.rename(header)
    with opened.lend() as workspace:
        assert workspace.vault.ids("signing")


def test_who_waits_gets_the_next(opened: OpenVault) -> None:
    got: list[bool] = []
    with opened.lend(), opened.lend():
        waiting = threading.Thread(target=lambda: got.append(_borrowed(opened)))
        waiting.start()
        assert got == []
    waiting.join(10)
    assert got == [True]


def _borrowed(opened: OpenVault) -> bool:
    with opened.lend() as workspace:
        return bool(workspace.vault.id)


def test_many_threads_write_without_loss(opened: OpenVault) -> None:
    def note(number: int) -> None:
        for _ in range(5):
            with opened.lend() as workspace:
                workspace.vault.note("read", {"why": str(number)})

    threads = [threading.Thread(target=note, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with opened.lend() as workspace:
        rows = [row.details.get("why") for row in workspace.vault.audit_rows() if row.action == "read"]
        assert sorted(map(str, rows)) == sorted(str(number) for number in range(4) for _ in range(5))
        assert workspace.vault.verify_audit() > 20


def test_locking_ends_what_works_for_it_and_lends_no_more(vaults: Vaults, opened: OpenVault) -> None:
    part = opened.part(Part, Part)
    assert opened.part(Part, Part) is part
    vaults.find(opened.id).lock()
    assert part.ended
    with pytest.raises(AccessError), opened.lend():
        pass
    with pytest.raises(AccessError):
        opened.part(Part, Part)
    with pytest.raises(AccessError):
        vaults.opened(opened.id)
    again = vaults.find(opened.id).unlock(by_secret(PASSPHRASE))
    assert _borrowed(again)


def test_another_master_key_locks_it(vaults: Vaults, opened: OpenVault) -> None:
    custody.rotate(opened.folder, PASSPHRASE)
    with pytest.raises(AccessError), opened.lend():
        pass
    assert vaults.find(opened.id).opened is None
    assert _borrowed(vaults.find(opened.id).unlock(by_secret(PASSPHRASE)))


def test_another_passphrase_changes_nothing_for_who_is_in(opened: OpenVault) -> None:
    custody.change_passphrase(opened.folder, PASSPHRASE, "another passphrase", allow_weak=True)
    assert _borrowed(opened)


def test_what_begins_with_a_vault_begins_each_time(vaults: Vaults, opened: OpenVault) -> None:
    begun: list[str] = []
    vaults.when_open(lambda vault: begun.append(vault.id))
    assert begun == [opened.id]
    ids = [one.id for one in vaults]
    vaults.find(ids[1]).unlock(by_secret(PASSPHRASE))
    assert begun == ids


def test_vaults_are_found_by_their_ids_alone(vaults: Vaults) -> None:
    with pytest.raises(NotFoundError):
        vaults.find("")
    with pytest.raises(NotFoundError):
        vaults.find("0" * 32)
    with pytest.raises(AccessError):
        vaults.opened("0" * 32)
