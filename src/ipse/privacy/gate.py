"""The one door: ``Record`` in, ``Cleared[Record]`` out, or an error and nothing is kept."""

from typing import Generic, NoReturn, TypeVar, final

from ipse.errors import PrivacyError
from ipse.records import Record

__all__ = ["Cleared"]

R_co = TypeVar("R_co", bound=Record, covariant=True)


@final
class _Seal:
    """What only this module holds: the right to call a record cleared."""


_SEAL = _Seal()


@final
class Cleared(Generic[R_co]):
    """A record that went through the gate; the only thing the vault accepts.

    Only the gate can make one: by type, since the seal is private to this module, and at run time, where a
    foreign seal is a ``PrivacyError``. It cannot be changed, subclassed or decoded from bytes.
    """

    __slots__ = ("record",)
    record: R_co

    def __init__(self, record: R_co, seal: _Seal) -> None:
        if seal is not _SEAL:
            raise PrivacyError("Only the gate clears a record.", hint="Pass it through Gate.clear().")
        object.__setattr__(self, "record", record)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: what was cleared stays as it was cleared."""
        raise AttributeError(f"a cleared record is frozen; {name} cannot be set")

    def __repr__(self) -> str:
        """Name the family and nothing of the content, for a repr ends up in logs."""
        return f"Cleared[{type(self.record).__name__}]"
