"""How much the service is used: answers, tokens and drafts by day and by who asked. Counts, no content."""

from collections.abc import Iterable
from datetime import date

import msgspec

from ipse.pipeline.workspace import Workspace

__all__ = ["Used", "add", "usage"]

KIND = "usage"  # a document a month: `2026-04`


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What one token or browser used on a day (UTC); ``tokens`` are those of the answers, about."""

    day: date
    token: str
    answers: int = 0
    tokens: int = 0
    drafts: int = 0


def add(workspace: Workspace, more: Iterable[Used]) -> None:
    """Add these counts to what is kept."""
    months: dict[str, list[Used]] = {}
    for one in more:
        months.setdefault(f"{one.day:%Y-%m}", []).append(one)
    for month, used in months.items():
        with workspace.vault.exclusive():
            held = {(one.day, one.token): one for one in _held(workspace, month)}
            for one in used:
                before = held.get((one.day, one.token), Used(day=one.day, token=one.token))
                held[one.day, one.token] = Used(
                    day=one.day, token=one.token, answers=before.answers + one.answers,
                    tokens=before.tokens + one.tokens, drafts=before.drafts + one.drafts,
                )  # fmt: skip
            kept = msgspec.json.encode(list(held.values()))
            workspace.vault.put(KIND, month, kept, action="usage.keep", details={"lines": len(held)})


def usage(workspace: Workspace, since: date) -> list[Used]:
    """What was used from that day on, the newest day first."""
    months = [name for name in workspace.vault.ids(KIND) if name >= f"{since:%Y-%m}"]
    found = [one for name in months for one in _held(workspace, name) if one.day >= since]
    return sorted(found, key=lambda one: (-one.day.toordinal(), one.token))


def _held(workspace: Workspace, month: str) -> list[Used]:
    held = workspace.vault.find(KIND, month)
    return msgspec.json.decode(held, type=list[Used]) if held else []
