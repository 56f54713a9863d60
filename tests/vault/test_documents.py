"""Sealed documents: small ones in the catalog, large ones in files of their own."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault import Vault
from ipse.vault.documents import Change, Documents, Put

PASSPHRASE = "correct horse"
SIZES = [0, 1, 65_536, 65_537, 1 << 20, (1 << 20) + 1, 3 << 20]


def put(vault: Vault, name: str, payload: bytes, kind: str = "model", state: str = "") -> None:
    vault.put(kind, name, payload, action="test.put", details={"name": name}, state=state)


@pytest.mark.parametrize("size", SIZES)
def test_a_document_comes_back_whatever_its_size(vault: Vault, folder: Path, size: int) -> None:
    payload = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    put(vault, "v1", payload)
    assert vault.get("model", "v1") == payload
    assert len(list((folder / "objects").glob("*"))) == (size > 65_536)


def test_ids_come_in_order_of_creation_by_kind_also_after_replacing(vault: Vault) -> None:
    for name in ("zeta", "alpha", "mid"):
        put(vault, name, b"1", state="new")
    put(vault, "alpha", b"2", kind="dataset")
    put(vault, "zeta", b"2", state="done")
    assert vault.ids("model") == ["zeta", "alpha", "mid"]
    assert vault.states("model") == {"zeta": "done", "alpha": "new", "mid": "new"}
    assert vault.ids("dataset") == ["alpha"]
    assert vault.ids("job") == []


def test_a_list_of_ids_does_not_read_what_the_documents_say(vault: Vault) -> None:
    """Jobs are listed each second: with what the documents say, memory grew by each chat that was kept."""
    vault.put_all([Put("model", f"v{n}", bytes(40_000)) for n in range(50)], [Change("test.put", {})])
    put(vault, "large", bytes(100_000))
    vault.ids("model")  # what SQLAlchemy prepares once
    tracemalloc.start()
    try:
        assert len(vault.ids("model")) == 51
        listed = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        assert len(vault.get("model", "large")) == 100_000
        read = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert listed < 500_000 < 50 * 40_000
    assert read > 100_000, "the control: this sees what is read"


@pytest.mark.parametrize("sizes", [(10, 20), (10, 70_000), (70_000, 10), (70_000, 80_000)])
def test_replacing_leaves_only_the_newer_content(vault: Vault, folder: Path, sizes: tuple[int, int]) -> None:
    put(vault, "v1", b"a" * sizes[0])
    put(vault, "v1", b"b" * sizes[1])
    assert vault.get("model", "v1") == b"b" * sizes[1]
    assert len(list((folder / "objects").glob("*"))) == (sizes[1] > 65_536)


@pytest.mark.parametrize("size", [10, 70_000])
def test_a_removed_document_is_gone_with_its_key_and_file(
    vault: Vault, folder: Path, sql: Any, size: int
) -> None:
    keys = sql("SELECT count(*) FROM keys", file="keys.db")
    put(vault, "v1", b"a" * size)
    put(vault, "v2", b"b")
    vault.remove("model", "v1", action="test.remove", details={})
    assert vault.ids("model") == ["v2"]
    assert list((folder / "objects").glob("*")) == []
    assert sql("SELECT count(*) FROM keys", file="keys.db") == [(keys[0][0] + 1,)]
    with pytest.raises(VaultError, match="no model `v1`"):
        vault.get("model", "v1")


def test_removing_what_is_not_there_is_an_error(vault: Vault) -> None:
    with pytest.raises(VaultError, match="no alias `champion`"):
        vault.remove("alias", "champion", action="test.remove", details={})


def test_each_change_has_its_audit_row(vault: Vault) -> None:
    rows = vault.verify_audit()
    put(vault, "v1", b"1")
    vault.remove("model", "v1", action="test.remove", details={"why": "test"})
    vault.note("answer", {"contact": None})
    assert [(entry.action, entry.details) for entry in vault.audit_rows()][rows:] == [
        ("test.put", {"name": "v1"}),
        ("test.remove", {"why": "test"}),
        ("answer", {"contact": None}),
    ]
    assert vault.verify_audit() == rows + 3


def test_files_of_a_killed_process_are_removed_at_the_next_opening(vault: Vault, folder: Path) -> None:
    put(vault, "v1", b"a" * 70_000)
    for name in ("00.seal", "11.seal.new"):
        (folder / "objects" / name).write_bytes(b"half")
    vault.close()
    with Vault.open(folder, PASSPHRASE) as again:
        assert again.get("model", "v1") == b"a" * 70_000
    assert len(list((folder / "objects").glob("*"))) == 1


@pytest.mark.parametrize("size", [10, 70_000])
def test_a_reader_that_holds_an_older_row_gets_what_stands_now(vault: Vault, size: int) -> None:
    from ipse.vault.documents import _Label

    label = _Label("model", "v1")
    put(vault, "v1", b"a" * 70_000)
    older = vault._documents._existing(label)
    put(vault, "v1", b"b" * size)
    assert vault._documents._content(label, older) == b"b" * size
    vault.remove("model", "v1", action="test.remove", details={})
    with pytest.raises(VaultError, match="no model"):
        vault._documents._content(label, older)


def test_a_document_removed_between_its_row_and_its_key_is_left_out_of_the_list(vault: Vault) -> None:
    from ipse.vault.documents import _Label

    put(vault, "v1", b"a")
    row = vault._documents._existing(_Label("model", "v1"))
    vault.remove("model", "v1", action="test.remove", details={})
    assert vault._documents._label(row) is None


def test_a_document_sealed_anew_between_its_row_and_its_key_is_in_the_list(vault: Vault) -> None:
    from ipse.vault.documents import _Label

    put(vault, "v1", b"a")
    row = vault._documents._existing(_Label("model", "v1"))
    vault._documents.rekey(row.key_id)
    assert vault._documents._label(row) == _Label("model", "v1")


def test_what_was_listed_before_is_known_and_what_changed_since_is_not(
    vault: Vault, folder: Path, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    unsealed = Documents._opened_label

    def watched(self: Documents, row: Any, key: Any) -> Any:
        opened.append(row)
        return unsealed(self, row, key)

    for name in ("v1", "v2"):
        put(vault, name, b"a")
    assert vault.ids("model") == ["v1", "v2"]
    monkeypatch.setattr(Documents, "_opened_label", watched)
    assert vault.ids("model") == ["v1", "v2"]
    assert opened == []
    with Vault.open(folder, PASSPHRASE) as other:  # another process
        put(other, "v3", b"a")
        other.remove("model", "v1", action="test.remove", details={})
        put(other, "v2", b"b", state="done")
    opened.clear()
    assert vault.states("model") == {"v2": "done", "v3": ""}
    assert len(opened) == 2
    sql("UPDATE documents SET state = 'b' WHERE state = 'done'")
    with pytest.raises(DamagedVaultError):
        vault.states("model")


def test_a_document_whose_key_is_missing_is_damage(vault: Vault, sql: Any) -> None:
    put(vault, "v1", b"a")
    sql("DELETE FROM keys WHERE id IN (SELECT id FROM keys)", file="keys.db")
    for use in (lambda: vault.get("model", "v1"), lambda: vault.ids("model")):
        with pytest.raises(DamagedVaultError, match="missing"):
            use()


def test_a_missing_object_file_is_damage(vault: Vault, folder: Path) -> None:
    put(vault, "v1", b"a" * 70_000)
    for path in (folder / "objects").iterdir():
        path.unlink()
    with pytest.raises(DamagedVaultError, match="missing"):
        vault.get("model", "v1")


def test_swapped_documents_states_and_contents_are_refused(vault: Vault, sql: Any) -> None:
    put(vault, "v1", b"one", state="a")
    put(vault, "v2", b"two", state="a")
    rows = sql(
        "SELECT position, label, sealed, key_id, token FROM documents WHERE state = 'a' ORDER BY position"
    )
    (first, *_), second = rows[0], rows[1]
    for column, value in (
        ("sealed", second[2]),
        ("label", second[1]),
        ("key_id", second[3]),
        ("state", "b"),
        ("sealed", None),
        ("sealed", "text"),
        ("object", bytes(16)),
    ):
        ((before,),) = sql(f"SELECT {column} FROM documents WHERE position = ?", first)
        sql(f"UPDATE documents SET {column} = ? WHERE position = ?", value, first)
        with pytest.raises(DamagedVaultError):
            vault.get("model", "v1")
        sql(f"UPDATE documents SET {column} = ? WHERE position = ?", before, first)
    assert vault.get("model", "v1") == b"one"


def chunks(raw: bytes) -> list[bytes]:
    step = (1 << 20) + 28
    return [raw[at : at + step] for at in range(0, len(raw), step)]


@pytest.mark.parametrize(
    "attack",
    [
        lambda raw: b"",
        lambda raw: raw[:-1],
        lambda raw: raw + b"\0",
        lambda raw: b"".join(chunks(raw)[:-1]),
        lambda raw: b"".join(chunks(raw)[1:]),
        lambda raw: b"".join([*chunks(raw)[:-1], chunks(raw)[0]]),
        lambda raw: b"".join([chunks(raw)[1], chunks(raw)[0], *chunks(raw)[2:]]),
        lambda raw: raw + chunks(raw)[-1],
    ],
    ids=["empty", "cut", "longer", "last dropped", "first dropped", "replayed", "swapped", "doubled"],
)
def test_an_object_file_with_moved_chunks_is_refused(vault: Vault, folder: Path, attack: Any) -> None:
    put(vault, "v1", bytes(2_500_000))
    (path,) = (folder / "objects").iterdir()
    path.write_bytes(attack(path.read_bytes()))
    with pytest.raises(DamagedVaultError):
        vault.get("model", "v1")


def test_sampled_bytes_of_an_object_file_flipped_are_refused(vault: Vault, folder: Path) -> None:
    put(vault, "v1", bytes(70_000))
    (path,) = (folder / "objects").iterdir()
    raw = path.read_bytes()
    for at in [*range(40), *range(100, len(raw), 5_003), *range(len(raw) - 20, len(raw))]:
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(DamagedVaultError):
            vault.get("model", "v1")
    path.write_bytes(raw)
    assert vault.get("model", "v1") == bytes(70_000)


def test_an_object_file_in_place_of_another_is_refused(vault: Vault, folder: Path) -> None:
    put(vault, "v1", b"1" * 70_000)
    (first,) = (folder / "objects").iterdir()
    put(vault, "v2", b"2" * 70_000)
    (second,) = set((folder / "objects").iterdir()) - {first}
    first.write_bytes(second.read_bytes())
    with pytest.raises(DamagedVaultError):
        vault.get("model", "v1")


def test_one_that_is_listed_and_not_found_is_damage_not_absence(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a byte of the catalog's index was changed: a search misses what a scan finds."""
    put(vault, "v1", b"1")
    monkeypatch.setattr(Documents, "_find", lambda _self, _label: None)
    with pytest.raises(DamagedVaultError, match="damaged"):
        vault.get("model", "v1")
    with pytest.raises(VaultError, match="no model `v2`"):
        vault.get("model", "v2")


