"""Peers that benchmarks measure beside us, each in an environment of its own, made on first use.

Their requirements are theirs: in ours they could change what is measured. Needs a package index once; without
one, or without npm, ``OSError`` or ``CalledProcessError`` says that a peer is missing.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parents[1] / ".venv" / "peers"


def python(name: str, *requirements: str) -> Path:
    """The interpreter of the environment ``.venv/peers/NAME`` in which ``requirements`` are installed."""
    folder = HOME / name
    executable, done = folder / "bin" / "python", folder / "installed.txt"
    listed = "\n".join(requirements)
    if not done.is_file() or done.read_text(encoding="utf-8") != listed:
        print(f"installing {' '.join(requirements)} into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        install = [
            str(executable),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *requirements,
        ]
        subprocess.run(install, check=True)
        done.write_text(listed, encoding="utf-8")
    return executable


def node(package: str) -> Path:
    """The folder ``.venv/peers/node`` in whose ``node_modules`` the npm ``package`` (`name@version`) is."""
    folder = HOME / "node"
    name, _, version = package.rpartition("@")
    done = folder / "node_modules" / name / "package.json"
    if not done.is_file() or json.loads(done.read_text(encoding="utf-8"))["version"] != version:
        print(f"installing {package} into {folder}", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
        subprocess.run(["npm", "install", *quiet, "--prefix", str(folder), package], check=True)
    return folder
