"""``ipse audit``: what was done with your data."""

from pathlib import Path
from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

__all__ = ["app"]

app = typer.Typer(
    help="What was kept, used and erased, in a chain that shows tampering.", no_args_is_help=True
)


@app.command()
def show(
    last: Annotated[int, typer.Option("--last", min=1, help="So many rows, from the end.")] = 50,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Show the log, oldest first."""
    from collections import deque

    from rich.table import Table

    with opened(vault) as workspace:
        rows = deque(workspace.vault.audit_rows(), maxlen=last)
    if json:
        print_json(list(rows))
        return
    table = Table("row", "at (UTC)", "action", "details", title="Audit log", title_justify="left")
    for row in rows:
        details = ", ".join(f"{name} {value}" for name, value in row.details.items() if value != "")
        table.add_row(
            str(row.seq), f"{row.at:%Y-%m-%d %H:%M:%S}" if row.at else "erased", row.action, details
        )
    console().print(table)


@app.command()
def verify(
    anchor: Annotated[
        Path | None,
        typer.Option(
            "--anchor",
            metavar="FILE",
            help="Checkpoints kept outside the vault; else the setting `audit.anchor`.",
        ),
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Check the chain from its first row to its last, every checkpoint, and an anchor."""
    from ipse.pipeline.auditing import verify as check

    with opened(vault) as workspace:
        report = check(workspace, anchor)
    if json:
        print_json({"rows": report.rows, "valid": True, "report": report})
        return
    out = console()
    out.print(
        f"{report.rows:,} rows, each follows from the one before; "
        f"{report.checkpoints:,} checkpoints cover {report.covered:,} of them."
    )
    if report.anchored is None:
        out.print("Rows cut off the end, or an older copy of the vault, would not show without an anchor.")
    else:
        out.print(
            f"The anchor vouches for the first {report.anchored:,}. "
            "Rows after them that were cut off would not show."
        )
    out.print(f"Public key: {report.public_key}", soft_wrap=True)


@app.command()
def checkpoint(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="FILE", help="Append it to an anchor, on another medium than the vault."
        ),
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Sign every row so far and destroy the key they were chained with."""
    from ipse.pipeline.auditing import checkpoint as make

    with opened(vault) as workspace:
        made = make(workspace, to)
    if json:
        print_json(made)
        return
    out = console()
    out.print(f"Checkpoint {made.epoch} signs {made.rows:,} rows.")
    if to is not None:
        out.print(f"{made.written:,} lines added to {to}. Keep it where the vault is not.", soft_wrap=True)
    out.print(f"Public key: {made.public_key}", soft_wrap=True)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; JSON lines.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write the log without what it says, for the verifier tools/verify_audit.py; signs it first."""
    from ipse.pipeline.auditing import export_log

    with opened(vault) as workspace:
        written = export_log(workspace, file)
    if json:
        print_json({"written": written, "file": str(file)})
    else:
        console().print(f"Wrote {written:,} lines to {file}. No content is in them.", soft_wrap=True)
