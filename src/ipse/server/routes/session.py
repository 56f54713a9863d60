"""Signing in and out, who is signed in, and the vault of a service that has none."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from ipse.errors import AccessError, SettingsError
from ipse.pipeline.tokens import Scope, Token, revoke
from ipse.server.deps import Administering, Aggregates
from ipse.server.founding import SHORTEST, Founding
from ipse.server.guard import COOKIE
from ipse.server.rates import Rates
from ipse.server.routing import component
from ipse.server.signin import SignIn
from ipse.server.vaults import Vaults

__all__ = [
    "Bringing",
    "NewVault",
    "NewVaultView",
    "SessionView",
    "SigningIn",
    "VaultMade",
    "lock_vault",
    "look_at_new_vault",
    "make_vault",
    "router",
    "session",
    "sign_in",
    "sign_out",
]

router = component("session")


class SigningIn(BaseModel):
    """A one-time code, or the passphrase of a vault."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"code": "jx2bq9wE0y6nF3mT7rA1cV5uK8hD4sLz"}]}
    )

    code: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="from the fragment of the link that `ipse serve` opens"
    )
    passphrase: Annotated[SecretStr, StringConstraints(max_length=1024)] = Field(
        default=SecretStr(""), description="or the recovery key"
    )
    vault: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="its id, where several are served"
    )


class Bringing(BaseModel):
    """The code of the link that `ipse serve` printed where there was no vault."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"code": "jx2bq9wE0y6nF3mT7rA1cV5uK8hD4sLz"}]}
    )

    code: Annotated[str, StringConstraints(max_length=64)]


class NewVault(Bringing):
    """The same, and the passphrase of the vault to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"code": "jx2bq9wE0y6nF3mT7rA1cV5uK8hD4sLz", "passphrase": "seven lamps over the old mill"}
            ]
        },
    )

    passphrase: Annotated[SecretStr, StringConstraints(max_length=1024)]


class NewVaultView(BaseModel):
    """Where a vault would be made."""

    folder: str = Field(examples=["/home/nora/.local/share/ipse/vault"])
    shortest: int = Field(description="characters of a passphrase at least", examples=[8])


class SessionView(BaseModel):
    """Who asks, of which vault, and what they may do."""

    model_config = ConfigDict(from_attributes=True)

    vault: str = Field(examples=["3f6d0c5b9a7e41d28b0c6a1f5e9d7c34"])
    id: str = Field(description="of the token or session", examples=["9b1c7f20a4de"])
    name: str = Field(examples=["browser"])
    scopes: list[Scope]
    browser: bool
    expires_at: datetime | None


class VaultMade(BaseModel):
    """A vault was made, and this browser is signed in to it."""

    recovery_key: str = Field(description="shown this once; it opens the vault like the passphrase")
    session: SessionView


def _founding(request: Request) -> Founding:
    """The way to a vault, where there is none; whoever tries is counted as one who signs in."""
    rates: Rates = request.app.state.rates
    rates.count_sign_in(request.client.host if request.client else "")
    way: Founding | None = request.app.state.founding
    if way is None:
        raise AccessError("This service has a vault.", hint="Sign in to it.", known=True)
    return way


def _signed_in(token: Token, secret: str, request: Request, response: Response) -> SessionView:
    assert token.expires_at is not None
    response.set_cookie(
        COOKIE,
        secret,
        expires=token.expires_at,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return _view(secret.split("_")[1], token)


def _view(vault: str, token: Token) -> SessionView:
    return SessionView(
        vault=vault,
        id=token.id,
        name=token.name,
        scopes=cast("list[Scope]", sorted(token.scopes)),
        browser=token.browser,
        expires_at=token.expires_at,
    )


@router.post("/session", status_code=201)
def sign_in(body: SigningIn, request: Request, response: Response) -> SessionView:
    """Sign in with a browser: sets a cookie that scripts cannot read. A passphrase unlocks a locked vault."""
    rates: Rates = request.app.state.rates
    rates.count_sign_in(request.client.host if request.client else "")
    way: SignIn = request.app.state.sign_in
    if bool(body.code) == bool(body.passphrase.get_secret_value()):
        raise SettingsError("Sign in with a code or with a passphrase.", hint="Send one of the two.")
    if body.code:
        token, secret = way.by_code(body.code)
    else:
        token, secret = way.by_passphrase(body.vault, body.passphrase.get_secret_value())
    return _signed_in(token, secret, request, response)


@router.post("/vault/new/look")
def look_at_new_vault(body: Bringing, request: Request) -> NewVaultView:
    """Where a vault would be made; for who brings the code of the link that `ipse serve` printed."""
    way = _founding(request)
    way.check(body.code)
    return NewVaultView(folder=str(way.folder.absolute()), shortest=SHORTEST)


@router.post("/vault/new", status_code=201)
def make_vault(body: NewVault, request: Request, response: Response) -> VaultMade:
    """Make the vault of a service that has none, once, and sign this browser in."""
    made = _founding(request).found(body.code, body.passphrase.get_secret_value())
    vaults: Vaults = request.app.state.vaults
    way: SignIn = request.app.state.sign_in
    token, secret = way.session(vaults.opened(made.vault))
    return VaultMade(recovery_key=made.recovery_key, session=_signed_in(token, secret, request, response))


@router.get("/session")
def session(asked: Aggregates) -> SessionView:
    """Who is signed in, and what they may do."""
    return _view(asked.vault.id, asked.asker)


@router.delete("/session", status_code=204)
def sign_out(asked: Aggregates, response: Response) -> None:
    """Sign this browser out; a program's token stays until it is revoked."""
    if asked.asker.browser:
        revoke(asked.workspace, asked.asker.id)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.post("/vault/lock", status_code=202)
def lock_vault(asked: Administering, request: Request) -> SessionView:
    """Lock the vault: its key is forgotten, and nothing is answered until it is unlocked again."""
    request.app.state.locking(asked.vault.id)
    return _view(asked.vault.id, asked.asker)
