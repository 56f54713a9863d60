import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import msgspec
import pytest

from ipse.config import LoraSettings
from ipse.errors import BaseModelError, LearnerError
from ipse.interfaces import LanguageVoice
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.method import ADAPTER, CARD, CONFIG, LENGTHS
from ipse.lengths import Lengths, count_words, lengths
from ipse.records import Example, Turn
from ipse.voices.sampling import Sampling
from ipse.voices.transformer import TransformerVoice

pytestmark = pytest.mark.llm

CONTEXT = (Turn("partner", "PERSON_1", "Coffee at five?"),)
REPLY = "yes yes, at five"


def trained(base: Path, **changed: object) -> dict[str, bytes]:
    """An adapter that has seen one reply often."""
    settings = LoraSettings.model_validate(
        {"base": str(base), "max_steps": 25, "learning_rate": 2e-2, "system": "As me."} | changed
    )
    example = Example(
        id="1",
        conversation="c",
        contact="PERSON_1",
        platform="whatsapp",
        at=datetime(2024, 1, 1, tzinfo=UTC),
        context=CONTEXT,
        reply=REPLY,
    )

    def ignore(done: float, total: float | None, figures: Mapping[str, float]) -> None:
        """Follow nothing."""

    return LoraLearner(settings).fit([example] * 200, [], ignore).artefact()


@pytest.fixture(scope="module")
def files(tiny_base: Path) -> dict[str, bytes]:
    return trained(tiny_base)


@pytest.fixture(scope="module")
def voice(files: dict[str, bytes]) -> TransformerVoice:
    return TransformerVoice.load(files)


def answer(voice: LanguageVoice, seed: int = 1) -> str:
    return "".join(voice.stream(CONTEXT, contact=None, seed=seed))


class Scripted(TransformerVoice):
    """Says the tokens of a given text instead of drawing them."""

    script = ""
    torn = 0  # bytes missing at the end

    def _draw(self, prompt: list[int], room: int, seed: int, contact: str | None = None) -> Iterator[int]:
        tokens = self._chat.reply(self.script)
        yield from tokens[: len(tokens) - self.torn]


def test_it_speaks_a_language_voice(voice: TransformerVoice) -> None:
    assert isinstance(voice, LanguageVoice)
    assert isinstance(voice.base(), LanguageVoice)


def test_it_has_learned_what_the_owner_says(voice: TransformerVoice) -> None:
    assert voice.bits(CONTEXT, REPLY) < 0.7 * voice.base().bits(CONTEXT, REPLY)


def test_the_same_seed_gives_the_same_answer_and_another_seed_another(voice: TransformerVoice) -> None:
    assert answer(voice) == answer(voice) != ""
    assert len({answer(voice, seed) for seed in range(4)}) > 1


def test_an_answer_comes_piece_by_piece_and_within_its_length(voice: TransformerVoice) -> None:
    pieces = list(voice.stream(CONTEXT, contact="PERSON_1", seed=2))
    assert len(pieces) > 3
    assert all(pieces)
    assert len("".join(pieces).encode()) <= 64


def test_answers_are_as_long_as_the_owners_are_to_the_contact(voice: TransformerVoice) -> None:
    said = [("PERSON_1", "yes")] * 20 + [("PERSON_2", "word " * 30)] * 20 + [("PERSON_3", REPLY)] * 60
    matched = TransformerVoice(voice._seat, voice._chat, lengths=lengths(said))

    def words(contact: str | None) -> float:
        told = ("".join(matched.stream(CONTEXT, contact=contact, seed=seed)) for seed in range(12))
        return fmean(count_words(each) for each in told)

    assert words("PERSON_1") < words("PERSON_3") < words("PERSON_2")
    alone = [answer(voice, seed) for seed in range(3)]
    assert alone == ["".join(matched.stream(CONTEXT, contact="PERSON_9", seed=seed)) for seed in range(3)]


def test_lengths_of_the_owner_come_with_the_adapter(files: dict[str, bytes]) -> None:
    held = msgspec.json.decode(files[LENGTHS], type=Lengths)
    assert held.contacts["PERSON_1"].median == 4
    with pytest.raises(LearnerError, match=r"lengths\.json"):
        TransformerVoice.load({**files, LENGTHS: b"{"})


def test_letters_of_several_bytes_come_whole_and_a_torn_one_is_dropped(voice: TransformerVoice) -> None:
    scripted = Scripted(voice._seat, voice._chat)
    scripted.script = "né 日本 😀!"
    expected = ["n", "é", " ", "日", "本", " ", "😀", "!"]
    assert list(scripted.stream(CONTEXT, contact=None, seed=0)) == expected
    scripted.script, scripted.torn = "né 日", 1
    assert answer(scripted) == "né "


