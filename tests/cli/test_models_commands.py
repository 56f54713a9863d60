"""``ipse models`` as a user meets it: an adapter made faster, by its engine, and back."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from ipse.bases import preflight
from ipse.cli.train_ import _tell_end, print_model
from ipse.registry import ModelCard

from .test_commands import Run, chat, run, vault_folder

__all__ = ["chat", "run", "vault_folder"]  # fixtures

pytestmark = pytest.mark.llm


def test_an_adapter_is_optimized_as_it_is_trained_and_can_be_taken_back(
    run: Run, vault_folder: Path, chat: Path, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MAX_STEPS", "4"), ("MAX_TOKENS", "64")):
        monkeypatch.setenv(f"IPSE_LORA__{name}", value)
    monkeypatch.setenv("IPSE_VOICE__MAX_NEW_TOKENS", "8")
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "style", "--yes")
    run("import", str(chat), "--me", "Nora Feld", "--tz", "UTC", "--yes")
    run("prepare")
    code, out, _ = run("train", "--method", "lora", "--base", str(tiny_base), "--json")
    assert (code, json.loads(out)["id"]) == (0, "v1")
    heard = json.loads(run("answer", "what about plan 3?", "--model", "v1", "--json")[1])
    assert (heard["engine"], heard["slower"]) == ("onnxruntime-genai int8", None)
    monkeypatch.setenv("IPSE_VOICE__ENGINE", "llama")
    code, out, err = run("answer", "what about plan 3?", "--model", "v1")
    assert (code, "AI-written" in out) == (0, True)
    told = " ".join(err.split())
    assert "It speaks by transformers float32: There is no optimized copy for llama" in told
    monkeypatch.delenv("IPSE_VOICE__ENGINE")
    assert run("models", "optimize", "v1", "--remove")[0] == 0
    assert json.loads(run("answer", "hi", "--model", "v1", "--json")[1])["engine"] == "transformers float32"
    code, _, err = run("models", "optimize", "v1", "--remove")
    assert (code, "v1 has no optimized copy" in err) == (1, True)
    code, out, _ = run("models", "optimize", "v1")
    assert code == 0
    assert "onnxruntime-genai 0.18" in " ".join(out.split())


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"epochs_seen": 3.0}, "3 of 3 epochs. All epochs are done."),
        ({"epochs_seen": 0.07}, "0.07 of 3 epochs. That is all that lora.max_steps gave it."),
        ({"epochs_seen": 0.5, "stopped_by_tokens": 1.0}, "Its tokens were spent"),
        ({"epochs_seen": 1.1, "stopped_by_rise": 1.0}, "had begun to cost more bits"),
        ({"epochs_seen": 2.0, "stopped_by_membership": 1.0}, "could be told from the rest"),
    ],
)
def test_why_a_training_ended_is_told(
    told: dict[str, float], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _tell_end({"tokens": 7049.0, "epochs_planned": 3.0, **told})
    assert expected in " ".join(capsys.readouterr().out.split())


def test_what_privacy_was_promised_and_what_it_cost_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    figures = {"epsilon": 7.96, "delta": 3e-4, "noise_over_gradient": 12.3}
    card = ModelCard(
        method="lora", dataset="d1", dataset_hash="", consents={}, config={}, seed=7, metrics=figures
    )
    print_model(card)
    told = " ".join(capsys.readouterr().out.split())
    assert "Differentially private by example: epsilon 7.96 at delta 0.0003." in told
    assert "The noise was 12.3 times what the examples said; that costs most of what could be" in told
    print_model(msgspec.structs.replace(card, metrics={}))
    assert "epsilon" not in capsys.readouterr().out


def test_where_an_adapters_training_ends_is_said_before_and_after(
    run: Run, vault_folder: Path, chat: Path, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSE_LORA__MAX_TOKENS", "64")
    monkeypatch.setenv("IPSE_VOICE__ENGINE", "transformers")
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "style", "--yes")
    run("import", str(chat), "--me", "Nora Feld", "--tz", "UTC", "--yes")
    run("prepare")
    how = ("train", "--base", str(tiny_base))  # who names a base means an adapter
    code, out, err = run(*how, "--method", "qlora")
    if "needs a CUDA device" in err:
        assert (code, out) == (1, "")  # nothing is promised of what is refused
    code, out, _ = run(*how, "--tokens", "200")
    told = " ".join(out.split())
    assert code == 0
    assert re.search(r"On .+ \(.+\): about [\d.]+ GB of memory, [\d.]+ GB are free; ", told)
    assert re.search(r"; 8 examples of up to 64 tokens at a time; about \d+ s\. Training ends ", told)
    assert "may not fit" not in told
    assert "about 200 tokens if these are fewer (lora.total_tokens, as you set it)" in told
    assert "Its tokens were spent" in told
    small = msgspec.structs.replace(preflight.devices()[-1], free=300_000_000)
    monkeypatch.setattr(preflight, "devices", lambda: [small])
    code, out, _ = run(*how, "--epochs", "0.5")
    assert "0.3 GB are free; 1 example of up to 64 tokens at a time" in " ".join(out.split())
    assert "That may not fit. Lower lora.max_tokens" in out
    assert code == 0
    assert "Training ends" not in out  # nothing but the epochs that were asked for
    assert "of 0.5 epochs. All epochs are done." in " ".join(out.split())
