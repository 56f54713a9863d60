"""ONNX from a model's folder: its runtime says what transformers says; what cannot run is refused."""

import json
import shutil
from pathlib import Path

import pytest

from ipse.bases.onnx import write_onnx
from ipse.errors import BaseModelError

pytestmark = pytest.mark.llm


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def test_what_it_wrote_says_what_transformers_says(tiny_base: Path, tmp_path: Path) -> None:
    import onnxruntime_genai as og
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    write_onnx(tiny_base, tmp_path, precision="fp32", progress=quiet)
    model = AutoModelForCausalLM.from_pretrained(str(tiny_base), dtype=torch.float32).eval()
    ids = AutoTokenizer.from_pretrained(str(tiny_base))("naïve? at five!")["input_ids"]
    held = og.Model(str(tmp_path))
    assert list(og.Tokenizer(held).encode("naïve? at five!")) == ids
    given = og.GeneratorParams(held)
    given.set_search_options(max_length=100)
    ours = og.Generator(held, given)
    for _ in range(40):  # greedy
        with torch.no_grad():
            likeliest = int(model(torch.tensor([ids])).logits[0, -1].argmax())
        ours.append_tokens(ids if not ours.token_count() else ids[-1:])
        assert int(ours.get_logits()[0, -1].argmax()) == likeliest
        ids = [*ids, likeliest]


@pytest.mark.parametrize(
    ("more", "width"), [({"head_dim": 24}, 24), ({"hidden_size": 40, "head_dim": None}, 20)]
)
def test_heads_that_the_runtime_cannot_run_are_refused_at_once(
    tiny_base: Path, tmp_path: Path, more: dict[str, object], width: int
) -> None:
    copy = Path(shutil.copytree(tiny_base, tmp_path / "copy"))
    config = json.loads((copy / "config.json").read_text()) | more
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        BaseModelError, match=f"multiples of 16 channels; this model's have {width}"
    ) as caught:
        write_onnx(copy, tmp_path / "out", precision="int8", progress=quiet)
    assert "\n" not in caught.value.message
    (copy / "config.json").write_text('{"hidden_size": "wide"}')
    with pytest.raises(BaseModelError, match="cannot be read"):
        write_onnx(copy, tmp_path / "out", precision="int8", progress=quiet)
