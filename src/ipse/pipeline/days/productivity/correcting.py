"""What the owner says that apps are for, and what follows from it for everything else that was in front.

A correction is about an app, narrowed down by what the guard left of a title and by an hour of the day, never
about one moment: so it names nothing that an erasure of a time would have to find. It was known when it was
made (``known_at``), and nothing told of an earlier moment knows it. It goes when its source is erased.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from ipse.errors import NotFoundError, SettingsError
from ipse.pipeline.days.productivity.focusing import How, Told
from ipse.pipeline.days.productivity.seeing import Span, places
from ipse.pipeline.derived import Origin, get_made, keep_made
from ipse.pipeline.taking import guard_of
from ipse.pipeline.workspace import Workspace
from ipse.privacy.guard import CATEGORIES, OTHER
from ipse.tables.few_labels import FewLabels, Seen
from ipse.vault.documents import Change

__all__ = ["UNKNOWN", "Correction", "correct", "corrections", "label", "rule_of", "uncorrect"]

KIND = "correction"
UNKNOWN = "unknown"
OWN_WORDS = "the owner's own words"
NAME = re.compile(r"[\w][\w .&/-]{0,39}")
WORDS = re.compile(r"\w{3,}")
PARTS = ("night", "morning", "afternoon", "evening")  # of six hours each
DIGEST = re.compile(r"[0-9a-f]{16}")

Key = tuple[str, str, str, int | None]


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's word: ``app`` is for ``category``, where ``shown``, ``title`` and ``hour`` are as said."""

    id: str
    app: str
    category: str
    shown: str = ""
    title: str = ""
    hour: int | None = None
    known_at: datetime

    @property
    def about(self) -> Key:
        """What it is about; a later one of the same takes its place."""
        return self.app, self.shown, self.title, self.hour

    def holds(self, span: Span) -> bool:
        """Whether it speaks of this span."""
        return (
            self.app == span.app
            and self.shown in ("", span.shown)
            and self.title in ("", span.title)
            and self.hour in (None, _hour(span))
        )


def correct(
    workspace: Workspace,
    app: str,
    category: str,
    *,
    shown: str = "",
    title: str = "",
    hour: int | None = None,
) -> Correction:
    """Keep what the owner says of an app; ``ConsentError`` where its source may not be learned from."""
    found, _ = places(workspace, "window", ("activitywatch.window",))
    if not found:
        raise SettingsError(
            "There are no windows yet to say anything of.", hint="Begin with `ipse collect start`."
        )
    sources = [one.source for one in found]
    for source in sources:
        workspace.permit(source, "events")
    named = category.strip().casefold()
    if not NAME.fullmatch(named) or named == UNKNOWN:
        raise SettingsError(f"`{category[:40]}` is no name of a category.", hint="Use a word or two.")
    if not app.strip() or (hour is not None and not 0 <= hour < 24):
        raise SettingsError("A correction is about an app, at an hour of 0 to 23.", hint="Name the app.")
    made = Correction(
        id=f"c{secrets.token_hex(6)}",
        app=app.strip(),
        category=named,
        shown=shown,
        title=title,
        hour=hour,
        known_at=datetime.now(UTC),
    )
    for one in corrections(workspace):
        if one.about == made.about:
            uncorrect(workspace, one.id)
    origin = Origin(sources=frozenset(sources), about=frozenset({OWN_WORDS}))
    change = Change("productivity.correct", {"correction": made.id})
    keep_made(workspace, (KIND, made.id), msgspec.json.encode(made), origin, change=change)
    return made


def corrections(workspace: Workspace, *, known_at: datetime | None = None) -> list[Correction]:
    """What the owner said, oldest first; as far as it was said by ``known_at``."""
    found = [
        msgspec.json.decode(get_made(workspace, (KIND, name)), type=Correction)
        for name in workspace.vault.ids(KIND)
    ]
    found.sort(key=lambda one: one.known_at)
    return [one for one in found if known_at is None or one.known_at <= known_at]


