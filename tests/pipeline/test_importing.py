"""Import: consent first, then everything once, and every piece accounted for."""

from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.errors import (
    CancelledError,
    ConsentError,
    OwnerUnknownError,
    SettingsError,
    SourceError,
    UnknownFormatError,
)
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.exporting import export_messages
from ipse.pipeline.importing import ImportReport, import_, read_options
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

ME = ["Nora Feld", "nora@example.org"]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def whole(report: ImportReport) -> bool:
    return all(
        e.read == e.kept + e.duplicates + sum(e.refused.values()) + e.unreadable for e in report.exports
    )


def kept(report: ImportReport) -> int:
    return sum(export.kept for export in report.exports)


def test_a_folder_of_mixed_exports_is_recognized_and_counted(
    imported: tuple[Workspace, ImportReport],
) -> None:
    workspace, report = imported
    assert sorted((e.source, e.kept) for e in report.exports) == [
        ("gmail", 60), ("reflections", 40), ("whatsapp", 160), ("whatsapp", 240)
    ]  # fmt: skip
    assert whole(report)
    assert {source: counts["records"] for source, counts in workspace.vault.counts().items()} == {
        "gmail": 60, "reflections": 40, "whatsapp": 400
    }  # fmt: skip


def test_importing_twice_adds_nothing(imported: tuple[Workspace, ImportReport], exports: Path) -> None:
    workspace, first = imported
    again = import_(workspace, [exports], me=ME, progress=quiet)
    assert kept(again) == 0
    assert sum(e.duplicates for e in again.exports) == kept(first)
    assert whole(again)


def test_without_consent_no_file_is_opened(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "WhatsApp Chat with Ilka.txt"
    trap.write_text("01/02/2023, 09:00 - Ilka: hi\n", encoding="utf-8")
    opened: list[str] = []
    real = open

    def watching(file: object, *args: object, **kwargs: object) -> object:
        opened.append(str(file))
        return real(file, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr("io.open", watching)
    monkeypatch.setattr("builtins.open", watching)
    for format_name in (None, "whatsapp"):
        with pytest.raises(ConsentError, match=r"consent give"):
            import_(workspace, [trap], me=ME, format_name=format_name, progress=quiet)
    assert [name for name in opened if "Ilka" in name] == []
    give(workspace, "whatsapp", ["archive"])
    with pytest.raises(OwnerUnknownError):  # the control: with consent it is opened
        import_(workspace, [trap], me=ME, progress=quiet)
    assert [name for name in opened if "Ilka" in name]


def test_an_export_is_sniffed_by_consented_sources_only(workspace: Workspace, exports: Path) -> None:
    give(workspace, "gmail", ["archive"])
    with pytest.raises(UnknownFormatError, match="sources you have consented to"):
        import_(workspace, [exports / "WhatsApp Chat with Ilka Brandt.txt"], me=ME, progress=quiet)
    report = import_(workspace, [exports], me=ME, progress=quiet)
    assert [e.source for e in report.exports] == ["gmail"]
    assert len(report.unrecognized) == 3


def test_style_alone_is_no_leave_to_keep(workspace: Workspace, exports: Path) -> None:
    give(workspace, "whatsapp", ["style"])
    with pytest.raises(ConsentError):
        import_(workspace, [exports], me=ME, progress=quiet)


def test_a_wrong_me_lists_the_senders_and_keeps_nothing(workspace: Workspace, exports: Path) -> None:
    give(workspace, "whatsapp", ["archive"])
    with pytest.raises(OwnerUnknownError, match=r"Ilka Brandt \(120\)"):
        import_(workspace, [exports / "WhatsApp Chat with Ilka Brandt.txt"], me=["Norah"], progress=quiet)
    assert workspace.vault.counts() == {}


def test_a_withdrawal_stops_a_running_import_at_the_next_batch(vault: Vault, exports: Path) -> None:
    workspace = Workspace(vault, load_settings({"imports": {"batch": 10}}, environment={}))
    signed = give(workspace, "whatsapp", ["archive"])

    def progress(done: float, _total: float | None, _figures: object) -> None:
        if done == 50:
            withdraw(workspace, signed.consent.id)

    with pytest.raises(ConsentError):
        import_(workspace, [exports / "WhatsApp Chat with Ilka Brandt.txt"], me=ME, progress=progress)
    assert workspace.vault.counts()["whatsapp"]["records"] == 50


def test_a_stopped_import_goes_on_where_it_was(vault: Vault, exports: Path) -> None:
    workspace = Workspace(vault, load_settings({"imports": {"batch": 10}}, environment={}))
    give(workspace, "whatsapp", ["archive"])
    chat = exports / "WhatsApp Chat with Ilka Brandt.txt"

    def stop(done: float, _total: float | None, _figures: object) -> None:
        if done == 70:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        import_(workspace, [chat], me=ME, progress=stop)
    report = import_(workspace, [chat], me=ME, progress=quiet)
    assert (kept(report), report.exports[0].duplicates) == (170, 70)


def test_progress_ends_at_the_total_told_before(workspace: Workspace, exports: Path) -> None:
    give(workspace, "whatsapp", ["archive"])
    told: list[tuple[float, float | None]] = []
    import_(workspace, [exports], me=ME, progress=lambda done, total, _figures: told.append((done, total)))
    assert told[-1] == (400, 400)


def test_what_the_owner_excludes_is_refused_and_counted(vault: Vault, exports: Path) -> None:
    workspace = Workspace(
        vault, load_settings({"privacy": {"exclude_people": ["Ilka Brandt"]}}, environment={})
    )
    give(workspace, "whatsapp", ["archive"])
    report = import_(workspace, [exports / "WhatsApp Chat with Ilka Brandt.txt"], me=ME, progress=quiet)
    assert sum(report.exports[0].refused.values()) >= 120
    assert whole(report)


def test_names_do_not_reach_what_is_kept(imported: tuple[Workspace, ImportReport], tmp_path: Path) -> None:
    workspace, _ = imported
    out = tmp_path / "messages.jsonl"
    assert export_messages(workspace, out, "jsonl") == 500
    text = out.read_text(encoding="utf-8").casefold()
    assert "apple pie" in text
    assert [
        name for name in ("ilka", "brandt", "harada", "tomas", "weil", "nora", "example.org") if name in text
    ] == []


def test_every_format_exports_the_same_rows(imported: tuple[Workspace, ImportReport], tmp_path: Path) -> None:
    import csv
    import json

    import pyarrow.parquet as pq

    workspace, _ = imported
    for form in ("jsonl", "csv", "parquet"):
        export_messages(workspace, tmp_path / f"out.{form}", form)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    columns = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["message_id"] for row in rows] == [row["message_id"] for row in table]
    assert rows == columns


@pytest.mark.parametrize(("tz", "error"), [("Mars/Olympus", SettingsError), ("../etc/passwd", SettingsError)])
def test_a_zone_that_does_not_exist_is_named(tz: str, error: type[Exception]) -> None:
    settings = load_settings({"imports": {"tz": tz}}, environment={}).imports
    with pytest.raises(error, match="no time zone"):
        read_options(settings, [])


def test_a_path_that_is_not_there_is_named(workspace: Workspace, tmp_path: Path) -> None:
    give(workspace, "whatsapp", ["archive"])
    with pytest.raises(SourceError, match="no such file"):
        import_(workspace, [tmp_path / "nothing.txt"], me=ME, progress=quiet)
