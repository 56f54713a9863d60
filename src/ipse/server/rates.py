"""How often one may ask: a moving window a token, and a narrow one for signing in."""

import time
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from ipse.errors import BusyError, SettingsError

__all__ = ["Rates"]

SIGN_IN: Final = "30/minute"  # of one address; passphrases have a longer wait of their own


class Rates:
    """Counts, in memory; raises ``SettingsError`` for a rate that is none."""

    def __init__(self, rate: str) -> None:
        try:
            self._each = parse(rate)
        except ValueError as error:
            raise SettingsError(
                f"service.rate: `{rate}` is no rate.", hint="Write for example `rate: 1200/minute`."
            ) from error
        self._sign_in = parse(SIGN_IN)
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def count(self, token: str) -> None:
        """One more request of a token; raises ``BusyError`` past its rate."""
        self._hit(self._each, "token", token)

    def count_sign_in(self, address: str) -> None:
        """One more try to sign in from an address; raises ``BusyError`` past the rate."""
        self._hit(self._sign_in, "sign-in", address)

    def _hit(self, rate: RateLimitItem, *who: str) -> None:
        if self._windows.hit(rate, *who):
            return
        due = self._windows.get_window_stats(rate, *who).reset_time - time.time()
        raise BusyError("Asked too often.", hint=f"At most {rate}.", after=max(1.0, due))
