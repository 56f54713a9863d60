"""Home: what is here and what is next; and the state of the vault itself."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ipse.pipeline.health import checks
from ipse.pipeline.keys import Inside, inside
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import OWNER
from ipse.registry import Registry
from ipse.server.deps import Administering, Aggregates
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Page
from ipse.server.routing import component

__all__ = ["CheckView", "Overview", "check_vault", "router", "show_overview", "show_vault"]

router = component("home")

InsideView = mirrored(Inside)
Next = Literal["consent", "import", "prepare", "train", "evaluate", "chat"]


class Overview(BaseModel):
    """What is in the vault, and what comes next on the way to an answer."""

    records: int = Field(examples=[1200])
    conversations: int = Field(examples=[14])
    sources: list[str] = Field(description="with something kept", examples=[["whatsapp"]])
    allowed: list[str] = Field(description="sources with an active consent", examples=[["whatsapp"]])
    owner_known: bool = Field(description="whether any import said who you are")
    datasets: int = Field(examples=[1])
    models: int = Field(examples=[2])
    champion: str | None = Field(examples=["v1"], description="the model that answers by default")
    scored: bool = Field(description="whether the model that answers by default has a scorecard")
    next: Next = Field(examples=["chat"])


class CheckView(BaseModel):
    """One check, and what to do unless it is ok."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["disk"])
    state: Literal["ok", "warning", "wrong"]
    found: str = Field(examples=["120.4 GB free"])
    todo: str


@router.get("/overview")
def show_overview(asked: Aggregates) -> Overview:
    """What is here, and what is next: counts, no content."""
    workspace = asked.workspace
    counts, champion = workspace.vault.counts(), Registry(workspace.vault).champion()
    allowed = _allowed(workspace)
    found = Overview(
        records=sum(one["records"] for one in counts.values()),
        conversations=sum(one["conversations"] for one in counts.values()),
        sources=sorted(counts),
        allowed=allowed,
        owner_known=OWNER in workspace.roster().people(),
        datasets=len(workspace.vault.ids("dataset")),
        models=len(workspace.vault.ids("model")),
        champion=champion,
        scored=champion in workspace.vault.ids("scorecard"),
        next="chat",
    )
    return found.model_copy(update={"next": _next(found)})


@router.get("/vault", response_model=InsideView)
def show_vault(asked: Aggregates) -> BaseModel:
    """The vault itself: keys, records by source, when it was backed up and verified."""
    return reflected(inside(asked.workspace))


@router.post("/vault/check")
def check_vault(asked: Administering) -> Page[CheckView]:
    """Every check of an open vault: files, rights, keys, disk, backups."""
    found = [CheckView.model_validate(one) for one in checks(asked.workspace)]
    return Page(items=found, total=len(found))


def _allowed(workspace: Workspace) -> list[str]:
    now = datetime.now(UTC)
    held = [signed.consent for signed in workspace.consents()]
    active = [
        one for one in held if one.state == "given" and (one.expires_at is None or one.expires_at > now)
    ]
    return sorted({one.source for one in active})


def _next(found: Overview) -> Next:
    if not found.records:
        return "import" if found.allowed else "consent"
    if not found.models:
        return "train" if found.datasets else "prepare"
    return "chat" if found.scored or found.models == 1 else "evaluate"
