"""The command line: one file per verb, each parses, calls the pipeline and prints."""

import sys
from collections.abc import Callable
from functools import cache

from typer.main import get_command

from ipse.cli.app import app
from ipse.cli.console import fail
from ipse.errors import CancelledError, IpseError

__all__ = ["main"]


def main() -> None:
    """Run ``ipse``; an ``IpseError`` is one line on stderr and exit code 1 (130: stopped by the owner)."""
    try:
        _commands()()
    except CancelledError as error:
        fail(error)
        sys.exit(130)
    except IpseError as error:
        fail(error)
        sys.exit(1)


@cache
def _commands() -> Callable[[], object]:
    """What ``app()`` makes anew at each call: the tree of commands."""
    return get_command(app)
