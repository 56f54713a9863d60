"""Three small exports of a made-up person, and a workspace to import them into."""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.importing import ImportReport, import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from .compliance_vault import Prepared, prepared
from .stages import Stages

ME = ["Nora Feld", "nora@example.org"]
PLACES = ["the lake", "the old mill", "Ilka's garden", "the library", "the station", "the market"]
FOODS = ["soup", "dumplings", "apple pie", "noodles", "bread", "plum cake"]
ASKED = [
    "shall we meet at {place} on {day}?",
    "who brings the {food} on {day}?",
    "did you like the {food} at {place}?",
    "when does the train to {place} leave on {day}?",
]
SAID = [
    "ooh yes!! {place} on {day}, I'll bring {food} :)",
    "me!! the {food} is in the oven already :)",
    "the {food}?? best I ever had, honestly!!",
    "half past nine from {place}, don't be late!! :)",
]
DAYS = ["monday", "tuesday", "friday", "sunday"]


def pair(rng: random.Random) -> tuple[str, str]:
    """A question and how Nora answers it."""
    kind = rng.randrange(len(ASKED))
    words = {"place": rng.choice(PLACES), "food": rng.choice(FOODS), "day": rng.choice(DAYS)}
    return ASKED[kind].format(**words), SAID[kind].format(**words)


def chat(file: Path, contact: str, pairs: int, seed: int) -> Path:
    rng, at = random.Random(seed), datetime(2023, 1, 2, 9, 0, tzinfo=UTC)
    with file.open("w", encoding="utf-8") as stream:
        for n in range(pairs):
            question, answer = pair(rng)
            stream.write(f"{at:%d/%m/%Y, %H:%M} - {contact}: {question} ({n})\n")
            at += timedelta(minutes=rng.randint(3, 20))
            stream.write(f"{at:%d/%m/%Y, %H:%M} - Nora Feld: {answer} ({n})\n")
            at += timedelta(hours=rng.choice([1, 2, 30, 50]))
    return file


def mails(file: Path, count: int) -> Path:
    rng, at = random.Random(3), datetime(2023, 3, 1, 10, 0, tzinfo=UTC)
    with file.open("w", encoding="utf-8") as stream:
        for n in range(count):
            question, answer = pair(rng)
            for k, (who, to, text) in enumerate(
                [
                    ("Tomas Weil <tomas@example.com>", "nora@example.org", question),
                    ("Nora Feld <nora@example.org>", "tomas@example.com", answer),
                ]
            ):
                at += timedelta(hours=5)
                stream.write(
                    f"From {n}{k}@xxx {at:%a %b %d %H:%M:%S +0000 %Y}\nMessage-ID: <{n}.{k}@example.org>\n"
                )
                stream.write(f"From: {who}\nTo: {to}\nDate: {at:%a, %d %b %Y %H:%M:%S +0000}\n")
                stream.write(f"Subject: {'Re: ' if k else ''}plan {n}\n")
                stream.write(f"In-Reply-To: <{n}.0@example.org>\n" if k else "")
                stream.write(f"Content-Type: text/plain; charset=utf-8\n\n{text} ({n})\n\n")
            at += timedelta(days=2)
    return file


def reflections(file: Path, rows: int) -> Path:
    rng = random.Random(5)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            [
                "user_id",
                "question_id",
                "question",
                "response_text",
                "word_count",
                "response_time_seconds",
                "created_at",
            ]
        )
        for n in range(rows):
            said = pair(rng)[1]
            text = f"{said} That is what I think, number {n}."
            writer.writerow(
                [
                    "Nora Feld",
                    f"q{n}",
                    f"What do you think about {rng.choice(FOODS)}?",
                    text,
                    len(text.split()),
                    30,
                    f"2023-05-{n % 28 + 1:02}",
                ]
            )
    return file


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder with a chat with each of two contacts, a mailbox and a table of reflections."""
    return written(tmp_path / "exports")


def written(folder: Path) -> Path:
    folder.mkdir()
    chat(folder / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 120, 1)
    chat(folder / "WhatsApp Chat with Jun Harada.txt", "Jun Harada", 80, 2)
    mails(folder / "All mail.mbox", 30)
    reflections(folder / "reflections.csv", 20)
    return folder


@pytest.fixture
def workspace(vault: Vault) -> Workspace:
    """A workspace over an empty vault, with settings that keep tests short."""
    return Workspace(
        vault, load_settings({"scorecard": {"resamples": 200, "seeds": 1, "folds": 0}}, environment={})
    )


def imported_into(vault: Vault, request: pytest.FixtureRequest) -> ImportReport:
    """Everything allowed and imported."""
    workspace = Workspace(vault, load_settings({}, environment={}))
    for source in ("whatsapp", "gmail", "reflections"):
        give(workspace, source, ["archive", "style"])
    folder = request.getfixturevalue("exports_once")
    return import_(workspace, [folder], me=ME, progress=lambda _done, _total, _figures: None)


def trained_in(vault: Vault, request: pytest.FixtureRequest) -> None:
    """The same with a dataset, and `v1` that learned from it."""
    imported_into(vault, request)
    workspace = Workspace(vault, load_settings({}, environment={}))
    prepare(workspace)
    train(workspace, progress=lambda _done, _total, _figures: None)


@pytest.fixture(scope="session")
def exports_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of the vaults that are made once; who changes exports takes `exports`."""
    return written(tmp_path_factory.mktemp("once") / "exports")


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    """Vaults made once."""
    return Stages(tmp_path_factory.mktemp("stages"))


@pytest.fixture
def vault(
    request: pytest.FixtureRequest, tmp_path: Path, catalog_url: str, stages: Stages
) -> Iterator[Vault]:
    """Empty, or as far as the stage that the test asks for by its name; see `.stages`."""
    known = {"imported": imported_into, "trained": trained_in}
    with stages.opened(request, tmp_path / "vault", catalog_url, known) as made:
        yield made


@pytest.fixture
def imported(workspace: Workspace, stages: Stages) -> tuple[Workspace, ImportReport]:
    """Everything allowed and imported."""
    return workspace, stages.told(imported_into)


@pytest.fixture
def trained(workspace: Workspace) -> Workspace:
    """As `imported`, with a dataset and a model."""
    return workspace


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A vault of which the compliance report has nothing to complain; copy it before it is changed."""
    folder = tmp_path_factory.mktemp("clean")
    return prepared(folder, written(folder / "exports"), ME)
