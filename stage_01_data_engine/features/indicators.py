"""The classic indicators of one instrument over one unbroken stretch of bars.

Every function takes arrays of equal length without a single NaN (one NaN would poison TA-Lib
for ever: RSI turns 0.0, moving averages stay NaN) and returns arrays of that length. A value
is NaN until its window is full, and where its formula divides by zero (a price that stood
still has no RSI). Nothing at position t depends on a later position.

Smoothing "Wilder" means s(t) = s(t-1) + (x(t) - s(t-1)) / n, started by the mean of the first n
values (Wilder, New Concepts in Technical Trading Systems, 1978).
"""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.features.rolling import (
    over_windows,
    realised_volatility,
    rolling_max,
    rolling_min,
    stood_still,
    where_moving,
)


def from_closes(close: np.ndarray) -> dict[str, np.ndarray]:
    """Return the indicators that need closing prices only.

    ================== ========================================================================
    sma_n_gap          close / SMA(n) - 1, fraction, n = 20, 50, 200
    sma_50_200_gap     SMA(50) / SMA(200) - 1, fraction
    rsi_14             Wilder's relative strength index, 0 to 100
    macd_histogram     (MACD(12, 26) - its EMA(9)) / close, fraction (Appel)
    bollinger_b        (close - lower) / (upper - lower), bands at SMA(20) +- 2 population
                       standard deviations; 0 at the lower band, 1 at the upper
    bollinger_width    (upper - lower) / SMA(20), fraction
    roc_10             change over 10 bars, percent
    realised_volatility_20  standard deviation (n - 1) of 20 log returns, times sqrt(252)
    ================== ========================================================================
    """
    import talib

    sma = {n: talib.SMA(close, n) for n in (20, 50, 200)}
    _, _, histogram = talib.MACD(close, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    band = np.where(stood_still(close, close, 20), np.nan, upper - lower)
    return {
        "sma_20_gap": close / sma[20] - 1,
        "sma_50_gap": close / sma[50] - 1,
        "sma_200_gap": close / sma[200] - 1,
        "sma_50_200_gap": sma[50] / sma[200] - 1,
        "rsi_14": where_moving(talib.RSI(close, 14), close, close, 15),
        "macd_histogram": histogram / close,
        "bollinger_b": (close - lower) / band,
        "bollinger_width": (upper - lower) / middle,
        "roc_10": talib.ROC(close, 10),
        "realised_volatility_20": realised_volatility(close, 20),
    }


def from_ranges(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return the indicators that need highs and lows.

    ================== ========================================================================
    atr_20             average true range, Wilder, price units
    stochastic_k       slow %K: SMA(3) of the place of the close in its 14-bar range, 0 to 100
    adx_14             average directional index, Wilder, 0 to 100
    cci_20             commodity channel index (Lambert, 1980)
    williams_r_14      Williams %R, -100 to 0
    ================== ========================================================================
    """
    import talib

    slow_k, _ = talib.STOCH(high, low, close, 14, 3, talib.MA_Type.SMA, 1, talib.MA_Type.SMA)
    return {
        "atr_20": talib.ATR(high, low, close, 20),
        "stochastic_k": where_moving(slow_k, high, low, 14),
        "adx_14": where_moving(talib.ADX(high, low, close, 14), high, low, 28),
        "cci_20": where_moving(talib.CCI(high, low, close, 20), high, low, 20),
        "williams_r_14": where_moving(talib.WILLR(high, low, close, 14), high, low, 14),
    }


def from_volume(
    high: np.ndarray, low: np.ndarray, close: np.ndarray, volume: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the money flow index (0 to 100): RSI weighted by typical price times volume."""
    import talib

    flow = talib.MFI(high, low, close, volume, 14)
    typical = (high + low + close) / 3
    still = stood_still(typical, typical, 15) | (
        over_windows(np.sum, volume[1:], 14, len(volume)) <= 0
    )
    return {"mfi_14": np.where(still, np.nan, flow)}


def from_shares(volume: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``volume_ratio_20``."""
    return {"volume_ratio_20": volume_ratio(volume)}


def scale_of_ranges(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``volatility_scale_20`` of an instrument with highs and lows."""
    return {"volatility_scale_20": volatility_scale(high, low, close)}


def scale_of_closes(_: np.ndarray, __: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``volatility_scale_20`` of an instrument with closes only."""
    return {"volatility_scale_20": volatility_scale_of_closes(close)}


def volume_ratio(volume: np.ndarray) -> np.ndarray:
    """Return volume over its mean of the last 20 bars, this one included; 1 means as usual."""
    mean = over_windows(np.sum, volume, 20) / 20
    return np.divide(volume, mean, out=np.full(len(volume), np.nan), where=mean > 0)


def volatility_scale(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> np.ndarray:
    """Return ATR(20), the yardstick of movements, in price units."""
    import talib

    scale: np.ndarray = talib.ATR(high, low, close, 20)
    return scale


def volatility_scale_of_closes(close: np.ndarray) -> np.ndarray:
    """Return the close-only stand-in for ATR(20): twice the Wilder mean of |close change|.

    For Brownian motion without drift the expected range of a unit of time is
    ``sqrt(8 / pi) sigma`` (Feller, The asymptotic distribution of the range of sums of
    independent random variables, 1951) and the expected absolute change ``sqrt(2 / pi) sigma``:
    their ratio is exactly 2.
    """
    import talib

    before = np.concatenate([close[:1], close[:-1]])
    change: np.ndarray = talib.ATR(np.maximum(close, before), np.minimum(close, before), close, 20)
    return 2 * change


def extremes(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> dict[str, np.ndarray]:
    """Return rolling extremes; hand in closes for highs and lows where there are only closes.

    ``support_20`` / ``resistance_20``: lowest low / highest high of 20 bars, this one included,
    price units. ``high_252_gap`` / ``low_252_gap``: close over the extreme of 252 bars, minus 1.
    """
    return {
        "support_20": rolling_min(low, 20),
        "resistance_20": rolling_max(high, 20),
        "high_252_gap": close / rolling_max(high, 252) - 1,
        "low_252_gap": close / rolling_min(low, 252) - 1,
    }
