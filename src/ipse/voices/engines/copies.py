"""An optimized copy of a model: adapter and base merged, in the format of a fast engine, with its tokenizer.

It stands among a model's files, beside the adapter it was made of, and holds all that speaking needs. It is
as personal as the adapter. Knows no vault: who keeps it seals it.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from ipse.bases.gguf import Precision, write_gguf
from ipse.bases.loading import load_tokenizer
from ipse.bases.onnx import OnnxPrecision, write_onnx
from ipse.errors import LearnerError, MissingExtraError
from ipse.interfaces import Progress
from ipse.learners.adapters.method import ADAPTER, CARD
from ipse.learners.chat import ChatFormat
from ipse.voices.engines.llama import LlamaEngine
from ipse.voices.engines.onnx import OnnxEngine, packed_onnx
from ipse.voices.seats import Card, save_merged

if TYPE_CHECKING:
    from ipse.voices.engines.passages import Engine, Passage

__all__ = [
    "COPY",
    "ENGINES",
    "BaseCopy",
    "Bits",
    "Copy",
    "EngineName",
    "copy_in",
    "make_copy",
    "open_copy",
    "size_of",
    "with_copy",
]

EngineName = Literal["onnx", "llama"]
Bits = Literal["int8", "int4"]

COPY: Final = "optimized.json"
FOLDER: Final = "optimized/"
TOKENIZER: Final = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
ENGINES: Final[dict[str, type[OnnxEngine | LlamaEngine]]] = {"onnx": OnnxEngine, "llama": LlamaEngine}
INSTALL: Final = {"onnx": "pip install 'ipse[fast]'", "llama": "pip install llama-cpp-python"}
BYTES: Final = {"int8": 1.2, "int4": 1.0}  # of a weight, at most: scales, and tables that stay wider
MOST: Final = 1_900_000_000  # bytes: one message of the ONNX format holds 2 GiB


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy is. ``adapter`` is the SHA-256 of the adapter it was made of, ``bytes`` its weights."""

    version: Literal[1] = 1
    engine: EngineName
    precision: Bits
    adapter: str
    maker: str
    bytes: int


def make_copy(
    files: Mapping[str, bytes], *, engine: EngineName, precision: Bits, progress: Progress
) -> dict[str, bytes]:
    """The copy of a model's ``files``, to stand beside them.

    Raises ``LearnerError`` where there is no language model, its method cannot be merged, or its engine
    cannot run it; ``MissingExtraError``; and what :func:`ipse.voices.seats.save_merged` raises.
    """
    if CARD not in files:
        raise LearnerError("There is no language model in it.", hint="Only answers of an adapter need one.")
    weights = _written(files, engine, precision, progress)
    card = Copy(
        engine=engine,
        precision=precision,
        adapter=_digest(files[ADAPTER]),
        maker=ENGINES[engine].maker() if ENGINES[engine].installed() else engine,
        bytes=max(len(data) for name, data in weights.items() if name not in TOKENIZER),
    )
    named = {FOLDER + name: data for name, data in weights.items()}
    return {COPY: msgspec.json.encode(card), **named}


def _written(
    files: Mapping[str, bytes],
    engine: EngineName,
    precision: Bits,
    progress: Progress,
    *,
    adapter: bool = True,
) -> dict[str, bytes]:
    """The weights and the tokenizer, in the engine's files; without the ``adapter``, of the base alone."""
    with TemporaryDirectory(prefix="merged-") as scratch:  # in the vault, as long as it is open
        merged, out = Path(scratch) / "merged", Path(scratch) / "out"
        merged.mkdir()
        out.mkdir()
        progress(0, None, {})
        save_merged(files, merged, wide=True, adapter=adapter)
        weights = _WRITERS[engine](merged, out, precision, progress)
        spelling = {name: (merged / name).read_bytes() for name in TOKENIZER if (merged / name).is_file()}
    return {**weights, **spelling}


def copy_in(files: Mapping[str, bytes]) -> Copy | None:
    """The copy that stands beside a model's files; None without one, or where it is of another adapter."""
    if COPY not in files:
        return None
    try:
        card = msgspec.json.decode(files[COPY], type=Copy)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
    return card if card.adapter == _digest(files.get(ADAPTER, b"")) else None


