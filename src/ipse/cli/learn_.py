"""``ipse learn``: from your own table to a model in one command."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ipse.cli.console import (
    JsonOption,
    VaultOption,
    YesOption,
    confirm,
    console,
    opened,
    print_json,
    progress_bar,
)
from ipse.errors import SettingsError

if TYPE_CHECKING:
    from ipse.pipeline.days.predictions import Prediction
    from ipse.pipeline.days.settling import Learned
    from ipse.pipeline.days.tables_taking import Taken
    from ipse.pipeline.days.wanting import Wanted
    from ipse.pipeline.workspace import Workspace

__all__ = ["learn", "tell_model", "tell_prediction"]


def learn(
    table: Annotated[
        Path | None, typer.Argument(metavar="[TABLE]", help="CSV or Parquet with a column of times.")
    ] = None,
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="What is to be foretold.")] = "",
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="Learn what `models:` in the settings says.")
    ] = "",
    time: Annotated[str, typer.Option("--time", metavar="COLUMN", help="The times; DAY+HOUR for two.")] = "",
    same_row: Annotated[
        bool,
        typer.Option("--same-row", help="Tell it from the row's other columns, not ahead from the past."),
    ] = False,
    task: Annotated[
        Literal["auto", "classification", "regression"], typer.Option("--task", help="Classes or numbers.")
    ] = "auto",
    algorithm: Annotated[
        str, typer.Option("--algorithm", metavar="NAME", help="Ours, sklearn.module.Name, or a plugin's.")
    ] = "auto",
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Of the source and project.")] = "",
    tz: Annotated[str | None, typer.Option("--tz", metavar="ZONE", help="Zone of local times.")] = None,
    vault: VaultOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Learn from a table of yours, judge it on time it never saw, and say what comes next."""
    if (table is None) == (not model):
        raise SettingsError("Nothing is named to learn from.", hint="Give a table with --target, or --model.")
    if table is not None and not target:
        raise SettingsError("What is to be foretold?", hint="Name a column: --target COLUMN.")
    from ipse.pipeline.days.projects import wanted_model
    from ipse.pipeline.days.scheduling import schedule_models
    from ipse.pipeline.days.wanting import Wanted as Wish

    taken = None
    with opened(vault, {"imports": {"tz": tz}} if tz else {}) as workspace:
        if table is not None:
            taken = _taken(workspace, table, (name, time), yes=yes, quiet=json)
            wanted = Wish(
                project=taken.source,
                stream=taken.source,
                field=target,
                when="same" if same_row else "next",
                task=task,
                algorithm=algorithm,
                tz="" if taken.zoned and tz is None else workspace.settings.imports.tz,
            )
        else:
            wanted = wanted_model(workspace.settings, model)
            schedule_models(workspace)
        _learned(workspace, wanted, taken, json=json)


def _learned(workspace: "Workspace", wanted: "Wanted", taken: "Taken | None", *, json: bool) -> None:
    from ipse.pipeline.days.foretelling import learn as fit
    from ipse.pipeline.days.predicting import predict

    with progress_bar("learning", quiet=json) as progress:
        found = fit(workspace, wanted, progress)
    said = predict(workspace, wanted.project) if found.champion else None
    if json:
        print_json({"taken": taken, "model": found, "prediction": said})
        return
    if taken is not None:
        _tell_taken(taken)
    tell_model(found)
    if said is not None:
        tell_prediction(said)


def _taken(workspace: "Workspace", table: Path, named: tuple[str, str], *, yes: bool, quiet: bool) -> "Taken":
    """The table in the vault; ``named`` are its source and column of times, where told."""
    from ipse.pipeline.days.tables_taking import own_name, take

    name, time = named
    source = own_name(table, name)
    _consent(workspace, source, yes=yes)
    with progress_bar("reading", quiet=quiet, unit="rows") as progress:
        return take(workspace, table, progress, source=source, time=time)


