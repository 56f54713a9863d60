"""Contacts: who is in the vault; joined, split by renaming, left out, or frozen at their objection."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import NotFoundError, PrivacyError
from ipse.pipeline import objections
from ipse.pipeline.contacts import Contact, contacts, exclude, merge, rename
from ipse.pipeline.objecting import Frozen, object_to, release
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import OWNER
from ipse.server.deps import Administering, Identifier, Importing, Reading
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "ContactView",
    "Excluding",
    "Merging",
    "Objecting",
    "ObjectionView",
    "OwnerView",
    "Renaming",
    "exclude_contact",
    "list_contacts",
    "list_objections",
    "merge_contacts",
    "object_contact",
    "release_contact",
    "rename_contact",
    "router",
    "show_contact",
    "show_owner",
]

router = component("contacts")

Pseudonym = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class ContactView(BaseModel):
    """Somebody, with the names and addresses that the exports gave them."""

    pseudonym: str = Field(examples=["PERSON_2"])
    name: str = Field(examples=["Ilka Brandt"])
    handles: list[str] = Field(examples=[["Ilka Brandt", "ilka@example.org"]])
    platforms: list[str] = Field(examples=[["whatsapp"]])
    messages: int = Field(examples=[120])
    excluded: bool = Field(description="nothing more of theirs is kept, and none is learned from")
    objected: bool = Field(description="frozen: nothing they wrote is used")


class OwnerView(ContactView):
    """You, as the exports know you; ``known`` tells whether any import said who you are."""

    known: bool


class Merging(BaseModel):
    """Who else is the same person."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"into": "PERSON_2", "others": ["PERSON_5"]}]}
    )

    into: Pseudonym
    others: list[Pseudonym] = Field(min_length=1, max_length=50)


class Renaming(BaseModel):
    """What to call somebody."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Ilka"}]})

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class Excluding(BaseModel):
    """Whether they are left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"excluded": True}]})

    excluded: bool = True


class Objecting(BaseModel):
    """What becomes of the models that learned from them."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"models": "keep-unused", "note": "asked by mail"}]}
    )

    models: Literal["erase", "keep-unused"] = "keep-unused"
    note: Annotated[str, StringConstraints(max_length=1000)] = ""


class ObjectionView(BaseModel):
    """An objection: a signed document, and what it stopped."""

    id: str = Field(examples=["a41c09be77d2f053"])
    contact: str = Field(examples=["PERSON_2"])
    at: datetime
    released_at: datetime | None
    note: str
    models_were: str = Field(examples=["keep-unused"])
    datasets: list[str]
    models: list[str] = Field(description="models that speak no more for it", examples=[["v2"]])


def _view(found: Contact) -> ContactView:
    return ContactView(
        pseudonym=found.pseudonym,
        name=found.name,
        handles=list(found.handles),
        platforms=list(found.platforms),
        messages=found.messages,
        excluded=found.excluded,
        objected=found.objected,
    )


def _objection(signed: objections.SignedObjection) -> ObjectionView:
    held = signed.objection
    return ObjectionView(
        id=held.id,
        contact=held.contact,
        at=held.at,
        released_at=held.released_at,
        note=held.note,
        models_were=held.models_were,
        datasets=list(held.datasets),
        models=list(held.models),
    )


def _known(workspace: Workspace, *people: str) -> None:
    """Raise ``NotFoundError`` unless these are pseudonyms of this vault, as they are used now."""
    held = workspace.roster().people()
    for one in people:
        if one not in held:
            raise NotFoundError(f"Nobody is `{one[:80]}`.", hint="See /api/contacts.")


@router.get("/contacts")
def list_contacts(
    asked: Reading,
    q: Annotated[str, Query(max_length=100, description="part of a name or address")] = "",
    platform: Annotated[str, Query(max_length=64)] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[ContactView]:
    """Everybody who wrote or took part, you first, then by how much they wrote."""
    found = [
        _view(one)
        for one in contacts(asked.workspace)
        if q.casefold() in " ".join((one.name, one.pseudonym, *one.handles)).casefold()
        and (not platform or platform in one.platforms)
    ]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.get("/contacts/{contact}")
def show_contact(asked: Reading, contact: Identifier) -> ContactView:
    """One of them, by pseudonym."""
    _known(asked.workspace, contact)
    return next(_view(one) for one in contacts(asked.workspace) if one.pseudonym == contact)


@router.get("/owner")
def show_owner(asked: Reading) -> OwnerView:
    """Who you are in your exports; an import says so by its `me`."""
    roster = asked.workspace.roster()
    handles = [one.name or one.address for one in roster.handles(OWNER)] if OWNER in roster.people() else []
    return OwnerView(
        pseudonym=OWNER,
        name=roster.called(OWNER) if handles else "",
        handles=list(dict.fromkeys(handles)),
        platforms=[],
        messages=0,
        excluded=False,
        objected=False,
        known=bool(handles),
    )


@router.post("/contacts/merge")
def merge_contacts(asked: Importing, body: Merging) -> ContactView:
    """Say that several are one person, from now on and in what is kept."""
    _known(asked.workspace, body.into, *body.others)
    return _view(merge(asked.workspace, body.into, body.others))


@router.patch("/contacts/{contact}")
def rename_contact(asked: Importing, contact: Identifier, body: Renaming) -> ContactView:
    """Call somebody by another name, also where an answer names them."""
    _known(asked.workspace, contact)
    return _view(rename(asked.workspace, contact, body.name))


@router.put("/contacts/{contact}/exclusion")
def exclude_contact(asked: Importing, contact: Identifier, body: Excluding) -> ContactView:
    """Keep nothing more that somebody writes, and learn from nothing of it; or allow it again."""
    _known(asked.workspace, contact)
    return _view(exclude(asked.workspace, contact, excluded=body.excluded))


@router.get("/objections")
def list_objections(asked: Reading, limit: Limit = 100, cursor: Cursor = "") -> Page[ObjectionView]:
    """Every objection, the newest first, released ones included."""
    found = [_objection(one) for one in reversed(objections.held(asked.workspace))]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.put("/contacts/{contact}/objection", status_code=201)
def object_contact(asked: Administering, contact: Identifier, body: Objecting) -> ObjectionView:
    """Freeze somebody who objected: nothing of theirs is used from now on, models of it speak no more."""
    _known(asked.workspace, contact)
    return _frozen(object_to(asked.workspace, contact, note=body.note, models=body.models))


@router.delete("/contacts/{contact}/objection")
def release_contact(asked: Administering, contact: Identifier) -> ObjectionView:
    """Let somebody's messages be used again."""
    _known(asked.workspace, contact)
    if contact not in objections.frozen(asked.workspace, asked.workspace.roster()):
        raise PrivacyError(f"No objection of {contact} stands.", hint="See /api/objections.")
    return _frozen(release(asked.workspace, contact))


def _frozen(done: Frozen) -> ObjectionView:
    return _objection(done.certificate)