def with_copy(files: Mapping[str, bytes], *, engine: EngineName, precision: Bits) -> Mapping[str, bytes]:
    """The files with a copy beside them, made in seconds for who is asked a lot; or as they are, where what
    they hold is no language model or cannot be copied."""
    if CARD not in files:
        return files
    try:
        return {**files, **make_copy(files, engine=engine, precision=precision, progress=_untold)}
    except LearnerError:
        return files


def _untold(_done: float, _total: float | None, _figures: Mapping[str, float]) -> None:
    """What takes seconds is not shown."""


def open_copy(files: Mapping[str, bytes]) -> "tuple[Engine, ChatFormat]":
    """What runs the copy in ``files``, and how it writes a conversation down; raises ``LearnerError``."""
    card = copy_in(files)
    if card is None:
        raise LearnerError("There is no optimized copy.", hint="Make one: `ipse models optimize`.")
    if not ENGINES[card.engine].installed():
        raise MissingExtraError(
            f"Its optimized copy needs {ENGINES[card.engine].runtime}.", hint=INSTALL[card.engine]
        )
    held = {name.removeprefix(FOLDER): data for name, data in files.items() if name.startswith(FOLDER)}
    try:
        told = msgspec.json.decode(files[CARD], type=Card)
        engine = ENGINES[card.engine](held, window=told.window, precision=card.precision)
        with TemporaryDirectory(prefix="tokenizer-") as folder:
            for name in TOKENIZER:
                if name in held:
                    (Path(folder) / name).write_bytes(held[name])
            tokenizer = load_tokenizer(Path(folder))
    except (KeyError, msgspec.DecodeError) as error:
        raise LearnerError(
            "The optimized copy is not whole.", hint="Make it again: `ipse models optimize`."
        ) from error
    return engine, ChatFormat(tokenizer, system=told.system, window=told.window)


class BaseCopy:
    """The base of a copied model by the same engine, as precise: what an adapter is held against.

    Made when first asked to begin, which takes seconds, and kept nowhere.
    """

    def __init__(self, files: Mapping[str, bytes], copied: "Engine") -> None:
        self.kind, self.name, self.weights = copied.kind, copied.name, copied.weights
        self._files = {name: data for name, data in files.items() if not name.startswith(FOLDER)}
        self._engine: Engine | None = None
        self._lock = Lock()

    def begin(self) -> "Passage":
        """See :class:`ipse.voices.engines.passages.Engine`; raises ``LearnerError`` as it is made."""
        with self._lock:
            if self._engine is None:
                card = copy_in(self._files)
                assert card is not None, "the model has a copy"
                held = _written(self._files, card.engine, card.precision, _untold, adapter=False)
                told = msgspec.json.decode(self._files[CARD], type=Card)
                self._engine = ENGINES[card.engine](held, window=told.window, precision=card.precision)
        return self._engine.begin()


def size_of(parameters: int, precision: Bits) -> int:
    """Bytes that a copy takes, about; raises ``LearnerError`` where that is too much to seal."""
    size = int(parameters * BYTES[precision])
    if size > MOST:
        raise LearnerError(
            f"An optimized copy of {parameters / 1e9:.1f} billion parameters is too large for a vault.",
            hint="Export it as gguf, and speak by a local server (docs/guides/local-servers.md).",
        )
    return size


def _onnx(merged: Path, out: Path, precision: Bits, progress: Progress) -> dict[str, bytes]:
    wanted: OnnxPrecision = precision
    # Of a prompt, the last word alone is asked for what follows.
    write_onnx(merged, out, precision=wanted, options={"prune_lm_head": "true"}, progress=progress)
    return packed_onnx(out)


def _llama(merged: Path, out: Path, precision: Bits, progress: Progress) -> dict[str, bytes]:
    if precision != "int8":
        raise LearnerError("GGUF in four bits is not written here.", hint="Take int8, or the engine onnx.")
    wanted: Precision = "q8_0"
    write_gguf(merged, out / "model.gguf", name="ipse", precision=wanted, progress=progress)
    return {"model.gguf": (out / "model.gguf").read_bytes()}


_WRITERS: dict[str, Callable[[Path, Path, Bits, Progress], dict[str, bytes]]] = {
    "onnx": _onnx,
    "llama": _llama,
}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
