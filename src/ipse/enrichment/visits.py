"""In which order links are looked up: each site in its turn and never faster than it is polite.

While one site has to wait, others are asked; a site that says it is asked too often is left alone for as long
as it says, or for the rest of the run.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from ipse.enrichment.results import LookedUp, NotFound
from ipse.enrichment.sites import Site, site_for
from ipse.enrichment.web import Web
from ipse.errors import EnrichmentError

__all__ = ["Visits"]

REFUSALS: Final = 3  # failures in a row after which a host is left alone for this run


class Visits:
    """Looks up links, each host at most once in ``seconds``; ``sleep`` and ``clock`` are for tests."""

    def __init__(
        self,
        web: Web,
        *,
        seconds: float,
        known: Sequence[Site],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._web, self._seconds, self._sleep, self._clock = web, seconds, sleep, clock
        self._sites = known
        self._next: dict[str, float] = {}
        self._failed: dict[str, int] = {}

    def look_up(self, urls: Iterable[str]) -> Iterator[LookedUp]:
        """What is behind each link, in the order in which it is found out."""
        waiting: dict[str, deque[str]] = {}
        for url in dict.fromkeys(urls):
            waiting.setdefault(_host(url), deque()).append(url)
        while waiting:
            host = min(waiting, key=lambda name: self._next.get(name, 0.0))
            pause = self._next.get(host, 0.0) - self._clock()
            if pause > 0:
                self._sleep(pause)
            yield self._one(waiting[host].popleft(), host)
            if not waiting[host]:
                del waiting[host]

    def _one(self, url: str, host: str) -> LookedUp:
        now = datetime.now(UTC)
        site = site_for(url, self._sites)
        if site is None:
            return NotFound(url=url, reason="no address of the web", at=now)
        if self._failed.get(host, 0) >= REFUSALS:
            return NotFound(url=url, reason="its site did not answer before", again=True, at=now)
        try:
            found = site.look_up(url, self._web, now)
        except EnrichmentError as error:
            found = NotFound(url=url, reason=error.message, again=error.again, at=now)
        refused = isinstance(found, NotFound) and found.again
        self._failed[host] = self._failed.get(host, 0) + 1 if refused else 0
        self._next[host] = self._clock() + self._seconds * (1 + 4 * self._failed[host])
        return found


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
