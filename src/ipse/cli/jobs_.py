"""``ipse jobs``: long work, and how to stop it."""

from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

__all__ = ["app"]

app = typer.Typer(help="Long work: what ran, what runs, how to stop it.", no_args_is_help=True)


@app.command("list")
def list_jobs(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List the jobs of the vault, newest last."""
    from rich.table import Table

    from ipse.jobs import listed

    with opened(vault) as workspace:
        jobs = listed(workspace.vault)
    if json:
        print_json(jobs)
        return
    table = Table("job", "kind", "state", "started", "done", "figures", title="Jobs", title_justify="left")
    for job in jobs:
        share = f"{job.done / job.total:.0%}" if job.total else f"{job.done:g}"
        figures = "  ".join(f"{name} {value:.4g}" for name, value in job.figures.items())
        table.add_row(
            job.id, job.kind, job.state, f"{job.started_at:%Y-%m-%d %H:%M}", share, figures or job.error
        )
    console().print(table)


@app.command()
def stop(
    job: Annotated[str, typer.Argument(help="The id of a running job.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Ask a running job to stop at its next step; needs no passphrase."""
    from ipse.config import load_settings
    from ipse.jobs import request_stop
    from ipse.pipeline.workspace import locate

    folder = locate(load_settings({"vault": str(vault)} if vault else {}))
    request_stop(folder, job)
    if json:
        print_json({"job": job, "asked_to_stop": True})
    else:
        console().print(f"Asked {job} to stop.")
