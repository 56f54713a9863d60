"""Who an export belongs to, where its profile says so. Does not know what is in the conversations."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Person
from ipse.sources.meta.phrases import phrases
from ipse.sources.reading.jsons import decoded

__all__ = ["owner_among"]

_LARGEST: Final = 1 << 22  # bytes of a profile
_PROFILES: Final = (
    ("personal_information", "profile_information", "profile_information.json"),
    ("profile_information", "profile_information.json"),
    ("about_you", "profile_information.json"),
    ("personal_information", "personal_information", "personal_information.json"),
    ("personal_information", "personal_information.json"),
    ("account_information", "personal_information.json"),
    ("profile.json",),
)


def owner_among(export: ExportPath, people: Iterable[Person]) -> tuple[Person, ...] | None:
    """Those of ``people`` whom the profile names; None where there is none or it names none of them.

    The fields of Instagram's profile are named in the account's language, so any short value may be the name.
    """
    wanted = {name.casefold() for name in _names(export)}
    found = tuple(person for person in people if person.name and person.name.casefold() in wanted)
    return found or None


def _names(export: ExportPath) -> Iterator[str]:
    if not export.is_dir():
        return
    for place in _PROFILES:
        file = export.joinpath(*place)
        try:
            document = decoded(file, dict[str, Any], most=_LARGEST) if file.is_file() else {}
        except SourceError:
            continue
        yield from filter(None, map(phrases().person, _of_facebook(document)))
        yield from filter(None, map(phrases().person, _of_instagram(document)))


def _of_facebook(document: dict[str, Any]) -> Iterator[Any]:
    """``profile_v2.name.full_name``; before 2021 ``profile.name``."""
    for key in ("profile_v2", "profile", "profile_information"):
        profile = document.get(key)
        name = profile.get("name") if isinstance(profile, dict) else None
        yield name.get("full_name") if isinstance(name, dict) else name


def _of_instagram(document: dict[str, Any]) -> Iterator[Any]:
    """``profile_user[0].string_map_data.*.value``; before 2021 ``name`` and ``username``."""
    yield document.get("name")
    yield document.get("username")
    users = document.get("profile_user")
    for user in users if isinstance(users, list) else ():
        fields = user.get("string_map_data") if isinstance(user, dict) else None
        for field in fields.values() if isinstance(fields, dict) else ():
            yield field.get("value") if isinstance(field, dict) else None
