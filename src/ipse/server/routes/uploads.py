"""Uploads: exports handed over by the browser, looked into before anything is kept."""

from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.concurrency import run_in_threadpool

from ipse import plugins
from ipse.config import ImportSettings
from ipse.errors import SettingsError
from ipse.pipeline.finding import look
from ipse.pipeline.importing import read_options
from ipse.pipeline.preview import plain, preview, says_its_zone
from ipse.pipeline.uploads import Arrival, Upload, Uploads
from ipse.pipeline.workspace import Workspace
from ipse.records import Unreadable
from ipse.server.arriving import FORM, receive
from ipse.server.deps import Caller, CallingImporting, Identifier, Importing
from ipse.server.paging import Page
from ipse.server.routing import component

__all__ = [
    "ExportView",
    "Looking",
    "PreviewView",
    "SenderView",
    "UploadFound",
    "UploadView",
    "add_upload",
    "delete_upload",
    "list_uploads",
    "preview_encrypted",
    "preview_upload",
    "router",
    "show_upload",
]

router = component("uploads", prefix="/uploads")


class UploadView(BaseModel):
    """An upload that waits; it is deleted once it was imported, and after a day."""

    id: str = Field(examples=["4c1f09ab37de"])
    made_at: datetime
    size: int = Field(description="bytes", examples=[48120])
    files: dict[str, int] = Field(examples=[{"WhatsApp Chat with Ilka Brandt.txt": 48120}])


class ExportView(BaseModel):
    """An export in it."""

    name: str = Field(examples=["WhatsApp Chat with Ilka Brandt.txt"])
    source: str = Field(examples=["whatsapp"])
    allowed: bool = Field(description="whether a consent covers it")


class UploadFound(UploadView):
    """What is in an upload."""

    exports: list[ExportView]
    unrecognized: list[str]
    unreadable: list[str] = Field(description="why some could not be looked into")


class SenderView(BaseModel):
    """Somebody who wrote: one of them is you."""

    name: str = Field(examples=["Nora Feld"])
    messages: int = Field(examples=[120])


class Looking(BaseModel):
    """Which export to look into, as what, and by which passphrase."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"passphrase": "12345 67890 12345 67890 12345 67890"}]},
    )

    name: str = Field(default="", max_length=400, description="as `exports` names it; empty: the first")
    source: str = Field(default="", max_length=64, description="read it as this source")
    me: list[str] = Field(default=[], max_length=20, description="your names, to see the direction")
    limit: int = Field(default=20, ge=1, le=200)
    passphrase: SecretStr = SecretStr("")


class PreviewView(BaseModel):
    """The first records as they are: not pseudonymized, and not kept."""

    source: str
    records: int | None = Field(description="in all, where that is known")
    zoned: bool = Field(description="whether its times say their zone; else it is asked for")
    notes: list[str]
    senders: list[SenderView]
    items: list[dict[str, Any]]
    unreadable: int = Field(description="of those looked at")


def _view(found: Upload) -> UploadView:
    return UploadView(id=found.id, made_at=found.made_at, size=sum(found.files.values()), files=found.files)


@router.post("", status_code=201, openapi_extra=FORM)
async def add_upload(asked: CallingImporting, request: Request) -> UploadFound:
    """Hand over an export, of one file or several; says what is in it. Names may have folders in them."""
    arrival = await run_in_threadpool(_begun, asked)
    try:
        await receive(request, arrival)
        if not arrival.files:
            raise SettingsError("No file was sent.", hint="Send one or more as `files`.")
        return await run_in_threadpool(_kept, asked, arrival)
    except BaseException:
        await run_in_threadpool(arrival.drop)
        raise


def _begun(asked: Caller) -> Arrival:
    with asked.lend() as workspace:
        return Uploads(workspace).begin()


def _kept(asked: Caller, arrival: Arrival) -> UploadFound:
    with asked.lend() as workspace:
        return _found(workspace, Uploads(workspace).keep(arrival))


@router.get("")
def list_uploads(asked: Importing) -> Page[UploadView]:
    """What waits to be imported, the newest first."""
    found = [_view(one) for one in Uploads(asked.workspace).all()]
    return Page(items=found, total=len(found))


@router.get("/{upload}")
def show_upload(asked: Importing, upload: Identifier) -> UploadFound:
    """What is in an upload, by every source there is, as it was seen when it came."""
    return _found(asked.workspace, Uploads(asked.workspace).get(upload))


@router.get("/{upload}/preview")
def preview_upload(
    asked: Importing,
    upload: Identifier,
    name: Annotated[str, Query(max_length=400, description="which export in it, as `exports` names it")] = "",
    source: Annotated[str, Query(max_length=64, description="read it as this source")] = "",
    me: Annotated[
        list[str] | None, Query(max_length=20, description="your names, to see the direction")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> PreviewView:
    """The first records of an export, and who wrote how much: who of them is you?"""
    return _previewed(asked.workspace, upload, Looking(name=name, source=source, me=me or [], limit=limit))


@router.post("/{upload}/preview")
def preview_encrypted(asked: Importing, upload: Identifier, body: Looking) -> PreviewView:
    """The same of an export that is encrypted, by its passphrase, which no address is to hold."""
    return _previewed(asked.workspace, upload, body)


@router.delete("/{upload}", status_code=204)
def delete_upload(asked: Importing, upload: Identifier) -> None:
    """Let an upload go."""
    Uploads(asked.workspace).remove(upload)


def _found(workspace: Workspace, held: Upload) -> UploadFound:
    return UploadFound(
        **_view(held).model_dump(),
        exports=[
            ExportView(name=name, source=source, allowed=workspace.allows(source))
            for name, source in held.seen.exports
        ],
        unrecognized=list(held.seen.unknown),
        unreadable=list(held.seen.closed),
    )


def _previewed(workspace: Workspace, upload: str, wanted: Looking) -> PreviewView:
    with Uploads(workspace).opened(upload) as folder:
        exports = [
            one for one in look([folder]).exports if wanted.name in ("", one.path.label, one.path.name)
        ]
        path = exports[0].path if exports else folder
        named = wanted.source or (exports[0].source.name if exports else "")
        chosen = plugins.source_named(named).name if named else None
        secret = wanted.passphrase.get_secret_value()
        options = read_options(ImportSettings(tz=workspace.settings.imports.tz), wanted.me, passphrase=secret)
        found = preview(path, options, format_name=chosen)
        looked = list(islice(found.items, wanted.limit))
        zoned = says_its_zone(path, options, found.source)
    items = [plain(item) for item in looked if not isinstance(item, Unreadable)]
    senders = sorted(found.senders.items(), key=lambda one: -one[1])
    return PreviewView(
        source=found.source,
        records=found.units,
        zoned=zoned,
        notes=list(found.notes),
        senders=[SenderView(name=who, messages=n) for who, n in senders[:200]],
        items=items,
        unreadable=len(looked) - len(items),
    )
