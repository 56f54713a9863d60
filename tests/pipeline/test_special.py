"""Special categories are off: kept out of datasets, answers and judging until a consent of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.datasets import Dataset
from ipse.errors import ConsentError, LearnerError
from ipse.pipeline.answering import Clone
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import dataset_named, export_dataset, prepare, train
from ipse.pipeline.special import Found, Screen, found_in
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault import Vault

from .conftest import ME, chat

SICK = "I have diabetes, canaryhealth, since spring"
PIOUS = "we are Catholic, canaryfaith, at home"
BOTH = "my asthma and my Catholic school, canaryboth"


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def spoken(folder: Path) -> Path:
    """A chat of 120 pairs in which Nora says of herself what is nobody's business, 12 times each."""
    file = chat(folder / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 120, 1)
    lines = file.read_text(encoding="utf-8").splitlines()
    for n, said in enumerate([SICK] * 12 + [PIOUS] * 12 + [BOTH] * 6):
        head = lines[8 * n + 1].split("Nora Feld: ")[0]
        lines[8 * n + 1] = f"{head}Nora Feld: {said} {n}"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def told(workspace: Workspace, tmp_path: Path) -> Workspace:
    give(workspace, "whatsapp", ["archive", "style"])
    import_(workspace, [spoken(tmp_path)], me=ME, progress=quiet)
    return workspace


def words(dataset: Dataset) -> str:
    return dataset.dumps().decode()


def test_what_is_not_allowed_is_kept_out_of_datasets_and_counted(told: Workspace) -> None:
    dataset = prepare(told)
    assert "canary" not in words(dataset)
    filters = dataset.card.filters
    assert (filters["special"], filters["special health"], filters["special religion"]) == (30, 18, 18)
    assert "deleted" not in filters
    assert dataset.card.special == {}
    # The control: they are in the archive.
    kept = [m.text for talk in told.vault.scan() for m in talk.messages]
    assert sum("canary" in text for text in kept) == 30


def test_a_switch_lets_in_what_it_names_and_its_withdrawal_counts_at_once(told: Workspace) -> None:
    before = prepare(told)
    consent = give(told, "whatsapp", [], special=["health"]).consent
    dataset = prepare(told)
    assert dataset.card.id != before.card.id
    assert "canaryhealth" in words(dataset)
    assert "canaryfaith" not in words(dataset)
    assert "canaryboth" not in words(dataset)  # the other category is not allowed
    assert dataset.card.special == {"whatsapp": {"health": consent.id}}
    card = train(told, dataset_name=dataset.card.id, progress=quiet)
    assert card.special == dataset.card.special
    clone = Clone(told)
    assert clone.answer("how are you since spring?").text
    withdraw(told, consent.id)
    for use in (
        lambda: clone.answer("and now?"),
        lambda: Clone(told),
        lambda: train(told, dataset_name=dataset.card.id, progress=quiet),
        lambda: list(export_dataset(told, dataset.card.id, "train")),
    ):
        with pytest.raises(ConsentError, match="special categories of whatsapp"):
            use()
    assert prepare(told).card.id == before.card.id
    assert train(told, dataset_name=before.card.id, progress=quiet).special == {}


