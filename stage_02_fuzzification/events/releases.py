"""Market-wide releases: how long since, how long until, how surprising."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from foundation.contracts import MARKET, MarketEvent
from foundation.timeseries import Panel
from stage_02_fuzzification.events.occurrence import (
    Timeline,
    at_last,
    occurred,
    sessions_since,
    surprises,
    weekdays_until,
)

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
    line = Timeline.of(sessions)
    fields: dict[str, np.ndarray] = {}
    for name, mine in releases(events).items():
        told, at = occurred([e for e in mine if e.actual is not None], line)
        count = len(line.days)
        fields[f"{name}|sessions since"] = sessions_since(at, count)[:, None]
        fields[f"{name}|weekdays until"] = weekdays_until(mine, line)[:, None]
        surprise = at_last(at, surprises(told, MINIMUM_HISTORY), count)
        fields[f"{name}|surprise"] = surprise[:, None]
    return Panel.from_fields(sessions, (MARKET,), fields)


def releases(events: Sequence[MarketEvent]) -> dict[str, list[MarketEvent]]:
    """Return the market-wide releases by name, in alphabetical order, each in order of time."""
    found: dict[str, list[MarketEvent]] = {}
    for event in events:
        if event.symbol == MARKET and event.kind == "economic release":
            found.setdefault(event.name, []).append(event)
    return {name: sorted(found[name], key=lambda e: e.event_time) for name in sorted(found)}
