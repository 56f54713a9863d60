"""An optimized copy of a model, for a faster engine: made once, sealed in the vault beside it, gone with it.

What it is made of is checked as for an answer; the model itself stays as it was trained.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Literal

import msgspec

from ipse.bases.folders import tensors
from ipse.bases.loading import device
from ipse.bases.shelf import find_base
from ipse.errors import CancelledError, LearnerError, RegistryError
from ipse.interfaces import Progress
from ipse.jobs import run
from ipse.learners.adapters.method import CARD
from ipse.pipeline.usable import check_usable
from ipse.pipeline.workspace import Workspace
from ipse.registry import ModelCard, Registry
from ipse.voices.engines.copies import ENGINES, Bits, Copy, EngineName, copy_in, make_copy, size_of

__all__ = ["KIND", "drop_copy", "files_of", "optimize", "optimize_if_useful"]

KIND = "optimized"
ALONE = 1_000_000_000  # parameters up to which a copy is made unasked: seconds, and megabytes


def files_of(workspace: Workspace, card: ModelCard) -> dict[str, bytes]:
    """The files of a model, with those of its optimized copy where there is one."""
    files = Registry(workspace.vault).files(card.id)
    return {**files, **_kept(workspace, card.id)}


def optimize(
    workspace: Workspace,
    model: str,
    *,
    engine: EngineName | Literal["auto"] = "auto",
    precision: Bits = "int8",
    progress: Progress,
) -> Copy:
    """Make the optimized copy of a model, in the place of the one before, as a job.

    ``auto`` takes ONNX Runtime where it is installed, else llama.cpp. Raises ``ConsentError`` and
    ``PrivacyError`` as for an answer, ``LearnerError`` where the model has no language model, its method
    cannot be merged, it is too large or no engine can run it, and ``MissingExtraError``.
    """
    registry = Registry(workspace.vault)
    card = registry.card(model)
    check_usable(workspace, card)
    files = registry.files(card.id)
    if CARD not in files or card.base is None:
        raise LearnerError(
            f"{card.id} ({card.method}) has no language model to optimize.", hint="It is as fast as it gets."
        )
    size_of(_parameters(card.base), precision)
    chosen = _chosen(engine)
    workspace.vault.note("optimize", {"model": card.id, "engine": chosen, "precision": precision})

    def work(follow: Progress) -> dict[str, bytes]:
        made = make_copy(files, engine=chosen, precision=precision, progress=follow)
        check_usable(workspace, registry.card(card.id))
        return made

    try:
        made = run(workspace.vault, "optimize", work, progress)
    except CancelledError as error:
        raise CancelledError(error.message, hint="`ipse models optimize` does it again.") from None
    found = copy_in({**files, **made})
    assert found is not None, "it was made of this adapter"
    details = {"model": card.id, "engine": found.engine, "precision": found.precision}
    workspace.vault.put(KIND, card.id, msgspec.msgpack.encode(made), action="optimized.keep", details=details)
    return found


def optimize_if_useful(workspace: Workspace, card: ModelCard, progress: Progress) -> Copy | None:
    """After training: an optimized copy where answers would use one, it costs little, and all is installed.

    What cannot be optimized is told among the workspace's warnings, and speaks all the same.
    """
    wanted = workspace.settings.voice.engine
    if card.base is None or wanted == "transformers" or (wanted == "auto" and device() == "cuda"):
        return None
    engine: EngineName = "llama" if wanted == "llama" else "onnx"
    ready = ENGINES[engine].installed() and (engine != "onnx" or find_spec("onnx") is not None)
    if not ready or _parameters(card.base) > ALONE:
        return None
    try:
        return optimize(workspace, card.id, engine=engine, progress=progress)
    except LearnerError as error:
        workspace.warnings.append(
            f"{card.id} has no optimized copy and speaks by transformers: {error.message}"
        )
        return None


def drop_copy(workspace: Workspace, model: str) -> None:
    """Delete the optimized copy of a model; raises ``RegistryError`` where there is none."""
    card = Registry(workspace.vault).card(model)
    if card.id not in workspace.vault.ids(KIND):
        raise RegistryError(f"{card.id} has no optimized copy.", hint="Make one: `ipse models optimize`.")
    workspace.vault.remove(KIND, card.id, action="optimized.remove", details={"model": card.id})


def _kept(workspace: Workspace, model: str) -> Mapping[str, bytes]:
    if model not in workspace.vault.ids(KIND):
        return {}
    return msgspec.msgpack.decode(workspace.vault.get(KIND, model), type=dict[str, bytes])


def _chosen(engine: EngineName | Literal["auto"]) -> EngineName:
    if engine != "auto":
        return engine
    return "llama" if ENGINES["llama"].installed() and not ENGINES["onnx"].installed() else "onnx"


def _parameters(base: str) -> int:
    return sum(tensor.size for tensor in tensors(find_base(base)).values())
