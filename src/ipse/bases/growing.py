"""Growing a small causal language model from text: a Llama from random weights, by AdamW on packed rows.

Cosine with warm-up, clipped gradients, a checkpoint now and then; on the device that all else uses, and a
checkpoint of one device is taken up on another. On a CPU with the same number of threads
the result does not depend on where the growth was stopped and taken up again: weights, moments and random
numbers are in the checkpoint, and a step's batch follows from its number. This module knows neither vault
nor adapter.
"""

import hashlib
import time
from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ipse.bases.corpora import Corpus, read_corpora
from ipse.bases.growth import FILE, Checkpoint, Plan, Standing, load_checkpoint, save_checkpoint
from ipse.bases.loading import computes_in_half, device, quiet
from ipse.bases.packing import IGNORED, Stream
from ipse.bases.spelling import CONTROL, ME, THEM, Ids, learn_tokenizer, spelled
from ipse.errors import BaseModelError, CancelledError
from ipse.interfaces import Progress

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["Growth", "grow", "is_begun"]

HELD_BYTES: Final = 100_000  # of each corpus that are looked at while growing
GROWTH: Final = "growth"  # folder in the base that holds the checkpoint and the tokenizer


def grow(paths: Sequence[Path], folder: Path, plan: Plan, progress: Progress) -> "Growth":
    """Grow a base from the text in ``paths`` into ``folder``, going on from the checkpoint there if any.

    The finished base lies in ``folder``; so does, when ``progress`` stops the growth, what there is by
    then. Raises ``BaseModelError`` where text or plan are not those of the checkpoint.
    """
    growth = Growth(read_corpora(paths), folder, plan)
    try:
        growth.run(progress)
    except CancelledError:
        growth.save()
        growth.export()
        raise
    growth.save()
    growth.export()
    return growth


def is_begun(folder: Path) -> bool:
    """Whether a growth in this folder can be taken up."""
    return (folder / GROWTH / FILE).is_file()


