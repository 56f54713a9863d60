"""The keys of an Android backup and what they open: AES-256 in counter mode, HMAC-SHA256 cut to ten bytes.

The only module among the sources that touches a cipher, and only to read. It keeps no key longer than the
reader that asked for it, and knows nothing of what is inside.
"""

import hmac
import unicodedata
from hashlib import sha256, sha512

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ipse.errors import SourceError

__all__ = ["MAC", "Keys", "digits"]

MAC = 10  # bytes of an HMAC that are kept
_ROUNDS = 250_000  # of stretching; 0.4 s
_LENGTH = 30  # decimal digits of a passphrase
_RECOVERY = 64  # characters of the key of newer backups


def digits(passphrase: str, label: str) -> bytes:
    """The passphrase as the key is made of it: its 30 digits, whatever separates them.

    Raises ``SourceError`` that says what is wrong with it, and never what it is.
    """
    plain = unicodedata.normalize("NFKC", passphrase)
    marks = [mark for mark in plain if mark.isalnum()]
    if not marks:
        raise SourceError(
            f"{label}: the backup is encrypted, and no passphrase was given.",
            hint="Write its 30 digits into a file and name it: --passphrase-file FILE (or --passphrase).",
        )
    if len(marks) == _RECOVERY:
        raise SourceError(
            f"{label}: a recovery key of {_RECOVERY} characters opens the newer backups only, not this file.",
            hint="Give the 30 digits shown when this backup was turned on: --passphrase-file FILE.",
        )
    if not all(mark.isdecimal() for mark in marks) or len(marks) != _LENGTH:
        what = (
            f"has {len(marks)}" if all(mark.isdecimal() for mark in marks) else "holds other characters too"
        )
        raise SourceError(
            f"{label}: a passphrase of Signal has {_LENGTH} digits; the one given {what}.",
            hint="Check it: six groups of five digits, --passphrase-file FILE.",
        )
    return "".join(str(unicodedata.decimal(mark)) for mark in marks).encode("ascii")


class Keys:
    """The two keys of a backup and its counter, which every frame and every payload moves on by one."""

    def __init__(self, passphrase: bytes, salt: bytes, iv: bytes) -> None:
        hashed = sha512(salt + passphrase + passphrase).digest()
        for _ in range(_ROUNDS - 1):
            hashed = sha512(hashed + passphrase).digest()
        derived = HKDF(SHA256(), 64, salt=bytes(32), info=b"Backup Export").derive(hashed[:32])
        self._cipher, self._mac = derived[:32], derived[32:]
        self._counter, self._rest = int.from_bytes(iv[:4], "big"), iv[4:]

    def next(self) -> tuple[CipherContext, bytes]:
        """What decrypts the next piece, and the counter block that it starts from."""
        block = self._counter.to_bytes(4, "big") + self._rest
        self._counter = (self._counter + 1) & 0xFFFF_FFFF
        return Cipher(algorithms.AES(self._cipher), modes.CTR(block)).decryptor(), block

    def mac(self) -> hmac.HMAC:
        """A fresh HMAC to take in a piece."""
        return hmac.new(self._mac, digestmod=sha256)

    @staticmethod
    def agrees(mac: hmac.HMAC, written: bytes) -> bool:
        """Whether the piece is as it was written."""
        return hmac.compare_digest(mac.digest()[:MAC], written)
