"""A served vault whose clone speaks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ipse.config import Settings, load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.voicing import Warm
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault
from ipse.voices.retrieval import RetrievalVoice

from ..conftest import CHEAP, PASSPHRASE
from ..pipeline.conftest import ME, chat
from .conftest import Running, running

__all__ = ["ALLOWED", "learned", "served", "slow"]

ALLOWED = {"imports": {"languages": ["en"]}, "retrieval": {"epochs": 1}}


def learned(folder: Path) -> Path:
    """A vault with two chats, and a clone that answers from them."""
    vault, _ = Vault.create(folder / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    workspace = Workspace(vault, load_settings(ALLOWED, environment={}))
    give(workspace, "whatsapp", ["archive", "style"])
    files = [
        chat(folder / f"WhatsApp Chat with {name}.txt", name, 60, seed)
        for seed, name in enumerate(("Ilka Brandt", "Jun Harada"))
    ]
    with vault:
        import_(workspace, files, me=ME, progress=lambda _done, _total, _figures: None)
        prepare(workspace)
        train(workspace, progress=lambda _done, _total, _figures: None)
    return folder / "vault"


@contextmanager
def served(folder: Path, **more: object) -> Iterator[Running]:
    """It, served."""
    settings: Settings = load_settings({**ALLOWED, **more}, environment={})
    with running([folder], settings) as started:
        yield started


def slow(monkeypatch: pytest.MonkeyPatch, pieces: int = 400) -> list[int]:
    """A voice that says a word each 20 ms; what it said is counted."""
    said: list[int] = []

    def stream(self: RetrievalVoice, context: Any, **more: Any) -> Iterator[str]:
        for n in range(pieces):
            said.append(n)
            yield f"word{n} "
            time.sleep(0.02)

    monkeypatch.setattr(RetrievalVoice, "stream", stream)
    monkeypatch.setattr(Warm, "recalls", lambda *_: False)  # it takes its time
    return said