class Growth:
    """A growth, at the step where its folder's checkpoint left it."""

    def __init__(self, corpora: tuple[Corpus, ...], folder: Path, plan: Plan) -> None:
        import torch

        self.folder = folder
        self._corpora = corpora
        held = load_checkpoint(folder / GROWTH)
        self.standing = _standing(held, plan, _hash(corpora))
        self.tokenizer = self._tokenizer(fresh=held is None)
        control = dict(zip(CONTROL, self.tokenizer.convert_tokens_to_ids(list(CONTROL)), strict=True))
        self._control = max(control.values())
        documents = [ids for corpus in corpora for ids in spelled(self.tokenizer, corpus.train)]
        self.stream = Stream(documents, sides=(control[ME], control[THEM]), seed=self.plan.seed)
        torch.manual_seed(self.plan.seed)
        self.device = device()
        # Weights are drawn on the CPU, so that a seed means the same everywhere.
        self.model = _model(self.plan, self.tokenizer).to(self.device)
        self._optimizer = _optimizer(self.model, self.plan)
        self._taken_up = self.standing.step
        if held is not None:
            self._restore(held.tensors)

    @property
    def plan(self) -> Plan:
        """What is done; its cycles are fixed when a growth is begun or taken up."""
        return self.standing.plan

    def run(self, progress: Progress) -> None:
        """Grow to the end of the plan; ``progress`` may stop it between two steps."""
        started, before = time.monotonic(), self.standing.seconds
        loss = 0.0
        while self.standing.step < self.plan.steps:
            step = self.standing.step
            figures = self._figures(loss, time.monotonic() - started)
            progress(step, self.plan.steps, figures)
            loss = self._step(step)
            seconds = round(before + time.monotonic() - started, 1)
            self.standing = msgspec.structs.replace(self.standing, step=step + 1, seconds=seconds)
            if (step + 1) % self.plan.look_every == 0 or step + 1 == self.plan.steps:
                held = self.standing.held | {step + 1: self.measure(HELD_BYTES)}
                self.standing = msgspec.structs.replace(self.standing, held=held)
            if (step + 1) % self.plan.save_every == 0:
                self.save()
        progress(self.plan.steps, self.plan.steps, self._figures(loss, time.monotonic() - started))

    def measure(self, most: int | None = None) -> dict[str, float]:
        """Bits per byte of the held-out documents of each corpus, of at most about ``most`` bytes each.

        Every byte of text is paid for, in windows of the context that do not overlap; control tokens are
        not counted.
        """
        self.model.eval()
        out = {}
        for corpus in self._corpora:
            bits, size = 0.0, 0
            for document in corpus.held:
                if most is not None and size >= most:
                    break
                size += sum(len(said.content.encode()) for said in document.messages)
                (ids,) = spelled(self.tokenizer, (document,))
                bits += self._bits(ids)
            if size:
                out[corpus.name] = round(bits / size, 4)
        self.model.train()
        return out

    def save(self) -> None:
        """Write the checkpoint."""
        import torch

        tensors = {"random": torch.get_rng_state()}
        for name, parameter in self.model.named_parameters():
            state = self._optimizer.state[parameter]
            tensors[f"weight/{name}"] = parameter.detach()
            if state:
                tensors |= {f"mean/{name}": state["exp_avg"], f"square/{name}": state["exp_avg_sq"]}
        tensors = {name: tensor.cpu() for name, tensor in tensors.items()}
        save_checkpoint(self.folder / GROWTH, Checkpoint(self.standing, tensors))

    def export(self) -> None:
        """Write the base as others read it: safetensors in bfloat16, configuration, tokenizer."""
        import torch

        model = _model(self.plan, self.tokenizer)
        model.load_state_dict(self.model.state_dict())
        with quiet():
            model.to(torch.bfloat16).save_pretrained(self.folder)
        self.tokenizer.save_pretrained(self.folder)

    def _figures(self, loss: float, seconds: float) -> dict[str, float]:
        done = self.standing.step - self._taken_up
        if not done:
            return {}
        speed = done * self.plan.batch / seconds
        left = (self.plan.steps - self.standing.step) * self.plan.batch / speed
        figures = {"loss": loss, "tokens_per_second": speed, "eta_seconds": left}
        if self.standing.held:
            last = self.standing.held[max(self.standing.held)]
            figures |= {f"{name} bits/byte": bits for name, bits in last.items()}
        return figures

    def _step(self, step: int) -> float:
        """One step of the optimizer; the mean loss of its tokens in nats."""
        import torch

        plan, length = self.plan, self.plan.length(step)
        for group in self._optimizer.param_groups:
            group["lr"] = plan.rate(step)
        batches = [
            self.stream.batch(step * plan.batch + place, rows=plan.micro // length, length=length)
            for place in range(0, plan.batch, plan.micro)
        ]
        counted = sum(int((batch.labels != IGNORED).sum()) for batch in batches)
        total = 0.0
        for batch in batches:
            logits = self._logits(
                torch.from_numpy(batch.ids),
                torch.from_numpy(batch.positions),
                torch.from_numpy(batch.within)[:, None],
            )
            loss = torch.nn.functional.cross_entropy(
                logits.float().flatten(0, 1),
                torch.from_numpy(batch.labels).flatten().to(self.device),
                ignore_index=IGNORED,
                reduction="sum",
            )
            (loss / max(1, counted)).backward()  # type: ignore[no-untyped-call]  # torch has no type for it
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), plan.clip)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return total / max(1, counted)

    def _logits(
        self, ids: "torch.Tensor", positions: "torch.Tensor", within: "torch.Tensor | None"
    ) -> "torch.Tensor":
        import torch

        ids, positions = ids.to(self.device), positions.to(self.device)
        within = within.to(self.device) if within is not None else None
        half = self.plan.half and (self.device == "cpu" or computes_in_half())
        with torch.autocast(self.device, torch.bfloat16, enabled=half):
            out = self.model(input_ids=ids, position_ids=positions, attention_mask=within, use_cache=False)
        logits: torch.Tensor = out.logits
        return logits

    def _bits(self, ids: Ids) -> float:
        """-log2 p of the tokens of a document that are text."""
        import torch

        total = 0.0
        for start in range(0, len(ids) - 1, self.plan.context):
            row = torch.from_numpy(ids[start : start + self.plan.context + 1]).long()[None]
            labels = row[:, 1:].masked_fill(row[:, 1:] <= self._control, IGNORED)
            positions = torch.arange(row.shape[1] - 1)[None]
            with torch.no_grad():
                logits = self._logits(row[:, :-1], positions, None).float()
            nats = torch.nn.functional.cross_entropy(
                logits[0], labels[0].to(self.device), ignore_index=IGNORED, reduction="sum"
            )
            total += nats.item() / log(2)
        return total

    def _tokenizer(self, *, fresh: bool) -> "PreTrainedTokenizerFast":
        from transformers import PreTrainedTokenizerFast

        folder = self.folder / GROWTH
        if fresh:
            texts = (s.content for c in self._corpora for document in c.train for s in document.messages)
            learn_tokenizer(texts, vocabulary=self.standing.plan.vocabulary).save_pretrained(folder)
        # Read back even when fresh, so that a growth taken up again works with the very same one.
        return PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)

    def _restore(self, tensors: "dict[str, torch.Tensor]") -> None:
        import torch

        try:
            with torch.no_grad():
                for name, parameter in self.model.named_parameters():
                    parameter.copy_(tensors[f"weight/{name}"])
                    if self.standing.step:
                        held = {"exp_avg": tensors[f"mean/{name}"], "exp_avg_sq": tensors[f"square/{name}"]}
                        held["step"] = torch.tensor(float(self.standing.step))
                        # Fused, even the count of steps lies beside the weights.
                        self._optimizer.state[parameter] = {
                            key: tensor.to(parameter.device) for key, tensor in held.items()
                        }
            torch.set_rng_state(tensors["random"])
        except (KeyError, RuntimeError) as error:
            raise BaseModelError(
                f"{self.folder / GROWTH / FILE} does not fit its own plan.",
                hint="Remove it to grow from the start.",
            ) from error


