"""Room that is kept for a full disk: taken where there is plenty, given back in need, and once."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ipse.errors import FullDiskError, VaultError
from ipse.vault import Vault
from ipse.vault.files import make_folder
from ipse.vault.reserve import BYTES, PLENTY, RESERVE, hold, in_need

PASSPHRASE = "correct horse"
Clear = Callable[..., list[Any]]


def free(size: int) -> Callable[[object], SimpleNamespace]:
    return lambda _: SimpleNamespace(free=size)


def test_a_vault_has_one_and_gets_it_again_when_there_is_room(vault: Vault, folder: Path) -> None:
    assert (folder / RESERVE).stat().st_size == BYTES
    (folder / RESERVE).unlink()
    Vault.open(folder, PASSPHRASE).close()
    assert (folder / RESERVE).stat().st_size == BYTES


def test_none_is_made_where_room_is_scarce_or_the_system_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", free(PLENTY * BYTES - 1))
    hold(tmp_path)
    assert not (tmp_path / RESERVE).exists()
    monkeypatch.undo()
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refused)
        hold(tmp_path)
    assert not (tmp_path / RESERVE).exists()


def refused(*_: object) -> int:
    raise PermissionError(13, "no")


class Full:
    """Fails so often for want of room."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self) -> str:
        self.times -= 1
        if self.times >= 0:
            raise FullDiskError("full")
        return "done"


def test_it_is_given_back_once_and_only_for_want_of_room(tmp_path: Path) -> None:
    hold(tmp_path)
    assert in_need(tmp_path, Full(0)) == "done"
    with pytest.raises(VaultError, match="other"):
        in_need(tmp_path, raised(VaultError("other")))
    assert (tmp_path / RESERVE).exists()
    assert in_need(tmp_path, Full(1)) == "done"
    assert not (tmp_path / RESERVE).exists()
    with pytest.raises(FullDiskError):
        in_need(tmp_path, Full(1))  # nothing to give
    assert in_need(tmp_path, Full(1), lambda: "sparingly") == "sparingly"
    hold(tmp_path)
    with pytest.raises(FullDiskError):
        in_need(tmp_path, Full(2))


def raised(error: Exception) -> Callable[[], object]:
    def run() -> object:
        raise error

    return run


def test_what_was_given_back_is_not_for_records(
    vault: Vault, folder: Path, messages: Clear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", free(BYTES - 1))
    assert vault.keep(messages("a", [1]), source="whatsapp").kept == 1
    (folder / RESERVE).unlink()
    with pytest.raises(FullDiskError, match="for erasing"):
        vault.keep(messages("a", [2]), source="whatsapp")
    assert vault.erase("whatsapp") == 1
    monkeypatch.setattr(shutil, "disk_usage", free(BYTES))
    assert vault.keep(messages("a", [2]), source="whatsapp").kept == 1


def test_a_source_can_be_deleted_bit_by_bit(vault: Vault, messages: Clear) -> None:
    vault.keep([one for n in range(9) for one in messages(f"c{n}", range(30))], source="whatsapp")
    vault.keep(messages("m", range(5)), source="gmail")
    vault.thin("whatsapp")
    vault.thin("nothing of that name")
    assert len(list(vault.scan(sources=["gmail"]))) == 1
    assert vault.erase("whatsapp") == 270
    assert vault.erase("whatsapp") == 0
    assert vault.read_all() == 5


def test_every_folder_that_is_made_has_a_durable_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert sorted(synced) == sorted(path.stat().st_ino for path in (tmp_path, tmp_path / "a"))
