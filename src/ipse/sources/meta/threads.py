"""Where the conversations of an export lie: which files there are and which belong together.

``messages/inbox/anna_123/message_1.json``, ``message_2.json`` … are one conversation; of an end-to-end
encrypted one there is a single file ``Anna_15.json``. Does not know what is in the files beyond their heads.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from ipse.exports import ExportPath

__all__ = ["Thread", "folder_of", "is_page", "is_thread_file", "rooms", "thread_files", "threads_in"]

BOXES: Final = ("inbox", "archived_threads", "filtered_threads", "message_requests", "e2ee_cutover")
_ROOTS: Final = ("your_activity_across_facebook", "your_facebook_activity", "your_instagram_activity")
_SENT: Final = ("audio", "files", "gifs", "photos", "stickers", "videos")
_DEEPEST: Final = 4  # folders between that of messages and a conversation's files
_PART: Final = re.compile(r"message(?:_(\d{1,6}))?\.(json|html)(?:\.gz)?", re.IGNORECASE)
_LIST: Final = re.compile(rb'"messages"\s*:\s*\[')
_CLASSIC: Final = re.compile(rb'"sender_name"\s*:')
_STAMP: Final = re.compile(rb'"timestamp(?:_ms)?"\s*:')
_THREAD: Final = re.compile(rb'"(?:thread_path|threadName)"\s*:')
_PAGE: Final = re.compile(rb"<html|<!doctype html|<\?xml", re.IGNORECASE)
_MARKS: Final = re.compile(rb"_a6-g|_2lej|_a72d|[:>]\s*Participants: ")


class Thread(msgspec.Struct, frozen=True):
    """The files of one conversation: each of ``copies`` is complete in itself as far as it goes.

    There are several where an export came in several archives that hold files of one name.
    """

    copies: tuple[tuple[ExportPath, ...], ...]
    pages_too: bool = False  # the conversation is there as HTML besides, which is passed over


def rooms(path: ExportPath) -> Iterator[tuple[str, ExportPath]]:
    """The folders of conversations in the export that ``path`` is the root or a part of; the root's name.

    The name is empty where the folder does not lie in a root of a known name.
    """
    found = False
    for root in _ROOTS:
        room = path.joinpath(root, "messages")
        if room.is_dir():
            found = True
            yield root, room
    if found:
        return
    room = path.joinpath("messages")
    if room.is_dir() and _has_boxes(room):
        yield (path.name if path.name in _ROOTS else ""), room
    elif any(test(path) for test in (_is_room, _is_box, _is_thread, _is_flat)):
        yield "", path


def _has_boxes(folder: ExportPath) -> bool:
    return any(folder.joinpath(box).is_dir() for box in BOXES)


def _is_room(folder: ExportPath) -> bool:
    return folder.name == "messages" and _has_boxes(folder)


def _is_box(folder: ExportPath) -> bool:
    return folder.name in BOXES and any(_is_thread(child) for child in folder.iterdir() if child.is_dir())


def _is_thread(folder: ExportPath) -> bool:
    """Whether it holds one conversation with what was sent in it, and nothing else."""
    parts = 0
    for child in folder.iterdir():
        if child.is_dir():
            if child.name.lower() not in _SENT:
                return False
        elif _PART.fullmatch(child.name):
            parts += 1
        else:
            return False
    return parts > 0


def _is_flat(folder: ExportPath) -> bool:
    """Whether it holds encrypted conversations and nothing of another kind."""
    known = 0
    for child in folder.iterdir():
        if child.is_dir():
            if child.name.lower() != "media":
                return False
        elif child.suffix != ".json":
            return False
        elif b'"threadName"' in child.head and is_thread_file(child):
            known += 1
        elif b'"messages"' in child.head:
            return False
    return known > 0


def is_thread_file(file: ExportPath) -> bool:
    """Tell by the head whether it is a conversation, or a page of one."""
    if file.suffix == ".json":
        head = file.head
        return bool(
            _LIST.search(head)
            and ((_CLASSIC.search(head) or b'"senderName"' in head) and _STAMP.search(head))
        ) or bool(b'"participants"' in head and _THREAD.search(head) and _LIST.search(head))
    return file.suffix in (".html", ".htm") and is_page(file.head) and _is_conversation(file)


def is_page(head: bytes) -> bool:
    """Whether it is HTML."""
    return bool(_PAGE.search(head[:1024]))


def _is_conversation(file: ExportPath) -> bool:
    """Facebook's other pages bear the same marks."""
    marked = _MARKS.search(file.head)
    return bool(marked) and (bool(_PART.fullmatch(file.name)) or b"Participants: " in file.head)


def folder_of(file: ExportPath) -> str:
    """The name of the folder of a thread's file, by which the thread goes; empty where it is none."""
    if not _PART.fullmatch(file.name):
        return ""
    if file.parent is not None:
        name = file.parent.name
    else:
        name = file.path.resolve().parent.name if file.path is not None else ""
    return name if re.search(r"_[A-Za-z0-9-]{6,}$", name) else ""


def threads_in(path: ExportPath) -> Iterator[Thread]:
    """The conversations at ``path``, a file or folder, in an order that does not change."""
    if path.is_file():
        yield Thread(((path,),))
        return
    for _, room in rooms(path):
        for files in thread_files(room):
            yield _thread(files)


def thread_files(room: ExportPath, *, deep: int = 0) -> Iterator[Sequence[ExportPath]]:
    """The files of each conversation in a folder of them, at any depth."""
    flat: list[ExportPath] = []
    parts: list[ExportPath] = []
    folders: list[ExportPath] = []
    for child in room.iterdir():
        if child.is_dir():
            folders.append(child)
        elif _PART.fullmatch(child.name):
            parts.append(child)
        elif child.suffix == ".json" and (b'"threadName"' in child.head or _damaged(child)):
            flat.append(child)
    if parts:  # below it are only the files that were sent
        yield sorted(parts, key=lambda file: (_number(file), file.label))
        return
    same: dict[str, list[ExportPath]] = {}
    for file in flat:
        same.setdefault(file.name, []).append(file)
    yield from same.values()
    for folder in folders if deep < _DEEPEST else ():
        yield from thread_files(folder, deep=deep + 1)


def _damaged(file: ExportPath) -> bool:
    """`Anna_15.json` whose head tells nothing any more: to be counted, not passed over."""
    return bool(re.fullmatch(r".*_\d{1,6}", file.stem)) and not file.head.lstrip().startswith((b"{", b"["))


def _number(file: ExportPath) -> int:
    match = _PART.fullmatch(file.name)
    return int(match[1] or 0) if match else 0


def _thread(files: Sequence[ExportPath]) -> Thread:
    pages = [file for file in files if file.suffix in (".html", ".htm")]
    documents = [file for file in files if file.suffix == ".json"]
    copies: list[list[ExportPath]] = []
    seen: dict[str, int] = {}
    for file in documents or pages:
        place = seen[file.name] = seen.get(file.name, -1) + 1
        if place == len(copies):
            copies.append([])
        copies[place].append(file)
    return Thread(tuple(map(tuple, copies)), pages_too=bool(documents and pages))
