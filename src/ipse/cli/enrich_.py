"""``ipse enrich``: what is behind the links in messages; off until the owner allows it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json, progress_bar

if TYPE_CHECKING:
    from ipse.pipeline.enriching import EnrichReport

__all__ = ["enrich"]

SHOWN = 20


def enrich(
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Look up so many links at most.")
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option(
            "--from-archive", metavar="PATH", help="An X archive to find posts in, without network."
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Ask nothing; show what was found.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Look up what is behind the links in messages: titles, descriptions, posts, images."""
    from ipse.pipeline import enriching

    with opened(vault) as workspace:
        if show:
            found = list(enriching.enriched(workspace))
            if json:
                print_json(found)
                return
            for one in found[:SHOWN]:
                for link in one.links:
                    console().print(f"{link.title or link.url}: {link.description}", markup=False)
                for post in one.posts:
                    console().print(f"@{post.author}: {post.text}", markup=False)
            console().print(f"{len(found):,} messages have links behind which something was found.")
            return
        if archive is not None:
            report = enriching.from_archive(workspace, archive)
        else:
            with progress_bar("looking up", quiet=json, unit="links") as progress:
                report = enriching.enrich(workspace, limit=limit, progress=progress)
    if json:
        print_json(report)
    else:
        _print(report)


def _print(report: "EnrichReport") -> None:
    console().print(
        f"{report.links:,} links: {report.found:,} found, {report.nothing:,} with nothing behind them, "
        f"{report.known:,} known before, {report.left:,} not asked for."
    )
    for reason, count in sorted(report.reasons.items(), key=lambda item: -item[1]):
        console().print(f"  {count:,}: {reason}", markup=False)
