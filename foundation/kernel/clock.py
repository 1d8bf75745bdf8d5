"""Time as something that is handed in, never looked up.

The whole system speaks America/New_York. A historical run carries a ``FixedClock`` that
stands at its as-of moment, so running it twice writes the same bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from foundation.kernel.errors import OperatorError

NEW_YORK = ZoneInfo("America/New_York")


class Clock(Protocol):
    """Anything that can say what time it is in New York."""

    def now(self) -> datetime:
        """Return the current moment, aware, in America/New_York."""
        ...


class SystemClock:
    """The wall clock. Used by the journal; never by a stage."""

    def now(self) -> datetime:
        return datetime.now(tz=NEW_YORK)


class FixedClock:
    """A clock that stands still at one moment.

    Raises
    ------
    OperatorError
        If the moment has no time zone.
    """

    def __init__(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise OperatorError(
                "A clock needs an aware moment",
                value=moment,
                remedy="attach America/New_York, e.g. datetime(..., tzinfo=NEW_YORK)",
            )
        self._moment = moment.astimezone(NEW_YORK)

    def now(self) -> datetime:
        return self._moment
