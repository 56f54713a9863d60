"""A disk that is watched: every write, fsync, rename and deletion below a folder, those of SQLite among them.

SQLite is watched through a VFS of its own library, put before the default one by ctypes; our own files
through the calls of ``os`` that they use. What is watched can be replayed as after a power loss (``replay``),
and any call can be made to fail (``fault``).
"""

import _sqlite3
import ctypes
import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

__all__ = ["Disk", "Fault", "Op"]

Fault = Callable[[str, str, int], int]
"""Called before each op with its kind, path and by how many bytes the file grows; returns 0 or an errno."""

_INT, _LONG, _PTR = ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
# sqlite3.h: sqlite3_vfs and sqlite3_io_methods, versions 3. Names are pointers: parameters lie behind them.
_FIELDS = {
    "vfs": ["next", "name", "data", "open", "delete", *(f"p{n}" for n in range(13))],
    "io": ["close", "read", "write", "truncate", "sync", *(f"p{n}" for n in range(13))],
}
_CALLS = {
    "open": ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _PTR, _INT, _PTR),
    "delete": ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _INT),
    "close": ctypes.CFUNCTYPE(_INT, _PTR),
    "write": ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _INT, _LONG),
    "truncate": ctypes.CFUNCTYPE(_INT, _PTR, _LONG),
    "sync": ctypes.CFUNCTYPE(_INT, _PTR, _INT),
}
_JOURNALS = 0x0800 | 0x4000 | 0x80000  # SQLITE_OPEN_MAIN_JOURNAL, SUPER_JOURNAL, WAL: their folder is fsynced
_CANTOPEN, _FULL = 14, 13
_IOERR = {"write": 778, "sync": 1034, "truncate": 1546, "unlink": 2570, "create": _CANTOPEN}


class _Vfs(ctypes.Structure):
    _fields_ = [("version", _INT), ("size", _INT), ("longest", _INT)] + [
        (name, _PTR) for name in _FIELDS["vfs"]
    ]


class _Io(ctypes.Structure):
    _fields_ = [("version", _INT)] + [(name, _PTR) for name in _FIELDS["io"]]


class Op(NamedTuple):
    """One thing that happened. ``file`` is the file's number: a rename keeps it, no two files share one."""

    kind: str  # create, mkdir, write, truncate, rename, unlink, sync, syncdir, ack
    path: str = ""
    file: int = 0
    offset: int = 0
    data: bytes = b""
    other: str = ""
    value: Any = None


