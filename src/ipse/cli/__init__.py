"""The command line: one file per verb, each parses, calls the pipeline and prints."""

import sys

from ipse.cli.app import app
from ipse.cli.console import fail
from ipse.errors import CancelledError, IpseError

__all__ = ["main"]


def main() -> None:
    """Run ``ipse``; an ``IpseError`` is one line on stderr and exit code 1 (130: stopped by the owner)."""
    try:
        app()
    except CancelledError as error:
        fail(error)
        sys.exit(130)
    except IpseError as error:
        fail(error)
        sys.exit(1)
