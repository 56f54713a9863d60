"""Tokens: who may ask besides the owner's browser."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import AccessError, NotFoundError
from ipse.pipeline.tokens import ROLES, Role, Scope, Token, add, held, revoke
from ipse.server.deps import Administering
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "NewToken",
    "TokenMade",
    "TokenView",
    "add_token",
    "list_tokens",
    "revoke_token",
    "router",
    "show_token",
]

router = component("tokens", prefix="/tokens")

TokenId = Annotated[str, Path(max_length=64, examples=["9b1c7f20a4de"])]


class TokenView(BaseModel):
    """A token, without its text."""

    id: str = Field(examples=["9b1c7f20a4de"])
    name: str = Field(examples=["my notebook"])
    scopes: list[Scope] = Field(examples=[["aggregates", "read"]])
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    browser: bool = Field(description="a browser's session")
    active: bool


class NewToken(BaseModel):
    """What to add: a role, or scopes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "my notebook", "role": "researcher", "days": 30}]},
    )

    name: Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
    role: Role | None = None
    scopes: list[Scope] = []
    days: int | None = Field(default=90, ge=1, le=3650, description="until it ends; null: it does not")


class TokenMade(TokenView):
    """A new token with its text, which is shown this once."""

    secret: str = Field(examples=["ipse_3f6d…_9b1c7f20a4de_…"])


def _view(token: Token) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        scopes=cast("list[Scope]", sorted(token.scopes)),
        made_at=token.made_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        browser=token.browser,
        active=not token.ended(datetime.now(UTC)),
    )


@router.get("")
def list_tokens(asked: Administering, limit: Limit = 100, cursor: Cursor = "") -> Page[TokenView]:
    """Every token and session, the newest first."""
    items, total, behind = paged([_view(one) for one in reversed(held(asked.workspace))], limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.post("", status_code=201)
def add_token(asked: Administering, body: NewToken) -> TokenMade:
    """Add a token; nobody can give what they may not do themselves."""
    scopes = frozenset(body.scopes) | (ROLES[body.role] if body.role else frozenset())
    beyond = sorted(scopes - asked.asker.scopes)
    if beyond:
        raise AccessError(
            f"Who has not the scope `{beyond[0]}` cannot give it.", hint="Ask the owner.", known=True
        )
    made = add(
        asked.workspace,
        body.name,
        scopes=scopes,
        expires_in=timedelta(days=body.days) if body.days else None,
    )
    return TokenMade(**_view(made.token).model_dump(), secret=made.secret)


@router.get("/{token}")
def show_token(asked: Administering, token: TokenId) -> TokenView:
    """One token or session, without its text."""
    found = next((one for one in held(asked.workspace) if one.id == token), None)
    if found is None:
        raise NotFoundError(f"There is no token `{token}`.", hint="See /api/tokens.")
    return _view(found)


@router.delete("/{token}", status_code=200)
def revoke_token(asked: Administering, token: TokenId) -> TokenView:
    """Let a token, or a browser's session, open nothing from now on."""
    return _view(revoke(asked.workspace, token))