def _consent(workspace: "Workspace", source: str, *, yes: bool) -> None:
    """Ask for what is missing, once, in the words of the notice."""
    from ipse.consent import NOTICE
    from ipse.pipeline.consents import give

    if workspace.allows(source) and workspace.allows(source, "events"):
        return
    if not yes:
        console().print(NOTICE, markup=False)
    confirm(f"Allow `{source}` to be kept in your vault and learned from (archive, events)?", yes=yes)
    give(workspace, source, ["archive", "events"])


def _tell_taken(taken: "Taken") -> None:
    twice = f", {taken.duplicates:,} were there already" if taken.duplicates else ""
    skipped = f", {taken.skipped:,} without a time left out" if taken.skipped else ""
    read = f"{taken.file}: {taken.rows:,} rows by `{taken.time}`, {taken.kept:,} kept as {taken.source}"
    console().print(f"{read}{twice}{skipped}.", markup=False)
    if taken.shared:
        said = f"{taken.shared:,} rows share their time with another: of each time the first is foretold."
        console().print(said, markup=False)


def tell_model(found: "Learned") -> None:
    """A model beside its baseline, and whether it speaks."""
    from rich.table import Table

    made, verdict = found.card, found.card.verdict
    table = Table(
        "", "", title=f"{made.id}: {made.target.field}, {made.task} by {made.algorithm}", title_justify="left"
    )
    table.show_header = False
    ahead = f"{_length(made.target.ahead)} ahead" if made.target.ahead else "of the same row"
    table.add_row("foretells", ahead)
    table.add_row(
        "learned from", f"{made.rows:,} rows, {len(made.columns)} features (version {made.version})"
    )
    if made.tried:
        table.add_row("tried", ", ".join(f"{name} {off:.4g} wrong" for name, off in made.tried.items()))
    table.add_row(verdict.metric, f"[bold]{verdict.value:.4g}[/] on the last {verdict.rows:,} rows")
    table.add_row(f"beside: {verdict.baseline}", f"{verdict.baseline_value:.4g}")
    table.add_row("better by", f"{verdict.better:.4g}, 95 % interval {verdict.low:.4g} to {verdict.high:.4g}")
    for name, value in verdict.figures.items():
        table.add_row(name.replace("_", " "), f"{value:.4g}")
    out = console()
    out.print(table)
    colour = "green" if found.promoted else "yellow"
    became = "speaks from now on" if found.promoted else "is kept and does not speak"
    out.print(f"[{colour}]{made.id} {became}[/]: {found.reason}.", soft_wrap=True)


def tell_prediction(said: "Prediction") -> None:
    """What is said, how sure, and why."""
    from datetime import UTC, datetime

    due = datetime.fromtimestamp(said.due / 1e6, UTC)
    if said.label:
        rare = "stranger than " if said.label in ("anomaly", "usual") and not said.chances else ""
        what = f"{said.label} ({rare}{said.chance or 0:.0%}{' of what was' if rare else ''})"
        if said.suppressed:
            what += f", kept silent by the rule {said.suppressed}"
    else:
        what = f"{said.value:.4g} (90 %: {said.low or 0:.4g} to {said.high or 0:.4g})"
    out = console()
    out.print(f"{due:%Y-%m-%d %H:%M} UTC: [bold]{what}[/]  by {said.model}", soft_wrap=True)
    for step in said.path[:-1]:
        at = datetime.fromtimestamp(step.due / 1e6, UTC)
        out.print(
            f"  {at:%Y-%m-%d %H:%M}  {step.value:.4g} ({step.low:.4g} to {step.high:.4g})", markup=False
        )
    if said.order:
        out.print(f"  in this order: {', '.join(said.order)}", markup=False, soft_wrap=True)
    for one in said.reasons:
        value = "not known" if one.value is None else f"{one.value:.4g}"
        out.print(f"  {one.feature} = {value} moves it by {one.moves:+.3g}", markup=False)


def _length(seconds: float) -> str:
    """A time in the largest unit that leaves at least two of it."""
    for unit, size in (("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds:.4g} s"
