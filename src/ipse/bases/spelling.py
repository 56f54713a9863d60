"""The tokenizer of a grown base: byte-level BPE, a control token for each role, and the chat template.

Every byte has a token, so there is no unknown one. The template marks what the owner says (``generation``),
so that trainers can take the loss on that alone.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ipse.bases.corpora import Document

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = ["CONTROL", "ME", "TEMPLATE", "THEM", "learn_tokenizer", "spelled"]

BEGIN, END, SYSTEM, ME, THEM = "<|begin|>", "<|end|>", "<|system|>", "<|me|>", "<|them|>"
CONTROL = (BEGIN, END, SYSTEM, ME, THEM)
OPENERS = {"system": SYSTEM, "assistant": ME, "user": THEM}
TEMPLATE = (
    "{{ bos_token }}"
    "{%- for message in messages -%}"
    "{%- if message.role == 'assistant' -%}"
    "{{ '<|me|>' }}{% generation %}{{ message.content }}{{ eos_token }}{% endgeneration %}"
    "{%- elif message.role == 'system' -%}"
    "{{ '<|system|>' + message.content + eos_token }}"
    "{%- else -%}"
    "{{ '<|them|>' + message.content + eos_token }}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|me|>' }}{%- endif -%}"
)

Ids = npt.NDArray[np.int32]


def learn_tokenizer(texts: Iterator[str], *, vocabulary: int) -> "PreTrainedTokenizerFast":
    """A tokenizer of at most ``vocabulary`` tokens, learned from ``texts``; the same texts give the same."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    reader = Tokenizer(models.BPE())
    reader.pre_tokenizer = pre_tokenizers.Sequence(
        [
            # Digits alone: numbers are not learned by heart. Words as GPT-2 cuts them: others know it.
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    reader.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(CONTROL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    reader.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=reader,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=END,
        extra_special_tokens=[SYSTEM, ME, THEM],
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def spelled(tokenizer: "PreTrainedTokenizerFast", documents: tuple[Document, ...]) -> list[Ids]:
    """The token ids of each document, as the template would write it (a text: without a role)."""
    turns = [said for document in documents for said in document.messages]
    ids = iter(_encoded(tokenizer, [said.content for said in turns]))
    begin, end, *_ = tokenizer.convert_tokens_to_ids(list(CONTROL))
    opens = {role: tokenizer.convert_tokens_to_ids(token) for role, token in OPENERS.items()}
    out = []
    for document in documents:
        written = [begin]
        for said in document.messages:
            if said.role in opens:
                written.append(opens[said.role])
            written += next(ids)
            written.append(end)
        out.append(np.array(written, dtype=np.int32))
    return out


def _encoded(tokenizer: "PreTrainedTokenizerFast", texts: list[str]) -> list[list[int]]:
    """Ids of each text; control tokens written out in one stay plain text."""
    if not texts:
        return []
    found: list[list[int]] = tokenizer(texts, add_special_tokens=False, split_special_tokens=True)[
        "input_ids"
    ]
    return found