def test_an_answer_cannot_steer_a_terminal(voice: TransformerVoice) -> None:
    scripted = Scripted(voice._seat, voice._chat)
    scripted.script = "a\x1b[2Jb\r\n\tc"
    assert answer(scripted) == "a[2Jb\n\tc"


def test_control_tokens_are_never_said(voice: TransformerVoice) -> None:
    said = "".join(answer(voice.base(), seed) for seed in range(6))
    assert "<|im_start|>" not in said
    assert "<s>" not in said


def test_the_likeliest_tokens_alone_are_drawn(voice: TransformerVoice) -> None:
    greedy = TransformerVoice(voice._seat, voice._chat)
    greedy.sampling = Sampling(top_k=1)
    assert len({answer(greedy, seed) for seed in range(3)}) == 1


def test_bits_are_those_of_the_plain_base_model(voice: TransformerVoice, tiny_base: Path) -> None:
    import torch

    from ipse.bases.loading import load_base

    model, tokenizer = load_base(tiny_base)
    prompt = tokenizer("<s>As me.</s>them\nCoffee at five?</s>me\n", add_special_tokens=False)["input_ids"]
    reply = tokenizer(REPLY, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        chances = model(torch.tensor([prompt + reply])).logits[0].double().log_softmax(dim=-1)
    expected = -sum(float(chances[len(prompt) + n - 1, token]) for n, token in enumerate(reply)) / math.log(2)
    assert voice.base().bits(CONTEXT, REPLY) == pytest.approx(expected, rel=1e-5)


def test_a_likelihood_is_the_mean_log_likelihood_of_a_byte(voice: TransformerVoice) -> None:
    replies = ["no", REPLY, "naïve 日本", "x" * 40]
    expected = [-voice.bits(CONTEXT, reply) * math.log(2) / len(reply.encode()) for reply in replies]
    assert voice.likelihood(CONTEXT, replies) == pytest.approx(expected, rel=1e-4)
    assert voice.likelihood(CONTEXT, replies[::-1]) == pytest.approx(expected[::-1], rel=1e-4)


def test_the_owners_reply_scores_best(voice: TransformerVoice) -> None:
    replies = ["Kindly refrain.", REPLY, "Who is this?"]
    scores = voice.likelihood(CONTEXT, replies)
    assert max(range(3), key=lambda place: scores[place]) == 1


def test_a_score_is_what_the_context_adds(voice: TransformerVoice) -> None:
    replies = ["no", REPLY, "naïve 日本", "no"]
    here, anywhere = voice.likelihood(CONTEXT, replies), voice.likelihood((), replies)
    sizes = [math.sqrt(len(reply.encode())) for reply in replies]
    expected = [(one - other) * size for one, other, size in zip(here, anywhere, sizes, strict=True)]
    assert voice.score(CONTEXT, replies) == pytest.approx(expected, abs=1e-5)
    assert voice.score(CONTEXT, replies[1:2]) == pytest.approx(expected[1:2], abs=1e-4)
    assert voice.score((), ["yes", ""]) == pytest.approx([0, 0], abs=1e-5)
    assert voice.score(CONTEXT, []) == []


def test_replies_longer_than_the_window_and_empty_ones_are_scored_too(voice: TransformerVoice) -> None:
    scores = voice.likelihood(CONTEXT, ["y" * 1000, "", "yes"] * 40)
    assert scores[0] < 0
    assert scores[1] == 0
    assert list(scores)[:3] * 40 == pytest.approx(list(scores), rel=1e-4)
    assert voice.likelihood(CONTEXT, []) == []


def test_every_byte_of_a_long_reply_is_paid_for(voice: TransformerVoice) -> None:
    long = REPLY * 40
    assert voice.bits(CONTEXT, long) > voice.bits(CONTEXT, REPLY * 20) > voice.bits(CONTEXT, REPLY) > 0
    assert voice.bits(CONTEXT, "") == 0


def test_the_base_speaks_without_the_adapter_even_while_the_clone_is_speaking(
    voice: TransformerVoice,
) -> None:
    alone = [list(each.stream(CONTEXT, contact=None, seed=3)) for each in (voice, voice.base())]
    clone, base = (
        voice.stream(CONTEXT, contact=None, seed=3),
        voice.base().stream(CONTEXT, contact=None, seed=3),
    )
    together: list[list[str]] = [[], []]
    streams = [clone, base]
    while streams:
        for stream in list(streams):
            piece = next(stream, None)
            if piece is None:
                streams.remove(stream)
            else:
                together[0 if stream is clone else 1].append(piece)
    assert together == alone
    assert alone[0] != alone[1]


def test_clone_and_base_may_be_asked_from_several_threads(voice: TransformerVoice) -> None:
    voices = [voice, voice.base()] * 40
    expected = [each.bits(CONTEXT, REPLY) for each in voices]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda each: each.bits(CONTEXT, REPLY), voices)) == pytest.approx(expected)


