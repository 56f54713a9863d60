"""A vault with a model and drafts, made once and copied; for what is done with drafts."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ipse.config import load_settings
from ipse.drafts import Draft, digest
from ipse.pipeline.consents import give
from ipse.pipeline.derived import keep_made, made_of
from ipse.pipeline.drafting import KIND, approve, propose
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.workspace import Workspace
from ipse.vault import KdfParameters, Vault

from .conftest import ME, chat

__all__ = ["KEY", "PASSPHRASE", "another", "approved", "made", "opened", "quiet"]

PASSPHRASE = "a passphrase for tests"
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
KEY = "a key for tests"


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def made(folder: Path, *, catalog: str = "") -> Path:
    """The vault, in a new folder: a chat with Ilka, the embedded voice, and one draft to her."""
    folder.mkdir()
    export = chat(folder / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 60, 1)
    vault, _ = Vault.create(folder / "vault", PASSPHRASE, catalog=catalog, kdf=CHEAP, allow_weak=True)
    with vault:
        workspace = Workspace(vault, load_settings({"retrieval": {"epochs": 1}}, environment={}))
        give(workspace, "whatsapp", ["archive", "style"])
        import_(workspace, [export], me=ME, progress=quiet)
        prepare(workspace)
        train(workspace, progress=quiet)
        propose(workspace, "who brings the soup on friday?", contact="Ilka Brandt")
    return folder / "vault"


@contextmanager
def opened(folder: Path | str, **sections: Any) -> Iterator[Workspace]:
    settings = load_settings({"vault": str(folder), **sections}, environment={})
    with Workspace.open(settings, PASSPHRASE) as workspace:
        yield workspace


def another(workspace: Workspace, like: Draft, **changes: Any) -> Draft:
    """One more draft, without asking the voice again."""
    one = msgspec.structs.replace(like, id=secrets.token_hex(8), **changes)
    origin = made_of(workspace, (KIND, like.id))
    keep_made(workspace, (KIND, one.id), msgspec.json.encode(one), origin, at=one.at)
    return one


def approved(workspace: Workspace, like: Draft, **changes: Any) -> Draft:
    one = another(workspace, like, **changes)
    return approve(workspace, one.id, seen=digest(one))


def copied(template: Path, to: Path) -> Path:
    return Path(shutil.copytree(template, to))
