"""Signing in and out, and who is signed in."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from ipse.errors import SettingsError
from ipse.pipeline.tokens import Scope, Token, revoke
from ipse.server.deps import Administering, Aggregates
from ipse.server.guard import COOKIE
from ipse.server.rates import Rates
from ipse.server.signin import SignIn

__all__ = ["SessionView", "SigningIn", "lock_vault", "router", "session", "sign_in", "sign_out"]

router = APIRouter(tags=["session"])


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


class SessionView(BaseModel):
    """Who asks, of which vault, and what they may do."""

    model_config = ConfigDict(from_attributes=True)

    vault: str = Field(examples=["3f6d0c5b9a7e41d28b0c6a1f5e9d7c34"])
    id: str = Field(description="of the token or session", examples=["9b1c7f20a4de"])
    name: str = Field(examples=["browser"])
    scopes: list[Scope]
    browser: bool
    expires_at: datetime | None


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
