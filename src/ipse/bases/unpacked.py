"""A GGUF file as the folder of a base: its weights unpacked once, so that adapters can be trained on them.

Such a file holds numbers and words alone and runs no code. What its packing lost stays lost: four bits a
weight are a coarser model than the one it was made from. Knows no shelf and no network.
"""

from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any, Final

from ipse.bases.loading import quiet, require_llm
from ipse.errors import BaseModelError, MissingExtraError
from ipse.interfaces import Progress

__all__ = ["unpack"]

STEPS: Final = 3  # read, tokenizer, written


def unpack(file: Path, folder: Path, *, licence: str = "", progress: Progress = lambda *_: None) -> None:
    """Write what ``file`` holds into ``folder``: safetensors in bfloat16, tokenizer, configuration, a card.

    ``licence`` is told where the file does not. Raises ``BaseModelError`` for what transformers cannot read
    of it, ``MissingExtraError`` without the package ``gguf``.
    """
    require_llm("accelerate")
    try:
        import gguf
    except ImportError as error:
        raise MissingExtraError(
            "Reading GGUF needs one more package.", hint="pip install 'ipse[export]'"
        ) from error
    from transformers import AutoTokenizer

    progress(0, STEPS, {})
    try:
        with quiet(), redirect_stderr(StringIO()):  # its bar of progress is not ours
            told = {
                name: field.contents() for name, field in gguf.GGUFReader(file).fields.items() if _paper(name)
            }
            _weights(file, folder)
            progress(1, STEPS, {})
            AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name).save_pretrained(folder)
            progress(2, STEPS, {})
    except (OSError, ValueError, KeyError, IndexError, RuntimeError, NotImplementedError) as error:
        raise BaseModelError(
            f"{file} cannot be read as a GGUF model ({type(error).__name__}).",
            hint="Check that it is a whole causal language model that transformers knows.",
        ) from error
    _write_card(file, folder, told, licence)
    progress(STEPS, STEPS, {})


def _paper(name: str) -> bool:
    return name in ("general.name", "general.license", "general.author", "general.file_type")


def _weights(file: Path, folder: Path) -> None:
    """The weights as they are after unpacking, in a model that knows nothing of how they were packed."""
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    packed = AutoModelForCausalLM.from_pretrained(
        str(file.parent),
        gguf_file=file.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    config = packed.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):
        plain = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    plain.load_state_dict(packed.state_dict(), assign=True)
    plain.tie_weights()
    plain.save_pretrained(folder)


def _write_card(file: Path, folder: Path, told: dict[str, Any], licence: str) -> None:
    known = str(told.get("general.license") or licence or "")
    head = f"---\nlicense: {known}\n---\n" if known else ""
    name = told.get("general.name") or file.stem
    text = f"{head}# {name}\n\nUnpacked from `{file.name}` into bfloat16 safetensors.\n"
    (folder / "README.md").write_text(text, encoding="utf-8")
