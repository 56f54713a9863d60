"""kill -9 of a job at any moment: nothing kept is lost, nothing is there twice, and it goes on to its end."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.errors import IpseError
from ipse.jobs import listed
from ipse.jobs.queue import enqueue
from ipse.pipeline.consents import give
from ipse.pipeline.tasks import make
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault import KdfParameters, Vault

from ..pipeline.conftest import chat
from ..soak import rounds
from .killing import Server, Trial, trials
from .verbs import PASSPHRASE, SETTINGS, opened

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
PRELOADED = ("sklearn.feature_extraction.text", "sklearn.linear_model", "scipy.sparse.linalg")
MESSAGES = 120


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server.running("ipse.pipeline.child", *PRELOADED) as running:
        yield running


@pytest.fixture(scope="module")
def queued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with an import and a training in its queue; the exports lie where every copy finds them."""
    root = tmp_path_factory.mktemp("queued")
    export = chat(root / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", MESSAGES // 2, 1)
    vault, _ = Vault.create(root / "ready" / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with vault:
        give(Workspace(vault, load_settings(SETTINGS, environment={})), "whatsapp", ["archive", "style"])
        words: dict[str, object] = {"paths": [str(export)], "me": ["Nora Feld"]}
        enqueue(vault, make("import", words, dict(SETTINGS)))
        enqueue(vault, make("train", {"prepare": True}, {"retrieval": {"epochs": 1}}))
    return root / "ready"


def fault(server: Server, trial: Trial, into: Path) -> str:
    """What is wrong after a kill, and after the jobs went on; nothing where all is well."""
    said = [word.split()[1] for word in trial.said if word.startswith("model")]
    try:
        with opened(trial.folder / "vault") as workspace:
            assert {card.id for card in Registry(workspace.vault).cards()} >= set(said)
        server.run("jobs", into / "again", vault=trial.folder / "vault")
        with opened(trial.folder / "vault") as workspace:
            ids = [one.id for talk in workspace.vault.scan() for one in talk.messages]
            assert len(ids) == len(set(ids)) == MESSAGES
            cards = Registry(workspace.vault).cards()
            assert [card.id for card in cards] == ["v1"], "trained once"
            assert Registry(workspace.vault).champion() == "v1"
            assert Registry(workspace.vault).files("v1")
            assert [job.state for job in listed(workspace.vault)] == ["done", "done"]
            assert workspace.vault.verify_audit() > 0
    except (AssertionError, IpseError, KeyError) as error:
        return f"{type(error).__name__} {error}"
    return ""


def test_jobs_killed_at_any_moment_go_on(server: Server, queued: Path, tmp_path: Path) -> None:
    faults, late = list[str](), 0
    count = rounds(2, 50)
    for trial in trials(server, "jobs", queued, tmp_path, count, vault=lambda folder: folder / "vault"):
        late += trial.finished
        found = fault(server, trial, tmp_path)
        faults += [f"{trial.number}: {found}"] if found else []
    sys.stderr.write(f"jobs: {late} of {count} ended before they were killed\n")
    assert faults == []


def test_the_check_notices_a_model_that_does_not_say_which_job_made_it(
    server: Server, queued: Path, tmp_path: Path
) -> None:
    """The control: killed between keeping the model and keeping that, it is trained twice."""
    folder = Path(shutil.copytree(queued, tmp_path / "0"))
    said, _ = server.run("jobs", tmp_path / "said", kill_at="gap", mutant="jobs", vault=folder / "vault")
    assert "trained once" in fault(server, Trial(0, folder, said, finished=False), tmp_path)
