"""Special categories of personal data: C2."""

from collections.abc import Callable

from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.results import NotMeasuredError, Outcome

__all__ = ["BESIDES", "NEEDED", "allowed_apart"]


def allowed_apart(_facts: Facts) -> Outcome:
    """Special categories are kept and learned from only where they were allowed apart."""
    raise NotMeasuredError("There is no switch for special categories yet.", hint="Nothing to do.")


NEEDED: tuple[Callable[[Facts], Outcome], ...] = (allowed_apart,)
BESIDES: tuple[Callable[[Facts], Outcome], ...] = ()
