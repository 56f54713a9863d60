"""``ipse privacy``: doubtful finds, and the words that the owner always keeps or always replaces."""

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, interactive, opened, print_json

if TYPE_CHECKING:
    from ipse.pipeline.workspace import Workspace
    from ipse.privacy.review import Doubt

__all__ = ["app"]

app = typer.Typer(help="What is replaced in texts, and what is not.", no_args_is_help=True)
SHOWN = 40  # printed for people without a terminal to ask; --json prints all
WordsArgument = Annotated[list[str], typer.Argument(metavar="WORD…", help="A word, a name or a phrase.")]
UndoOption = Annotated[bool, typer.Option("--undo", help="Take it off the list.")]


@app.command()
def review(
    special: Annotated[
        bool, typer.Option("--special", help="Count what seems to be of special categories instead.")
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Show what recognizers were not sure of, and ask about each: keep it, or replace it from now on."""
    from ipse.pipeline.reviewing import waiting

    with opened(vault) as workspace:
        if special:
            _special(workspace, json=json)
            return
        doubts = waiting(workspace)
        if json:
            print_json(doubts)
        elif not doubts:
            console().print("Nothing waits for you.")
        elif interactive():
            _ask(workspace, doubts)
        else:
            for doubt in doubts[:SHOWN]:
                _show(doubt)
            console().print(f"{len(doubts):,} words wait. Decide: ipse privacy allow|deny WORD…")


@app.command()
def allow(
    words: WordsArgument, undo: UndoOption = False, vault: VaultOption = None, json: JsonOption = False
) -> None:
    """Keep words that recognizers take for personal; a known name that is a word, where written small."""
    _decide(words, keep=True, undo=undo, vault=vault, json=json)


@app.command()
def deny(
    words: WordsArgument, undo: UndoOption = False, vault: VaultOption = None, json: JsonOption = False
) -> None:
    """Replace words wherever they stand, from the next import on."""
    _decide(words, keep=False, undo=undo, vault=vault, json=json)


@app.command("list")
def list_words(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List the words that are always kept, and those that are always replaced."""
    from ipse.pipeline.reviewing import lists

    with opened(vault) as workspace:
        held = lists(workspace)
    if json:
        print_json(held)
        return
    out = console()
    out.print(f"kept: {', '.join(held.allowed) or 'none'}", markup=False)
    out.print(f"replaced: {', '.join(held.denied) or 'none'}", markup=False)


def _special(workspace: "Workspace", *, json: bool) -> None:
    from rich.table import Table

    from ipse.pipeline.special import found_in

    found = found_in(workspace)
    if json:
        print_json(found)
        return
    if not found:
        console().print("No message seems to be of a special category.")
        return
    table = Table("source", "category", title="Special categories, by word lists", title_justify="left")
    table.add_column("messages", justify="right")
    table.add_column("used")
    for one in found:
        used = f"by consent {one.consent[:8]}" if one.consent else "no"
        table.add_row(one.source, one.category, f"{one.messages:,}", used)
    console().print(table)
    console().print("Allow one: ipse consent give --source NAME --special CATEGORY")


def _decide(words: list[str], *, keep: bool, undo: bool, vault: VaultOption, json: bool) -> None:
    from ipse.pipeline import reviewing

    with opened(vault) as workspace:
        if undo:
            held = reviewing.undo(workspace, words)
            if json:
                print_json(held)
            else:
                console().print(f"{', '.join(words)}: off the list.", markup=False)
            return
        decided = reviewing.decide_on(workspace, words, "keep" if keep else "replace")
    if json:
        print_json(decided)
        return
    verb = "kept" if keep else "replaced"
    console().print(f"{', '.join(decided.words)}: {verb} from the next import on.", markup=False)


def _ask(workspace: "Workspace", doubts: "list[Doubt]") -> None:
    """One after another; each answer is durable at once, so that stopping loses none."""
    from ipse.pipeline.reviewing import decide_on

    out = console()
    for number, doubt in enumerate(doubts, start=1):
        out.print(f"\n[bold]{number} of {len(doubts)}[/]")
        _show(doubt)
        answer = ""
        while answer not in ("k", "r", "s", "q"):
            answer = typer.prompt("[k]eep, [r]eplace, [s]kip, [q]uit", default="s")[:1].lower()
        if answer == "q":
            return
        if answer != "s":
            decide_on(workspace, [doubt.value], "keep" if answer == "k" else "replace")


def _show(doubt: "Doubt") -> None:
    from rich.markup import escape

    now = "replaced" if doubt.replaced else "kept so far"
    out = console()
    out.print(f"[bold]{escape(doubt.value)}[/]  {doubt.kind}, {doubt.count} ×, {now}")
    for context in doubt.contexts:
        before, after = escape(context.before), escape(context.after)
        out.print(f"  … {before}[reverse]{escape(doubt.value)}[/]{after} …".replace("\n", " "))
