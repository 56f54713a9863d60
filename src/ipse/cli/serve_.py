"""``ipse serve``: the service and its web app, on this machine."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, console, print_json, ways

if TYPE_CHECKING:
    from ipse.server.serving import Link

__all__ = ["serve"]


def serve(
    port: Annotated[int | None, typer.Option("--port", help="Port; 0 takes a free one.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the browser.")] = False,
    locked: Annotated[
        bool, typer.Option("--locked", help="Do not unlock: the passphrase is given in the browser.")
    ] = False,
    vault: Annotated[
        list[Path] | None,
        typer.Option(
            "--vault", metavar="DIR", help="The vault; several times for several, the first is opened."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Serve the web app and its interface on this machine, and open the browser.

    Where there is no vault yet, the link makes one.
    """
    from ipse.config import load_settings
    from ipse.pipeline.workspace import locate
    from ipse.server.serving import serve as run
    from ipse.server.vaults import Vaults
    from ipse.unlocking.memory import no_core_dumps

    flags: dict[str, object] = {"service": {"port": port}} if port is not None else {}
    settings = load_settings({**flags, **({"vault": str(vault[0])} if vault else {})})
    no_core_dumps()

    def started(link: "Link") -> None:
        _tell(link, json=json)
        if not no_browser:
            _browse(link)

    folders = vault or [locate(settings)]
    none_yet = len(folders) == 1 and not (folders[0] / "vault.json").is_file()
    with ExitStack() as open_:
        vaults = Vaults(settings, [] if none_yet else folders)
        open_.callback(vaults.close)
        if not locked and not none_yet:
            first = next(iter(vaults))
            first.unlock(ways(first.folder))
        run(vaults, settings, started=started, new=folders[0] if none_yet else None)


def _tell(link: "Link", *, json: bool) -> None:
    if json:
        print_json({"address": link.address, "sign_in": link.signed})
        return
    out = console()
    out.print(f"ipse is at [bold]{link.address}[/]", soft_wrap=True)
    if link.new:
        out.print(
            f"There is no vault in {link.new} yet. This link makes one in your browser:", soft_wrap=True
        )
        out.print(f"    {link.signed}", markup=False, soft_wrap=True)
    elif link.signed:
        out.print("This link signs one browser in, once, within ten minutes:", soft_wrap=True)
        out.print(f"    {link.signed}", markup=False, soft_wrap=True)
    out.print("Ctrl-C ends it.")


def _browse(link: "Link") -> None:
    import webbrowser

    webbrowser.open(link.signed or link.address)
