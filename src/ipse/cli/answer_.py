"""``ipse answer`` and ``ipse chat``: a clone answers; nothing is sent."""

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json
from ipse.cli.remote import ServerOption, service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ipse.pipeline.answering import Clone
    from ipse.pipeline.workspace import Workspace

__all__ = ["answer", "chat"]

ContactOption = Annotated[str | None, typer.Option("--contact", metavar="NAME", help="Who asks.")]
LOOK_SECONDS = 1.0
RATES = ("/good", "/bad", "/wrong")
ModelOption = Annotated[str, typer.Option("--model", metavar="ID", help="A version, or champion.")]


def answer(
    text: Annotated[str, typer.Argument(help="What somebody wrote to you.")],
    contact: ContactOption = None,
    model: ModelOption = "champion",
    server: ServerOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Answer one message as you would."""
    from ipse.pipeline.answering import LABEL, Clone

    if server:
        _asked_there(server, text, contact, model, json=json)
        return
    with opened(vault) as workspace:
        clone = Clone(workspace, contact=contact, model=model)
        if json:
            print_json(clone.answer(text))
            return
        _speak(clone, text)
    console().print(f"[dim]— {LABEL} · {clone.card.method} {clone.card.id}[/]")
    _say_fallback(clone)


def chat(
    contact: ContactOption = None,
    model: ModelOption = "champion",
    server: ServerOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Talk with your clone; an empty line or Ctrl-D ends it, /reset forgets what was said.

    /good, /bad (not how I write) and /wrong (not what I would say), with a reason or not, rate the answer.
    """
    from ipse.cli.there import chat_there
    from ipse.pipeline.answering import LABEL, Clone

    if server:
        chat_there(server, contact, model, json=json)
        return
    out = console()
    with opened(vault) as workspace:
        clone = Clone(workspace, contact=contact, model=model)
        told = clone.fallback
        if not json:
            _say_fallback(clone)
            out.print(f"[dim]{clone.card.method} {clone.card.id}. Everything it says is {LABEL}.[/]")
        while text := _asked(clone):
            if text == "/reset":
                clone.reset()
                continue
            if text.split()[0] in RATES:
                _rate(workspace, clone, text)
                continue
            if json:
                print_json(clone.answer(text))
                continue
            out.print("[bold]ai[/] ", end="")
            _speak(clone, text)
            if clone.fallback != told:
                told = clone.fallback
                _say_fallback(clone)


def _asked_there(address: str, text: str, contact: str | None, model: str, *, json: bool) -> None:
    """The same by a service, which has the vault."""
    with service(address) as client:
        said = client.answer(text, contact=contact, model=model)
    if json:
        print_json(said)
        return
    console().print(said.shown, markup=False, soft_wrap=True)
    console().print(f"[dim]— {said.label} · {said.method} {said.model}[/]")


def _rate(workspace: "Workspace", clone: "Clone", text: str) -> None:
    """Thumbs up or down for the last answer."""
    from ipse.errors import SettingsError
    from ipse.pipeline.feedback import rate

    word, _, reason = text.partition(" ")
    try:
        rate(
            workspace, clone.history, model=clone.card.id, up=word == "/good", reason=reason.strip(),
            about="content" if word == "/wrong" else "style", contact=clone.contact,
        )  # fmt: skip
    except SettingsError as error:
        console(stderr=True).print(str(error), markup=False)
    else:
        console(stderr=True).print("[dim]Kept.[/]")


def _asked(clone: "Clone") -> str:
    """The next question; a withdrawal in another terminal ends the wait for it within a second."""
    with _looking(clone.check):
        try:
            return input("you " if sys.stdin.isatty() else "").strip()
        except EOFError:
            return ""


@contextmanager
def _looking(check: "Callable[[], None]") -> "Iterator[None]":
    """Call ``check`` each second meanwhile; what it raises ends whatever is waited for."""
    before = signal.signal(signal.SIGALRM, lambda _number, _frame: check())
    signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _say_fallback(clone: "Clone") -> None:
    from rich.markup import escape

    for line in (clone.fallback, clone.slower and f"It speaks by {clone.engine}: {clone.slower}"):
        if line:
            console(stderr=True).print(f"[yellow]{escape(line)}[/]", soft_wrap=True)


def _speak(clone: "Clone", text: str) -> None:
    for piece in clone.stream(text):
        sys.stdout.write(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")
