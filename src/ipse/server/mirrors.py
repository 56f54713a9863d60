"""Pydantic's view of the pipeline's structs: made from their fields, so that the two cannot drift.

The pipeline speaks msgspec, FastAPI pydantic. ``mirrored`` gives the model of a struct for a route's
``response_model``, ``reflected`` fills it.
"""

import typing
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel, ConfigDict, Field, create_model

__all__ = ["mirrored", "reflected"]


@cache
def mirrored(struct: type[msgspec.Struct]) -> type[BaseModel]:
    """The model with the fields, types, defaults and the docstring of a struct, and so on down."""
    hints = typing.get_type_hints(struct, include_extras=True)
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        kind = _mirrored(hints[field.name])
        if field.default is not msgspec.NODEFAULT:
            fields[field.encode_name] = (kind, _plain(field.default))
        elif field.default_factory is not msgspec.NODEFAULT:
            fields[field.encode_name] = (kind, Field(default_factory=field.default_factory))
        else:
            fields[field.encode_name] = (kind, ...)
    return create_model(
        _name(struct), __doc__=struct.__doc__, __config__=ConfigDict(protected_namespaces=()), **fields
    )


def reflected(value: msgspec.Struct) -> BaseModel:
    """That struct as its model."""
    return mirrored(type(value)).model_validate(msgspec.to_builtins(value))


def _mirrored(kind: Any) -> Any:  # noqa: ANN401 - any type there is
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return mirrored(kind)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is None or origin is Literal or not parts:
        return kind
    if origin in (Union, UnionType):
        return Union[tuple(_mirrored(part) for part in parts)]  # noqa: UP007 - made, not written
    if origin is typing.Annotated:
        return _mirrored(parts[0])
    inner = tuple(part if part in (Ellipsis, NoneType) else _mirrored(part) for part in parts)
    return origin[inner]


def _plain(default: object) -> object:
    return msgspec.to_builtins(default) if isinstance(default, msgspec.Struct) else default


def _name(struct: type[msgspec.Struct]) -> str:
    """Its own name; two rooms may call different things alike, so the room stands in front of common ones."""
    rooms = struct.__module__.removeprefix("ipse.").split(".")
    room = next((part for part in reversed(rooms) if part not in ("results", "card", "pipeline")), "")
    return struct.__name__ if struct.__name__.lower().startswith(room) else f"{room.title()}{struct.__name__}"
