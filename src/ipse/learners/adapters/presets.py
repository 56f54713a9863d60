"""Published values for families of base models; what the owner set counts before them.

Knows a base by its configuration alone.
"""

from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from ipse.bases.folders import tensors
from ipse.bases.loading import device
from ipse.config import LoraSettings

__all__ = ["PRESETS", "Ending", "ending", "family", "with_preset"]

SEVEN: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
TINY: Final = 50_000_000  # parameters; below this the rates published for billions hardly move a model
FAMILIES: Final = ("mistral", "llama", "qwen", "phi", "smollm")

PRESETS: Final[dict[str, dict[str, Any]]] = {
    # Mistral-7B-Instruct-v0.3; eight examples a step, as for all.
    "mistral": {
        "rank": 32,
        "alpha": 64,
        "dropout": 0.1,
        "target_modules": SEVEN,
        "learning_rate": 2e-4,
        "warmup": 100,
        "max_tokens": 2048,
        "batch": 2,
        "accumulation": 4,
    },
    # torchtune's recipes llama3/8B, qwen2_5/7B and phi3/mini (lora_single_device) agree: rank 8, alpha 16, no
    # dropout, 3e-4, 100 steps of warm-up, batches of 2 with 8 passes a step.
    "llama": {"rank": 8, "alpha": 16, "dropout": 0.0, "learning_rate": 3e-4, "max_tokens": 2048}
    | {"batch": 2, "accumulation": 8, "target_modules": ("q_proj", "v_proj", "o_proj", *SEVEN[4:])},
    "qwen": {"rank": 8, "alpha": 16, "dropout": 0.0, "learning_rate": 3e-4, "max_tokens": 2048}
    | {"batch": 2, "accumulation": 8, "target_modules": ("q_proj", "v_proj", "o_proj", *SEVEN[4:])},
    # Phi fuses its projections (qkv_proj, gate_up_proj), so all of them are adapted.
    "phi": {"rank": 8, "alpha": 16, "dropout": 0.0, "learning_rate": 3e-4, "max_tokens": 2048}
    | {"batch": 2, "accumulation": 8},
    # Models of 0.1 to 2 billion parameters: the recipe's values, at the rate of torchtune's small models.
    "smollm": {"learning_rate": 3e-4, "max_tokens": 2048},
    # Measured in benchmarks/lora.py on a million parameters: 1e-4 leaves such a model nearly as it was. On
    # the Seedling 2e-3, 1e-3 and 7e-4 gain .051, .051 and .049 bits per byte of one person's held-out text,
    # but what was read once is told from what was not at an AUC of .65, .59 and .56 (gate 10e: .60 at most);
    # each of these was doubled, as below 100 steps a preset's is.
    # 200,000 tokens take one to two minutes on a CPU; a card trains five such clones.
    "tiny": {"learning_rate": 1e-3, "warmup": 20, "total_tokens": 200_000},
    "none": {},
}
# Where only a processor computes and the owner set no end: 135 million parameters learn from 200 tokens a
# second on one core that has bfloat16 (docs/concepts/voices.md): a quarter of an hour, and not a day.
ON_CPU: Final = {"total_tokens": 200_000}


Why: TypeAlias = Literal["epochs", "settings", "preset", "processor"]


class Ending(msgspec.Struct, frozen=True):
    """After how many tokens a training ends at the latest (0: after its epochs), and by whose word.

    ``why``: the owner's ``settings``, the ``preset`` of the base's family, or because a ``processor`` alone
    computes and nobody said anything.
    """

    tokens: int
    why: Why


class _Config(msgspec.Struct, frozen=True):
    """What of a model's configuration tells its family."""

    model_type: str = ""
    name: str = msgspec.field(default="", name="_name_or_path")


def family(folder: Path) -> str:
    """The preset for the base in ``folder``: ``none`` where there is none for it."""
    if sum(tensor.size for tensor in tensors(folder).values()) < TINY:
        return "tiny"
    config = msgspec.json.decode((folder / "config.json").read_bytes(), type=_Config)
    if "smollm" in f"{config.model_type} {config.name} {folder.name}".lower():  # it is a Llama by its type
        return "smollm"
    return next((name for name in FAMILIES if config.model_type.startswith(name)), "none")


def ending(settings: LoraSettings, folder: Path) -> Ending:
    """Where a training on the base in ``folder`` ends before its epochs are over."""
    tokens = with_preset(settings, folder).total_tokens
    if not tokens:
        return Ending(0, "epochs")
    if "total_tokens" in settings.model_fields_set:
        return Ending(tokens, "settings")
    return Ending(tokens, "preset" if "total_tokens" in PRESETS[_preset(settings, folder)] else "processor")


def with_preset(settings: LoraSettings, folder: Path) -> LoraSettings:
    """The settings with the preset's values wherever the owner set none."""
    name = _preset(settings, folder)
    preset = PRESETS[name] if device() != "cpu" or settings.preset == "none" else ON_CPU | PRESETS[name]
    chosen = {key: value for key, value in preset.items() if key not in settings.model_fields_set}
    return settings.model_copy(update={**chosen, "preset": name})


def _preset(settings: LoraSettings, folder: Path) -> str:
    return family(folder) if settings.preset == "auto" else settings.preset
