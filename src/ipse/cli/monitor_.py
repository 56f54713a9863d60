"""``ipse monitor``: does a clone still sound like its owner, who lives on?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.profile.drift import Distance, Drift

__all__ = ["app"]

app = typer.Typer(help="Watch how far a clone lies behind you.", no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Keep `style` a command of its own, for there will be others."""


@app.command()
def style(
    model: Annotated[str, typer.Option("--model", metavar="ID", help="A version, or champion.")] = "champion",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the page and the JSON there.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 where a retrain is worth it.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Show how your style drifts from what a clone learned, by quarter, and whether a retrain is worth it."""
    from ipse.pipeline.monitoring import export_drift, style_drift

    with opened(vault) as workspace:
        found = style_drift(workspace, model=model)
        files = export_drift(workspace, found, out) if out else ()
    if json:
        print_json(found)
    else:
        _print(found)
        for file in files:
            console().print(f"Written: {file}", soft_wrap=True)
    if check and found.verdict == "retrain":
        raise typer.Exit(1)


@app.command("drift")
def features_drift(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="As `ipse predict list` names it.")],
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 where a feature drifted.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Hold what a model of events sees now against what it learned from, feature by feature."""
    from rich.table import Table

    from ipse.pipeline.days.drifting import drift_of

    with opened(vault) as workspace:
        found = drift_of(workspace, project)
    if json:
        print_json({"verdict": found.verdict, "report": found})
    else:
        title = f"{found.model}: {found.since:,} rows since, beside {found.before:,} that it learned from"
        table = Table("feature", title=title, title_justify="left")
        for name in ("PSI", "KS", "p", ""):
            table.add_column(name, justify="right")
        for one in found.features:
            told = (f"{one.psi:.3f}", f"{one.ks:.3f}", f"{one.p:.3g}")
            table.add_row(one.feature, *told, "[yellow]drifted[/]" if one.drifted else "")
        console().print(table)
        console().print("Worth a retrain: ipse learn." if found.verdict == "retrain" else "As it was.")
    if check and found.verdict == "retrain":
        raise typer.Exit(1)


def _print(found: "Drift") -> None:
    from rich.table import Table

    from ipse.profile.drift_page import advice
    from ipse.profile.wording import quarter_name

    table = Table(
        "quarter", title=f"Distance to what {found.lineage.model} learned from", title_justify="left"
    )
    for name in ("turns", "talks", "learned from", "habits", "cosine Delta", ""):
        table.add_column(name, justify="right")
    for each in found.quarters:
        far = "[yellow]differs[/]" if each.differs else ""
        told = (f"{each.turns:,}", f"{each.talks:,}", f"{each.trained:.0%}")
        table.add_row(quarter_name(each.label), *told, _told(each.habits), _told(each.delta), far)
    since = (f"{found.newer:,}", f"{found.newer_talks:,}", "0%", _told(found.habits), _told(found.delta))
    table.add_row("all since", *since, "", style="bold")
    out = console()
    out.print(table)
    out.print("1 is as far as your own text goes in 19 of 20 draws.")
    for one in found.changes:
        out.print(f"changed     {one.name}: {one.trained:.3g} then, {one.since:.3g} since", markup=False)
    colour = {"retrain": "yellow", "as it was": "green"}.get(found.verdict, "dim")
    out.print(f"[{colour}]{advice(found)}[/]")


def _told(distance: "Distance | None") -> str:
    return f"{distance.value:.2f}" if distance else "–"
