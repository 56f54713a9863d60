"""Text as exports mangle it, made whole again. It knows no export."""

import re

__all__ = ["clean", "repaired"]

_NARROW = re.compile(r"[\x00-\xff]*")
_HIGH = re.compile(r"[\x80-\xff]")


def repaired(text: str) -> str:
    """Undo UTF-8 that was read as Latin-1 (``cafÃ©``), as Meta's exports write it; else ``text`` as it is.

    Only where every character fits a byte and the bytes are UTF-8 throughout: one export mixes both kinds.
    """
    if not _HIGH.search(text) or not _NARROW.fullmatch(text):
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return text


def clean(text: str) -> str:
    """One kind of line end, no NUL, no lone surrogates, no blanks around."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
