"""``ipse base``: the base models of this machine."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, print_json, progress_bar
from ipse.errors import CancelledError

if TYPE_CHECKING:
    from ipse.bases.folders import Base
    from ipse.bases.preflight import Fit
    from ipse.interfaces import Progress
    from ipse.pipeline.bases import Ending, Preflight

__all__ = ["app", "told_ending"]

app = typer.Typer(help="Base models: what adapters are trained on.", no_args_is_help=True)
GB = 1e9


@app.command("list")
def list_bases(
    verify: Annotated[bool, typer.Option(help="Compare every byte with the recorded hash.")] = True,
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
    json: JsonOption = False,
) -> None:
    """List the bases of this machine: size, licence, tokenizer, chat format, and whether the hash holds."""
    from rich.table import Table

    from ipse.pipeline.bases import known_bases

    known = known_bases(verify=verify)
    if json:
        print_json([{"base": base, "verified": holds} for base, holds in known])
        return
    table = Table(title="Bases", title_justify="left")
    for column in ("base", "parameters", "size", "window", "licence", "tokenizer", "chat format", "hash"):
        table.add_column(column)
    for base, holds in known:
        said = {True: "verified", False: "[red]differs[/]", None: "not looked"}[holds]
        window = str(base.window or "–")
        table.add_row(
            base.name,
            _count(base.parameters),
            f"{_count(base.bytes)}B",
            window,
            base.licence,
            f"{base.vocabulary:,} tokens",
            base.template,
            f"{base.sha256[:12]}… {said}",
        )
    console().print(table)
    if not known:
        console().print("Add one: `ipse base add FOLDER`.")


@app.command()
def add(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="A folder, a .gguf file, a Hub id (owner/model), or smollm2-135m."
        ),
    ],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What to call it here.")] = "",
    sha256: Annotated[
        str, typer.Option("--sha256", metavar="HEX", help="The hash it must have, as `list` shows it.")
    ] = "",
    link: Annotated[
        bool, typer.Option("--link", help="Leave the folder where it is; only its hash is recorded.")
    ] = False,
    allow_network: Annotated[
        bool, typer.Option("--allow-network", help="Let it be fetched, this once.")
    ] = False,
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
    json: JsonOption = False,
) -> None:
    """Add a base: safetensors only, no code of its own; its hash is recorded and checked at every load."""
    from ipse.pipeline.bases import add_base

    with progress_bar("copying", quiet=json) as progress:
        base = add_base(
            what, name=name, sha256=sha256, link=link, allow_network=allow_network, progress=progress
        )
    if json:
        print_json(base)
        return
    console().print(f"{base.name}: {_told(base)}")
    console().print(f"SHA-256 {base.sha256}", soft_wrap=True)
    console().print(f"In {base.folder}. `ipse base check {base.name}` says what fits here.", soft_wrap=True)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A base of `ipse base list`, a folder or a Hub id.")] = "",
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Rows of a step.")] = None,
    tokens: Annotated[int | None, typer.Option("--tokens", min=32, help="Longest row.")] = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="To estimate the time.")] = 0,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say what fits before training: memory for LoRA, QLoRA and full training, the device, the time."""
    from ipse.config import load_settings
    from ipse.pipeline.bases import check_base

    given = {"batch": batch, "max_tokens": tokens}
    flags: dict[str, object] = {"lora": {key: value for key, value in given.items() if value is not None}}
    settings = load_settings({**flags, **({"vault": str(vault)} if vault else {})})
    found = check_base(name, settings.lora, examples=examples)
    if json:
        print_json(found)
    else:
        _print(found)


