"""Looking for marked strings in everything that a vault and what came out of it hold."""

from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from ipse.pipeline.derived import KINDS
from ipse.vault import Vault

__all__ = ["bytes_of", "found", "opened_documents"]


def opened_documents(vault: Vault) -> list[bytes]:
    """The content of every document, each event, the audit log."""
    blobs = [vault.get(kind, name) for kind in KINDS for name in vault.ids(kind)]
    aside = [vault.get_aside(kind, name) for kind in KINDS for name in vault.ids(kind)]
    blobs += [one for one in aside if one is not None]
    blobs += [msgspec.json.encode(event) for event in vault.events()]
    blobs.append(msgspec.json.encode(list(vault.audit_rows())))
    return blobs


def bytes_of(*folders: Path) -> list[bytes]:
    """Names and bytes of every file below these folders: catalog, WAL, keys, objects, backups, exports."""
    files = [file for folder in folders for file in sorted(folder.rglob("*"))]
    return [str(file).encode() for file in files] + [file.read_bytes() for file in files if file.is_file()]


def found(words: Collection[str], blobs: Iterable[bytes | str]) -> set[str]:
    """Which of the words stand there, whole or by their last five letters, in whatever case."""
    texts = [blob.decode("latin1") if isinstance(blob, bytes) else blob for blob in blobs]
    lower = [text.lower() for text in texts]
    return {word for word in words if any(word[-5:].lower() in text for text in lower)}
