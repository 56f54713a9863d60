"""A step of the optimizer over packed rows, within the memory there is. Knows pieces and a model, no text."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.bases.loading import inner
from ipse.bases.preflight import LARGE, PASS, Work, devices, largest_batch, rows_at_once
from ipse.config import LoraSettings
from ipse.errors import LearnerError
from ipse.learners.adapters.feed import Feed
from ipse.learners.adapters.method import AdapterLearner
from ipse.learners.adapters.packing import Piece
from ipse.learners.adapters.plans import Plan
from ipse.learners.adapters.reader import Reader
from ipse.learners.adapters.state import Standing, gathered, put_back, random_state, set_random_state
from ipse.learners.adapters.texts import Texts

if TYPE_CHECKING:
    import torch

__all__ = ["Stepper"]

CLIP: Final = 1.0


class Stepper:
    """The model, its optimizer, and what each step learns from."""

    def __init__(
        self,
        method: type[AdapterLearner],
        model: "torch.nn.Module",
        plan: Plan,
        settings: LoraSettings,
        texts: Texts,
    ) -> None:
        self._method = method
        self._model = model
        self._plan = plan
        self._pieces = texts.pieces
        self._longest = max(map(len, texts.pieces))
        self._checkpointing = settings.gradient_checkpointing
        stages = [(plan.general, texts.general), (plan.steps, texts.special)]
        self._feed = Feed(stages, batch=plan.batch, seed=settings.seed)
        self._trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.optimizer = method.optimizer(self._trained.values(), plan.learning_rate)
        self.reader = Reader(model, _compiled(model) if settings.compile else None)
        self.reader.try_packing(sorted(texts.pieces[:16], key=len)[:2], self._longest)
        self._recompute()
        model.train()

    def fitting(self, folder: Path) -> int:
        """Tokens in a pass that memory should hold, before anything was tried."""
        used, *_ = devices()
        most = max(PASS[used.kind], self._longest)
        work = Work(
            method=self._method.like,
            batch=rows_at_once(self._longest, used.kind),
            tokens=self._longest,
            rank=self._plan.rank,
            checkpointing=self._checkpointing,
        )
        rows = largest_batch(folder, work, used)
        return max(self._longest, min(most, rows * self._longest))

    def step(self, standing: Standing) -> tuple[float, int]:
        """Learn what the next step is to learn: mean loss of its tokens in nats, and how many tokens it read.

        Where memory runs out, passes are halved for good and the step is done again. Raises ``LearnerError``
        where not even one example fits.
        """
        pieces = [self._pieces[place] for place in self._feed.at(standing.step)]
        for group in self.optimizer.param_groups:
            group["lr"] = self._plan.rate(standing.step)
        before = random_state()
        while True:
            try:
                loss = self._backward(pieces, standing.most)
                break
            except (RuntimeError, MemoryError) as error:
                if not _out_of_memory(error):
                    raise
                shortage = error
            self._shrink(standing, shortage)
            set_random_state(before)
        self._update()
        return loss, sum(map(len, pieces))

    def state(self) -> "tuple[dict[str, torch.Tensor], dict[str, float]]":
        """See :func:`gathered`."""
        return gathered(self._trained, self.optimizer)

    def restore(self, tensors: "dict[str, torch.Tensor]", numbers: dict[str, float]) -> None:
        """Take up what :meth:`state` gave."""
        put_back(self._trained, self.optimizer, tensors, numbers)

    def _backward(self, pieces: list[Piece], most: int) -> float:
        import torch

        passes = list(self.reader.passes(pieces, most))
        counted = max(1e-9, float(sum(batch.weights.sum() for batch in passes)))
        total = 0.0
        for batch in passes:
            if not batch.where.any():
                continue
            nats = torch.nn.functional.cross_entropy(
                self.reader.logits(batch).float(), self.reader.labels(batch), reduction="none"
            )
            weights = torch.from_numpy(batch.weights).to(nats.device)
            loss = (nats * weights).sum() / counted
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
            total += float(loss.detach())
        return total

    def _update(self) -> None:
        import torch

        torch.nn.utils.clip_grad_norm_(self._trained.values(), CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def _shrink(self, standing: Standing, error: Exception) -> None:
        """Half the pass, but never less than the longest example."""
        import torch

        self.optimizer.zero_grad(set_to_none=True)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if standing.most <= self._longest:
            raise LearnerError(
                f"Memory does not hold one example of {self._longest} tokens.",
                hint="Lower lora.max_tokens, set lora.gradient_checkpointing to on, or use a smaller base.",
            ) from error
        standing.most = max(self._longest, standing.most // 2)

    def _recompute(self) -> None:
        base = inner(self._model)
        large = self._checkpointing == "auto" and base.num_parameters() > LARGE
        if large or self._checkpointing == "on":
            base.activation_checkpointing_enable({"use_reentrant": False})


def _compiled(model: "torch.nn.Module") -> "torch.nn.Module":
    import torch

    return torch.compile(model, dynamic=True)  # type: ignore[return-value]


def _out_of_memory(error: Exception) -> bool:
    """Whether torch says so: it has a class for accelerators, and only words for the CPU."""
    import torch

    words = "can't allocate memory" in str(error) or "not enough memory" in str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or words
