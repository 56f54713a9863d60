"""What projects may learn from: the `data_sources` of the settings, and the tables among them."""

from collections.abc import Iterable
from pathlib import Path

from ipse.config import DataSource, Settings
from ipse.errors import SettingsError
from ipse.interfaces import Progress
from ipse.pipeline.days.files import Imported, import_table, zone
from ipse.pipeline.workspace import Workspace

__all__ = ["declared_tables", "import_declared", "require_declared"]


def require_declared(settings: Settings, streams: Iterable[str]) -> None:
    """Refuse streams that the settings do not name as data sources, where they name any."""
    declared = {one.name: one for one in settings.data_sources}
    for name in streams if declared else ():
        source, _, part = name.partition(".")
        held = declared.get(source)
        if held is None or (held.streams and part not in held.streams):
            known = ", ".join(_names(held) if held else declared)
            raise SettingsError(
                f"`{name}` is not among `data_sources`.", hint=f"Name it there, or learn from {known}."
            )


def declared_tables(settings: Settings) -> list[DataSource]:
    """The data sources that are files."""
    return [one for one in settings.data_sources if one.path]


def import_declared(workspace: Workspace, *, progress: Progress) -> list[Imported]:
    """Keep the rows of every table among the data sources; what is there already stays as it is."""
    return [
        import_table(
            workspace,
            Path(one.path).expanduser(),
            one.name,
            time_column=one.time or None,
            zone=zone(one.tz),
            progress=progress,
        )
        for one in declared_tables(workspace.settings)
    ]


def _names(held: DataSource) -> list[str]:
    return [f"{held.name}.{part}" for part in held.streams]
