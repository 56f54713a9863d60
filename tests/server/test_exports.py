"""Every kind of export through the service: uploaded, looked into, oneself chosen among who wrote, imported.

The job is done in this process: that it is one of its own elsewhere is tested with the jobs.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from ipse import plugins
from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.queueing import job_named
from ipse.pipeline.tasks import task
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from ..soak import SOAK, rounds
from ..sources.signal_backups import DIGITS
from ..sources.test_every_source import zipped
from ..sources.test_signal_backup import say, started
from .conftest import Running, running

OFTEN = ("whatsapp", "gmail", "messenger", "instagram", "signal", "sms", "telegram", "reflections", "mapping")
SOURCES = [one.name for one in plugins.sources()]
SETTINGS = {"imports": {"languages": ["en"]}, "service": {"rate": "1000000/second"}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over a vault whose owner allows every source; nothing of the queue begins by itself."""
    folder, settings = tmp_path_factory.mktemp("exports") / "vault", load_settings(SETTINGS, environment={})
    vault, _ = Vault.create(folder, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with vault:
        for name in SOURCES:
            give(Workspace(vault, settings), name, ["archive", "style"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ipse.server.app.labour", lambda _vault: None)
        with running([folder], settings) as started:
            yield started


def sample(name: str) -> ModuleType:
    return importlib.import_module(f"tests.sources.samples.{name}")


def files_of(export: Path) -> list[tuple[str, tuple[str, bytes]]]:
    """As a browser sends a file, or a folder that was dropped on it."""
    beside = [export, *export.parent.glob(f"{export.name}.mapping.yaml")]
    files = beside if export.is_file() else [one for one in sorted(export.rglob("*")) if one.is_file()]
    return [("files", (one.relative_to(export.parent).as_posix(), one.read_bytes())) for one in files]


def imported(service: Running, owner: httpx2.Client, body: dict[str, Any]) -> dict[str, Any]:
    """What became of an upload, in exact sums."""
    begun = owner.post("/api/imports", json=body)
    assert begun.status_code == 202, begun.text
    held = service.vaults.find("").opened
    assert held is not None
    with held.lend() as workspace:
        spec = job_named(workspace, begun.json()["job"]).spec
        assert spec is not None
        return task("import").run(workspace, spec, lambda _done, _total, _figures: None)


@pytest.mark.parametrize("form", ["as it is", "zip"][: rounds(1, 2)])
@pytest.mark.parametrize("name", SOURCES if SOAK else OFTEN)
def test_an_export_goes_all_the_way(
    service: Running, owner: httpx2.Client, tmp_path: Path, name: str, form: str
) -> None:
    (tmp_path / "made").mkdir()
    export: Path = sample(name).write(tmp_path / "made")
    mine: tuple[str, ...] = sample(name).OPTIONS.me
    if form == "zip":
        export = zipped(export, tmp_path / "export.zip")
    made = owner.post("/api/uploads", files=files_of(export))
    assert made.status_code == 201, made.text
    upload = made.json()
    assert [(one["source"], one["allowed"]) for one in upload["exports"]] == [(name, True)]
    assert owner.get(f"/api/uploads/{upload['id']}").json()["exports"] == upload["exports"]
    looked = owner.get(f"/api/uploads/{upload['id']}/preview")
    assert looked.status_code == 200, looked.text
    shown = [one["name"] for one in looked.json()["senders"]]
    assert all(one.strip() == one != "" for one in shown)
    me = [one for one in shown if any(known.lower() in one.lower() for known in mine)]
    report = imported(service, owner, {"upload": upload["id"], "me": me or list(mine)})
    (told,) = report["exports"]
    assert (
        told["read"] == told["kept"] + told["duplicates"] + sum(told["refused"].values()) + told["unreadable"]
    )
    assert told["kept"] + told["duplicates"] > 1
    assert owner.get(f"/api/uploads/{upload['id']}").status_code == 404
    kept = owner.get("/api/messages", params={"source": name, "own": True}).json()
    assert kept["total"] > 0, "nothing in it is the owner's"


def test_an_encrypted_backup_is_looked_into_and_imported_by_its_passphrase(
    service: Running, owner: httpx2.Client, tmp_path: Path
) -> None:
    backup = started(key_rounds=250_000)
    for number in range(6):
        say(backup, number + 1, f"the boat number {number} is dry", who=1 + number % 2)
    file = tmp_path / "signal-2023-11-15.backup"
    file.write_bytes(backup.end())
    upload = owner.post("/api/uploads", files=files_of(file)).json()["id"]
    at = f"/api/uploads/{upload}/preview"
    refused = owner.get(at)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:ipse:problem:source")
    assert "encrypted" in refused.json()["detail"]
    assert owner.post(at, json={"passphrase": "54321 " * 6}).status_code == 422
    looked = owner.post(at, json={"passphrase": DIGITS})
    assert (looked.status_code, looked.json()["records"]) == (200, 6), looked.text
    (told,) = imported(service, owner, {"upload": upload, "passphrase": DIGITS})["exports"]
    assert (told["read"], told["kept"]) == (6, 6)
