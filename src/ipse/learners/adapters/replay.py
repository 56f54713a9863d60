"""Against forgetting: the base's own answers to some of the training contexts, learned beside the owner's.

Knows a model and a chat format. The answers are drawn by the base alone and kept nowhere.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ipse.learners.adapters.looking import thin
from ipse.learners.adapters.packing import Piece
from ipse.learners.chat import IGNORED, ChatFormat, Window
from ipse.records import Example

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["own_answers"]

MOST: Final = 200  # answers; more would take longer than they help
LENGTH: Final = 64  # tokens of an answer, at most
TOGETHER: Final = 16  # answers drawn at a time


def own_answers(
    model: "PreTrainedModel",
    chat: ChatFormat,
    examples: Sequence[Example],
    *,
    share: float,
    alive: Callable[[], None],
) -> list[Piece]:
    """Pieces with the base's answers to ``share`` as many contexts, evenly spread.

    They are drawn from torch's random numbers. A base without a chat format of its own has no answers that
    would be worth keeping, and gives none.
    """
    count = min(MOST, round(share * len(examples))) if chat.own_template else 0
    room = min(LENGTH, chat.window // 2)
    chosen = [examples[place] for place in thin(range(len(examples)), count)] if count else []
    prompts = sorted((chat.prompt(one.context, chat.window - room) for one in chosen), key=len)
    out: list[Piece] = []
    for start in range(0, len(prompts), TOGETHER):
        some = prompts[start : start + TOGETHER]
        for prompt, said in zip(some, _drawn(model, chat, some, room), strict=True):
            if said:
                out.append(Piece(Window(prompt + said, [IGNORED] * len(prompt) + said)))
        alive()
    return out


def _drawn(
    model: "PreTrainedModel", chat: ChatFormat, prompts: Sequence[list[int]], room: int
) -> list[list[int]]:
    """An answer to each prompt, closed as the base closes it; empty where it says nothing."""
    import torch

    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    with torch.no_grad():
        out = model.generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            max_new_tokens=room,
            eos_token_id=sorted(chat.stops),
            pad_token_id=chat.close[-1],
        )
    return [_until_stop(row, chat) for row in out[:, longest:].tolist()]


def _until_stop(row: list[int], chat: ChatFormat) -> list[int]:
    for place, token in enumerate(row):
        if token in chat.stops:
            return row[:place] + chat.close if place else []
    return row
