"""What a route asks for: an unlocked vault's workspace, and who asks, with the scope that it takes.

A route names one of the five below as the type of its first parameter, and thereby its scope::

    @router.get("/contacts")
    def list_contacts(asked: Reading) -> Page[ContactView]:
        ... asked.workspace ... asked.asker ...

Routes are plain functions (``def``): they run in a pool of threads, each with a workspace of its own for as
long as the request takes (the rule of access is in ``vaults.py``). A route that streams is a ``Calling...``:
it gets the vault and borrows a workspace for each piece (``with asked.lend() as workspace``), never
over a wait. Tests hold every route to having a scope.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Path, Security
from fastapi.security import SecurityScopes
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from ipse.errors import AccessError, NotFoundError
from ipse.pipeline.tokens import Scope, Token, vault_of
from ipse.pipeline.workspace import Workspace
from ipse.server.guard import COOKIE
from ipse.server.rates import Rates
from ipse.server.vaults import OpenVault, Vaults

__all__ = [
    "HEADER",
    "Administering",
    "Aggregates",
    "Approving",
    "Asked",
    "Caller",
    "CallingAdministering",
    "CallingAggregates",
    "CallingApproving",
    "CallingImporting",
    "CallingReading",
    "CallingTraining",
    "Identifier",
    "Importing",
    "Reading",
    "Training",
    "admit",
    "ask",
    "call",
    "recheck",
    "require",
    "served",
]

HEADER: Final = "X-Ipse"
SAFE: Final = ("GET", "HEAD", "OPTIONS")
PUSHED: Final = ("/api/events", "/api/events/heartbeats")
"""What programs push to many times a second; it has a rate of its own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may: its workspace until it is answered, who asks, and the vault."""

    workspace: Workspace
    asker: Token
    vault: OpenVault


@dataclass(frozen=True, slots=True)
class Caller:
    """A request that may, without a workspace. ``secret`` lets :func:`recheck` ask whether it still may."""

    asker: Token
    vault: OpenVault
    secret: str

    @contextmanager
    def lend(self) -> Iterator[Workspace]:
        """A workspace for a piece of the work, whose rows in the audit log say who asked."""
        with self.vault.lend() as workspace:
            workspace.vault.journal.by = self.asker.id
            yield workspace


Identifier = Annotated[str, Path(min_length=1, max_length=128, description="as a list of these gives it")]


def require(workspace: Workspace, kind: str, name: str, *, what: str = "") -> None:
    """Raise ``NotFoundError`` unless the vault has that document; another vault's is never here."""
    if name not in workspace.vault.ids(kind):
        raise NotFoundError(f"There is no {what or kind} `{name[:80]}`.", hint="Check its id in the list.")


def served(connection: HTTPConnection) -> Vaults:
    """The vaults of this service, for what nobody needs to be known for."""
    vaults: Vaults = connection.app.state.vaults
    return vaults


def ask(connection: HTTPConnection, scopes: SecurityScopes) -> Iterator[Asked]:
    """Lend a workspace to who may; raises ``AccessError`` or ``BusyError``."""
    secret = _secret(connection)
    vault = served(connection).opened(vault_of(secret))
    with vault.lend() as workspace:
        asker = _may(connection, vault.passes.check(workspace, secret), scopes.scopes)
        workspace.vault.journal.by = asker.id
        yield Asked(workspace, asker, vault)


async def call(connection: HTTPConnection, scopes: SecurityScopes) -> Caller:
    """Who may, with nothing lent."""
    secret = _secret(connection)
    vault = served(connection).opened(vault_of(secret))
    token = await _token(vault, secret)
    return Caller(_may(connection, token, scopes.scopes), vault, secret)


async def admit(connection: HTTPConnection, needed: Sequence[str]) -> None:
    """Raise ``AccessError`` unless who asks has these scopes; counts nothing, for they are asked again."""
    secret = _secret(connection)
    token = await _token(served(connection).opened(vault_of(secret)), secret)
    _scoped(token, needed)


async def recheck(caller: Caller) -> None:
    """Raise ``AccessError`` if the token has been revoked or ended since: for what stays connected."""
    await _token(caller.vault, caller.secret)


async def _token(vault: OpenVault, secret: str) -> Token:
    known = vault.known(secret)
    return await run_in_threadpool(_looked_up, vault, secret) if known is None else known


def _looked_up(vault: OpenVault, secret: str) -> Token:
    with vault.lend() as workspace:
        return vault.passes.check(workspace, secret)


def _secret(connection: HTTPConnection) -> str:
    """The token of a request; one by cookie that changes something says in a header that a page sent it."""
    kind, _, secret = connection.headers.get("authorization", "").partition(" ")
    if secret:
        if kind.lower() != "bearer":
            raise AccessError(
                "A token is sent as `Authorization: Bearer`.", hint="Add one: `ipse token add`."
            )
        return secret.strip()
    secret = connection.cookies.get(COOKIE, "")
    if not secret:
        raise AccessError(
            "Nobody is signed in.", hint="Open the link that `ipse serve` printed, or send a token."
        )
    if connection.scope.get("method", "GET") not in SAFE and connection.headers.get(HEADER) != "1":
        raise AccessError(
            "A page of another site may have sent this.", hint=f"Send the header `{HEADER}: 1`.", known=True
        )
    return secret


def _scoped(token: Token, needed: Sequence[str]) -> None:
    missing = sorted(set(needed) - set(token.scopes))
    if missing:
        raise AccessError(
            f"This takes the scope `{missing[0]}`.", hint="Ask the owner for a token with it.", known=True
        )


def _may(connection: HTTPConnection, token: Token, needed: list[str]) -> Token:
    _scoped(token, needed)
    rates: Rates = connection.app.state.rates
    if needed == ["import"] and connection.scope["path"] in PUSHED:
        rates.count_pushing(token.id)
    else:
        rates.count(token.id)
    return token


def _needs(how: Callable[..., object], scope: Scope) -> object:
    return Security(how, scopes=[scope])


Aggregates = Annotated[Asked, _needs(ask, "aggregates")]
Reading = Annotated[Asked, _needs(ask, "read")]
Importing = Annotated[Asked, _needs(ask, "import")]
Training = Annotated[Asked, _needs(ask, "train")]
Approving = Annotated[Asked, _needs(ask, "approve")]
Administering = Annotated[Asked, _needs(ask, "admin")]
CallingAggregates = Annotated[Caller, _needs(call, "aggregates")]
CallingReading = Annotated[Caller, _needs(call, "read")]
CallingImporting = Annotated[Caller, _needs(call, "import")]
CallingTraining = Annotated[Caller, _needs(call, "train")]
CallingApproving = Annotated[Caller, _needs(call, "approve")]
CallingAdministering = Annotated[Caller, _needs(call, "admin")]
