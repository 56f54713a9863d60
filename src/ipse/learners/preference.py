"""Preference: an adapter learns from what the owner made of its drafts, by TRL.

Edited drafts teach by direct preference optimization (DPO, Rafailov et al. 2023,
https://arxiv.org/abs/2305.18290): what was sent over what was drafted. Where there are only yes and no, an
unpaired loss does (KTO's trainer with APO-zero, D'Oosterlinck et al. 2024, https://arxiv.org/abs/2408.06266).
Both start from an adapter there is, and hold it as the reference. Content that was wrong says nothing of
style, so such rejections are left out. No draft is written to a disk. What was cut off goes on to the same
result (:mod:`ipse.learners.trainers`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from ipse.bases.loading import device, quiet, require_llm, window_of
from ipse.bases.shelf import find_base
from ipse.config import LoraSettings, Settings
from ipse.errors import CancelledError, LearnerError
from ipse.interfaces import Checkpoints, Progress
from ipse.learners.adapters.method import ADAPTER, CARD
from ipse.learners.adapters.methods import METHODS
from ipse.learners.adapters.run import own_randomness
from ipse.learners.chat import ChatFormat
from ipse.learners.trainers import Keeper, trainer_like
from ipse.records import Reviewed

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import TrainerCallback

__all__ = ["LEAST", "PEFT", "PREFERENCE", "PreferenceLearner"]

PREFERENCE: Final = "preference"
LEAST: Final = 50  # reviews; fewer teach noise
BETA: Final = 0.1
RATE: Final = 5e-6
PEFT: Final = ("lora", "dora", "qlora")

_Row = dict[str, Any]


class PreferenceLearner:
    """Goes on from the adapter in ``files``, what a learner of ``ipse.learners.adapters`` made."""

    name = PREFERENCE
    section = "lora"  # of the settings

    def __init__(self, settings: LoraSettings, files: Mapping[str, bytes], *, least: int = LEAST) -> None:
        self.settings = settings
        self.files = dict(files)
        self.least = least
        self._checkpoints: Checkpoints | None = None

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """One without an adapter yet: the registry hands it one to go on from."""
        return cls(settings.lora, {})

    def keep_in(self, checkpoints: Checkpoints) -> None:
        """Where checkpoints go, and where to look for one of the same adapter, reviews and settings."""
        self._checkpoints = checkpoints

    def fit(self, reviews: Sequence[Reviewed], progress: Progress) -> Self:
        """Learn from the reviews: by DPO where enough drafts were edited, else by approval and rejection.

        Raises ``LearnerError`` where there are too few of either, or for an adapter that is not peft's;
        ``CancelledError`` when ``progress`` does.
        """
        if CARD not in self.files:
            raise LearnerError(
                "Preferences go on from an adapter.", hint="Train one first: `ipse train --method lora`."
            )
        require_llm("peft", "trl", "accelerate", "datasets", "safetensors")
        card = msgspec.json.decode(self.files[CARD], type=dict[str, Any])
        if card.get("method", "lora") not in PEFT:
            raise LearnerError(
                f"Preferences cannot go on from {card['method']}.", hint=f"Train one of {', '.join(PEFT)}."
            )
        pairs = [one for one in reviews if one.verdict == "edited" and one.final]
        verdicts = [one for one in reviews if one.verdict != "edited" and one.about == "style"]
        paired = len(pairs) >= self.least
        chosen = pairs if paired else verdicts
        if len(chosen) < self.least or (not paired and len({one.verdict for one in chosen}) < 2):
            raise LearnerError(
                f"There are {len(pairs)} edited drafts and {len(verdicts)} judged ones; {self.least} "
                "of either are needed, and of judged ones both kinds.",
                hint="Review more drafts.",
            )
        with own_randomness(self.settings.seed), quiet():
            self._learn(card, chosen, progress, paired=paired)
        return self

    def artefact(self) -> dict[str, bytes]:
        """The adapter as it is now, with the card it had."""
        if not hasattr(self, "files_"):
            raise LearnerError("Nothing was learned yet.", hint="Call fit() first.")
        return self.files_

    def report(self) -> dict[str, float]:
        """Reviews learned from, whether in pairs, steps, the loss at the end."""
        if not hasattr(self, "report_"):
            raise LearnerError("Nothing was learned yet.", hint="Call fit() first.")
        return self.report_

    def _learn(
        self, card: Mapping[str, Any], reviews: Sequence[Reviewed], progress: Progress, *, paired: bool
    ) -> None:
        from peft import get_peft_model_state_dict
        from safetensors.torch import save
        from transformers import PrinterCallback
        from trl import DPOTrainer, KTOTrainer

        from datasets import Dataset

        method = METHODS[card.get("method", "lora")]
        base, tokenizer = method.open_base(find_base(card["folder"]))
        chat = ChatFormat(tokenizer, system=card["system"], window=window_of(base, int(card["window"])))
        model: PeftModel = method.revived(base, self.files)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_("lora_" in name)
        rows = [_pair(chat, one) if paired else _verdict(chat, one) for one in reviews]
        trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        keeper = None
        if self._checkpoints is not None:
            keeper = Keeper(self._checkpoints, self._hash(rows), trained, self.settings.checkpoint_seconds)
        told: dict[str, float] = {}
        with TemporaryDirectory(prefix="ipse-preference-") as folder:
            trainer = trainer_like(DPOTrainer if paired else KTOTrainer)(
                model=model,
                args=_arguments(self.settings, folder, paired=paired),
                processing_class=tokenizer,
                train_dataset=Dataset.from_list(rows),
                callbacks=[_follow(progress, told, keeper)],
            )
            trainer.remove_callback(PrinterCallback)  # standard output is for who asked
            keeper.train(trainer, folder) if keeper else trainer.train()
        held = get_peft_model_state_dict(model, adapter_name="default")
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(held.items())}
        self.files_ = self.files | {ADAPTER: save(state, metadata={"format": "pt"})}
        self.report_ = {"reviews": float(len(rows)), "paired": float(paired), **told}

    def _hash(self, rows: Sequence[_Row]) -> str:
        """Of all that decides what the run comes to."""
        timing = {"checkpoint_seconds", "allow_network", "hot", "monitors", "monitor_folder"}
        files = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(self.files.items())}
        what = (PREFERENCE, files, self.settings.model_dump(mode="json", exclude=timing), rows)
        return hashlib.sha256(msgspec.json.encode(what)).hexdigest()


def _pair(chat: ChatFormat, one: Reviewed) -> _Row:
    """What was sent over what was drafted, after the same prompt."""
    sent, drafted = (chat.reply(text) + chat.close for text in (one.final or "", one.draft))
    prompt = chat.prompt(one.context, chat.budget(max(len(sent), len(drafted))))
    room = chat.window - len(prompt)
    return {"prompt_ids": prompt, "chosen_ids": sent[:room], "rejected_ids": drafted[:room]}


def _verdict(chat: ChatFormat, one: Reviewed) -> _Row:
    said = chat.reply(one.draft) + chat.close
    prompt = chat.prompt(one.context, chat.budget(len(said)))
    room = chat.window - len(prompt)
    return {"prompt_ids": prompt, "completion_ids": said[:room], "label": one.verdict == "approved"}


def _arguments(settings: LoraSettings, folder: str, *, paired: bool) -> Any:  # noqa: ANN401  trl has no types
    """What is switched off here would write, send or print."""
    import torch
    from trl import DPOConfig, KTOConfig

    cuda = device() == "cuda"
    given: dict[str, Any] = {
        "output_dir": folder,
        "beta": BETA,
        "learning_rate": settings.learning_rate if "learning_rate" in settings.model_fields_set else RATE,
        "num_train_epochs": 1,
        "max_steps": settings.max_steps or -1,
        "per_device_train_batch_size": settings.batch,
        "seed": settings.seed,
        "use_cpu": not cuda,
        "bf16": cuda and torch.cuda.is_bf16_supported(),
        "gradient_checkpointing": settings.gradient_checkpointing == "on",
        "dataloader_pin_memory": cuda,
        "max_length": None,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": [],
        "push_to_hub": False,
        "disable_tqdm": True,
    }
    return DPOConfig(**given) if paired else KTOConfig(**given, loss_type="apo_zero_unpaired")


def _follow(progress: Progress, told: dict[str, float], keeper: Keeper | None) -> "TrainerCallback":
    from transformers import TrainerCallback

    class Follower(TrainerCallback):  # type: ignore[misc]  # transformers is not followed by mypy
        """Called by the trainer; an error raised here ends the run."""

        def on_log(self, _args: object, state: Any, _control: object, **more: Any) -> None:  # noqa: ANN401
            """Follows each step, for the log is written at each."""
            logs = more.get("logs") or {}
            if "loss" not in logs:
                return
            told.update(loss=float(logs["loss"]), steps=float(state.global_step))
            going = keeper if state.global_step < state.max_steps else None
            try:
                progress(state.global_step, state.max_steps, told)
            except CancelledError:
                if going:
                    going.save(state.global_step, more["optimizer"])
                raise
            if going:
                going.after(state.global_step, more["optimizer"])

    return Follower()
