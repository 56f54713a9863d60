"""Turns and replies as tokens, in the base model's own chat format, the same in training and at use.

One example becomes one or more windows: the prompt (the oldest context is cut first), then the reply,
token by token, closed as the model closes its own turns. Only the reply carries labels. This module knows
a tokenizer, but no model, no adapter and no person.
"""

import re
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from ipse.records import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["FALLBACK_TEMPLATE", "IGNORED", "ChatFormat", "Window"]

IGNORED = -100  # the label that PyTorch's cross entropy leaves out

# For a tokenizer without a template of its own (a plain base model): each turn is a name on its own line,
# the text, and the end-of-sequence token. It is short, for such models are often small.
FALLBACK_TEMPLATE = (
    "{{ bos_token or '' }}"
    "{% for message in messages %}"
    "{% if message.role == 'system' %}{{ message.content }}"
    "{% else %}{{ 'me' if message.role == 'assistant' else 'them' }}\n{{ message.content }}{% endif %}"
    "{{ eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}me\n{% endif %}"
)

_Said: TypeAlias = list[tuple[str, str]]  # (role of the chat format, text)
PROBE = "ipse"


class Window(msgspec.Struct, frozen=True):
    """A stretch of tokens as the model sees it; ``labels`` equal ``ids`` on the reply, else ``IGNORED``."""

    ids: list[int]
    labels: list[int]


