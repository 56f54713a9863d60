"""ONNX Runtime by onnxruntime-genai: the fastest on a CPU where nothing may be compiled.

The model is handed over in memory; only its configuration, which says nothing of anybody, touches a disk.
"""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

from ipse.errors import LearnerError
from ipse.voices.engines.passages import threads
from ipse.voices.sampling import Logits

if TYPE_CHECKING:
    import onnxruntime_genai as og

__all__ = ["CONFIG", "MODEL", "OnnxEngine", "packed_onnx"]

CONFIG: Final = "genai_config.json"
MODEL: Final = "model.onnx"
PACKAGE: Final = "onnxruntime_genai"


class OnnxEngine:
    """A model of onnxruntime-genai's builder, from its files."""

    kind: Final = "onnx"
    runtime: Final = "onnxruntime-genai"

    def __init__(self, files: Mapping[str, bytes], *, window: int, precision: str) -> None:
        """Raises ``LearnerError`` where the runtime refuses them."""
        import onnxruntime_genai as og

        self.name = f"{self.runtime} {precision}"
        self.weights = len(files[MODEL])
        self._window = window
        self._lock = Lock()
        with TemporaryDirectory(prefix="onnx-") as folder:
            (Path(folder) / CONFIG).write_bytes(files[CONFIG])
            try:
                config = og.Config(folder)
                config.add_model_data(MODEL, files[MODEL])
                config.overlay(json.dumps(_session(threads())))
                self._model = og.Model(config)
                config.remove_model_data(MODEL)
            except (RuntimeError, ValueError) as error:
                raise LearnerError(
                    f"{self.runtime} cannot load this model: {_line(error)}.",
                    hint="Make its optimized copy again: `ipse models optimize`.",
                ) from error

    @classmethod
    def installed(cls) -> bool:
        """Whether the runtime is there."""
        return find_spec(PACKAGE) is not None

    @classmethod
    def maker(cls) -> str:
        """The runtime with its version."""
        return f"{cls.runtime} {version(cls.runtime)}"

    def begin(self) -> "_Passage":
        """See :class:`ipse.voices.engines.passages.Engine`."""
        return _Passage(self._model, self._window, self._lock)


class _Passage:
    def __init__(self, model: "og.Model", window: int, lock: Lock) -> None:
        import onnxruntime_genai as og

        given = og.GeneratorParams(model)
        given.set_search_options(max_length=window, do_sample=False)
        self._lock = lock
        with lock:
            self._held = og.Generator(model, given)

    def following(self, tokens: Sequence[int]) -> Logits:
        try:
            with self._lock:
                self._held.append_tokens(np.array(tokens, dtype=np.int32))
                logits = self._held.get_logits()
        except (RuntimeError, ValueError) as error:
            raise LearnerError(
                f"onnxruntime-genai failed: {_line(error)}.", hint="Set voice.engine to transformers."
            ) from error
        out: Logits = np.array(logits[0, -1], dtype=np.float32)
        return out


def packed_onnx(folder: Path) -> dict[str, bytes]:
    """What the builder wrote as two files in memory, the weights inside the model."""
    import onnx

    whole = onnx.load(str(folder / MODEL))  # takes the weights in from beside it
    return {MODEL: whole.SerializeToString(), CONFIG: (folder / CONFIG).read_bytes()}


def _session(count: int) -> dict[str, object]:
    """Threads sleep between two words rather than spin: others want the cores, too."""
    quiet = {"session.intra_op.allow_spinning": "0"} if count > 1 else {}
    return {"model": {"decoder": {"session_options": {"intra_op_num_threads": count, **quiet}}}}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
