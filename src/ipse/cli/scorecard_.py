"""A scorecard in the terminal."""

from typing import TYPE_CHECKING

from ipse.cli.console import console

if TYPE_CHECKING:
    from ipse.scorecard import Scorecard

__all__ = ["print_scorecard"]

COLOURS = {"better": "green", "worse": "red", "cannot tell": "yellow", "not measured": "dim"}


def print_scorecard(card: "Scorecard") -> None:
    """The metrics beside their baselines, then gates, self-checks and whether it has earned to speak."""
    from rich.table import Table

    from ipse.scorecard import table

    out = console()
    rows = table(card)
    shown = Table(title=f"Scorecard of {card.model}", title_justify="left")
    for column in rows[0] if rows else ():
        shown.add_column(column, justify="left" if column in ("metric", "verdict", "good") else "right")
    for row in rows:
        colour = COLOURS.get(row["verdict"], "")
        cells = [f"[{colour}]{cell}[/]" if name == "verdict" else cell for name, cell in row.items()]
        shown.add_row(*cells)
    out.print(shown)
    for each in card.rows:
        if each.primary and each.verdict == "not measured":
            out.print(f"{each.id}: not measured: {each.note}", markup=False)
    for gate in card.gates:
        state = "[green]green[/]" if gate.passed else "[red]red[/]"
        out.print(f"gate {gate.id} {state}  {gate.name}: {gate.found} of {gate.answers} answers. {gate.note}")
    for check in card.self_checks:
        state = {True: "holds", False: "[red]fails: the card is void[/]", None: "could not be made"}[
            check.passed
        ]
        out.print(f"self-check: {check.name}: {state}. {check.note}")
    verdict = (
        "[green]It has earned to speak.[/]" if card.promotable else "[yellow]It has not earned promotion.[/]"
    )
    out.print(verdict, " ".join(card.reasons))
