"""``ipse settings``: what is in force, what is chosen in the vault, and the schema of the file."""

from typing import Annotated, Literal

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

__all__ = ["app"]

app = typer.Typer(help="What is in force, and the schema of a settings file.", no_args_is_help=True)
KeyArgument = Annotated[str, typer.Argument(metavar="SECTION.KEY", help="Such as imports.tz.")]


@app.command()
def show(
    form: Annotated[Literal["yaml", "json"], typer.Option("--format", help="As YAML or JSON.")] = "yaml",
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Print what files, IPSE_... and flags say; `ipse settings list` opens the vault for what it holds."""
    import yaml

    from ipse.config import load_settings

    settings = load_settings({"vault": str(vault)} if vault else {}).model_dump(mode="json")
    if json or form == "json":
        print_json(settings)
    else:
        typer.echo(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), nl=False)


@app.command("list")
def list_settings(
    changed: Annotated[bool, typer.Option("--changed", help="Only those that are not built in.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """List every value in force in a vault, and where it comes from."""
    from pydantic import SecretStr
    from rich.markup import escape
    from rich.table import Table

    from ipse.pipeline.choosing import in_force, personal

    with opened(vault) as workspace:
        personal(workspace)
        found = [one for one in in_force(workspace) if not changed or one.origin != "built-in"]
    told = [(one, str(one.value) if isinstance(one.value, SecretStr) else one.value) for one in found]
    if json:
        print_json({one.name: {"value": value, "origin": one.origin} for one, value in told})
        return
    table = Table("setting", "value", "from", title="Settings", title_justify="left")
    for one, value in told:
        table.add_row(one.name, escape(str(value)), escape(one.origin))
    console().print(table)


@app.command("set")
def set_(
    key: KeyArgument,
    value: Annotated[str, typer.Argument(help="As in a settings file: 7, true, [a, b].")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Choose a value in the vault; files, IPSE_... and flags go before it."""
    import yaml

    from ipse.errors import SettingsError

    try:
        read = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise SettingsError(f"`{value}` is no value.", hint="Write it as in a settings file.") from error
    _choose(vault, {key: read}, (), json=json)


@app.command()
def unset(key: KeyArgument, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Take back what was chosen in the vault."""
    _choose(vault, {}, (key,), json=json)


@app.command()
def schema(
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
) -> None:
    """Print the JSON Schema of a settings file, for editors."""
    from ipse.config import json_schema

    print_json(json_schema())


def _choose(vault: VaultOption, changes: dict[str, object], reset: tuple[str, ...], *, json: bool) -> None:
    from ipse.pipeline.choosing import choose, in_force

    with opened(vault) as workspace:
        choose(workspace, changes, reset)
        now = next(one for one in in_force(workspace) if one.name in (*changes, *reset))
    if json:
        print_json({"setting": now.name, "value": now.value, "origin": now.origin})
    else:
        console().print(f"{now.name} is {now.value} ({now.origin}).", markup=False)
