"""Everything of a vault in open formats, as one download."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Literal

from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from ipse.pipeline.portability import export_all
from ipse.server.deps import Administering
from ipse.server.downloads import download
from ipse.server.routing import component

__all__ = ["Taking", "router", "take_everything"]

router = component("erasure", prefix="/archive")

ZIP = {200: {"description": "The archive", "content": {"application/zip": {"schema": {"type": "string"}}}}}


class Taking(BaseModel):
    """In what form."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"form": "jsonl"}]})

    form: Literal["jsonl", "csv", "parquet"] = "jsonl"
    names: bool = Field(default=False, description="with the names and addresses behind the placeholders")


@router.post("", response_class=FileResponse, responses=ZIP)  # type: ignore[arg-type]
def take_everything(asked: Administering, body: Taking) -> FileResponse:
    """Everything that is kept, signed, to keep or to take elsewhere. It is not encrypted any more."""
    made = datetime.now(UTC)

    def write(packed: Path) -> None:
        folder = packed.with_name("archive")
        export_all(asked.workspace, folder, body.form, names=body.names)
        with zipfile.ZipFile(packed, "x", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
        rmtree(folder)

    return download(f"ipse-{made:%Y-%m-%d}.zip", write, media_type="application/zip")
