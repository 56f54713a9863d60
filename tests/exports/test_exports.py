"""An export wherever it lies: on disk, in a zip, in a zip of zips, over several; archives made to burst."""

import gzip
import io
import os
import struct
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.errors import SourceError
from ipse.exports import ExportPath, merged


def packed(files: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 3, 1, 12, 30, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tree(path: ExportPath) -> dict[str, bytes]:
    return {file.label.partition("/")[2]: file.read_bytes() for file in path.walk()}


FILES: dict[str, bytes | str] = {"b/2.txt": "two", "b/1.txt": "one", "a.json": "{}", "ü/x.txt": "umlaut"}


def on_disk(folder: Path) -> Path:
    for name, data in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(data), encoding="utf-8")
    return folder


def test_a_folder_a_zip_and_a_zip_in_a_zip_are_the_same_to_a_reader(tmp_path: Path) -> None:
    folder = on_disk(tmp_path / "export")
    (tmp_path / "export.zip").write_bytes(packed(FILES))
    (tmp_path / "outer.zip").write_bytes(packed({"inner.zip": packed(FILES)}))
    expected = {name: str(data).encode() for name, data in sorted(FILES.items())}
    assert tree(ExportPath.at(folder)) == expected
    assert tree(ExportPath.at(tmp_path / "export.zip")) == expected
    assert tree(ExportPath.at(tmp_path / "outer.zip") / "inner.zip") == {
        f"inner.zip/{name}": data for name, data in expected.items()
    }


