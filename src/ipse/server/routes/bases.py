"""Base models: those that can be fetched with leave, and what of one fits on this machine."""

from typing import Literal

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from ipse.errors import NotFoundError
from ipse.pipeline.bases import Preflight, check_base, known_bases, offered_bases
from ipse.server.deps import Administering, Aggregates, Identifier, Training
from ipse.server.paging import Page
from ipse.server.routes.starting import Started, begin
from ipse.server.routing import component

__all__ = [
    "BaseAsked",
    "DeviceView",
    "FitView",
    "OfferedView",
    "PreflightView",
    "fetch_base",
    "list_offered_bases",
    "preflight_base",
    "router",
]

router = component("models", prefix="/bases")


class FitView(BaseModel):
    """What training by one method would take; an estimate."""

    method: str = Field(examples=["lora"])
    fits: bool
    why_not: str = Field(
        description="why it does not fit, or why the method refuses; empty where it fits",
        examples=["qlora needs a CUDA device, and torch finds none here."],
    )
    total: int = Field(description="bytes of memory", examples=[1_400_000_000])
    batch: int = Field(description="rows read at once that fit; 0: not even one, or refused")
    tokens_per_second: float = Field(description="0: not measured")
    seconds: float = Field(description="for the whole training; 0: not known")


class DeviceView(BaseModel):
    """What would compute."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(examples=["cpu"])
    name: str = Field(examples=["CPU, 2 threads"])
    free: int = Field(description="bytes")
    total: int = Field(description="bytes")
    why: str = Field(description="why this device", examples=["torch finds no CUDA device"])


class PreflightView(BaseModel):
    """What of a base fits on this machine, before anything long begins."""

    device: DeviceView
    fits: list[FitView]
    epochs: float = Field(description="times through all examples", examples=[3.0])
    ends_after_tokens: int = Field(
        description="where a training ends before its epochs are over; 0: it does not", examples=[200_000]
    )
    ends_because: Literal["epochs", "settings", "preset", "processor"] = Field(
        description="by whose word: the owner's settings (lora.total_tokens), the preset of the base's "
        "family, or because a processor alone computes; lora.total_tokens: 0 lifts the last two"
    )


class OfferedView(BaseModel):
    """A base that is fetched once where the owner allows it, from the Python package index."""

    name: str = Field(examples=["smollm2-135m"])
    told: str = Field(examples=["SmolLM2-135M-Instruct in four bits"])
    licence: str = Field(examples=["apache-2.0"])
    megabytes: int = Field(description="that come over the network", examples=[93])
    there: bool = Field(description="whether it is on this machine already")


class BaseAsked(BaseModel):
    """Fetch one of those that are offered."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "smollm2-135m"}]})

    name: str = Field(max_length=100)


@router.get("/offered")
def list_offered_bases(asked: Aggregates) -> Page[OfferedView]:  # noqa: ARG001 - whoever is signed in
    """The bases that can be fetched: by pinned hash, without running anything of what carries them."""
    here = {base.name for base, _ in known_bases(verify=False)}
    found = [
        OfferedView(
            name=name, told=one.told, licence=one.licence, megabytes=one.megabytes, there=name in here
        )
        for name, one in offered_bases().items()
    ]
    return Page(items=found, total=len(found))


@router.post("", status_code=202)
def fetch_base(asked: Administering, body: BaseAsked, response: Response) -> Started:
    """Fetch a base that is offered; the one request here that lets this machine reach out."""
    if body.name not in offered_bases():
        raise NotFoundError(f"No base `{body.name[:80]}` is offered.", hint="See /api/bases/offered.")
    return begin(asked, response, "base", name=body.name)


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
            why_not=one.why_not,
            total=one.total,
            batch=found.batches[one.work.method],
            tokens_per_second=one.tokens_per_second,
            seconds=one.seconds,
        )
        for one in found.fits
    ]
    return PreflightView(
        device=DeviceView.model_validate(found.device),
        fits=fits,
        epochs=found.epochs,
        ends_after_tokens=found.ending.tokens,
        ends_because=found.ending.why,
    )
