"""``ipse prepare``: freeze a dataset."""

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.datasets import Card, Persona, Report

__all__ = ["prepare"]

SHOWN = 8  # contacts listed
_OTHERS = {
    "unanswering": "own turns that answer nobody, or what is not there",
    "length": "replies shorter or longer than the settings allow",
    "echo": "replies that stand word for word in what they answer",
    "between": "examples that lie in the gap between two sets",
    "purged": "replies that nearly repeat one of the test set",
    "special": "messages of special categories, for which there is no consent of their own "
    "(ipse consent give --special)",
}


def prepare(
    report: Annotated[
        bool, typer.Option("--report", help="Show what each rule of cleaning left out, with samples.")
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Freeze a dataset from everything you consented to learn your style from."""
    from ipse.datasets import Report
    from ipse.pipeline.learning import prepare as freeze

    told = Report(samples=report)
    with opened(vault) as workspace:
        dataset = freeze(workspace, report=told)
    card = dataset.card
    if json:
        more = {"card": card, "samples": told.samples, "persona": dataset.persona}
        print_json(more if report else card)
        return
    _print(card)
    if report:
        _explain(card, told)
        _describe(dataset.persona)


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


def _explain(card: "Card", told: "Report") -> None:
    """Each rule that left something out, how much, and the beginning of a few of them."""
    from rich.markup import escape
    from rich.table import Table

    from ipse.datasets import RULES

    about = {rule.name: rule.about for rule in RULES}
    table = Table("rule", "left out", "what it is, and samples", show_lines=True)
    for reason, count in sorted(card.filters.items(), key=lambda pair: (-pair[1], pair[0])):
        shown = [f"[dim]{one.who}:[/] {escape(one.text)}" for one in told.samples.get(reason, ())]
        kind = reason.partition(" ")[0]  # "special health" is one of "special"
        what = about.get(reason) or _OTHERS.get(kind) or about["content"]
        table.add_row(reason, f"{count:,}", "\n".join((escape(what), *shown)))
    out = console()
    out.print(table)
    true, kept = (card.rates.get(name, 0.0) for name in ("true", "kept"))
    out.print(f"Short replies in training: {kept:.1%} of what trains, {true:.1%} of what you wrote then.")
    out.print(f"Coherence of reflections judged by {card.means.get('coherence', 'words')}.")


def _describe(persona: "Persona") -> None:
    from rich.markup import escape

    out = console()
    for theme in persona.themes:
        out.print(f"theme      {theme.share:>6.1%}  {escape(', '.join(theme.terms))}")
    if persona.values:
        out.print("values    ", ", ".join(f"{name} {share:.1%}" for name, share in persona.values.items()))
    if persona.mentions:
        out.print("mentions  ", _listed(persona.mentions))


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