class Disk:
    """Watches what happens below ``root`` as long as it is entered. One at a time in a process."""

    def __init__(self, root: Path, fault: Fault | None = None) -> None:
        self.root = os.path.realpath(root)
        self.ops: list[Op] = []
        self._fault = fault or (lambda _kind, _path, _size: 0)
        self._numbers: dict[int, int] = {}  # by inode
        self._next = 1

    def ack(self, value: object) -> None:
        """Note that what happened so far was said to be durable."""
        self.ops.append(Op("ack", value=value))

    @contextmanager
    def watched(self) -> Iterator["Disk"]:
        """The shims in place."""
        with pytest.MonkeyPatch.context() as patch, _Sqlite(self).in_place():
            for name in ("open", "fdopen", "fsync", "replace", "unlink", "mkdir"):
                patch.setattr(os, name, getattr(self, f"_{name}")(getattr(os, name)))
            yield self

    def mine(self, path: str) -> bool:
        """Whether that path is watched."""
        return path.startswith(self.root + os.sep) or path == self.root

    def failing(self, kind: str, path: str, end: int = 0) -> int:
        """The errno that this call is to fail with, or 0; ``end`` is where a write ends."""
        grows = max(0, end - os.path.getsize(path)) if kind == "write" else 0
        return self._fault(kind, path, grows)

    def number(self, path: str | int, *, new: bool = False) -> int:
        """The number of a file; a new one for one just made, whose inode may have been another's."""
        inode = os.stat(path).st_ino
        if new or inode not in self._numbers:
            self._numbers[inode], self._next = self._next, self._next + 1
        return self._numbers[inode]

    def note(self, kind: str, path: str, **more: Any) -> None:
        """Remember an op."""
        self.ops.append(Op(kind, path, **more))

    def _check(self, kind: str, path: str, end: int = 0) -> None:
        number = self.failing(kind, path, end)
        if number:
            raise OSError(number, os.strerror(number), path)

    def _open(self, real: Callable[..., int]) -> Callable[..., int]:
        def run(path: Any, flags: int, *rest: Any, **named: Any) -> int:
            at = os.path.abspath(os.fspath(path))
            if not self.mine(at) or not flags & (os.O_WRONLY | os.O_RDWR) or at.endswith(".lock"):
                return real(path, flags, *rest, **named)
            new = not os.path.exists(at)
            if new:
                self._check("create", at)
            handle = real(path, flags, *rest, **named)
            if new:
                self.note("create", at, file=self.number(handle, new=True))
            elif flags & os.O_TRUNC:
                self.note("truncate", at, file=self.number(handle))
            return handle

        return run

    def _fdopen(self, real: Callable[..., Any]) -> Callable[..., Any]:
        disk = self

        class Watched(io.FileIO):
            def write(self, data: Any) -> int:
                path, raw = _path_of(self.fileno()), bytes(data)
                offset = self.tell()
                disk._check("write", path, offset + len(raw))
                done = super().write(raw)
                disk.note("write", path, file=disk.number(self.fileno()), offset=offset, data=raw)
                return done

        def run(handle: int, mode: str = "r", *rest: Any, **named: Any) -> Any:
            if mode != "wb" or not self.mine(_path_of(handle)):
                return real(handle, mode, *rest, **named)
            return io.BufferedWriter(Watched(handle, "wb"))

        return run

    def _fsync(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def run(handle: int) -> None:
            path = _path_of(handle)
            if self.mine(path):
                self._check("sync", path)
                real(handle)
                folder = stat.S_ISDIR(os.fstat(handle).st_mode)
                self.note("syncdir" if folder else "sync", path, file=0 if folder else self.number(handle))
            else:
                real(handle)

        return run

    def _replace(self, real: Callable[..., None]) -> Callable[..., None]:
        def run(source: Any, target: Any, **named: Any) -> None:
            one, other = os.path.abspath(source), os.path.abspath(target)
            if self.mine(one):
                self._check("rename", one)
                real(source, target, **named)
                self.note("rename", one, other=other)
            else:
                real(source, target, **named)

        return run

    def _unlink(self, real: Callable[..., None]) -> Callable[..., None]:
        def run(path: Any, **named: Any) -> None:
            at = os.path.abspath(path)
            if self.mine(at) and os.path.exists(at) and not at.endswith(".lock"):
                self._check("unlink", at)
                real(path, **named)
                self.note("unlink", at)
            else:
                real(path, **named)

        return run

    def _mkdir(self, real: Callable[..., None]) -> Callable[..., None]:
        def run(path: Any, *rest: Any, **named: Any) -> None:
            at = os.path.abspath(path)
            new = self.mine(at) and not os.path.exists(at)
            if new:
                self._check("mkdir", at)
            real(path, *rest, **named)
            if new:
                self.note("mkdir", at)

        return run


class _Sqlite:
    """The VFS in front of SQLite's own."""

    _kept: list[Any] = []  # noqa: RUF012 - callbacks must outlive every connection opened through them

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
        self._library.sqlite3_vfs_find.restype = _PTR
        self._library.sqlite3_vfs_register.argtypes = [_PTR, _INT]
        self._library.sqlite3_vfs_unregister.argtypes = [_PTR]
        self._files: dict[
            int, tuple[str, int, bool]
        ] = {}  # by sqlite3_file: path, number, folder to be fsynced
        self._io: dict[int, _Io] = {}
        self._kept.append(self)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The default VFS as long as this is entered."""
        default = self._library.sqlite3_vfs_find(None)
        self._vfs = _Vfs.from_buffer_copy(_Vfs.from_address(default))
        self._real = _Vfs.from_address(default)
        self._name = ctypes.create_string_buffer(b"watched")
        self._vfs.name = ctypes.addressof(self._name)
        self._calls = {name: kind(getattr(self, f"_{name}")) for name, kind in _CALLS.items()}
        for name in ("open", "delete"):
            setattr(self._vfs, name, ctypes.cast(self._calls[name], _PTR).value)
        self._library.sqlite3_vfs_register(ctypes.addressof(self._vfs), 1)
        try:
            yield
        finally:
            self._library.sqlite3_vfs_register(default, 1)
            self._library.sqlite3_vfs_unregister(ctypes.addressof(self._vfs))

    def _failing(self, kind: str, path: str, end: int = 0) -> int:
        number = self._disk.failing(kind, path, end) if self._disk.mine(path) else 0
        if number in (errno.ENOSPC, errno.EDQUOT) and kind == "write":
            return _FULL
        return _IOERR[kind] if number else 0

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        path = os.fsdecode(ctypes.string_at(name)) if name else ""
        watched = self._disk.mine(path) and not path.endswith("-shm")
        new = watched and not os.path.exists(path)
        if new and (code := self._failing("create", path)):
            _PTR.from_address(file).value = None
            return code
        code = _CALLS["open"](self._real.open)(vfs, name, file, flags, out)
        if code == 0 and watched:
            number = self._disk.number(path, new=new)
            if new:
                self._disk.note("create", path, file=number)
            self._files[file] = (path, number, new and bool(flags & _JOURNALS))
            _PTR.from_address(file).value = ctypes.addressof(
                self._methods(_PTR.from_address(file).value or 0)
            )
        return int(code)

    def _methods(self, real: int) -> _Io:
        if real not in self._io:
            mine = _Io.from_buffer_copy(_Io.from_address(real))
            for name in ("close", "write", "truncate", "sync"):
                setattr(mine, name, ctypes.cast(self._calls[name], _PTR).value)
            self._io[real] = mine
            self._back = _Io.from_address(real)  # every file of a system has the same
        return self._io[real]

    def _delete(self, vfs: int, name: int, folder: int) -> int:
        path = os.fsdecode(ctypes.string_at(name))
        there = self._disk.mine(path) and os.path.exists(path)
        if there and (code := self._failing("unlink", path)):
            return code
        code = _CALLS["delete"](self._real.delete)(vfs, name, folder)
        if code == 0 and there:
            self._disk.note("unlink", path)
            if folder:
                self._disk.note("syncdir", os.path.dirname(path))
        return int(code)

    def _close(self, file: int) -> int:
        self._files.pop(file, None)
        return int(_CALLS["close"](self._back.close)(file))

    def _write(self, file: int, data: int, size: int, offset: int) -> int:
        path, number, _ = self._files[file]
        if code := self._failing("write", path, offset + size):
            return code
        code = _CALLS["write"](self._back.write)(file, data, size, offset)
        if code == 0:
            self._disk.note("write", path, file=number, offset=offset, data=ctypes.string_at(data, size))
        return int(code)

    def _truncate(self, file: int, size: int) -> int:
        path, number, _ = self._files[file]
        if code := self._failing("truncate", path):
            return code
        code = _CALLS["truncate"](self._back.truncate)(file, size)
        if code == 0:
            self._disk.note("truncate", path, file=number, offset=size)
        return int(code)

    def _sync(self, file: int, flags: int) -> int:
        path, number, folder = self._files[file]
        if code := self._failing("sync", path):
            return code
        code = _CALLS["sync"](self._back.sync)(file, flags)
        if code == 0:
            self._disk.note("sync", path, file=number)
            if folder:
                self._disk.note("syncdir", os.path.dirname(path))
                self._files[file] = (path, number, False)
        return int(code)


def _path_of(handle: int) -> str:
    """Where an open file lies."""
    if os.path.isdir("/proc/self/fd"):
        return os.readlink(f"/proc/self/fd/{handle}")
    import fcntl

    raw: bytes = fcntl.fcntl(handle, fcntl.F_GETPATH, bytes(1024))  # type: ignore[attr-defined,unused-ignore]
    return raw.rstrip(b"\0").decode()
