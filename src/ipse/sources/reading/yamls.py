"""Small YAML files that an owner writes beside an export. It knows the form and no meaning."""

from typing import Final

import yaml

from ipse.errors import SourceError
from ipse.exports import ExportPath

__all__ = ["yaml_in"]

LARGEST: Final = 1 << 16  # bytes; a mapping takes one or two thousand
DEEPEST: Final = 20  # levels; each more costs the parser more than the one before


def yaml_in(path: ExportPath, hint: str) -> object:
    """What the file says; raises ``SourceError`` with the line where it is no YAML.

    References within the file are refused: nobody needs them here, and a few lines of them fill any memory.
    """
    data = path.read_bytes(LARGEST)
    try:
        depth = 0
        for event in yaml.parse(data, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise SourceError(f"{path.label}: not valid YAML: it nests too deeply.", hint=hint)
            if isinstance(event, yaml.AliasEvent):
                raise SourceError(f"{path.label}: `*{event.anchor}` is a reference.", hint="Write it out.")
        return yaml.safe_load(data)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise SourceError(f"{path.label}{where}: not valid YAML.", hint=hint) from error
