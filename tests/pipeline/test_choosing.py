"""Settings that are chosen in the vault: below every file, sealed, checked, told in the audit log."""

from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.errors import SettingsError
from ipse.pipeline.choosing import Setting, choose, in_force
from ipse.pipeline.workspace import CHOSEN, Workspace
from ipse.vault import Vault


def named(workspace: Workspace, name: str) -> Setting:
    return next(one for one in in_force(workspace) if one.name == name)


def test_what_is_chosen_holds_and_is_taken_back(workspace: Workspace) -> None:
    assert choose(workspace, {"imports.tz": "Asia/Tbilisi"}) == [("imports.tz", None)]
    assert workspace.settings.imports.tz == "Asia/Tbilisi"
    assert named(workspace, "imports.tz").origin == "vault"
    again = Workspace(workspace.vault, workspace.given)
    assert again.settings.imports.tz == "Asia/Tbilisi"
    assert choose(workspace, {"imports.tz": "Europe/Berlin"}) == [("imports.tz", "Asia/Tbilisi")]
    again.settle()
    assert again.settings.imports.tz == "Europe/Berlin"
    assert choose(workspace, {}, ["imports.tz"]) == [("imports.tz", "Europe/Berlin")]
    assert workspace.settings.imports.tz == "UTC"
    assert named(workspace, "imports.tz").origin == "built-in"


def test_files_environment_and_flags_go_before_it(vault: Vault, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("dataset: {context_turns: 3}\n", encoding="utf-8")
    environment = {"IPSE_DATASET__GAP_HOURS": "5"}
    flags = {"dataset": {"few_shot": 4}}
    given = load_settings(flags, environment=environment, user_file=file)
    choose(
        Workspace(vault, load_settings({}, environment={})),
        {
            "dataset.context_turns": 9,
            "dataset.gap_hours": 9.0,
            "dataset.few_shot": 8,
            "dataset.burst_minutes": 9.0,
        },
    )
    held = Workspace(vault, given).settings.dataset
    assert (held.context_turns, held.gap_hours, held.few_shot, held.burst_minutes) == (3, 5.0, 4, 9.0)
    with pytest.raises(SettingsError, match="is set in"):
        choose(Workspace(vault, given), {"dataset.few_shot": 1})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("privacy.nothing", 1, "no setting"),
        ("nothing", 1, "no setting"),
        ("dataset", {}, "no setting"),
        ("dataset.context_turns", "many", "context_turns"),
        ("retention.messages", -1, "messages"),
        ("retention.messages", 10**9, "messages"),
        ("imports.tz", "Nowhere/Else", "no time zone"),
        ("voice.engine", "steam", "engine"),
        ("service.port", 80, "before a vault is open"),
        ("catalog.url", "x", "before a vault is open"),
        ("smtp.password", "secret", "is a password"),
        ("server.key", "secret", "is a password"),
    ],
)
def test_what_is_no_setting_or_no_value_changes_nothing(
    workspace: Workspace, name: str, value: object, said: str
) -> None:
    rows = len(list(workspace.vault.audit_rows()))
    with pytest.raises(SettingsError, match=said):
        choose(workspace, {"dataset.few_shot": 7, name: value})
    assert workspace.settings.dataset.few_shot != 7
    assert workspace.vault.find(*CHOSEN) is None
    assert len(list(workspace.vault.audit_rows())) == rows


def test_the_log_says_which_and_not_what(workspace: Workspace) -> None:
    choose(workspace, {"privacy.exclude_people": ["Ilka Brandt"]}, ["imports.tz"])
    row = list(workspace.vault.audit_rows())[-1]
    assert (row.action, row.details) == (
        "settings.change",
        {"set": "privacy.exclude_people", "reset": "imports.tz"},
    )
    folder = workspace.vault.folder
    assert all(b"Ilka" not in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_value_of_another_version_locks_nobody_out(workspace: Workspace) -> None:
    tree = (
        b'{"dataset": {"few_shot": -4, "new": 1, "burst_minutes": 3.5}, "magic": {"spell": 2}, "vault": "x"}'
    )
    workspace.vault.put(*CHOSEN, tree, action="settings.change", details={})
    workspace.settle()
    assert workspace.settings.dataset.burst_minutes == 3.5
    assert workspace.settings.dataset.few_shot == 2


def test_each_setting_says_what_it_may_be(workspace: Workspace) -> None:
    shapes = {one.name: one for one in in_force(workspace)}
    assert shapes["privacy.keep_raw"].shape == "switch"
    assert (shapes["privacy.replace_from"].least, shapes["privacy.replace_from"].most) == (0, 1)
    assert shapes["imports.date_order"].choices == ("auto", "dmy", "mdy")
    assert shapes["privacy.ner_kinds"].choices == ("NAME", "PLACE", "ORGANISATION")
    assert shapes["privacy.exclude_words"].shape == "list"
    assert shapes["retention.messages"].shape == "integer"
    assert shapes["smtp.password"].fixed == "secret"
    assert shapes["service.port"].fixed == "service"
    other = {one.name for one in shapes.values() if one.shape == "other"}
    assert "retention.sources" in other
    assert "imports.tz" not in other
    assert "vault" in other  # whole sections are not chosen as one value