def test_a_changed_base_is_refused(tiny_base: Path, tmp_path: Path, files: dict[str, bytes]) -> None:
    moved = Path(shutil.copytree(tiny_base, tmp_path / "base"))
    card = json.loads(files[CARD]) | {"folder": str(moved), "base": str(moved)}
    moved_files = files | {CARD: json.dumps(card).encode()}
    assert TransformerVoice.load(moved_files).bits(CONTEXT, REPLY) > 0
    config = json.loads((moved / "config.json").read_text()) | {"rms_norm_eps": 1e-4}
    (moved / "config.json").write_text(json.dumps(config))
    with pytest.raises(BaseModelError, match="not the one this adapter was trained on"):
        TransformerVoice.load(moved_files)


def test_a_base_that_is_gone_is_named(tmp_path: Path, files: dict[str, bytes]) -> None:
    gone = str(tmp_path / "gone")
    card = json.loads(files[CARD]) | {"folder": gone, "base": gone}
    with pytest.raises(BaseModelError, match="gone"):
        TransformerVoice.load(files | {CARD: json.dumps(card).encode()})


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (CARD, b"{", "cannot be read"),
        (CARD, b'{"format": 1}', "cannot be read"),
        (ADAPTER, b"garbled", "cannot be put on"),
        (CONFIG, b"{}", "cannot be put on"),
        (CONFIG, b"[", "cannot be put on"),
    ],
)
def test_a_damaged_artefact_is_one_clear_error(
    files: dict[str, bytes], name: str, data: bytes, says: str
) -> None:
    with pytest.raises(LearnerError, match=says):
        TransformerVoice.load(files | {name: data})


def test_an_adapter_of_another_shape_does_not_pass_in_silence(files: dict[str, bytes]) -> None:
    from safetensors.torch import load, save

    held = load(files[ADAPTER])
    with pytest.raises(LearnerError, match="does not fit"):
        TransformerVoice.load(files | {ADAPTER: save(dict(list(held.items())[1:]))})
    with pytest.raises(LearnerError, match="cannot be put on"):
        TransformerVoice.load(files | {CONFIG: files[CONFIG].replace(b'"r": 16', b'"r": 4')})


def test_a_missing_file_and_a_newer_format_are_told_apart(files: dict[str, bytes]) -> None:
    with pytest.raises(LearnerError, match="lacks adapter_config"):
        TransformerVoice.load({name: data for name, data in files.items() if name != CONFIG})
    newer = json.dumps(json.loads(files[CARD]) | {"format": 2}).encode()
    with pytest.raises(LearnerError, match="format 2"):
        TransformerVoice.load(files | {CARD: newer})


@pytest.mark.shared
@pytest.mark.parametrize("name", ["babyllama-361", "stories260K"])
def test_small_real_models_answer(shared: Path, name: str) -> None:
    voice = TransformerVoice.load(trained(shared / "models" / name, max_steps=12, learning_rate=1e-2))
    said = answer(voice)
    assert said
    assert voice.bits(CONTEXT, REPLY) < voice.base().bits(CONTEXT, REPLY)
    replies = [REPLY, "naïve 日本"]
    expected = [-voice.bits(CONTEXT, reply) * math.log(2) / len(reply.encode()) for reply in replies]
    assert voice.likelihood(CONTEXT, replies) == pytest.approx(expected, rel=1e-3)


def test_who_asks_for_the_score_of_what_was_read_does_not_wait_again(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = TransformerVoice.load(trained(tiny_base, max_steps=1))
    read: list[object] = []
    plain = TransformerVoice._read

    def counted(self: TransformerVoice, context: Sequence[Turn], replies: Sequence[str]) -> list[float]:
        read.append((tuple(context), tuple(replies)))
        return plain(self, context, replies)

    monkeypatch.setattr(TransformerVoice, "_read", counted)
    context, replies = [Turn("partner", "P", "coming?")], ["yes", "no"]
    likelihood = list(voice.likelihood(context, replies))
    known = voice.likelihood(context, replies)
    assert isinstance(known, list)
    known[0] = 7.0  # what is remembered is nobody's to change
    score = voice.score(context, replies)
    assert voice.gained(likelihood, replies) == score
    assert len(read) == 2  # in this context, and without one
    assert list(voice.likelihood(context, ["no", "yes"])) == pytest.approx(likelihood[::-1])
