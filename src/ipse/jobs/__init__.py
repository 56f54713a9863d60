"""Long work: remembered, followed live, stopped from anywhere, queued, resumed, done at set times.

The room does not know what the work is: :mod:`ipse.pipeline.tasks` does.
"""

from ipse.jobs.following import current, run
from ipse.jobs.records import Job, Line, Live, Spec, State, forget_words
from ipse.jobs.stopping import request_stop
from ipse.jobs.watching import find, listed

__all__ = [
    "Job",
    "Line",
    "Live",
    "Spec",
    "State",
    "current",
    "find",
    "forget_words",
    "listed",
    "request_stop",
    "run",
]