def uncorrect(workspace: Workspace, name: str) -> None:
    """Take a correction back; raises ``NotFoundError``."""
    if name not in workspace.vault.ids(KIND):
        raise NotFoundError(
            f"There is no correction `{name[:80]}`.", hint="See `ipse productivity corrections`."
        )
    workspace.vault.remove(KIND, name, action="productivity.uncorrect", details={"correction": name})


def rule_of(workspace: Workspace) -> Callable[[Span], str]:
    """What the rules say of a span, empty for nothing; titles are looked at where they are kept."""
    guard = guard_of(workspace)
    known: dict[tuple[str, str, str], str] = {}

    def rule(span: Span) -> str:
        at = (span.app, span.shown, span.title)
        if at not in known:
            title = "" if DIGEST.fullmatch(span.title) else span.title
            found = span.shown or guard.category({"app": span.app, "title": title})
            known[at] = "" if found == OTHER else found
        return known[at]

    return rule


def label(
    spans: Sequence[Span], rule: Callable[[Span], str], said: Sequence[Correction], *, sure: float
) -> list[Told]:
    """What each span was for: as the owner said, else what rules and corrections make most likely.

    Where nothing is likelier than ``sure`` it is ``unknown``. Rules that nobody corrected are taken as they
    are, without a chance.
    """
    latest = sorted(said, key=lambda one: one.known_at, reverse=True)
    learner = _learned(said, rule)
    chances = _chances(learner, spans, rule) if learner is not None else {}
    found = []
    how: How
    for span in spans:
        own = next((one for one in latest if one.app == span.app and one.holds(span)), None)
        voted = rule(span)
        if own is not None:
            category, how, chance = own.category, "corrected", 1.0
        elif learner is None:
            category, how, chance = voted or UNKNOWN, "rule", None
        else:
            likely, chance = chances[_traits(span), voted]
            category = likely if chance >= sure else UNKNOWN
            how = "rule" if likely == voted else "learned"
        found.append(
            Told(
                start=span.start,
                end=span.end,
                tz=span.tz,
                app=span.app,
                shown=span.shown,
                category=category,
                how=how,
                chance=chance,
            )
        )
    return found


def _learned(said: Sequence[Correction], rule: Callable[[Span], str]) -> FewLabels | None:
    if not said:
        return None
    rows = []
    for one in said:
        hour = one.hour if one.hour is not None else -1
        span = Span(max(hour, 0) * 3_600_000_000, 0, 0, one.app, one.shown, one.title)
        rows.append(Seen(_traits(span, timed=one.hour is not None), rule(span)))
    return FewLabels(CATEGORIES).fit(rows, [one.category for one in said])


def _chances(
    learner: FewLabels, spans: Iterable[Span], rule: Callable[[Span], str]
) -> dict[tuple[frozenset[tuple[str, str]], str], tuple[str, float]]:
    """The likeliest class of each kind of span, and how likely it is."""
    kinds = list(dict.fromkeys((_traits(span), rule(span)) for span in spans))
    if not kinds:
        return {}
    told = learner.chances([Seen(traits, voted) for traits, voted in kinds])
    best = told.argmax(axis=1)
    return {
        kind: (learner.classes_[at], float(row[at]))
        for kind, at, row in zip(kinds, best.tolist(), told, strict=True)
    }


def _traits(span: Span, *, timed: bool = True) -> frozenset[tuple[str, str]]:
    """What a span has in common with others."""
    words = [span.title] if DIGEST.fullmatch(span.title) else WORDS.findall(span.title.casefold())
    found = {("app", span.app), *(("word", one) for one in words)}
    if span.shown:
        found |= {("shown", span.shown), ("both", f"{span.app} {span.shown}")}
    if timed:
        found.add(("part", f"{span.app} {PARTS[_hour(span) // 6]}"))
    return frozenset(found)


def _hour(span: Span) -> int:
    return (span.start // 60_000_000 + span.tz) // 60 % 24
