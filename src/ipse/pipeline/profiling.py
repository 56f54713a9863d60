"""The owner's style profile, measured from the vault as it is now; and how long messages to each contact are.

Nothing of a profile is kept, so an erasure has nothing to reach but what was written out.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ipse.errors import SettingsError
from ipse.lengths import Lengths, of_examples
from ipse.pipeline import objections
from ipse.pipeline.contacts import UNNAMED, conversations
from ipse.pipeline.learning import dataset_named, style_consents
from ipse.pipeline.special import Screen
from ipse.pipeline.workspace import Workspace
from ipse.profile import Profile, measure
from ipse.profile.page import render

__all__ = ["contact_names", "export_profile", "profile", "reply_lengths", "zone_named"]


def profile(workspace: Workspace, *, zone: str | None = None) -> Profile:
    """Measure how the owner writes, from sources with a consent for style; ``zone`` is theirs, by IANA name.

    Special categories that no consent allows are gaps, and whoever objected or was excluded is not looked
    at. Raises ``ConsentError`` where nothing is allowed, ``DatasetError`` where there is nothing to measure.
    """
    local = zone_named(zone or workspace.settings.imports.tz)
    allowed = set(style_consents(workspace))
    roster = workspace.roster()
    without = roster.excluded | objections.frozen(workspace, roster)
    talks = Screen(workspace, allowed).talks(conversations(workspace, allowed, why="profile"))
    return measure(talks, workspace.settings.dataset, zone=local, at=datetime.now(UTC), without=without)


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises ``SettingsError`` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"`{name}` is no time zone.", hint="Write one such as Europe/Berlin.") from error


def contact_names(workspace: Workspace, found: Profile) -> dict[str, str]:
    """What the owner calls each contact of a profile, as ``ipse contacts list`` does."""
    roster = workspace.roster()
    called = {one.contact: roster.called(one.contact) for one in found.relations}
    return {label: name for label, name in called.items() if name and not name.endswith(UNNAMED)}


def export_profile(
    workspace: Workspace, found: Profile, folder: Path, *, names: Mapping[str, str] | None = None
) -> tuple[Path, Path]:
    """Write a profile as JSON and as one self-contained page, told in the audit log first; returns both.

    They lie outside the vault. Contacts are pseudonyms in both, unless ``names`` tells who they are.
    """
    workspace.vault.note("export.profile", {"names": bool(names), "contacts": len(found.relations)})
    folder.mkdir(parents=True, exist_ok=True)
    json_file, page = folder / "profile.json", folder / "profile.html"
    if names:
        renamed = tuple(
            msgspec.structs.replace(one, contact=names.get(one.contact, one.contact))
            for one in found.relations
        )
        found = msgspec.structs.replace(found, relations=renamed)
    json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    page.write_text(render(found, names), encoding="utf-8")
    return json_file, page


def reply_lengths(workspace: Workspace, dataset: str | None = None) -> Lengths | None:
    """How long the owner's replies to each contact are, for a voice to match: of a dataset's training set.

    A model's card names its dataset; without one it is the newest.
    """
    return of_examples(dataset_named(workspace, dataset, why="lengths").split.train)
