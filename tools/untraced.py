"""Which tests go without a tracer: slow ones that go over what others cover; writes `tests/untraced.txt`.

A tracer nearly doubles a test's time. Run all under one that notes which test ran each line, then this::

    python -m pytest -n 2 --dist loadfile --cov --cov-context=test --cov-report= --junitxml=tests.xml
    python tools/untraced.py .coverage tests.xml

A test that is renamed or written afterwards is traced.
"""

import re
import sqlite3
import sys
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

OUT = Path(__file__).resolve().parents[1] / "tests" / "untraced.txt"
# Held to 100 %: nothing of these is lost.
WHOLE = re.compile(r"/ipse/(consent\.py|audit\.py|privacy/|vault/)")
KEPT = ("tests/privacy/", "tests/vault/")
SHORT = 2.0  # seconds, of all parameters: what is shorter is left alone
BUDGET = 0.01  # of all that was run, which may go untraced with them
WORTH = 0.08  # seconds, for each step from one line to another that goes untraced

Step = tuple[str, int, int]


def main() -> None:
    """Read what ran in which test and how long each took; drop the dearest that are missed least."""
    took: dict[str, float] = defaultdict(float)
    for case in ET.parse(sys.argv[2]).iter("testcase"):  # noqa: S314 - our own test run's
        file = case.get("classname", "").replace(".", "/")
        took[f"{file}.py::{_bare(case.get('name', ''))}"] += float(case.get("time", 0))
    through = _through(sys.argv[1])
    covered = Counter({step: len(tests) for step, tests in through.items()})
    steps: dict[str, list[Step]] = defaultdict(list)
    for step, tests in through.items():
        for test in tests:
            steps[test].append(step)
    left = {test for test in steps if took[test] >= SHORT and not test.startswith(KEPT)}
    lost, out = 0, []
    while True:
        alone = {test: [step for step in steps[test] if covered[step] == 1] for test in left}
        fit = {
            test: took[test] / (len(steps) + 3)
            for test, steps in alone.items()
            if lost + len(steps) <= BUDGET * len(covered) and not any(WHOLE.search(step[0]) for step in steps)
        }
        if not fit or max(fit.values()) < WORTH:
            break
        test = max(sorted(fit), key=lambda each: fit[each])
        lost += len(alone[test])
        left.discard(test)
        out.append(test)
        covered.subtract(steps[test])
    OUT.write_text("".join(f"{test}\n" for test in sorted(out)), encoding="utf-8")
    share = lost / len(covered)
    sys.stdout.write(
        f"{len(out)} tests of {sum(took[test] for test in out):.0f} s go untraced; {share:.1%} is lost.\n"
    )


def _bare(name: str) -> str:
    return name.split("[", maxsplit=1)[0]


def _through(file: str) -> dict[Step, set[str]]:
    """The tests that went over each step; what an import alone goes over is left out.

    By the schema that coverage documents: its own functions answer for one file and one test at a time.
    """
    ran: dict[Step, set[str]] = defaultdict(set)
    with closing(sqlite3.connect(file)) as data:
        for source, start, end, context in data.execute(
            "SELECT file.path, fromno, tono, context FROM arc "
            "JOIN file ON file.id = file_id JOIN context ON context.id = context_id"
        ):
            ran[source, start, end].add(_bare(context.split("|")[0]))
    return {step: tests for step, tests in ran.items() if "" not in tests}


if __name__ == "__main__":
    main()
