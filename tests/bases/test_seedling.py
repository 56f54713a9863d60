"""The base that comes with ipse: whole, small, offline, and able to speak and to be adapted."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipse.bases import shelf
from ipse.bases.folders import described
from ipse.bases.loading import load_base
from ipse.config import LoraSettings
from ipse.errors import BaseModelError
from ipse.records import Example, Turn

pytestmark = pytest.mark.llm

TURN = (Turn(role="partner", speaker="a", text="hello, how are you?"),)


def test_it_is_the_default_base_and_every_byte_is_the_one_pinned() -> None:
    folder = shelf.find_base(LoraSettings().base)
    base = shelf.base_named(shelf.SEEDLING)
    assert base is not None
    assert folder == Path(base.folder) == shelf.SEEDLING_FOLDER
    assert shelf.verified(base)
    assert base.sha256 == shelf.SEEDLING_SHA256
    assert 4_000_000 < base.parameters < 8_000_000
    assert base.bytes < 16_000_000
    assert sum(file.stat().st_size for file in folder.iterdir()) < 16_000_000
    assert (base.template, base.licence) == ("own, marked", "apache-2.0")


def test_its_card_says_what_it_is_made_of() -> None:
    card = (shelf.SEEDLING_FOLDER / "MODEL_CARD.md").read_text(encoding="utf-8")
    base = described(shelf.SEEDLING_FOLDER, name="", origin="")
    assert base.sha256 in card
    assert f"{base.parameters:,} parameters" in card
    for named in ("CC-BY-4.0", "CDLA-Sharing-1.0", "public domain", "Held out", "cannot do", "MR. CARNEY"):
        assert named in card


def test_a_changed_byte_of_it_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(shelf.SEEDLING_FOLDER, tmp_path / "seedling"))
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    monkeypatch.setattr(shelf, "SEEDLING_FOLDER", folder)
    with pytest.raises(BaseModelError, match=r"seedling in .* is not what was added"):
        load_base(shelf.find_base("seedling"))


def test_its_name_cannot_be_taken(tiny_base: Path) -> None:
    with pytest.raises(BaseModelError, match="called seedling already"):
        shelf.add(str(tiny_base), name="seedling")


def test_it_loads_offline_and_prefers_english_to_its_letters_shuffled() -> None:
    from ipse.learners.chat import ChatFormat
    from ipse.learners.likelihood import bits_of_windows

    model, tokenizer = load_base(shelf.find_base("seedling"))
    chat = ChatFormat(tokenizer, system="", window=128)
    said = "I think it is a good question, and I will have more for you later today."
    shuffled = " ".join(word[::-1] for word in said.split())
    windows = [window for text in (said, shuffled) for window in chat.windows(TURN, text, closed=False)]
    english, noise = (bits / len(said.encode()) for bits in bits_of_windows(model, windows))
    assert english < 2.0 < 3.5 < noise


def test_it_answers_in_words_and_ends_its_turn() -> None:
    import torch

    from ipse.learners.chat import ChatFormat

    model, tokenizer = load_base(shelf.find_base("seedling"))
    chat = ChatFormat(tokenizer, system=LoraSettings().system, window=256)
    torch.manual_seed(7)
    prompt = torch.tensor([chat.prompt(TURN, 64)])
    out = model.generate(prompt, max_new_tokens=120, do_sample=True, top_k=20, num_return_sequences=4)
    said = [row[prompt.shape[1] :].tolist() for row in out]
    assert sum(tokenizer.eos_token_id in row for row in said) >= 3
    words = " ".join(tokenizer.decode(row, skip_special_tokens=True) for row in said).split()
    assert len(words) > 10
    assert sum(word.isascii() for word in words) > 0.9 * len(words)


def test_an_adapter_on_it_learns() -> None:
    from ipse.learners.adapters.lora import LoraLearner
    from ipse.voices.transformer import TransformerVoice

    begin = datetime(2024, 1, 1, tzinfo=UTC)
    replies = [f"aye, the tide turns at {number % 12}, bring the lamp" for number in range(40)]
    examples = [
        Example(
            id=str(number),
            conversation=f"c{number}",
            contact="a",
            platform="test",
            at=begin + timedelta(number),
            context=TURN,
            reply=said,
        )
        for number, said in enumerate(replies)
    ]
    settings = LoraSettings(max_steps=12, max_tokens=64, learning_rate=2e-3)
    learner = LoraLearner(settings).fit(examples[:32], examples[32:], lambda *_: None)
    report = learner.report()
    assert report["dev_bits"] < 0.8 * report["dev_bits_base"]
    voice = TransformerVoice.load(learner.artefact())
    assert "".join(voice.stream(TURN, contact=None, seed=1))
