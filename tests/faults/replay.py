"""What may lie on a disk after the power went: the ops so far, less those that nothing made durable.

What was synced is there. Of the rest each op may have reached the disk or not, in any order, and a write may
be torn at any sector: POSIX promises no more, and SQLite asks for no more. A file's name is durable only
once its folder was synced.
"""

import random
from collections.abc import Sequence
from pathlib import Path

from .disk import Op

__all__ = ["crash", "points"]

SECTOR = 512
FILE_OPS, FOLDER_OPS = ("write", "truncate"), ("create", "mkdir", "rename", "unlink")


def points(ops: Sequence[Op], count: int, pick: random.Random) -> list[int]:
    """So many moments, spread evenly over all ops, each a random one of its part."""
    step = len(ops) / count
    return [min(len(ops), int(step * (n + pick.random())) + 1) for n in range(count)]


def crash(ops: Sequence[Op], at: int, root: str, into: Path, pick: random.Random) -> list[object]:
    """Write what may be left of ``root`` after the first ``at`` ops into a folder; returns what was acked."""
    held = _reached(ops[:at], pick)
    files: dict[int, bytearray] = {}
    names: dict[str, int] = {}
    folders: list[str] = []
    for op, whole in held:
        if op.kind == "create":
            names[op.path] = op.file
        elif op.kind == "mkdir":
            folders.append(op.path)
        elif op.kind == "rename":
            if op.path in names:
                names[op.other] = names.pop(op.path)
        elif op.kind == "unlink":
            names.pop(op.path, None)
        elif op.kind == "truncate":
            _resize(files.setdefault(op.file, bytearray()), op.offset)
        else:
            _write(files.setdefault(op.file, bytearray()), op, None if whole else pick)
    into.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        (into / folder[len(root) + 1 :]).mkdir(parents=True, exist_ok=True)
    for path, number in names.items():
        target = into / path[len(root) + 1 :]
        if target.parent.is_dir():  # else the folder's own name was lost, and all in it
            target.write_bytes(files.get(number, b""))
    return [op.value for op in ops[:at] if op.kind == "ack"]


def _reached(ops: Sequence[Op], pick: random.Random) -> list[tuple[Op, bool]]:
    """The ops that reached the disk, and whether whole."""
    synced: dict[object, int] = {}
    for place, op in enumerate(ops):
        if op.kind in ("sync", "syncdir"):
            synced[op.file if op.kind == "sync" else op.path] = place
    share = pick.choice((0.0, pick.random(), 1.0))  # of what is not durable: nothing, some, everything
    upto = pick.choice((len(ops), pick.randrange(len(ops) + 1)))  # and nothing after this one
    held = []
    for place, op in enumerate(ops):
        if op.kind in FILE_OPS:
            durable = place < synced.get(op.file, -1)
        elif op.kind in FOLDER_OPS:
            durable = place < synced.get(op.path.rpartition("/")[0], -1)
        else:
            continue
        lucky = place < upto and pick.random() < share
        if durable or lucky:
            held.append((op, durable or pick.random() < 0.7))
    return held


def _resize(file: bytearray, size: int) -> None:
    del file[size:]
    file.extend(bytes(size - len(file)))


def _write(file: bytearray, op: Op, torn: random.Random | None) -> None:
    """Put the data in place; torn, only some of its sectors."""
    end = op.offset + len(op.data)
    at = op.offset
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        if torn is None or torn.random() < 0.5:
            if len(file) < at:
                _resize(file, at)
            file[at:upto] = op.data[at - op.offset : upto - op.offset]
        at = upto
