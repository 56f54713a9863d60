"""llama.cpp by llama-cpp-python, where it is installed: it has no wheels, so building it needs a compiler.

It reads a file; on Linux that is one in memory, elsewhere one in the temporary folder, which lies in
the vault.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Final
from weakref import finalize

import numpy as np

from ipse.errors import LearnerError
from ipse.voices.engines.passages import threads
from ipse.voices.sampling import Logits

__all__ = ["MODEL", "LlamaEngine"]

MODEL: Final = "model.gguf"
PACKAGE: Final = "llama_cpp"


class LlamaEngine:
    """A GGUF file. It holds one passage at a time: one that comes between makes it read the other anew."""

    kind: Final = "llama"
    runtime: Final = "llama.cpp"

    def __init__(self, files: Mapping[str, bytes], *, window: int, precision: str) -> None:
        """Raises ``LearnerError`` where the runtime refuses it."""
        from llama_cpp import Llama

        self.name = f"{self.runtime} {precision}"
        self.weights = len(files[MODEL])
        self._lock = Lock()
        self._at: object = None
        with _file(files[MODEL]) as path:
            try:
                self._model: Llama = Llama(
                    path, n_ctx=window, n_batch=window, n_threads=threads(), n_threads_batch=threads(),
                    use_mmap=False, verbose=False,
                )  # fmt: skip
            except (RuntimeError, ValueError) as error:
                raise LearnerError(
                    f"{self.runtime} cannot load this model: {' '.join(str(error).split())[:200]}.",
                    hint="Make its optimized copy again: `ipse models optimize`.",
                ) from error

        finalize(self, self._model.close)  # in time: as the interpreter ends it could no more

    @classmethod
    def installed(cls) -> bool:
        """Whether the runtime is there."""
        return find_spec(PACKAGE) is not None

    @classmethod
    def maker(cls) -> str:
        """The runtime with its version."""
        return f"llama-cpp-python {version('llama-cpp-python')}"

    def begin(self) -> "_Passage":
        """See :class:`ipse.voices.engines.passages.Engine`."""
        return _Passage(self)

    def read(self, passage: object, before: Sequence[int], tokens: Sequence[int]) -> Logits:
        """Logits after ``before`` and ``tokens``; reads ``before`` again if another passage came between."""
        with self._lock:
            try:
                if self._at is not passage:
                    self._model.reset()
                    tokens = [*before, *tokens]
                self._at = None
                self._model.eval(tokens)
                self._at = passage
            except (RuntimeError, ValueError) as error:
                raise LearnerError(
                    f"llama.cpp failed: {' '.join(str(error).split())[:200]}.",
                    hint="Set voice.engine to transformers.",
                ) from error
            found = self._model._ctx.get_logits()  # noqa: SLF001  its public `scores` keep no single row
            out: Logits = np.ctypeslib.as_array(found, shape=(self._model.n_vocab(),)).astype(np.float32)
            return out.copy()


class _Passage:
    def __init__(self, engine: LlamaEngine) -> None:
        self._engine = engine
        self._tokens: list[int] = []

    def following(self, tokens: Sequence[int]) -> Logits:
        logits = self._engine.read(self, self._tokens, tokens)
        self._tokens += tokens
        return logits


@contextmanager
def _file(data: bytes) -> Iterator[str]:
    """A path with these bytes, for as long as they are read."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("model")
        try:
            with os.fdopen(os.dup(handle), "wb") as out:
                out.write(data)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
    else:
        with TemporaryDirectory(prefix="llama-") as folder:
            path = Path(folder) / MODEL
            path.write_bytes(data)
            yield str(path)