class ChatFormat:
    """How one base model writes a conversation down.

    ``system`` is the fixed system line (empty: none); ``window`` the positions used at a time. A prompt
    takes at most what the reply leaves free, but always may take half, so that a long reply still has a
    context; what does not fit of the reply follows in further windows. Who shares the tokenizer shares
    ``lock``, too: it keeps choices between calls.
    """

    def __init__(
        self, tokenizer: "PreTrainedTokenizerBase", *, system: str, window: int, lock: "Lock | None" = None
    ) -> None:
        self.tokenizer = tokenizer
        self.window = window
        self._lock = lock or Lock()
        self.own_template = tokenizer.chat_template is not None
        self._template = tokenizer.chat_template or FALLBACK_TEMPLATE
        self._control = _control_tokens(tokenizer)
        self._system = ""
        self._probe(system.strip())
        self.close = self._closing()
        self.stops = frozenset({self.close[-1], int(tokenizer.eos_token_id)})

    def prompt(self, context: Sequence[Turn], budget: int) -> list[int]:
        """The tokens before a reply, at most ``budget``: the oldest turns are cut first, from their start."""
        said = self._said(context)
        while True:
            ids = self._encode(said)
            excess = len(ids) - budget
            if excess <= 0:
                return ids
            if not said:
                return ids[-budget:]
            said = self._shorten(said, excess)

    def reply(self, text: str) -> list[int]:
        """The tokens of a reply. Control tokens written out in it stay plain text, so no byte is lost."""
        return self._tokens(text, literal=True)[0]

    def hidden_bytes(self, text: str) -> int:
        """UTF-8 bytes of ``text`` that the tokenizer cannot tell apart (its unknown token); mostly 0."""
        unknown = self.tokenizer.unk_token_id
        if unknown is None or unknown not in self.reply(text):
            return 0
        pairs = zip(*self._tokens(text, literal=True), strict=True)
        spans = {span for token, span in pairs if token == unknown}
        return sum(len(text[start:end].encode()) for start, end in spans)

    def windows(self, context: Sequence[Turn], reply: str, *, closed: bool = True) -> list[Window]:
        """Cut one example into windows in which every token of the reply is labelled exactly once.

        ``closed`` labels the end of the turn too, so that the model learns to stop; a likelihood of the
        bare text leaves it out. Windows after the first carry the last half of what came before, unlabelled.
        """
        target = self.reply(reply) + (self.close if closed else [])
        prompt = self.prompt(context, self.budget(len(target)))
        fits = self.window - len(prompt)
        out = [_window(prompt, target[:fits])]
        done = prompt + target[:fits]
        first = prompt[:1] if prompt[0] == self.tokenizer.bos_token_id else []
        half = self.window // 2
        for start in range(fits, len(target), half):
            fresh = target[start : start + half]
            out.append(_window(first + done[len(first) - half :], fresh))
            done += fresh
        return out

    def budget(self, reply_tokens: int) -> int:
        """How many tokens a prompt may take beside a reply of that length."""
        return max(self.window - reply_tokens, self.window - self.window // 2)

    def _tokens(self, text: str, *, literal: bool = False) -> tuple[list[int], list[tuple[int, int]]]:
        """Ids and their spans in ``text``; ``literal`` takes control tokens for plain text.

        The choice is kept inside the tokenizer between calls, so two threads must not make it at once.
        """
        with self._lock:
            found = self.tokenizer(
                text, add_special_tokens=False, split_special_tokens=literal, return_offsets_mapping=True
            )
        return found["input_ids"], found["offset_mapping"]

    def _said(self, context: Sequence[Turn]) -> _Said:
        """Turns of one side in a row made one (templates want roles to alternate); names only in groups."""
        several = len({turn.speaker for turn in context if turn.role == "partner"}) > 1
        said: _Said = []
        for turn in context:
            text = self._control.sub(lambda found: f"{found[0][0]} {found[0][1:]}", turn.text)
            if several and turn.role == "partner":
                text = f"{turn.speaker}: {text}"
            role = "assistant" if turn.role == "owner" else "user"
            if said and said[-1][0] == role:
                said[-1] = (role, f"{said[-1][1]}\n{text}")
            else:
                said.append((role, text))
        return said

    def _shorten(self, said: _Said, excess: int) -> _Said:
        """Take ``excess`` tokens off the start, or the whole oldest turn where it holds no more than that."""
        (role, text), rest = said[0], said[1:]
        spans = self._tokens(text)[1]
        if len(spans) <= excess:
            return rest
        return [(role, text[max(1, spans[excess][0]) :]), *rest]

    def _encode(self, said: _Said) -> list[int]:
        text = self._render(self._complete(said), ask=True)
        return self._tokens(text)[0] or [int(self.tokenizer.eos_token_id)]

    def _complete(self, said: _Said) -> _Said:
        """Add the system line, and give the template what it insists on."""
        if said and said[0][0] == "assistant" and not self._owner_may_open:
            said = said[1:]
        if not said and self._wants_user:
            said = [("user", "")]
        if self._system and self._has_system_role:
            return [("system", self._system), *said]
        if self._system and said and said[0][0] == "user":
            return [("user", f"{self._system}\n\n{said[0][1]}".strip()), *said[1:]]
        return said

    def _render(self, said: _Said, *, ask: bool) -> str:
        text: str = self.tokenizer.apply_chat_template(
            [{"role": role, "content": text} for role, text in said],
            chat_template=self._template,
            tokenize=False,
            add_generation_prompt=ask,
        )
        return text

    def _probe(self, system: str) -> None:
        """Find out what the template accepts: a system line, the owner speaking first, no turn at all."""
        user, owner = ("user", PROBE), ("assistant", PROBE)
        self._has_system_role = PROBE in self._try([("system", PROBE), ("user", "?")])
        self._owner_may_open = self._try([owner, user]) != ""
        self._system = system
        alone = bool(system) and self._has_system_role
        self._wants_user = not (alone and self._try([("system", system)]))

    def _try(self, said: _Said) -> str:
        from jinja2 import TemplateError

        try:
            return self._render(said, ask=True)
        except TemplateError:
            return ""

    def _closing(self) -> list[int]:
        """The tokens that end a turn: what the template writes behind one, up to its first control token."""
        tail = self._render(self._complete([("user", "?"), ("assistant", PROBE)]), ask=False)
        ids = self._tokens(tail.rpartition(PROBE)[2])[0]
        special = set(self.tokenizer.all_special_ids)
        for position, token in enumerate(ids):
            if token in special:
                return ids[: position + 1]
        return [int(self.tokenizer.eos_token_id)]


def _window(seen: list[int], said: list[int]) -> Window:
    return Window(ids=seen + said, labels=[IGNORED] * len(seen) + said)


def _control_tokens(tokenizer: "PreTrainedTokenizerBase") -> re.Pattern[str]:
    """Matches control tokens written out in a text, which must not become control tokens in a prompt."""
    contents = {str(token).strip() for token in tokenizer.added_tokens_decoder.values()} - {""}
    longest = sorted(contents, key=lambda content: (-len(content), content))
    return re.compile("|".join(map(re.escape, longest)) or r"(?!)")
