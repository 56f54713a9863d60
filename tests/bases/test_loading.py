import json
import shutil
from pathlib import Path

import pytest

from ipse.bases.folders import fingerprint
from ipse.bases.loading import load_base, require_llm, window_of
from ipse.bases.shelf import find_base
from ipse.errors import BaseModelError, MissingExtraError

pytestmark = pytest.mark.llm


@pytest.fixture
def base(tiny_base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_base, tmp_path / "base"))


def test_a_missing_package_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(MissingExtraError, match=r"no_such_package.*pip install 'ipse\[llm\]'"):
        require_llm("no_such_package")


def test_a_local_folder_is_found_and_loads_frozen(base: Path) -> None:
    model, tokenizer = load_base(find_base(str(base)))
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert tokenizer.eos_token == "</s>"


def test_no_base_named_says_what_to_set() -> None:
    with pytest.raises(BaseModelError, match=r"lora\.base"):
        find_base("")


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match=r"config\.json"):
        find_base(str(tmp_path))


def test_weights_that_can_run_code_are_refused(base: Path) -> None:
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(BaseModelError, match="safetensors"):
        find_base(str(base))


def test_an_adapter_is_no_base_and_is_not_followed(base: Path) -> None:
    (base / "adapter_config.json").write_text('{"base_model_name_or_path": "somewhere/else"}')
    with pytest.raises(BaseModelError, match="adapter"):
        find_base(str(base))


def test_code_that_comes_with_a_model_is_never_run(base: Path, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    (base / "own.py").write_text(f"open({str(trace)!r}, 'w').close()\n")
    config = json.loads((base / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Own"}}
    (base / "config.json").write_text(json.dumps(config))
    with pytest.raises(BaseModelError, match="cannot load"):
        load_base(find_base(str(base)))
    assert not trace.exists()


def test_damaged_weights_are_one_clear_error(base: Path) -> None:
    (base / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(BaseModelError, match=r"model\.safetensors is no safetensors file, or it is damaged"):
        load_base(base)


def test_a_hub_id_is_not_fetched_unless_allowed_and_the_error_says_how() -> None:
    with pytest.raises(BaseModelError, match="--allow-network"):
        find_base("nobody/no-such-model")


def test_an_allowed_hub_id_that_cannot_be_reached_is_one_clear_error() -> None:
    with pytest.raises(BaseModelError, match="HF_HUB_OFFLINE"):
        find_base("nobody/no-such-model", allow_network=True)


def test_an_id_that_cannot_be_one_is_one_clear_error() -> None:
    with pytest.raises(BaseModelError, match="Check the id"):
        find_base("nobody/no--such--model", allow_network=True)


def test_a_tokenizer_that_cannot_end_a_turn_is_refused(base: Path) -> None:
    config = json.loads((base / "tokenizer_config.json").read_text())
    del config["eos_token"]
    (base / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(BaseModelError, match="end-of-sequence"):
        load_base(base)


@pytest.mark.parametrize("part", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_changed_byte_changes_the_fingerprint(base: Path, part: str) -> None:
    before = fingerprint(base)
    data = bytearray((base / part).read_bytes())
    data[-1] ^= 1
    (base / part).write_bytes(data)
    assert fingerprint(base) != before


def test_another_chat_template_is_another_base_but_a_readme_is_not(base: Path) -> None:
    before = fingerprint(base)
    (base / "README.md").write_text("notes")
    assert fingerprint(base) == before
    (base / "chat_template.jinja").write_text("{{ messages }}")
    assert fingerprint(base) != before


def test_the_window_never_exceeds_the_positions_of_the_model(base: Path) -> None:
    model, _ = load_base(base)
    assert window_of(model, 1024) == 128
    assert window_of(model, 64) == 64


@pytest.mark.shared
@pytest.mark.parametrize("name", ["babyllama-361", "stories260K"])
def test_small_real_models_load(shared: Path, name: str) -> None:
    model, tokenizer = load_base(find_base(str(shared / "models" / name)))
    assert window_of(model, 10**6) == model.config.max_position_embeddings
    assert (
        tokenizer.decode(tokenizer("Once upon a time")["input_ids"], skip_special_tokens=True)
        == "Once upon a time"
    )
