import pytest

from ipse.errors import DatasetError
from ipse.scorecard import compare

from .people import SETTINGS, Letters, World


def quiet(done: float, total: float | None, figures: object) -> None:
    pass


def test_the_right_clone_is_better_than_somebody_elses(world: World) -> None:
    told: list[tuple[float, float | None]] = []
    compared = compare(
        {"v1": world.wrong[0], "v2": world.clone()}, world.data, settings=SETTINGS,
        progress=lambda done, total, figures: told.append((done, total)),
    )  # fmt: skip
    assert compared.models == ("v1", "v2")
    assert told[-1][0] == pytest.approx(told[-1][1])
    rows = {row.id: row for row in compared.rows}
    for id_ in ("1", "2", "3", "4"):
        (difference,) = rows[id_].differences
        assert (difference.one, difference.other, difference.better) == ("v1", "v2", "v2")
        assert difference.figure.high is not None
        assert difference.figure.high < 0  # signed so that more is better for the first
    assert set(rows["1"].figures) == {"v1", "v2", "random own reply", "yourself"}
    assert rows["6"].figures == {}
    assert "11" not in rows


def test_a_model_is_no_better_than_itself(world: World) -> None:
    compared = compare(
        {"v1": world.clone(), "v2": world.clone()}, world.data, settings=SETTINGS, progress=quiet
    )
    for row in compared.rows:
        for difference in row.differences:
            if not row.id.startswith("12"):
                assert difference.figure.value == 0
                assert difference.better == ""


def test_language_voices_are_measured_by_one_base_beside_others(world: World) -> None:
    base = Letters([each for several in world.wrong_text.values() for each in several])
    voices = {
        "v1": world.clone(),
        "v2": Letters(world.data.train, base),
        "v3": Letters(world.data.judge[:20], base),
    }
    rows = {row.id: row for row in compare(voices, world.data, settings=SETTINGS, progress=quiet).rows}
    assert set(rows["6"].figures) == {"v2", "v3"}
    assert [difference.better for difference in rows["6"].differences] == ["v2"]
    assert len(rows["1"].differences) == 3


def test_one_alone_cannot_be_compared(world: World) -> None:
    with pytest.raises(DatasetError, match="One model alone"):
        compare({"v1": world.clone()}, world.data, settings=SETTINGS, progress=quiet)
