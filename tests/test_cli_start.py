"""The command line starts at once and imports nothing heavy."""

import subprocess
import sys

HEAVY = [
    "numpy",
    "scipy",
    "sklearn",
    "torch",
    "transformers",
    "pyarrow",
    "matplotlib",
    "sqlalchemy",
    "lingua",
    "phonenumbers",
    "pydantic",
]


def test_help_imports_nothing_heavy() -> None:
    code = f"import sys, ipse.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_names_every_verb() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ipse", "--help"], capture_output=True, text=True, check=True
    )
    verbs = "init consent sources import prepare train evaluate models answer chat export jobs audit settings"
    assert [verb for verb in verbs.split() if f" {verb} " not in done.stdout] == []
