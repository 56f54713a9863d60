"""Models as bytes: skops, which names every type it holds, and ONNX where a model converts. Never pickle."""

import io
import json
import zipfile
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError, MissingExtraError

__all__ = ["dump", "dump_arrays", "load", "load_arrays", "to_onnx"]

TRUSTED = ("sklearn.", "numpy.", "scipy.", "builtins.", "collections.")


def dump(model: Any) -> bytes:  # noqa: ANN401 - whatever scikit-learn makes
    """A fitted model as skops writes it."""
    import skops.io

    data: bytes = skops.io.dumps(model)
    return data


def load(data: bytes, *, plugins: Collection[str] = ()) -> Any:  # noqa: ANN401
    """What :func:`dump` wrote; raises ``LearnerError`` for a type that is neither of ours nor of ``plugins``.

    Only types of scikit-learn, NumPy and SciPy are let in, by their full name, and those of plugins that the
    owner installed. Nothing is run to find that out.
    """
    import skops.io

    try:
        wanted = skops.io.get_untrusted_types(data=data)
    except (ValueError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise LearnerError("These are no files of a model.", hint="Train it again.") from error
    foreign = [one for one in wanted if not one.startswith(TRUSTED) and one not in plugins]
    if foreign:
        raise LearnerError(
            f"A model holds types that are not trusted: {', '.join(sorted(foreign))}.",
            hint="Install the plugin that made it, or train it again.",
        )
    return skops.io.loads(data, trusted=wanted)


def dump_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays of numbers by name."""
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    return packed.getvalue()


def load_arrays(data: bytes) -> dict[str, NDArray[np.float64]]:
    """What :func:`dump_arrays` wrote; raises ``LearnerError``."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            return {name: np.asarray(held[name], dtype=np.float64) for name in held.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise LearnerError("These are no files of a model.", hint="Train it again.") from error


def to_onnx(model: Any, columns: int) -> bytes:  # noqa: ANN401
    """The model for other runtimes; raises ``LearnerError`` where it does not convert."""
    try:
        from skl2onnx import to_onnx as convert
        from skl2onnx.common.data_types import FloatTensorType
        from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator
    except ImportError:
        raise MissingExtraError(
            "ONNX of a table's model needs skl2onnx, which is not installed.", hint="pip install 'ipse[onnx]'"
        ) from None
    try:
        made = convert(model, initial_types=[("X", FloatTensorType([None, columns]))])
    except (MissingConverter, MissingShapeCalculator, RuntimeError, NotImplementedError) as error:
        raise LearnerError(
            f"{type(model).__name__} does not convert to ONNX.", hint="Its skops files hold it whole."
        ) from error
    data: bytes = made.SerializeToString()
    return data
