"""The verifier that shares no code: what ipse wrote it verifies, what was tampered with it does not."""

import ast
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.audit import GENESIS, AuditRow, Checkpoint, EpochSecret, extend, sign
from ipse.vault import KdfParameters, Vault

from ..soak import rounds

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_audit.py"
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
OWN = EpochSecret(b"attacker" * 4)

Lines = list[bytes]
Verify = Callable[..., str]


@pytest.fixture(scope="module")
def tool() -> Any:
    """The verifier as a module, without its folder on the path."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("verify_audit", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Exported:
    """A log of three checkpoints as ipse exports it, its anchor (two of them), and its public key."""

    def __init__(self, folder: Path) -> None:
        vault, _ = Vault.create(folder, "correct horse", kdf=CHEAP, allow_weak=True)
        with vault:
            for _ in range(2):
                for number in range(3):
                    vault.note("answer", {"number": number})
                vault.journal.checkpoint()
            self.anchor = [one.line() for one in vault.journal.checkpoints()]
            vault.note("answer", {})
            self.log = b"".join(vault.journal.export()).splitlines()
            self.key = vault.journal.verify().public_key
            self.rows = len([line for line in self.log if b'"kind":"row"' in line])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return Exported(tmp_path_factory.mktemp("exported") / "vault")


@pytest.fixture
def verify(tool: Any, tmp_path: Path) -> Verify:
    """What is wrong, or an empty text."""

    def run(log: Lines, *, key: str = "", anchor: Lines | None = None) -> str:
        file, other = tmp_path / "log.jsonl", tmp_path / "anchor.jsonl"
        file.write_bytes(b"".join(line + b"\n" for line in log))
        try:
            read = tool.read_log(file, key)
            if anchor is not None:
                other.write_bytes(b"".join(line + b"\n" for line in anchor))
                tool.check_anchor(other, read)
        except tool.NotVerifiedError as error:
            return str(error)
        return ""

    return run


def test_it_shares_no_code_and_needs_only_the_standard_library_and_cryptography() -> None:
    tree = ast.parse(TOOL.read_text(encoding="utf-8"))
    roots = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name or "").split(".")[0]  # type: ignore[union-attr]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}


def test_a_log_as_exported_verifies(verify: Verify, exported: Exported) -> None:
    assert verify(exported.log) == ""
    assert verify(exported.log, key=exported.key, anchor=exported.anchor) == ""


def test_as_a_command_it_says_what_it_found(tmp_path: Path, exported: Exported) -> None:
    log, anchor = tmp_path / "log.jsonl", tmp_path / "anchor.jsonl"
    log.write_bytes(b"\n".join(exported.log) + b"\n")
    anchor.write_bytes(b"\n".join(exported.anchor) + b"\n")

    def run(*words: str | Path) -> tuple[int, str]:
        command = [sys.executable, "-I", str(TOOL), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    code, said = run(log, "--key", exported.key, "--anchor", anchor)
    assert (code, f"verified: {exported.rows} rows, 3 checkpoints" in said) == (0, True)
    assert "first 8" in said
    code, said = run(log)
    assert (code, "without an anchor" in said, "without --key" in said) == (0, True, True)
    code, said = run(log, "--key", "another")
    assert (code, "NOT VERIFIED: line 1" in said) == (1, True)
    code, said = run(tmp_path / "missing")
    assert (code, "missing" in said) == (2, True)


def test_every_line_dropped_doubled_or_swapped_with_the_next_is_found(
    verify: Verify, exported: Exported
) -> None:
    log = exported.log
    for at in range(len(log)):
        cases = [log[:at] + log[at + 1 :], log[: at + 1] + log[at:]]
        if at + 1 < len(log):
            cases.append([*log[:at], log[at + 1], log[at], *log[at + 2 :]])
        for case in cases:
            assert verify(case) != "", at


@pytest.mark.parametrize("seed", range(rounds(3, 60)))
def test_flipped_bits_are_found(verify: Verify, exported: Exported, seed: int) -> None:
    pick = random.Random(seed)
    for at, line in enumerate(exported.log):
        for _ in range(8):
            place = pick.randrange(len(line))
            changed = line[:place] + bytes([line[place] ^ 1 << pick.randrange(8)]) + line[place + 1 :]
            log = [*exported.log[:at], changed, *exported.log[at + 1 :]]
            assert verify(log, key=exported.key) != "", (at, place)


def test_a_log_cut_at_a_checkpoint_verifies_alone_and_not_with_its_anchor(
    verify: Verify, exported: Exported
) -> None:
    ends = [at for at, line in enumerate(exported.log) if b'"kind":"checkpoint"' in line]
    cut = exported.log[: ends[0] + 1]
    assert verify(cut, key=exported.key) == ""
    assert "lacks checkpoint 2" in verify(cut, anchor=exported.anchor)
    assert verify(exported.log[: ends[1] + 1], anchor=exported.anchor) == ""  # up to the last one kept
    for at in range(1, len(exported.log)):
        assert (verify(exported.log[:at]) == "") == (at - 1 in ends), at


def test_a_log_written_anew_needs_the_key_or_the_anchor(
    verify: Verify, exported: Exported, tmp_path: Path
) -> None:
    other = Exported(tmp_path / "other")
    assert verify(other.log) == ""
    assert "another public key" in verify(other.log, key=exported.key)
    assert "no checkpoint of this vault" in verify(other.log, anchor=exported.anchor)
    vault = json.loads(exported.log[0])["vault"]
    forged, head = [json.loads(exported.log[0]) | {"public_key": OWN.public}], GENESIS
    made = list[Checkpoint]()
    for line in exported.log[1:]:
        held = json.loads(line)
        if held["kind"] == "row":
            row = AuditRow(held["seq"], None, bytes(32), bytes(32))
            head = extend(head, row)
            forged.append({**held, "commitment": "00" * 32, "mac": "00" * 32})
        else:
            before = made[-1] if made else None
            made.append(sign(OWN, OWN, vault=vault, seq=held["seq"], head=head, before=before))
            forged.append(json.loads(made[-1].line()))
    lines = [json.dumps(one, sort_keys=True, separators=(",", ":")).encode() for one in forged]
    assert verify(lines) == ""
    assert "another public key" in verify(lines, key=exported.key)
    assert "checkpoint 1 of the log is another" in verify(lines, anchor=exported.anchor)
    lines[0] = exported.log[0]
    assert "does not follow: its public is another" in verify(lines, key=exported.key)


CASES: dict[str, tuple[bytes, str]] = {
    "not json": (b"{", "no line"),
    "a list": (b"[]", "no line"),
    "another kind": (b'{"kind":"other"}', "no line"),
    "no kind": (b"{}", "no line"),
    "a deep one": (b"[" * 4000, "no line"),
    "a long one": (b" " * 5000, "no line"),
    "spaces": (b'{"commitment": "", "kind": "row", "mac": "", "seq": 1}', "no line"),
    "a number as text": (b'{"commitment":"","kind":"row","mac":"","seq":"1"}', "no line"),
    "a truth for a number": (b'{"commitment":"","kind":"row","mac":"","seq":true}', "no line"),
    "no hex": (b'{"commitment":"x","kind":"row","mac":"","seq":1}', "not in hex"),
    "too few bytes": (b'{"commitment":"00","kind":"row","mac":"","seq":1}', "not 32 bytes"),
    "upper case": (
        b'{"commitment":"%s","kind":"row","mac":"%s","seq":1}' % (b"A" * 64, b"a" * 64),
        "in lower case",
    ),
}


@pytest.mark.parametrize(("line", "said"), CASES.values(), ids=CASES.keys())
def test_lines_that_are_none_are_refused(verify: Verify, exported: Exported, line: bytes, said: str) -> None:
    assert said in verify([exported.log[0], line, *exported.log[2:]])


def test_what_is_no_log_is_refused(verify: Verify, tool: Any, exported: Exported, tmp_path: Path) -> None:
    log, head = exported.log, exported.log[0]
    assert "no line" in verify([])
    assert "no audit log" in verify(log[1:])
    assert "no audit log" in verify([head.replace(b'"version":1', b'"version":2'), *log[1:]])
    assert "no checkpoint covers" in verify([head])
    assert "second header" in verify([head, head])
    first = next(at for at, line in enumerate(log) if b'"kind":"checkpoint"' in line)
    own = sign(OWN, OWN, vault=json.loads(head)["vault"], seq=0, head=GENESIS, before=None).line()
    mine = head.replace(exported.key.encode(), OWN.public.encode())
    assert "covers no row" in verify([mine, own])
    assert verify(log[: first + 1]) == ""
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(b"\n".join(log))
    with pytest.raises(tool.NotVerifiedError, match="cut short"):
        tool.read_log(torn, "")


def test_anchors_that_are_none_are_refused(verify: Verify, exported: Exported) -> None:
    first, second = exported.anchor
    cases: dict[str, Lines] = {
        "holds no checkpoint": [],
        "out of order": [second, first],
        "no checkpoint of this vault": [exported.log[1]],
        "not what was signed": [first.replace(b'"seq":4', b'"seq":5')],
        "no line": [b""],
    }
    for said, anchor in cases.items():
        assert said in verify(exported.log, anchor=anchor)
