"""Where the socket lies: only in a folder that is this user's alone, under a path short enough."""

import os
from pathlib import Path

import pytest

from ipse.unlocking import places


def test_the_run_folder_is_first_then_the_vault_then_temp(run_folder: Path, tmp_path: Path) -> None:
    short = run_folder / "vault"
    found = [path.parent for path in places.sockets(short)]
    assert found == [run_folder / "ipse", short / "run", Path("/tmp") / f"ipse-{os.getuid()}"]
    assert places.writable(short) == next(places.sockets(short))
    assert (run_folder / "ipse").stat().st_mode & 0o777 == 0o700
    deep = tmp_path / ("x" * 100)
    assert deep / "run" not in [path.parent for path in places.sockets(deep)]
    names = {next(places.sockets(folder)).name for folder in (short, deep)}
    assert len(names) == 2


def test_a_run_folder_that_others_may_enter_is_not_used(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = run_folder / "vault"
    vault.mkdir(mode=0o700)
    run_folder.chmod(0o755)
    assert run_folder / "ipse" not in [path.parent for path in places.sockets(vault)]
    run_folder.chmod(0o700)
    (run_folder / "ipse").mkdir(mode=0o755)
    assert places.writable(vault) == next(
        path for path in places.sockets(vault) if path.parent == vault / "run"
    )
    (vault / "run").chmod(0o777)
    (run_folder / "ipse").rmdir()
    (run_folder / "ipse").symlink_to(vault)
    taken = places.writable(vault)
    assert taken is None or taken.parent.name == f"ipse-{os.getuid()}"


def test_a_folder_that_cannot_be_made_is_passed_over(run_folder: Path) -> None:
    (run_folder / "ipse").write_text("in the way")
    vault = run_folder / "vault"
    vault.mkdir(mode=0o700)
    found = places.writable(vault)
    assert found is not None
    assert found.parent == vault / "run"


def test_a_relative_or_missing_run_folder_is_none(tmp_path: Path) -> None:
    assert all("rel" not in str(path) for path in places.sockets(tmp_path, {"XDG_RUNTIME_DIR": "rel"}))
    assert list(places.sockets(tmp_path, {}))[-1].parent.name == f"ipse-{os.getuid()}"
