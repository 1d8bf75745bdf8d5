"""Flags of market structure: what the calendar says, and what the bars show."""

from __future__ import annotations

import numpy as np

from foundation.kernel import NEW_YORK
from stage_02_fuzzification.events.occurrence import Timeline

STALE_FIELDS: tuple[str, ...] = ("unchanged closes", "no trade", "opening gap")
_EARLY_HOUR = 16


def calendar_flags(line: Timeline) -> dict[str, np.ndarray]:
    """Return what the exchange calendar says of each session, each of shape (T,).

    ``structure|early close``
        1 where the session closes before 16:00 in New York.
    ``structure|weekdays to expiry``
        Weekdays to the monthly expiry of options (the third Friday); 0 on the day itself.
    """
    import pandas as pd

    local = pd.DatetimeIndex(line.closing).tz_localize("UTC").tz_convert(str(NEW_YORK))
    third = np.busday_offset(line.days.astype("M8[M]"), 2, roll="forward", weekmask="Fri")
    following = np.busday_offset(
        line.days.astype("M8[M]") + np.timedelta64(1, "M"), 2, roll="forward", weekmask="Fri"
    )
    expiry = np.where(third >= line.days, third, following)
    return {
        "structure|early close": (local.hour < _EARLY_HOUR).astype(float),
        "structure|weekdays to expiry": np.busday_count(line.days, expiry).astype(float),
    }


def bar_flags(
    opening: np.ndarray, close: np.ndarray, volume: np.ndarray, scale: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what the bars show, each of shape (T, N); NaN where the source reports no such field.

    ``structure|unchanged closes``
        Sessions in a row, this one included, at the same close as the one before; at most 20.
    ``structure|no trade``
        1 where the reported volume is zero.
    ``structure|opening gap``
        Open less the close before, in the volatility scale of the session before.
    """
    same = np.zeros(close.shape, dtype=bool)
    same[1:] = close[1:] == close[:-1]
    running, alive = np.zeros(close.shape), np.ones(close.shape, dtype=bool)
    for lag in range(20):
        shifted = np.zeros_like(same)
        shifted[lag:] = same[: len(same) - lag]
        alive &= shifted
        running += alive
    gap = np.full(close.shape, np.nan)
    gap[1:] = (opening[1:] - close[:-1]) / np.where(scale[:-1] > 0, scale[:-1], np.nan)
    return {
        "structure|unchanged closes": np.where(np.isnan(close), np.nan, running),
        "structure|no trade": np.where(np.isnan(volume), np.nan, (volume == 0).astype(float)),
        "structure|opening gap": gap,
    }
