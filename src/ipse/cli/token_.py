"""``ipse token``: who may ask the service besides your browser."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, cast

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

__all__ = ["app"]

app = typer.Typer(help="Who may ask the service besides your browser.", no_args_is_help=True)


@app.command("add")
def add_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="For whom or what, such as `my notebook`.")],
    role: Annotated[
        Literal["owner", "reviewer", "researcher", "admin"] | None,
        typer.Option("--role", help="Scopes of a role: a researcher sees figures without words."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="aggregates, read, import, train, approve or admin; several times."),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=0, help="Until it ends; 0: it does not.")] = 90,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Add a token and show it, this once."""
    from ipse.errors import SettingsError
    from ipse.pipeline.tokens import ROLES, SCOPES, Scope, add

    scopes: frozenset[Scope] = ROLES[role] if role else frozenset()
    unknown = sorted(set(scope or ()) - set(SCOPES))
    if unknown:
        raise SettingsError(f"`{unknown[0]}` is no scope.", hint=f"One of: {', '.join(SCOPES)}.")
    scopes |= cast("frozenset[Scope]", frozenset(scope or ()))
    with opened(vault) as workspace:
        made = add(workspace, name, scopes=scopes, expires_in=timedelta(days=days) if days else None)
    if json:
        told = {"id": made.token.id, "scopes": sorted(made.token.scopes), "expires_at": made.token.expires_at}
        print_json({**told, "secret": made.secret})
        return
    out = console()
    out.print(f"Added [bold]{made.token.id}[/] ({', '.join(sorted(made.token.scopes))}). Shown this once:\n")
    out.print(f"    {made.secret}\n", markup=False, soft_wrap=True)
    out.print("Send it as `Authorization: Bearer …`, or put it into IPSE_TOKEN.", markup=False)


@app.command("list")
def list_tokens(
    everything: Annotated[bool, typer.Option("--all", help="Ended ones and browsers too.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """List tokens; never their text, which nobody has."""
    from rich.markup import escape
    from rich.table import Table

    from ipse.pipeline.tokens import held

    now = datetime.now(UTC)
    with opened(vault) as workspace:
        found = [one for one in held(workspace) if everything or not (one.browser or one.ended(now))]
    if json:
        hidden = ("digest",)
        print_json(
            [
                {name: getattr(one, name) for name in one.__struct_fields__ if name not in hidden}
                for one in found
            ]
        )
        return
    table = Table("id", "name", "scopes", "added", "ends", title="Tokens", title_justify="left")
    for one in found:
        ends = f"{one.expires_at:%Y-%m-%d}" if one.expires_at else "never"
        state = "revoked" if one.revoked_at else ends
        table.add_row(
            one.id, escape(one.name), ", ".join(sorted(one.scopes)), f"{one.made_at:%Y-%m-%d}", state
        )
    console().print(table)


@app.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(metavar="ID", help="As `ipse token list` shows it.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Let a token open nothing from now on."""
    from ipse.pipeline.tokens import revoke

    with opened(vault) as workspace:
        gone = revoke(workspace, token)
    if json:
        print_json({"id": gone.id, "revoked_at": gone.revoked_at})
        return
    console().print(f"Revoked {gone.id}.")
