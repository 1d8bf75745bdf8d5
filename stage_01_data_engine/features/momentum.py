"""Momentum: oscillators beside those that stories speak of.

Inputs are unbroken stretches without NaN, outputs have their length. NaN until the window is
full and where a formula divides by zero.
"""

from __future__ import annotations

import numpy as np

from foundation.timeseries.rolling import rolling_sum
from stage_01_data_engine.features.rolling import (
    any_of_last,
    rolling_max,
    rolling_min,
    stood_still,
    true_range,
)


def from_closes(close: np.ndarray) -> dict[str, np.ndarray]:
    """Return the place of RSI(14) within its own last 14 values, 0 to 100.

    NaN where RSI was the same 14 times, or absent on one of them (Chande & Kroll, The New
    Technical Trader, 1994).
    """
    import talib

    place = np.full(len(close), np.nan)
    rsi = talib.RSI(close, 14)[14:]
    absent = any_of_last(stood_still(close, close, 15), 14)
    if len(rsi):
        top, bottom = rolling_max(rsi, 14), rolling_min(rsi, 14)
        place[14:] = 100 * (rsi - bottom) / np.where(top > bottom, top - bottom, np.nan)
    return {"stochastic_rsi_14": np.where(absent, np.nan, place)}


def from_ranges(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return the oscillators that need highs and lows.

    ====================== ====================================================================
    stochastic_d           SMA(3) of slow %K(14, 3), 0 to 100; NaN where one of the 14-bar
                           ranges in it was zero
    ultimate_oscillator_28 100 (4 a(7) + 2 a(14) + a(28)) / 7, a(n) the sum of n buying pressures
                           (close less the lower of low and close before) over that of n true
                           ranges; NaN where 7 true ranges were zero (Williams, 1985)
    ====================== ====================================================================
    """
    import talib

    _, slow_d = talib.STOCH(high, low, close, 14, 3, talib.MA_Type.SMA, 3, talib.MA_Type.SMA)
    still = any_of_last(stood_still(high, low, 14), 5)
    moved = rolling_sum(true_range(high, low, close), 7, len(close)) > 0
    ultimate = talib.ULTOSC(high, low, close, 7, 14, 28)
    return {
        "stochastic_d": np.where(still, np.nan, slow_d),
        "ultimate_oscillator_28": np.where(moved, ultimate, np.nan),
    }
