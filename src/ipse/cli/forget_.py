"""``ipse forget`` and ``ipse purge``: erasure, as far as it reaches, and what is old enough to go."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.console import (
    JsonOption,
    VaultOption,
    YesOption,
    confirm,
    console,
    opened,
    print_json,
    progress_bar,
)
from ipse.errors import SettingsError

if TYPE_CHECKING:
    from ipse.pipeline.certificates import SignedCertificate
    from ipse.pipeline.days.tiers import Downsampled
    from ipse.pipeline.forgetting import Forgotten
    from ipse.pipeline.plans import Plan, What
    from ipse.pipeline.workspace import Workspace

__all__ = ["forget", "purge"]

CertificateOption = Annotated[
    Path | None, typer.Option("--certificate", metavar="FILE", help="Write the signed certificate there.")
]
PreviewOption = Annotated[bool, typer.Option("--preview", help="Show what would go, and end.")]


def forget(
    source: Annotated[str | None, typer.Option("--source", metavar="NAME", help="All of a source.")] = None,
    contact: Annotated[
        str | None, typer.Option("--contact", metavar="WHO", help="Somebody, and what they wrote.")
    ] = None,
    conversation: Annotated[
        str | None, typer.Option("--conversation", metavar="NAME", help="By its name or its CONV token.")
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", metavar="ID", help="One message, by its message_id.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="A model, such as v2 or champion.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything but consents and proofs.")] = False,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train the models that go anew, on what is left.")
    ] = False,
    allow_again: Annotated[
        bool, typer.Option("--allow-again", help="Erase nothing: let what was erased be imported again.")
    ] = False,
    proofs: Annotated[bool, typer.Option("--list", help="List the certificates of past erasures.")] = False,
    preview: PreviewOption = False,
    certificate: CertificateOption = None,
    vault: VaultOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Erase something and all that was made of it: keys destroyed, datasets and models with it."""
    from ipse.pipeline.forgetting import forget as erase
    from ipse.pipeline.plans import plan_for

    named = {
        "source": source,
        "contact": contact,
        "conversation": conversation,
        "message": message,
        "model": model,
        "all": "" if everything else None,
    }
    with opened(vault) as workspace:
        if proofs:
            _print_list(workspace, json=json)
            return
        what, name = _one(named)
        if allow_again:
            _allow(workspace, what, name, json=json)
            return
        plan = plan_for(workspace, what, name)
        if not json or preview:
            _print_plan(plan, json=json)
        if preview:
            return
        confirm("Erase all of this? It cannot be undone.", yes=yes)
        with progress_bar("training anew", quiet=json) as progress:
            done = erase(workspace, plan, retrain=retrain, progress=progress)
    _print_done(done, certificate, json=json)


