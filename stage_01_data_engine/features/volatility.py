"""Volatility: how much prices move, by which estimator, and against their own past.

Inputs are unbroken stretches without NaN, outputs have their length. NaN until the window is
full and where a formula divides by zero. Annualised by sqrt(252).
"""

from __future__ import annotations

import numpy as np

from foundation.timeseries.rolling import rolling_sum
from stage_01_data_engine.features.rolling import (
    SESSIONS_PER_YEAR,
    over_windows,
    realised_volatility,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_variance,
    true_range,
)


def from_closes(close: np.ndarray) -> dict[str, np.ndarray]:
    """Return the volatility features that need closing prices only.

    ========================= =================================================================
    realised_volatility_60    standard deviation (n - 1) of 60 log returns, annualised
    downside_volatility_20    root of the mean of min(log return, 0) squared over 20, annualised
                              (semideviation about zero; Markowitz, 1959)
    volatility_ratio_20_60    realised volatility of 20 over that of 60 bars; NaN where the
                              price stood still for 60
    volatility_percentile_252 share of the last 252 realised volatilities (20) that are not above
                              the latest, 1/252 to 1
    return_skewness_60        third central moment over the cubed population standard deviation
                              of 60 log returns; NaN where they are all equal
    ========================= =================================================================
    """
    count = len(close)
    returns = np.diff(np.log(close))
    short = realised_volatility(close, 20)
    variance, skewness = _moments(returns, 60, count)
    long = np.sqrt(variance * 60 / 59 * SESSIONS_PER_YEAR)
    semivariance = rolling_mean(np.minimum(returns, 0) ** 2, 20, count)
    return {
        "realised_volatility_60": long,
        "downside_volatility_20": np.sqrt(semivariance * SESSIONS_PER_YEAR),
        "volatility_ratio_20_60": short / np.where(long > 0, long, np.nan),
        "volatility_percentile_252": over_windows(_percentile, short[20:], 252, count),
        "return_skewness_60": skewness,
    }


def from_ranges(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return the volatility features that need highs and lows.

    ======================= ===================================================================
    atr_14_ratio            Wilder's average true range (14) / close, fraction
    parkinson_volatility_20 root of the mean of ln(high / low)^2 / (4 ln 2) over 20, annualised
                            (Parkinson, 1980, Journal of Business 53)
    choppiness_14           100 log10(sum of 14 true ranges / (highest high - lowest low)) /
                            log10(14); NaN where the price stood still. The first true range
                            reaches to the close before the window (Dreiss)
    ======================= ===================================================================
    """
    import talib

    count = len(close)
    span = rolling_max(high, 14) - rolling_min(low, 14)
    path = rolling_sum(true_range(high, low, close), 14, count)
    squares = rolling_mean(np.log(high / low) ** 2, 20)
    return {
        "atr_14_ratio": talib.ATR(high, low, close, 14) / close,
        "parkinson_volatility_20": np.sqrt(squares / (4 * np.log(2)) * SESSIONS_PER_YEAR),
        "choppiness_14": 100 * np.log10(path / np.where(span > 0, span, np.nan)) / np.log10(14),
    }


def from_bars(
    opened: np.ndarray, high: np.ndarray, low: np.ndarray, close: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the estimator of Garman and Klass over 20 bars, annualised.

    Root of the mean of ``ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2``; a negative
    mean, which single bars can give, counts as zero (Garman & Klass, 1980, Journal of Business
    53).
    """
    terms = np.log(high / low) ** 2 / 2 - (2 * np.log(2) - 1) * np.log(close / opened) ** 2
    variance = np.maximum(rolling_mean(terms, 20), 0)
    return {"garman_klass_volatility_20": np.sqrt(variance * SESSIONS_PER_YEAR)}


def _percentile(windows: np.ndarray, axis: int) -> np.ndarray:
    # Counted in bytes: 252 fits, and it is four times as fast as a mean of booleans.
    below = np.add.reduce((windows <= windows[:, -1:]).view(np.uint8), axis=axis, dtype=np.uint8)
    return np.asarray(below / windows.shape[axis])


def _moments(returns: np.ndarray, window: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return population variance and skewness of each full window.

    From sums of powers: returns are small and their mean is smaller, so that little cancels.
    """
    squares = returns * returns
    first = rolling_mean(returns, window, length)
    second = rolling_mean(squares, window, length)
    third = rolling_mean(squares * returns, window, length)
    variance = rolling_variance(returns, window, length)
    centred = third - 3 * first * second + 2 * first**3
    return variance, centred / np.where(variance > 0, variance, np.nan) ** 1.5
