"""Upkeep of metrics by the settings `tiers`: once a day, what is old enough, and no import in its midst."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipse.config import Settings, TierSettings, load_settings
from ipse.errors import CancelledError
from ipse.pipeline.consents import give
from ipse.pipeline.days import events
from ipse.pipeline.days.columns import stream
from ipse.pipeline.days.files import import_table
from ipse.pipeline.days.series import Span, series
from ipse.pipeline.days.tiers import Downsampled, covered, downsample, downsample_if_due, to_downsample
from ipse.pipeline.workspace import Workspace
from ipse.records import Event
from ipse.vault import Vault
from ipse.vault.columns import DAY, time_key

NOW = datetime.now(UTC)
TODAY = int(NOW.timestamp()) // 86_400
LATER = NOW + timedelta(days=2)  # a day since anything came


def metric(day: int, second: int, source: str = "system", part: str = "") -> Event:
    ts = day * DAY + second * 1_000_000
    data = {"cpu": float(second % 50)}
    return Event(source=source, stream=part, kind="metric", ts=ts, rx=ts, key=time_key(ts), data=data)  # type: ignore[arg-type]


@pytest.fixture
def filled(vault: Vault) -> Workspace:
    """A stream of three ages, another of them, and a source that no tier is of."""
    workspace = Workspace(vault, load_settings({"vault": str(vault.folder)}, environment={}))
    for source in ("system", "table"):
        give(workspace, source, ("archive", "events"))
        ages = (5, 100, 500)
        some = [metric(TODAY - age, n * 20, source) for age in ages for n in range(180)]
        events.keep(workspace, [*some, metric(TODAY - 100, 0, source, "self")])
    return workspace


def kept(workspace: Workspace, source: str = "system") -> dict[int, int]:
    """Events by age, in days."""
    found: dict[int, int] = {}
    for one in workspace.vault.events(sources=[source]):
        age = TODAY - one.ts // DAY
        found[age] = found.get(age, 0) + 1
    return found


def test_each_age_is_kept_as_finely_as_the_settings_say(filled: Workspace) -> None:
    assert to_downsample(filled).days == 0  # it came a moment ago
    assert downsample_if_due(filled) is None
    assert to_downsample(filled, LATER) == Downsampled(days=3, before=361)
    assert downsample_if_due(filled, LATER) == Downsampled(days=3, before=361, after=64)
    assert kept(filled) == {5: 180, 100: 62, 500: 2}
    assert kept(filled, "table") == {5: 180, 100: 181, 500: 180}
    assert downsample_if_due(filled, LATER + timedelta(hours=23)) is None
    assert to_downsample(filled, LATER + timedelta(days=26)).days == 1
    assert filled.vault.counts()["system"]["records"] == 244
    told = stream(filled, "system")
    assert told.weights is not None
    assert told.weights.sum() == 541
    filled.vault.verify_audit()


def test_a_series_of_what_was_downsampled_is_that_of_what_was(filled: Workspace) -> None:
    asked = Span(stream="", field="cpu", every=3600)
    before = series(filled, "system", asked).points
    downsample(filled, LATER)
    after = {one.at: one for one in series(filled, "system", asked).points if one.count}
    told = {one.at: one for one in before if one.count}
    assert sum(one.count for one in after.values()) == sum(one.count for one in told.values()) == 540
    same = [at for at in told if at in after and told[at].count == after[at].count]
    assert len(same) >= len(told) - 2  # an hour of a tier is open where a step begins
    for at in same:
        assert after[at].mean == pytest.approx(told[at].mean)
        assert (after[at].min, after[at].max, after[at].duration) == (told[at].min, told[at].max, 0.0)


def test_an_import_says_what_came_too_late(filled: Workspace, tmp_path: Path) -> None:
    downsample(filled, LATER)
    day = LATER - timedelta(days=502)
    (tmp_path / "more.csv").write_text(f"time,cpu\n{day:%Y-%m-%d}T05:06:07Z,5\n{NOW:%Y-%m-%dT%H:%M:%SZ},6\n")
    done = import_table(filled, tmp_path / "more.csv", "system", progress=lambda *_: None)
    assert (done.kept, done.duplicates, done.late) == (1, 0, 1)


def test_it_is_stopped_and_goes_on(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipse.vault.tiers.AT_A_TIME", 1)
    steps: list[tuple[float, float | None]] = []

    def stop(done: float, total: float | None, _figures: object) -> None:
        steps.append((done, total))
        raise CancelledError("Stopped.", hint="")

    with pytest.raises(CancelledError):
        downsample(filled, LATER, progress=stop)
    assert steps == [(1, 3)]
    assert to_downsample(filled, LATER).days == 2
    assert downsample(filled, LATER).days == 2
    assert kept(filled) == {5: 180, 100: 62, 500: 2}


def test_a_stream_is_covered_by_name_or_pattern() -> None:
    settings = TierSettings(streams=("system.self", "sensor*"))
    given = [("system", "self"), ("system", ""), ("sensors", "a"), ("window", "")]
    assert [covered(settings, *one) for one in given] == [True, False, True, False]


@pytest.mark.parametrize("tiers", [{"raw": 0, "minutes": 0}, {"streams": []}])
def test_without_tiers_nothing_is_touched(filled: Workspace, tiers: dict[str, object]) -> None:
    filled.settings = Settings.model_validate({"tiers": tiers})
    assert downsample_if_due(filled, LATER) is None
    assert kept(filled) == {5: 180, 100: 181, 500: 180}


def test_opening_a_vault_does_it(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipse.pipeline.days.tiers.QUIET", 0)
    folder = filled.vault.folder
    filled.vault.close()
    settings = load_settings({"vault": str(folder)}, environment={})
    with Workspace.open(settings, "a passphrase for tests", purge=False) as again:
        assert kept(again) == {5: 180, 100: 181, 500: 180}
    with Workspace.open(settings, "a passphrase for tests") as again:
        assert kept(again) == {5: 180, 100: 62, 500: 2}
