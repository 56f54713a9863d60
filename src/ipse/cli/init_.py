"""``ipse init``: make a vault."""

from pathlib import Path
from typing import Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, YesOption, console, new_passphrase, print_json

__all__ = ["init"]


def init(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where; else as --vault says.")
    ] = None,
    catalog: Annotated[
        str, typer.Option("--catalog", metavar="URL", help="Keep the catalog in this PostgreSQL database.")
    ] = "",
    vault: VaultOption = None,
    yes: YesOption = False,  # noqa: ARG001 - taken by every verb that could ask
    json: JsonOption = False,
) -> None:
    """Make a vault: encrypted, on this machine, yours alone."""
    from ipse.config import load_settings
    from ipse.pipeline.catalogs import chosen as catalog_of
    from ipse.pipeline.workspace import locate
    from ipse.vault import Vault

    chosen = directory or vault
    settings = load_settings({"vault": str(chosen)} if chosen else {})
    folder = locate(settings)
    made, recovery = Vault.create(folder, new_passphrase(), catalog=catalog_of(settings, catalog))
    place = Vault.info(folder).catalog
    with made:
        if json:
            told = {"vault": str(folder.resolve()), "id": made.id, "recovery_key": recovery}
            print_json(told | {"catalog": place})
            return
    out = console()
    out.print(f"Made a vault in [bold]{folder}[/].")
    if catalog:
        out.print(f"Its catalog is on {place}; no password is kept there.", markup=False, soft_wrap=True)
    out.print("\nIts recovery key, shown this once; write it down and keep it elsewhere:\n")
    out.print(f"    [bold]{recovery}[/]\n", soft_wrap=True)
    out.print("Next: [bold]ipse consent give --source whatsapp --purpose archive --purpose style[/]")
