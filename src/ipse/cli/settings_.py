"""``ipse settings``: what is in force, and the schema of the file."""

from typing import Annotated, Literal

import typer

from ipse.cli.console import JsonOption, VaultOption, print_json

__all__ = ["app"]

app = typer.Typer(help="What is in force, and the schema of a settings file.", no_args_is_help=True)


@app.command()
def show(
    form: Annotated[Literal["yaml", "json"], typer.Option("--format", help="As YAML or JSON.")] = "yaml",
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Print the settings in force here: built-in < user file < ipse.yaml < environment."""
    import yaml

    from ipse.config import load_settings

    settings = load_settings({"vault": str(vault)} if vault else {}).model_dump(mode="json")
    if json or form == "json":
        print_json(settings)
    else:
        typer.echo(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), nl=False)


@app.command()
def schema(
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
) -> None:
    """Print the JSON Schema of a settings file, for editors."""
    from ipse.config import json_schema

    print_json(json_schema())
