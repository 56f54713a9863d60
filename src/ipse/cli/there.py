"""The verbs that ``--server`` asks of a running service, told as the others are."""

import sys
from typing import TYPE_CHECKING

from ipse.cli.console import console, print_json
from ipse.cli.remote import service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from ipse.client import Client
    from ipse.client.results import Contact, Job, Said

__all__ = ["chat_there", "contact_there", "contacts_there", "job_there", "jobs_there"]

HERE = "terminal"  # the chat that a terminal goes on with
RATES = {"/good": (True, "style"), "/bad": (False, "style"), "/wrong": (False, "content")}


def chat_there(address: str, contact: str | None, model: str, *, json: bool) -> None:
    """Talk with the clone of a service until an empty line; `/reset` and ratings as in a chat here."""
    from ipse.client import calls
    from ipse.errors import IpseError

    last: Said | None = None
    with service(address) as client:
        while text := _asked():
            word, _, reason = text.partition(" ")
            if text == "/reset":
                client.do(calls.reset_context(HERE))
            elif word not in RATES:
                last = _said(client, text, contact, model, json=json)
            elif last is None:
                console(stderr=True).print("There is no answer to rate yet.")
            else:
                up, about = RATES[word]
                try:
                    client.do(calls.rate(last.id, up=up, about=about, reason=reason.strip(), session=HERE))
                except IpseError as error:
                    console(stderr=True).print(str(error), markup=False)
                else:
                    console(stderr=True).print("[dim]Kept.[/]")


def jobs_there(address: str, *, json: bool) -> None:
    """The jobs of a service, newest last."""
    from ipse.client import calls

    with service(address) as client:
        found = list(client.every(calls.jobs))[::-1]
    if json:
        print_json(found)
    else:
        console().print(_jobs(found))


def job_there(address: str, job: str, *, stop: bool = False, force: bool = False, json: bool) -> None:
    """One job of a service, which is asked to ``stop`` first, if so."""
    from ipse.client import calls

    with service(address) as client:
        found = client.do(calls.stop_job(job, force=force) if stop else calls.job(job))
    if json:
        print_json(found)
        return
    console().print(_jobs([found]))
    if found.error:
        console().print(f"{found.error} {found.hint}".strip(), markup=False)
    if found.result:
        print_json(found.result)


def contacts_there(address: str, *, most: int | None, json: bool) -> None:
    """Everybody that a service knows, ``most`` of them for people."""
    from rich.markup import escape
    from rich.table import Table

    from ipse.client import calls

    with service(address) as client:
        found = list(client.every(calls.contacts))
    if json:
        print_json(found)
        return
    table = Table("pseudonym", "name", "in", title="Contacts", title_justify="left")
    table.add_column("messages", justify="right")
    for one in found[:most]:
        name = one.name + (" (excluded)" if one.excluded else "") + (" (objected)" if one.objected else "")
        table.add_row(one.pseudonym, escape(name), ", ".join(one.platforms), f"{one.messages:,}")
    console().print(table)


def contact_there(
    address: str,
    who: str,
    *,
    name: str = "",
    others: "Sequence[str]" = (),
    excluded: bool | None = None,
) -> "Contact":
    """Change somebody that a service knows: another ``name``, joined with ``others``, or left out."""
    from ipse.client import calls

    with service(address) as client:
        if name:
            return client.do(calls.rename_contact(who, name))
        if others:
            return client.do(calls.merge_contacts(who, others))
        return client.do(calls.exclude_contact(who, excluded=excluded is not False))


def _asked() -> str:
    try:
        return input("you " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""


def _said(client: "Client", text: str, contact: str | None, model: str, *, json: bool) -> "Said | None":
    from ipse.client.results import Answer, Piece

    said: Said | None = None
    if not json:
        console().print("[bold]ai[/] ", end="")
    for told in client.stream(text, contact=contact, model=model, session=HERE):
        if isinstance(told, Answer):
            said = told.message
        elif isinstance(told, Piece) and not json:
            sys.stdout.write(told.text)
            sys.stdout.flush()
    if json:
        print_json(said)
    elif said is not None:
        sys.stdout.write("\n")
        console().print(f"[dim]— {said.label} · {said.method} {said.model}[/]")
    return said


def _jobs(jobs: "Sequence[Job]") -> "Table":
    from rich.table import Table

    table = Table("job", "kind", "state", "done", "figures", title="Jobs", title_justify="left")
    for job in jobs:
        share = f"{job.done / job.total:.0%}" if job.total else f"{job.done:g}"
        figures = "  ".join(f"{name} {value:.4g}" for name, value in job.figures.items())
        table.add_row(job.id, job.kind, job.state, share, figures)
    return table
