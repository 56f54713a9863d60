"""Nothing but the gate makes a Cleared record: by type, as mypy sees it, and when the program runs."""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from mypy import api

from ipse.errors import PrivacyError
from ipse.privacy.gate import Cleared, Gate
from ipse.records import Message

SRC = Path(__file__).resolve().parents[2] / "src" / "ipse"

SNIPPET = """\
from collections.abc import Sequence
from ipse.privacy.gate import Cleared, Gate
from ipse.records import Event, Message, Record

def keep(batch: Sequence[Cleared[Record]]) -> None: ...
def keep_one(record: Cleared[Record]) -> None: ...

def wrong(gate: Gate, message: Message, cleared: Cleared[Message]) -> None:
    Cleared(message)  # call-arg
    Cleared(message, object())  # arg-type
    Cleared[Record](message, None)  # arg-type
    keep([message])  # list-item
    keep_one(message)  # arg-type
    cleared.record = message  # misc
    gate.lengthened(message, 5)  # arg-type

class Mine(Cleared[Message]):  # misc
    pass

def right(gate: Gate, message: Message, event: Event, record: Record) -> None:
    keep([gate.clear(message), gate.clear(event), gate.clear(record)])
    messages: list[Cleared[Message]] = [gate.clear(message)]
    keep(messages)
    keep_one(gate.stand_in(message))
    keep_one(gate.lengthened(gate.clear(event), 5))
    text: str = gate.clear(message).record.text
"""


def test_mypy_refuses_whatever_did_not_come_from_the_gate_and_nothing_else(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy")
    options = ["--strict", "--config-file=", f"--cache-dir={cache}", "--no-error-summary"]
    report, faults, status = api.run([*options, str(snippet)])
    found = re.findall(r"snippet\.py:(\d+): error: .* \[([a-z-]+)\]", report)
    lines = enumerate(SNIPPET.splitlines(), start=1)
    wanted = [(str(number), line.split("# ")[1]) for number, line in lines if "  # " in line]
    assert (found, faults, status) == (wanted, "", 1)


def test_a_foreign_seal_is_refused(message: Callable[..., Message]) -> None:
    with pytest.raises(PrivacyError, match="Only the gate"):
        Cleared(message("hi"), object())  # type: ignore[arg-type]


def test_it_cannot_be_subclassed() -> None:
    with pytest.raises(PrivacyError, match="Only the gate"):
        type("Mine", (Cleared,), {"__init__": lambda self, record: None})


def test_it_cannot_be_changed_and_shows_no_content(
    make_gate: Callable[..., Gate], message: Callable[..., Message]
) -> None:
    cleared = make_gate().clear(message("the secret is out"))
    for name in ("record", "_record", "other"):
        with pytest.raises(AttributeError):
            setattr(cleared, name, message("something else"))
    assert repr(cleared) == "Cleared[Message]"


def test_it_cannot_be_decoded_or_copied_into_being() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"record": {}}, Cleared)
    with pytest.raises(AttributeError):
        copy.copy(object.__new__(Cleared)).record  # noqa: B018


def test_no_other_module_reaches_for_the_seal() -> None:
    makers = [
        file
        for file in sorted(SRC.rglob("*.py"))
        if re.search(r"gate import [^\n]*_SEAL|gate\._SEAL|\bCleared\(", file.read_text(encoding="utf-8"))
    ]
    assert makers == [SRC / "privacy" / "gate.py"]
