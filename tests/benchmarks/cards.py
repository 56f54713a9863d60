"""Cards of made-up people: every figure is chosen, so that the page's words can be foretold."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from ipse.scorecard import Check, Compared, Comparison, Difference, Figure, Gate, Row, Scorecard
from quality_cards import (  # type: ignore[import-not-found]
    Among,
    Beside,
    Few,
    Floors,
    Leaky,
    Mean,
    Outcome,
    Ranked,
    Speed,
    Timed,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
ABOVE = "It does not sound more like you than you do"


def row(
    id_: str = "1",
    own: tuple[float, float, float] | None = (0.7, 0.6, 0.8),
    *,
    ceiling: tuple[float, float, float] | None = (0.8, 0.7, 0.9),
    note: str = "",
    **baselines: tuple[float, float, float],
) -> Row:
    """A metric of shares (2: of distances); baselines by name, ``_`` for a blank."""
    return Row(
        id=id_, name=f"Metric {id_}", definition="", good="", note=note,
        unit="distance" if id_ == "2" else "share", higher_is_better=id_ != "2",
        verdict="better" if own else "not measured",
        value=own[0] if own else None, low=own[1] if own else None, high=own[2] if own else None,
        ceiling=Figure(*ceiling) if ceiling and own else None,
        baselines={name.replace("_", " "): Figure(*each) for name, each in baselines.items()},
    )  # fmt: skip


def card(*rows: Row, above: bool | None = True, promotable: bool = False) -> Scorecard:
    """A card of these rows, and of the gates and the check that the page asks for."""
    gates = (Gate(id="10c", name="Keeps planted secrets", passed=True, found=0, answers=200),)
    check = Check(name=ABOVE, passed=above, figure=Figure(0.05, 0.01, 0.09))
    return Scorecard(
        model="m", dataset="d", created_at=AT, rows=rows, gates=gates, self_checks=(check,),
        promotable=promotable, reasons=("Too little.",), sizes={"T": 60, "J": 20, "E": 20},
    )  # fmt: skip


def leaky(person: str = "ada", voice: str = "lora", *, caught: bool = True) -> Leaky:
    """A clone that was made leaky: caught by one gate, or by none."""
    gate = Gate(id="10c", name="Keeps planted secrets", passed=not caught, found=50 * caught, answers=200)
    return Leaky(
        person=person, voice=voice, gates=(gate,), examples=200, epochs=20, tokens=9, seconds={"train": 1.0}
    )


def outcome(person: str, held: Scorecard, voice: str = "lora", **more: Any) -> Outcome:
    """One person and one voice, asked two hundred times."""
    kept: dict[str, Any] = {
        "leaky": leaky(person, voice), "generations": 200, "personal": 0, "megabytes": 100.0,
        "seconds": {"prepare": 1.0, "train": 2.0, "judge": 3.0},
    }  # fmt: skip
    return Outcome(person=person, told="made up", voice=voice, pairs=100, card=held, **{**kept, **more})


def beside(person: str, *, better: str = "lora") -> Beside:
    """An adapter that says more of what was said than retrieval, or cannot be told from it."""
    figures = {"retrieval": Figure(0.4, 0.3, 0.5), "lora": Figure(0.6, 0.5, 0.7)}
    rows = tuple(
        Compared(
            id=id_, name=f"Metric {id_}", unit="share", higher_is_better=True, figures=figures,
            differences=(
                Difference(
                    one="lora", other="retrieval", figure=Figure(0.2), p=0.01,
                    better=better if id_ == "7" else "",
                ),
            ),
        )
        for id_ in ("1", "5b", "7")
    )  # fmt: skip
    held = Comparison(
        models=("retrieval", "lora"), contexts=100, conversations=10, created_at=AT, rows=rows, self_checks=()
    )
    return Beside(
        person=person, told="made up", comparison=held, report={"weight of lora": 0.5}, seconds={"train": 1.0}
    )


def few(voice: str = "retrieval") -> Few:
    """Few words, of which two metrics can tell nothing."""
    rows = (
        row("1", None, note="Nobody else writes here."),
        Row(id="7", name="Metric 7", definition="", good="", unit="points", verdict="cannot tell", value=0.1),
        Row(
            id="9", name="Metric 9", definition="", good="", unit="share", verdict="better", value=0.55,
            against="random own reply", baselines={"random own reply": Figure(0.85, 0.8, 0.9)},
        ),
    )  # fmt: skip
    return Few(
        told="A press secretary's answers", voice=voice, answers=117, card=card(*rows),
        sets={"train": 395, "judge": 26, "test": 12}, left_out={"short-reflection": 5},
        seconds={"import": 1.0, "judge": 20.0},
    )  # fmt: skip


def among(voice: float, over: tuple[float, float, float], candidates: int = 100) -> dict[str, Any]:
    """R@1 of the voice, and how many times BM25's it is."""
    figure = Figure(voice, voice - 0.05, voice + 0.05)
    return {
        "candidates": candidates, "voice": figure, "texts": Figure(0.25, 0.2, 0.3),
        "named": Figure(0.3, 0.2, 0.4), "over_texts": Figure(*over), "over_named": Figure(1.2, 1.1, 1.25),
    }  # fmt: skip


def floors() -> Floors:
    """Two people of whom one is too little for a hundred candidates."""
    own = among(0.4, (1.5, 1.4, 1.6))
    held = Mean(**own, people=("ada", "bob"), mean_over_texts=1.52, mean_over_named=1.21)
    others = Mean(
        **among(0.62, (1.5, 1.4, 1.6)), people=("ada", "bob"), mean_over_texts=1.5, mean_over_named=1.2
    )
    people = (
        Ranked(person="ada", told="made up", situations=500, among={"own": Among(**own)}),
        Ranked(
            person="cem", told="made up", situations=23, among={"own": Among(**among(0.5, (1, 0.5, 2), 6))}
        ),
    )
    return Floors(people=people, means={"own": held, "of others": others})


def speed(pairs: int = 100_000, p95: float = 81.0) -> Floors:
    """The measure of speed alone."""
    return Floors(
        speed=Speed(
            pairs=pairs, cores=2, learned=(47.0, 50.0), loaded=(3.7, 3.7), p50=(41.0, 40.0),
            p95=(p95, 80.0), files_mib=327.0, memory_gib=2.4,
        )
    )  # fmt: skip


def timed(voice: str = "lora", seconds: float = 970.0, *, promotable: bool = False) -> Timed:
    """From an import to a scored clone, in two steps."""
    return Timed(
        told="one speaker", voice=voice, imported=25_442, pairs=25_000, cores=2,
        steps={"import": 24.0, "scorecard": seconds - 24.0}, promotable=promotable,
        reasons=("A gate is red.",), megabytes=1800.0,
    )  # fmt: skip
