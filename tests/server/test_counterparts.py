"""Every command has its counterpart over HTTP, or stays in the terminal for a reason that the guide gives."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from ipse.cli.app import app

from .surface import application

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "serving.md"
THERE = {
    "init": "make_vault",
    "import": "add_upload begin_import list_imports",
    "enrich": "begin_enrichment",
    "profile": "show_profile",
    "learn": "learn_project begin_table",
    "prepare": "begin_preparing",
    "train": "begin_training preflight_base",
    "answer": "chat complete_chat",
    "chat": "chat reset_context rate_in_chat chat_history",
    "review": "list_drafts edit_draft approve_draft reject_draft",
    "forget": "plan_erasure erase list_erasures",
    "purge": "plan_retention let_go",
    "consent give": "give_consent",
    "consent notice": "consent_notice",
    "consent list": "list_consents",
    "consent show": "show_consent",
    "consent receipt": "consent_receipt",
    "consent withdraw": "withdraw_consent",
    "sources": "list_sources show_source",
    "sources preview": "preview_upload",
    "sources find": "show_upload",
    "sources guide": "source_guide",
    "contacts list": "list_contacts show_contact",
    "contacts merge": "merge_contacts",
    "contacts rename": "rename_contact",
    "contacts exclude": "exclude_contact",
    "contacts object": "object_contact",
    "contacts release": "release_contact",
    "collect start": "start_collecting",
    "collect stop": "stop_collecting",
    "collect pause": "pause_collecting",
    "collect resume": "start_collecting",
    "collect list": "show_collecting",
    "collect status": "show_collecting",
    "collect import": "import_event_file",
    "collect sample": "add_sample_days",
    "collect export": "list_events",
    "events list": "list_streams",
    "features preview": "preview_features list_features",
    "base list": "list_bases",
    "base add": "fetch_base list_offered_bases",
    "base check": "preflight_base",
    "evaluate": "begin_evaluation list_scorecards show_scorecard",
    "evaluate compare": "begin_comparison show_comparison",
    "models list": "list_models",
    "models show": "show_model model_lineage",
    "models promote": "promote_model",
    "models rollback": "roll_back_model",
    "monitor style": "show_drift",
    "monitor drift": "project_drift",
    "predict list": "list_projects",
    "predict now": "predict_now",
    "predict outcomes": "project_outcomes",
    "predict show": "list_predictions",
    "predict judge": "judge_prediction",
    "predict suppressions": "list_suppressions",
    "predict unsuppress": "remove_suppression",
    "predict promote": "promote_version",
    "predict rollback": "roll_back_project",
    "productivity show": "show_productivity",
    "productivity correct": "add_correction",
    "productivity corrections": "list_corrections remove_correction",
    "tasks add": "add_task",
    "tasks list": "list_tasks",
    "tasks first": "prefer_task",
    "tasks done": "change_task",
    "tasks remove": "remove_task",
    "system show": "show_system",
    "system watch": "show_system",
    "system dismiss": "dismiss_anomaly",
    "draft new": "propose_draft",
    "draft list": "list_drafts",
    "draft show": "get_draft",
    "draft edit": "edit_draft",
    "draft approve": "approve_draft",
    "draft reject": "reject_draft",
    "draft revoke": "revoke_draft",
    "draft reopen": "reopen_draft",
    "draft send": "send_draft",
    "draft settle": "settle_draft",
    "draft channels": "list_channels",
    "draft secret": "keep_channel_secret forget_channel_secret",
    "export messages": "list_messages take_everything",
    "export dataset": "export_examples",
    "export all": "take_everything",
    "privacy review": "list_doubts decide_words",
    "privacy allow": "decide_words",
    "privacy deny": "decide_words",
    "privacy list": "show_lists undo_words",
    "jobs list": "list_jobs",
    "jobs show": "show_job follow_job",
    "jobs start": "begin_import begin_training begin_evaluation begin_backup",
    "jobs resume": "resume_job",
    "jobs stop": "stop_job",
    "jobs schedule add": "add_schedule",
    "jobs schedule list": "list_schedules",
    "jobs schedule remove": "remove_schedule",
    "token add": "add_token",
    "token list": "list_tokens",
    "token revoke": "revoke_token",
    "audit show": "list_audit",
    "audit verify": "verify_audit",
    "audit checkpoint": "checkpoint_audit",
    "audit export": "export_audit",
    "vault status": "show_vault session",
    "vault unlock": "sign_in",
    "vault lock": "lock_vault",
    "vault doctor": "check_vault",
    "report compliance": "compliance_report compliance_page",
    "report dpia": "show_assessment accept_assessment",
    "report requests add": "add_rights_request",
    "report requests list": "list_requests",
    "report requests close": "close_rights_request",
    "report exception add": "except_line",
    "report exception list": "list_exceptions",
    "report exception remove": "remove_line_exception",
    "settings show": "list_settings",
    "settings list": "list_settings",
    "settings set": "change_settings",
    "settings unset": "change_settings",
    "settings schema": "settings_schema",
    "backup create": "begin_backup",
    "backup list": "list_backup_folder",
    "backup verify": "check_backup_folder",
    "backup ledger": "take_ledger",
}
"""The operations that do what a command does."""


def commands(command: object, path: tuple[str, ...] = ()) -> Iterator[str]:
    children = getattr(command, "commands", {})
    if not children or getattr(command, "invoke_without_command", False):
        yield " ".join(path)
    for name, child in children.items():
        yield from commands(child, (*path, name))


COMMANDS = list(commands(typer.main.get_command(app)))


REASONS = GUIDE.read_text(encoding="utf-8").split("\n## In the terminal alone\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_a_counterpart_or_a_reason(command: str) -> None:
    assert (command in THERE) != (f"`ipse {command}`" in REASONS)


def test_every_counterpart_is_there() -> None:
    known = {
        told["operationId"]
        for methods in application().openapi()["paths"].values()
        for told in methods.values()
    }
    named = {one for operations in THERE.values() for one in operations.split()}
    assert named <= known
    assert set(THERE) <= set(COMMANDS)
