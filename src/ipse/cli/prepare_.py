"""``ipse prepare``: freeze a dataset."""

from typing import TYPE_CHECKING

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.datasets import Card

__all__ = ["prepare"]

SHOWN = 8  # contacts listed


def prepare(vault: VaultOption = None, json: JsonOption = False) -> None:
    """Freeze a dataset from everything you consented to learn your style from."""
    from ipse.pipeline.learning import prepare as freeze

    with opened(vault) as workspace:
        card = freeze(workspace).card
    if json:
        print_json(card)
    else:
        _print(card)


def _print(card: "Card") -> None:
    from rich.table import Table

    out = console()
    out.print(f"Dataset [bold]{card.id}[/]  (SHA-256 {card.hash})")
    table = Table("set", "from", "to")
    for name in ("conversations", "contacts", "examples"):
        table.add_column(name, justify="right")
    for name, held in card.sets.items():
        first, last = (f"{at:%Y-%m-%d}" if at else "–" for at in (held.first, held.last))
        table.add_row(
            name, first, last, *(f"{n:,}" for n in (held.conversations, held.contacts, held.examples))
        )
    out.print(table)
    out.print("counts    ", _listed(card.counts))
    out.print("left out  ", _listed(card.filters) or "nothing")
    out.print("languages ", _listed(card.languages))
    contacts = list(card.contacts.items())
    out.print("contacts  ", _listed(dict(contacts[:SHOWN])) + (" …" if len(contacts) > SHOWN else ""))
    out.print(
        "consents  ", ", ".join(f"{source} ({consent[:8]})" for source, consent in card.consents.items())
    )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
