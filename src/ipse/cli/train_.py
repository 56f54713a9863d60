"""``ipse train``: fit a learner on a dataset."""

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, YesOption, console, opened, print_json, progress_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipse.pipeline.workspace import Workspace
    from ipse.registry import ModelCard

__all__ = ["print_model", "train"]

GB = 1e9
UNFIT = (
    "That may not fit. Lower lora.max_tokens, set lora.gradient_checkpointing: on, or take a smaller base."
)


def train(
    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="retrieval (needs no weights; trained unless a base is named); an adapter: lora (else), "
            "qlora, dora, houlsby, full; ensemble; prompted; preference: what you decided on drafts.",
        ),
    ] = "",
    base: Annotated[
        str | None, typer.Option("--base", metavar="PATH_OR_ID", help="Base model for an adapter.")
    ] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", metavar="ID", help="Else the newest.")] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Do not go on with a training that was cut off.")
    ] = False,
    start: Annotated[
        str,
        typer.Option(
            "--from", metavar="ID", help="For preference: the adapter to go on from; else the newest."
        ),
    ] = "",
    epochs: Annotated[
        float | None,
        typer.Option(
            "--epochs",
            min=0.01,
            metavar="N",
            help="For an adapter: times through all examples, however many tokens that takes.",
        ),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", min=0, metavar="N", help="For an adapter: end after so many; 0: by epochs."),
    ] = None,
    vault: VaultOption = None,
    yes: YesOption = False,  # noqa: ARG001 - taken by every verb that could ask
    json: JsonOption = False,
) -> None:
    """Train a clone on a dataset. Ctrl-C stops it; what trains on a base goes on from there next time."""
    from ipse.pipeline.learning import train as fit
    from ipse.pipeline.optimizing import optimize_if_useful

    named = any(one is not None for one in (base, epochs, tokens))
    method = method or ("lora" if named else "retrieval")
    given = {"base": base, "epochs": epochs, "total_tokens": 0 if epochs and tokens is None else tokens}
    lora = {key: value for key, value in given.items() if value is not None}
    with opened(vault, {"lora": lora} if lora else {}) as workspace:
        if not json:
            _tell_before(workspace, method, dataset)
        with progress_bar(f"training {method}", quiet=json) as progress:
            card = fit(
                workspace, method=method, dataset_name=dataset, anew=anew, model=start, progress=progress
            )
        with progress_bar("optimizing", quiet=json or card.base is None) as progress:
            optimize_if_useful(workspace, card, progress)
    if json:
        print_json(card)
    else:
        print_model(card)


def _tell_before(workspace: "Workspace", method: str, dataset: str | None) -> None:
    """Before the work: on what, with how much memory, how long, and where it will end."""
    from ipse.cli.base_ import told_ending
    from ipse.pipeline.foreseeing import foresee

    found = foresee(workspace, method, dataset)
    if found is None:
        return
    device, fit = found.device, found.fit
    memory = f"about {fit.total / GB:.1f} GB of memory, {device.free / GB:.1f} GB are free"
    rows = f"{found.rows or 1} example{'' if found.rows < 2 else 's'} of up to {fit.work.tokens:,} tokens"
    used = f"On {device.name} ({device.why}): {memory}; {rows} at a time{_time(found.seconds)}."
    unfit = "" if found.rows else UNFIT
    ends = f"Training ends {told_ending(found.ending, found.epochs)}." if found.ending.tokens else ""
    for line in filter(None, (used, unfit, ends)):
        console().print(line, soft_wrap=True, highlight=False)


def _time(seconds: float) -> str:
    if not seconds:
        return ""
    return f"; about {seconds / 60:,.0f} min" if seconds >= 90 else f"; about {seconds:.0f} s"


def _tell_end(told: "Mapping[str, float]") -> None:
    """After it: where it ended, and why."""
    seen, planned = told["epochs_seen"], told["epochs_planned"]
    why = "All epochs are done."
    if told.get("stopped_by_tokens"):
        why = "Its tokens were spent; `ipse train --epochs N`, or lora.total_tokens: 0, goes on."
    elif told.get("stopped_by_membership"):
        why = "What it learned from could be told from the rest (lora.membership); the best look is kept."
    elif told.get("stopped_by_rise"):
        why = "Held-out replies had begun to cost more bits; the best look is kept."
    elif seen < 0.999 * planned:
        why = "That is all that lora.max_steps gave it."
    console().print(
        f"It ended after {told['tokens']:,.0f} tokens, {seen:.2g} of {planned:g} epochs. {why}",
        soft_wrap=True,
        highlight=False,
    )


def print_model(card: "ModelCard") -> None:
    """A model's card, for people."""
    from rich.table import Table

    table = Table(show_header=False, title=f"Model {card.id}", title_justify="left")
    table.add_row("method", card.method)
    if card.base:
        table.add_row("base", f"{card.base} (SHA-256 {(card.base_hash or '')[:16]}…)")
    table.add_row("dataset", f"{card.dataset}")
    table.add_row("consents", ", ".join(f"{source} ({name[:8]})" for source, name in card.consents.items()))
    table.add_row(
        "config", ", ".join(f"{name} {value}" for name, value in card.config.items() if value != "")
    )
    table.add_row("measured", ", ".join(f"{name} {value:.4g}" for name, value in card.metrics.items()))
    table.add_row(
        "made", f"{card.created_at:%Y-%m-%d %H:%M} UTC by ipse {card.code_version}, seed {card.seed}"
    )
    console().print(table)
    if "epochs_seen" in card.metrics:
        _tell_end(card.metrics)
    if "epsilon" in card.metrics:
        told = card.metrics
        console().print(
            f"Differentially private by example: epsilon {told['epsilon']:.2f} at delta {told['delta']:.1g}. "
            f"The noise was {told['noise_over_gradient']:.1f} times what the examples said; that "
            "costs most of what could be learned. Compare with a training without lora.epsilon.",
            soft_wrap=True,
        )
