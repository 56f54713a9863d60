"""How the cost of work grows with what it is given: a machine is compared with itself, never with a clock.

A limit in seconds is a statement about a machine. The ratio of two sizes on the same machine is one about
the code: eight times as much takes about 8 times as long where the work is linear, and 64 where it is not.
"""

import math
import time
from collections.abc import Callable

TIMES = 8
BOUND = 24.0  # between 8 and 64, as far from one as from the other
LITTLE = 0.02  # seconds of a processor: below, a clock says nothing, and nobody waits
TRIES = 3


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Fail where ``work(size)`` costs more than BOUND times ``work(size // TIMES)``.

    Processor time, the least of up to TRIES runs of each: whatever else runs only ever adds to it.
    """
    part = size // TIMES
    least = whole = math.inf
    for _ in range(TRIES):
        least = min(least, _spent(work, part))
        whole = min(whole, _spent(work, size))
        if whole < LITTLE or whole < BOUND * least:
            return
    raise AssertionError(f"{whole:.2f} s of {size}, {whole / least:.0f} × that of {part}")


def assert_linear_in(text: str, work: Callable[[str], object]) -> None:
    """The same of a text and its two ends: what makes it slow may stand at either."""
    assert_linear(
        lambda length: work(text[: length - length // 2] + text[len(text) - length // 2 :]), len(text)
    )


def _spent(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began