@app.command()
def grow(
    text: Annotated[list[Path], typer.Argument(metavar="TEXT…", help="Files or folders: .txt, .jsonl, .gz.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the base grows; goes on there.")],
    steps: Annotated[
        list[int] | None,
        typer.Option("--steps", min=1, help="Steps of a cycle; again for one more cycle."),
    ] = None,
    vocabulary: Annotated[int | None, typer.Option("--vocabulary", min=300, max=65536)] = None,
    hidden: Annotated[int | None, typer.Option("--hidden", min=16, help="Channels.")] = None,
    layers: Annotated[int | None, typer.Option("--layers", min=1)] = None,
    context: Annotated[int | None, typer.Option("--context", min=32, help="Tokens it sees.")] = None,
    seed: Annotated[int | None, typer.Option("--seed")] = None,
    vault: VaultOption = None,  # noqa: ARG001 - every command takes it
    json: JsonOption = False,
) -> None:
    """Grow a small base from text; Ctrl-C stops it, and the same command goes on where it stopped."""
    import msgspec

    from ipse.bases.growth import Plan
    from ipse.pipeline.bases import grow_base

    shape = {"vocabulary": vocabulary, "hidden": hidden, "layers": layers, "context": context, "seed": seed}
    given = {key: value for key, value in shape.items() if value is not None}
    if hidden is not None:
        given |= {"inner": -(-hidden * 11 // 4 // 64) * 64}
    plan = msgspec.convert({**given, **({"cycles": steps} if steps else {})}, Plan)
    with _until_told(json) as progress:
        growth = grow_base(text, to, plan, progress)
    measured = growth.measure()
    if json:
        print_json({"folder": str(to), "standing": growth.standing, "held_out_bits_per_byte": measured})
        return
    told = ", ".join(f"{name} {bits:.3f}" for name, bits in measured.items())
    console().print(
        f"Grown in {growth.standing.step:,} steps. Held-out bits per byte: {told or 'none held out'}"
    )
    console().print(
        f"Use it: `ipse base add {to}`, or `ipse train --method lora --base {to}`.", soft_wrap=True
    )


@contextmanager
def _until_told(quiet: bool) -> "Iterator[Progress]":
    """A bar on a terminal, a line now and then without one; Ctrl-C or SIGTERM stops between two steps."""
    told: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        told.append(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with progress_bar("growing", quiet=quiet, unit="steps") as bar:

            def progress(done: float, total: float | None, figures: Mapping[str, float]) -> None:
                bar(done, total, figures)
                if told:
                    raise CancelledError(
                        f"Stopped after {done:.0f} steps; all of it is kept.",
                        hint="The same command goes on.",
                    )

            yield progress
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(found: "Preflight") -> None:
    from rich.table import Table

    device = found.device
    console().print(f"{found.base.name}: {_told(found.base)}")
    console().print(
        f"Device: {device.name}, {device.free / GB:.1f} of {device.total / GB:.1f} GB free ({device.why})"
    )
    first = found.fits[0].work
    read = f"{_rows(first.rows)} read at once" if first.rows < first.batch else "read at once"
    table = Table(
        title=f"Estimates for batch {first.batch} × {first.tokens} tokens, {read}", title_justify="left"
    )
    for column in ("method", "needs", "of which base", "trained", "activations", "fits", "tokens/s", "time"):
        table.add_column(column)
    for fit in found.fits:
        batch = found.batches[fit.work.method]
        table.add_row(
            fit.work.method,
            f"{fit.total / GB:.1f} GB",
            *(f"{fit.memory[part] / GB:.2f}" for part in ("base", "trained", "activations")),
            "yes" if fit.fits else f"yes, {_rows(batch)} at a time" if batch else "no",
            f"about {fit.tokens_per_second:,.0f}" if fit.tokens_per_second else "–",
            _minutes(fit),
        )
    console().print(table)
    for fit in found.fits:
        if fit.why_not:
            console().print(fit.why_not, soft_wrap=True, markup=False)
    console().print(f"A training ends {told_ending(found.ending, found.epochs)}.", soft_wrap=True)


def told_ending(ending: "Ending", epochs: float) -> str:
    """Where a training ends, why there, and what lifts it."""
    whole = f"after {epochs:g} epoch{'' if epochs == 1 else 's'}"
    if not ending.tokens:
        return whole
    why = {
        "settings": "lora.total_tokens, as you set it",
        "preset": "the preset of this base; `ipse train --epochs N`, or lora.total_tokens: 0, lifts it",
        "processor": "only a processor computes here; `ipse train --epochs N`, or lora.total_tokens: 0, "
        "lifts it",
    }[ending.why]
    return f"{whole}, or about {ending.tokens:,} tokens if these are fewer ({why})"


def _minutes(fit: "Fit") -> str:
    if fit.seconds:
        return f"about {fit.seconds / 60:.0f} min"
    return "give --examples" if fit.tokens_per_second else "–"


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _told(base: "Base") -> str:
    return (
        f"{_count(base.parameters)} parameters ({base.dtype}), {base.architecture}, "
        f"window {base.window or '–'}, licence {base.licence}, chat format {base.template}"
    )


def _count(number: int) -> str:
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f} {letter}"
    return str(number)
