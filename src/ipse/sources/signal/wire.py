"""The wire form of protocol buffers, as far as reading needs it. It knows no message of Signal's.

A library for it would bring a compiler and generated code for six small messages; this is one loop.
"""

from collections.abc import Iterator

__all__ = ["fields", "first"]


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Each field's number and value: a varint as ``int``, everything else as its bytes (fixed ones too).

    Raises ``ValueError`` where the bytes are no such message.
    """
    at, end = 0, len(data)
    while at < end:
        key = data[at]
        if key < 0x80:  # as all but the rarest are
            at += 1
        else:
            key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise ValueError("a field of no number")
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError("a field of no known kind")
        if at + size > end:
            raise ValueError("a field runs over the end")
        yield number, data[at : at + size]
        at += size


def first(data: bytes) -> dict[int, int | bytes]:
    """The fields by number, for messages in which none is repeated; the last one counts, as the form says."""
    return dict(fields(data))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64:
        if at >= len(data):
            raise ValueError("a number runs over the end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise ValueError("a number without end")
