"""What holds for every source: recognized by content, the same in a zip, nothing lost, nothing breaks it.

Each source has a sample in `samples/`, made by code: `write(folder)` returns the export, `OPTIONS` reads it.
"""

import importlib
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ipse import plugins
from ipse.config import load_settings
from ipse.errors import CancelledError, IpseError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Source, Survey
from ipse.pipeline.consents import give
from ipse.pipeline.finding import find
from ipse.pipeline.importing import ExportReport, import_
from ipse.pipeline.workspace import Workspace
from ipse.records import Event, Message, Unreadable
from ipse.vault import Vault

from ..soak import rounds

SOURCES = plugins.sources()


def sample(source: Source) -> ModuleType:
    return importlib.import_module(f"{__package__}.samples.{source.name}")


def options(source: Source, export: Path) -> ReadOptions:
    found: ReadOptions = sample(source).OPTIONS
    beside = export.with_name(f"{export.name}.mapping.yaml")
    return replace(found, mapping=beside) if found.mapping is not None and beside.is_file() else found


@pytest.fixture(params=SOURCES, ids=lambda source: source.name)
def source(request: pytest.FixtureRequest) -> Source:
    chosen: Source = request.param
    return chosen


@pytest.fixture
def export(source: Source, tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    written: Path = sample(source).write(folder)
    return written


def read(source: Source, path: Path | ExportPath, told: ReadOptions) -> list[Message | Event | Unreadable]:
    return list(source.read(path if isinstance(path, ExportPath) else ExportPath.at(path), told))


def test_it_tells_what_it_is_and_how_to_get_one(source: Source) -> None:
    guide = source.guide()
    assert guide.startswith("# ")
    for part in ("## Get it", "## How long it takes", "## What it lacks", "## Import it"):
        assert part in guide, part
    assert f"--source {source.name}" in guide
    assert source.reads
    assert source.name == source.name.lower()


def test_its_sample_is_recognized_by_it_and_by_no_other(source: Source, export: Path) -> None:
    path = ExportPath.at(export)
    who = [one.name for one in SOURCES if one.recognizes(path) and (one is source or not one.general)]
    assert who == [source.name]
    assert not source.recognizes(ExportPath.at(export.parent / "absent"))


def test_nothing_of_it_is_in_an_empty_folder_or_file(source: Source, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.txt").touch()
    assert not source.recognizes(ExportPath.at(tmp_path / "empty"))
    assert not source.recognizes(ExportPath.at(tmp_path / "empty.txt"))


def test_the_survey_counts_what_reading_yields(source: Source, export: Path) -> None:
    told = options(source, export)
    found = read(source, export, told)
    survey = source.survey(ExportPath.at(export), told)
    assert survey.units in (len(found), None)
    messages = [one for one in found if isinstance(one, Message)]
    assert len(messages) >= 2
    assert any(one.direction == "outbound" for one in messages) or any(
        one.sender.name in told.me or one.sender.address in told.me or one.sender in (survey.owner or ())
        for one in messages
    )
    for one in messages:
        assert one.at.tzinfo is not None
        assert one.platform == source.name
        assert len(one.id) == 32
        assert set(one.id) <= set("0123456789abcdef")
        assert one.sender in survey.senders or one.content_type == "system" or not one.sender.name
    assert len({one.id for one in messages}) == len(messages)


def zipped(export: Path, out: Path) -> Path:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        beside = [*export.parent.glob(f"{export.name}.mapping.yaml")]
        files = [export, *beside] if export.is_file() else sorted(export.rglob("*"))
        for file in files:
            if file.is_file():
                archive.write(file, file.relative_to(export.parent))
    return out


def test_it_is_the_same_in_a_zip_and_in_a_zip_in_a_zip(source: Source, export: Path, tmp_path: Path) -> None:
    told = options(source, export)
    plain = {one.id for one in read(source, export, told) if isinstance(one, Message)}
    inner = zipped(export, tmp_path / "download.zip")
    outer = tmp_path / "outer.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.write(inner, "download.zip")
    for packed in (inner, outer):
        its = find([packed], [source]).exports
        again = [record for one in its for record in read(source, one.path, told)]
        ids = {record.id for record in again if isinstance(record, Message)}
        assert ids == plain, packed.name


@pytest.fixture
def workspace(source: Source, vault: Vault) -> Workspace:
    workspace = Workspace(vault, load_settings(environment={}))
    give(workspace, source.name, ["archive"])
    return workspace


def imported(workspace: Workspace, source: Source, export: Path) -> ExportReport:
    told = options(source, export)
    report = import_(
        workspace,
        [export],
        me=told.me,
        format_name=source.name,
        passphrase=told.passphrase,
        mapping=told.mapping,
        ask=lambda _file, candidates: [candidates[0].name],
        progress=lambda *_: None,
    )
    (one,) = report.exports
    assert one.read == one.kept + one.duplicates + sum(one.refused.values()) + one.unreadable
    return one


def test_a_second_import_adds_nothing(source: Source, export: Path, workspace: Workspace) -> None:
    first = imported(workspace, source, export)
    assert first.kept >= 2
    again = imported(workspace, source, export)
    assert (again.kept, again.duplicates) == (0, first.kept + first.duplicates)


def test_a_cancelled_import_goes_on_where_it_stopped(source: Source, export: Path, vault: Vault) -> None:
    workspace = Workspace(vault, load_settings({"imports": {"batch": 1}}, environment={}))
    give(workspace, source.name, ["archive"])
    told = options(source, export)
    calls = 0

    def stop(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        import_(
            workspace,
            [export],
            me=told.me,
            format_name=source.name,
            passphrase=told.passphrase,
            mapping=told.mapping,
            ask=lambda _file, candidates: [candidates[0].name],
            progress=stop,
        )
    before = sum(len(talk.messages) for talk in vault.scan())
    report = imported(workspace, source, export)
    assert before >= 1
    assert report.duplicates >= before
    assert report.kept + before == sum(len(talk.messages) for talk in vault.scan())


# --- faults ---

changes = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "drop", "insert", "repeat", "zero"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 300),
        st.binary(max_size=12),
    ),
    min_size=1,
    max_size=4,
)
hunt = settings(
    max_examples=rounds(60, 10_000),
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def changed(data: bytes, edits: list[tuple[str, float, int, bytes]]) -> bytes:
    out = bytearray(data)
    for kind, where, size, new in edits:
        at = int(where * len(out))
        if kind == "flip" and out:
            out[at] ^= 1 << (size % 8)
        elif kind == "cut":
            del out[at:]
        elif kind == "drop":
            del out[at : at + size]
        elif kind == "insert":
            out[at:at] = new
        elif kind == "zero":
            out[at : at + size] = bytes(len(out[at : at + size]))
        else:
            out[at:at] = out[at : at + size]
    return bytes(out)


def survives(source: Source, export: Path) -> None:
    """Reading gives records, `Unreadable`s, or one `IpseError`; anything else is raised through."""
    told = options(source, export)
    path = ExportPath.at(export)
    source.recognizes(path)
    try:
        survey = source.survey(path, told)
        found = read(source, path, told)
    except IpseError:
        return
    assert all(isinstance(one, Message | Event | Unreadable) for one in found)
    assert survey.units in (len(found), None)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Source], Path]:
    """The sample of a source, written once."""

    @cache
    def named(name: str) -> Path:
        written: Path = sample(plugins.source_named(name)).write(tmp_path_factory.mktemp(name))
        return written

    return lambda source: named(source.name)


