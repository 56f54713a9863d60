"""What every verb prints with, and how it opens the vault: options, progress, JSON, errors, passphrases."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.errors import IpseError, SettingsError

if TYPE_CHECKING:
    from rich.console import Console

    from ipse.interfaces import Progress
    from ipse.pipeline.unlocking import Ways
    from ipse.pipeline.workspace import Workspace
    from ipse.vault.opening import Opener

__all__ = [
    "JsonOption",
    "MappingOption",
    "PassphraseFileOption",
    "PassphraseOption",
    "VaultOption",
    "YesOption",
    "confirm",
    "console",
    "export_passphrase",
    "fail",
    "interactive",
    "new_passphrase",
    "opened",
    "passphrase",
    "print_json",
    "progress_bar",
    "temporary_in",
    "wait",
    "ways",
]

ON_THE_BAR = ("steps", "seconds", "eta_seconds")  # figures that the bar itself tells

VaultOption = Annotated[
    Path | None,
    typer.Option("--vault", metavar="DIR", help="The vault; else IPSE_VAULT, this folder, your own."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
MappingOption = Annotated[
    Path | None, typer.Option("--mapping", metavar="FILE", help="YAML that says what a table's columns mean.")
]
PassphraseOption = Annotated[
    str,
    typer.Option(
        "--passphrase",
        metavar="TEXT",
        envvar="IPSE_EXPORT_PASSPHRASE",
        help="Opens an encrypted export (Signal). Others on this machine can see it; better in a file.",
    ),
]
PassphraseFileOption = Annotated[
    Path | None, typer.Option("--passphrase-file", metavar="FILE", help="A file that holds the passphrase.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def console(*, stderr: bool = False) -> "Console":
    """The terminal; colours only where there is one."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 110
    return Console(stderr=stderr, highlight=False, width=width, soft_wrap=False)


def interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def export_passphrase(given: str, file: Path | None) -> str:
    """The passphrase of an export, as given or from a file; a file that is not there: ``SettingsError``."""
    if file is None:
        return given
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"{file}: cannot be read.", hint="Check --passphrase-file.") from error


def fail(error: IpseError) -> None:
    """One line on stderr: what happened and what to do next."""
    from rich.markup import escape

    console(stderr=True).print(
        f"[red]ipse:[/] {escape(error.message)} [bold]{escape(error.hint)}[/]", soft_wrap=True
    )


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the owner agrees; without a terminal, ``--yes`` is needed."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise SettingsError("This needs your agreement and there is no terminal to ask.", hint="Add --yes.")
    typer.confirm(question, abort=True)


def new_passphrase(variable: str = "IPSE_PASSPHRASE", prompt: str = "Passphrase") -> str:
    """A new passphrase: from the environment, else asked twice."""
    given = os.environ.get(variable)
    if given is None and not sys.stdin.isatty():
        raise SettingsError("There is no terminal to ask for a passphrase.", hint=f"Set {variable}.")
    secret = given if given is not None else typer.prompt(prompt, hide_input=True, confirmation_prompt=True)
    if len(secret) < 8:
        raise SettingsError(
            "A passphrase of fewer than 8 characters protects nothing.", hint="Choose a longer one."
        )
    return str(secret)


@contextmanager
def opened(
    vault: Path | None,
    flags: Mapping[str, object] | None = None,
    *,
    purge: bool = True,
    opener: "Opener | None" = None,
) -> "Iterator[Workspace]":
    """The vault of this run, opened; ``flags`` is a tree of settings that override all others.

    Without ``purge``, what is too old stays for now. ``opener`` is another way to the key.
    """
    from rich.markup import escape

    from ipse.config import load_settings
    from ipse.pipeline.workspace import Workspace, locate

    settings = load_settings({**(flags or {}), **({"vault": str(vault)} if vault else {})})
    workspace = Workspace.open(settings, opener or ways(locate(settings)), purge=purge)
    try:
        with workspace:
            yield workspace
    finally:
        for line in workspace.warnings:
            console(stderr=True).print(f"[yellow]ipse:[/] {escape(line)}", soft_wrap=True)


@contextmanager
def temporary_in(vault: Path | None) -> Iterator[None]:
    """Keep copies of what is looked into inside the vault, if there is one; it is not opened."""
    from ipse.config import load_settings
    from ipse.pipeline.workspace import locate
    from ipse.vault.scratch import scratch

    folder = locate(load_settings({"vault": str(vault)} if vault else {}))
    with scratch(folder) if (folder / "vault.json").is_file() else nullcontext():
        yield


def ways(folder: Path, *, quiet: bool = False) -> "Ways":
    """The ways into a vault: its agent, the keyring, IPSE_PASSPHRASE, the terminal (not if ``quiet``)."""
    from ipse.pipeline.unlocking import Ways
    from ipse.unlocking.memory import no_core_dumps

    no_core_dumps()
    return Ways(folder, lambda: passphrase(folder, quiet=quiet), wait=wait)


def passphrase(folder: Path, *, quiet: bool = False) -> str:
    """The passphrase or recovery key of a vault, from IPSE_PASSPHRASE, else asked."""
    given = os.environ.get("IPSE_PASSPHRASE")
    if given is None and (quiet or not sys.stdin.isatty()):
        raise SettingsError(
            "There is no terminal to ask for the passphrase.",
            hint="Set IPSE_PASSPHRASE, or run `ipse vault unlock` first.",
        )
    return given if given is not None else str(typer.prompt(f"Passphrase of {folder}", hide_input=True))


def wait(seconds: float) -> None:
    """Wait because of wrong passphrases before, and say so."""
    import time

    console(stderr=True).print(f"Waiting {seconds:.0f} s: the last passphrase was wrong.")
    time.sleep(seconds)


@contextmanager
def progress_bar(title: str, *, quiet: bool, unit: str = "") -> "Iterator[Progress]":
    """A live bar on stderr with rate and time left, one line without a terminal, nothing where ``quiet``."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    from ipse.cli.rate import RateColumn

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    bars = Bars(*columns, console=console(stderr=True), disable=quiet, refresh_per_second=5)
    task = bars.add_task(title, total=None, figures="")
    try:

        def progress(done: float, total: float | None, figures: Mapping[str, float]) -> None:
            told = [(name, value) for name, value in figures.items() if name not in ON_THE_BAR]
            shown = "  ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in told)
            bars.start()  # only now: before the first step the terminal may be needed for a question
            bars.update(task, completed=done, total=total, figures=shown)

        yield progress
    finally:
        bars.stop()
