"""``ipse models``: the registry."""

from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

__all__ = ["app"]

app = typer.Typer(help="The models of the vault, and which of them speaks.", no_args_is_help=True)
ModelArgument = Annotated[str, typer.Argument(help="A version such as v2, or champion.")]


@app.command("list")
def list_models(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List the models, oldest first."""
    from rich.table import Table

    from ipse.registry import Registry

    with opened(vault) as workspace:
        registry = Registry(workspace.vault)
        cards, champion = registry.cards(), registry.champion()
    if json:
        print_json({"champion": champion, "models": cards})
        return
    table = Table("model", "", "method", "dataset", "made", "base", title="Models", title_justify="left")
    for card in cards:
        speaks = "champion" if card.id == champion else ""
        table.add_row(
            card.id, speaks, card.method, card.dataset, f"{card.created_at:%Y-%m-%d %H:%M}", card.base or "–"
        )
    console().print(table)


@app.command()
def show(model: ModelArgument = "champion", vault: VaultOption = None, json: JsonOption = False) -> None:
    """Show a model's card: where it comes from and how it was made."""
    from ipse.cli.train_ import print_model
    from ipse.registry import Registry

    with opened(vault) as workspace:
        card = Registry(workspace.vault).card(model)
    if json:
        print_json(card)
    else:
        print_model(card)


@app.command()
def promote(
    model: ModelArgument,
    anyway: Annotated[bool, typer.Option("--anyway", help="Even if its scorecard does not earn it.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Let a model speak, if its scorecard earns it."""
    from ipse.pipeline.judging import promote as earn

    with opened(vault) as workspace:
        card = earn(workspace, model, anyway=anyway)
    if json:
        print_json(card)
    else:
        console().print(f"{card.id} speaks now.")


@app.command()
def rollback(vault: VaultOption = None, json: JsonOption = False) -> None:
    """Let the model speak that spoke before."""
    from ipse.registry import Registry

    with opened(vault) as workspace:
        card = Registry(workspace.vault).rollback()
    if json:
        print_json(card)
    else:
        console().print(f"{card.id} speaks again.")
