"""An optimized copy: sealed beside its model, spoken with, and gone with it."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from ipse.bases import onnx
from ipse.config import Settings, load_settings
from ipse.errors import CancelledError, ConsentError, LearnerError, RegistryError
from ipse.pipeline import optimizing
from ipse.pipeline.answering import Clone, load_voice
from ipse.pipeline.consents import withdraw
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import ImportReport
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.optimizing import KIND, drop_copy, files_of, optimize, optimize_if_useful
from ipse.pipeline.plans import plan_for
from ipse.pipeline.retention import purge
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault import Vault
from ipse.voices.engines import copies
from ipse.voices.engines.llama import LlamaEngine
from ipse.voices.engines.onnx import OnnxEngine
from ipse.voices.transformer import TransformerVoice

from .conftest import imported_into

pytestmark = pytest.mark.llm
Imported = tuple[Workspace, ImportReport]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def _settings(request: pytest.FixtureRequest) -> Settings:
    base = str(request.getfixturevalue("tiny_base"))
    lora = {"base": base, "max_steps": 8, "learning_rate": 4e-2, "max_tokens": 96}
    tree = {"lora": lora, "retrieval": {"epochs": 1}, "voice": {"max_new_tokens": 12}}
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


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies are made at once, of a model that says nothing: for what is not about what they say."""
    monkeypatch.setitem(
        copies._WRITERS, "onnx", lambda *_: {"model.onnx": b"weights", "genai_config.json": b""}
    )


def actions(workspace: Workspace, *wanted: str) -> list[Mapping[str, object]]:
    return [row.details for row in workspace.vault.audit_rows() if row.action in wanted]


def test_a_clone_speaks_by_its_copy_and_says_by_what(trained: Workspace) -> None:
    before = Clone(trained, model="v1").answer("who brings the soup?")
    assert before.engine == "transformers float32"
    made = optimize(trained, "v1", progress=quiet)
    assert (made.engine, made.precision) == ("onnx", "int8")
    assert made.maker.startswith("onnxruntime-genai 0.")
    after = Clone(trained, model="v1").answer("who brings the soup?")
    assert after.engine == "onnxruntime-genai int8"
    assert (after.slower, after.fallback) == (None, None)
    assert after.text
    assert Registry(trained.vault).files("v1") == {
        name: data for name, data in files_of(trained, Registry(trained.vault).card("v1")).items()
        if not name.startswith("optimized")
    }  # fmt: skip
    assert (
        actions(trained, "optimize", "optimized.keep")
        == [{"model": "v1", "engine": "onnx", "precision": "int8"}] * 2
    )
    _, voice = load_voice(trained, "v1")
    assert isinstance(voice, TransformerVoice)
    spoken = Clone(trained, model="v2").answer("who brings the soup?")
    assert (spoken.engine, spoken.slower) == (None, None)


def test_a_copy_goes_with_its_model(trained: Workspace, written: None) -> None:
    optimize(trained, "v1", progress=quiet)
    assert trained.vault.ids(KIND) == ["v1"]
    forget(trained, plan_for(trained, "source", "gmail"))
    assert trained.vault.ids(KIND) == trained.vault.ids("model") == []
    assert actions(trained, "optimized.remove")


def test_a_copy_alone_can_go_and_be_made_again(trained: Workspace, written: None) -> None:
    with pytest.raises(RegistryError, match="v1 has no optimized copy"):
        drop_copy(trained, "v1")
    optimize(trained, "v1", progress=quiet)
    drop_copy(trained, "v1")
    assert trained.vault.ids(KIND) == []
    assert trained.vault.ids("model") == ["v1", "v2"]
    optimize(trained, "v1", precision="int4", progress=quiet)
    optimize(trained, "v1", progress=quiet)
    assert trained.vault.ids(KIND) == ["v1"]


def test_it_is_kept_as_long_as_models_are(trained: Workspace, written: None) -> None:
    optimize(trained, "v1", progress=quiet)
    card = Registry(trained.vault).card("v1")
    limited = Workspace(trained.vault, load_settings({"retention": {"models": 1}}, environment={}))
    assert purge(limited, card.created_at) is None
    assert trained.vault.ids(KIND) == ["v1"]
    assert purge(limited, card.created_at + timedelta(days=2)) is not None
    assert trained.vault.ids(KIND) == []


def test_what_may_not_speak_is_not_copied(trained: Workspace, written: None) -> None:
    with pytest.raises(LearnerError, match=r"v2 \(retrieval\) has no language model to optimize"):
        optimize(trained, "v2", progress=quiet)
    for signed in trained.consents():
        withdraw(trained, signed.consent.id)
    with pytest.raises(ConsentError):
        optimize(trained, "v1", progress=quiet)
    assert trained.vault.ids(KIND) == []


def test_it_can_be_stopped_and_leaves_nothing(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_done: float, _total: float | None, _figures: object) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError) as caught:
        optimize(trained, "v1", progress=stop)
    assert "ipse models optimize" in caught.value.hint
    assert trained.vault.ids(KIND) == []


def test_after_training_a_copy_is_made_where_it_is_of_use(
    trained: Workspace, written: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(trained.vault)
    card = registry.card("v1")
    told = optimize_if_useful(trained, card, quiet)
    assert told is not None
    assert told.engine == "onnx"
    assert optimize_if_useful(trained, registry.card("v2"), quiet) is None
    exact = Workspace(trained.vault, load_settings({"voice": {"engine": "transformers"}}, environment={}))
    assert optimize_if_useful(exact, card, quiet) is None
    with monkeypatch.context() as patch:
        patch.setattr(optimizing, "device", lambda: "cuda")
        assert optimize_if_useful(trained, card, quiet) is None
    with monkeypatch.context() as patch:
        patch.setattr(optimizing, "ALONE", 1000)
        assert optimize_if_useful(trained, card, quiet) is None
    with monkeypatch.context() as patch:
        patch.setattr(optimizing, "find_spec", lambda _name: None)
        assert optimize_if_useful(trained, card, quiet) is None
    assert trained.warnings == []


def test_a_method_that_cannot_be_copied_is_told_and_speaks_all_the_same(trained: Workspace) -> None:
    card = train(trained, method="houlsby", progress=quiet)
    assert optimize_if_useful(trained, card, quiet) is None
    (line,) = trained.warnings
    assert line.startswith(f"{card.id} has no optimized copy and speaks by transformers: Houlsby")
    assert Clone(trained, model=card.id).answer("who brings the soup?").engine == "transformers float32"


def test_what_is_not_installed_is_named(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "find_spec", lambda name: None if name == "onnx_ir" else object())
    with pytest.raises(LearnerError, match="Writing ONNX needs onnx_ir"):
        optimize(trained, "v1", progress=quiet)
    monkeypatch.setattr(OnnxEngine, "installed", classmethod(lambda _cls: False))
    monkeypatch.setattr(LlamaEngine, "installed", classmethod(lambda _cls: True))
    assert optimizing._chosen("auto") == "llama"
    assert optimizing._chosen("onnx") == "onnx"
