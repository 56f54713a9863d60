"""Every error ipse raises on purpose, as one tree.

::

    IpseError
    ├── SettingsError            a setting is not valid: file, line, what to write instead
    ├── ConsentError             the owner has not allowed this
    ├── SourceError              an export cannot be read at all
    │   ├── UnknownFormatError   no source recognizes it
    │   └── OwnerUnknownError    nobody in it answers to --me
    ├── PrivacyError             the gate could not clear a record; nothing of it was kept
    │   └── RefusedError         the record is excluded by the owner's own settings
    ├── VaultError               the vault cannot do what was asked
    │   ├── VaultMissingError    there is no vault here
    │   ├── VaultExistsError     there is one already
    │   ├── WrongPassphraseError neither passphrase nor recovery key opens it
    │   ├── DamagedVaultError    a byte is not what was written
    │   ├── FullDiskError        there is no room left
    │   └── UnknownVersionError  it was written by a newer ipse
    ├── AuditError               the audit chain does not verify
    ├── DatasetError             a dataset cannot be made, or is not there
    ├── LearnerError             a model cannot be trained or loaded
    │   ├── MissingExtraError    an optional package is not installed
    │   └── BaseModelError       the base model cannot be used
    ├── EnrichmentError          a link could not be looked up; `again` tells whether later may help
    ├── RegistryError            no such model, or it may not be promoted
    ├── DraftError               a draft is not there, or may not become that
    │   └── DeliveryError        a channel did not take it; `refused` tells whether it certainly did not leave
    ├── PluginError              a plugin does not load or breaks its contract
    ├── AccessError              who asks the service may not: no token, or not the scope
    ├── NotFoundError            there is nothing of that id
    ├── BusyError                asked too often, or too many ask at once; `after` tells when to ask again
    └── CancelledError           the owner stopped the job; finished work is kept

An ``IpseError`` reaches the owner as one line that ends with what to do next. Anything else is a bug
and shows its traceback.
"""

__all__ = [
    "AccessError",
    "AuditError",
    "BaseModelError",
    "BusyError",
    "CancelledError",
    "ConsentError",
    "DamagedVaultError",
    "DatasetError",
    "DeliveryError",
    "DraftError",
    "EnrichmentError",
    "FullDiskError",
    "IpseError",
    "LearnerError",
    "MissingExtraError",
    "NotFoundError",
    "OwnerUnknownError",
    "PluginError",
    "PrivacyError",
    "RefusedError",
    "RegistryError",
    "ServerError",
    "SettingsError",
    "SourceError",
    "UnknownFormatError",
    "UnknownVersionError",
    "VaultError",
    "VaultExistsError",
    "VaultMissingError",
    "WrongPassphraseError",
]


class IpseError(Exception):
    """The root: what happened and, after it, what to do next.

    ``hint`` is printed behind the message; keep both to one line.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{self.message} {self.hint}".rstrip()


class SettingsError(IpseError):
    """A setting is not valid."""


class ConsentError(IpseError):
    """The owner has not allowed this."""


class SourceError(IpseError):
    """An export cannot be read at all."""


class UnknownFormatError(SourceError):
    """No source recognizes the file."""


class OwnerUnknownError(SourceError):
    """Nobody in the export answers to the names given as the owner's."""


class PrivacyError(IpseError):
    """The gate could not clear a record; nothing of it was kept."""


class RefusedError(PrivacyError):
    """The record is excluded by the owner's own settings."""


class VaultError(IpseError):
    """The vault cannot do what was asked."""


class VaultMissingError(VaultError):
    """There is no vault in this place."""


class VaultExistsError(VaultError):
    """There is a vault in this place already."""


class WrongPassphraseError(VaultError):
    """Neither the passphrase nor the recovery key opens the vault."""


class DamagedVaultError(VaultError):
    """A byte of the vault is not what was written."""


class FullDiskError(VaultError):
    """There is no room left on the vault's disk; what was acknowledged is kept."""


class UnknownVersionError(VaultError):
    """The vault was written by a newer ipse."""


class AuditError(IpseError):
    """The audit chain does not verify."""


class DatasetError(IpseError):
    """A dataset cannot be made, or is not there."""


class LearnerError(IpseError):
    """A model cannot be trained or loaded."""


class MissingExtraError(LearnerError):
    """An optional package is not installed."""


class BaseModelError(LearnerError):
    """The base model cannot be used."""


class ServerError(LearnerError):
    """A model server on this machine, or one the owner allowed, does not answer as it should."""


class EnrichmentError(IpseError):
    """A link could not be looked up; ``again`` tells whether asking later may help."""

    def __init__(self, message: str, *, hint: str = "", again: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.again = again


class RegistryError(IpseError):
    """No such model, or it may not be promoted."""


class DraftError(IpseError):
    """A draft is not there, or may not become what was asked."""


class DeliveryError(DraftError):
    """A channel did not take a draft; ``refused`` says that it certainly did not leave."""

    def __init__(self, message: str, *, hint: str = "", refused: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.refused = refused


class PluginError(IpseError):
    """A plugin does not load or breaks its contract."""


class AccessError(IpseError):
    """Who asks the service may not; ``known`` tells whether it knows them at all."""

    def __init__(self, message: str, *, hint: str = "", known: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.known = known


class NotFoundError(IpseError):
    """There is nothing of that id."""


class BusyError(IpseError):
    """Asked too often, or too many ask at once; ask again ``after`` so many seconds."""

    def __init__(self, message: str, *, hint: str = "", after: float = 1.0) -> None:
        super().__init__(message, hint=hint)
        self.after = after


class CancelledError(IpseError):
    """The owner stopped the job; finished work is kept."""
