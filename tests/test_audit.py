"""The audit chain and its checkpoints: what they catch, and what they say they cannot."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec
import pytest

from ipse.audit import (
    GENESIS,
    AuditRow,
    Checkpoint,
    EpochSecret,
    Log,
    chain,
    commitment,
    extend,
    link,
    sign,
    verify_anchor,
    verify_checkpoints,
    verify_log,
    verify_open,
)
from ipse.errors import AuditError

VAULT = "ab" * 16
EARLY = b"e" * 32
SECRETS = [EpochSecret(bytes([number]) * 32) for number in range(9)]


@dataclass
class Written:
    """A log written by the rules: rows, checkpoints, and the secret of the epoch that is open."""

    rows: list[AuditRow] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    head: bytes = GENESIS
    before: bytes = GENESIS
    vault: str = VAULT

    def append(self, count: int, key: bytes | None = None) -> "Written":
        for _ in range(count):
            seq = len(self.rows) + 1
            committed = commitment(bytes(16), b"row %d" % seq)
            mac = chain(key or self.secret.chain, self.before, seq, committed)
            self.rows.append(AuditRow(seq, b"sealed", committed, mac))
            self.before, self.head = mac, extend(self.head, self.rows[-1])
        return self

    def end(self) -> "Written":
        """A checkpoint and the row it writes."""
        before = self.checkpoints[-1] if self.checkpoints else None
        after = SECRETS[len(self.checkpoints) + 1]
        made = sign(self.secret, after, vault=self.vault, seq=len(self.rows), head=self.head, before=before)
        self.checkpoints.append(made)
        self.before = link(made.line())
        return self.append(1)

    @property
    def secret(self) -> EpochSecret:
        return SECRETS[len(self.checkpoints)]

    @property
    def log(self) -> Log:
        return Log(verify_checkpoints(self.lines, self.vault), self.secret)

    @property
    def lines(self) -> list[bytes]:
        return [checkpoint.line() for checkpoint in self.checkpoints]


def written(*lengths: int) -> Written:
    """So many rows in each epoch but for those that checkpoints write; the last one stays open."""
    log = Written()
    for number, length in enumerate(lengths):
        if number:
            log.end()
        log.append(length)
    return log


def flipped(value: bytes) -> bytes:
    return value[:3] + bytes([value[3] ^ 1]) + value[4:]


@pytest.mark.parametrize("lengths", [(1,), (7,), (3, 0), (3, 2), (1, 0, 0, 4)])
def test_a_log_as_written_verifies(lengths: Sequence[int]) -> None:
    log = written(*lengths)
    assert verify_log(log.log, log.rows) == sum(lengths) + len(lengths) - 1
    open_rows = log.rows[log.log.covered :]
    assert verify_open(log.log, open_rows) == (len(log.rows), log.head)


def test_erasing_what_was_sealed_keeps_the_chain_valid() -> None:
    log = written(3, 2)
    assert verify_log(log.log, [replace(row, sealed=None) for row in log.rows]) == 6


@pytest.mark.parametrize("attribute", ["commitment", "mac"])
@pytest.mark.parametrize(
    ("at", "named"), [(0, "rows 1 to 3"), (2, "rows 1 to 3"), (3, "row 4"), (5, "row 6")]
)
def test_a_changed_row_is_named_or_its_epoch_is(attribute: str, at: int, named: str) -> None:
    log = written(3, 2)
    row = log.rows[at]
    changed = replace(row, mac=flipped(row.mac)), replace(row, commitment=flipped(row.commitment))
    log.rows[at] = changed[attribute == "commitment"]
    with pytest.raises(AuditError, match=f"{named} (is|are) not"):
        verify_log(log.log, log.rows)
    if at > 2:
        with pytest.raises(AuditError, match=named):
            verify_open(log.log, log.rows[3:])


@pytest.mark.parametrize("lengths", [(5,), (4, 0), (1, 3)])
def test_a_dropped_row_is_named(lengths: Sequence[int]) -> None:
    log = written(*lengths)
    with pytest.raises(AuditError, match="row 3 is missing; row 4"):
        verify_log(log.log, log.rows[:2] + log.rows[3:])


def test_a_dropped_row_is_caught_also_when_the_rest_is_renumbered() -> None:
    log = written(5)
    shifted = log.rows[:2] + [replace(row, seq=row.seq - 1) for row in log.rows[3:]]
    for verify in (verify_log, verify_open):
        with pytest.raises(AuditError, match="row 3 is not"):
            verify(log.log, shifted)


def test_a_dropped_row_is_caught_by_the_next_checkpoint() -> None:
    log = written(5)
    with pytest.raises(AuditError, match="row 3 is not"):
        verify_open(log.log, log.rows[:2] + log.rows[3:])


def test_swapped_rows_are_caught() -> None:
    log = written(3)
    swapped = [log.rows[0], replace(log.rows[2], seq=2), replace(log.rows[1], seq=3)]
    with pytest.raises(AuditError, match="row 2"):
        verify_log(log.log, swapped)


def test_a_chain_under_another_key_does_not_verify() -> None:
    log = written(2)
    with pytest.raises(AuditError, match="row 1"):
        verify_log(Log([], SECRETS[5]), log.rows)


def test_rows_cut_off_the_end_are_beyond_a_chain_alone() -> None:
    log = written(5)
    assert verify_log(log.log, log.rows[:3]) == 3


@pytest.mark.parametrize("left", [0, 2, 3])
def test_rows_cut_off_below_a_checkpoint_or_all_of_them_are_missed(left: int) -> None:
    log = written(3, 2)
    with pytest.raises(AuditError, match=f"ends at row {left}"):
        verify_log(log.log, log.rows[:left])
    with pytest.raises(AuditError, match="ends at row 0"):
        verify_log(Log([], SECRETS[0]), [])
    with pytest.raises(AuditError, match="ends at row 3"):
        verify_open(log.log, [])


def test_rows_older_than_epochs_verify_under_their_own_key() -> None:
    log = Written().append(4, EARLY).append(2)
    early = Log([], SECRETS[0], first=5, early=EARLY)
    assert verify_log(early, log.rows) == 6
    assert verify_open(early, log.rows) == (6, log.head)
    with pytest.raises(AuditError, match="row 1 is not"):
        verify_log(replace(early, early=b"x" * 32), log.rows)
    with pytest.raises(AuditError, match="ends at row 3"):
        verify_log(early, log.rows[:3])
    log.end()
    signed = replace(early, checkpoints=log.log.checkpoints, secret=log.secret)
    assert verify_log(signed, log.rows) == 7
    log.rows[1] = replace(log.rows[1], mac=flipped(log.rows[1].mac))
    with pytest.raises(AuditError, match="row 2 is not"):
        verify_log(signed, log.rows)


def test_with_every_present_key_no_row_under_a_checkpoint_can_be_written_anew() -> None:
    """The point of epochs: who takes the open secret can forge open rows and nothing before them."""
    log = written(3, 2)
    forged = Written().append(3, log.secret.chain)
    with pytest.raises(AuditError, match="rows 1 to 3"):
        verify_log(log.log, forged.rows + log.rows[3:])
    again = sign(log.secret, log.secret, vault=VAULT, seq=3, head=forged.head, before=None)
    with pytest.raises(AuditError, match="present key"):
        verify_log(Log([msgspec.structs.replace(again, next=SECRETS[4].public)], log.secret), forged.rows)
    # A whole new history under new keys is consistent in itself: only an anchor tells.
    whole = written(2, 2)
    with pytest.raises(AuditError, match="not the one that the anchor holds"):
        verify_anchor(log.lines, whole.log.checkpoints, VAULT)


def test_a_forged_history_that_leads_to_the_true_key_is_caught_by_the_rows_after_it() -> None:
    """Somebody without keys knows the public ones, and can sign a history of their own that ends in them."""
    log = written(3, 2)
    own = EpochSecret(b"attacker" * 4)
    rows = [replace(log.rows[0], commitment=bytes(32)), *log.rows[1:]]
    head = GENESIS
    for row in rows[:3]:
        head = extend(head, row)
    bare = sign(own, log.secret, vault=VAULT, seq=3, head=head, before=None)
    forged = verify_checkpoints([bare.line()], VAULT)
    with pytest.raises(AuditError, match="row 4 is not"):
        verify_log(Log(forged, log.secret), rows)


@pytest.mark.parametrize("name", ["vault", "epoch", "seq", "head", "at", "previous", "public", "next"])
def test_a_changed_checkpoint_is_refused(name: str) -> None:
    first, second = written(2, 2, 0).checkpoints
    other = written(1, 1, 1).checkpoints[1]
    changed = msgspec.structs.replace(
        second, **{name: {"epoch": 3, "seq": 9, "at": first.at.replace(year=1999)}.get(name, "00" * 32)}
    )
    for broken in (changed, msgspec.structs.replace(second, signature=other.signature)):
        with pytest.raises(AuditError, match=r"Checkpoint [23] is not what was signed"):
            verify_checkpoints([first.line(), broken.line()], VAULT)


def test_checkpoints_out_of_their_order_are_refused() -> None:
    first, second, third = written(2, 2, 2, 0).lines
    for lines in ([second], [first, third], [second, first], [first, first], [first, second, second]):
        with pytest.raises(AuditError, match="does not follow"):
            verify_checkpoints(lines, VAULT)
    with pytest.raises(AuditError, match="does not follow"):
        verify_checkpoints([first], "00" * 16)


def test_a_checkpoint_of_a_key_that_was_not_named_is_refused() -> None:
    (first,) = written(2, 0).checkpoints
    forged = sign(SECRETS[7], SECRETS[8], vault=VAULT, seq=5, head=GENESIS, before=first)
    with pytest.raises(AuditError, match="does not follow"):
        verify_checkpoints([first.line(), forged.line()], VAULT)


@pytest.mark.parametrize("line", [b"", b"{}", b"\xff", b'{"kind":"row"}', b"[" * 10_000])
def test_what_is_no_checkpoint_is_refused(line: bytes) -> None:
    with pytest.raises(AuditError, match="Checkpoint 1 is no checkpoint"):
        verify_checkpoints([line], VAULT)


def test_a_checkpoint_written_in_another_way_is_refused() -> None:
    (line,) = written(2, 0).lines
    with pytest.raises(AuditError, match="not written as"):
        verify_checkpoints([line.replace(b",", b", ")], VAULT)


def test_every_flipped_bit_of_a_checkpoint_is_refused() -> None:
    (line,) = written(2, 0).lines
    for at in range(len(line)):
        for bit in range(8):
            changed = line[:at] + bytes([line[at] ^ 1 << bit]) + line[at + 1 :]
            with pytest.raises(AuditError):
                verify_checkpoints([changed], VAULT)


def test_an_anchor_says_up_to_where_it_vouches() -> None:
    log = written(3, 2, 2, 1)
    first, second, third = log.lines
    for lines, seq in (([first], 3), ([first, second, third], 9), ([second + b"\n"], 6)):
        assert verify_anchor(lines, log.checkpoints, VAULT).seq == seq


def test_an_anchor_of_later_days_shows_an_older_log() -> None:
    log = written(3, 2, 2)
    with pytest.raises(AuditError, match=r"knows checkpoint 2 over 6 rows .* only 1"):
        verify_anchor(log.lines, log.checkpoints[:1], VAULT)


def test_an_anchor_that_is_forged_of_another_vault_or_empty_is_refused() -> None:
    log, other = written(3, 2, 0), Written(vault="cd" * 16).append(3).end()
    first, second = log.lines
    cases = {
        "another vault": [other.lines[0]],
        "not what was signed": [first.replace(b'"seq":3', b'"seq":4')],
        "out of order": [second, first],
        "Line 2 of the anchor is no checkpoint": [first, b"\n"],
        "holds no checkpoint": [],
        "not the one": [written(2, 0).lines[0]],
    }
    for message, lines in cases.items():
        with pytest.raises(AuditError, match=message):
            verify_anchor(lines, log.checkpoints, VAULT)


def test_a_checkpoint_holds_counts_times_and_hashes_and_nothing_else() -> None:
    (checkpoint,) = written(2, 0).checkpoints
    held = msgspec.json.decode(checkpoint.line())
    assert set(held) == {
        "vault", "epoch", "seq", "head", "at", "previous", "public", "next", "signature", "kind", "version",
    }  # fmt: skip
    assert (checkpoint.at.microsecond, checkpoint.at.tzname()) == (0, "UTC")


def test_a_commitment_depends_on_salt_and_details_and_takes_salts_of_one_length() -> None:
    assert commitment(bytes(16), b"a") != commitment(b"\1" + bytes(15), b"a") != commitment(bytes(16), b"b")
    with pytest.raises(ValueError, match="16 bytes"):
        commitment(b"short", b"a")
