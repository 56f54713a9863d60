"""``python -m ipse.pipeline.days.collector FOLDER``: collect for the vault there; its key comes by stdin.

How it goes stands beside the vault (`ipse collect status`); nothing is printed.
"""

import gc
import signal
import sys
import threading
from types import FrameType

from ipse.config import load_settings
from ipse.pipeline.days.collecting import record
from ipse.pipeline.unlocking import Keeper
from ipse.pipeline.workspace import Workspace
from ipse.unlocking.memory import no_core_dumps, undumpable
from ipse.vault.opening import by_master

__all__ = ["ending", "main"]


def ending() -> threading.Event:
    """An event that SIGTERM and SIGINT set, so that what waits is kept before the process ends."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return ended


def main() -> None:
    """Read the key, collect, end."""
    no_core_dumps()
    undumpable()
    keeper = Keeper.read(0)
    if keeper is None:
        sys.exit(1)
    ended = ending()
    settings = load_settings({"vault": sys.argv[1]})
    with Workspace.open(settings, by_master(keeper.key()), purge=False) as workspace:
        gc.collect()
        gc.freeze()  # what was imported stays: the collector of cycles need not look at it for days
        record(workspace, ended)


if __name__ == "__main__":
    main()
