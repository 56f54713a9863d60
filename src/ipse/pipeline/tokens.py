"""Who may ask the service: tokens of programs, sessions of browsers, and what each may do.

A token says which vault it is of and which of its tokens it is; the rest is 256 random bits, of which the
vault keeps a SHA-256 alone. A browser's session is a token too, so that it outlives a restart of the service.
"""

import hmac
import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal, NamedTuple

import msgspec

from ipse.errors import AccessError, NotFoundError, SettingsError
from ipse.pipeline.workspace import Workspace

__all__ = ["ROLES", "SCOPES", "Added", "Role", "Scope", "Token", "add", "check", "held", "revoke", "vault_of"]

Scope = Literal["aggregates", "read", "import", "train", "approve", "admin"]
"""What may be done; ``aggregates`` are figures without anybody's words, and ``read`` includes them."""

Role = Literal["owner", "reviewer", "researcher", "admin"]

SCOPES: Final[tuple[Scope, ...]] = ("aggregates", "read", "import", "train", "approve", "admin")
ROLES: Final[Mapping[Role, frozenset[Scope]]] = {
    "owner": frozenset(SCOPES),
    "reviewer": frozenset(("aggregates", "read", "approve")),
    "researcher": frozenset(("aggregates",)),
    "admin": frozenset(("aggregates", "admin")),
}
"""Who looks after a vault need not read it: ``admin`` without ``read``."""

KIND = "token"
PREFIX = "ipse"
ACTIVE, REVOKED = "active", "revoked"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """Who may ask. ``digest`` is the SHA-256 (hex) of the token; ``browser`` marks a session of one."""

    id: str
    name: str
    scopes: frozenset[Scope]
    digest: str
    made_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    browser: bool = False

    def ended(self, now: datetime) -> bool:
        """Whether it opens nothing any more."""
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now)


class Added(NamedTuple):
    """A new token and its text, which is shown this once."""

    token: Token
    secret: str


def add(
    workspace: Workspace,
    name: str,
    *,
    scopes: Collection[Scope],
    expires_in: timedelta | None = None,
    browser: bool = False,
) -> Added:
    """Let a program (or a browser) in; raises ``SettingsError`` for no name, no scope, an end in the past."""
    if not name.strip() or not scopes:
        raise SettingsError(
            "A token has a name and at least one scope.", hint=f"One of: {', '.join(SCOPES)}."
        )
    if expires_in is not None and expires_in <= timedelta():
        raise SettingsError("A token that has ended already opens nothing.", hint="Give it a day or more.")
    if browser:
        _drop_ended(workspace)
    now, id_ = datetime.now(UTC), secrets.token_hex(6)
    secret = "_".join((PREFIX, workspace.vault.id, id_, secrets.token_urlsafe(32)))
    token = Token(
        id=id_,
        name=name.strip()[:80],
        scopes=frozenset(scopes) | ({"aggregates"} if "read" in scopes else frozenset()),
        digest=sha256(secret.encode()).hexdigest(),
        made_at=now,
        expires_at=now + expires_in if expires_in else None,
        browser=browser,
    )
    _keep(workspace, token, "token.add", {"scopes": sorted(token.scopes), "browser": browser})
    return Added(token, secret)


def held(workspace: Workspace) -> list[Token]:
    """Every token, oldest first, ended ones included."""
    return [_read(workspace, id_) for id_ in workspace.vault.ids(KIND)]


def revoke(workspace: Workspace, id_: str) -> Token:
    """Let it open nothing from now on; raises ``NotFoundError``. One that was revoked stays as it is."""
    if id_ not in workspace.vault.ids(KIND):
        raise NotFoundError(f"There is no token `{id_}`.", hint="See `ipse token list`.")
    token = _read(workspace, id_)
    if token.revoked_at is None:
        token = msgspec.structs.replace(token, revoked_at=datetime.now(UTC))
        _keep(workspace, token, "token.revoke", {"browser": token.browser})
    return token


def vault_of(secret: str) -> str:
    """The id of the vault that a token says it is of; raises ``AccessError`` where it is none."""
    parts = secret.split("_", 3)
    if len(parts) != 4 or parts[0] != PREFIX:
        raise _refused()
    return parts[1]


def check(workspace: Workspace, secret: str) -> Token:
    """The token of that text; raises ``AccessError`` for a false, revoked or ended one, all in one way."""
    if vault_of(secret) != workspace.vault.id:
        raise _refused()
    id_ = secret.split("_", 3)[2]
    try:
        token = _read(workspace, id_)
    except NotFoundError:
        raise _refused() from None
    same = hmac.compare_digest(token.digest, sha256(secret.encode()).hexdigest())
    if not same or token.ended(datetime.now(UTC)):
        raise _refused()
    return token


def _refused() -> AccessError:
    return AccessError(
        "The token or session is not valid, or no longer.",
        hint="Sign in again, or add one: `ipse token add`.",
    )


def _read(workspace: Workspace, id_: str) -> Token:
    found = workspace.vault.find(KIND, id_)
    if found is None:
        raise NotFoundError(f"There is no token `{id_}`.", hint="See `ipse token list`.")
    return msgspec.json.decode(found, type=Token)


def _keep(workspace: Workspace, token: Token, action: str, details: Mapping[str, object]) -> None:
    state = REVOKED if token.revoked_at else ACTIVE
    told = {"token": token.id, **details}
    workspace.vault.put(KIND, token.id, msgspec.json.encode(token), action=action, details=told, state=state)


def _drop_ended(workspace: Workspace) -> None:
    """Delete sessions of browsers that are over, so that they do not pile up."""
    now = datetime.now(UTC)
    for token in held(workspace):
        if token.browser and token.ended(now):
            workspace.vault.remove(KIND, token.id, action="token.remove", details={"token": token.id})
