"""``ipse evaluate``: how good is the clone, which of several is better, and can a reader tell?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, interactive, opened, print_json, progress_bar
from ipse.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipse.pipeline.workspace import Workspace
    from ipse.scorecard import BlindPair, BlindTest, Side

__all__ = ["app"]

app = typer.Typer(
    help="Judge a clone on what it never saw, beside every baseline; writes JSON and one HTML page.",
    invoke_without_command=True,
)


@app.callback()
def evaluate(
    context: typer.Context,
    model: Annotated[str, typer.Option("--model", metavar="ID", help="A version, or champion.")] = "champion",
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where the JSON and the page go.")
    ] = Path(),
    samples: Annotated[
        bool, typer.Option("--samples", help="With a few answers beside what you said; unencrypted.")
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Judge a clone on what it never saw, beside every baseline; writes JSON and one HTML page."""
    if context.invoked_subcommand is not None:
        return
    from ipse.cli.scorecard_ import print_scorecard
    from ipse.pipeline.judging import evaluate as judge
    from ipse.pipeline.judging import export_scorecard

    with opened(vault) as workspace:
        with progress_bar("judging", quiet=json) as progress:
            scorecard = judge(workspace, model=model, progress=progress)
        json_file, page = export_scorecard(workspace, scorecard, out, samples=samples)
    if json:
        print_json(scorecard)
        return
    print_scorecard(scorecard)
    console().print(f"Written: {json_file} and {page}", soft_wrap=True)


@app.command()
def compare(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Two or more, such as v1 v2.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Judge several models on the same held-out messages, with paired differences."""
    from ipse.cli.scorecard_ import print_comparison
    from ipse.pipeline.comparing import compare as measure

    with opened(vault) as workspace, progress_bar("comparing", quiet=json) as progress:
        compared = measure(workspace, models, progress=progress)
    if json:
        print_json(compared)
    else:
        print_comparison(compared)


@app.command()
def blind(
    model: Annotated[str, typer.Option("--model", metavar="ID", help="A version, or champion.")] = "champion",
    judge: Annotated[
        str, typer.Option("--judge", metavar="NAME", help="Who reads: you, or somebody who knows you.")
    ] = "me",
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers", metavar="FILE", help="Answers as JSON: a pair's number to first or second."
        ),
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Read forty pairs of replies, yours and the clone's: who wrote this? Can be left and resumed."""
    from ipse.pipeline.blind import answer_blind, begin_blind

    with opened(vault) as workspace:
        with progress_bar("making pairs", quiet=json) as progress:
            test = begin_blind(workspace, model=model, judge=judge, progress=progress)
        if answers is not None:
            test = answer_blind(workspace, model=test.model, judge=judge, answers=_read(answers))
        elif not json and not interactive() and test.left:
            raise SettingsError(
                "There is nobody to ask: this is no terminal.", hint="Use --json, then --answers FILE."
            )
        elif not json:
            test = _ask(workspace, test)
    if json:
        print_json(_told(test))
    else:
        _print_result(test)


def _read(file: Path) -> "Mapping[int, Side]":
    """Answers by place, from numbers that begin with 1; raises ``SettingsError``."""
    import msgspec

    from ipse.scorecard import Side

    try:
        given = msgspec.json.decode(file.read_bytes(), type=dict[int, Side])
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(
            f"{file}: these are no answers ({error}).", hint='Write {"1": "first", "2": "second"}.'
        ) from error
    return {number - 1: side for number, side in given.items()}


def _told(test: "BlindTest") -> dict[str, object]:
    """What a program may show: the pairs without the key, and the result once there is one."""
    pairs = [
        {"pair": n + 1, "context": pair.context, "first": pair.first, "second": pair.second}
        for n, pair in enumerate(test.pairs)
    ]
    return {
        "model": test.model,
        "judge": test.judge,
        "pairs": pairs,
        "left": [n + 1 for n in test.left],
        "result": test.result(),
    }


def _ask(workspace: "Workspace", test: "BlindTest") -> "BlindTest":
    """Ask for pair after pair; each answer is kept at once."""
    from ipse.pipeline.blind import answer_blind

    sides: dict[str, Side] = {"1": "first", "2": "second"}
    if test.left:
        console().print(
            "Of each two replies one is real and one is the clone's. Write 1 or 2 for the real one, q to go "
            "on another time; nothing is told before the end.\n", soft_wrap=True,
        )  # fmt: skip
    for n in test.left:
        _show(n, test.pairs[n], of=len(test.pairs))
        said = _answer(sides)
        if said is None:
            break
        test = answer_blind(workspace, model=test.model, judge=test.judge, answers={n: sides[said]})
    return test


def _answer(sides: "Mapping[str, Side]") -> str | None:
    """1 or 2; None for q, Ctrl-C and an end of the input."""
    asked = "Which is real (1, 2, q)"
    while True:
        try:
            said = str(typer.prompt(asked, default="", show_default=False)).strip().casefold()
        except typer.Abort:
            console().print()
            return None
        if said in sides:
            return said
        if said == "q":
            return None
        asked = "1, 2 or q"


def _show(n: int, pair: "BlindPair", *, of: int) -> None:
    from rich.markup import escape
    from rich.table import Table

    out = console()
    out.rule(f"{n + 1} of {of}", align="left")
    said = Table.grid(padding=(0, 1, 0, 0))
    for turn in pair.context:
        who = "you" if turn.role == "owner" else turn.speaker
        said.add_row(f"[dim]{escape(who)}[/]", escape(turn.text))
    replies = Table.grid(padding=(0, 1, 1, 0))
    for number, reply in (("1", pair.first), ("2", pair.second)):
        replies.add_row(f"[bold]{number}[/]", escape(reply))
    out.print(said, "", replies, sep="\n")


def _print_result(test: "BlindTest") -> None:
    from ipse.cli.scorecard_ import human_line

    result = test.result()
    if result is None:
        console().print(f"{len(test.left)} of {len(test.pairs)} pairs are left; the same command goes on.")
    else:
        console().print(human_line(result), markup=False)
