"""Fetching from the Hub by its own client, from a server made here: with leave, and only what is safe."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.bases.folders import fingerprint
from tests.bases.hub import REVISION, serve

pytestmark = pytest.mark.llm


@pytest.fixture
def hub(tiny_base: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a Hub that has ``owner/tiny``, with pickled weights and code beside the safetensors."""
    folder = Path(shutil.copytree(tiny_base, tmp_path / "hub"))
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    (folder / "modeling_own.py").write_text("raise SystemExit")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    server = serve(folder, "owner/tiny")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def ipse(hub: str, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its own process, for the client reads its environment once."""
    own = {"HF_ENDPOINT": hub, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "hf")}
    home = {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "-m", "ipse", "base", *words],
        env={**os.environ, **own, **home, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_id_is_fetched_once_when_allowed_without_pickle_or_code(
    hub: str, tmp_path: Path, tiny_base: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    refused = ipse(hub, tmp_path, "add", "owner/tiny")
    assert refused.returncode == 1
    assert "--allow-network" in refused.stderr
    assert capfd.readouterr().out == ""
    added = ipse(hub, tmp_path, "add", "owner/tiny", "--allow-network", "--json")
    assert added.returncode == 0, added.stderr
    asked = set(capfd.readouterr().out.split())
    assert asked == {"README.md", *(file.name for file in tiny_base.iterdir())}
    base = json.loads(added.stdout)
    assert (base["name"], base["origin"], base["licence"]) == ("tiny", "owner/tiny", "mit")
    assert base["revision"] == REVISION
    assert base["sha256"] == fingerprint(tiny_base)
    listed = json.loads(ipse("http://127.0.0.1:9", tmp_path, "list", "--json").stdout)
    assert [(row["base"]["name"], row["verified"]) for row in listed if row["base"]["name"] == "tiny"] == [
        ("tiny", True)
    ]
    again = ipse("http://127.0.0.1:9", tmp_path, "add", "owner/tiny", "--allow-network", "--json")
    assert json.loads(again.stdout) == base


def test_a_model_that_is_not_there_and_a_hub_that_is_not_are_one_line(hub: str, tmp_path: Path) -> None:
    absent = ipse(hub, tmp_path, "add", "owner/absent", "--allow-network")
    assert absent.returncode == 1
    assert "no model owner/absent" in absent.stderr
    gone = ipse("http://127.0.0.1:9", tmp_path, "add", "owner/tiny", "--allow-network")
    assert "Check the connection" in gone.stderr
    assert "Traceback" not in absent.stderr + gone.stderr
