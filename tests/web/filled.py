"""A vault with something on every page: Tilda's exports, a model, drafts and doubtful words."""

from datetime import UTC, datetime, timedelta
from math import cos, pi
from pathlib import Path
from random import Random

from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.days.collecting import allow
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.judging import judge
from ipse.pipeline.days.predicting import batch, predict
from ipse.pipeline.days.sample import SAMPLE, take_sample
from ipse.pipeline.days.tables_taking import take
from ipse.pipeline.days.wanting import Wanted
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


def electricity(days: int, *, after: int = 0) -> str:
    """A household's hours, as a table: more in the evening, more on a Sunday, and chance."""
    chance = Random(11)
    rows = ["at,kwh,outside"]
    for hour in range(24 * days):
        at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour)
        outside = 9 - 6 * cos(2 * pi * (at.hour - 4) / 24) + chance.gauss(0, 1.5)
        home = 0.35 if at.weekday() < 5 and 8 <= at.hour < 17 else 0.9 if at.hour >= 17 else 0.5
        kwh = home + 0.02 * max(0.0, 14 - outside) + chance.gauss(0, 0.06)
        if hour >= 24 * after:
            rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{max(0.05, kwh):.3f},{outside:.1f}")
    return "\n".join(rows) + "\n"


def with_predictions(folder: Path, table: Path) -> Path:
    """A model of a table besides, what it said of the weeks that came then, and how that turned out."""
    settings = load_settings({"vault": str(folder)})
    with Workspace.open(settings, PASSPHRASE) as workspace:
        give(workspace, "electricity", ["archive", "events"])
        table.write_text(electricity(42))
        take(workspace, table, quiet, source="electricity")
        learn(workspace, Wanted(project="electricity", stream="electricity", field="kwh", when="next"), quiet)
        table.write_text(electricity(63, after=42))
        take(workspace, table, quiet, source="electricity")
        since = int((datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=42)).timestamp() * 1e6)
        said = list(batch(workspace, "electricity", quiet, since=since, keep_it=True))
        judge(workspace, said[-2].id, "right")
        predict(workspace, "electricity")
    return folder
