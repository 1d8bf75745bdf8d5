"""Time that passes: what waits, rates and ages are measured by; handed in, so tests never wait."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Protocol

from foundation.kernel import NEW_YORK


class Timekeeper(Protocol):
    """A clock that can also wait."""

    def now(self) -> datetime:
        """Return the current moment, aware, in America/New_York."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass; none if not positive."""
        ...


class SystemTime:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(tz=NEW_YORK)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)
