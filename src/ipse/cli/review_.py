"""``ipse review``: one draft after the other, by keyboard."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipse.pipeline.drafting import Shown
    from ipse.pipeline.workspace import Workspace

__all__ = ["review"]

KEYS = "[a]pprove  approve and [s]end  [e]dit  reject: st[y]le, [c]ontent  [n]ext  [q]uit"
PERHAPS = "it [w]as sent  it was [x] not sent  [n]ext  [q]uit"


def review(
    contact: Annotated[str, typer.Option("--contact", metavar="NAME", help="Only for them.")] = "",
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Go through the drafts that wait for you, oldest first; `--json` lists them and asks nothing."""
    from ipse.errors import IpseError
    from ipse.pipeline.drafting import held, shown

    out = console()
    with opened(vault) as workspace:
        waiting = [one.id for one in reversed(held(workspace, contact=contact)) if one.waiting]
        if json:
            print_json([shown(workspace, name) for name in waiting])
            return
        for place, name in enumerate(waiting, start=1):
            while True:
                one = shown(workspace, name)
                _print(one, f"{place} of {len(waiting)}")
                key = _asked(f"{PERHAPS if one.draft.state == 'perhaps' else KEYS}: ").lower()[:1]
                if key in ("", "q"):
                    return
                try:
                    if _decided(workspace, one, key):
                        break
                except IpseError as error:
                    out.print(str(error), style="red", markup=False)
        out.print("Nothing waits for you." if not waiting else "That was the last one.")


def _print(one: "Shown", place: str) -> None:
    from ipse.cli.draft_ import print_shown

    console().print(f"[dim]{place}[/]")
    print_shown(one)


def _decided(workspace: "Workspace", one: "Shown", key: str) -> bool:
    """Do what the key says; tells whether the draft is done with."""
    doings: dict[str, Callable[[], bool]] = {
        "a": lambda: _approve(workspace, one),
        "s": lambda: _approve(workspace, one) and _send(workspace, one),
        "e": lambda: _edit(workspace, one),
        "y": lambda: _reject(workspace, one, style=True),
        "c": lambda: _reject(workspace, one, style=False),
        "w": lambda: _settle(workspace, one, sent=True),
        "x": lambda: _settle(workspace, one, sent=False),
        "n": lambda: True,
    }
    return doings.get(key, lambda: False)()


def _approve(workspace: "Workspace", one: "Shown") -> bool:
    from ipse.pipeline.drafting import approve

    hidden = bool(one.hidden) and _asked("Approve it with its hidden characters? (yes/no): ") == "yes"
    approve(workspace, one.draft.id, seen=one.digest, hidden=hidden)
    return True


def _send(workspace: "Workspace", one: "Shown") -> bool:
    from ipse.cli.draft_ import hand_over
    from ipse.pipeline.delivering import hand_out

    done = hand_out(workspace, one.draft.id)
    hand_over(done.receipt, None, json=False)
    console().print(f"{one.draft.id[:8]}: {done.receipt.told}.", markup=False)
    return True


def _edit(workspace: "Workspace", one: "Shown") -> bool:
    """The new text line by line; it is shown again before anything is decided."""
    from ipse.pipeline.drafting import edit

    console().print("[dim]The new text; a line with a single dot ends it, at once to leave it as it is.[/]")
    lines: list[str] = []
    while (
        line := _asked("", prefill=one.draft.text if not lines and "\n" not in one.draft.text else "")
    ) != ".":
        lines.append(line)
    if lines:
        edit(workspace, one.draft.id, text="\n".join(lines))
    return False


def _reject(workspace: "Workspace", one: "Shown", *, style: bool) -> bool:
    from ipse.pipeline.drafting import reject

    reason = _asked("Why (may stay empty): ")
    reject(workspace, one.draft.id, reason=reason, about="style" if style else "content")
    return True


def _settle(workspace: "Workspace", one: "Shown", *, sent: bool) -> bool:
    from ipse.pipeline.delivering import settle

    settle(workspace, one.draft.id, sent=sent)
    return sent


def _asked(question: str, *, prefill: str = "") -> str:
    """A line; the text to change stands there already where the terminal can do that. The end is `q`."""
    if prefill and sys.stdin.isatty():
        import readline

        readline.set_startup_hook(lambda: readline.insert_text(prefill))
        try:
            return input(question)
        finally:
            readline.set_startup_hook(None)
    try:
        return input(question if sys.stdin.isatty() else "")
    except EOFError:
        return "." if not question else "q"
