"""A vault with something on every page: Tilda's exports, a model, drafts and doubtful words."""

from pathlib import Path

from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.days.collecting import allow
from ipse.pipeline.days.sample import SAMPLE, take_sample
from ipse.pipeline.drafting import propose
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.workspace import Workspace

from ..conftest import PASSPHRASE

EXPORTS = Path(__file__).resolve().parents[2] / "examples" / "demo" / "exports"
ME = ("Tilda Marwede", "tilda.marwede@example.org", "tilda")
ASKED = {"Gareth": "Are you coming to rehearsal on Thursday?", "Priya": "How was your day?"}


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    """Progress that nobody follows."""


def filled(folder: Path) -> Path:
    """Fill an empty vault; takes seconds."""
    settings = load_settings({"vault": str(folder), "imports": {"tz": "Europe/London"}})
    with Workspace.open(settings, PASSPHRASE) as workspace:
        for source in ("whatsapp", "gmail", "reflections"):
            give(workspace, source, ["archive", "style"])
        import_(workspace, [EXPORTS], me=ME, progress=quiet)
        prepare(workspace)
        train(workspace, progress=quiet)
        for contact, text in ASKED.items():
            propose(workspace, text, contact=contact)
    return folder


def with_days(folder: Path) -> Path:
    """Made-up days in a vault besides; takes some seconds."""
    with Workspace.open(load_settings({"vault": str(folder)}), PASSPHRASE) as workspace:
        allow(workspace, [SAMPLE])
        take_sample(workspace, quiet)
    return folder
