"""Where an adapter is put on its base, and how several share one base in memory.

Adapters of peft's kinds on the same base sit side by side in one model; before each pass the right one is
switched on, which takes milliseconds. The base must be the very one that an adapter was trained on.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol, cast
from weakref import WeakValueDictionary, finalize

import msgspec

from ipse.bases.folders import fingerprint
from ipse.bases.loading import load_base, quiet, require_llm
from ipse.bases.shelf import find_base
from ipse.errors import BaseModelError, LearnerError
from ipse.learners.adapters.method import ADAPTER, CARD, CONFIG, FORMAT, AdapterLearner
from ipse.learners.adapters.methods import METHODS
from ipse.learners.chat import ChatFormat

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase
    from transformers.modeling_outputs import CausalLMOutputWithPast as ModelOutput

__all__ = ["Adapted", "Card", "LateSeat", "Seat", "save_merged", "seated"]

WIDE = 2_000_000_000  # parameters up to which a merge is computed in 32 bits
FIRST = "default"  # what peft calls an adapter that nobody named


class Adapted(Protocol):
    """A model with an adapter that can be taken off for a while."""

    device: "torch.device"

    def __call__(self, **given: object) -> "ModelOutput":
        """As transformers' own."""

    def disable_adapter(self) -> AbstractContextManager[None]:
        """Without the adapter."""


class Card(msgspec.Struct, frozen=True):
    """The fields of ``ipse.json`` that a voice needs."""

    base: str
    folder: str
    base_hash: str
    system: str
    window: int
    format: int
    method: str = "lora"
    sample: tuple[list[str], list[str]] = ([], [])


class _Rack:
    """One base in memory, and the adapters on it, of which one is on at a time."""

    def __init__(self, model: Adapted, tokenizer: "PreTrainedTokenizerBase") -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.reading = Lock()
        self._lock = Lock()
        self._on = FIRST
        self._numbers = count(1)
        self._held = {FIRST}
        self._gone: deque[str] = deque()

    def add(self, method: type[AdapterLearner], files: Mapping[str, bytes]) -> str:
        """Put one more adapter on; returns its name."""
        name = f"adapter{next(self._numbers)}"
        with self._lock:
            method.put_beside(cast("torch.nn.Module", self.model), files, name)
            self._held.add(name)
        return name

    def leave(self, name: str) -> None:
        """Nobody uses an adapter any more. It goes at the next pass: who says so may hold the lock."""
        self._gone.append(name)

    @contextmanager
    def alone(self, name: str | None) -> Iterator[None]:
        """Nobody else uses the model meanwhile; with this adapter on, or with none."""
        with self._lock:
            self._clear()
            if name is None:
                with self.model.disable_adapter():
                    yield
                return
            if name != self._on:
                self.model.set_adapter(name, inference_mode=True)  # type: ignore[attr-defined]
                self._on = name
            yield

    def _clear(self) -> None:
        while self._gone and len(self._held) > 1:
            name = self._gone.popleft()
            self._held.discard(name)
            if name == self._on:
                self._on = min(self._held)
                self.model.set_adapter(self._on, inference_mode=True)  # type: ignore[attr-defined]
            self.model.delete_adapter(name)  # type: ignore[attr-defined]


class Seat:
    """The place of one adapter on its base."""

    def __init__(self, rack: _Rack, name: str, card: Card) -> None:
        self.card = card
        self.chat = ChatFormat(rack.tokenizer, system=card.system, window=card.window, lock=rack.reading)
        self.model = rack.model
        self._rack = rack
        self._name = name
        finalize(self, rack.leave, name)

    def take(self) -> "Seat":
        """Itself: it is taken."""
        return self

    @property
    def weights(self) -> int:
        """Bytes of the model with its adapters, each of which a token reads."""
        held = cast("torch.nn.Module", self.model).parameters()
        return sum(each.numel() * each.element_size() for each in held)

    def taken(self, *, adapter: bool) -> AbstractContextManager[None]:
        """Have the model to oneself for a pass, with the adapter or without."""
        return self._rack.alone(self._name if adapter else None)


