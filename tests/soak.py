"""How many cases a fault test runs: few in `make check`, many in `make soak` (IPSE_SOAK=1)."""

import os

SOAK = os.environ.get("IPSE_SOAK") == "1"


def rounds(quick: int, soak: int) -> int:
    """``quick``, or ``soak`` where time does not matter."""
    return soak if SOAK else quick
