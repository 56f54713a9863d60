"""Counts of use: added up by day and token, over the ends of months, let go by the limit of logs."""

from datetime import UTC, date, datetime

from ipse.config import RetentionSettings
from ipse.pipeline.retention import purge, would_go
from ipse.pipeline.usage import Used, add, usage
from ipse.pipeline.workspace import Workspace


def test_counts_add_up_by_day_and_token(workspace: Workspace) -> None:
    first, second = date(2026, 3, 31), date(2026, 4, 1)
    add(workspace, [Used(day=first, token="a", answers=2, tokens=30), Used(day=second, token="a", drafts=1)])
    add(workspace, [Used(day=first, token="a", answers=1, tokens=5), Used(day=first, token="b", answers=1)])
    assert usage(workspace, first) == [
        Used(day=second, token="a", drafts=1),
        Used(day=first, token="a", answers=3, tokens=35),
        Used(day=first, token="b", answers=1),
    ]
    assert usage(workspace, second) == [Used(day=second, token="a", drafts=1)]
    assert workspace.vault.ids("usage") == ["2026-03", "2026-04"]


def test_a_month_goes_when_it_is_over_and_old_enough(workspace: Workspace) -> None:
    add(workspace, [Used(day=date(2025, 12, 3), token="a", answers=1)])
    now = datetime(2026, 1, 20, tzinfo=UTC)
    workspace.settings = workspace.settings.model_copy(update={"retention": RetentionSettings(logs=20)})
    purge(workspace, now)
    assert workspace.vault.ids("usage") == ["2025-12"]
    assert would_go(workspace, RetentionSettings(logs=20)) != {}
    purge(workspace, datetime(2026, 1, 22, tzinfo=UTC))
    assert workspace.vault.ids("usage") == []
