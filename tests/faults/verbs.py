"""The verbs that are killed, as the command line does them; each says what is durable as soon as it is."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ipse.config import load_settings
from ipse.jobs.queue import ready, recover
from ipse.pipeline.backups import back_up
from ipse.pipeline.child import do
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.plans import plan_for
from ipse.pipeline.portability import export_all
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault import custody

__all__ = ["PASSPHRASE", "SETTINGS", "VERBS", "opened"]

PASSPHRASE = "a passphrase for kills"
ME = ["Nora Feld"]
SETTINGS = {"imports": {"batch": 20, "languages": ["en"]}}  # one language: nothing to load for telling it

Job = dict[str, Any]
Say = Callable[[object], None]


@contextmanager
def opened(folder: Path | str, passphrase: str = PASSPHRASE, **more: Any) -> Iterator[Workspace]:
    """The workspace of a vault, which finishes what was cut short."""
    settings = load_settings({**SETTINGS, **more, "vault": str(folder)}, environment={})
    with Workspace.open(settings, passphrase) as workspace:
        yield workspace


def _quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def _import(job: Job, say: Say) -> None:
    with opened(job["vault"]) as workspace:
        import_(workspace, [Path(job["exports"])], me=ME, progress=lambda done, _total, _: say(int(done)))


def _train(job: Job, say: Say) -> None:
    more = {"lora": job["lora"]} if "lora" in job else {}
    with opened(job["vault"], **more) as workspace:
        say(f"dataset {prepare(workspace).card.id}")
        method = "lora" if more else "retrieval"
        say(f"model {train(workspace, method=method, progress=_quiet).id}")


def _forget(job: Job, say: Say) -> None:
    with opened(job["vault"]) as workspace:
        forget(workspace, plan_for(workspace, "contact", job["who"]))
        say("forgotten")


def _backup(job: Job, say: Say) -> None:
    with opened(job["vault"]) as workspace:
        say(back_up(workspace, Path(job["copies"]), keep=2, progress=_quiet).name)


def _open(job: Job, say: Say) -> None:
    with opened(job["vault"], job["passphrase"]):
        say("opened")


def _rotate(job: Job, say: Say) -> None:
    custody.rotate(Path(job["vault"]), PASSPHRASE)
    say("rotated")


def _reencrypt(job: Job, say: Say) -> None:
    with opened(job["vault"]) as workspace:
        workspace.vault.reencrypt(_quiet)
        say("reencrypted")


def _checkpoint(job: Job, say: Say) -> None:
    with opened(job["vault"]) as workspace:
        say(workspace.vault.journal.checkpoint().epoch)


def _export(job: Job, say: Say) -> None:
    with opened(job["vault"]) as workspace:
        export_all(workspace, Path(job["out"]))
        say("exported")


def _send(job: Job, say: Say) -> None:
    """It says when the claim is durable and when the channel has it; where it is to be killed, it waits.

    ``careless``: the claim is not kept, as if the channel were asked first.
    """
    from ipse.deliveries.webhook import Webhook
    from ipse.pipeline import delivering, drafting

    kept, deliver = drafting.keep, Webhook.deliver

    def told(word: str) -> None:
        say(word)
        if job.get("stop_at") == word:
            time.sleep(60)

    def keep(workspace: Workspace, draft: Any, change: Any) -> None:
        if change.action == "draft.claim" and "careless" in job:
            return
        kept(workspace, draft, change)
        if change.action == "draft.claim":
            told("claimed")

    def delivered(self: Webhook, approved: Any) -> Any:
        receipt = deliver(self, approved)
        told("posted")
        return receipt

    vars(delivering)["keep"] = keep
    Webhook.deliver = delivered  # type: ignore[method-assign]
    with opened(job["vault"], job["passphrase"], webhook=job["webhook"]) as workspace:
        delivering.hand_out(workspace, job["draft"])
        say("sent")


def _jobs(job: Job, say: Say) -> None:
    with opened(job["vault"]) as workspace:
        recover(workspace.vault)
        while waiting := ready(workspace.vault):
            do(workspace, waiting[0].id)
            for card in Registry(workspace.vault).cards():
                say(f"model {card.id}")


VERBS: dict[str, Callable[[Job, Say], None]] = {
    "import": _import,
    "train": _train,
    "forget": _forget,
    "backup": _backup,
    "open": _open,
    "rotate": _rotate,
    "reencrypt": _reencrypt,
    "checkpoint": _checkpoint,
    "export": _export,
    "send": _send,
    "jobs": _jobs,
}
