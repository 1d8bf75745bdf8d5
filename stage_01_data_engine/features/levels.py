"""Levels: prices that a market has turned at, as distances from the close.

Inputs are unbroken stretches without NaN, outputs have their length. Where an instrument has
closes only, they stand for highs and lows.
"""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.features.rolling import lagged, rolling_max, rolling_min

FIBONACCI: tuple[float, ...] = (0.0, 0.236, 0.382, 0.5, 0.618, 0.786, 1.0)
"""Shares of a range at which retracements are drawn."""

SWING_BARS = 5
"""A swing stands out against this many bars on either side, and is known that many bars later."""

SWING_MEMORY = 120
"""Bars after which a swing is forgotten."""


def from_extremes(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return distances from the range and the swings of the past.

    ===================== =====================================================================
    fibonacci_position_60 (close - lowest low) / (highest high - lowest low) of 60 bars, 0 to 1;
                          NaN where the price stood still
    fibonacci_gap_60      that position less the nearest of 0, 23.6, 38.2, 50, 61.8, 78.6, 100%
    swing_high_gap_120    close / the latest swing high - 1, fraction. A swing high is the highest
                          high of the 5 bars before it, itself and the 5 after it, and counts
                          from the close of the last of them; NaN where there was none on the
                          last 120 bars
    swing_low_gap_120     the same for lows
    ===================== =====================================================================
    """
    top, bottom = rolling_max(high, 60), rolling_min(low, 60)
    place = (close - bottom) / np.where(top > bottom, top - bottom, np.nan)
    middles = (np.array(FIBONACCI[1:]) + np.array(FIBONACCI[:-1])) / 2
    nearest = np.array(FIBONACCI)[np.searchsorted(middles, place)]
    return {
        "fibonacci_position_60": place,
        "fibonacci_gap_60": place - nearest,
        "swing_high_gap_120": close / _last_swing(high, swing_highs(high)) - 1,
        "swing_low_gap_120": close / _last_swing(low, swing_highs(-low)) - 1,
    }


def from_ranges(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return close over the pivot point, (high + low + close) / 3 of the bar before, minus 1."""
    return {"pivot_gap": close / lagged((high + low + close) / 3, 1) - 1}


def swing_highs(high: np.ndarray) -> np.ndarray:
    """Say on which bars a swing high of ``SWING_BARS`` bars before became known, shape (T,) bool.

    Hand in negative lows for swing lows.
    """
    ago = lagged(high, SWING_BARS)
    return np.asarray(ago >= rolling_max(high, 2 * SWING_BARS + 1))


def _last_swing(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the value at the latest swing known, NaN where it is forgotten."""
    at = np.arange(len(values))
    swing = np.maximum.accumulate(np.where(known, at - SWING_BARS, -1)) if len(at) else at
    remembered = (swing >= 0) & (at - swing < SWING_MEMORY)
    return np.where(remembered, values[swing], np.nan)
