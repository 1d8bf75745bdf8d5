"""Sessions and closing times of the New York Stock Exchange (XNYS).

The rules come from ``exchange_calendars``. A calendar is built per decade with explicit
bounds, so that no answer depends on today's date, and is kept for the life of the process
(one decade costs about 0.1 s). Days on which the exchange was closed at short notice
(mourning days, storms) count as known: the calendar is not point-in-time.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from foundation.kernel import NEW_YORK, OperatorError

FIRST_YEAR, LAST_YEAR = 1970, 2049


class _Decade(NamedTuple):
    """Sessions (M8[D]) and closing moments (M8[ns], UTC) of ten years, ascending."""

    days: np.ndarray
    closes: np.ndarray


@lru_cache(maxsize=8)
def _decade(first_year: int) -> _Decade:
    import pandas as pd
    from exchange_calendars.exchange_calendar_xnys import XNYSExchangeCalendar

    calendar = XNYSExchangeCalendar(
        start=pd.Timestamp(first_year, 1, 1), end=pd.Timestamp(first_year + 9, 12, 31)
    )
    return _Decade(
        days=calendar.sessions.to_numpy().astype("M8[D]"),
        closes=calendar.closes.dt.tz_convert(None).to_numpy().astype("M8[ns]"),
    )


def _decade_of(day: date) -> _Decade:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise OperatorError(
            f"The exchange calendar covers the years {FIRST_YEAR} to {LAST_YEAR}",
            value=day.isoformat(),
            remedy="choose a date within them",
        )
    return _decade(day.year // 10 * 10)


def _between(start: date, end: date) -> _Decade:
    if end < start:
        nothing = _decade_of(start)
        return _Decade(nothing.days[:0], nothing.closes[:0])
    _decade_of(start), _decade_of(end)
    decades = [_decade(year) for year in range(start.year // 10 * 10, end.year + 1, 10)]
    days = np.concatenate([d.days for d in decades])
    moments = np.concatenate([d.closes for d in decades])
    inside = slice(
        int(np.searchsorted(days, np.datetime64(start), side="left")),
        int(np.searchsorted(days, np.datetime64(end), side="right")),
    )
    return _Decade(days[inside], moments[inside])


def sessions(start: date, end: date) -> tuple[date, ...]:
    """Return the sessions from ``start`` to ``end``, both included, ascending.

    Raises
    ------
    OperatorError
        If a bound lies outside the years 1970 to 2049.
    """
    return tuple(_between(start, end).days.tolist())


def closes(start: date, end: date) -> np.ndarray:
    """Return the closing moment of each session in ``sessions(start, end)``, M8[ns] in UTC."""
    return _between(start, end).closes


def is_session(day: date) -> bool:
    """Say whether the exchange trades on this date."""
    days = _decade_of(day).days
    at = int(np.searchsorted(days, np.datetime64(day)))
    return at < len(days) and bool(days[at] == np.datetime64(day))


def next_session(day: date) -> date:
    """Return the first session strictly after ``day`` (which need not be a session)."""
    days = _decade_of(day).days
    at = int(np.searchsorted(days, np.datetime64(day), side="right"))
    if at == len(days):
        days, at = _decade_of(date(day.year + 1, 1, 1)).days, 0
    found: date = days[at].item()
    return found


def session_on_or_before(day: date) -> date:
    """Return ``day`` if it is a session, else the last session before it."""
    days = _decade_of(day).days
    at = int(np.searchsorted(days, np.datetime64(day), side="right")) - 1
    if at < 0:
        days = _decade_of(date(day.year - 1, 12, 31)).days
    found: date = days[at].item()
    return found


def sessions_until(last: date, count: int) -> tuple[date, ...]:
    """Return the ``count`` sessions that end with ``last`` (or the session before it)."""
    start = date(max(FIRST_YEAR, last.year - count // 250 - 1), 1, 1)
    return sessions(start, last)[-count:] if count > 0 else ()


def last_session_of_month(year: int, month: int) -> date:
    """Return the last session of a calendar month."""
    days = _decade_of(date(year, month, 1)).days
    inside = days[days.astype("M8[M]") == np.datetime64(f"{year:04d}-{month:02d}")]
    found: date = inside[-1].item()
    return found


def close_of(session: date) -> datetime:
    """Return when a session closes: 16:00 New York, 13:00 on an early close. Aware.

    Raises
    ------
    OperatorError
        If the date is not a session.
    """
    decade = _decade_of(session)
    at = int(np.searchsorted(decade.days, np.datetime64(session)))
    if at == len(decade.days) or decade.days[at] != np.datetime64(session):
        raise OperatorError(
            "Only an exchange session has a close",
            value=session.isoformat(),
            remedy=f"choose a session, e.g. {session_on_or_before(session).isoformat()}",
        )
    seconds = int(decade.closes[at].astype("M8[s]").astype(np.int64))
    return datetime.fromtimestamp(seconds, tz=NEW_YORK)
