"""``ipse draft``: answers that wait for your word; nothing leaves without it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from ipse.cli.console import JsonOption, VaultOption, console, opened, print_json

if TYPE_CHECKING:
    from ipse.drafts import Draft, Receipt
    from ipse.pipeline.drafting import Shown

__all__ = ["app", "hand_over", "print_shown"]

app = typer.Typer(
    help="Drafts by your clone: decide on them, and hand out what you approved.", no_args_is_help=True
)
DraftArgument = Annotated[str, typer.Argument(metavar="ID", help="A draft; the beginning of its id will do.")]
ChannelOption = Annotated[
    str | None, typer.Option("--by", metavar="CHANNEL", help="How it is handed out: `ipse draft channels`.")
]
RecipientOption = Annotated[
    str | None, typer.Option("--to", metavar="ADDRESS", help="To whom, as the channel needs it.")
]
SubjectOption = Annotated[str | None, typer.Option("--subject", help="Of a mail.")]
WAITING = ("proposed", "edited", "approved", "sending", "perhaps")


@app.command("new")
def new(
    text: Annotated[str, typer.Argument(help="What somebody wrote to you.")] = "",
    message: Annotated[
        str, typer.Option("--message", metavar="ID", help="A message of the vault instead.")
    ] = "",
    contact: Annotated[str | None, typer.Option("--contact", metavar="NAME", help="Who wrote it.")] = None,
    model: Annotated[str, typer.Option("--model", metavar="ID", help="A version, or champion.")] = "champion",
    by: ChannelOption = None,
    to: RecipientOption = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Let your clone draft an answer. Nothing is sent."""
    from ipse.errors import SettingsError
    from ipse.pipeline.drafting import propose, propose_to, shown

    if bool(text) == bool(message):
        raise SettingsError("A draft answers one thing.", hint="Give a text, or --message ID.")
    where = {"channel": by or "", "recipient": to or ""}
    with opened(vault) as workspace:
        if message:
            draft = propose_to(workspace, message, model=model, **where)
        else:
            draft = propose(workspace, text, contact=contact, model=model, **where)
        held = shown(workspace, draft.id)
    print_json(held) if json else print_shown(held)


