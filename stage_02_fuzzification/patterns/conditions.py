"""Conditions on levels and averages that stage 01 measures: the oldest part of the library.

Sources: golden and death cross, range breakouts and squeezes follow Murphy, *Technical Analysis
of the Financial Markets* (1999), ch. 4, 9 and 10.
"""

from __future__ import annotations

import numpy as np

CROSS_MEMORY = 5
"""Sessions over which a crossing is news."""


def conditions(
    *,
    close: np.ndarray,
    scale: np.ndarray,
    support: np.ndarray,
    resistance: np.ndarray,
    high_gap: np.ndarray,
    low_gap: np.ndarray,
    cross: np.ndarray,
    width_low: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return the match strength of every condition pattern, shape (T, N); NaN where unknown.

    Parameters
    ----------
    close, scale : (T, N)
        Close and volatility scale, in price units.
    support, resistance : (T, N)
        Extremes of the last 20 sessions, this one included; yesterday's are broken today.
    high_gap, low_gap : (T, N)
        Close over the 252-session extreme, minus one.
    cross : (T, N)
        SMA(50) over SMA(200), minus one.
    width_low : (T, N)
        Degree to which the Bollinger width is very low.
    """
    before = slice(None, -1)
    beyond_high = np.full(close.shape, np.nan)
    beyond_low = np.full(close.shape, np.nan)
    # A price that stood still has no scale: any step beyond it is a full break.
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond_high[1:] = (close[1:] - resistance[before]) / scale[before]
        beyond_low[1:] = (support[before] - close[1:]) / scale[before]
        relative = scale / close
        near_high, near_low = 1.0 + high_gap / relative, 1.0 - low_gap / relative
    golden, death = crosses(cross)
    return {
        # Half a scale beyond yesterday's extreme is a full break.
        "breakout": np.clip(beyond_high / 0.5, 0.0, 1.0),
        "breakdown": np.clip(beyond_low / 0.5, 0.0, 1.0),
        # Within one scale of the yearly extreme, fading linearly.
        "yearly high": np.clip(near_high, 0.0, 1.0),
        "yearly low": np.clip(near_low, 0.0, 1.0),
        "golden cross": golden,
        "death cross": death,
        "squeeze": width_low,
    }


def crosses(gap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return golden and death cross strength: 1 on the day of the crossing, fading over a week.

    ``gap`` is the one average over the other, minus 1: upwards through zero is golden.
    """
    golden = np.where(np.isnan(gap), np.nan, 0.0)
    death = golden.copy()
    up = np.zeros(gap.shape, dtype=bool)
    down = np.zeros(gap.shape, dtype=bool)
    up[1:] = (gap[1:] > 0) & (gap[:-1] <= 0)
    down[1:] = (gap[1:] < 0) & (gap[:-1] >= 0)
    for age in range(min(CROSS_MEMORY, gap.shape[0])):
        fade = 1.0 - age / CROSS_MEMORY
        stop = gap.shape[0] - age
        golden[age:][up[:stop]] = np.fmax(golden[age:][up[:stop]], fade)
        death[age:][down[:stop]] = np.fmax(death[age:][down[:stop]], fade)
    return golden, death
