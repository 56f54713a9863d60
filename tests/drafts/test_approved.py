"""Nothing but a claim makes what a channel takes: by type, as mypy sees it, and when the program runs."""

import copy
import pickle
import re
import threading
from collections import Counter
from pathlib import Path

import pytest
from mypy import api

from ipse.drafts import Approved, Outgoing
from ipse.errors import ConsentError, DraftError

from ..soak import rounds
from .making import claimed, draft

SNIPPET = """\
from ipse.drafts import Approved, Draft, Outgoing, Receipt
from ipse.deliveries.copy import Copy
from ipse.interfaces import Delivery

def wrong(delivery: Delivery, draft: Draft, outgoing: Outgoing) -> None:
    Approved(outgoing, lambda: None)  # call-arg
    Approved(outgoing, lambda: None, object())  # arg-type
    delivery.deliver(draft)  # arg-type
    delivery.deliver(outgoing)  # arg-type
    delivery.deliver("text")  # arg-type
    Copy().deliver(draft)  # arg-type

class Mine(Approved):  # misc
    pass

def right(delivery: Delivery, approved: Approved) -> None:
    receipt: Receipt = delivery.deliver(approved)
    text: str = approved.take().text
"""


def test_mypy_refuses_whatever_was_not_claimed_and_nothing_else(
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
    assert (found, faults, status) == (wanted, "", 1), report


def outgoing() -> Outgoing:
    return claimed(draft()).take()


def test_a_foreign_seal_is_refused() -> None:
    with pytest.raises(DraftError, match="Only the drafts"):
        Approved(outgoing(), lambda: None, object())  # type: ignore[arg-type]


def test_it_cannot_be_subclassed_copied_pickled_or_changed() -> None:
    one = claimed(draft())
    with pytest.raises(DraftError, match="no subclasses"):
        type("Mine", (Approved,), {})
    for double in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(DraftError, match="holds once"):
            double(one)
    with pytest.raises(AttributeError):
        one._taken = False
    assert repr(one) == "Approved[0123456789abcdef]"


def test_it_is_opened_once() -> None:
    one, taken = claimed(draft()), []
    taken.append(one.taken)
    assert one.take().draft == "0123456789abcdef"
    taken.append(one.taken)
    assert taken == [False, True]
    with pytest.raises(DraftError, match="holds once"):
        one.take()


def test_of_many_who_open_it_at_once_one_does() -> None:
    for _ in range(rounds(20, 500)):
        one, gate, found = claimed(draft()), threading.Barrier(4), Counter[str]()

        def open_it(one: Approved = one, gate: threading.Barrier = gate, found: Counter[str] = found) -> None:
            gate.wait()
            try:
                one.take()
                found["opened"] += 1
            except DraftError:
                found["refused"] += 1

        threads = [threading.Thread(target=open_it) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {"opened": 1, "refused": 3}


def test_it_looks_whether_it_still_may_at_the_last_moment() -> None:
    looked: list[int] = []

    def check() -> None:
        looked.append(1)
        if len(looked) > 1:
            raise ConsentError("withdrawn")

    one = claimed(draft(), check)
    with pytest.raises(ConsentError):
        one.take()
    assert not one.taken
    assert len(looked) == 2


def test_provenance_says_how_it_came_about() -> None:
    told = outgoing().provenance
    assert (told.ai_generated, told.reviewed, told.edited) == (True, True, False)
    assert told.digital_source_type.endswith("/trainedAlgorithmicMedia")
    assert told.label in outgoing().text
    edited = claimed(draft(text="no")).take().provenance
    assert edited.edited
    assert edited.digital_source_type.endswith("/compositeWithTrainedAlgorithmicMedia")
