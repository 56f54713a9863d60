"""Does verbs of ipse in processes of their own, to be killed: ``python -m tests.faults.server``.

It imports everything once and forks for each line of JSON on stdin, so that a verb starts in milliseconds and
at a known moment. It prints the process id and, asked by another line, the exit status once that process has
ended. What a verb says to be done it writes to a file, a line each, which outlives it.
"""

# ruff: noqa: T201 - stdout is the protocol

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from ipse import plugins

from .mutants import MUTANTS
from .verbs import VERBS

__all__: list[str] = []


def main() -> None:
    """Serve until stdin ends; the arguments are modules to import beforehand, beside all plugins."""
    for name in sys.argv[1:]:
        importlib.import_module(name)
    plugins.sources()
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        process = os.fork()
        if process == 0:
            os._exit(_run(job))
        print(process, flush=True)
        sys.stdin.readline()  # until it is waited for, its id is no other process's
        print(os.waitpid(process, 0)[1], flush=True)


def _run(job: dict[str, Any]) -> int:
    with Path(job["said"]).open("a", encoding="utf-8") as out:

        def say(word: object) -> None:
            out.write(f"{word}\n")
            out.flush()

        if "mutant" in job:
            MUTANTS[job["mutant"]](say)
        say("begun")
        try:
            VERBS[job["verb"]](job, say)
        except BaseException:  # noqa: BLE001 - told to whoever waits
            traceback.print_exc(file=out)
            return 1
        say("done")
    return 0


if __name__ == "__main__":
    main()
