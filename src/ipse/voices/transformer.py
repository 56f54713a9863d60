"""A clone that is a language model with the owner's adapter, run by transformers on this machine.

It is told a conversation in the same chat format as in training (``ipse.learners.chat``). It knows no
contact, no vault and no network; the base model must be the very one that the adapter was trained on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import deepcopy
from math import log
from typing import TYPE_CHECKING, Self

import msgspec

from ipse.config import Settings
from ipse.errors import LearnerError
from ipse.learners.adapters.method import LENGTHS
from ipse.learners.chat import IGNORED, ChatFormat
from ipse.learners.likelihood import bits_of_windows, token_bits
from ipse.lengths import Lengths, count_words
from ipse.records import Turn
from ipse.voices.seats import Seat, seated

if TYPE_CHECKING:
    import torch
    from transformers import Cache

__all__ = ["Sampling", "TransformerVoice"]

SCORED_TOKENS = 4096  # tokens of replies scored at a time
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # in an answer they could only steer a terminal
UNREAD = "\ufffd"  # what a tokenizer decodes an unfinished UTF-8 sequence to


class Sampling(msgspec.Struct, frozen=True):
    """How the next token is drawn: usual values for chat."""

    temperature: float = 0.7
    top_k: int = 50
    top_p: float = 0.9
    max_new_tokens: int = 256
    repetition_penalty: float = 1.1  # of what stands in the prompt or was said, as transformers has it


class TransformerVoice:
    """The base model with the adapter, or (see :meth:`base`) without it; both share one set of weights.

    Safe to use from several threads: each forward pass is alone with the model.
    """

    name = "lora"

    def __init__(
        self, seat: Seat, chat: ChatFormat, *, adapter: bool = True, lengths: Lengths | None = None
    ) -> None:
        self._seat = seat
        self._lengths = lengths
        self._model = seat.model
        self._chat = chat
        self._adapter = adapter
        self.sampling = Sampling()

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """Make a voice of what a method of ``ipse.learners.adapters`` learned.

        Voices on one base share it in memory. Raises ``BaseModelError`` where the base is gone or differs
        from the one trained on, and ``LearnerError`` where the artefact is not whole.
        """
        seat = seated(files)
        try:
            lengths = msgspec.json.decode(files.get(LENGTHS, b"null"), type=Lengths | None)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise LearnerError(f"{LENGTHS} of the adapter cannot be read.", hint="Train it again.") from error
        return cls(seat, seat.chat, lengths=lengths)

    def configure(self, settings: Settings) -> None:
        """Draw words as the settings say."""
        said = settings.voice
        self.sampling = Sampling(
            said.temperature, said.top_k, said.top_p, said.max_new_tokens, said.repetition_penalty
        )

    def base(self) -> "TransformerVoice":
        """The same model without the adapter, given the same prompts."""
        return TransformerVoice(self._seat, self._chat, adapter=False)

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        """Yield an answer as it is drawn, about as long as the owner's usually are to ``contact``.

        The same seed, contact and context give the same answer on a CPU.
        """
        room = min(self.sampling.max_new_tokens, self._chat.window // 2)
        prompt = self._chat.prompt(context, self._chat.window - room)
        said: list[int] = []
        sent = ""
        for token in self._draw(prompt, room, seed, contact):
            said.append(token)
            text = self._decode(said)
            if not text.endswith(UNREAD) and len(text) > len(sent):
                yield text[len(sent) :]
                sent = text

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """Mean natural log-likelihood per UTF-8 byte of each reply, all after the same prompt.

        The prompt is read once. Of a reply longer than the window, the part that fits counts.
        """
        import torch

        if not replies:
            return []
        tokens = [self._chat.reply(reply) for reply in replies]
        prompt = self._chat.prompt(context, self._chat.budget(max(map(len, tokens))))
        fits = self._chat.window - len(prompt)
        spent = [0.0] * len(replies)
        with torch.no_grad():
            logits, cache = self._forward(torch.tensor([prompt]), None)
            for batch in _batches(tokens, fits):
                rows = [tokens[place][:fits] for place in batch]
                for place, bits in zip(batch, self._continue(logits, cache, rows), strict=True):
                    spent[place] = bits + 8 * self._chat.hidden_bytes(replies[place])
        seen = [min(1.0, fits / max(1, len(ids))) for ids in tokens]
        return [
            -bits * log(2) / max(1.0, share * len(reply.encode()))
            for bits, share, reply in zip(spent, seen, replies, strict=True)
        ]

    def bits(self, context: Sequence[Turn], reply: str) -> float:
        """-log2 p of the text of ``reply`` after ``context``; the end of the turn is not counted.

        Long replies are read in overlapping windows, so every byte is paid for. A byte that hides behind
        the tokenizer's unknown token costs 8 bits, so not seeing text never looks like knowing it.
        """
        if not reply:
            return 0.0
        windows = self._chat.windows(context, reply, closed=False)
        with self._mode():
            spent = sum(bits_of_windows(self._model, windows))
        return spent + 8 * self._chat.hidden_bytes(reply)

    def _draw(self, prompt: list[int], room: int, seed: int, contact: str | None = None) -> Iterator[int]:
        """Tokens up to the end of the turn, at least one; control tokens are never drawn."""
        import torch

        dice = torch.Generator().manual_seed(seed)
        stopping = self._chat.stops
        stops = sorted(stopping)
        forbidden = sorted(set(self._chat.tokenizer.all_special_ids) - self._chat.stops)
        ids, cache = torch.tensor([prompt]), None
        seen, said = set(prompt), list[int]()
        for position in range(room):
            with torch.no_grad():
                logits, cache = self._forward(ids, cache)
            last = _penalized(logits[0, -1].float().cpu(), seen - stopping, self.sampling.repetition_penalty)
            last[stops] += self._ending(contact, said)
            last[forbidden if position else forbidden + stops] = -torch.inf
            token = _pick(last, self.sampling, dice)
            if token in self._chat.stops:
                return
            yield token
            seen.add(token)
            said.append(token)
            ids = torch.tensor([[token]])

    def _ending(self, contact: str | None, said: list[int]) -> float:
        """What the owner's lengths to a contact add to the log odds of ending after what was said."""
        if self._lengths is None or contact not in self._lengths.contacts:
            return 0.0
        return self._lengths.ending(contact, count_words(self._decode(said)))

    def _decode(self, ids: list[int]) -> str:
        text: str = self._chat.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return CONTROL.sub("", text).lstrip()

    def _forward(
        self, ids: "torch.Tensor", cache: "Cache | None", mask: "torch.Tensor | None" = None
    ) -> tuple["torch.Tensor", "Cache"]:
        """One pass that extends ``cache``: logits (rows, tokens, vocabulary) and the longer cache."""
        with self._mode():
            out = self._model(
                input_ids=ids.to(self._model.device),
                attention_mask=None if mask is None else mask.to(self._model.device),
                past_key_values=cache,
                use_cache=True,
            )
        return out.logits, out.past_key_values

    def _mode(self) -> AbstractContextManager[None]:
        """The model for one pass alone, with the adapter or without; the weights are shared."""
        return self._seat.taken(adapter=self._adapter)

    def _continue(self, logits: "torch.Tensor", cache: "Cache", rows: Sequence[list[int]]) -> list[float]:
        """Bits of each row of tokens after a prompt that ``cache`` holds and ``logits`` end."""
        import torch

        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        real = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        mask = torch.cat([torch.ones(len(rows), logits.shape[1], dtype=torch.long), real], dim=1)
        own = deepcopy(cache)
        own.batch_repeat_interleave(len(rows))
        following, _ = self._forward(ids, own, mask)
        first = logits[:, -1:].expand(len(rows), 1, logits.shape[2])
        labels = ids.masked_fill(real == 0, IGNORED).to(logits.device)
        return token_bits(torch.cat([first, following[:, :-1]], dim=1), labels).sum(dim=1).tolist()


