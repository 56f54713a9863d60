"""A contact who objects is kept and used for nothing: canaries in datasets, answers, exports, imports."""

import json
from io import StringIO
from pathlib import Path

import msgspec
import pytest

from ipse.config import load_settings
from ipse.errors import DatasetError, PrivacyError
from ipse.pipeline import objections
from ipse.pipeline.answering import Clone
from ipse.pipeline.archives import import_archive
from ipse.pipeline.backups import back_up, list_backups, restore_vault
from ipse.pipeline.consents import give
from ipse.pipeline.contacts import contacts, conversations, merge, rename
from ipse.pipeline.exporting import export_messages
from ipse.pipeline.importing import import_
from ipse.pipeline.judging import promote
from ipse.pipeline.learning import dataset_named, export_dataset, prepare, train
from ipse.pipeline.objecting import object_to, release, write
from ipse.pipeline.objections import SignedObjection, frozen, verify
from ipse.pipeline.portability import export_all
from ipse.pipeline.remnants import sweep
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from .conftest import ME, chat

CANARY = "canaryilka"


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def canaried(folder: Path, pairs: int = 120) -> Path:
    file = chat(folder / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", pairs, 1)
    text = file.read_text(encoding="utf-8").replace("Ilka Brandt: ", f"Ilka Brandt: {CANARY} ")
    file.write_text(text, encoding="utf-8")
    return file


def told_to(vault: Vault, request: pytest.FixtureRequest) -> None:
    """Two chats and a group of the three, with a dataset and a champion that learned from all of it."""
    workspace = Workspace(vault, load_settings({}, environment={}))
    tmp_path = request.getfixturevalue("tmp_path_factory").mktemp("told")
    give(workspace, "whatsapp", ["archive", "style"])
    group = chat(tmp_path / "WhatsApp Chat with Everybody.txt", "Jun Harada", 60, 3)
    lines = group.read_text(encoding="utf-8").splitlines()
    for n in range(0, len(lines), 10):
        lines[n] = lines[n].replace("Jun Harada: ", f"Ilka Brandt: {CANARY} ")
    group.write_text("\n".join(lines) + "\n", encoding="utf-8")
    files = [
        canaried(tmp_path),
        chat(tmp_path / "WhatsApp Chat with Jun Harada.txt", "Jun Harada", 80, 2),
        group,
    ]
    import_(workspace, files, me=ME, progress=quiet)
    prepare(workspace)
    train(workspace, progress=quiet)


STAGES = {"told": told_to}


@pytest.fixture
def told(workspace: Workspace) -> Workspace:
    return workspace


def used(workspace: Workspace) -> str:
    """Everything that any use of the messages gets to see."""
    out = StringIO()
    export_messages(workspace, out, "jsonl")
    dataset = prepare(workspace)
    lines = [
        line
        for part in ("train", "judge", "test")
        for line in export_dataset(workspace, dataset.card.id, part)
    ]
    talks = [m.text for talk in conversations(workspace, why="a test") for m in talk.messages]
    train(workspace, dataset_name=dataset.card.id, progress=quiet)
    artefact = b"".join(Registry(workspace.vault).files("champion").values())
    return "\n".join([out.getvalue(), dataset.dumps().decode(), *lines, *talks, artefact.decode("latin-1")])


def kept(workspace: Workspace) -> int:
    return sum(CANARY in m.text for talk in workspace.vault.scan() for m in talk.messages)


def test_nothing_of_whoever_objects_is_used_and_all_of_it_is_kept(told: Workspace, tmp_path: Path) -> None:
    before = kept(told)
    assert CANARY in used(told)  # the control
    done = object_to(told, "Ilka Brandt", note="told me on the phone")
    assert CANARY not in used(told)
    assert kept(told) == before > 120
    export_all(told, tmp_path / "all", names=True)
    written = "".join(f.read_text(encoding="utf-8") for f in (tmp_path / "all").iterdir())
    assert CANARY not in written
    found = {one.name: one.objected for one in contacts(told)}
    assert found["Ilka Brandt"]
    assert not found["Jun Harada"]
    verify(done.certificate)
    assert done.certificate.objection.note == "told me on the phone"


def test_models_that_learned_from_them_are_listed_and_speak_no_more(told: Workspace) -> None:
    clone, asker = Clone(told), Clone(told, contact="Ilka Brandt")
    dataset = told.vault.ids("dataset")[0]
    done = object_to(told, "Ilka Brandt").certificate.objection
    assert (done.models, done.datasets, done.models_were) == (("v1",), (dataset,), "keep-unused")
    assert Registry(told.vault).champion() is None
    for use in (
        lambda: clone.answer("soup?"),
        lambda: asker.answer("soup?"),
        lambda: Clone(told, model="v1"),
        lambda: promote(told, "v1", force=True),
        lambda: dataset_named(told, why="a test"),
        lambda: train(told, progress=quiet),
        lambda: export_dataset(told, dataset, "train"),
    ):
        with pytest.raises(PrivacyError, match="who objected"):
            use()
    prepare(told)
    assert train(told, progress=quiet).id == "v2"
    assert Clone(told).answer("soup?").text
    with pytest.raises(PrivacyError, match="objected to being used"):
        Clone(told, contact="Ilka Brandt")
    assert [row.action for row in told.vault.audit_rows()].count("contacts.object") == 1
    told.vault.verify_audit()


def test_models_are_erased_with_a_certificate(told: Workspace) -> None:
    done = object_to(told, "ilka", models="erase")
    assert told.vault.ids("model") == told.vault.ids("dataset") == []
    assert done.certificate.objection.models == ("v1",)
    actions = [row.action for row in told.vault.audit_rows()]
    assert "forget.done" in actions
    assert kept(told) > 120


def test_models_are_trained_anew_without_them(told: Workspace) -> None:
    done = object_to(told, "ilka", models="retrain", progress=quiet)
    assert [card.id for card in done.retrained] == ["v2"]
    assert done.certificate.objection.retrained == ("v2",)
    verify(done.certificate)
    assert Registry(told.vault).champion() == "v2"
    assert CANARY not in used(told)


def test_what_cannot_be_trained_anew_is_said(workspace: Workspace, tmp_path: Path) -> None:
    give(workspace, "whatsapp", ["archive", "style"])
    import_(workspace, [canaried(tmp_path)], me=ME, progress=quiet)
    prepare(workspace)
    train(workspace, progress=quiet)
    done = object_to(workspace, "ilka", models="retrain")
    assert "no reply of the owner" in done.not_retrained
    assert workspace.vault.ids("model") == []


def test_whoever_has_made_nothing_is_frozen_all_the_same(workspace: Workspace, tmp_path: Path) -> None:
    give(workspace, "whatsapp", ["archive", "style"])
    import_(workspace, [canaried(tmp_path)], me=ME, progress=quiet)
    done = object_to(workspace, "ilka", models="erase")
    assert done.certificate.objection.models == ()
    with pytest.raises(DatasetError):
        prepare(workspace)


def test_a_new_import_a_new_name_and_another_handle_stay_frozen(told: Workspace, tmp_path: Path) -> None:
    label = object_to(told, "Ilka Brandt").certificate.objection.contact
    rename(told, "Ilka Brandt", "Aunt Ilka")
    before = kept(told)
    more = canaried(tmp_path, 140)
    assert import_(told, [more], me=ME, progress=quiet).exports[0].kept == 40
    assert kept(told) == before + 20
    assert CANARY not in used(told)
    other = chat(tmp_path / "WhatsApp Chat with I. B.txt", "I. B", 30, 9)
    other.write_text(
        other.read_text(encoding="utf-8").replace("I. B: ", "I. B: canaryother "), encoding="utf-8"
    )
    import_(told, [other], me=ME, progress=quiet)
    prepare(told)
    card = train(told, progress=quiet)
    assert "canaryother" in used(told)
    merge(told, "I. B", ["Aunt Ilka"])  # given up for the other one
    assert frozen(told, told.roster()) == {told.roster().now(label)} != {label}
    held = objections.held(told)[-1].objection
    assert card.id in held.models
    with pytest.raises(PrivacyError, match="who objected"):
        Clone(told, model=card.id)
    assert "canaryother" not in used(told)


def test_a_sweep_keeps_who_objected(told: Workspace) -> None:
    label = object_to(told, "Ilka Brandt").certificate.objection.contact
    told.vault.erase("whatsapp")
    sweep(told, ())
    assert told.roster().person(label) is not None
    assert frozen(told, told.roster()) == {label}


def test_a_release_lets_them_be_used_again(told: Workspace, tmp_path: Path) -> None:
    object_to(told, "Ilka Brandt")
    done = release(told, "ilka").certificate
    verify(done)
    assert done.objection.released_at is not None
    assert CANARY in used(told)
    assert promote(told, "v1").id == "v1"
    assert Clone(told, contact="Ilka Brandt").answer("soup?").text
    write(done, tmp_path / "done.json")
    assert (
        json.loads((tmp_path / "done.json").read_text(encoding="utf-8"))["objection"]["id"]
        == done.objection.id
    )


@pytest.mark.parametrize(
    ("who", "says"),
    [("me", "object to yourself"), ("Nobody Such", "Nobody called"), ("ilka", "objected already")],
)
def test_what_cannot_be_frozen_is_said(told: Workspace, who: str, says: str) -> None:
    if who == "ilka":
        object_to(told, "ilka")
    with pytest.raises(PrivacyError, match=says):
        object_to(told, who)


def test_nobody_who_did_not_object_is_released(told: Workspace) -> None:
    with pytest.raises(PrivacyError, match="has not objected"):
        release(told, "ilka")


def test_a_changed_objection_stops_everything(told: Workspace) -> None:
    signed = object_to(told, "ilka").certificate
    forged = SignedObjection(
        msgspec.structs.replace(signed.objection, contact="PERSON_9"), signed.signature, signed.public_key
    )
    told.vault.put("objection", signed.objection.id, msgspec.json.encode(forged), action="a.test", details={})
    with pytest.raises(PrivacyError, match="not what was signed"):
        prepare(told)


def test_the_freeze_survives_a_backup_and_an_archive(told: Workspace, tmp_path: Path) -> None:
    made, recovery = Vault.create(tmp_path / "mine", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with made:
        mine = Workspace(made, told.settings)
        give(mine, "whatsapp", ["archive", "style"])
        import_(
            mine, [canaried(tmp_path), chat(tmp_path / "b.txt", "Jun Harada", 80, 2)], me=ME, progress=quiet
        )
        prepare(mine)
        train(mine, progress=quiet)
        back_up(mine, tmp_path / "backups", progress=quiet)
        label = object_to(mine, "Ilka Brandt").certificate.objection.contact
        back_up(mine, tmp_path / "backups", progress=quiet)
        export_all(mine, tmp_path / "all")
    restore_vault(
        tmp_path / "backups",
        tmp_path / "back",
        recovery,
        PASSPHRASE,
        settings=told.settings,
        kdf=CHEAP,
        progress=quiet,
    )
    with Vault.open(tmp_path / "back", PASSPHRASE) as back:
        again = Workspace(back, told.settings)
        assert frozen(again, again.roster()) == {label}
        assert kept(again) == 120
        assert CANARY not in used(again)
        assert len(objections.held(again)) == 1
    restore_vault(
        tmp_path / "backups",
        tmp_path / "older",
        recovery,
        PASSPHRASE,
        settings=told.settings,
        name=list_backups(tmp_path / "backups")[0].name,
        kdf=CHEAP,
        progress=quiet,
    )
    with Vault.open(tmp_path / "older", PASSPHRASE) as older:  # the backup from before the objection
        again = Workspace(older, told.settings)
        assert frozen(again, again.roster()) == {label}
        assert "v1" in objections.held(again)[0].objection.models
        assert Registry(older).champion() is None
        assert CANARY not in used(again)
    other, _ = Vault.create(tmp_path / "other", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with other:
        third = Workspace(other, told.settings)
        give(third, "whatsapp", ["archive", "style"])
        import_archive(third, tmp_path / "all", progress=quiet)
        import_archive(third, tmp_path / "all", progress=quiet)
        assert frozen(third, third.roster()) == {label}
        assert len(objections.held(third)) == 1


def test_an_objection_while_a_dataset_is_made_is_noticed(
    told: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse import datasets
    from ipse.pipeline import learning

    made = datasets.prepare
    before = told.vault.ids("dataset")

    def slow(*args: object, **kwargs: object) -> object:
        dataset = made(*args, **kwargs)  # type: ignore[arg-type]
        if len(objections.held(told)) == 0:
            object_to(told, "ilka")
        return dataset

    monkeypatch.setattr(learning, "freeze", slow)
    with pytest.raises(PrivacyError, match="changed meanwhile"):
        prepare(told)
    assert told.vault.ids("dataset") == before


def test_running_training_stops_when_somebody_in_it_objects(
    told: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.pipeline import learning

    monkeypatch.setattr(learning, "LOOK_SECONDS", 0.0)
    steps: list[float] = []

    def progress(done: float, _total: float | None, _figures: object) -> None:
        if not steps:
            object_to(told, "ilka")
        steps.append(done)

    with pytest.raises(PrivacyError, match="who objected"):
        train(told, progress=progress)
    assert len(steps) == 1