def test_an_answer_never_says_again_what_is_not_allowed(
    told: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that learned before the lists knew a word says nothing of it once they do."""
    from ipse.pipeline import special

    monkeypatch.setattr(special, "special_in", lambda _text: frozenset())
    dataset = prepare(told)
    assert "canaryhealth" in words(dataset)
    train(told, progress=quiet)
    asked = ["diabetes since spring?", "are you Catholic at home?", "canaryhealth?", "asthma and school?"]

    def answers() -> str:
        clone = Clone(told)
        return " ".join(clone.answer(text).text for text in asked * 3)

    assert "canary" in answers()  # the control
    monkeypatch.undo()
    assert "canary" not in answers()
    give(told, "whatsapp", [], special=["health"])
    found = answers()
    assert "canaryhealth" in found
    assert "canaryfaith" not in found
    monkeypatch.setattr(Screen, "bars", lambda *_: True)
    with pytest.raises(LearnerError, match="nothing it may say"):
        Clone(told).answer("hello?")


def test_what_judges_is_screened_too(told: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from ipse.pipeline import judging, rivals

    seen: list[str] = []

    def looked(talks: object, *_: object, **__: object) -> dict[str, object]:
        seen.extend(m.text for talk in talks for m in talk.messages)  # type: ignore[attr-defined]
        return {}

    monkeypatch.setattr(rivals, "impostors", looked)
    prepare(told)
    train(told, progress=quiet)
    judging.evaluate(told, progress=quiet)
    assert len(seen) == 240
    assert not any("canary" in text for text in seen)


def test_a_review_counts_them_by_source_and_category(told: Workspace) -> None:
    consent = give(told, "whatsapp", [], special=["religion"]).consent
    assert found_in(told) == [
        Found(source="whatsapp", category="health", messages=18, consent=None),
        Found(source="whatsapp", category="religion", messages=18, consent=consent.id),
    ]


def test_the_owner_may_choose_not_even_to_keep_them(vault: Vault, tmp_path: Path) -> None:
    settings = load_settings({"privacy": {"special_categories": "refuse"}}, environment={})
    workspace = Workspace(vault, settings)
    give(workspace, "whatsapp", ["archive", "style"])
    give(workspace, "whatsapp", [], special=["religion"])
    report = import_(workspace, [spoken(tmp_path)], me=ME, progress=quiet).exports[0]
    assert report.refused == {"it is of a special category you did not allow": 18}
    texts = " ".join(m.text for talk in vault.scan() for m in talk.messages)
    assert "canaryfaith" in texts
    assert "canaryhealth" not in texts
    assert "canaryboth" not in texts
    # A question is not kept, so it may be asked.
    prepare(workspace)
    train(workspace, progress=quiet)
    assert Clone(workspace).answer("how is your diabetes?").text


Choice = Callable[[Workspace, str], object]


def test_a_withdrawal_of_a_switch_erases_what_its_owner_chose(told: Workspace) -> None:
    first = give(told, "whatsapp", [], special=["health"]).consent.id
    dataset = prepare(told)
    train(told, progress=quiet)
    assert withdraw(told, first, erase="models")[1] == 0
    assert told.vault.ids("dataset") == told.vault.ids("model") == []
    assert told.vault.counts()["whatsapp"]["records"] == 240
    second = give(told, "whatsapp", [], special=["health", "religion"]).consent.id
    other = give(told, "whatsapp", [], special=["religion"]).consent.id
    assert prepare(told).card.id != dataset.card.id
    assert withdraw(told, second, erase=True)[1] == 18  # religion is still allowed by the other
    texts = " ".join(m.text for talk in told.vault.scan() for m in talk.messages)
    assert "canaryfaith" in texts
    assert "canaryhealth" not in texts
    assert "canaryboth" not in texts
    assert told.vault.ids("dataset") == []
    assert Registry(told.vault).cards() == []
    assert withdraw(told, other)[0].consent.state == "withdrawn"


def test_a_withdrawal_may_take_models_alone(told: Workspace) -> None:
    prepare(told)
    train(told, progress=quiet)
    consent = next(one.consent.id for one in told.consents())
    withdraw(told, consent, erase="models")
    assert told.vault.ids("dataset") == told.vault.ids("model") == []
    assert told.vault.counts()["whatsapp"]["records"] == 240


def test_a_switch_that_changes_while_a_dataset_is_made_is_noticed(
    told: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse import datasets
    from ipse.pipeline import learning

    consent = give(told, "whatsapp", [], special=["health"]).consent.id
    made = datasets.prepare

    def slow(*args: object, **kwargs: object) -> Dataset:
        dataset = made(*args, **kwargs)  # type: ignore[arg-type]
        withdraw(told, consent)
        return dataset

    monkeypatch.setattr(learning, "freeze", slow)
    with pytest.raises(ConsentError, match="special categories"):
        prepare(told)
    assert told.vault.ids("dataset") == []
    monkeypatch.undo()
    assert dataset_named(told, prepare(told).card.id, why="a test").card.special == {}
