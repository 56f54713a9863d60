"""A model out of the vault: what is written loads elsewhere, says the same, and is told in the log."""

import json
import sys
from pathlib import Path

import pytest

from ipse.bases import onnx
from ipse.config import Settings, load_settings
from ipse.errors import CancelledError, ConsentError, LearnerError, MissingExtraError, SettingsError
from ipse.pipeline.consents import withdraw
from ipse.pipeline.importing import ImportReport
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.releasing import Shape, export_model
from ipse.pipeline.workspace import Workspace
from ipse.plugins import speaking
from ipse.records import Turn
from ipse.registry import Registry
from ipse.vault import Vault
from ipse.voices.transformer import TransformerVoice

from .conftest import imported_into

pytestmark = pytest.mark.llm
Imported = tuple[Workspace, ImportReport]
ASKED = [Turn("partner", "PERSON_1", "who brings the soup?")]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def _settings(request: pytest.FixtureRequest) -> Settings:
    base = str(request.getfixturevalue("tiny_base"))
    lora = {"base": base, "max_steps": 8, "learning_rate": 4e-2, "max_tokens": 96}
    tree = {"lora": lora, "retrieval": {"epochs": 1}}
    return load_settings(tree, environment={})


def taught(vault: Vault, request: pytest.FixtureRequest) -> None:
    """Leave in it `v1`, an adapter that has learned something, and `v2`, a voice without a language model."""
    imported_into(vault, request)
    workspace = Workspace(vault, _settings(request))
    prepare(workspace)
    for method in ("lora", "retrieval"):
        train(workspace, method=method, progress=quiet)


STAGES = {"trained": taught}


@pytest.fixture
def trained(vault: Vault, request: pytest.FixtureRequest) -> Workspace:
    """With `v1`, an adapter, and `v2`, a voice without a language model."""
    return Workspace(vault, _settings(request))


def released(workspace: Workspace, folder: Path, shape: Shape, name: str = "v1") -> list[str]:
    done = export_model(workspace, name, folder, shape=shape, progress=quiet)
    assert {file: (folder / file).stat().st_size for file in done.files} == done.files
    return sorted(done.files)


def bits(model: object, voice: TransformerVoice) -> float:
    """What a model of transformers gives for the prompt and reply that the voice would read."""
    import torch

    ids = voice._chat.prompt(ASKED, 80) + voice._chat.reply("me!!")
    with torch.no_grad():
        return float(model(input_ids=torch.tensor([ids]), labels=torch.tensor([ids])).loss)  # type: ignore[operator]


