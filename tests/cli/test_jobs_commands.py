"""``ipse jobs`` as one types it."""

import json
from pathlib import Path

import pytest

from ipse.jobs import find, listed
from ipse.vault import Vault

from ..conftest import PASSPHRASE
from ..pipeline.conftest import chat
from .test_commands import Run, run

__all__ = ["run"]  # a fixture


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    monkeypatch.setenv("IPSE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("IPSE_VAULT", str(vault.folder))
    monkeypatch.setenv("IPSE_IMPORTS__LANGUAGES", '["en"]')


def test_a_job_is_queued_done_and_shown(run: Run, vault: Vault, tmp_path: Path) -> None:
    export = chat(tmp_path / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 3, 1)
    words = ("import", f"paths={export}", "me=Nora Feld")
    code, out, err = run("jobs", "start", *words, "--json")
    assert code != 0
    assert "No source has an active consent" in out + err
    assert run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--yes")[0] == 0
    failed = listed(vault)[0]
    assert (failed.state, failed.error) == (
        "failed",
        "No source has an active consent, so nothing was opened.",
    )
    code, out, err = run("jobs", "resume", failed.id, "--json")
    assert code == 0, err
    assert json.loads(out)["result"]["exports"][0]["kept"] == 6
    code, out, _ = run("jobs", "show", failed.id)
    assert code == 0
    assert "Attempt 1 begins." in out
    assert run("jobs", "show", "nothing")[0] == 1
    code, out, _ = run("jobs", "list")
    assert "import" in out
    assert "done" in out


def test_a_queued_job_is_taken_off_the_queue(run: Run, vault: Vault) -> None:
    from ipse.jobs.queue import enqueue
    from ipse.pipeline.tasks import make

    job = enqueue(vault, make("prepare", {}))
    code, out, _ = run("jobs", "stop", job.id, "--force", "--json")
    assert (code, json.loads(out)["state"]) == (0, "cancelled")
    assert find(vault, job.id).state == "cancelled"
    assert run("jobs", "work", "--once")[:2] == (0, "")


def test_what_is_said_wrongly_is_told_before_anything_is_queued(run: Run, vault: Vault) -> None:
    for words, why in (
        (["dance"], "no task"),
        (["train", "lora"], "NAME=VALUE"),
        (["train", "--set", "lora.rnk=3"], "rnk"),
    ):
        code, _, err = run("jobs", "start", *words)
        assert code == 1
        assert why in err
    assert listed(vault) == []


def test_schedules_are_kept_listed_and_removed(run: Run, vault: Vault, tmp_path: Path) -> None:
    words = ("daily", "backup", f"directory={tmp_path / 'out'}", "--idle", "10", "--on-ac")
    code, out, err = run("jobs", "schedule", "add", *words, "--json")
    assert code == 0, err
    made = json.loads(out)
    assert (made["cron"], made["idle_minutes"], made["on_ac"]) == ("30 3 * * *", 10.0, True)
    code, out, _ = run("jobs", "schedule", "list")
    assert "mains power" in out
    assert run("jobs", "schedule", "remove", made["id"])[0] == 0
    assert json.loads(run("jobs", "schedule", "list", "--json")[1]) == []
    assert run("jobs", "schedule", "add", "now", "backup", "directory=x")[0] == 1
