"""When an event counts: the first session at whose close it had happened and was known.

What comes out after a close belongs to the next session, so a headline of the evening and one
that carries only a date (known from the next opening on) never reach back into the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import numpy as np

from foundation.contracts import MarketEvent
from foundation.kernel import NEW_YORK
from foundation.market import closes
from foundation.market import sessions as exchange_sessions

CLOSE = time(16, 0)


@dataclass(frozen=True)
class Timeline:
    """The sessions of a window with their closing moments.

    Attributes
    ----------
    days : M8[D] array, shape (T,)
    closing : M8[ns] array, shape (T,)
        In UTC. A day on which the exchange does not trade counts until 16:00 in New York.
    """

    days: np.ndarray
    closing: np.ndarray

    @classmethod
    def of(cls, sessions: Sequence[date]) -> Timeline:
        days = np.array(sessions, dtype="M8[D]")
        if not len(days):
            return cls(days, days.astype("M8[ns]"))
        plain = _utc([datetime.combine(day, CLOSE, NEW_YORK) for day in sessions])
        known = np.array(exchange_sessions(sessions[0], sessions[-1]), dtype="M8[D]")
        official = closes(sessions[0], sessions[-1])
        at = np.clip(np.searchsorted(known, days), 0, max(len(known) - 1, 0))
        trades = known[at] == days if len(known) else np.zeros(len(days), bool)
        return cls(days, np.where(trades, official[at] if len(known) else plain, plain))

    def session_of(self, moments: Sequence[datetime]) -> np.ndarray:
        """Return the first session whose close is not before each moment, int (K,).

        Moments before the window count weekdays backwards from its first session (-1 and
        less); those after its last close give T.
        """
        if not moments or not len(self.days):
            return np.zeros(len(moments), dtype=int)
        found = np.searchsorted(self.closing, _utc(moments), side="left")
        dates = np.array([m.astimezone(NEW_YORK).date() for m in moments], dtype="M8[D]")
        early = dates < self.days[0]
        before = -np.busday_count(np.where(early, dates, self.days[0]), self.days[0])
        # The eve's evening belongs to the first session.
        evening = np.array([m.astimezone(NEW_YORK).time() > CLOSE for m in moments])
        return np.where(early, np.minimum(before + evening, 0), found)


def _utc(moments: Sequence[datetime]) -> np.ndarray:
    return np.array([m.astimezone(UTC).replace(tzinfo=None) for m in moments], dtype="M8[ns]")


def occurred(events: Sequence[MarketEvent], line: Timeline) -> tuple[list[MarketEvent], np.ndarray]:
    """Return the events in order of the session at which each had happened and was known.

    Returns
    -------
    events : list of MarketEvent
    sessions : int array
        Ascending; T for what has not happened by the end of the window.
    """
    events = sorted(events, key=lambda e: (e.known_at, e.event_time))
    known = line.session_of([e.known_at for e in events])
    happened = line.session_of([e.event_time for e in events])
    at = np.maximum(known, happened)
    order = np.argsort(at, kind="stable")
    return [events[i] for i in order], at[order]


def sessions_since(at: np.ndarray, count: int) -> np.ndarray:
    """Return, for each of ``count`` sessions, how long ago the last of ``at`` was; NaN if never."""
    last = np.searchsorted(at, np.arange(count), side="right") - 1
    if not len(at):
        return np.full(count, np.nan)
    return np.where(last >= 0, np.arange(count) - at[np.maximum(last, 0)], np.nan)


def at_last(at: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Return the value of the last event at each session; NaN before the first."""
    if not len(at):
        return np.full(count, np.nan)
    last = np.searchsorted(at, np.arange(count), side="right") - 1
    return np.where(last >= 0, values[np.maximum(last, 0)], np.nan)


def per_session(at: np.ndarray, count: int) -> np.ndarray:
    """Return how many of ``at`` fall on each session, float (count,)."""
    inside = at[(at >= 0) & (at < count)]
    return np.bincount(inside, minlength=count).astype(float)


def weekdays_until(events: Sequence[MarketEvent], line: Timeline) -> np.ndarray:
    """Return weekdays to the next event that was announced by then (holidays count as well).

    A date counts from its announcement on, not because the event is on record today: a run that
    stood at that day could not have known it. What comes after 16:00 is due on the next weekday.
    """
    if not events:
        return np.full(len(line.days), np.nan)
    known = line.session_of([e.known_at for e in events])
    local = [e.event_time.astimezone(NEW_YORK) for e in events]
    due = np.array([m.date() for m in local], dtype="M8[D]")
    evening = np.array([m.time() > CLOSE for m in local])
    due = np.where(evening, np.busday_offset(due, 1, roll="backward"), due)
    ahead = (known <= np.arange(len(line.days))[:, None]) & (due > line.days[:, None])
    target = np.where(ahead, due, due.max()).min(axis=1)
    return np.where(ahead.any(axis=1), np.busday_count(line.days, target), np.nan).astype(float)


def surprises(events: Sequence[MarketEvent], minimum: int) -> np.ndarray:
    """Return each event's surprise in standard deviations of those before it, (K,).

    The surprise is actual less expected, or less the previous value where nobody published a
    consensus. NaN with fewer than ``minimum`` earlier ones, or where they never varied.
    """
    gaps = np.array(
        [
            np.nan
            if (reference := e.expected if e.expected is not None else e.previous) is None
            or e.actual is None
            else e.actual - reference
            for e in events
        ]
    )
    result = np.full(len(gaps), np.nan)
    for i in range(minimum, len(gaps)):
        past = gaps[:i][~np.isnan(gaps[:i])]
        if len(past) >= minimum and past.std() > 0:
            result[i] = gaps[i] / past.std()
    return result
