"""What a pass frees is there for the next one: no page is asked for twice."""

import subprocess
import sys

import pytest

# Page faults of the second and third time that 64 MB are written and let go of, after a first.
FAULTS = """
import resource
from ipse.bases.heap import keep_freed
{kept}
def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        bytearray(b"x") * (64 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults(1)
print(faults(2))
"""
PAGES = (64 << 20) // 4096


def faults(kept: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS.format(kept=kept)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a GNU C library keeps it")
def test_memory_that_is_freed_is_used_again() -> None:
    if faults("") < PAGES // 8:
        pytest.skip("this C library keeps it by itself, or its pages are huge")
    assert faults("assert keep_freed()") < PAGES // 8
