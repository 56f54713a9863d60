"""The audit chain: what it catches, and what it says it cannot."""

from dataclasses import replace

import pytest

from ipse.audit import GENESIS, AuditRow, chain, commitment, verify_chain
from ipse.errors import AuditError

KEY = b"k" * 32


def log(count: int) -> list[AuditRow]:
    rows, before = [], GENESIS
    for seq in range(1, count + 1):
        committed = commitment(bytes(16), b"row %d" % seq)
        before = chain(KEY, before, seq, committed)
        rows.append(AuditRow(seq, b"sealed", committed, before))
    return rows


def flipped(value: bytes) -> bytes:
    return value[:3] + bytes([value[3] ^ 1]) + value[4:]


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_chain_as_written_verifies(count: int) -> None:
    assert verify_chain(KEY, log(count)) == count


def test_erasing_what_was_sealed_keeps_the_chain_valid() -> None:
    assert verify_chain(KEY, [replace(row, sealed=None) for row in log(5)]) == 5


@pytest.mark.parametrize("field", ["commitment", "mac"])
@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_changed_row_is_named(field: str, at: int) -> None:
    rows = log(5)
    row = rows[at]
    changed = replace(row, mac=flipped(row.mac)), replace(row, commitment=flipped(row.commitment))
    rows[at] = changed[field == "commitment"]
    with pytest.raises(AuditError, match=f"row {at + 1} is not"):
        verify_chain(KEY, rows)


def test_a_dropped_row_is_named() -> None:
    rows = log(5)
    with pytest.raises(AuditError, match="row 3 is missing; row 4"):
        verify_chain(KEY, rows[:2] + rows[3:])


def test_a_dropped_row_is_caught_also_when_the_rest_is_renumbered() -> None:
    rows = log(5)
    shifted = rows[:2] + [replace(row, seq=row.seq - 1) for row in rows[3:]]
    with pytest.raises(AuditError, match="row 3 is not"):
        verify_chain(KEY, shifted)


def test_swapped_rows_are_caught() -> None:
    rows = log(3)
    swapped = [rows[0], replace(rows[2], seq=2), replace(rows[1], seq=3)]
    with pytest.raises(AuditError, match="row 2"):
        verify_chain(KEY, swapped)


def test_a_chain_under_another_key_does_not_verify() -> None:
    with pytest.raises(AuditError, match="row 1"):
        verify_chain(b"o" * 32, log(2))


def test_rows_cut_off_the_end_are_beyond_a_chain_alone() -> None:
    assert verify_chain(KEY, log(5)[:3]) == 3


def test_a_commitment_depends_on_salt_and_details_and_takes_salts_of_one_length() -> None:
    assert commitment(bytes(16), b"a") != commitment(b"\1" + bytes(15), b"a") != commitment(bytes(16), b"b")
    with pytest.raises(ValueError, match="16 bytes"):
        commitment(b"short", b"a")
