"""From the vault to a model that answers, and who may speak."""

import json
from pathlib import Path
from typing import Any

import pytest

from ipse import apart, plugins
from ipse.apart import Apart
from ipse.config import load_settings
from ipse.errors import CancelledError, ConsentError, DatasetError, RegistryError
from ipse.jobs import listed
from ipse.pipeline import rivals
from ipse.pipeline.answering import LABEL, Clone
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.importing import ImportReport, import_
from ipse.pipeline.judging import evaluate, promote, write_scorecard
from ipse.pipeline.learning import dataset_named, export_dataset, prepare, train
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.scorecard import Scorecard
from ipse.vault import Vault

Imported = tuple[Workspace, ImportReport]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def test_the_same_vault_and_settings_give_the_same_hash_and_are_kept_once(imported: Imported) -> None:
    workspace, _ = imported
    first, second = prepare(workspace), prepare(workspace)
    assert first.card.hash == second.card.hash
    assert workspace.vault.ids("dataset") == [first.card.id]
    assert dataset_named(workspace, first.card.id[:6], why="a test").card == first.card
    assert set(first.card.consents) == {"gmail", "reflections", "whatsapp"}


def test_only_what_is_allowed_for_style_is_learned_from(imported: Imported) -> None:
    workspace, _ = imported
    for signed in workspace.consents():
        if signed.consent.source != "whatsapp":
            withdraw(workspace, signed.consent.id)
    give(workspace, "gmail", ["archive"])
    assert set(prepare(workspace).card.platforms) == {"whatsapp"}


def test_an_empty_vault_says_what_to_do_first(workspace: Workspace) -> None:
    with pytest.raises(DatasetError, match="ipse import"):
        prepare(workspace)
    with pytest.raises(DatasetError, match="ipse prepare"):
        train(workspace, progress=quiet)


def test_the_model_carries_its_lineage(trained: Workspace) -> None:
    card = Registry(trained.vault).card("champion")
    dataset = dataset_named(trained, why="a test")
    assert (card.id, card.method, card.dataset) == ("v1", "retrieval", dataset.card.id)
    assert card.dataset_hash == dataset.card.hash
    assert card.consents == dataset.card.consents
    assert card.config["seed"] == card.seed == 7
    assert [job.state for job in listed(trained.vault)] == ["done"]


def test_an_answer_is_labelled_audited_and_in_the_owners_words(trained: Workspace) -> None:
    answer = Clone(trained, contact="Ilka").answer("who brings the soup on friday?")
    assert answer.ai_generated
    assert answer.label == LABEL
    assert "!!" in answer.text or ":)" in answer.text
    row = list(trained.vault.audit_rows())[-1]
    assert (row.action, row.details["model"]) == ("answer", "v1")
    assert "soup" not in str(row.details)


def test_names_come_back_for_the_one_addressed_only(trained: Workspace) -> None:
    roster = trained.roster()
    ilka, tomas = roster.find("Ilka Brandt"), roster.find("Tomas Weil")
    clone = Clone(trained, contact="Ilka")
    only = clone.addressed
    text = f"<{ilka}> and <{tomas}> and <ME>"
    assert roster.restore(text, only=only) == f"Ilka and <{tomas}> and Nora Feld"


def test_nobody_by_that_name_is_said_so(trained: Workspace) -> None:
    with pytest.raises(RegistryError, match="Nobody called `Zebedee`"):
        Clone(trained, contact="Zebedee")


def test_a_withdrawn_consent_silences_the_model_at_once(trained: Workspace) -> None:
    withdraw(trained, next(s.consent.id for s in trained.consents() if s.consent.source == "gmail"))
    with pytest.raises(ConsentError):
        Clone(trained)
    with pytest.raises(ConsentError):
        train(trained, progress=quiet)


def test_a_consent_given_anew_does_not_cover_a_model_made_under_the_old_one(trained: Workspace) -> None:
    withdraw(trained, next(s.consent.id for s in trained.consents() if s.consent.source == "gmail"))
    give(trained, "gmail", ["archive", "style"])
    with pytest.raises(ConsentError, match="no longer holds"):
        Clone(trained)


def test_training_can_be_stopped_and_leaves_no_model(imported: Imported) -> None:
    workspace, _ = imported
    prepare(workspace)

    def stop(_done: float, _total: float | None, _figures: object) -> None:
        raise CancelledError("Stop.")

    with pytest.raises(CancelledError):
        train(workspace, progress=stop)
    assert Registry(workspace.vault).cards() == []
    assert [job.state for job in listed(workspace.vault)] == ["cancelled"]