@app.command("list")
def list_drafts(
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state", help="Only these, such as approved or sent; else all that are not done with."
        ),
    ] = None,
    contact: Annotated[str, typer.Option("--contact", metavar="NAME", help="Only for them.")] = "",
    model: Annotated[str, typer.Option("--model", metavar="ID", help="Only by this version.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also those that are done with.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """List drafts, newest first."""
    from rich.markup import escape
    from rich.table import Table

    from ipse.drafts import State, marked
    from ipse.errors import SettingsError
    from ipse.pipeline.drafting import held

    known = get_args(State)
    states = [one for one in known if one in (state or (known if everything else WAITING))]
    if strange := set(state or ()) - set(known):
        raise SettingsError(f"There is no state `{min(strange)}`.", hint=f"Known: {', '.join(known)}.")
    with opened(vault) as workspace:
        found = held(workspace, states=states, contact=contact, model=model)
        roster = workspace.roster()
        names = {one.id: roster.called(one.asked.contact or "") or "–" for one in found}
    if json:
        print_json(found)
        return
    table = Table("draft", "state", "for", "by", "made", "text", title="Drafts", title_justify="left")
    for one in found:
        state_ = "perhaps sent" if one.state == "perhaps" else one.state
        text = " ".join(marked(one.text).split())
        table.add_row(
            one.id[:8], state_, escape(names[one.id]), one.channel, f"{one.at:%m-%d %H:%M}", escape(text[:60])
        )
    console().print(table)


@app.command()
def show(draft: DraftArgument, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Show a draft beside what it answers, with hidden characters written out."""
    from ipse.pipeline.drafting import shown

    with opened(vault) as workspace:
        held = shown(workspace, draft)
    print_json(held) if json else print_shown(held)


@app.command()
def edit(
    draft: DraftArgument,
    text: Annotated[str | None, typer.Option("--text", help="The new text; `-` reads it from stdin.")] = None,
    to: RecipientOption = None,
    by: ChannelOption = None,
    subject: SubjectOption = None,
    clean: Annotated[bool, typer.Option("--clean", help="Take hidden characters out.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Change a draft; an approval of it is void then."""
    from ipse.pipeline.drafting import edit as change
    from ipse.pipeline.drafting import shown

    given = sys.stdin.read().rstrip("\n") if text == "-" else text
    with opened(vault) as workspace:
        changed = change(workspace, draft, text=given, recipient=to, channel=by, subject=subject, clean=clean)
        held = shown(workspace, changed.id)
    print_json(held) if json else print_shown(held)


@app.command()
def approve(
    draft: DraftArgument,
    digest: Annotated[
        str, typer.Option("--digest", help="What you saw, as `show` prints it; else as it is now.")
    ] = "",
    hidden: Annotated[
        bool, typer.Option("--with-hidden", help="You saw its hidden characters and want them.")
    ] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Approve a draft as it is, for one time."""
    from ipse.pipeline.drafting import approve as allow
    from ipse.pipeline.drafting import shown

    with opened(vault) as workspace:
        seen = digest or shown(workspace, draft).digest
        done = allow(workspace, draft, seen=seen, hidden=hidden)
    _print(done, f"is approved; hand it out with `ipse draft send {done.id[:8]}`.", json=json)


@app.command()
def reject(
    draft: DraftArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.")] = "",
    about: Annotated[
        Literal["style", "content"],
        typer.Option("--about", help="How it is written, or what it says; only style teaches style."),
    ] = "style",
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say no to a draft."""
    from ipse.pipeline.drafting import reject as refuse

    with opened(vault) as workspace:
        done = refuse(workspace, draft, reason=reason, about=about)
    _print(done, "is rejected.", json=json)


@app.command()
def revoke(draft: DraftArgument, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Take an approval back that was not used yet."""
    from ipse.pipeline.drafting import revoke as take_back

    with opened(vault) as workspace:
        done = take_back(workspace, draft)
    _print(done, "waits for you again.", json=json)


@app.command()
def reopen(draft: DraftArgument, vault: VaultOption = None, json: JsonOption = False) -> None:
    """Take a rejection back."""
    from ipse.pipeline.drafting import reopen as take_back

    with opened(vault) as workspace:
        done = take_back(workspace, draft)
    _print(done, "waits for you again.", json=json)


@app.command()
def send(
    draft: DraftArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write what the channel makes there.")
    ] = None,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Hand an approved draft out, once."""
    from ipse.errors import SettingsError
    from ipse.pipeline.delivering import hand_out

    if out is not None and (out.exists() or not out.parent.is_dir()):
        raise SettingsError(f"{out} cannot be made.", hint="Name a new file in a folder that is there.")
    with opened(vault) as workspace:
        done = hand_out(workspace, draft)
    hand_over(done.receipt, out, json=json)
    if json:
        print_json(done)
    else:
        console(stderr=True).print(f"{done.draft.id[:8]}: {done.receipt.told}.", markup=False)


@app.command()
def settle(
    draft: DraftArgument,
    sent: Annotated[bool, typer.Option("--sent/--not-sent", help="Whether it arrived.")],
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Say of a draft that was perhaps sent whether it was: nobody else can know."""
    from ipse.pipeline.delivering import settle as decide

    with opened(vault) as workspace:
        done = decide(workspace, draft, sent=sent)
    _print(done, "was sent." if sent else "waits for you again.", json=json)


@app.command()
def channels(vault: VaultOption = None, json: JsonOption = False) -> None:
    """List the channels, and what those lack that cannot be used."""
    from rich.markup import escape
    from rich.table import Table

    from ipse.pipeline.channels import channels as known

    with opened(vault) as workspace:
        found = known(workspace)
    if json:
        print_json(found)
        return
    table = Table("channel", "hands out", "", title="Channels", title_justify="left")
    for one in found:
        table.add_row(one.name, escape(one.says), escape(one.lacks) or "ready")
    console().print(table)


@app.command()
def secret(
    channel: Annotated[Literal["smtp", "webhook"], typer.Argument(help="Whose password or key.")],
    forget: Annotated[bool, typer.Option("--forget", help="Forget it.")] = False,
    vault: VaultOption = None,
    json: JsonOption = False,
) -> None:
    """Seal the password of a mail server, or the key of a webhook, in the vault."""
    from ipse.cli.console import new_passphrase
    from ipse.pipeline.channels import keep_secret

    given = "" if forget else new_passphrase("IPSE_CHANNEL_SECRET", f"Password or key of {channel}")
    with opened(vault) as workspace:
        keep_secret(workspace, channel, given)
    if json:
        print_json({"channel": channel, "kept": bool(given)})
    else:
        console().print(f"{channel}: {'forgotten' if forget else 'sealed in the vault'}.")


def print_shown(held: "Shown") -> None:
    """A draft beside what it answers, for people: nothing in it can steer a terminal."""
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    from ipse.drafts import marked

    draft = held.draft
    table = Table(
        show_header=True, title=f"Draft {draft.id[:8]} · {draft.state}", title_justify="left", expand=True
    )
    table.add_column(escape(held.contact or "they wrote"), ratio=1)
    table.add_column(f"the draft, by {draft.method} {draft.model}", ratio=1)
    before = "".join(f"{turn.speaker}: {turn.text}\n" for turn in held.before)
    said = Text(marked(before), style="dim")
    said.append(marked(held.message), style="not dim")
    table.add_row(said, Text(held.marked))
    out = console()
    out.print(table)
    where = " ".join(filter(None, (draft.channel, marked(draft.recipient), marked(draft.subject))))
    out.print(f"by {where} · digest {held.digest}", style="dim", markup=False)
    if held.hidden:
        names = ", ".join(sorted({one.name for one in held.hidden}))
        out.print(f"Hidden or deceptive characters: {names}.", style="bold red", markup=False)
    if draft.state == "perhaps":
        out.print("It was perhaps sent: look, then `ipse draft settle`.", style="bold red")
    if held.barred:
        out.print(f"It may not be sent: {held.barred}", style="red", markup=False)
    if draft.fallback:
        out.print(draft.fallback, style="yellow", markup=False)


def hand_over(receipt: "Receipt", out: Path | None, *, json: bool) -> None:
    """What a channel made, to a file or to stdout."""
    if out is not None and receipt.content:
        with out.open("xb") as file:
            file.write(receipt.content)
    elif receipt.content and not json:
        sys.stdout.write(receipt.content.decode() + "\n")


def _print(draft: "Draft", became: str, *, json: bool) -> None:
    if json:
        print_json(draft)
    else:
        console().print(f"{draft.id[:8]} {became}", markup=False)