def test_several_documents_and_rows_are_kept_at_once_or_not_at_all(
    vault: Vault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(vault, "v1", b"old" * 30_000)
    before = vault.journal.head()[0]
    changes = [Change("test.put", {"n": n}) for n in range(3)]
    puts = [Put("model", "v1", b"1", "done"), Put("model", "v2", b"2"), Put("dataset", "d", b"3" * 70_000)]
    assert vault.put_all(puts, changes) == before + 3 == vault.journal.head()[0]
    assert [vault.get("model", "v1"), vault.get("model", "v2")] == [b"1", b"2"]
    assert vault.get("dataset", "d") == b"3" * 70_000
    assert (vault.states("model"), vault.ids("dataset")) == ({"v1": "done", "v2": ""}, ["d"])
    assert len(list((folder / "objects").glob("*"))) == 1, "what was replaced is gone"
    assert [row.details["n"] for row in vault.journal.entries(before)] == [0, 1, 2]
    assert vault.verify_audit() == before + 3
    monkeypatch.setattr(vault.journal, "append_all", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        vault.put_all([Put("model", "v1", b"never"), Put("model", "v3", b"never")], changes)
    monkeypatch.undo()
    assert (vault.get("model", "v1"), vault.find("model", "v3")) == (b"1", None)
    assert vault.put_all([], []) == before + 3


def test_the_version_is_another_as_soon_as_anybody_wrote_and_not_before(vault: Vault, folder: Path) -> None:
    with Vault.open(folder, PASSPHRASE) as other:
        seen = vault.version()
        other.ids("model")
        assert other.version() == vault.version() == seen, "reading is no change"
        for writer in (other, vault):
            writer.note("answer", {})
            assert vault.version() != seen
            seen = vault.version()
            assert vault.version() == seen
        put(other, "v1", b"1")
        assert vault.version() != seen
    assert vault.near == (folder / "catalog.db").exists()
