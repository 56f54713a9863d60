"""A contact is forgotten after an adapter was trained on their talks: no generation holds a word of them.

Nor does an older backup bring any back. Every probe is done before as well, where it must find them.
"""

import random
import shutil
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.pipeline.answering import Clone
from ipse.pipeline.backups import back_up, restore_vault
from ipse.pipeline.consents import give
from ipse.pipeline.exporting import export_messages
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.plans import plan_for
from ipse.pipeline.portability import export_all
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault import KdfParameters, Vault

from ..soak import SOAK
from .hunting import bytes_of, found, opened_documents

pytestmark = [
    pytest.mark.llm,
    pytest.mark.shared,
    pytest.mark.skipif(not SOAK, reason="minutes; tests/pipeline/test_forgetting.py has the short form"),
]

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
PASSPHRASE = "a passphrase for canaries"
WHO, OTHER = "Ilka Brandt", "Jun Harada"
GONE, KEPT = ("zqvkpyt",), ("bdfnlsc",)
"""What the owner says to each of them, again and again, so that the adapter learns it by heart."""

ASKED = {
    WHO: ("are you there", "say it again", "tell me"),
    OTHER: ("where is the dog", "who won", "what time"),
}
METHODS = ("retrieval", "lora")
PROBES, CONTROL = 200, 20
REPEATS = ["duplicate", "near-duplicate", "low-value"]  # rules that would take most of what is said again


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def chat(folder: Path, contact: str, words: tuple[str, ...]) -> None:
    lines = []
    for n in range(60):
        at = f"{n % 27 + 1:02}/{n // 27 + 1:02}/2023, 1{n % 10}:0"
        lines.append(f"{at}1 - {contact}: {ASKED[contact][n % 3]}, {n}?")
        lines.append(f"{at}5 - Nora Feld: {words[0]} {words[0]} {n}")
    (folder / f"WhatsApp Chat with {contact}.txt").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture
def workspace(tmp_path: Path, shared: Path) -> Workspace:
    """Both chats imported, an adapter and the embedded voice trained on them, and a backup made."""
    exports = tmp_path / "exports"
    exports.mkdir()
    chat(exports, WHO, GONE)
    chat(exports, OTHER, KEPT)
    vault, recovery = Vault.create(tmp_path / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    (tmp_path / "recovery").write_text(recovery)
    lora = {"base": str(shared / "models" / "stories260K"), "max_steps": 200, "learning_rate": 1e-2}
    lora |= {"dropout": 0.0, "max_tokens": 128, "system": "As me."}
    made = Workspace(vault, load_settings({"lora": lora, "dataset": {"without": REPEATS}}, environment={}))
    give(made, "whatsapp", ["archive", "style"])
    import_(made, [exports], me=["Nora Feld"], progress=quiet)
    prepare(made)
    train(made, progress=quiet)
    train(made, method="lora", progress=quiet)
    back_up(made, tmp_path / "copies", progress=quiet)
    return made


def generations(workspace: Workspace, count: int) -> dict[str, list[str]]:
    """What the model of each method says to so many questions, many of them those of the chats."""
    said: dict[str, list[str]] = {}
    for card in Registry(workspace.vault).cards():
        pick, clone = random.Random(9), Clone(workspace, model=card.id)
        for n in range(count):
            text = clone.answer(f"{pick.choice((*ASKED[WHO], *ASKED[OTHER]))}, {n % 60}?").text
            said.setdefault(card.method, []).append(text)
            clone.reset()
    return said


def opened(workspace: Workspace) -> list[str]:
    """All documents opened, exports in every format, the log, and the bytes of every file."""
    vault, folder = workspace.vault, workspace.vault.folder.parent / f"out-{random.random()}"
    blobs = opened_documents(vault)
    folder.mkdir()
    for form in ("jsonl", "csv", "parquet"):
        export_messages(workspace, folder / f"messages.{form}", form)
        export_all(workspace, folder / form, form, names=True)
    return [blob.decode("latin1") for blob in (*blobs, *bytes_of(folder, vault.folder))]


def test_no_generation_holds_a_word_of_who_was_forgotten_and_no_backup_brings_it_back(
    workspace: Workspace, tmp_path: Path
) -> None:
    both = (*GONE, *KEPT)
    before = generations(workspace, CONTROL)
    assert {way: found(both, said) for way, said in before.items()} == {one: {*both} for one in METHODS}
    assert found(both, opened(workspace)) == {*both}  # the control
    done = forget(workspace, plan_for(workspace, "contact", WHO), retrain=True)
    assert {card.method for card in done.retrained} == {*METHODS}
    after = generations(workspace, PROBES)
    assert {way: found(both, said) for way, said in after.items()} == {one: {*KEPT} for one in METHODS}
    assert found(both, opened(workspace)) == {*KEPT}
    back_up(workspace, tmp_path / "copies", progress=quiet)
    (old,) = {path.stem for path in (tmp_path / "copies" / "snapshots").glob("*.json")} - {
        max(path.stem for path in (tmp_path / "copies" / "snapshots").glob("*.json"))
    }
    key = (tmp_path / "recovery").read_text()
    for replayed in (False, True):
        copies = tmp_path / "copies"
        if not replayed:  # the control: a backup that knows of no erasure
            copies = tmp_path / "before"
            _copy(tmp_path / "copies", copies, old)
        target = tmp_path / f"restored-{replayed}"
        restore_vault(copies, target, key, PASSPHRASE, settings=workspace.settings, name=old, kdf=CHEAP,
                      progress=quiet)  # fmt: skip
        with Vault.open(target, PASSPHRASE) as vault:
            back = Workspace(vault, workspace.settings)
            said = generations(back, CONTROL)
            assert {*said} == (set() if replayed else {*METHODS})  # models of that day learned from them
            for texts in (opened(back), *said.values()):
                assert found(GONE, texts) == (set() if replayed else {*GONE})


def _copy(copies: Path, to: Path, name: str) -> None:
    """The folder of backups as it was after the one of that name."""
    shutil.copytree(copies, to)
    for path in (to / "snapshots").iterdir():
        if not path.name.startswith(name):
            path.unlink()
