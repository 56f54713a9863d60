"""Datasets in the formats that training programs read: Hugging Face chat, ShareGPT, Alpaca; JSON lines.

Roles alternate and begin with the other side's, as most chat templates demand: neighbouring turns of one role
are joined by newlines, and own turns before the first of anyone else are left out. In groups each line of the
others begins with its speaker.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from ipse.records import Example

__all__ = ["InstructionFormat", "to_chat_jsonl", "to_jsonl"]

InstructionFormat = Literal["chat", "sharegpt", "alpaca"]


def to_jsonl(held: Iterable[Example], system: str, form: InstructionFormat) -> Iterator[str]:
    """Yield one JSON line an example in one of the formats; ``system`` is the fixed system line, or empty."""
    make = {"chat": _chat, "sharegpt": _sharegpt, "alpaca": _alpaca}[form]
    for example in held:
        yield msgspec.json.encode(make(example, system)).decode()


def to_chat_jsonl(held: Iterable[Example], system: str) -> Iterator[str]:
    """Yield one JSON line an example in the chat format of Hugging Face (``{"messages": [...]}``)."""
    return to_jsonl(held, system, "chat")


def _chat(example: Example, system: str) -> object:
    messages = [{"role": "system", "content": system}] if system else []
    messages += [{"role": role, "content": text} for role, text in _said(example)]
    return {"messages": [*messages, {"role": "assistant", "content": example.reply}]}


def _sharegpt(example: Example, system: str) -> object:
    names = {"user": "human", "assistant": "gpt"}
    turns = [{"from": "system", "value": system}] if system else []
    turns += [{"from": names[role], "value": text} for role, text in _said(example)]
    return {"conversations": [*turns, {"from": "gpt", "value": example.reply}]}


def _alpaca(example: Example, system: str) -> object:
    """What was said last is the instruction; what was said before goes into ``history``, in pairs."""
    *before, (_, last) = _said(example)
    texts = [text for _, text in before]
    history = [list(pair) for pair in zip(texts[::2], texts[1::2], strict=True)]
    return {
        "instruction": last,
        "input": "",
        "output": example.reply,
        "system": system,
        "history": history,
    }


def _said(example: Example) -> list[tuple[str, str]]:
    """What stands before the reply as (role, text), alternating, from ``user`` to ``user``."""
    said: list[tuple[str, str]] = []
    for turn in example.context:
        role = "assistant" if turn.role == "owner" else "user"
        text = f"{turn.speaker}: {turn.text}" if example.group and role == "user" else turn.text
        if said and said[-1][0] == role:
            said[-1] = (role, f"{said[-1][1]}\n{text}")
        elif role == "user" or said:
            said.append((role, text))
    return said
