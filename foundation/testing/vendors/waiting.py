"""Time that passes only when someone waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from foundation.kernel import NEW_YORK


class ManualTime:
    """A ``Timekeeper`` for tests: ``sleep`` returns at once and moves the clock on.

    Attributes
    ----------
    waits : list of float
        Every wait asked for, in seconds.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime(2019, 1, 2, 9, 30, tzinfo=NEW_YORK)
        self._passed, self._lock = 0.0, Lock()
        self.waits: list[float] = []

    def now(self) -> datetime:
        # Seconds are counted in UTC: an hour over a change to daylight saving is an hour.
        moved = self._now.timestamp() + self._passed
        return datetime.fromtimestamp(moved, tz=NEW_YORK)

    def monotonic(self) -> float:
        return 1_000.0 + self._passed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self._passed += max(0.0, seconds)

    def advance(self, delta: timedelta) -> None:
        """Let time pass without anyone waiting."""
        with self._lock:
            self._passed += delta.total_seconds()
