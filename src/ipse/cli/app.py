"""The tree of commands."""

import os
from typing import Annotated

import typer

from ipse import __version__
from ipse.cli import (
    answer_,
    archive_,
    audit_,
    backup_,
    base_,
    catalog_,
    collect_,
    consent_,
    contacts_,
    draft_,
    enrich_,
    evaluate_,
    events_,
    export_,
    features_,
    forget_,
    import_,
    init_,
    jobs_,
    learn_,
    models_,
    monitor_,
    predict_,
    prepare_,
    privacy_,
    productivity_,
    profile_,
    report_,
    review_,
    serve_,
    settings_,
    sources_,
    system_,
    tasks_,
    token_,
    train_,
    vault_,
)
from ipse.cli.console import VaultOption

__all__ = ["app"]

app = typer.Typer(
    name="ipse",
    help="Your own AI, learned from your own words and days, on your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)

START = "Start"
LEARN = "Learn"
USE = "Use"
LOOK = "Look after"

app.command("init", rich_help_panel=START)(init_.init)
app.add_typer(consent_.app, name="consent", rich_help_panel=START)
app.add_typer(sources_.app, name="sources", rich_help_panel=START)
app.command("import", rich_help_panel=START)(import_.import_exports)
app.add_typer(contacts_.app, name="contacts", rich_help_panel=START)
app.add_typer(collect_.app, name="collect", rich_help_panel=START)
app.add_typer(events_.app, name="events", rich_help_panel=START)
app.command("enrich", rich_help_panel=START)(enrich_.enrich)
app.command("profile", rich_help_panel=LEARN)(profile_.profile)
app.command("learn", rich_help_panel=LEARN)(learn_.learn)
app.add_typer(features_.app, name="features", rich_help_panel=LEARN)
app.command("prepare", rich_help_panel=LEARN)(prepare_.prepare)
app.command("train", rich_help_panel=LEARN)(train_.train)
app.add_typer(base_.app, name="base", rich_help_panel=LEARN)
app.add_typer(evaluate_.app, name="evaluate", rich_help_panel=LEARN)
app.add_typer(models_.app, name="models", rich_help_panel=LEARN)
app.add_typer(monitor_.app, name="monitor", rich_help_panel=LEARN)
app.add_typer(predict_.app, name="predict", rich_help_panel=USE)
app.add_typer(productivity_.app, name="productivity", rich_help_panel=USE)
app.add_typer(tasks_.app, name="tasks", rich_help_panel=USE)
app.add_typer(system_.app, name="system", rich_help_panel=USE)
app.command("answer", rich_help_panel=USE)(answer_.answer)
app.command("chat", rich_help_panel=USE)(answer_.chat)
app.command("serve", rich_help_panel=USE)(serve_.serve)
app.add_typer(draft_.app, name="draft", rich_help_panel=USE)
app.command("review", rich_help_panel=USE)(review_.review)
app.add_typer(export_.app, name="export", rich_help_panel=USE)
app.command("forget", rich_help_panel=LOOK)(forget_.forget)
app.command("purge", rich_help_panel=LOOK)(forget_.purge)
app.add_typer(privacy_.app, name="privacy", rich_help_panel=LOOK)
app.add_typer(jobs_.app, name="jobs", rich_help_panel=LOOK)
app.add_typer(token_.app, name="token", rich_help_panel=LOOK)
app.add_typer(audit_.app, name="audit", rich_help_panel=LOOK)
vault_.app.command("move-catalog")(catalog_.move_catalog)
app.add_typer(vault_.app, name="vault", rich_help_panel=LOOK)
app.add_typer(report_.app, name="report", rich_help_panel=LOOK)
app.add_typer(settings_.app, name="settings", rich_help_panel=LOOK)
app.add_typer(backup_.app, name="backup", rich_help_panel=LOOK)
app.command("restore", rich_help_panel=LOOK)(backup_.restore)
app.command("import-archive", rich_help_panel=LOOK)(archive_.import_archive)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"ipse {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
    vault: VaultOption = None,
) -> None:
    if vault is not None:
        os.environ["IPSE_VAULT"] = str(vault)  # so that it may stand before the verb as well as behind it