def test_a_dataset_goes_out_as_chat_lines(trained: Workspace) -> None:
    lines = [json.loads(line) for line in export_dataset(trained, None, "train")]
    assert len(lines) == len(dataset_named(trained, why="a test").split.train)
    for line in lines:
        roles = [message["role"] for message in line["messages"]]
        assert (roles[0], roles[-1]) == ("system", "assistant")
        assert line["messages"][-1]["content"] not in [m["content"] for m in line["messages"][:-1]]


def test_the_scorecard_is_kept_and_written_without_what_was_said(trained: Workspace, tmp_path: Path) -> None:
    card = evaluate(trained, progress=quiet)
    assert {row.id for row in card.rows} >= {"1", "3", "4", "5a", "5b", "7"}
    assert trained.vault.ids("scorecard") == ["v1"]
    json_file, page = write_scorecard(card, tmp_path)
    said = [example.reply for example in dataset_named(trained, why="a test").split.test]
    for text in (json_file.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")):
        assert [reply for reply in said if reply in text] == []
    with_samples, _ = write_scorecard(card, tmp_path / "more", samples=True)
    text = with_samples.read_text(encoding="utf-8")
    assert [sample for sample in card.samples if json.dumps(sample.reply, ensure_ascii=False)[1:-1] in text]


def test_the_embedded_voice_that_was_trained_is_what_another_is_held_against(trained: Workspace) -> None:
    dataset = dataset_named(trained, why="a test")
    kept = rivals._trained(trained, dataset)
    assert kept is not None
    learner = plugins.learner("retrieval").configure(trained.settings)
    files = learner.fit(dataset.split.train, dataset.split.judge, quiet).artefact()
    anew = plugins.speaking("retrieval", files, trained.settings)
    replies = [example.reply for example in dataset.split.test[:20]]
    for example in dataset.split.test[:5]:
        assert list(kept.score(example.context, replies)) == list(anew.score(example.context, replies))
    retrieval = trained.settings.retrieval.model_copy(update={"seed": 8})
    trained.settings = trained.settings.model_copy(update={"retrieval": retrieval})
    assert rivals._trained(trained, dataset) is None  # it would be another


def test_who_learns_on_a_core_of_their_own_learns_the_same(
    trained: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = dataset_named(trained, why="a test")
    method = rivals._Method(name="retrieval", settings=trained.settings)
    train, dev = dataset.split.train, dataset.split.judge
    sets = [(train, dev), (train[::2], dev), (train[1::2], dev)]
    begun = list[int]()

    def counted(*told: Any, **more: Any) -> Apart[Any]:
        begun.append(1)
        return Apart(*told, **more)

    monkeypatch.setattr(rivals, "cores", lambda: 2)
    monkeypatch.setattr(apart, "cores", lambda: 2)
    monkeypatch.setattr(rivals, "Apart", counted)
    here = rivals._together(method, sets, quiet)
    assert begun == []  # so little is learned sooner than a process starts
    monkeypatch.setattr(rivals, "WORTH", 1)
    there = rivals._together(method, sets, quiet)
    assert begun == [1]  # two together, then the third
    replies = [example.reply for example in dataset.split.test[:20]]
    for one, other in zip(here, there, strict=True):
        for example in dataset.split.test[:3]:
            assert list(one.score(example.context, replies)) == list(other.score(example.context, replies))


def test_a_model_speaks_only_if_it_earned_it(trained: Workspace, vault: Vault) -> None:
    registry = Registry(vault)
    card = registry.card("v1")
    other = registry.add(card, registry.files("v1"))
    earned = evaluate(trained, model="v1", progress=quiet)
    import msgspec

    adapter = registry.add(msgspec.structs.replace(card, method="lora"), {"x": b""})
    with pytest.raises(RegistryError, match="ipse evaluate"):
        promote(trained, adapter.id)
    failed = msgspec.structs.replace(
        earned, model=adapter.id, promotable=False, reasons=("Gate 10b is red.",)
    )
    vault.put("scorecard", adapter.id, failed.to_json(), action="test", details={})
    with pytest.raises(RegistryError, match="Gate 10b is red"):
        promote(trained, adapter.id)
    assert promote(trained, adapter.id, force=True).id == registry.champion()
    marked = Scorecard.from_json(vault.get("scorecard", adapter.id))
    assert marked.forced is not None
    assert marked.forced.against == ("Gate 10b is red.",)
    assert list(vault.audit_rows())[-1].details["reason"] == "forced by the owner: Gate 10b is red."
    promote(trained, "v1")
    assert registry.by_default()  # the embedded voice needs no card: it is what others must beat
    passed = msgspec.structs.replace(earned, promotable=True)
    vault.put("scorecard", adapter.id, passed.to_json(), action="test", details={})
    assert promote(trained, adapter.id).id == registry.champion() == adapter.id
    assert not registry.by_default()
    assert promote(trained, other.id).id == other.id
    assert registry.rollback().id == adapter.id


@pytest.mark.llm
@pytest.mark.shared
def test_an_adapter_is_trained_registered_and_answers(imported: Imported, shared: Path) -> None:
    workspace, _ = imported
    settings = workspace.settings
    lora = settings.lora.model_copy(update={"base": str(shared / "models" / "stories260K"), "max_steps": 3})
    workspace = Workspace(workspace.vault, settings.model_copy(update={"lora": lora}))
    prepare(workspace)
    card = train(workspace, method="lora", progress=quiet)
    assert card.base_hash
    assert len(card.base_hash) == 64
    assert Registry(workspace.vault).champion() is None, "an adapter has to earn it first"
    assert isinstance(Clone(workspace, model=card.id).answer("who brings the soup?").text, str)


def test_a_refused_message_leaves_a_cut_and_never_a_new_pair(tmp_path: Path) -> None:
    lines = []
    for n in range(40):
        at = f"{n // 2 % 27 + 1:02}/{n // 27 + 1:02}/2023, 1{n % 2 * 6}"
        lines.append(f"{at}:00 - Ilka Brandt: is plan {n} fine?")
        lines.append(f"{at}:00 - Jun Harada: the secret of plan {n}?")
        lines.append(f"{at}:00 - Nora Feld: that stays between us, number {n}!!")
    file = tmp_path / "WhatsApp Chat with the three.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    for excluded, pairs in ((["Jun Harada"], 0), ([], 40)):
        own = Vault.create(tmp_path / f"v{pairs}", "a passphrase for tests")[0]
        with own:
            workspace = Workspace(
                own, load_settings({"privacy": {"exclude_people": excluded}}, environment={})
            )
            give(workspace, "whatsapp", ["archive", "style"])
            report = import_(workspace, [file], me=["Nora Feld"], progress=quiet)
            assert report.exports[0].kept == 120 - 40 * len(excluded)
            assert sum(report.exports[0].refused.values()) == 40 * len(excluded)
            if pairs:
                prepare(workspace)
            else:  # every reply of hers answered a refused message: none may answer Ilka's instead
                with pytest.raises(DatasetError, match="no reply of the owner"):
                    prepare(workspace)


class Killed(BaseException):
    """Ends a run as a signal does."""


@pytest.mark.llm
def test_an_adapter_cut_off_goes_on_from_a_sealed_checkpoint_to_the_same_bytes(
    imported: Imported, tiny_base: Path
) -> None:
    vault, settings = imported[0].vault, imported[0].settings
    how = {"base": str(tiny_base), "max_steps": 6, "max_tokens": 96, "checkpoint_seconds": 0}
    lora = type(settings.lora).model_validate(how)
    workspace = Workspace(vault, settings.model_copy(update={"lora": lora}))
    dataset = prepare(workspace)
    whole = train(workspace, method="lora", progress=quiet)
    assert whole.config["preset"] == "tiny"
    steps: list[float] = []

    def kill(done: float, _total: float | None, _figures: object) -> None:
        if done >= 4:
            raise Killed

    with pytest.raises(Killed):
        train(workspace, method="lora", progress=kill)
    assert vault.ids("checkpoint") == [f"{dataset.card.id}-lora"]
    said = {word for example in dataset.split.train for word in example.reply.split() if len(word) > 6}
    left = b"".join(path.read_bytes() for path in vault.folder.rglob("*") if path.is_file())
    assert said
    assert not [word for word in said if word.encode() in left]
    again = train(workspace, method="lora", progress=lambda done, _total, _figures: steps.append(done))
    assert again.artefact == whole.artefact
    assert min(done for done in steps if done) == 3  # the step it was killed after was not yet left
    assert vault.ids("checkpoint") == []
    with pytest.raises(Killed):
        train(workspace, method="lora", progress=kill)
    steps.clear()
    train(
        workspace,
        method="lora",
        anew=True,
        progress=lambda done, _total, _figures: steps.append(done),
    )
    assert min(done for done in steps if done) == 1


@pytest.mark.llm
def test_erasing_what_a_checkpoint_was_made_of_erases_it(imported: Imported, tiny_base: Path) -> None:
    from ipse.pipeline.checkpoints import SealedCheckpoint
    from ipse.pipeline.derived import reached

    workspace, _ = imported
    dataset = prepare(workspace)
    SealedCheckpoint(workspace, "lora", dataset).save(b"weights")
    name = ("checkpoint", f"{dataset.card.id}-lora")
    assert SealedCheckpoint(workspace, "lora", dataset).load() == b"weights"
    assert name in reached(workspace, documents=[("dataset", dataset.card.id)])
    assert name in reached(workspace, sources=["whatsapp"])
    assert name in reached(workspace, people=[next(iter(dataset.card.contacts))])
    SealedCheckpoint(workspace, "lora", dataset).remove()
    assert SealedCheckpoint(workspace, "lora", dataset).load() is None
