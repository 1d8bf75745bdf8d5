"""How many requests a vendor allows in how much time: pyrate-limiter's sliding window."""

from __future__ import annotations

from pydantic import Field

from foundation.connect.timekeeper import Timekeeper
from foundation.kernel import OperatorError
from foundation.kernel.model import Part


class Rate(Part):
    """At most ``requests`` in any ``seconds``."""

    requests: int = Field(ge=1)
    seconds: float = Field(gt=0)


class RateLimiter:
    """Lets requests pass at a vendor's rates; the others wait their turn.

    Parameters
    ----------
    rates : tuple of Rate
        All hold at once, e.g. two a second and a hundred a minute. None: no limit.

    Raises
    ------
    OperatorError
        If one of two rates is implied by the other.
    """

    def __init__(self, rates: tuple[Rate, ...], timekeeper: Timekeeper) -> None:
        from pyrate_limiter import InMemoryBucket
        from pyrate_limiter import Rate as Window

        self._timekeeper = timekeeper
        ordered = sorted(rates, key=lambda rate: rate.seconds)
        windows = [Window(rate.requests, round(rate.seconds * 1000)) for rate in ordered]
        try:
            self._bucket = InMemoryBucket(windows) if windows else None
        except ValueError as error:
            raise OperatorError(
                "Longer windows allow more requests, at a lower rate",
                value=[f"{rate.requests} in {rate.seconds:g} s" for rate in ordered],
                remedy="leave out the rate that the other one implies",
            ) from error

    def wait(self) -> float:
        """Return once a request may go out; the seconds that were waited."""
        from pyrate_limiter import RateItem

        if self._bucket is None:
            return 0.0
        began = self._timekeeper.monotonic()
        while True:
            now = int(self._timekeeper.monotonic() * 1000)
            self._bucket.leak(now)
            item = RateItem("request", now)
            if self._bucket.put(item):
                return self._timekeeper.monotonic() - began
            wait = self._bucket.waiting(item)
            assert isinstance(wait, int), "a synchronous bucket answers at once"
            # One millisecond more: the window is counted in whole milliseconds.
            self._timekeeper.sleep((max(wait, 0) + 1) / 1000)
