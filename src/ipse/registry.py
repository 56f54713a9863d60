"""The models of a vault: each with its lineage, and which of them speaks.

A model is two sealed documents: its files (kind ``artefact``) and its :class:`ModelCard` (kind ``model``,
written last, so a model without a card never existed). Versions are immutable; the alias ``champion`` moves
and remembers where it was. The registry does not know how a model is trained or judged.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from ipse import __version__
from ipse.errors import RegistryError
from ipse.vault import Vault

__all__ = ["ModelCard", "Registry"]


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is and where it comes from; ``artefact`` is the SHA-256 over its files.

    ``adapter``, ``grown_from`` and ``reviews`` are of one that learned from decisions: the method whose files
    it has, the model that it went on from, and the drafts and ratings (``kind/id``) that it learned from.
    ``special``: source to category to the consent under which it learned from it, as in its dataset.
    ``job`` is the queued job that it was trained in, if any.
    """

    id: str = ""
    method: str
    dataset: str
    dataset_hash: str
    consents: dict[str, str]
    config: dict[str, object]
    seed: int
    metrics: dict[str, float]
    base: str | None = None
    base_hash: str | None = None
    artefact: str = ""
    code_version: str = __version__
    special: dict[str, dict[str, str]] = {}
    adapter: str = ""
    grown_from: str = ""
    reviews: tuple[str, ...] = ()
    job: str = ""
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)


class _Alias(msgspec.Struct, frozen=True):
    """``last`` is the highest version ever deleted: none is given twice.

    ``defaults`` are those of ``history`` that speak by default: the embedded voice, not promoted by a card.
    """

    history: tuple[str, ...] = ()
    last: int = 0
    defaults: frozenset[str] = frozenset()


class Registry:
    """The models kept in one vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(self, card: ModelCard, files: Mapping[str, bytes]) -> ModelCard:
        """Keep a model under the next free version (``v1``, ``v2`` …) and return its card."""
        taken = [int(name[1:]) for name in self._vault.ids("model")]
        named = msgspec.structs.replace(
            card,
            id=f"v{max([self._alias().last, *taken]) + 1}",
            artefact=_digest(files),
            created_at=datetime.now(UTC),
        )
        packed = msgspec.msgpack.encode(dict(files))
        lineage: dict[str, str] = {"model": named.id, "method": named.method, "dataset": named.dataset}
        self._vault.put("artefact", named.id, packed, action="model.files", details=lineage)
        self._vault.put("model", named.id, msgspec.json.encode(named), action="model.add", details=lineage)
        return named

    def cards(self) -> list[ModelCard]:
        """Every model, oldest first."""
        return [self.card(name) for name in self._vault.ids("model")]

    def card(self, name: str) -> ModelCard:
        """The card of a version or of ``champion``; raises ``RegistryError`` with what there is."""
        name = self.champion() or "" if name == "champion" else name
        known = self._vault.ids("model")
        if name not in known:
            hint = f"There are: {', '.join(known)}." if known else "Train one with `ipse train`."
            raise RegistryError(f"There is no model `{name or 'champion'}` in this vault.", hint=hint)
        return msgspec.json.decode(self._vault.get("model", name), type=ModelCard)

    def files(self, name: str) -> dict[str, bytes]:
        """The files of a model; raises ``RegistryError`` when they are not those that were trained."""
        card = self.card(name)
        files = msgspec.msgpack.decode(self._vault.get("artefact", card.id), type=dict[str, bytes])
        if _digest(files) != card.artefact:
            raise RegistryError(
                f"The files of {card.id} are not those that were trained.", hint="Train it again."
            )
        return files

    def champion(self) -> str | None:
        """The version that speaks, promoted or by default, or None."""
        history = self._history()
        return history[-1] if history else None

    def by_default(self) -> bool:
        """Whether the one that speaks does so by default, and was promoted by no scorecard."""
        return self.champion() in self._alias().defaults

    def promote(self, name: str, *, reason: str) -> ModelCard:
        """Let a model speak from now on, because it earned it or the owner forced it."""
        card, held = self.card(name), self._alias()
        if self.champion() != card.id or card.id in held.defaults:
            alias = _Alias(_with(held.history, card.id), held.last, held.defaults - {card.id})
            self._keep(alias, "model.promote", {"model": card.id, "reason": reason})
        return card

    def let_speak(self, name: str, *, reason: str) -> ModelCard:
        """Let the embedded voice speak by default: nobody promoted it, and any other must first earn it."""
        card, held = self.card(name), self._alias()
        if self.champion() != card.id:
            alias = _Alias(_with(held.history, card.id), held.last, held.defaults | {card.id})
            self._keep(alias, "model.default", {"model": card.id, "reason": reason})
        return card

    def rollback(self) -> ModelCard:
        """Let the model speak that spoke before; raises ``RegistryError`` if there was none."""
        history = self._history()
        if len(history) < 2:
            raise RegistryError("There is no earlier champion to go back to.", hint="See `ipse models list`.")
        self._move(history[:-1], "model.rollback", {"model": history[-2], "instead_of": history[-1]})
        return self.card(history[-2])

    def remove(self, name: str, *, reason: str) -> None:
        """Delete a model: it speaks no more, and no other gets its version. One that is gone is fine."""
        self._retire(name, reason, last=int(name[1:]))
        for kind in ("model", "artefact"):
            if name in self._vault.ids(kind):
                self._vault.remove(kind, name, action=f"{kind}.remove", details={"model": name})

    def retire(self, name: str, *, reason: str) -> None:
        """Let a model speak no more, and whoever spoke before it again; it is kept."""
        self._retire(name, reason, last=0)

    def _retire(self, name: str, reason: str, *, last: int) -> None:
        held = self._alias()
        history = tuple(one for one in held.history if one != name)
        highest = max(held.last, last)
        if (history, highest) != (held.history, held.last):
            alias = _Alias(history, highest, held.defaults - {name})
            self._keep(alias, "model.withdraw", {"model": name, "reason": reason})

    def _history(self) -> tuple[str, ...]:
        return self._alias().history

    def _alias(self) -> _Alias:
        if "champion" not in self._vault.ids("alias"):
            return _Alias()
        return msgspec.json.decode(self._vault.get("alias", "champion"), type=_Alias)

    def _move(self, history: tuple[str, ...], action: str, details: Mapping[str, str]) -> None:
        self._keep(msgspec.structs.replace(self._alias(), history=history), action, details)

    def _keep(self, alias: _Alias, action: str, details: Mapping[str, str]) -> None:
        self._vault.put("alias", "champion", msgspec.json.encode(alias), action=action, details=details)


def _with(history: tuple[str, ...], name: str) -> tuple[str, ...]:
    return history if history[-1:] == (name,) else (*history, name)


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()