def _penalized(logits: "torch.Tensor", seen: set[int], penalty: float) -> "torch.Tensor":
    """Make what was said already less likely (Keskar et al. 2019), but the end of a turn."""
    import torch

    places = torch.tensor(sorted(seen), dtype=torch.long)
    held = logits[places]
    logits[places] = torch.where(held > 0, held / penalty, held * penalty)
    return logits


def _pick(logits: "torch.Tensor", sampling: Sampling, dice: "torch.Generator") -> int:
    """Draw from the ``top_k`` likeliest tokens, of these the fewest that hold ``top_p`` of the mass."""
    import torch

    best, places = torch.topk(logits / sampling.temperature, min(sampling.top_k, len(logits)))
    chances = best.softmax(dim=0)
    chances[chances.cumsum(dim=0) - chances > sampling.top_p] = 0.0
    return int(places[torch.multinomial(chances, 1, generator=dice)])


def _batches(tokens: Sequence[list[int]], fits: int) -> Iterator[list[int]]:
    """Places of replies of like length together; empty ones need no pass."""
    batch: list[int] = []
    for place in sorted(range(len(tokens)), key=lambda place: len(tokens[place])):
        length = min(len(tokens[place]), fits)
        if batch and (len(batch) + 1) * length > SCORED_TOKENS:
            yield batch
            batch = []
        if length:
            batch.append(place)
    if batch:
        yield batch
