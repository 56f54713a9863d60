"""Verify an exported audit log without ipse: `verify_audit.py LOG [--key KEY] [--anchor FILE]`.

It shares no code with ipse and needs Python 3.11 and `cryptography` alone. LOG is what `ipse audit export`
wrote: JSON lines, each in canonical form (sorted keys, no spaces, ASCII).

    {"kind": "ipse-audit-log", "version": 1, "vault": HEX, "public_key": BASE64}
    {"kind": "row", "seq": N, "commitment": HEX, "mac": HEX}
    {"kind": "checkpoint", "version": 1, "vault", "epoch", "seq", "head", "at", "previous", "public", "next",
     "signature"}

Rows count from 1. ``head(0)`` is 32 zero bytes, ``head(n) = SHA-256(head(n-1) || n as 8 bytes, big-endian ||
commitment(n) || mac(n))``. A checkpoint stands behind the last row it covers and has its number (``seq``) and
``head``; ``previous`` is the SHA-256 of the line of the checkpoint before (64 zeros for the first);
``signature`` is Ed25519 by ``public`` over ``ipse audit checkpoint\\n`` and the line with an empty signature;
``public`` is what the checkpoint before called ``next``, and for the first the key of the log. The log ends
in a checkpoint. An anchor holds checkpoints kept elsewhere: each must be in the log, byte for byte.

MACs are not checked: their keys are destroyed. Exit status 0: verified; 1: not; 2: it cannot be read.
"""

import argparse
import base64
import binascii
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = {"kind": str, "version": int, "vault": str, "public_key": str}
ROW = {"kind": str, "seq": int, "commitment": str, "mac": str}
CHECKPOINT = {
    "kind": str, "version": int, "vault": str, "epoch": int, "seq": int, "head": str, "at": str,
    "previous": str, "public": str, "next": str, "signature": str,
}  # fmt: skip
SHAPES = {"ipse-audit-log": HEADER, "row": ROW, "checkpoint": CHECKPOINT}
ZERO = "0" * 64
LONGEST = 4096  # bytes of a line; ours have some 700 at most

Line = dict[str, object]


class NotVerifiedError(Exception):
    """The log is not what was signed; the message says where."""


def canonical(line: Line) -> bytes:
    """The one way to write a line."""
    return json.dumps(line, sort_keys=True, separators=(",", ":")).encode()


def parsed(raw: bytes, where: str) -> Line:
    """One line as a dict whose fields have the types of its kind."""
    try:
        if len(raw) > LONGEST:
            raise ValueError("too long")
        line = json.loads(raw)
        shape = SHAPES[line["kind"]]
        if {name: type(value) for name, value in line.items()} != shape or canonical(line) != raw:
            raise ValueError("not in its one form")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotVerifiedError(f"{where}: no line of an audit log") from error
    return dict(line)


def lines(file: Path) -> list[bytes]:
    """The lines of a file that ends in a line's end."""
    raw = file.read_bytes()
    found = raw.split(b"\n")
    if found.pop() != b"":
        raise NotVerifiedError(f"{file}, line {len(found) + 1}: it was cut short")
    return found


def check_signature(line: Line, where: str) -> None:
    """Ed25519 by the key in the checkpoint."""
    signature = str(line["signature"])
    try:
        raw = base64.b64decode(signature, validate=True)
        if base64.b64encode(raw).decode() != signature:
            raise ValueError("not in its one form")
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(str(line["public"]), validate=True))
        key.verify(raw, b"ipse audit checkpoint\n" + canonical({**line, "signature": ""}))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise NotVerifiedError(f"{where}: checkpoint {line['epoch']} is not what was signed") from error


