"""The shelf: what may come on it, what is recorded, and that nothing changed is ever opened."""

import json
import shutil
from pathlib import Path

import pytest

from ipse.bases import shelf
from ipse.bases.folders import fingerprint
from ipse.bases.loading import load_base
from ipse.errors import BaseModelError

pytestmark = pytest.mark.llm


@pytest.fixture
def base(tiny_base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_base, tmp_path / "Tiny Base"))


def test_a_folder_is_copied_described_and_found_by_its_name(base: Path) -> None:
    (base / "README.md").write_text("---\nlicense: cc0-1.0\ntags: [x]\n---\n# Tiny\n")
    (base / "pytorch_model.bin").write_bytes(b"pickle")
    told: list[tuple[float, float | None]] = []
    added = shelf.add(str(base), progress=lambda done, total, _: told.append((done, total)))
    assert (added.name, added.licence, added.dtype, added.window) == ("tiny-base", "cc0-1.0", "F32", 128)
    assert added.parameters == sum(p.numel() for p in load_base(base)[0].parameters())
    assert told[-1][0] == told[-1][1]
    folder = shelf.find_base("tiny-base")
    assert folder == shelf.shelf() / "tiny-base" == Path(added.folder)
    assert not (folder / "pytorch_model.bin").exists()
    assert fingerprint(folder) == fingerprint(base) == added.sha256
    assert shelf.verified(added)
    load_base(folder)
    assert added in shelf.bases()


def test_adding_the_same_again_changes_nothing_and_another_of_that_name_is_refused(
    base: Path, tmp_path: Path
) -> None:
    first = shelf.add(str(base), name="mine")
    assert shelf.add(str(base), name="mine") == first
    other = shutil.copytree(base, tmp_path / "other")
    with pytest.raises(BaseModelError, match="called mine already"):
        shelf.add(str(other), name="mine")
    assert shelf.base_named("mine") == first


@pytest.mark.parametrize("link", [False, True])
def test_a_base_that_was_changed_is_not_loaded(base: Path, *, link: bool) -> None:
    added = shelf.add(str(base), name="mine", link=link)
    folder = shelf.find_base("mine")
    assert folder == (base.resolve() if link else shelf.shelf() / "mine")
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert not shelf.verified(added)
    with pytest.raises(BaseModelError, match=r"mine in .* is not what was added"):
        load_base(folder)


def test_a_hash_other_than_the_one_given_adds_nothing(base: Path) -> None:
    with pytest.raises(BaseModelError, match="Nothing was added"):
        shelf.add(str(base), name="mine", sha256="0" * 64)
    assert shelf.base_named("mine") is None
    assert list(shelf.shelf().iterdir()) == []
    assert shelf.add(str(base), name="mine", sha256=fingerprint(base).upper()).name == "mine"


def test_pickled_weights_are_refused_by_name(base: Path) -> None:
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(BaseModelError, match=r"no safetensors but pytorch_model\.bin"):
        shelf.add(str(base))


def test_a_model_that_needs_code_of_its_own_is_refused_and_a_known_kind_is_not(base: Path) -> None:
    config = json.loads((base / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "own.Own"}
    (base / "config.json").write_text(json.dumps(config))
    shelf.add(str(base), name="known", link=True)
    (base / "config.json").write_text(json.dumps(config | {"model_type": "own"}))
    for link in (False, True):
        with pytest.raises(BaseModelError, match=r"code of its own \(own\.Own\)"):
            shelf.add(str(base), name="unknown", link=link)


@pytest.mark.parametrize("name", ["../up", ".hidden", "a b"])
def test_a_name_that_is_none_is_refused(base: Path, name: str) -> None:
    with pytest.raises(BaseModelError, match="cannot be called"):
        shelf.add(str(base), name=name)


def test_a_damaged_head_and_a_damaged_card_are_named(base: Path) -> None:
    shelf.add(str(base), name="mine")
    (base / "model.safetensors").write_bytes((10**12).to_bytes(8, "little"))
    with pytest.raises(BaseModelError, match=r"model\.safetensors is no safetensors file"):
        shelf.add(str(base), name="other")
    (shelf.shelf() / "mine.json").write_text("{}")
    with pytest.raises(BaseModelError, match=r"mine\.json is no card"):
        shelf.find_base("mine")


def test_neither_folder_nor_id_is_said(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="no folder, no GGUF file and no Hub id"):
        shelf.add(str(tmp_path / "absent"))
