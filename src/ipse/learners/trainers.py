"""TRL's trainers, made silent, and able to go on from bytes in memory where they were cut off.

A trainer of transformers can go on only from a folder. It gets one that says which step it is at; weights,
the optimizer's state and random numbers never lie there. The order of what is learned from follows from the
seed, so on a CPU the result is the same wherever a run was cut off.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ipse.interfaces import Checkpoints
from ipse.learners.adapters.state import Standing, gathered, packed, put_back, set_random_state, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

__all__ = ["Keeper", "trainer_like"]

SAVING: Final = 20  # a checkpoint comes at most so many times as long after the last as that one took: 5 %


class Keeper:
    """Leaves how far a trainer is in ``checkpoints``, at most every so many ``seconds``.

    ``run`` is the hash of all that decides what it does; ``trained`` are the weights that it changes.
    """

    def __init__(
        self, checkpoints: Checkpoints, run: str, trained: "Mapping[str, torch.nn.Parameter]", seconds: float
    ) -> None:
        self._checkpoints = checkpoints
        self._run = run
        self._trained = trained
        self._often = seconds
        self._saved, self._cost = time.monotonic(), 0.0

    def train(self, trainer: Any, folder: str) -> None:  # noqa: ANN401  trl has no types
        """Train to the end, from the step that was left last; ``folder`` is the trainer's own.

        Raises ``LearnerError`` where what was left is damaged.
        """
        data = self._checkpoints.load()
        found = unpacked(data, self._run) if data else None
        if found is None:
            trainer.train()
            return
        from transformers import TrainerState

        standing, tensors = found
        state = TrainerState(global_step=standing.step, train_batch_size=trainer.args.train_batch_size)
        state.compute_steps(trainer.args, trainer.args.max_steps)
        state.save_to_json(str(Path(folder) / "trainer_state.json"))
        trainer.go_on_from = (standing, tensors, self._trained)
        trainer.train(resume_from_checkpoint=folder)

    def after(self, step: int, optimizer: "torch.optim.Optimizer") -> None:
        """Save, if it is time to."""
        wait = max(self._often, SAVING * self._cost) if self._often else 0.0
        before = time.monotonic()
        if before - self._saved >= wait:
            self.save(step, optimizer)
            self._saved = time.monotonic()
            self._cost = self._saved - before

    def save(self, step: int, optimizer: "torch.optim.Optimizer") -> None:
        """Leave what goes on after ``step``."""
        tensors, numbers = gathered(self._trained, optimizer)
        self._checkpoints.save(packed(Standing(run=self._run, step=step, numbers=numbers), tensors))


def trainer_like(kind: type[Any]) -> type[Any]:
    """TRL's trainer ``kind``, which takes our tokens as they are and tells nobody of the run.

    Where ``go_on_from`` is set, it is that which it takes up instead of files.
    """

    class Trainer(kind):  # type: ignore[misc]  # trl ships no types
        go_on_from: "tuple[Standing, dict[str, torch.Tensor], Mapping[str, torch.nn.Parameter]]"

        def _send_telemetry(self) -> None:
            """TRL 1.16 would report each run to the Hub."""

        def _prepare_dataset(self, dataset: object, *_: object, **__: object) -> object:
            return dataset

        def _load_from_checkpoint(self, *_: object) -> None:
            """Weights come with the optimizer's state."""

        def _load_optimizer_and_scheduler(self, *_: object) -> None:
            standing, tensors, trained = self.go_on_from
            put_back(trained, self.optimizer, tensors, standing.numbers)
            schedule: Any = self.lr_scheduler  # a LambdaLR: its rate follows from the step
            ways = zip(schedule.base_lrs, schedule.lr_lambdas, strict=True)
            rates = [base * way(standing.step) for base, way in ways]
            counts = {"last_epoch": standing.step, "_step_count": standing.step + 1, "_last_lr": rates}
            schedule.load_state_dict(schedule.state_dict() | counts)
            for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
                group["lr"] = rate

        def _load_rng_state(self, *_: object) -> None:
            """Called once what was seen before is skipped."""
            set_random_state(self.go_on_from[1])

    return Trainer
