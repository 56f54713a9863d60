"""Uploads are sealed; they go when the vault is locked or opened, but what a job needs."""

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx2
import pytest

from ipse.config import load_settings
from ipse.errors import BusyError, FullDiskError, NotFoundError, SourceError
from ipse.jobs.queue import cancel, enqueue
from ipse.pipeline import uploads
from ipse.pipeline.tasks import make
from ipse.pipeline.uploads import Uploads
from ipse.pipeline.workspace import Workspace
from ipse.server.sweeping import sweeping
from ipse.server.vaults import OpenVault
from ipse.vault import Vault
from ipse.vault.opening import by_secret

from ..conftest import PASSPHRASE
from ..pipeline.conftest import chat
from .conftest import Running, made, running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "vault")


@pytest.fixture
def opened(folder: Path) -> Iterator[OpenVault]:
    """Nobody works off its jobs."""
    found = OpenVault(load_settings({"vault": str(folder)}, environment={}), by_secret(PASSPHRASE))
    yield found
    found.close()


def uploaded(workspace: Workspace) -> str:
    arrival = Uploads(workspace).begin()
    arrival.begin("chat.txt")
    arrival.write(b"a canary")
    arrival.end()
    return Uploads(workspace).keep(arrival).id


def left(folder: Path) -> set[str]:
    return {file.parent.name for file in (folder / "uploads").rglob("*.seal")}


def in_the_clear(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and b"canary" in file.read_bytes()]


def test_what_was_seen_as_it_came_is_told_without_unsealing_it(
    opened: OpenVault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened.lend() as workspace:
        name = uploaded(workspace)
        assert in_the_clear(folder) == []
        monkeypatch.setattr("ipse.pipeline.uploads._unseal", lambda *_: pytest.fail("it was unsealed"))
        (held,) = Uploads(workspace).all()
        assert (held.id, held.files) == (name, {"chat.txt": 8})
        assert (held.seen.exports, len(held.seen.unknown), held.seen.closed) == ((), 1, ())


def test_only_what_a_job_still_reads_stays(opened: OpenVault, folder: Path) -> None:
    with opened.lend() as workspace:
        wanted, done, forgotten = (uploaded(workspace) for _ in range(3))
        assert left(folder) == {wanted, done, forgotten}
        assert in_the_clear(folder) == []
        with Uploads(workspace).opened(wanted) as place:
            assert (place / "chat.txt").read_bytes() == b"a canary", "the control: this can be found"
            assert place.name == wanted
        assert not place.exists()
        jobs = {
            name: enqueue(workspace.vault, make("import", {"upload": name}, {})) for name in (wanted, done)
        }
        enqueue(workspace.vault, make("prepare", {}, {}))
        cancel(workspace.vault, jobs[done].id)
        begun = Uploads(workspace).begin()
        begun.begin("half.txt")
        begun.write(b"a canary")
        assert begun.id in left(folder)
    part = sweeping(opened)
    assert left(folder) == {wanted}
    with opened.lend() as workspace:
        assert [one.id for one in Uploads(workspace).all()] == [wanted]
        cancel(workspace.vault, jobs[wanted].id)
    begun.drop()
    part.close()
    assert left(folder) == set()


def test_what_was_forgotten_for_a_day_goes(
    opened: OpenVault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened.lend() as workspace:
        old = uploaded(workspace)
        monkeypatch.setattr(uploads, "KEPT", timedelta(0))
        new = uploaded(workspace)
        assert left(folder) == {new}
        with pytest.raises(NotFoundError):
            Uploads(workspace).get(old)


def test_an_upload_that_was_damaged_is_to_be_sent_again(opened: OpenVault, folder: Path) -> None:
    with opened.lend() as workspace:
        name = uploaded(workspace)
        (file,) = (folder / "uploads" / name).iterdir()
        file.write_bytes(file.read_bytes()[:-1])
        with pytest.raises(SourceError, match="not whole"), Uploads(workspace).opened(name):
            pass


def test_one_more_than_may_wait_is_refused_and_so_is_a_full_disk(
    opened: OpenVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened.lend() as workspace:
        held = [uploaded(workspace) for _ in range(workspace.settings.service.uploads)]
        with pytest.raises(BusyError):
            Uploads(workspace).begin()
        Uploads(workspace).remove(held[0])
        monkeypatch.setattr(uploads, "SPARE_BYTES", 1 << 60)
        arrival = Uploads(workspace).begin()
        with pytest.raises(FullDiskError):
            arrival.begin("chat.txt")
        arrival.drop()


def test_ending_leaves_nothing_and_opening_clears_after_a_crash(folder: Path) -> None:
    with Vault.open(folder, PASSPHRASE) as vault:  # a server was killed
        uploaded(Workspace(vault, load_settings({}, environment={})))
    assert len(left(folder)) == 1
    with running([folder]) as service:
        assert left(folder) == set()
        with service.client(service.token()) as owner:
            made_ = owner.post("/api/uploads", files=[("files", ("chat.txt", b"a canary" * 2_000_000))])
            assert made_.status_code == 201
            assert len(left(folder)) == 1
            assert in_the_clear(folder) == []
        service.vaults.find("").lock()
        assert left(folder) == set()


FORM_TYPE = "multipart/form-data; boundary=x"


def form(told: str, end: str = "\r\n--x--\r\n") -> bytes:
    return f"--x\r\nContent-Disposition: form-data; {told}\r\n\r\na canary{end}".encode()


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data", b"--x--", 400),
        (FORM_TYPE, b"nothing of a form", 400),
        (FORM_TYPE, form('name="files"; filename="a.txt"', end=""), 400),
        (FORM_TYPE, form('name="other"; filename="a.txt"'), 422),
        (FORM_TYPE, form('name="files"'), 422),
        ("application/json", b"{}", 422),
    ],
)
def test_what_is_no_form_with_files_leaves_nothing(
    service: Running, owner: httpx2.Client, kind: str, body: bytes, status: int
) -> None:
    answer = owner.post("/api/uploads", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert left(service.folder) == set()
    assert owner.get("/api/uploads").json()["total"] == 0


def test_names_that_would_lie_over_each_other_are_refused(service: Running, owner: httpx2.Client) -> None:
    for names in (("a", "a"), ("a", "a/b"), ("a/b", "a")):
        files = [("files", (name, b"text")) for name in names]
        assert owner.post("/api/uploads", files=files).status_code == 422
    assert left(service.folder) == set()
    made_ = owner.post("/api/uploads", files=[("files", (name, b"text")) for name in ("a/b", "a/c", "c")])
    assert made_.json()["files"] == {"a/b": 4, "a/c": 4, "c": 4}
    assert owner.delete(f"/api/uploads/{made_.json()['id']}").status_code == 204


def test_a_zip_of_zips_is_looked_into(service: Running, owner: httpx2.Client, tmp_path: Path) -> None:
    inner, outer = BytesIO(), BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.write(chat(tmp_path / "WhatsApp Chat with Bo Lind.txt", "Bo Lind", 5, 3), "_chat.txt")
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("WhatsApp Chat - Bo Lind.zip", inner.getvalue())
    made_ = owner.post("/api/uploads", files=[("files", ("all.zip", outer.getvalue()))]).json()
    assert [one["source"] for one in made_["exports"]] == ["whatsapp"]
    looked = owner.get(f"/api/uploads/{made_['id']}/preview", params={"me": "Nora Feld"}).json()
    assert {one["name"] for one in looked["senders"]} == {"Bo Lind", "Nora Feld"}
    assert owner.delete(f"/api/uploads/{made_['id']}").status_code == 204
