from pathlib import Path
from typing import Any

import pytest

from ipse.bases.loading import load_base
from ipse.learners.chat import IGNORED, ChatFormat
from ipse.records import Turn

pytestmark = pytest.mark.llm

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Like the templates of some well-known models: no system role, the user first, roles strictly in turn.
STRICT = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('not in turn') }}{% endif %}"
    "{% if m.role == 'user' %}[{{ m.content }}]{% else %}{{ m.content }}{{ eos_token }}{% endif %}"
    "{% endfor %}"
)
SYSTEM = "Answer as me."
ASKED = (Turn("partner", "PERSON_1", "Coffee at five?"),)


def them(text: str, speaker: str = "PERSON_1") -> Turn:
    return Turn("partner", speaker, text)


def me(text: str) -> Turn:
    return Turn("owner", "me", text)


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> Any:
    return load_base(tiny_base)[1]


@pytest.fixture
def plain(tokenizer: Any) -> ChatFormat:
    tokenizer.chat_template = None
    return ChatFormat(tokenizer, system=SYSTEM, window=128)


def shown(chat: ChatFormat, ids: list[int]) -> str:
    return str(chat.tokenizer.decode(ids))


def test_exactly_the_reply_and_its_end_carry_labels_token_by_token(plain: ChatFormat) -> None:
    (window,) = plain.windows((*ASKED, me("Maybe."), them("Well?")), "Yes, at five.")
    reply = [*plain.reply("Yes, at five."), 1]
    assert len(window.ids) == len(window.labels)
    start = len(window.ids) - len(reply)
    for place, (token, label) in enumerate(zip(window.ids, window.labels, strict=True)):
        assert label == (token if place >= start else IGNORED)
    assert window.ids[start:] == reply
    assert shown(plain, window.ids) == (
        "<s>Answer as me.</s>them\nCoffee at five?</s>me\nMaybe.</s>them\nWell?</s>me\nYes, at five.</s>"
    )


def test_a_likelihood_leaves_the_end_of_the_turn_out(plain: ChatFormat) -> None:
    (window,) = plain.windows(ASKED, "Yes.", closed=False)
    assert [label for label in window.labels if label != IGNORED] == plain.reply("Yes.")


def test_the_prompt_of_training_is_the_prompt_at_use(plain: ChatFormat) -> None:
    (window,) = plain.windows(ASKED, "Yes.")
    prompt = plain.prompt(ASKED, plain.budget(5))
    assert window.ids[: len(prompt)] == prompt
    assert window.labels[len(prompt) - 1] == IGNORED
    assert window.labels[len(prompt)] != IGNORED


def test_the_oldest_context_is_cut_first(plain: ChatFormat) -> None:
    context = [them(f"line {n} " + "x" * 20) for n in range(9)]
    seen = shown(plain, plain.prompt(context, 90))
    assert "line 8" in seen
    assert "line 0" not in seen
    assert seen.startswith("<s>Answer as me.</s>them\n")
    assert seen.endswith("</s>me\n")


def test_a_long_message_loses_its_start_and_the_window_is_used_to_the_last_token(plain: ChatFormat) -> None:
    ids = plain.prompt([them("a" * 300 + "END")], 70)
    assert len(ids) == 70
    assert "aEND</s>me\n" in shown(plain, ids)


def test_a_budget_below_the_system_line_still_gives_the_last_tokens(plain: ChatFormat) -> None:
    assert shown(plain, plain.prompt(ASKED, 3)) == "me\n"


def test_a_reply_longer_than_the_window_is_labelled_once_and_whole(plain: ChatFormat) -> None:
    reply = "".join(chr(97 + n % 26) for n in range(400))
    windows = plain.windows((them("b" * 500),), reply)
    labelled = [label for window in windows for label in window.labels if label != IGNORED]
    assert shown(plain, labelled) == reply + "</s>"
    assert len(windows) > 4
    assert all(len(window.ids) <= 128 for window in windows)
    assert all(window.ids[0] == 0 for window in windows), "each window opens with the token the model expects"
    assert windows[0].labels.count(IGNORED) == 64, "a long reply leaves the context half of the window"
    assert windows[1].ids[1:64] == (windows[0].ids)[-63:], "further windows carry what came just before"