@hunt
@given(edits=changes, which=st.floats(0, 1, exclude_max=True))
def test_a_damaged_export_breaks_nothing(
    source: Source,
    originals: Callable[[Source], Path],
    edits: list[tuple[str, float, int, bytes]],
    which: float,
) -> None:
    original = originals(source)
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / original.name
        if original.is_dir():
            shutil.copytree(original, export)
        else:
            shutil.copy(original, export)
            for beside in original.parent.glob(f"{original.name}.*"):
                shutil.copy(beside, folder)
        files = sorted(file for file in Path(folder).rglob("*") if file.is_file())
        victim = files[int(which * len(files))]
        victim.write_bytes(changed(victim.read_bytes(), edits))
        survives(source, export)


@settings(hunt, max_examples=rounds(20, 2_000))
@given(data=st.binary(max_size=400), head=st.integers(0, 200))
def test_any_bytes_break_nothing(
    source: Source, originals: Callable[[Source], Path], data: bytes, head: int
) -> None:
    original = originals(source)
    with tempfile.TemporaryDirectory() as folder:
        if original.is_dir():
            export = Path(folder) / original.name
            shutil.copytree(original, export)
            victim = next(file for file in sorted(export.rglob("*")) if file.is_file())
        else:
            export = victim = Path(folder) / original.name
            shutil.copy(original, export)
        victim.write_bytes(victim.read_bytes()[:head] + data)
        survives(source, export)


def test_the_hunt_finds_a_reader_that_breaks(tmp_path: Path) -> None:
    """The control: a source with a fault is found out."""

    class Careless(type(plugins.source_named("sms"))):  # type: ignore[misc]
        def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
            raise KeyError("nobody thought of this")

    (tmp_path / "a.xml").write_bytes(b"<smses>")
    with pytest.raises(KeyError):
        survives(Careless(), tmp_path / "a.xml")


def test_a_control_for_the_mutations() -> None:
    """They change the data, each kind in its way."""
    data = bytes(range(200))
    for kind in ("flip", "cut", "drop", "insert", "repeat", "zero"):
        assert changed(data, [(kind, 0.5, 9, b"x")]) != data, kind
    assert io.BytesIO(changed(b"", [("flip", 0.5, 9, b"x")])).read() == b""