def test_what_a_reader_asks_of_a_file_is_the_same_everywhere(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(packed({"in/Mail.MBOX": "From x"}))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Mail.MBOX").write_text("From x")
    for root in (ExportPath.at(tmp_path), ExportPath.at(tmp_path / "e.zip")):
        file = root.joinpath("in", "Mail.MBOX")
        assert (file.name, file.stem, file.suffix, file.size) == ("Mail.MBOX", "Mail", ".mbox", 6)
        assert (file.is_file(), file.is_dir(), file.exists()) == (True, False, True)
        assert file.parent is not None
        assert (file.parent.name, file.head) == ("in", b"From x")
        assert not (root / "absent").exists()
        assert not root.joinpath("absent", "deeper").exists()
        assert (root / "absent").head == b""
        with pytest.raises(SourceError):
            (root / "absent").open()
    inside = ExportPath.at(tmp_path / "e.zip").joinpath("in", "Mail.MBOX")
    assert inside.modified == datetime(2024, 3, 1, 12, 30, tzinfo=UTC)
    assert inside.path is None
    assert repr(inside) == "ExportPath('e.zip/in/Mail.MBOX')"


def test_hidden_things_are_passed_over_and_still_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(packed({"__MACOSX/._a.txt": "x", ".hidden/b.txt": "y", "a.txt": "z"}))
    root = ExportPath.at(tmp_path / "e.zip")
    assert [child.name for child in root.iterdir()] == ["a.txt"]
    assert root.joinpath(".hidden", "b.txt").read_bytes() == b"y"


def test_names_that_climb_out_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(packed({"../../etc/a.txt": "x", "/abs/b.txt": "y", "c\\d.txt": "z"}))
    assert set(tree(ExportPath.at(tmp_path / "e.zip"))) == {"etc/a.txt", "abs/b.txt", "c/d.txt"}


def test_a_name_that_a_mac_wrote_without_saying_it_is_utf8_is_read_as_such(tmp_path: Path) -> None:
    data = bytearray(packed({"訊息/a.txt": "x"}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(signature) + at
        flags = struct.unpack_from("<H", data, place)[0] & ~0x800
        struct.pack_into("<H", data, place, flags)
    (tmp_path / "e.zip").write_bytes(bytes(data))
    assert list(tree(ExportPath.at(tmp_path / "e.zip"))) == ["訊息/a.txt"]


def test_gzip_is_read_through(tmp_path: Path) -> None:
    (tmp_path / "chat.json.gz").write_bytes(gzip.compress(b"[1, 2]"))
    (tmp_path / "not.gz").write_bytes(b"plain")
    file = ExportPath.at(tmp_path / "chat.json.gz")
    assert (file.suffix, file.stem, file.read_bytes()) == (".json", "chat", b"[1, 2]")
    assert ExportPath.at(tmp_path / "not.gz").read_bytes() == b"plain"
    with file.local() as copy:
        assert copy.read_bytes() == b"[1, 2]"


def test_parts_of_one_export_are_one(tmp_path: Path) -> None:
    (tmp_path / "takeout-001.zip").write_bytes(packed({"Takeout/Mail/a.mbox": "a", "Takeout/x.txt": "1"}))
    (tmp_path / "takeout-002.zip").write_bytes(packed({"Takeout/Mail/b.mbox": "b", "Takeout/x.txt": "2"}))
    (tmp_path / "other.zip").write_bytes(packed({"o.txt": "o"}))
    one, other = sorted(merged(sorted(tmp_path.iterdir())), key=lambda path: path.name, reverse=True)
    assert (one.name, other.name) == ("takeout.zip", "other.zip")
    assert one.is_dir()
    assert not one.is_file()
    assert [file.name for file in one.walk()] == ["a.mbox", "b.mbox", "x.txt", "x.txt"]
    assert one.joinpath("Takeout", "Mail", "b.mbox").read_bytes() == b"b"
    assert one.joinpath() is one
    assert not one.joinpath("Takeout", "absent").exists()
    assert one.size == sum((tmp_path / f"takeout-00{n}.zip").stat().st_size for n in (1, 2))
    assert one.modified.tzinfo is UTC
    with pytest.raises(SourceError, match="a folder"):
        one.open()
    assert [path.name for path in ExportPath.at(tmp_path).iterdir()] == ["other.zip", "takeout.zip"]


def test_a_database_comes_with_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(packed({"chat.db": "main", "chat.db-wal": "log"}))
    file = ExportPath.at(tmp_path / "e.zip") / "chat.db"
    with file.local(beside=("-wal", "-shm")) as copy:
        beside = copy.with_name(copy.name + "-wal")
        assert (copy.read_bytes(), beside.read_bytes()) == (b"main", b"log")
        assert not copy.with_name(copy.name + "-shm").exists()
    assert not copy.exists()
    (tmp_path / "plain.db").write_text("p")
    (tmp_path / "plain.db-wal").write_text("l")
    with ExportPath.at(tmp_path / "plain.db").local(beside=("-wal",), copy=True) as copy:
        assert copy.with_name(copy.name + "-wal").read_text() == "l"
    with ExportPath.at(tmp_path / "plain.db").local() as path:
        assert path == tmp_path / "plain.db"
    with ExportPath.at(tmp_path / "plain.db").local(copy=True) as path:
        assert path != tmp_path / "plain.db"


def test_what_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        list(ExportPath.at(tmp_path / "absent").iterdir())


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert list(ExportPath.at(tmp_path).walk()) == []


def test_a_file_too_large_to_be_read_whole_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"x" * 100)
    with pytest.raises(SourceError, match="larger than 99 bytes"):
        ExportPath.at(tmp_path / "a.json").read_bytes(99)


@pytest.mark.parametrize("cut", [30, 200, -30])
def test_a_damaged_archive_says_so(tmp_path: Path, cut: int) -> None:
    (tmp_path / "e.zip").write_bytes(packed({"a.txt": "a" * 500, "b.txt": "b"})[:cut])
    with pytest.raises(SourceError, match="damaged or cut short"):
        list(ExportPath.at(tmp_path / "e.zip").iterdir())


def test_a_damaged_member_says_where(tmp_path: Path) -> None:
    data = bytearray(packed({"a.txt": os.urandom(400).hex()}))
    data[120] ^= 0xFF
    (tmp_path / "e.zip").write_bytes(bytes(data))
    with pytest.raises(SourceError, match=r"e\.zip/a\.txt: breaks off after [\d,]+ bytes"):
        (ExportPath.at(tmp_path / "e.zip") / "a.txt").read_bytes()


def test_a_locked_archive_says_so(tmp_path: Path) -> None:
    data = bytearray(packed({"a.txt": "a"}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + at] |= 1
    (tmp_path / "e.zip").write_bytes(bytes(data))
    with pytest.raises(SourceError, match="locked with a password"):
        (ExportPath.at(tmp_path / "e.zip") / "a.txt").read_bytes()


def bomb(kind: str, folder: Path) -> Path:
    zeros = b"0" * (64 << 20)
    if kind == "gzip":
        file = folder / "bomb.json.gz"
        with gzip.open(file, "wb", compresslevel=9) as out:
            for _ in range(8):
                out.write(zeros)
        return file
    file = folder / "bomb.zip"
    if kind == "member":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.json", "w") as out:
            for _ in range(8):
                out.write(zeros)
    elif kind == "overlap":
        data = bytearray(packed({"a.json": zeros[: 1 << 20], "b.json": zeros[: 1 << 20]}))
        second = data.rindex(b"PK\x01\x02")
        struct.pack_into("<I", data, second + 42, 0)  # the second member starts where the first does
        file.write_bytes(bytes(data))
    elif kind == "depth":
        inner = packed({"a.json": "{}"})
        for _ in range(6):
            inner = packed({"next.zip": inner})
        file.write_bytes(inner)
    else:
        with zipfile.ZipFile(file, "w") as archive:
            for n in range(1000):
                archive.writestr(f"{n}", "")
    return file


CHILD = """
import sys
from pathlib import Path
from ipse.errors import SourceError
from ipse.exports import ExportPath
import ipse.exports.archives as archives
archives.MEMBERS = 999
try:
    for file in ExportPath.at(Path(sys.argv[1])).walk():
        with file.open() as stream:
            while stream.read(1 << 20):
                pass
except SourceError as error:
    print(error)
# Not getrusage: that remembers the process which this one was forked from.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("member", "would unpack to 536,870,912 bytes"),
        ("gzip", "unpack to more than"),
        ("overlap", "lie over each other"),
        ("depth", "packed in archives too often"),
        ("many", "it holds 1,000 files"),
    ],
)
def test_an_archive_made_to_burst_is_refused_in_little_memory(tmp_path: Path, kind: str, said: str) -> None:
    file = bomb(kind, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    error, peak = done.stdout.strip().splitlines()
    assert said in error
    assert "unpack it yourself" in error
    assert int(peak) < 256 << 10  # KiB


def test_the_memory_of_a_child_is_measured_at_all(tmp_path: Path) -> None:
    """The control of the test above: a process that takes 300 MiB is seen to."""
    program = "x = bytearray(300 << 20)\n" + CHILD
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 256 << 10
