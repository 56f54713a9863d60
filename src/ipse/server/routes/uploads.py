"""Uploads: exports handed over by the browser, looked into before anything is kept."""

from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, UploadFile
from pydantic import BaseModel, Field

from ipse import plugins
from ipse.config import ImportSettings
from ipse.errors import SettingsError
from ipse.pipeline.finding import look
from ipse.pipeline.importing import read_options
from ipse.pipeline.preview import plain, preview, says_its_zone
from ipse.records import Unreadable
from ipse.server.deps import Asked, Identifier, Importing
from ipse.server.paging import Page
from ipse.server.uploads import Upload, Uploads

__all__ = [
    "ExportView",
    "PreviewView",
    "SenderView",
    "UploadFound",
    "UploadView",
    "add_upload",
    "delete_upload",
    "list_uploads",
    "preview_upload",
    "router",
    "show_upload",
]

router = APIRouter(prefix="/uploads", tags=["uploads"])


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


class PreviewView(BaseModel):
    """The first records as they are: not pseudonymized, and not kept."""

    source: str
    records: int | None = Field(description="in all, where that is known")
    zoned: bool = Field(description="whether its times say their zone; else it is asked for")
    notes: list[str]
    senders: list[SenderView]
    items: list[dict[str, Any]]
    unreadable: int = Field(description="of those looked at")


def _uploads(asked: Asked) -> Uploads:
    return Uploads(asked.workspace.vault.folder, asked.workspace.settings.service.uploads)


def _view(found: Upload) -> UploadView:
    return UploadView(id=found.id, made_at=found.made_at, size=sum(found.files.values()), files=found.files)


@router.post("", status_code=201)
def add_upload(asked: Importing, files: list[UploadFile]) -> UploadFound:
    """Hand over an export, of one file or several; says what is in it. Names may have folders in them."""
    if not any(file.filename for file in files):
        raise SettingsError("No file was sent.", hint="Send one or more as `files`.")
    made = _uploads(asked).add([(file.filename or "", file.file) for file in files])
    return _found(asked, made)


@router.get("")
def list_uploads(asked: Importing) -> Page[UploadView]:
    """What waits to be imported, the newest first."""
    found = [_view(one) for one in _uploads(asked).all()]
    return Page(items=found, total=len(found))


@router.get("/{upload}")
def show_upload(asked: Importing, upload: Identifier) -> UploadFound:
    """What is in an upload, by every source there is; nothing of it is kept."""
    return _found(asked, _uploads(asked).get(upload))


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
    held = _uploads(asked).get(upload)
    exports = [one for one in look([held.folder]).exports if name in ("", one.path.label, one.path.name)]
    path = exports[0].path.path if exports else held.folder
    chosen = plugins.source_named(source).name if source else exports[0].source.name if exports else None
    options = read_options(ImportSettings(tz=asked.workspace.settings.imports.tz), me or [])
    found = preview(path or held.folder, options, format_name=chosen)
    looked = list(islice(found.items, limit))
    items = [plain(item) for item in looked if not isinstance(item, Unreadable)]
    senders = sorted(found.senders.items(), key=lambda one: -one[1])
    return PreviewView(
        source=found.source,
        records=found.units,
        zoned=says_its_zone(path or held.folder, options, found.source),
        notes=list(found.notes),
        senders=[SenderView(name=who, messages=n) for who, n in senders[:200]],
        items=items,
        unreadable=len(looked) - len(items),
    )


@router.delete("/{upload}", status_code=204)
def delete_upload(asked: Importing, upload: Identifier) -> None:
    """Let an upload go."""
    _uploads(asked).remove(upload)


def _found(asked: Asked, held: Upload) -> UploadFound:
    found = look([held.folder])
    exports = [
        ExportView(
            name=one.path.label, source=one.source.name, allowed=asked.workspace.allows(one.source.name)
        )
        for one in found.exports
    ]
    return UploadFound(
        **_view(held).model_dump(),
        exports=exports,
        unrecognized=[one.label for one in found.unknown],
        unreadable=[str(error) for error in found.closed],
    )
