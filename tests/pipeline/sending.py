"""A process that decides on drafts and hands them out as it is told, a line each; some of them broken."""

# ruff: noqa: T201 - stdout is the protocol

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from ipse.drafts import digest
from ipse.errors import IpseError
from ipse.pipeline import delivering, drafting
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from .drafted import opened

__all__: list[str] = []


def _approve_and_send(workspace: Workspace, name: str) -> str:
    try:
        draft = drafting.draft_named(workspace, name)
        drafting.approve(workspace, name, seen=digest(draft))
        said = "approved,"
    except IpseError:
        said = ""
    return said + _send(workspace, name)


def _send(workspace: Workspace, name: str) -> str:
    try:
        delivering.hand_out(workspace, name)
    except IpseError:
        return "refused"
    return "sent"


def _unlocked() -> None:
    """The control: nobody waits for anybody, as if the locks were not there."""

    class Free:
        lock_file = "/nonexistent/lock"

        def release(self) -> None:
            pass

    Vault.exclusive = lambda _self: nullcontext()  # type: ignore[method-assign, assignment]
    delivering._taken = lambda _workspace, _name: Free()  # type: ignore[assignment,return-value]


DOES: dict[str, Callable[[Workspace, str], str]] = {"send": _send, "both": _approve_and_send}


@contextmanager
def _settled(sections: dict[str, Any], folder: str) -> Iterator[Workspace]:
    with opened(folder, **sections) as workspace:
        yield workspace


def main() -> None:
    """``FOLDER SETTINGS [broken]``; then lines of a verb and a draft, each answered by a line."""
    folder, sections, *broken = sys.argv[1:]
    with _settled(json.loads(sections), folder) as workspace:
        if broken:
            _unlocked()
        print("ready", flush=True)
        for line in sys.stdin:
            verb, name = line.split()
            print(DOES[verb](workspace, name), flush=True)


if __name__ == "__main__":
    main()
