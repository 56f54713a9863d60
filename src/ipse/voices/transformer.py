"""A clone that is a language model with the owner's adapter, run on this machine.

It is told a conversation in the same chat format as in training (``ipse.learners.chat``). It knows no
contact, no vault and no network; the base model must be the very one that the adapter was trained on. Words
are computed by transformers, or by a faster engine where an optimized copy stands among its files
(``ipse.voices.engines``); likelihoods always by transformers, from the weights as they were trained.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import deepcopy
from math import log, sqrt
from typing import TYPE_CHECKING, Self

import msgspec

from ipse.bases.loading import device
from ipse.config import Settings
from ipse.errors import LearnerError
from ipse.learners.adapters.method import LENGTHS
from ipse.learners.chat import IGNORED, ChatFormat
from ipse.learners.likelihood import bits_of_windows, token_bits
from ipse.lengths import Lengths, count_words
from ipse.records import Turn
from ipse.voices.engines.copies import BaseCopy, copy_in, open_copy
from ipse.voices.engines.passages import Engine, Passage
from ipse.voices.engines.transformers import TransformersEngine
from ipse.voices.sampling import Drawing, Logits, Sampling
from ipse.voices.seats import Adapted, LateSeat, Seat, seated

if TYPE_CHECKING:
    import torch
    from transformers import Cache

__all__ = ["TransformerVoice"]

SCORED_TOKENS = 2048  # tokens of replies scored at a time
KNOWN = 8192  # replies whose likelihood without a context is remembered, about
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # in an answer they could only steer a terminal
UNREAD = "\ufffd"  # what a tokenizer decodes an unfinished UTF-8 sequence to


class TransformerVoice:
    """The base model with the adapter, or (see :meth:`base`) without it; both share one set of weights.

    Safe to use from several threads: each forward pass is alone with the model. ``slower`` says why words are
    not computed by a faster engine that there is, or that was asked for.
    """

    name = "lora"

    def __init__(
        self,
        seat: Seat | LateSeat,
        chat: ChatFormat,
        *,
        adapter: bool = True,
        lengths: Lengths | None = None,
        fast: Engine | None = None,
        plain: Engine | None = None,
    ) -> None:
        self._seat = seat
        self._plain = plain
        self._lengths = lengths
        self._chat = chat
        self._adapter = adapter
        self._fast = fast
        self._copied = fast
        self._alone: dict[str, float] = {}
        self._last: tuple[tuple[tuple[Turn, ...], tuple[str, ...]], list[float]] | None = None
        self.slower: str | None = None
        self.sampling = Sampling()

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """Make a voice of what a method of ``ipse.learners.adapters`` learned.

        Voices on one base share it in memory. With an optimized copy beside it, which holds all that speaking
        needs, the base is not loaded before a likelihood is asked for. Raises ``BaseModelError`` where the
        base is gone or differs from the one trained on, and ``LearnerError`` where the artefact is not whole.
        """
        why = None
        if copy_in(files) is not None:
            try:
                engine, chat = open_copy(files)
                base = BaseCopy(files, engine)
                return cls(LateSeat(files), chat, lengths=_lengths(files), fast=engine, plain=base)
            except LearnerError as error:
                why = error.message
        seat = seated(files)
        made = cls(seat, seat.chat, lengths=_lengths(files))
        made.slower = why
        return made

    def configure(self, settings: Settings) -> None:
        """Draw words as the settings say, by the engine that they name."""
        said = settings.voice
        self.sampling = Sampling.of(said)
        fast, wanted = self._copied, said.engine
        if wanted == "transformers" or (wanted == "auto" and device() == "cuda"):
            self._fast, self.slower = None, None
        elif wanted == "auto" or (fast is not None and fast.kind == wanted):
            self._fast = fast
        else:
            self._fast = None
            self.slower = self.slower or f"There is no optimized copy for {wanted}: `ipse models optimize`."
        if self._fast is None:
            self._seat.take()

    @property
    def engine(self) -> str:
        """What computes its words, with the precision of its weights."""
        return self._engine().name

    @property
    def weights(self) -> int:
        """Bytes of the weights that each word reads."""
        return self._engine().weights

    def base(self) -> "TransformerVoice":
        """The same model without the adapter: the same prompts, engine and way to draw words."""
        plain = self._plain if self._fast is not None else None
        base = TransformerVoice(self._seat, self._chat, adapter=False, fast=plain)
        base.sampling = self.sampling
        return base

    def sample(self) -> tuple[frozenset[str], frozenset[str]]:
        """See :class:`ipse.interfaces.Sampled`."""
        read, left = self._seat.card.sample if self._adapter else ((), ())
        return frozenset(read), frozenset(left)

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
        """How much likelier each reply is here than anywhere: pointwise mutual information with the context.

        By likelihood alone the commonest reply wins everywhere. In nats over the square root of bytes: as a
        sum long replies vary most and win, as a mean short ones do.
        """
        return self.gained(self.likelihood(context, replies), replies)

    def gained(self, likelihood: Sequence[float], replies: Sequence[str]) -> list[float]:
        """The scores of replies whose likelihoods are known."""
        gains = zip(likelihood, self._anywhere(replies), replies, strict=True)
        return [(here - anywhere) * sqrt(max(1, len(reply.encode()))) for here, anywhere, reply in gains]

    def likelihood(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """Mean natural log-likelihood per UTF-8 byte of each reply, all after the same prompt.

        The prompt is read once. Of a reply longer than the window, the part that fits counts. Whoever asks
        for a score and a likelihood of the same replies waits once: the last answer is remembered.
        """
        if not replies:
            return []
        asked = (tuple(context), tuple(replies))
        last = self._last
        if last is None or last[0] != asked:
            self._last = last = (asked, self._read(context, replies))
        return list(last[1])

    def _read(self, context: Sequence[Turn], replies: Sequence[str]) -> list[float]:
        import torch

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

    def _anywhere(self, replies: Sequence[str]) -> list[float]:
        """Likelihood of each without a context; the same replies come again and again."""
        known = self._alone if len(self._alone) < KNOWN else {}
        fresh = [reply for reply in dict.fromkeys(replies) if reply not in known]
        known.update(zip(fresh, self.likelihood((), fresh), strict=True))
        self._alone = known
        return [known[reply] for reply in replies]

    def _engine(self) -> Engine:
        return self._fast or TransformersEngine(self._seat, adapter=self._adapter)

    def _draw(self, prompt: list[int], room: int, seed: int, contact: str | None = None) -> Iterator[int]:
        """Tokens up to the end of the turn, at least one; control tokens are never drawn."""
        drawing = Drawing(
            self.sampling,
            seed=seed,
            prompt=prompt,
            stops=self._chat.stops,
            forbidden=self._chat.tokenizer.all_special_ids,
        )
        passage, logits = self._begun(prompt)
        said: list[int] = []
        for _ in range(room):
            token = drawing.next(logits, ending=self._ending(contact, said))
            if token in self._chat.stops:
                return
            yield token
            said.append(token)
            logits = passage.following([token])

    def _begun(self, prompt: list[int]) -> tuple[Passage, Logits]:
        """The prompt, read; by transformers from now on where a faster engine cannot read it."""
        try:
            passage = self._engine().begin()
            return passage, passage.following(prompt)
        except LearnerError as error:
            if self._fast is None:
                raise
            self._fast, self.slower = None, error.message
            return self._begun(prompt)

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

    @property
    def _model(self) -> Adapted:
        return self._seat.model

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
        labels = ids.masked_fill(real == 0, IGNORED).to(logits.device)
        begun = logits[:, -1:].expand(len(rows), 1, logits.shape[2])
        # Put side by side, or cut, they would be copied, which takes as long as a layer.
        after = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=IGNORED)
        bits = token_bits(begun, labels[:, :1]).sum(dim=1) + token_bits(following, after).sum(dim=1)
        return bits.tolist()


def _lengths(files: Mapping[str, bytes]) -> Lengths | None:
    """How long the owner's messages to each contact are, where the adapter knows."""
    try:
        return msgspec.json.decode(files.get(LENGTHS, b"null"), type=Lengths | None)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise LearnerError(f"{LENGTHS} of the adapter cannot be read.", hint="Train it again.") from error


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
