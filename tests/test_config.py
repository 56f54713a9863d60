"""Settings: the order of layers, and what a wrong one says."""

from pathlib import Path

import pydantic
import pytest

from ipse.config import default_vault, json_schema, load_settings
from ipse.errors import SettingsError


def layer(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_each_layer_overrides_the_one_before_key_by_key(tmp_path: Path) -> None:
    user = layer(tmp_path / "user.yaml", "dataset: {burst_minutes: 1, context_turns: 3}\nlora: {rank: 4}\n")
    project = layer(tmp_path / "ipse.yaml", "dataset: {context_turns: 4}\nlora: {rank: 5, alpha: 6}\n")
    settings = load_settings(
        {"lora": {"rank": 8}},
        environment={"IPSE_LORA__RANK": "7", "IPSE_LORA__ALPHA": "9", "IPSE_VAULT": "elsewhere"},
        user_file=user,
        project_file=project,
    )
    assert settings.dataset.burst_minutes == 1
    assert settings.dataset.context_turns == 4
    assert settings.lora.alpha == 9
    assert settings.lora.rank == 8
    assert settings.vault == "elsewhere"
    assert settings.imports.tz == "UTC"


def test_the_project_file_is_found_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer(tmp_path / "ipse.yaml", "imports: {tz: Europe/Berlin}\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(environment={}).imports.tz == "Europe/Berlin"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        load_settings(environment={}).vault = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        ("imports:\n  tz: UTC\n  tzz: UTC\n", 3, "Write `tz` instead."),
        ("lora:\n\n  rank: many\n", 3, "Write for example `rank: 16`."),
        ("dataset:\n  train: 1.5\n", 2, "Write for example `train: 0.6`."),
        ("datasets: {}\n", 1, "Write `dataset` instead."),
        ("nothing_like_it: 1\n", 1, "Write one of: vault, imports"),
        ("imports:\n  languages: [1, 2]\n", 2, "languages"),
        ("imports: 7\n", 1, "`imports: {}`"),
        ("- a\n- b\n", 1, "Write for example `imports: {tz: UTC}`."),
        ("imports: {tz: UTC\nx: [\n", 2, "Check the indentation"),
    ],
)
def test_a_wrong_setting_names_file_line_and_what_to_write(
    tmp_path: Path, text: str, line: int, advice: str
) -> None:
    file = layer(tmp_path / "ipse.yaml", text)
    with pytest.raises(SettingsError) as caught:
        load_settings(environment={}, user_file=tmp_path / "none", project_file=file)
    assert f"{file}:{line}:" in str(caught.value)
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_environment_variable_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"environment: lora\.rank"):
        load_settings(environment={"IPSE_LORA__RANK": "many"}, user_file=tmp_path / "none")


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    file = layer(tmp_path / "ipse.yaml", "# nothing yet\n")
    assert load_settings(environment={}, project_file=file) == load_settings(environment={})


def test_the_schema_describes_every_section() -> None:
    properties = json_schema()["properties"]
    assert isinstance(properties, dict)
    assert {"imports", "privacy", "dataset", "retrieval", "lora", "scorecard"} <= set(properties)


def test_the_default_vault_is_the_users_own(tmp_path: Path) -> None:
    assert default_vault().name == "vault"
    assert str(tmp_path) in str(default_vault())


def test_a_bare_on_or_off_of_yaml_is_a_switch(tmp_path: Path) -> None:
    for written, read in (("on", "on"), ("off", "off"), ("auto", "auto"), ("'on'", "on")):
        file = tmp_path / "ipse.yaml"
        file.write_text(f"retrieval:\n  embeddings: {written}\n")
        assert load_settings({}, environment={}, project_file=file).retrieval.embeddings == read
    with pytest.raises(SettingsError, match=r"retrieval\.embeddings"):
        load_settings({"retrieval": {"embeddings": 1}}, environment={})
