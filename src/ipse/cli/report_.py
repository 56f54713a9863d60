"""``ipse report``: what the vault can show of data protection, signed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import exceptions_, requests_
from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json, progress_bar

if TYPE_CHECKING:
    from ipse.pipeline.compliance import Report

__all__ = ["app"]

app = typer.Typer(help="What your vault can show of data protection.", no_args_is_help=True)
app.add_typer(requests_.app, name="requests")
app.add_typer(exceptions_.app, name="exception")

COLOURS = {"pass": "green", "fail": "red", "not measured": "yellow"}


@app.command()
def compliance(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the JSON and the page there, signed.")
    ] = None,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", metavar="FILE", help="Checkpoints kept outside the vault.")
    ] = None,
    backups: Annotated[
        list[Path] | None, typer.Option("--backups", metavar="DIR", help="A folder of backups to look into.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 where a line fails.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Measure eighteen lines of data protection, each pass, fail or not measured, with its evidence."""
    from ipse.pipeline.compliance import compliance as measure
    from ipse.pipeline.compliance import write

    with opened(vault) as workspace, progress_bar("measuring", quiet=json, unit="records") as progress:
        signed = measure(workspace, anchor=anchor, backups=backups or (), progress=progress)
    files = write(signed, out) if out is not None else ()
    if json:
        print_json(signed)
    else:
        _print(signed.report)
        for file in files:
            console().print(f"Written: {file}", soft_wrap=True)
        if not files:
            console().print("With --out DIR it is written as a page and as JSON, signed.")
    if check and signed.report.tally()["fail"]:
        raise typer.Exit(1)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A report, JSON or page.")],
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="The vault's public key, noted down before.")
    ] = None,
    vault: VaultOption = None,  # noqa: ARG001 - taken by every verb
    json: JsonOption = False,
) -> None:
    """Check that a report is what a vault signed; needs no vault and no passphrase."""
    from ipse.pipeline.compliance import verify as check

    found = check(file, key)
    tally = found.report.tally()
    if json:
        print_json(
            {"valid": True, "vault": found.report.vault, "at": found.report.at, "tally": tally}
            | {"public_key": found.public_key, "page": found.page, "version": found.version}
        )
        return
    out = console()
    told = ", ".join(f"{count} {state}" for state, count in tally.items())
    out.print(
        f"The signature holds: vault {found.report.vault}, {found.report.at:%Y-%m-%d %H:%M} UTC; {told}."
    )
    if found.page:
        out.print("The page is what was signed, byte for byte.")
    elif file.suffix == ".html":
        out.print(f"The page was made by ipse {found.version}: its looks were not compared, its data was.")
    out.print(f"Public key: {found.public_key}", soft_wrap=True)
    if key is None:
        out.print("Whose key that is, only a copy noted down before can tell: --key KEY.")


@app.command()
def dpia(
    accept: Annotated[
        str | None,
        typer.Option("--accept", metavar="TEXT", help="You assessed it: which risks you accept, and why."),
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Show the impact assessment, filled in with what the vault knows; or say that you made it."""
    from ipse.pipeline.compliance import accept_impact, impact

    with opened(vault) as workspace:
        done = accept_impact(workspace, accept) if accept is not None else None
        sections = impact(workspace)
    if json:
        print_json(done if done is not None else sections)
        return
    out = console()
    for section in sections:
        out.print(f"\n[bold]({section.id}) {section.title}[/]")
        for text in section.known:
            out.print(f"  {text}", markup=False)
        for text in section.open:
            out.print(f"  [ ] {text}", markup=False)
    if done is not None:
        out.print(f"\nAccepted on {done.at:%Y-%m-%d}; line C17 asks again when the processing changes.")


def _print(report: "Report") -> None:
    """A row for each line, then what failed, with what to do."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        "line", "asks for", "articles", "result", "evidence", title="Compliance", title_justify="left"
    )
    for line in report.lines:
        shown = next(one for one in line.checks if one.state == line.state)
        state = f"[{COLOURS[line.state]}]{line.state}[/]"
        table.add_row(line.id, line.title, line.articles, state, escape(shown.found))
    out = console()
    out.print(table)
    for line in report.lines:
        for check in (one for one in line.checks if one.state == "fail"):
            which = f" ({', '.join(check.ids[:5])}{', …' if len(check.ids) > 5 else ''})" if check.ids else ""
            out.print(
                f"[red]{check.id}[/] {escape(check.found)}{escape(which)} [bold]{escape(check.todo)}[/]"
            )
    told = ", ".join(f"{count} {state}" for state, count in report.tally().items())
    out.print(f"{told}. This is no legal advice.")
