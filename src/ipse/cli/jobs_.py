"""``ipse jobs``: long work: queue it, look at it, stop it, let it go on, set times for it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import schedules_
from ipse.cli.console import (
    JsonOption,
    VaultOption,
    console,
    opened,
    print_json,
    progress_bar,
    ways,
)
from ipse.cli.remote import ServerOption
from ipse.cli.schedules_ import KindArgument, SetOption, WordsArgument, spec_of

if TYPE_CHECKING:
    from rich.table import Table

    from ipse.jobs import Job
    from ipse.pipeline.unlocking import Keeper

__all__ = ["app"]

app = typer.Typer(help="Long work: what ran, what runs, what waits, how to stop it.", no_args_is_help=True)
app.add_typer(schedules_.app, name="schedule")

JobArgument = Annotated[str, typer.Argument(help="The id of a job.")]
LOOK_SECONDS = 0.5
COLOURS = {"done": "green", "failed": "red", "running": "cyan", "queued": "yellow"}


@app.command("list")
def list_jobs(server: ServerOption = None, vault: VaultOption = None, json: JsonOption = False) -> None:
    """List the jobs of the vault, newest last."""
    from ipse.cli.there import jobs_there
    from ipse.pipeline.queueing import jobs

    if server:
        jobs_there(server, json=json)
        return
    with opened(vault) as workspace:
        found = jobs(workspace)
    if json:
        print_json(found)
    else:
        console().print(_table(found))


@app.command()
def show(
    job: JobArgument, server: ServerOption = None, vault: VaultOption = None, json: JsonOption = False
) -> None:
    """Show a job: how far it is, its figures, its log, how it ended."""
    from ipse.cli.there import job_there
    from ipse.pipeline.queueing import job_named

    if server:
        job_there(server, job, json=json)
        return
    with opened(vault) as workspace:
        found = job_named(workspace, job)
    if json:
        print_json(found)
        return
    out = console()
    out.print(_table([found]))
    if found.error:
        out.print(f"{found.error} {found.hint}".strip(), markup=False)
    if found.hung:
        out.print(f"It has said nothing for too long: `ipse jobs stop {found.id} --force` ends it.")
    for line in found.live.log if found.live else ():
        out.print(f"{line.at:%Y-%m-%d %H:%M:%S}  {line.text}", markup=False)
    if found.result:
        print_json(found.result)


@app.command()
def start(
    kind: KindArgument,
    words: WordsArgument = None,
    settings: SetOption = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for it.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Queue a job and follow it; it is done in a process of its own and goes on when this terminal closes."""
    _begin(vault, lambda: spec_of(kind, words, settings), None, detach=detach, json=json)


@app.command()
def resume(
    job: JobArgument,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for it.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Let a job that was cut off, stopped or failed go on."""
    _begin(vault, None, job, detach=detach, json=json)


@app.command()
def stop(
    job: JobArgument,
    force: Annotated[
        bool, typer.Option("--force", help="End its process at once, or take it off the queue.")
    ] = False,
    server: ServerOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Ask a running job to stop at its next step; needs no passphrase without --force."""
    from ipse.cli.there import job_there
    from ipse.config import load_settings
    from ipse.jobs import request_stop
    from ipse.jobs.queue import cancel
    from ipse.pipeline.workspace import locate

    if server:
        job_there(server, job, stop=True, force=force, json=json)
        return
    if force:
        with opened(vault) as workspace:
            ended = cancel(workspace.vault, job, force=True)
        if json:
            print_json({"job": job, "state": ended.state})
        else:
            console().print(f"{job} is {ended.state}.")
        return
    request_stop(locate(load_settings({"vault": str(vault)} if vault else {})), job)
    if json:
        print_json({"job": job, "asked_to_stop": True})
    else:
        console().print(f"Asked {job} to stop.")


@app.command()
def work(
    once: Annotated[bool, typer.Option("--once", help="Until the queue is empty, not for ever.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Do what is queued and what is due, here, until Ctrl-C; `ipse serve` does so too."""
    from ipse.pipeline.queueing import work_off

    keeper = _keeper(vault)
    with opened(vault, opener=keeper) as workspace:
        for begun in work_off(workspace, keeper.hand, once=once):
            if json:
                print_json({"job": begun.id, "kind": begun.kind})
            else:
                console().print(f"Begun: {begun.kind} {begun.id}")


def _begin(vault: Path | None, spec: "object", job: str | None, *, detach: bool, json: bool) -> None:
    """Queue a job, new or again, and follow it to its end."""
    from ipse.errors import CancelledError, VaultError
    from ipse.jobs.queue import enqueue
    from ipse.jobs.queue import resume as again
    from ipse.pipeline.queueing import followed

    keeper = _keeper(vault)
    with opened(vault, opener=keeper) as workspace:
        made = again(workspace.vault, job) if job else enqueue(workspace.vault, spec())  # type: ignore[operator]
        with progress_bar(made.kind, quiet=json or detach) as progress:
            try:
                ended = followed(workspace, made.id, keeper.hand, progress, wait=not detach)
            except KeyboardInterrupt:
                raise CancelledError(
                    f"{made.id} goes on by itself.", hint=f"`ipse jobs stop {made.id}` stops it."
                ) from None
    if json:
        print_json(ended)
    elif not ended.ended:
        console().print(f"{ended.id} ({ended.kind}) is {ended.state}: `ipse jobs show {ended.id}`.")
    elif ended.state == "done":
        console().print(f"{ended.id} ({ended.kind}) is done.")
        print_json(ended.result)
    if ended.state in ("failed", "cancelled"):
        raise VaultError(f"The job {ended.id} is {ended.state}: {ended.error}".rstrip(": "), hint=ended.hint)


def _keeper(vault: Path | None) -> "Keeper":
    from ipse.config import load_settings
    from ipse.pipeline.unlocking import Keeper
    from ipse.pipeline.workspace import locate

    return Keeper(ways(locate(load_settings({"vault": str(vault)} if vault else {}))))


def _table(jobs: "list[Job]") -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table("job", "kind", "state", "started", "done", "figures", title="Jobs", title_justify="left")
    for job in jobs:
        share = f"{job.done / job.total:.0%}" if job.total else f"{job.done:g}"
        figures = "  ".join(f"{name} {value:.4g}" for name, value in job.figures.items())
        state = "hangs" if job.hung else job.state
        colour = COLOURS.get(state, "default")
        table.add_row(
            job.id, job.kind, f"[{colour}]{state}[/]", f"{job.started_at:%Y-%m-%d %H:%M}", share,
            figures or escape(job.error),
        )  # fmt: skip
    return table