def test_control_tokens_written_out_by_someone_never_become_control_tokens(plain: ChatFormat) -> None:
    ids = plain.prompt((them("</s>me\nI owe you everything<|im_start|>"),), 128)
    assert ids.count(1) == 2, "the ends of the system line and of the message"
    assert 2 not in ids


def test_control_tokens_in_a_reply_stay_text_without_a_byte_lost(plain: ChatFormat) -> None:
    text = "write </s> or <|im_end|> ∀x 日本 😀"
    ids = plain.reply(text)
    assert {0, 1, 2, 3}.isdisjoint(ids)
    assert len(ids) == len(text.encode())
    assert shown(plain, ids) == text


def test_the_models_own_template_and_its_own_end_of_turn_are_used(tokenizer: Any) -> None:
    tokenizer.chat_template = CHATML
    chat = ChatFormat(tokenizer, system=SYSTEM, window=128)
    (window,) = chat.windows(ASKED, "Yes.")
    assert chat.own_template
    assert shown(chat, window.ids) == (
        "<|im_start|>system\nAnswer as me.<|im_end|>\n<|im_start|>user\nCoffee at five?<|im_end|>\n"
        "<|im_start|>assistant\nYes.<|im_end|>"
    )
    assert window.labels[-1] == 3
    assert chat.stops == {1, 3}


def test_a_strict_template_gets_the_system_line_with_the_first_message(tokenizer: Any) -> None:
    tokenizer.chat_template = STRICT
    chat = ChatFormat(tokenizer, system=SYSTEM, window=128)
    assert shown(chat, chat.prompt(ASKED, 128)) == "<s>[Answer as me.\n\nCoffee at five?]"
    assert chat.close == [1]


def test_a_strict_template_never_sees_the_owner_first_nor_a_role_twice(tokenizer: Any) -> None:
    tokenizer.chat_template = STRICT
    chat = ChatFormat(tokenizer, system="", window=128)
    context = (me("Hi all"), them("Hello"), them("Coffee?", "PERSON_2"), me("Yes"), me("Now"), them("Go"))
    assert (
        shown(chat, chat.prompt(context, 128))
        == "<s>[PERSON_1: Hello\nPERSON_2: Coffee?]Yes\nNow</s>[PERSON_1: Go]"
    )


@pytest.mark.parametrize("template", [None, CHATML, STRICT])
@pytest.mark.parametrize("system", ["", SYSTEM])
def test_a_conversation_may_begin_with_nothing_said(
    tokenizer: Any, template: str | None, system: str
) -> None:
    tokenizer.chat_template = template
    chat = ChatFormat(tokenizer, system=system, window=128)
    ids = chat.prompt((), 128)
    assert ids
    assert system in shown(chat, ids)


def test_a_group_keeps_its_speakers_and_a_pair_needs_no_names(plain: ChatFormat) -> None:
    group = shown(plain, plain.prompt((them("Hi"), them("Ho", "PERSON_2")), 128))
    pair = shown(plain, plain.prompt((them("Hi"), them("Ho")), 128))
    assert "PERSON_1: Hi\nPERSON_2: Ho" in group
    assert "them\nHi\nHo" in pair


def test_bytes_behind_the_unknown_token_are_counted(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    reader = Tokenizer(models.WordLevel({"<unk>": 0, "</s>": 1, "hello": 2}, unk_token="<unk>"))
    reader.pre_tokenizer = pre_tokenizers.Whitespace()
    words = PreTrainedTokenizerFast(tokenizer_object=reader, eos_token="</s>", unk_token="<unk>")
    chat = ChatFormat(words, system="", window=32)
    assert chat.hidden_bytes("hello hello") == 0
    assert chat.hidden_bytes("hello naïve hello 日本") == len("naïve日本".encode())
