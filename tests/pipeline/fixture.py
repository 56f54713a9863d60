"""Writes the fixtures of the formats that this checkout writes: ``python -m tests.pipeline.fixture``.

``archive-N`` is what `ipse export all --names` wrote in version N of that format, ``backup-N`` what
`ipse backup` did. Each is of one small vault, written once by the code of its version and never again: they
stand for what people have. ``NAME.json`` beside it says what is in it, and what opens it.
"""

import json
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ipse.config import load_settings
from ipse.consent import Consent, sign
from ipse.pipeline.backups import back_up
from ipse.pipeline.consents import give
from ipse.pipeline.contacts import exclude, merge
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.plans import plan_for
from ipse.pipeline.portability import export_all
from ipse.pipeline.workspace import Workspace
from ipse.privacy import gate
from ipse.records import Event
from ipse.vault import KdfParameters, Vault

from .conftest import ME, chat, mails

FIXTURES = Path(__file__).with_name("fixtures")
PASSPHRASE = "a passphrase for fixtures"
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)


def quiet(done: float, total: float | None, figures: object) -> None:
    """No progress shown."""


def allow_window(vault: Vault) -> None:
    """A consent for events, of which no source of exports there is."""
    consent = Consent(
        id="w1",
        vault=vault.id,
        source="window",
        purposes=("archive",),
        data_categories=("times",),
        given_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    signed = msgspec.json.encode(sign(consent, vault.signing_key()))
    vault.put("consent", "w1", signed, action="consent.give", details={}, state="given")


def filled(folder: Path) -> tuple[Workspace, str]:
    """A vault with two sources and events, a merged, an excluded and an erased contact."""
    vault, recovery = Vault.create(folder / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    workspace = Workspace(vault, load_settings({"retrieval": {"epochs": 1, "dimensions": 8}}, environment={}))
    exports = folder / "exports"
    exports.mkdir()
    for n, name in enumerate(("Ilka Brandt", "Jun Harada", "Ada Quist")):
        chat(exports / f"WhatsApp Chat with {name}.txt", name, 12, n)
    mails(exports / "All mail.mbox", 4)
    for source in ("whatsapp", "gmail"):
        give(workspace, source, ["archive", "style"])
    import_(workspace, [exports], me=ME, progress=quiet)
    allow_window(vault)
    for n in range(3):
        event = Event(source="window", kind="state", ts=n, rx=9, key=f"e{n}", data={"app": "editor", "n": n})
        vault.keep([gate.Cleared(event, gate._SEAL)], source="window")
    merge(workspace, "Ilka Brandt", ["Tomas Weil"])
    exclude(workspace, "Jun Harada")
    forget(workspace, plan_for(workspace, "contact", "Ada Quist"))
    return workspace, recovery


def expected(workspace: Workspace, **more: object) -> str:
    """What a test holds against a fixture."""
    counts = {name: held["records"] for name, held in workspace.vault.counts().items()}
    return json.dumps({"vault": workspace.vault.id, "records": counts, **more}, indent=2) + "\n"


def main() -> None:
    """Write both; refuses to write over one."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        workspace, recovery = filled(folder)
        with workspace:
            back_up(workspace, folder / "backup", progress=quiet)  # without the model, which has 3 MB
            prepare(workspace)
            train(workspace, progress=quiet)
            export_all(workspace, folder / "archive", names=True)
            told = {"archive": expected(workspace), "backup": expected(workspace, recovery_key=recovery)}
        (folder / "backup" / "backup.lock").unlink(missing_ok=True)
        versions = {
            "archive": json.loads((folder / "archive" / "manifest.json").read_bytes())["version"],
            "backup": json.loads(next(folder.glob("backup/snapshots/*.json")).read_bytes())["version"],
        }
        for kind, version in versions.items():
            name = f"{kind}-{version}"
            if (FIXTURES / name).exists():
                sys.stderr.write(f"{name} is there already: a fixture is never rewritten.\n")
                continue
            shutil.copytree(folder / kind, FIXTURES / name)
            (FIXTURES / f"{name}.json").write_text(told[kind], encoding="utf-8")


if __name__ == "__main__":
    main()