class Log:
    """An exported log while it is read from its first line to its last."""

    def __init__(self, header: Line, key: str) -> None:
        if header["kind"] != "ipse-audit-log" or header["version"] != 1:
            raise NotVerifiedError("line 1: no audit log of version 1")
        if key and header["public_key"] != key:
            raise NotVerifiedError("line 1: the log is of another public key")
        self.vault = header["vault"]
        self.head = bytes(32)
        self.rows = 0
        self.checkpoints: list[bytes] = []
        self._due = str(header["public_key"])
        self._seq = 0

    def row(self, line: Line, where: str) -> None:
        """The next row."""
        self.rows += 1
        if line["seq"] != self.rows:
            raise NotVerifiedError(f"{where}: row {line['seq']} stands where row {self.rows} should")
        try:
            commitment, mac = bytes.fromhex(str(line["commitment"])), bytes.fromhex(str(line["mac"]))
        except ValueError as error:
            raise NotVerifiedError(f"{where}: row {self.rows} is not in hex") from error
        if (len(commitment), len(mac)) != (32, 32) or commitment.hex() + mac.hex() != (
            f"{line['commitment']}{line['mac']}"
        ):
            raise NotVerifiedError(f"{where}: row {self.rows} has not 32 bytes each, in lower case")
        self.head = hashlib.sha256(self.head + self.rows.to_bytes(8, "big") + commitment + mac).digest()

    def checkpoint(self, line: Line, raw: bytes, where: str) -> None:
        """A checkpoint behind the last row it covers."""
        check_signature(line, where)
        previous = hashlib.sha256(self.checkpoints[-1]).hexdigest() if self.checkpoints else ZERO
        expected = {
            "version": 1,
            "vault": self.vault,
            "epoch": len(self.checkpoints) + 1,
            "seq": self.rows,
            "previous": previous,
            "public": self._due,
        }
        for name, value in expected.items():
            if line[name] != value:
                raise NotVerifiedError(
                    f"{where}: checkpoint {line['epoch']} does not follow: its {name} is another"
                )
        if line["head"] != self.head.hex():
            raise NotVerifiedError(
                f"{where}: rows {self._seq + 1} to {self.rows} are not those that were signed"
            )
        if self.rows <= self._seq:
            raise NotVerifiedError(f"{where}: checkpoint {line['epoch']} covers no row")
        self._due, self._seq = str(line["next"]), self.rows
        self.checkpoints.append(raw)

    def end(self) -> None:
        """The log is over."""
        if not self.checkpoints or self._seq != self.rows:
            raise NotVerifiedError(f"the log ends in {self.rows - self._seq} rows that no checkpoint covers")


def read_log(file: Path, key: str) -> Log:
    """Verify a log by itself; raises ``NotVerifiedError``."""
    raw = lines(file)
    log = Log(parsed(raw[0] if raw else b"", "line 1"), key)
    for number, one in enumerate(raw[1:], start=2):
        where = f"line {number}"
        line = parsed(one, where)
        if line["kind"] == "row":
            log.row(line, where)
        elif line["kind"] == "checkpoint":
            log.checkpoint(line, one, where)
        else:
            raise NotVerifiedError(f"{where}: a second header")
    log.end()
    return log


def check_anchor(file: Path, log: Log) -> int:
    """Hold an anchor against a verified log; returns the rows it vouches for."""
    rows = last = 0
    for number, one in enumerate(lines(file), start=1):
        where = f"anchor, line {number}"
        line = parsed(one, where)
        if line["kind"] != "checkpoint" or line["vault"] != log.vault:
            raise NotVerifiedError(f"{where}: no checkpoint of this vault")
        check_signature(line, where)
        epoch = int(str(line["epoch"]))
        if epoch <= last:
            raise NotVerifiedError(f"{where}: out of order")
        if epoch > len(log.checkpoints):
            raise NotVerifiedError(
                f"{where}: the log lacks checkpoint {epoch}; rows were cut off, or it is an older copy"
            )
        if log.checkpoints[epoch - 1] != one:
            raise NotVerifiedError(f"{where}: checkpoint {epoch} of the log is another")
        rows, last = int(str(line["seq"])), epoch
    if not last:
        raise NotVerifiedError("the anchor holds no checkpoint")
    return rows


def main() -> int:
    """Verify what the command line names."""
    parser = argparse.ArgumentParser(description="Verify an exported audit log of ipse.")
    parser.add_argument("log", type=Path, help="what `ipse audit export` wrote")
    parser.add_argument("--key", default="", help="the public key that you noted down")
    parser.add_argument("--anchor", type=Path, help="checkpoints that were kept elsewhere")
    given = parser.parse_args()
    try:
        log = read_log(given.log, given.key)
        anchored = check_anchor(given.anchor, log) if given.anchor else 0
    except NotVerifiedError as error:
        sys.stdout.write(f"NOT VERIFIED: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"verified: {log.rows} rows, {len(log.checkpoints)} checkpoints\n")
    if given.anchor:
        sys.stdout.write(f"the anchor vouches for the first {anchored}; later rows could have been cut off\n")
    else:
        sys.stdout.write(
            "without an anchor, rows cut off at a checkpoint, or an older copy, would not show\n"
        )
    if not given.key and not given.anchor:
        sys.stdout.write("without --key, a log written anew as a whole would not show\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