class LateSeat:
    """A seat that is taken when somebody first sits down: until then no model is loaded."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = {name: files[name] for name in (ADAPTER, CONFIG, CARD) if name in files}
        self.card = _card_of(files)
        self._seat: Seat | None = None
        self._lock = Lock()

    def take(self) -> Seat:
        """The seat; raises like :func:`seated`."""
        with self._lock:
            if self._seat is None:
                self._seat = seated(self._files)
            return self._seat

    @property
    def model(self) -> Adapted:
        """See :class:`Seat`."""
        return self.take().model

    @property
    def weights(self) -> int:
        """See :class:`Seat`."""
        return self.take().weights

    def taken(self, *, adapter: bool) -> AbstractContextManager[None]:
        """See :class:`Seat`."""
        return self.take().taken(adapter=adapter)


_racks: "WeakValueDictionary[tuple[str, str], _Rack]" = WeakValueDictionary()
_making = Lock()


def seated(files: Mapping[str, bytes]) -> Seat:
    """Put what a method of ``ipse.learners.adapters`` learned on its base, beside others that are there.

    Raises ``BaseModelError`` where the base is gone or differs from the one trained on, and ``LearnerError``
    where the artefact is not whole.
    """
    card, method, folder = _opened(files)
    with _making:
        place = (card.base_hash, method.like)
        rack = _racks.get(place) if method.shares else None
        if rack is not None:
            return Seat(rack, rack.add(method, files), card)
        base, tokenizer = method.open_base(folder)
        model = method.revived(base, files).eval().requires_grad_(requires_grad=False)
        rack = _Rack(cast("Adapted", model), tokenizer)
        if method.shares:
            _racks[place] = rack
        return Seat(rack, FIRST, card)


def save_merged(
    files: Mapping[str, bytes], folder: Path, *, wide: bool = False, adapter: bool = True
) -> None:
    """Write base and adapter as one model, in the layout of transformers, which needs ipse no more.

    Without the ``adapter``, the base as it is. Added up in 32 bits where that is affordable, and kept so
    where it is to be ``wide``; else as the base is. Raises like :func:`seated`, and ``LearnerError`` where
    the method cannot be merged.
    """
    _, method, place = _opened(files)
    base, tokenizer = load_base(place)
    before = base.dtype
    if base.num_parameters() <= WIDE:
        base.float()
    with quiet():
        merged = method.merged(method.revived(base, files)) if adapter else base
        (merged if wide else merged.to(before)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _opened(files: Mapping[str, bytes]) -> tuple[Card, type[AdapterLearner], Path]:
    """The card, its method, and the folder of the base."""
    missing = {ADAPTER, CONFIG, CARD} - set(files)
    if missing:
        raise LearnerError(f"The adapter lacks {', '.join(sorted(missing))}.", hint="Train it again.")
    try:
        card = _card_of(files)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise LearnerError(f"{CARD} of the adapter cannot be read.", hint="Train it again.") from error
    if card.method not in METHODS:
        raise LearnerError(f"No method is called `{card.method}`.", hint="Update ipse, or train it again.")
    if card.format != FORMAT:
        raise LearnerError(f"The adapter has format {card.format}.", hint="Update ipse, or train it again.")
    method = METHODS[card.method]
    require_llm("safetensors", *(["peft"] if "peft" in method.packages else []))
    return card, method, _same_base(card)


def _card_of(files: Mapping[str, bytes]) -> Card:
    """What the card among an adapter's files says; raises ``KeyError`` or of msgspec where it cannot."""
    return msgspec.json.decode(files[CARD], type=Card)


def _same_base(card: Card) -> Path:
    """The folder trained on, or else the base of that name; its fingerprint must be the one trained on."""
    folder = find_base(card.folder if Path(card.folder).is_dir() else card.base)
    if fingerprint(folder) != card.base_hash:
        raise BaseModelError(
            f"The base model in {folder} is not the one this adapter was trained on.",
            hint="Put the old one back, or train again.",
        )
    return folder
