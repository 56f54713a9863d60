"""Models with their lineage, in a real vault."""

import pytest

from ipse.errors import RegistryError
from ipse.registry import ModelCard, Registry
from ipse.vault import Vault


def card(method: str = "retrieval") -> ModelCard:
    return ModelCard(
        method=method,
        dataset="d1",
        dataset_hash="d1" * 32,
        consents={"whatsapp": "c1"},
        config={"a": 1},
        seed=7,
        metrics={},
    )


def test_versions_count_up_and_keep_their_files(vault: Vault) -> None:
    registry = Registry(vault)
    first = registry.add(card(), {"model.npz": b"one"})
    second = registry.add(card("lora"), {"model.npz": b"two", "x.json": b"{}"})
    assert [first.id, second.id] == ["v1", "v2"]
    assert [kept.method for kept in registry.cards()] == ["retrieval", "lora"]
    assert registry.files("v2") == {"model.npz": b"two", "x.json": b"{}"}
    assert first.artefact != second.artefact


def test_promotion_and_rollback_move_the_champion(vault: Vault) -> None:
    registry = Registry(vault)
    for _ in range(3):
        registry.add(card(), {"f": b""})
    assert registry.champion() is None
    registry.promote("v1", reason="first")
    registry.promote("v3", reason="better")
    registry.promote("v3", reason="again")
    assert registry.card("champion").id == "v3"
    assert registry.rollback().id == "v1"
    assert registry.champion() == "v1"
    with pytest.raises(RegistryError, match="no earlier champion"):
        registry.rollback()


def test_who_speaks_by_default_was_not_promoted(vault: Vault) -> None:
    registry = Registry(vault)
    for _ in range(3):
        registry.add(card(), {"f": b""})
    assert not registry.by_default()
    registry.let_speak("v1", reason="first")
    registry.let_speak("v2", reason="trained anew")
    registry.let_speak("v2", reason="again")
    assert (registry.champion(), registry.by_default()) == ("v2", True)
    assert registry.rollback().id == "v1"
    assert registry.by_default()
    registry.promote("v3", reason="its scorecard")
    assert (registry.champion(), registry.by_default()) == ("v3", False)
    registry.let_speak("v1", reason="by the owner's word")
    assert (registry.champion(), registry.by_default()) == ("v1", True)
    registry.promote("v1", reason="its scorecard")  # it has earned it since
    assert (registry.champion(), registry.by_default()) == ("v1", False)
    registry.retire("v1", reason="a test")
    assert (registry.champion(), registry.by_default()) == ("v3", False)
    actions = [
        row.action
        for row in vault.audit_rows()
        if row.action.startswith("model.") and "add" not in row.action
    ]
    assert [one for one in actions if one != "model.files"] == [
        "model.default", "model.default", "model.rollback", "model.promote", "model.default", "model.promote",
        "model.withdraw",
    ]  # fmt: skip


def test_what_is_not_there_names_what_is(vault: Vault) -> None:
    registry = Registry(vault)
    with pytest.raises(RegistryError, match="Train one"):
        registry.card("champion")
    registry.add(card(), {"f": b""})
    with pytest.raises(RegistryError, match="There are: v1"):
        registry.card("v9")


def test_files_that_are_not_those_trained_are_refused(vault: Vault) -> None:
    registry = Registry(vault)
    registry.add(card(), {"f": b"x"})
    vault.put("artefact", "v1", b"\x81\xa1f\xc4\x01y", action="test", details={})
    with pytest.raises(RegistryError, match="not those that were trained"):
        registry.files("v1")


def test_every_move_is_in_the_audit_log(vault: Vault) -> None:
    registry = Registry(vault)
    registry.add(card(), {"f": b"x"})
    registry.promote("v1", reason="first")
    actions = [row.action for row in vault.audit_rows()]
    assert actions[-3:] == ["model.files", "model.add", "model.promote"]
