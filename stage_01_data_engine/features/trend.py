"""Trend: which way prices lean, how straight, and how long they have leaned.

Inputs are unbroken stretches without NaN, outputs have their length. NaN until the window is
full and where a formula divides by zero. "EMA(n)" has the weight 2 / (n + 1) and starts with
the mean of n values.
"""

from __future__ import annotations

import numpy as np

from foundation.timeseries.rolling import rolling_sum
from stage_01_data_engine.features.rolling import lagged, over_windows, stood_still, true_range


def from_closes(close: np.ndarray) -> dict[str, np.ndarray]:
    """Return the trend features that need closing prices only.

    =================== =======================================================================
    ema_n_gap           close / EMA(n) - 1, fraction, n = 12, 26
    macd_line           (EMA(12) - EMA(26)) / close, fraction; both start on bar 26 (Appel)
    macd_signal         EMA(9) of that difference / close, fraction
    trix_15             change of the triple EMA(15) over one bar, percent (Hutson, 1983)
    linear_slope_20     slope of the least-squares line through 20 log closes, per bar
    linear_fit_20       R squared of that line, 0 to 1; NaN where the price stood still
    efficiency_ratio_20 |close - close 20 bars ago| / sum of |changes|, 0 to 1; NaN where the
                        price stood still (Kaufman, Smarter Trading, 1995)
    =================== =======================================================================
    """
    import talib

    line, signal, _ = talib.MACD(close, 12, 26, 9)
    path = rolling_sum(np.abs(np.diff(close)), 20, len(close))
    slope, fit = _line(np.log(close), 20)
    return {
        "ema_12_gap": close / talib.EMA(close, 12) - 1,
        "ema_26_gap": close / talib.EMA(close, 26) - 1,
        "macd_line": line / close,
        "macd_signal": signal / close,
        "trix_15": talib.TRIX(close, 15),
        "linear_slope_20": slope,
        "linear_fit_20": np.where(stood_still(close, close, 20), np.nan, fit),
        "efficiency_ratio_20": np.abs(close - lagged(close, 20)) / np.where(path > 0, path, np.nan),
    }


def from_ranges(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return the trend features that need highs and lows.

    =================== =======================================================================
    plus_di_14          Wilder's +DI: share of the true range that went to higher highs, 0 to 100
    minus_di_14         Wilder's -DI: share that went to lower lows, 0 to 100
    aroon_oscillator_25 100 / 25 times (place of the highest high less place of the lowest low
                        of the last 26 bars), -100 to 100 (Chande, 1995)
    =================== =======================================================================
    """
    import talib

    moved = rolling_sum(true_range(high, low, close), 14, len(close)) > 0
    return {
        "plus_di_14": np.where(moved, talib.PLUS_DI(high, low, close, 14), np.nan),
        "minus_di_14": np.where(moved, talib.MINUS_DI(high, low, close, 14), np.nan),
        "aroon_oscillator_25": talib.AROONOSC(high, low, 25),
    }


def _line(values: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and R squared of the least-squares line through each full window."""
    place = np.arange(window) - (window - 1) / 2
    squares = float(place @ place)
    slope = over_windows(lambda w, axis: np.einsum("ij,j->i", w, place), values, window) / squares
    total = over_windows(np.var, values, window) * window
    fit = slope**2 * squares / np.where(total > 0, total, np.nan)
    return slope, np.minimum(fit, 1.0)