def purge(
    preview: PreviewOption = False,
    due: Annotated[
        bool, typer.Option("--due", help="Only as opening a vault does: at most once a day; asks nothing.")
    ] = False,
    certificate: CertificateOption = None,
    vault: VaultOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Erase what is older than the settings `retention` allow, and downsample old metrics (`tiers`).

    Opening a vault does so once a day.
    """
    from ipse.pipeline.days.tiers import to_downsample
    from ipse.pipeline.forgetting import Forgotten
    from ipse.pipeline.retention import plan_purge
    from ipse.pipeline.retention import purge as let_go

    with opened(vault, purge=due) as workspace:  # else nothing would be left to show or to ask about
        if due:
            if json:
                print_json(None)
            return  # opening has done it
        plan, fine = plan_purge(workspace), to_downsample(workspace)
        if plan is None and not fine.days:
            if json:
                print_json(None)
            else:
                console().print("Nothing is older than the settings `retention` and `tiers` allow.")
            return
        if not json or preview:
            _print_purge(plan, fine, json=json)
        if preview:
            return
        confirm("Do all of this? It cannot be undone.", yes=yes)
        done = let_go(workspace) if plan is not None else None
        _downsample(workspace, json=json, alone=plan is None)
    if done is not None:
        _print_done(Forgotten(certificate=done), certificate, json=json)


def _print_purge(plan: "Plan | None", fine: "Downsampled", *, json: bool) -> None:
    if json:
        shown = {"what": plan.what, "counts": plan.counts} if plan else {"what": "tiers", "counts": {}}
        made = {"datasets": plan.datasets if plan else (), "models": plan.models if plan else ()}
        print_json({**shown, **made, "downsampled": {"days": fine.days, "events": fine.before}})
        return
    if plan is not None:
        _print_plan(plan, json=False)
    if fine.days:
        console().print(
            f"These are kept by the minute or the hour from then on: {fine.before:,} events of {fine.days:,} "
            "days of streams."
        )


def _downsample(workspace: "Workspace", *, json: bool, alone: bool) -> None:
    from ipse.pipeline.days.tiers import downsample

    with progress_bar("downsampling", quiet=json) as progress:
        done = downsample(workspace, progress=progress)
    if json and alone:
        print_json(done)
    elif done.days and not json:
        console().print(f"Of {done.before:,} events {done.after:,} are left, by longer intervals.")


def _one(named: "dict[str, str | None]") -> "tuple[What, str]":
    given = [(what, name) for what, name in named.items() if name is not None]
    if len(given) != 1:
        options = ", ".join(f"--{what}" for what in named)
        raise SettingsError("Say what to forget, one thing at a time.", hint=f"Give one of {options}.")
    return given[0]  # type: ignore[return-value]  # its keys are What


def _allow(workspace: "Workspace", what: str, name: str, *, json: bool) -> None:
    from ipse.pipeline.forgetting import allow_again

    tokens = allow_again(workspace, what, name)
    if json:
        print_json({"tokens": tokens})
    elif tokens:
        console().print("It may be imported again.")
    else:
        console().print("Nothing of that name was erased.")


def _print_plan(plan: "Plan", *, json: bool) -> None:
    if json:
        shown = {"what": plan.what, "counts": plan.counts, "datasets": plan.datasets, "models": plan.models}
        print_json(shown)
        return
    console().print("This goes:")
    _print_counts(plan.counts)


def _print_counts(counts: "dict[str, int]") -> None:
    from rich.table import Table

    table = Table(show_header=False)
    table.add_column(justify="right")
    for name, n in counts.items():
        table.add_row(f"{n:,}", "conversations in part" if name == "rewritten" else name)
    console().print(table)


def _print_done(done: "Forgotten", file: Path | None, *, json: bool) -> None:
    from ipse.pipeline.certificates import write

    if file is not None:
        write(done.certificate, file)
    if json:
        print_json(done)
        return
    told = done.certificate.certificate
    console().print(
        f"Erased. Certificate {told.id}, audit row {told.audit_row}; nothing of it was found since."
    )
    if told.datasets:
        console().print(
            f"Datasets gone: {', '.join(told.datasets)}; models: {', '.join(told.models) or 'none'}."
        )
    for card in done.retrained:
        console().print(f"Trained anew: {card.id} ({card.method}).")
    if done.not_retrained:
        console().print(f"Not trained anew: {done.not_retrained}", markup=False)


def _print_list(workspace: "Workspace", *, json: bool) -> None:
    from rich.table import Table

    from ipse.pipeline.certificates import certificates, verify

    held: list[SignedCertificate] = certificates(workspace)
    for signed in held:
        verify(signed)
    if json:
        print_json(held)
        return
    table = Table("certificate", "what", "erased", "counts", title="Erasures", title_justify="left")
    for one in (signed.certificate for signed in held):
        counts = ", ".join(f"{n:,} {name}" for name, n in one.counts.items())
        table.add_row(one.id, one.what, f"{one.done_at:%Y-%m-%d %H:%M}", counts)
    console().print(table)
