"""Differential privacy: each example's gradient is clipped, and noise is added to their sum.

DP-SGD (Abadi et al. 2016, https://arxiv.org/abs/1607.00133); what noise a promise needs, and what was
promised, Opacus accounts for. An example is protected as a whole, with all windows cut from it. Examples
are drawn and noise is made from the system's own randomness and not from the seed: who knows a seed could
take the noise away again. So two trainings differ. One example at a time is computed: exact, and slow.
"""

import secrets
import warnings
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING, Final

from ipse.bases.loading import require_llm
from ipse.config import LoraSettings
from ipse.errors import MissingExtraError
from ipse.learners.adapters.method import AdapterLearner
from ipse.learners.adapters.plans import Plan
from ipse.learners.adapters.state import Standing
from ipse.learners.adapters.stepping import Stepper
from ipse.learners.adapters.texts import Texts

if TYPE_CHECKING:
    import torch

__all__ = ["PrivateStepper", "check_installed"]

CLIP: Final = 1.0  # norm of an example's gradient, at most
DELTA: Final = 0.1  # of one over the number of examples: the chance that the promise fails


def check_installed() -> None:
    """Raise ``MissingExtraError`` without Opacus."""
    from importlib.util import find_spec

    require_llm()
    if find_spec("opacus") is None:
        raise MissingExtraError("lora.epsilon needs Opacus.", hint="Run: pip install 'ipse[private]'")


class PrivateStepper(Stepper):
    """Steps under which no example shows by more than ``settings.epsilon``."""

    def __init__(
        self,
        method: type[AdapterLearner],
        model: "torch.nn.Module",
        plan: Plan,
        settings: LoraSettings,
        texts: Texts,
    ) -> None:
        import torch

        super().__init__(method, model, plan, settings, texts)
        self._of: dict[int, list[int]] = {}
        for place, piece in enumerate(texts.pieces):
            self._of.setdefault(piece.example, []).append(place)
        count = len(self._of)
        self._rate = min(1.0, plan.batch / count)
        self._delta = DELTA / count
        self._noise = _noise(settings.epsilon, self._delta, self._rate, plan.steps)
        self._dice = secrets.SystemRandom()
        self._normal = torch.Generator().manual_seed(secrets.randbits(63))
        self._ratios: list[float] = []

    def step(self, standing: Standing) -> tuple[float, int]:
        """See :meth:`Stepper.step`; a step may draw no example at all."""
        import torch

        drawn = [example for example in self._of if self._dice.random() < self._rate]
        total = {name: torch.zeros_like(p) for name, p in self._trained.items()}
        loss, tokens = 0.0, 0
        for example in drawn:
            pieces = [self._pieces[place] for place in self._of[example]]
            loss += self._backward(pieces, standing.most) / len(drawn)
            tokens += sum(map(len, pieces))
            grads = [p.grad for p in self._trained.values() if p.grad is not None]
            norm = sqrt(sum(float(grad.square().sum()) for grad in grads))
            for name, parameter in self._trained.items():
                if parameter.grad is not None:
                    total[name] += parameter.grad * min(1.0, CLIP / max(norm, 1e-12))
            self.optimizer.zero_grad(set_to_none=True)
        self._ratios.append(self._disturbed(total))
        for group in self.optimizer.param_groups:
            group["lr"] = self._plan.rate(standing.step)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss, tokens

    def told(self, steps: int) -> dict[str, float]:
        """What was promised for so many steps, and how much larger than the gradients the noise was."""
        from opacus.accountants import RDPAccountant

        accountant = RDPAccountant()
        accountant.history = [(self._noise, self._rate, steps)] if steps else []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spent = float(accountant.get_epsilon(self._delta)) if steps else 0.0
        ratios = sorted(self._ratios) or [0.0]
        return {"epsilon": spent, "delta": self._delta, "noise_over_gradient": ratios[len(ratios) // 2]}

    def _disturbed(self, total: "dict[str, torch.Tensor]") -> float:
        """Add the noise and leave the sum as the gradient; norm of the noise over that of the sum."""
        import torch

        plain = noise = 0.0
        for name, parameter in self._trained.items():
            drawn = torch.randn(parameter.shape, generator=self._normal).to(parameter.device)
            drawn *= self._noise * CLIP
            plain += float(total[name].square().sum())
            noise += float(drawn.square().sum())
            parameter.grad = (total[name] + drawn) / (self._rate * len(self._of))
        return sqrt(noise / plain) if plain else 0.0


@cache  # Opacus searches for it for seconds
def _noise(epsilon: float, delta: float, rate: float, steps: int) -> float:
    """Standard deviation of the noise, as a multiple of CLIP, under which ``steps`` keep the promise."""
    from opacus.accountants.utils import get_noise_multiplier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the grid that Opacus searches
        found = get_noise_multiplier(
            target_epsilon=epsilon, target_delta=delta, sample_rate=rate, steps=steps
        )
    return float(found)
