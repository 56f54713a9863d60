"""Writes encrypted Android backups as the app does, frame by frame, for tests to damage."""

import hmac
from hashlib import sha256, sha512
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DIGITS = "123451234512345123451234512345"
SALT = bytes(range(32))
IV = b"\0\0\0\7" + bytes(range(12))


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: bytes | int | str) -> bytes:
    """One field: a number as a varint, everything else with its length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value & 0xFFFF_FFFF_FFFF_FFFF)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def parameter(value: Any) -> bytes:
    kinds = {str: 1, int: 2, bytes: 4}
    inner = field(5, 1) if value is None else field(kinds[type(value)], value)
    return field(2, inner)


class BackupWriter:
    """A backup that grows; ``data`` is what has been written so far."""

    def __init__(
        self, version: int = 1, *, passphrase: str = DIGITS, iv: bytes = IV, rounds: int = 250_000
    ) -> None:
        self.version = version
        secret = passphrase.encode()
        hashed = sha512(SALT + secret + secret).digest()
        for _ in range(rounds - 1):
            hashed = sha512(hashed + secret).digest()
        derived = HKDF(SHA256(), 64, salt=bytes(32), info=b"Backup Export").derive(hashed[:32])
        self.cipher, self.key = derived[:32], derived[32:]
        self.counter = count(int.from_bytes(iv[:4], "big"))
        self.rest = iv[4:]
        header = field(1, iv) + field(2, SALT) + (field(3, version) if version else b"")
        plain = field(1, header)
        self.data = len(plain).to_bytes(4, "big") + plain
        self.starts: list[int] = []  # where each frame begins, and payloads too

    def _next(self) -> tuple[bytes, Any]:
        block = (next(self.counter) % (1 << 32)).to_bytes(4, "big") + self.rest
        return block, Cipher(algorithms.AES(self.cipher), modes.CTR(block)).encryptor()

    def frame(self, body: bytes) -> None:
        _, encryptor = self._next()
        length = (len(body) + 10).to_bytes(4, "big")
        start = encryptor.update(length) if self.version else length
        text = encryptor.update(body)
        mac = hmac.new(self.key, (start if self.version else b"") + text, sha256).digest()[:10]
        self.starts.append(len(self.data))
        self.data += start + text + mac

    def payload(self, data: bytes) -> None:
        block, encryptor = self._next()
        text = encryptor.update(data)
        self.starts.append(len(self.data))
        self.data += text + hmac.new(self.key, block + text, sha256).digest()[:10]

    def sql(self, statement: str, *values: Any) -> None:
        self.frame(field(2, field(1, statement) + b"".join(map(parameter, values))))

    def insert(self, table: str, **cells: Any) -> None:
        places = ",".join("?" * len(cells))
        self.sql(f"INSERT INTO {table} ({','.join(cells)}) VALUES ({places})", *cells.values())

    def attachment(self, row: int, data: bytes) -> None:
        self.frame(field(4, field(1, row) + field(2, -1) + field(3, len(data))))
        self.payload(data)

    def setting(self, name: str, value: str) -> None:
        self.frame(field(9, field(1, name) + field(7, value)))

    def end(self) -> bytes:
        self.frame(field(6, 1))
        return self.data
