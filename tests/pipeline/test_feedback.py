"""Each decision is something to learn from, while it may be used; the scorecard counts real drafts."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from ipse.config import load_settings
from ipse.drafts import Draft, digest
from ipse.errors import ConsentError, LearnerError, NotFoundError, RegistryError, SettingsError
from ipse.pipeline.answering import Clone
from ipse.pipeline.consents import withdraw
from ipse.pipeline.derived import reached
from ipse.pipeline.drafting import approve, edit, every, reject
from ipse.pipeline.feedback import cleared_turns, listed, rate, ratings, reviews, take_back, tally, useful
from ipse.pipeline.forgetting import carry_out, forget
from ipse.pipeline.learning import train
from ipse.pipeline.objecting import object_to
from ipse.pipeline.plans import plan_for
from ipse.pipeline.retention import plan_purge
from ipse.pipeline.workspace import Workspace
from ipse.records import Turn
from ipse.registry import ModelCard, Registry

from .drafted import another, approved, copied, made, opened, quiet


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("drafted") / "made")


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Iterator[Workspace]:
    with opened(copied(template, tmp_path / "vault")) as workspace:
        yield workspace


@pytest.fixture
def draft(workspace: Workspace) -> Draft:
    return every(workspace)[0]


def decided(workspace: Workspace, draft: Draft) -> None:
    """One of each kind, besides the one that waits."""
    approved(workspace, draft)
    changed = edit(workspace, another(workspace, draft).id, text="ask Ilka Brandt at ilka@example.org\u200b!")
    approve(workspace, changed.id, seen=digest(changed), hidden=True)
    reject(workspace, another(workspace, draft).id, reason="too loud", about="style")
    reject(workspace, another(workspace, draft).id, reason="I am away", about="content")


def test_each_decision_is_a_review(workspace: Workspace, draft: Draft) -> None:
    assert reviews(workspace) == []
    decided(workspace, draft)
    found = {(one.verdict, one.about): one for one in reviews(workspace)}
    assert len(found) == 4
    assert {one.draft for one in found.values()} == {draft.said}
    assert {one.context for one in found.values()} == {draft.asked.turns}
    final = found["edited", "style"].final
    assert final is not None
    # What the owner wrote passed the gate.
    assert ("Ilka" in final, "@" in final, "\u200b" in final) == (False, False, False)
    assert "<PERSON_" in final
    assert found["approved", "style"].final is None
    counted = tally(workspace)
    assert (counted.edited, counted.approved, counted.rejected_style, counted.rejected_content) == (
        1,
        1,
        1,
        1,
    )
    assert counted.needed == 50
    rows = [row for row in workspace.vault.audit_rows() if row.action == "feedback.read"]
    assert [row.details["why"] for row in rows] == ["train", "train", "count"]


def test_what_may_not_be_used_teaches_nothing(workspace: Workspace, draft: Draft) -> None:
    decided(workspace, draft)
    object_to(workspace, "Ilka Brandt")
    assert reviews(workspace) == []


def test_nor_does_what_a_consent_was_withdrawn_for(workspace: Workspace, draft: Draft) -> None:
    decided(workspace, draft)
    rate(workspace, (Turn("partner", "partner", "soup?"), Turn("owner", "me", "yes")), model="v1", up=True)
    withdraw(workspace, workspace.vault.ids("consent")[0])
    assert reviews(workspace) == []


def test_an_answer_is_rated_by_the_same_door(workspace: Workspace) -> None:
    clone = Clone(workspace, contact="Ilka Brandt")
    with pytest.raises(SettingsError, match="no answer to rate"):
        rate(workspace, clone.history, model="v1", up=True)
    clone.answer("who brings the soup?")
    kept = rate(
        workspace, clone.history, model="v1", up=False, reason="no", about="content", contact=clone.contact
    )
    turns, who = cleared_turns(
        workspace, "is Ilka Brandt in?", "write to ilka@example.org", model="v1", contact="Ilka"
    )
    assert "Ilka" not in turns[0].text
    assert "@" not in turns[1].text
    rate(workspace, turns, model="v1", up=True, contact=who)
    assert [(one.verdict, one.about) for one in reviews(workspace)] == [
        ("rejected", "content"), ("approved", "style"),
    ]  # fmt: skip
    assert [one.contact for one in ratings(workspace)] == [kept.contact, kept.contact]
    with pytest.raises(RegistryError, match="Nobody called"):
        cleared_turns(workspace, "a", "b", model="v1", contact="Zora")
    forget(workspace, plan_for(workspace, "contact", "Ilka Brandt"))
    assert ratings(workspace) == []


def test_the_scorecard_counts_the_drafts_of_its_model(workspace: Workspace, draft: Draft) -> None:
    decided(workspace, draft)
    found = useful(workspace, "v1")
    assert sorted(one.outcome for one in found) == ["approved", "edited", "rejected", "rejected"]
    assert {one.text for one in found} == {draft.proposal}
    assert [one.final for one in found if one.outcome == "edited"] == [
        "ask Ilka Brandt at ilka@example.org\u200b!"
    ]
    assert useful(workspace, "v2") == []


def test_useful_drafts_reach_the_scorecard(workspace: Workspace, draft: Draft) -> None:
    from ipse.scorecard.metrics.usefulness import useful_drafts

    for _ in range(16):
        approved(workspace, draft)
    for _ in range(4):
        reject(workspace, another(workspace, draft).id)
    told = {one.spec.id: one for one in useful_drafts(useful(workspace, "v1"), workspace.settings.scorecard)}
    assert list(told) == ["11", "11 rejected"]
    assert "20 drafts" in str(told["11"])


def adapter(workspace: Workspace, base: Path) -> Workspace:
    lora = {"base": str(base), "max_steps": 2, "batch": 2, "max_tokens": 96, "rank": 2, "looking": 0.5}
    own = Workspace(workspace.vault, load_settings({"lora": lora}, environment={}))
    train(own, method="lora", progress=quiet)
    return own


def test_a_rating_is_taken_back_unless_a_model_learned_from_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = (Turn("partner", "partner", "soup?"), Turn("owner", "me", "yes!!"))
    first, second = (rate(workspace, said, model="v1", up=up) for up in (True, False))
    assert [one.id for one in listed(workspace)] == [second.id, first.id]
    (card,) = Registry(workspace.vault).cards()
    learned = msgspec.structs.replace(card, reviews=(f"rating/{first.id}",))
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "cards", lambda _: [learned])
        with pytest.raises(RegistryError, match="v1 has learned from it"):
            take_back(workspace, first.id)
        take_back(workspace, second.id)
    with pytest.raises(NotFoundError):
        take_back(workspace, second.id)
    assert [one.id for one in ratings(workspace)] == [first.id]


def test_preferences_need_an_adapter_and_enough_decisions(workspace: Workspace) -> None:
    with pytest.raises(LearnerError, match="no adapter to go on from"):
        train(workspace, method="preference", progress=quiet)
    with pytest.raises(LearnerError, match="cannot go on from v1"):
        train(workspace, method="preference", model="v1", progress=quiet)


class Killed(BaseException):
    """Ends a run as a signal does."""


def cut_off_and_gone_on(workspace: Workspace) -> ModelCard:
    """A model of preferences, made in two goes; what was left in between is reached by erasing."""
    lora = workspace.settings.lora.model_copy(update={"max_steps": 4, "checkpoint_seconds": 0})
    own = Workspace(workspace.vault, workspace.settings.model_copy(update={"lora": lora}))
    steps: list[float] = []

    def kill(done: float, _total: float | None, _figures: object) -> None:
        if done >= 3:
            raise Killed

    def kill_at_once(done: float, _total: float | None, _figures: object) -> None:
        assert done == 1
        raise Killed

    with pytest.raises(Killed):
        train(own, method="preference", progress=kill)
    with pytest.raises(Killed):
        train(own, method="preference", anew=True, progress=kill_at_once)
    assert own.vault.ids("checkpoint") == []
    with pytest.raises(Killed):
        train(own, method="preference", progress=kill)
    assert own.vault.ids("checkpoint") == ["v2-preference"]
    left = ("checkpoint", "v2-preference")
    for made_of in (("model", "v2"), ("draft", own.vault.ids("draft")[-1])):
        assert left in reached(own, documents=[made_of])
    card = train(own, method="preference", progress=lambda done, _total, _figures: steps.append(done))
    assert min(done for done in steps if done) == 3  # the step it was killed after was not yet left
    assert own.vault.ids("checkpoint") == []
    return card


@pytest.mark.llm
def test_fifty_decisions_make_a_model_that_knows_where_it_comes_from(
    workspace: Workspace, draft: Draft, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = adapter(workspace, tiny_base)
    with pytest.raises(LearnerError, match="50 of either are needed"):
        train(own, method="preference", progress=quiet)
    for _ in range(50):
        changed = edit(own, another(own, draft).id, text="no no, not today")
        approve(own, changed.id, seen=digest(changed))
    card = cut_off_and_gone_on(own)
    registry = Registry(own.vault)
    assert (card.id, card.method, card.adapter, card.grown_from) == ("v3", "preference", "lora", "v2")
    assert len(card.reviews) == 50
    assert card.metrics["paired"] == 1.0
    assert registry.champion() == "v1"  # it has to earn it
    assert Clone(own, model="v3").answer("soup?").model == "v3"
    job = SimpleNamespace(job=SimpleNamespace(id="j", attempts=2))
    with monkeypatch.context() as patched:
        patched.setattr("ipse.pipeline.preferring.current", lambda: job)
        fourth = train(own, method="preference", model="v3", progress=quiet)
        assert fourth.grown_from == "v3"
        # Its job, cut off after the model was kept, makes no other.
        assert train(own, method="preference", model="v3", progress=quiet).id == fourth.id
    plan = plan_for(own, "model", "v2")
    assert {"v2", "v3", "v4"} == set(plan.models)
    gone = plan_for(own, "contact", "Ilka Brandt")
    assert {"v3", "v4"} <= set(gone.models)
    # Old drafts go without the model, and are then known by their sources.
    from datetime import timedelta

    limited = Workspace(own.vault, load_settings({"retention": {"drafts": 30}}, environment={}))
    purge = plan_purge(limited, draft.at + timedelta(days=31))
    assert purge is not None
    assert (purge.models, purge.counts["drafts"]) == ((), 51)
    carry_out(limited, purge)
    assert own.vault.ids("draft") == []
    assert "v3" in plan_for(own, "source", "whatsapp").models
    withdraw(own, own.vault.ids("consent")[0])
    with pytest.raises(ConsentError):
        Clone(own, model="v3")


def test_a_card_of_before_is_still_read(workspace: Workspace) -> None:
    card = Registry(workspace.vault).card("v1")
    held = {
        name: value
        for name, value in msgspec.to_builtins(card).items()
        if name not in ("adapter", "grown_from", "reviews")
    }
    assert msgspec.convert(held, type(card)) == card
