"""``ipse profile``: how do you write?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipse.profile import Profile

__all__ = ["profile"]

SHOWN = 12  # contacts, openers and words printed


def profile(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write the page and the JSON there, unencrypted."),
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="What is written names your contacts; else their pseudonyms.")
    ] = False,
    tz: Annotated[
        str | None,
        typer.Option("--tz", metavar="ZONE", help="Your zone, such as Europe/Berlin; else imports.tz."),
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Show how you write: lengths, words, emoji, habits, hours and waits, per contact and over time."""
    from ipse.pipeline.profiling import contact_names, export_profile
    from ipse.pipeline.profiling import profile as measure

    with opened(vault) as workspace:
        found = measure(workspace, zone=tz)
        called = contact_names(workspace, found)
        files = export_profile(workspace, found, out, names=called if names else None) if out else ()
    if json:
        print_json(found)
        return
    _print(found, called)
    for file in files:
        console().print(f"Written: {file}", soft_wrap=True)
    if files:
        console().print("They lie outside your vault, unencrypted; no erasure reaches them.")
    else:
        console().print("With --out DIR it is written as a page with plots.")


def _print(found: "Profile", called: "Mapping[str, str]") -> None:
    from rich.markup import escape

    from ipse.profile.wording import percent, wait

    out = console()
    q = found.lengths
    out.print(f"[bold]{found.messages:,} messages[/], {found.words:,} words, {found.first} to {found.last}")
    out.print(f"lengths     {q.median:.0f} words; half of them {q.low:.0f} to {q.high:.0f}")
    if found.waits.awake:
        start, end = found.night
        out.print(f"answers     after {wait(found.waits.awake.median)}, nights ({start}–{end} h) left out")
    if found.started is not None:
        out.print(f"begin       {percent(found.started)} of your talks")
    languages = sum(found.languages.values())
    told = (f"{code} {percent(n / languages)}" for code, n in list(found.languages.items())[:5])
    out.print("languages  ", ", ".join(told))
    habits = sorted(
        (one for one in found.habits if one.others is not None), key=lambda one: -_far(one.own, one.others)
    )
    for one in habits[:4]:
        out.print(f"habit       {one.name}: {percent(one.own)}, others {percent(one.others)}")
    for what, terms in (("openers", found.openers), ("closers", found.closers), ("emoji", found.emoji)):
        listed = ", ".join(f"{escape(term.text)} {term.count:,}" for term in terms[:SHOWN])
        out.print(f"{what:<11} {listed or '–'}")
    for words in found.vocabularies:
        most = ", ".join(escape(term.text) for term in words.more[:SHOWN])
        out.print(f"yours in {words.language} {most or '–'}")
    _print_contacts(found, called)


def _far(own: float, others: float | None) -> float:
    return abs(own - (others or 0.0))


def _print_contacts(found: "Profile", called: "Mapping[str, str]") -> None:
    from rich.markup import escape
    from rich.table import Table

    from ipse.profile.wording import percent, signed, wait, words

    table = Table("contact", "name")
    for name in ("messages", "words each", "answer", "answered", "you begin", "careful"):
        table.add_column(name, justify="right")
    for one in found.relations[:SHOWN]:
        table.add_row(
            one.contact,
            escape(called.get(one.contact, "")),
            f"{one.messages:,}",
            words(one.lengths),
            wait(one.waits.awake.median if one.waits.awake else None),
            percent(one.waits.answered),
            percent(one.started),
            signed(one.formality.value) if one.formality else "–",
        )
    console().print(table)
