"""``ipse tasks``: what is to be done, what comes first, and why."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.pipeline.days.productivity.prioritizing import Ranked

__all__ = ["app"]

app = typer.Typer(help="Your tasks: what comes first, and why.", no_args_is_help=True)
TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="Its id, as `list` shows it.")]


@app.command()
def add(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be done; kept sealed.")],
    due: Annotated[
        datetime | None, typer.Option("--due", metavar="TIME", help="By when, on this machine's clock.")
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", min=1, help="What it takes.")] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Add a task."""
    from ipse.pipeline.days.productivity.prioritizing import add_task

    with opened(vault) as workspace:
        made = add_task(workspace, text, due=due.astimezone() if due else None, minutes=minutes)
    _say(made, f"Kept as {made.id}.", json=json)


@app.command("list")
def list_tasks(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List open tasks, what comes first in front, each with why."""
    from ipse.pipeline.days.productivity.prioritizing import preferences, ranked

    with opened(vault) as workspace:
        found, said = ranked(workspace), len(preferences(workspace))
    if json:
        print_json({"tasks": found, "preferences": said})
    else:
        _table(found, said)


@app.command()
def first(
    better: Annotated[str, typer.Argument(metavar="TASK", help="The one that comes first.")],
    worse: Annotated[str, typer.Argument(metavar="OTHER", help="The one that can wait.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say which of two comes first; the order learns from it."""
    from ipse.pipeline.days.productivity.prioritizing import prefer

    with opened(vault) as workspace:
        made = prefer(workspace, better, worse)
    _say(made, f"Kept: {better} before {worse}.", json=json)


@app.command()
def done(
    task: TaskArgument,
    undo: Annotated[bool, typer.Option("--undo", help="It is not done after all.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say that a task is done."""
    from ipse.pipeline.days.productivity.prioritizing import change_task

    with opened(vault) as workspace:
        made = change_task(workspace, task, done=not undo)
    _say(made, f"{made.id} is {'open again' if undo else 'done'}.", json=json)


@app.command()
def remove(task: TaskArgument, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Take a task away, with its words."""
    from ipse.pipeline.days.productivity.prioritizing import remove_task

    with opened(vault) as workspace:
        remove_task(workspace, task)
    _say({"removed": task}, f"{task} is gone.", json=json)


def _say(told: object, text: str, *, json: bool) -> None:
    if json:
        print_json(told)
    else:
        console().print(text, markup=False, soft_wrap=True)


def _table(found: "list[Ranked]", said: int) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "task", "why (up +, down -)", "id", title="Tasks", title_justify="left")
    for one in found:
        why = ", ".join(f"{each.told} ({each.moves:+.1f})" for each in one.why)
        table.add_row(str(one.place), escape(one.task.text), why, one.task.id)
    out = console()
    out.print(table)
    if len(found) > 1:
        learned = (
            f"Learned from {said} {'time' if said == 1 else 'times'} that you put one first."
            if said
            else "Nothing learned yet: by date."
        )
        out.print(f"{learned} Say more: ipse tasks first TASK OTHER.", markup=False)
