"""``ipse jobs schedule``: jobs at set times."""

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json
from ipse.errors import SettingsError

if TYPE_CHECKING:
    from ipse.jobs import Spec
    from ipse.jobs.schedules import Planned

__all__ = ["KindArgument", "SetOption", "WordsArgument", "app", "spec_of"]

app = typer.Typer(help="Jobs at set times.", no_args_is_help=True)

KindArgument = Annotated[
    str,
    typer.Argument(
        help="import, prepare, train, evaluate, backup, report, forget, enrich, learn or predict."
    ),
]
WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME=VALUE…", help="What it is told, as method=lora; paths=A,B for several."),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="SECTION.NAME=VALUE", help="A setting for this job.")
]


@app.command("add")
def add_schedule(
    cron: Annotated[
        str,
        typer.Argument(
            help="'30 3 * * *' (minute hour day month weekday), daily …, 'every 6h', '1000 events of window'."
        ),
    ],
    kind: KindArgument,
    words: WordsArgument = None,
    settings: SetOption = None,
    idle: Annotated[
        float, typer.Option("--idle", metavar="MINUTES", help="Wait until nobody was here so long.")
    ] = 0.0,
    on_ac: Annotated[bool, typer.Option("--on-ac", help="Wait for mains power.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Do a job at set times, while `ipse serve` or `ipse jobs work` runs; what was missed is done once."""
    from ipse.jobs.schedules import add, planned

    with opened(vault) as workspace:
        spec = spec_of(kind, words, settings)
        made = planned(add(workspace.vault, spec, cron, idle_minutes=idle, on_ac=on_ac))
    if json:
        print_json(made)
    else:
        clock = f"next {made.due_at.astimezone():%Y-%m-%d %H:%M}" if made.due_at else made.when
        console().print(f"{made.id}: {kind}, {clock}")


@app.command("list")
def list_schedules(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List what is done at set times."""
    from rich.table import Table

    from ipse.jobs.schedules import held, planned

    with opened(vault) as workspace:
        found = [planned(one) for one in held(workspace.vault)]
    if json:
        print_json(found)
        return
    table = Table(
        "schedule", "kind", "when", "waits for", "next", "last", title="Schedules", title_justify="left"
    )
    for one in found:
        last = f"{one.last_at.astimezone():%Y-%m-%d %H:%M}" if one.last_at else "–"
        next_at = f"{one.due_at.astimezone():%Y-%m-%d %H:%M}" if one.due_at else "–"
        table.add_row(one.id, one.spec.kind, one.when, _waits(one), next_at, last)
    console().print(table)


@app.command("remove")
def remove_schedule(
    name: Annotated[str, typer.Argument(metavar="ID", help="The id of a schedule.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Do it no more."""
    from ipse.jobs.schedules import remove

    with opened(vault) as workspace:
        remove(workspace.vault, name)
    if json:
        print_json({"removed": name})
    else:
        console().print("Removed.")


def spec_of(kind: str, words: list[str] | None, settings: list[str] | None) -> "Spec":
    """What to queue, of words typed; raises ``SettingsError``."""
    from ipse.pipeline.tasks import make

    tree: dict[str, object] = {}
    for name, value in map(_pair, settings or ()):
        section, _, field = name.partition(".")
        held = tree.setdefault(section, {} if field else value)
        if field and isinstance(held, dict):
            held[field] = value
    return make(kind, _arguments(words or ()), tree)


def _arguments(words: "list[str] | tuple[()]") -> dict[str, object]:
    several = ("paths", "me", "backups")
    return {name: value.split(",") if name in several else value for name, value in map(_pair, words)}


def _pair(word: str) -> tuple[str, str]:
    name, found, value = word.partition("=")
    if not found:
        raise SettingsError(f"`{word}` says nothing.", hint="Write NAME=VALUE, as method=lora.")
    return name, value


def _waits(one: "Planned") -> str:
    found = [f"{one.idle_minutes:g} min idle"] if one.idle_minutes else []
    return ", ".join([*found, "mains power"] if one.on_ac else found) or "–"
