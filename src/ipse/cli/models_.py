"""``ipse models``: the registry."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json, progress_bar
from ipse.cli.remote import ServerOption, service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ipse.client.results import Model
    from ipse.registry import ModelCard

__all__ = ["app"]

app = typer.Typer(help="The models of the vault, and which of them speaks.", no_args_is_help=True)
ModelArgument = Annotated[str, typer.Argument(help="A version such as v2, or champion.")]


@app.command("list")
def list_models(server: ServerOption = None, vault: VaultOption = None, json: JsonOption = False) -> None:
    """List the models, oldest first."""
    from rich.table import Table

    from ipse.registry import Registry

    cards: Sequence[ModelCard | Model]
    role = "champion"
    if server:
        with service(server) as client:
            told = client.models()[::-1]
        cards, champion = told, next((card.id for card in told if card.champion), None)
    else:
        with opened(vault) as workspace:
            registry = Registry(workspace.vault)
            cards, champion = registry.cards(), registry.champion()
            role = "default voice" if registry.by_default() else role
    if json:
        print_json({"champion": champion, "by_default": role != "champion", "models": cards})
        return
    table = Table("model", "", "method", "dataset", "made", "base", title="Models", title_justify="left")
    for card in cards:
        speaks = role if card.id == champion else ""
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
    force: Annotated[
        bool,
        typer.Option(
            "--force", "--anyway", help="Even if its scorecard does not earn it; recorded, also on the card."
        ),
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Let a model speak, if its scorecard earns it."""
    from ipse.pipeline.judging import promote as earn

    with opened(vault) as workspace:
        card = earn(workspace, model, force=force)
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


@app.command()
def export(
    model: ModelArgument,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder.")],
    shape: Annotated[
        Literal["adapter", "merged", "gguf", "onnx"],
        typer.Option("--format", help="adapter and merged: for transformers; gguf: for llama.cpp, Ollama."),
    ] = "gguf",
    precision: Annotated[
        Literal["f16", "bf16", "q8_0", "fp32", "int8", "int4"] | None,
        typer.Option("--precision", help="gguf: f16, bf16, q8_0; onnx: int8, int4, fp32. Else the first."),
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Write a language model for other programs; it is not encrypted there, and no erasure reaches it."""
    from ipse.pipeline.releasing import export_model

    with opened(vault) as workspace, progress_bar(f"writing {shape}", quiet=json) as progress:
        done = export_model(workspace, model, directory, shape=shape, precision=precision, progress=progress)
    if json:
        print_json(done)
        return
    for name, size in done.files.items():
        console().print(f"{size:>14,}  {name}")
    console(stderr=True).print(
        f"Wrote {done.model} to {directory}. It is not encrypted, and forgetting does not reach it."
    )


@app.command()
def optimize(
    model: ModelArgument = "champion",
    engine: Annotated[
        Literal["auto", "onnx", "llama"],
        typer.Option("--engine", help="onnx: ONNX Runtime; llama: llama.cpp; auto: what is installed."),
    ] = "auto",
    precision: Annotated[
        Literal["int8", "int4"], typer.Option("--precision", help="Of the copy's matrices.")
    ] = "int8",
    remove: Annotated[bool, typer.Option("--remove", help="Delete the copy there is.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Make an adapter's answers faster: a copy for a fast engine, sealed beside the model."""
    from ipse.pipeline.optimizing import drop_copy
    from ipse.pipeline.optimizing import optimize as make

    with opened(vault) as workspace, progress_bar("optimizing", quiet=json) as progress:
        if remove:
            drop_copy(workspace, model)
            return
        done = make(workspace, model, engine=engine, precision=precision, progress=progress)
    if json:
        print_json(done)
    else:
        console().print(
            f"Answers come from an optimized copy now: {done.maker}, {done.precision}, {done.bytes:,} bytes."
        )
