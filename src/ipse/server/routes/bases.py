"""What of a base model fits on this machine, before anything long begins."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ipse.errors import NotFoundError
from ipse.pipeline.bases import Preflight, check_base, known_bases
from ipse.server.deps import Identifier, Training

__all__ = ["DeviceView", "FitView", "PreflightView", "preflight_base", "router"]

router = APIRouter(prefix="/bases", tags=["models"])


class FitView(BaseModel):
    """What training by one method would take; an estimate."""

    method: str = Field(examples=["lora"])
    fits: bool
    total: int = Field(description="bytes of memory", examples=[1_400_000_000])
    batch: int = Field(description="largest batch that fits; 0: not even one row")
    tokens_per_second: float = Field(description="0: not measured")
    seconds: float = Field(description="for the whole training; 0: not known")


class DeviceView(BaseModel):
    """What would compute."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(examples=["cpu"])
    name: str = Field(examples=["CPU, 2 threads"])
    free: int = Field(description="bytes")
    total: int = Field(description="bytes")


class PreflightView(BaseModel):
    """What of a base fits on this machine, before anything long begins."""

    device: DeviceView
    fits: list[FitView]


@router.get("/{base}/preflight")
def preflight_base(asked: Training, base: Identifier) -> PreflightView:
    """Memory and time of training on a base here, by method; measures this machine's speed for it."""
    if base not in [one.name for one, _ in known_bases(verify=False)]:
        raise NotFoundError(f"There is no base `{base[:80]}`.", hint="See /api/bases.")
    return _view(check_base(base, asked.workspace.settings.lora))


def _view(found: Preflight) -> PreflightView:
    fits = [
        FitView(
            method=one.work.method,
            fits=one.fits,
            total=one.total,
            batch=found.batches[one.work.method],
            tokens_per_second=one.tokens_per_second,
            seconds=one.seconds,
        )
        for one in found.fits
    ]
    return PreflightView(device=DeviceView.model_validate(found.device), fits=fits)
