"""The benchmarks that take minutes, each a process of its own; what lacks its data is left out, and says so.

Not among them: ``quality.py --all`` takes hours (``make bench-quality``), ``serving.py`` makes an environment
for each engine, and ``days.py`` writes a page of made-up days; each is run by itself.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared" / "data"
QA = SHARED / "qa" / "whitehouse-briefings-carney-gibbs.jsonl.gz"
RUNS: tuple[tuple[Path | None, list[str]], ...] = (
    (None, ["imports.py"]),
    (None, ["telegram.py"]),
    (None, ["catalogs.py"]),
    (None, ["clone.py"]),
    (QA, ["clone.py", "--qa"]),
    (QA, ["retrieval.py"]),
    (SHARED / "pii", ["privacy.py"]),
    (SHARED / "events", ["events.py"]),
    (SHARED / "models", ["lora.py"]),
    (SHARED / "models", ["train.py"]),
    (None, ["service.py"]),
    (None, ["events_ingest.py"]),
)


def main() -> int:
    """Run them all; the exit code is that of the worst."""
    worst = 0
    for needs, words in RUNS:
        print(f"\n== {' '.join(words[:2])}", flush=True)
        if needs is not None and not needs.exists():
            print(f"left out: it needs {needs.name}, which is not beside this checkout")
            continue
        worst = max(
            worst, subprocess.run([sys.executable, HERE / words[0], *words[1:]], check=False).returncode
        )
    return worst


if __name__ == "__main__":
    sys.exit(main())