def test_merged_it_says_what_the_voice_says_and_needs_ipse_no_more(
    trained: Workspace, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    files = released(trained, tmp_path / "out", "merged")
    assert {"ABOUT.md", "config.json", "model.safetensors", "tokenizer.json"} <= set(files)
    voice = speaking("lora", Registry(trained.vault).files("v1"), trained.settings)
    assert isinstance(voice, TransformerVoice)
    model = AutoModelForCausalLM.from_pretrained(str(tmp_path / "out"), local_files_only=True).eval()
    assert AutoTokenizer.from_pretrained(str(tmp_path / "out"), local_files_only=True).eos_token == "</s>"
    assert bits(model, voice) == pytest.approx(bits(voice._model, voice), rel=1e-4)
    base = bits(voice._model.get_base_model(), voice)  # type: ignore[attr-defined]
    with voice._model.disable_adapter():
        assert bits(voice._model, voice) != pytest.approx(bits(model, voice), rel=1e-3), base  # the control


def test_an_adapter_is_what_peft_reads(trained: Workspace, tmp_path: Path) -> None:
    files = released(trained, tmp_path / "out", "adapter")
    assert files == ["ABOUT.md", "adapter_config.json", "adapter_model.safetensors", "ipse.json"]
    assert json.loads((tmp_path / "out" / "adapter_config.json").read_text())["peft_type"] == "LORA"


def test_a_gguf_file_holds_the_merged_model(trained: Workspace, tmp_path: Path) -> None:
    from gguf import GGUFReader

    assert released(trained, tmp_path / "out", "gguf") == ["ABOUT.md", "ipse-v1-f16.gguf"]
    reader = GGUFReader(tmp_path / "out" / "ipse-v1-f16.gguf")
    name = reader.get_field("general.name")
    assert name is not None
    assert name.contents() == "ipse v1"


def test_onnx_is_what_its_runtime_speaks_with(trained: Workspace, tmp_path: Path) -> None:
    import onnxruntime_genai as og

    assert {"ABOUT.md", "genai_config.json", "model.onnx"} <= set(released(trained, tmp_path / "out", "onnx"))
    model = og.Model(str(tmp_path / "out"))
    given = og.GeneratorParams(model)
    given.set_search_options(max_length=12, min_length=12, do_sample=False)
    generator = og.Generator(model, given)
    generator.append_tokens([0, 9, 17, 20])
    while not generator.is_done():
        generator.generate_next_token()
    assert len(generator.get_sequence(0)) == 12


def test_it_is_told_in_the_log_and_beside_the_files(trained: Workspace, tmp_path: Path) -> None:
    released(trained, tmp_path / "out", "adapter")
    rows = [row.details for row in trained.vault.audit_rows() if row.action == "export.model"]
    assert rows == [{"model": "v1", "shape": "adapter"}]
    about = (tmp_path / "out" / "ABOUT.md").read_text()
    card = Registry(trained.vault).card("v1")
    for part in ("AI-written", card.dataset_hash, "gmail, reflections, whatsapp", "delete it by hand"):
        assert part in about
    assert "Ilka" not in about


def test_what_cannot_be_written_is_told_before_anything_is(trained: Workspace, tmp_path: Path) -> None:
    with pytest.raises(LearnerError, match=r"v2 \(retrieval\) has no language model"):
        released(trained, tmp_path / "out", "gguf", name="v2")
    assert not (tmp_path / "out").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(SettingsError, match="not an empty folder"):
        released(trained, tmp_path / "full", "gguf")
    for signed in trained.consents():
        withdraw(trained, signed.consent.id)
    with pytest.raises(ConsentError):
        released(trained, tmp_path / "out", "merged")
    assert not [row for row in trained.vault.audit_rows() if row.action == "export.model"]


def test_a_precision_is_of_its_shape(trained: Workspace, tmp_path: Path) -> None:
    for shape, wrong, told in (
        ("onnx", "q8_0", "onnx has no precision q8_0.*int8, int4, fp32"),
        ("gguf", "int8", "gguf has no precision int8.*f16, bf16, q8_0"),
        ("merged", "f16", "merged has no precision f16.*Leave it out"),
    ):
        with pytest.raises(SettingsError, match=told):
            export_model(trained, "v1", tmp_path / "out", shape=shape, precision=wrong, progress=quiet)  # type: ignore[arg-type]
    done = export_model(trained, "v1", tmp_path / "out", shape="gguf", precision="q8_0", progress=quiet)
    assert "ipse-v1-q8_0.gguf" in done.files


def test_without_its_packages_it_says_what_to_install(
    trained: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx, "find_spec", lambda name: None if name == "onnx" else object())
    with pytest.raises(MissingExtraError, match=r"ONNX needs onnx\..*ipse\[onnx\]"):
        released(trained, tmp_path / "out", "onnx")


def test_a_builder_that_fails_is_told_and_one_that_runs_is_stopped(
    trained: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "builder.sh"
    script.write_text("#!/bin/sh\necho one; echo 'no such model' >&2; exit 3\n")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(LearnerError, match="cannot write this model: no such model"):
        released(trained, tmp_path / "out", "onnx")
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    told: list[float] = []

    def stop(done: float, _total: float | None, _figures: object) -> None:
        told.append(done)
        if len(told) > 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        export_model(trained, "v1", tmp_path / "other", shape="onnx", progress=stop)


def test_bottlenecks_cannot_be_merged(imported: Imported, tiny_base: Path, tmp_path: Path) -> None:
    lora = {"base": str(tiny_base), "max_steps": 2, "max_tokens": 96}
    workspace = Workspace(imported[0].vault, load_settings({"lora": lora}, environment={}))
    prepare(workspace)
    train(workspace, method="houlsby", progress=quiet)
    with pytest.raises(LearnerError, match="cannot be merged"):
        released(workspace, tmp_path / "out", "gguf")
    assert "adapter_model.safetensors" in released(workspace, tmp_path / "other", "adapter")
