"""Where each model comes from: consents, sources, datasets, bases, models and scorecards as a graph.

Models of events too: from consents by their sources and features.

Made of cards alone; no example and no message is opened for it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ipse.datasets import Card, Dataset
from ipse.pipeline.days import predictors
from ipse.pipeline.days.predictors import Predictor
from ipse.pipeline.workspace import Workspace
from ipse.registry import ModelCard, Registry

__all__ = ["Edge", "Kind", "Lineage", "Node", "dataset_cards", "lineage"]

Kind = Literal["consent", "source", "dataset", "base", "model", "scorecard", "features", "predictor"]


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One thing: ``id`` is its kind and its own id. ``state`` is how it stands, as `given` or `champion`."""

    id: str
    kind: Kind
    name: str
    state: str = ""
    figures: dict[str, float] = {}


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """``into`` was made of ``out`` or rests on it."""

    out: str
    into: str


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """A graph without cycles, from consents to scorecards."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def dataset_cards(workspace: Workspace) -> dict[str, Card]:
    """The card of every dataset by its id, oldest first; its examples stay closed."""
    vault = workspace.vault
    return {name: Dataset.card_in(vault.get("dataset", name)) for name in vault.ids("dataset")}


def lineage(workspace: Workspace, model: str = "") -> Lineage:
    """Of every model, or of one, of events too; raises ``RegistryError`` where there is no such model."""
    registry, cards = Registry(workspace.vault), dataset_cards(workspace)
    of_events = [one for one in workspace.vault.ids(predictors.KIND) if model in ("", one)]
    told = [predictors.card(workspace, one) for one in of_events]
    models = [registry.card(model)] if model and not told else [] if model else registry.cards()
    nodes: dict[str, Node] = {}
    edges: dict[tuple[str, str], Edge] = {}
    walked = _walk(workspace, models, cards, told=told, whole=not model)
    for node, into in (*walked, *_walk_events(workspace, told)):
        nodes.setdefault(node.id, node)
        for below in into:
            edges.setdefault((node.id, below), Edge(out=node.id, into=below))
    known = nodes.keys()
    return Lineage(
        nodes=tuple(nodes.values()),
        edges=tuple(edge for edge in edges.values() if {edge.out, edge.into} <= known),
    )


def _walk(
    workspace: Workspace,
    models: list[ModelCard],
    cards: dict[str, Card],
    *,
    told: list[Predictor],
    whole: bool,
) -> Iterator[tuple[Node, list[str]]]:
    """Each thing with the ids of what was made of it."""
    speaks, scored = Registry(workspace.vault).champion(), set(workspace.vault.ids("scorecard"))
    counts, now = workspace.vault.counts(), datetime.now(UTC)
    used: dict[str, set[str]] = {}  # source and consent to datasets and features
    wanted = {card.dataset for card in models} | (set(cards) if whole else set())
    held = {name: card.consents for name, card in cards.items() if name in wanted}
    held |= {card.dataset: card.consents for card in models if card.dataset not in cards}
    made_of = [(f"dataset:{name}", consents) for name, consents in held.items()]
    for below, consents in (*made_of, *((_features(one), one.consents) for one in told)):
        for source, consent in consents.items():
            used.setdefault(f"source:{source}", set()).add(below)
            used.setdefault(f"consent:{consent}", set()).add(f"source:{source}")
    for signed in workspace.consents():
        given, name = signed.consent, f"consent:{signed.consent.id}"
        over = given.expires_at is not None and given.expires_at <= now
        state: str = "expired" if over and given.state == "given" else given.state
        if whole or name in used:
            node = Node(id=name, kind="consent", name=given.source, state=state)
            yield node, [f"source:{given.source}"]
    for source in sorted(
        {name.split(":", 1)[1] for name in used if name.startswith("source:")}
        | (set(counts) if whole else set())
    ):
        figures = {key: float(value) for key, value in counts.get(source, {}).items()}
        name = f"source:{source}"
        state = "kept" if source in counts else "erased"
        yield (
            Node(id=name, kind="source", name=source, state=state, figures=figures),
            sorted(used.get(name, ())),
        )
    for dataset in held:
        made = [f"model:{card.id}" for card in models if card.dataset == dataset]
        yield _dataset(dataset, cards.get(dataset)), made
    for card in models:
        if card.base:
            yield Node(id=f"base:{card.base}", kind="base", name=card.base), [f"model:{card.id}"]
        state = "champion" if card.id == speaks else ""
        into = [f"scorecard:{card.id}"] if card.id in scored else []
        yield Node(
            id=f"model:{card.id}", kind="model", name=f"{card.id} {card.method}", state=state,
            figures=dict(card.metrics),
        ), into  # fmt: skip
        if into:
            yield Node(id=into[0], kind="scorecard", name=card.id), []


def _walk_events(workspace: Workspace, told: list[Predictor]) -> Iterator[tuple[Node, list[str]]]:
    """The features of models of events, and these."""
    aliases = {one.name: one for one in predictors.projects(workspace)}
    for card in told:
        features = _features(card)
        name = f"{card.set_name} {card.version}"
        figures = {"features": float(len(card.features)), "columns": float(len(card.columns))}
        made = [f"predictor:{one.id}" for one in told if _features(one) == features]
        yield Node(id=features, kind="features", name=name, state="kept", figures=figures), made
        held = aliases[card.project]
        states = {held.challenger: "challenger", held.champion: "champion"}
        figures = {card.verdict.metric: card.verdict.value, "better": card.verdict.better}
        yield Node(
            id=f"predictor:{card.id}", kind="predictor", name=f"{card.id} {card.algorithm}",
            state=states.get(card.id, ""), figures={"rows": float(card.rows), **figures},
        ), []  # fmt: skip


def _features(card: Predictor) -> str:
    return f"features:{card.set_name}-{card.version}"


def _dataset(name: str, card: Card | None) -> Node:
    if card is None:
        return Node(id=f"dataset:{name}", kind="dataset", name=name, state="erased")
    figures = {part: float(held.examples) for part, held in card.sets.items()}
    return Node(id=f"dataset:{name}", kind="dataset", name=name, state="kept", figures=figures)
