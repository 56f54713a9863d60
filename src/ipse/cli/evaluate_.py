"""``ipse evaluate``: how good is the clone?"""

from pathlib import Path
from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json, progress_bar

__all__ = ["evaluate"]


def evaluate(
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
