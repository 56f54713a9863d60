"""How often one may ask: a moving window a token, and a narrow one for signing in."""

import time
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

from ipse.errors import BusyError, SettingsError

__all__ = ["Rates"]

SIGN_IN: Final = "30/minute"  # of one address; passphrases have a longer wait of their own


class Rates:
    """Counts, in memory; raises ``SettingsError`` for a rate that is none."""

    def __init__(self, rate: str, pushing: str) -> None:
        self._each = _parsed("rate", rate, "1200/minute")
        self._pushing = _parsed("push_rate", pushing, "5000/second")
        self._sign_in = parse(SIGN_IN)
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._counts = FixedWindowRateLimiter(MemoryStorage())  # a number, not a list of thousands of times

    def count(self, token: str) -> None:
        """One more request of a token; raises ``BusyError`` past its rate."""
        self._hit(self._each, "token", token)

    def count_pushing(self, token: str) -> None:
        """One more request of a token that pushes events: each is small, and what waits is bounded."""
        if not self._counts.hit(self._pushing, "pushing", token):
            raise BusyError(
                "Pushed too often.", hint=f"At most {self._pushing}; send several at once.", after=1.0
            )

    def count_sign_in(self, address: str) -> None:
        """One more try to sign in from an address; raises ``BusyError`` past the rate."""
        self._hit(self._sign_in, "sign-in", address)

    def _hit(self, rate: RateLimitItem, *who: str) -> None:
        if self._windows.hit(rate, *who):
            return
        due = self._windows.get_window_stats(rate, *who).reset_time - time.time()
        raise BusyError("Asked too often.", hint=f"At most {rate}.", after=max(1.0, due))


def _parsed(name: str, rate: str, example: str) -> RateLimitItem:
    try:
        return parse(rate)
    except ValueError as error:
        raise SettingsError(
            f"service.{name}: `{rate}` is no rate.", hint=f"Write for example `{name}: {example}`."
        ) from error
