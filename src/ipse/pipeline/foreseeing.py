"""What a training that begins now would take: the device, memory, time, and where it ends."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from math import ceil
from pathlib import Path
from statistics import fmean

import msgspec

from ipse.bases import preflight
from ipse.bases.loading import load_tokenizer, require_llm
from ipse.bases.preflight import Device, Fit
from ipse.bases.shelf import find_base
from ipse.config import LoraSettings
from ipse.learners.adapters.methods import METHODS
from ipse.learners.adapters.plans import Plan, plan
from ipse.learners.adapters.presets import Ending, ending, with_preset
from ipse.learners.chat import ChatFormat
from ipse.pipeline.bases import work_of
from ipse.pipeline.learning import check_allowed, dataset_named
from ipse.pipeline.workspace import Workspace
from ipse.records import Example

__all__ = ["Foreseen", "foresee"]

SAMPLE = 32  # examples written down to know how long they are


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate. ``fit`` is that of as many rows at once as fit, or of one where none does (``rows`` 0).

    ``seconds``: 0 where time cannot be told.
    """

    method: str
    device: Device
    fit: Fit
    rows: int
    epochs: float
    ending: Ending
    seconds: float


def foresee(workspace: Workspace, method: str, dataset_name: str | None = None) -> Foreseen | None:
    """What training by ``method`` on a dataset would take here; None where it trains on no base.

    Raises what the training would: ``LearnerError`` where the method refuses this machine or base,
    ``BaseModelError`` where the base is none, ``DatasetError``, ``ConsentError``.
    """
    settings = workspace.settings.lora
    name = workspace.settings.ensemble.adapter if method == "ensemble" else method
    if name not in METHODS:
        return None
    require_llm("psutil")
    folder = find_base(settings.base, allow_network=settings.allow_network)
    METHODS[name].check(settings, folder)
    dataset = dataset_named(workspace, dataset_name, why="preflight")
    check_allowed(workspace, dataset)
    ends, settings = ending(settings, folder), with_preset(settings, folder)
    tokens = preflight.tokens_of(folder, settings.max_tokens)
    own = workspace.settings.lora.model_fields_set
    planned, each = _planned(dataset.split.train, settings, folder, tokens, own=own)
    settings = settings.model_copy(update={"rank": planned.rank})
    device, *_ = preflight.devices()
    work = work_of(METHODS[name], settings, tokens, device)
    rows = preflight.largest_batch(folder, work, device)
    work = msgspec.structs.replace(work, rows=max(1, rows))
    fit = preflight.estimate(folder, work, device, speed=preflight.speed_of(device, folder))
    seen = planned.steps * planned.batch * each
    # Under differential privacy examples are read one by one, and how fast that is was not measured.
    told = not settings.epsilon and fit.tokens_per_second
    return Foreseen(
        method=name,
        device=device,
        fit=fit,
        rows=rows,
        epochs=planned.epochs,
        ending=ends,
        seconds=seen / fit.tokens_per_second / (1 - settings.looking) if told else 0.0,
    )


def _planned(
    train: Sequence[Example], settings: LoraSettings, folder: Path, window: int, *, own: AbstractSet[str]
) -> tuple[Plan, float]:
    """The plan of the run, and how many tokens an example is, by a sample evenly over all."""
    chat = ChatFormat(load_tokenizer(folder), system=settings.system, window=window)
    sample = train[:: max(1, ceil(len(train) / SAMPLE))]
    sizes = [[len(w.ids) for w in chat.windows(one.context, one.reply)] for one in sample]
    windows = fmean(map(len, sizes)) * len(train) if sizes else 0
    tokens = fmean(map(sum, sizes)) * len(train) if sizes else 0
    return (
        plan(settings, examples=len(train), windows=round(windows), tokens=round(tokens), own=own),
        tokens / max(1, windows),
    )
