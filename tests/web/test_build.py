"""What is generated or built from elsewhere is as its sources say."""

import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
NPM = shutil.which("npm")

needs_npm = pytest.mark.skipif(
    NPM is None or not (WEB / "node_modules").is_dir(),
    reason="the tools of web/ are not installed",
)


@needs_npm
def test_the_client_is_that_of_the_interface(tmp_path: Path) -> None:
    fresh = tmp_path / "schema.ts"
    subprocess.run(
        ["npx", "openapi-typescript", "../docs/reference/openapi.json", "-o", fresh],
        cwd=WEB,
        check=True,
        capture_output=True,
    )
    written = (WEB / "src" / "client" / "schema.ts").read_text(encoding="utf-8")
    assert written == fresh.read_text(encoding="utf-8"), "stale: run `npm run client` in web/"


@needs_npm
def test_the_app_is_typed_linted_and_its_own_tests_pass() -> None:
    done = subprocess.run(["npm", "run", "check"], cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_the_lock_file_names_no_place_of_ours() -> None:
    locked = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in locked
    assert '"resolved"' not in locked
