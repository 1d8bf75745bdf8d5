"""Discrete events as seen from every session: how long since, how long until, how surprising."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from foundation.contracts import MARKET, MarketEvent
from foundation.timeseries import Panel

MINIMUM_HISTORY = 12
"""Past changes needed before a surprise is put in standard deviations."""


def summarise(events: Sequence[MarketEvent], sessions: tuple[date, ...]) -> Panel:
    """Return, per kind of release and session, what was known at that session's close.

    Fields (all NaN where nothing was known):

    ``name|sessions since``
        Sessions since the last published release; 0 on the day it became known.
    ``name|weekdays until``
        Weekdays to the next scheduled release; 1 is tomorrow.
    ``name|surprise``
        Actual minus expected (minus the previous value where nobody published a consensus),
        in standard deviations of the same difference over all earlier releases (at least 12).
    """
    days = np.array(sessions, dtype="M8[D]")
    fields: dict[str, np.ndarray] = {}
    for name in sorted({e.name for e in events if e.symbol == MARKET}):
        mine = sorted((e for e in events if e.name == name), key=lambda e: e.event_time)
        since, surprise = _published([e for e in mine if e.actual is not None], days)
        fields[f"{name}|sessions since"] = since[:, None]
        fields[f"{name}|weekdays until"] = _scheduled(mine, days)[:, None]
        fields[f"{name}|surprise"] = surprise[:, None]
    return Panel.from_fields(sessions, (MARKET,), fields)


def _days(moments: Sequence[MarketEvent], which: str) -> np.ndarray:
    return np.array([getattr(e, which).date() for e in moments], dtype="M8[D]")


def _published(events: list[MarketEvent], days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    absent = np.full(len(days), np.nan)
    if not events:
        return absent, absent.copy()
    known = np.searchsorted(days, _days(events, "known_at"), side="left")
    order = np.argsort(known, kind="stable")
    known = known[order]
    surprises = _surprises([events[i] for i in order])
    last = np.searchsorted(known, np.arange(len(days)), side="right") - 1
    seen = last >= 0
    since = np.where(seen, np.arange(len(days)) - known[np.maximum(last, 0)], np.nan)
    return since, np.where(seen, surprises[np.maximum(last, 0)], np.nan)


def _surprises(events: list[MarketEvent]) -> np.ndarray:
    """Return each release's surprise in standard deviations of the ones before it."""
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
    for i in range(MINIMUM_HISTORY, len(gaps)):
        past = gaps[:i][~np.isnan(gaps[:i])]
        if len(past) >= MINIMUM_HISTORY and past.std() > 0:
            result[i] = gaps[i] / past.std()
    return result


def _scheduled(events: list[MarketEvent], days: np.ndarray) -> np.ndarray:
    """Return weekdays to the next release that was announced by then (holidays count as well).

    A date counts from its announcement on, not because its release is on record today: a run
    that stood at that day could not have known it.
    """
    when, known = _days(events, "event_time"), _days(events, "known_at")
    ahead = (known <= days[:, None]) & (when > days[:, None])
    target = np.where(ahead, when, when.max()).min(axis=1)
    return np.where(ahead.any(axis=1), np.busday_count(days, target), np.nan).astype(float)
