"""An example of each answer, made of the examples that its fields have in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["sample"]

DEEPEST: Final = 8
BY_FORMAT: Final = {"date-time": "2026-04-01T10:15:00Z", "date": "2026-04-01"}
BY_TYPE: Final[Mapping[str, object]] = {
    "string": "…",
    "integer": 1,
    "number": 0.5,
    "boolean": False,
    "null": None,
}


def sample(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """A value that the schema allows; ``schemas`` are those that it may refer to by name."""
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, depth)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("example", "const", "default"):
        if key in schema:
            return schema[key]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            real = [one for one in schema[key] if one.get("type") != "null"]
            return sample(real[0], schemas, depth) if real else None
    return _of_type(schema, schemas, depth)


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> Any:  # noqa: ANN401
    kind = schema.get("type")
    if kind == "object":
        held = schema.get("properties", {})
        return {name: sample(one, schemas, depth + 1) for name, one in held.items()}
    if kind == "array":
        if "prefixItems" in schema:
            return [sample(one, schemas, depth + 1) for one in schema["prefixItems"]]
        inner = schema.get("items")
        return [sample(inner, schemas, depth + 1)] if inner and depth < DEEPEST else []
    if kind == "string" and "format" in schema:
        return BY_FORMAT.get(schema["format"], BY_TYPE["string"])
    return max(schema["minimum"], 1) if "minimum" in schema else BY_TYPE.get(str(kind))