def _standing(held: Checkpoint | None, plan: Plan, text: str) -> Standing:
    """Where to begin; cycles not yet finished may change, but neither text nor shape."""
    if held is None:
        return Standing(plan=plan, step=0, text=text)
    before = held.standing.plan
    same = msgspec.structs.replace(plan, cycles=before.cycles) == before
    reached = held.standing.step
    if held.standing.text != text or not same or plan.over(reached) != before.over(reached):
        what = "text" if held.standing.text != text else "settings"
        raise BaseModelError(
            f"The growth begun there had other {what}.", hint="Give the same, or another folder."
        )
    return msgspec.structs.replace(held.standing, plan=plan)


def _hash(corpora: tuple[Corpus, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(corpora)).hexdigest()


def _model(plan: Plan, tokenizer: "PreTrainedTokenizerFast") -> "PreTrainedModel":
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=plan.hidden,
        intermediate_size=plan.inner,
        num_hidden_layers=plan.layers,
        num_attention_heads=plan.heads,
        num_key_value_heads=plan.key_heads,
        max_position_embeddings=plan.context,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=None,  # it is the end of a turn too, and padding is not learned
        attn_implementation="sdpa",
    )
    return LlamaForCausalLM(config)


def _optimizer(model: "PreTrainedModel", plan: Plan) -> "torch.optim.AdamW":
    """AdamW; weights decay in matrices only."""
    import torch

    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    groups = [
        {"params": matrices, "weight_decay": plan.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=plan.learning_rate, betas=(0.9, 0.95), fused=True)
