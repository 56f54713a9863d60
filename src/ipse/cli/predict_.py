"""``ipse predict``: what models of your events say, and whether they were right."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json, progress_bar

if TYPE_CHECKING:
    from ipse.pipeline.days.judging import Says

__all__ = ["app"]

app = typer.Typer(
    help="What models of your events say, why, and whether they were right.", no_args_is_help=True
)
SinceOption = Annotated[datetime | None, typer.Option("--since", help="Local time, as 2026-04-01.")]
UntilOption = Annotated[datetime | None, typer.Option("--until", help="Local time, as 2026-04-30T18:00.")]
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
    for each in found.bins:
        out.print(
            f"  said {each.low:.0%} to {each.high:.0%}: right {each.right:.0%} of {each.rows:,}", markup=False
        )
    if found.right or found.wrong or found.not_an_anomaly:
        words = f"{found.right} right, {found.wrong} wrong, {found.not_an_anomaly} not an anomaly"
        out.print(f"By your word: {words}.", markup=False)
    if (two := found.beside) is not None:
        out.print(
            f"On {two.rows:,} of them that neither had seen: {two.champion} {two.champion_wrong:.4g} wrong, "
            f"{two.challenger} {two.challenger_wrong:.4g} ({two.low:.3g} to {two.high:.3g} better).",
            markup=False,
        )


@app.command("batch")
def batch_(
    project: ProjectArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, JSON lines or Parquet, by its end.")],
    since: SinceOption = None,
    until: UntilOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write what the champion says at every moment of a span, as if it had been asked then."""
    from ipse.pipeline.days.handing import write_batch

    with opened(vault) as workspace, progress_bar("predicting", quiet=json) as progress:
        many = write_batch(workspace, project, file, progress, span=(_micros(since), _micros(until)))
    if json:
        print_json({"file": file, "rows": many})
    else:
        console().print(f"{many:,} predictions: {file}", markup=False, soft_wrap=True)


@app.command()
def show(
    project: ProjectArgument,
    rows: Annotated[int, typer.Option("--rows", min=1, help="The newest ones.")] = 20,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Show what was said, what happened, and what you said of it."""
    from rich.table import Table

    from ipse.pipeline.days.outcomes import history

    with opened(vault) as workspace:
        found = history(workspace, project, rows)
    if json:
        print_json(found)
        return
    table = Table("id", "of (UTC)", "said", "happened", "your word", "", title=project, title_justify="left")
    for one in found:
        said, word = one.said, one.word
        value = f"{said.label} ({said.chance or 0:.0%})" if said.label else f"{said.value:.4g}"
        happened = "–" if one.was is None else one.was if isinstance(one.was, str) else f"{one.was:.4g}"
        told = f"{word.verdict} {word.label}".strip().replace("_", " ") if word else "–"
        at = f"{datetime.fromtimestamp(said.due / 1e6, UTC):%Y-%m-%d %H:%M}"
        table.add_row(said.id, at, value, happened, told, "silent" if said.suppressed else "")
    console().print(table)


@app.command()
def judge(
    prediction: Annotated[str, typer.Argument(metavar="ID", help="As `ipse predict show` names it.")],
    verdict: Annotated[Literal["right", "wrong", "not-an-anomaly"], typer.Argument(help="Your word on it.")],
    label: Annotated[
        str, typer.Option("--label", metavar="WHAT", help="What it was instead: a class, or a number.")
    ] = "",
    until: UntilOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say whether it was right: a label is learned from, "not an anomaly" silences its like for a while."""
    from ipse.pipeline.days.judging import judge as say

    told: Says = "not_an_anomaly" if verdict == "not-an-anomaly" else verdict
    with opened(vault) as workspace:
        found = say(workspace, prediction, told, label=label, until=until and until.astimezone())
    if json:
        print_json(found)
        return
    rule = f"; its like stays silent by the rule {found.suppression}" if found.suppression else ""
    was = f": it was {found.label}" if found.label else ""
    console().print(f"Kept{was}{rule}.", markup=False)


@app.command()
def prefer(
    project: ProjectArgument,
    better: Annotated[str, typer.Argument(metavar="FIRST", help="What comes first.")],
    worse: Annotated[str, typer.Argument(metavar="THEN", help="What comes later.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say which of two comes first, for a model of what comes first (`type: priority`)."""
    from ipse.pipeline.days.ordering import prefer as decide
    from ipse.pipeline.days.relearning import wanted_of

    with opened(vault) as workspace:
        wanted = wanted_of(workspace, project)
        decide(workspace, wanted.stream, wanted.field, better, worse)
    if json:
        print_json({"better": better, "worse": worse})
    else:
        console().print(f"Kept: {better} before {worse}.", markup=False)


@app.command("suppressions")
def list_suppressions(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List the rules that keep alarms silent, and until when."""
    from rich.table import Table

    from ipse.pipeline.days.suppressions import listed

    with opened(vault) as workspace:
        found = listed(workspace)
    if json:
        print_json(found)
        return
    table = Table(
        "id", "project", "column", "from", "to", "until", title="Suppressions", title_justify="left"
    )
    now = datetime.now(UTC)
    for one in found:
        ends = f"{one.until.astimezone():%Y-%m-%d %H:%M}"
        until = ends if one.holds(now) else f"ended {ends}"
        table.add_row(one.id, one.project, one.column, f"{one.low:.4g}", f"{one.high:.4g}", until)
    console().print(table)


@app.command()
def unsuppress(
    name: Annotated[str, typer.Argument(metavar="ID", help="As `ipse predict suppressions` names it.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Let such alarms be told again."""
    from ipse.pipeline.days.suppressions import remove

    with opened(vault) as workspace:
        remove(workspace, name)
    if json:
        print_json({"removed": name})
    else:
        console().print("Removed.")


@app.command("export")
def export_(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A version, or a project's champion.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    onnx: Annotated[bool, typer.Option("--onnx", help="The point model as ONNX, where it converts.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write a model of events for other programs: its card, and skops or ONNX; never pickle."""
    from ipse.pipeline.days.handing import export_predictor

    with opened(vault) as workspace:
        files = export_predictor(workspace, model, directory, shape="onnx" if onnx else "skops")
    if json:
        print_json({"files": files})
    else:
        console().print(f"Written: {', '.join(str(one) for one in files)}", markup=False, soft_wrap=True)


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


def _micros(at: datetime | None) -> int | None:
    return None if at is None else round(at.astimezone().timestamp() * 1e6)
