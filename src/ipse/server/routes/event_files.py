"""Files of events that were uploaded: a table with a column of times, or an export of ActivityWatch."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import SettingsError
from ipse.pipeline.days.files import import_activitywatch, import_table, is_activitywatch, source_of, zone
from ipse.pipeline.uploads import Uploads
from ipse.server.deps import Importing
from ipse.server.routing import component

__all__ = ["EventFile", "EventsImported", "import_event_file", "router"]

router = component("events", prefix="/events/files")

SOURCE = r"^([a-z][a-z0-9_-]{0,63})?$"
Name = Annotated[str, StringConstraints(max_length=128)]


class EventFile(BaseModel):
    """An upload of one file: CSV, JSON, JSON lines or Parquet."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"upload": "4c1f09ab37de", "tz": "Europe/Berlin"}]}
    )

    upload: Name
    source: str = Field(default="", pattern=SOURCE, description="what to call it; else as the file")
    time: Name = Field(default="", description="the column of times; else it is found")
    tz: Name = Field(default="UTC", description="zone of times that say none")


class EventsImported(BaseModel):
    """What became of the rows of a file; ``excluded`` was left out by the owner's own rules."""

    source: str = Field(examples=["power"])
    kept: int = Field(examples=[8760])
    duplicates: int = Field(examples=[0])
    excluded: int = Field(examples=[0])
    unreadable: int = Field(examples=[0])
    streams: list[str] = Field(examples=[[""]])


@router.post("", status_code=201)
def import_event_file(asked: Importing, body: EventFile) -> EventsImported:
    """Keep each row of a table, or what ActivityWatch exported, as events of a source that is allowed.

    The upload is gone afterwards. The same file again changes nothing.
    """
    workspace = asked.workspace
    uploads = Uploads(workspace)
    named = zone(body.tz)
    with uploads.opened(body.upload) as folder:
        files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
        if len(files) != 1:
            raise SettingsError("An upload of one file is needed.", hint="Upload the table alone.")
        (path,) = files
        if not body.source and is_activitywatch(path):
            done = import_activitywatch(workspace, path, progress=_unheard)
        else:
            done = import_table(
                workspace,
                path,
                body.source or source_of(path),
                time_column=body.time or None,
                zone=named,
                progress=_unheard,
            )
    uploads.remove(body.upload)
    return EventsImported(
        source=done.source,
        kept=done.kept,
        duplicates=done.duplicates,
        excluded=done.excluded,
        unreadable=done.unreadable,
        streams=list(done.streams),
    )


def _unheard(_done: float, _total: float | None, _figures: object) -> None:
    """Who waits for the answer follows nothing else."""
