"""The vault: everything kept, encrypted under keys that can be destroyed one by one."""

from ipse.vault.crypto import KdfParameters
from ipse.vault.erasing import Cut, Removed
from ipse.vault.journal import AuditEntry, AuditReport
from ipse.vault.keeping import Kept
from ipse.vault.scanning import Conversation
from ipse.vault.store import Vault, VaultInfo

__all__ = [
    "AuditEntry",
    "AuditReport",
    "Conversation",
    "Cut",
    "KdfParameters",
    "Kept",
    "Removed",
    "Vault",
    "VaultInfo",
]
