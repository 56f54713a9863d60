"""Whose tokens were found good, as long as nothing has happened in the vault that could change it.

A token is looked up once and then known by its digest until the audit log has a row that could have revoked
it (any row but those of chats and jobs). So a revocation counts from the next request on, in whatever process
it was made; that a token runs out is looked at each time.
"""

import threading
from collections import OrderedDict
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from ipse.pipeline.tokens import Token, check
from ipse.pipeline.watching import Watch
from ipse.pipeline.workspace import Workspace

__all__ = ["Passes"]

REMEMBERED: Final = 256


class Passes:
    """Of one open vault."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._guard = threading.Lock()
        self._known: OrderedDict[bytes, tuple[object, Token]] = OrderedDict()

    def glance(self, secret: str) -> Token | None:
        """The token, if it is known and nobody has written since: waits for nobody."""
        seen = self._watch.glance() if self._watch.near else None
        return self._held(_digest(secret), seen.rights) if seen is not None else None

    def check(self, workspace: Workspace, secret: str) -> Token:
        """The token; raises ``AccessError`` for a false, revoked or ended one."""
        digest, rights = _digest(secret), self._watch.look().rights
        held = self._held(digest, rights)
        if held is None:
            held = check(workspace, secret)
            with self._guard:
                self._known[digest] = rights, held
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return held

    def _held(self, digest: bytes, rights: object) -> Token | None:
        with self._guard:
            as_of, token = self._known.get(digest, (None, None))
        return token if as_of is rights and token is not None and not token.ended(datetime.now(UTC)) else None


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
