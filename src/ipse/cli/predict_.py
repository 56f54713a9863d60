"""``ipse predict``: what models of your events say, and whether they were right."""

from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

__all__ = ["app"]

app = typer.Typer(
    help="What models of your events say, why, and whether they were right.", no_args_is_help=True
)
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="As `ipse predict list` names it.")]


@app.command("list")
def list_models(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List projects: who speaks, who challenges, who spoke before."""
    from rich.table import Table

    from ipse.pipeline.days.predictors import card, projects

    with opened(vault) as workspace:
        found = projects(workspace)
        cards = {
            one.name: card(workspace, one.champion or one.challenger)
            for one in found
            if one.champion or one.challenger
        }
    if json:
        print_json([{"project": one, "model": cards.get(one.name)} for one in found])
        return
    table = Table(
        "project",
        "champion",
        "challenger",
        "before",
        "figure",
        "beside",
        title="Models of events",
        title_justify="left",
    )
    for one in found:
        made = cards.get(one.name)
        told = ("–", "–")
        if made is not None:
            verdict = made.verdict
            told = (
                f"{verdict.metric} {verdict.value:.4g}",
                f"{verdict.baseline} {verdict.baseline_value:.4g}",
            )
        table.add_row(one.name, one.champion or "–", one.challenger or "–", one.previous or "–", *told)
    console().print(table)


@app.command()
def now(
    project: ProjectArgument,
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Log it, to be held against what happens.")
    ] = True,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say what comes next, how sure that is, and why."""
    from ipse.cli.learn_ import tell_prediction
    from ipse.pipeline.days.predicting import predict

    with opened(vault) as workspace:
        said = predict(workspace, project, keep_it=keep)
    if json:
        print_json(said)
    else:
        tell_prediction(said)


@app.command()
def outcomes(project: ProjectArgument, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Hold the champion's predictions against what happened."""
    from ipse.pipeline.days.outcomes import outcomes as joined

    with opened(vault) as workspace:
        found = joined(workspace, project)
    if json:
        print_json(found)
        return
    out = console()
    out.print(
        f"{found.rows:,} predictions of {project} with an outcome, {found.waiting:,} wait for theirs.",
        markup=False,
    )
    if found.value is not None:
        covered = f"; the 90 % interval covered {found.covered:.0%}" if found.covered is not None else ""
        sure = f"; it was {found.sure:.0%} sure" if found.sure is not None else ""
        out.print(
            f"{found.metric} {found.value:.4g} (when judged: {found.expected:.4g}){covered}{sure}",
            markup=False,
        )


@app.command()
def promote(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A version, such as desk-v2.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Let a version speak for its project, if it earned it."""
    from ipse.pipeline.days.predictors import promote as let_speak

    with opened(vault) as workspace:
        held = let_speak(workspace, model, reason="by hand")
    if json:
        print_json(held)
    else:
        console().print(
            f"{held.champion} speaks for {held.name}; before it: {held.previous or 'nobody'}.", markup=False
        )


@app.command()
def rollback(project: ProjectArgument, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Let whoever spoke before speak again."""
    from ipse.pipeline.days.predictors import rollback as go_back

    with opened(vault) as workspace:
        held = go_back(workspace, project)
    if json:
        print_json(held)
    else:
        console().print(f"{held.champion} speaks for {held.name} again.", markup=False)
