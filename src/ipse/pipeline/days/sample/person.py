"""What a made-up person does at a screen: sessions of a day, what is in front, and when nobody is there."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

__all__ = ["Day", "Shown", "away", "sessions", "shown"]

MINUTE = 60.0
PAUSE = 3 * MINUTE  # at least, between two sessions


class Shown(NamedTuple):
    """A window in front: seconds after midnight and how long, app and title, and what it really was for."""

    at: float
    seconds: float
    app: str
    title: str
    doing: str


class Day(NamedTuple):
    """A stretch of work: from, to (seconds after midnight) and what it is mostly about."""

    start: float
    end: float
    mood: str


APPS = {
    "code": (("code", "main.py - project - Visual Studio Code"), ("gnome-terminal", "Terminal")),
    "writing": (("libreoffice-writer", "report.odt - LibreOffice Writer"), ("obsidian", "Notes - Obsidian")),
    "numbers": (("libreoffice-calc", "budget.ods - LibreOffice Calc"),),
    "communication": (("thunderbird", "Inbox - Mozilla Thunderbird"), ("slack", "general - Slack")),
    "research": (("firefox", "A paper on arXiv - Mozilla Firefox"), ("zotero", "My Library - Zotero")),
    "study": (("anki", "Deck - Anki"),),
    "media": (("firefox", "A talk - YouTube - Mozilla Firefox"), ("spotify", "Playlist - Spotify")),
    "social": (("firefox", "Front page - Reddit - Mozilla Firefox"),),
    "browsing": (("firefox", "News - Mozilla Firefox"),),
}
"""What each doing looks like. Zotero and Anki are in no rule, and Firefox is for many things."""

MOODS = {
    "deep": {"code": 0.55, "writing": 0.2, "research": 0.2, "numbers": 0.05},
    "desk": {"communication": 0.4, "numbers": 0.15, "writing": 0.15, "code": 0.15, "browsing": 0.15},
    "evening": {"media": 0.4, "social": 0.2, "browsing": 0.2, "study": 0.2},
}
STAYS = {"deep": 24 * MINUTE, "desk": 4 * MINUTE, "evening": 12 * MINUTE}  # median in one doing
GLANCES = {"deep": 2.5, "desk": 5.0, "evening": 2.0}  # short looks at something else, an hour


def sessions(weekday: int, rng: np.random.Generator) -> Iterator[Day]:
    """The stretches of a day in order; ``weekday`` 0 is Monday."""

    def around(hour: float) -> float:
        return hour * 3600 + float(rng.normal(0, 12 * MINUTE))

    planned = []
    if weekday < 5:
        planned.append(Day(around(9.0), around(12.3), "deep"))
        planned.append(Day(around(13.2), around(15.2), "desk"))
        planned.append(Day(around(15.6), around(17.6), "deep" if weekday in (1, 3) else "desk"))
        if rng.random() < 0.7:
            planned.append(Day(around(20.2), around(22.0), "evening"))
    elif rng.random() < 0.75:
        planned.append(Day(around(11.0), around(12.5), "evening"))
        planned.append(Day(around(19.5), around(22.0), "evening"))
    ended = 0.0
    for one in planned:  # nobody is in two places: what begins early waits for what goes on
        start = max(one.start, ended + PAUSE)
        if one.end > start:
            ended = one.end
            yield one._replace(start=start)


def shown(session: Day, rng: np.random.Generator) -> Iterator[Shown]:
    """The windows of a session, one after the other, without gaps."""
    at = session.start
    doings, shares = list(MOODS[session.mood]), list(MOODS[session.mood].values())
    while at < session.end:
        doing = doings[int(rng.choice(len(doings), p=shares))]
        until = min(at + STAYS[session.mood] * float(rng.lognormal(0, 0.5)), session.end)
        while at < until:
            glance = rng.random() < GLANCES[session.mood] / 30
            what = str(rng.choice(["communication", "browsing"])) if glance else doing
            lasts = float(rng.lognormal(np.log(25.0 if glance else 110.0), 0.6))
            lasts = min(max(lasts, 3.0), until - at) if until - at > 3.0 else until - at
            looks = APPS[what]
            app, title = looks[0 if rng.random() < 0.7 else int(rng.integers(len(looks)))]
            yield Shown(at, lasts, app, title, what)
            at += lasts


def away(session: Day, rng: np.random.Generator) -> list[tuple[float, float]]:
    """When nobody is there within a session: a break an hour or so, of some minutes, with work after it."""
    found, at = [], session.start
    while (at := at + float(rng.exponential(70 * MINUTE)) + 10 * MINUTE) < session.end - 10 * MINUTE:
        lasts = float(rng.uniform(4, 11)) * MINUTE
        found.append((at, min(at + lasts, session.end)))
        at += lasts
    return found
