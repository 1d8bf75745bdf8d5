"""Volume: how many shares changed hands, at which prices, and in whose favour.

Inputs are unbroken stretches without NaN, outputs have their length. NaN until the window is
full and where a formula divides by zero, as it does when nothing was traded.
"""

from __future__ import annotations

import numpy as np

from foundation.timeseries.rolling import rolling_sum
from stage_01_data_engine.features.rolling import rolling_mean, rolling_variance


def from_volume(volume: np.ndarray) -> dict[str, np.ndarray]:
    """Return what volume tells by itself.

    ================= =========================================================================
    volume_z_20       (volume - mean) / standard deviation (n - 1) of 20 bars, this one included
    volume_trend_5_20 mean of 5 bars / mean of 20 - 1, fraction
    ================= =========================================================================
    """
    mean = _positive(rolling_mean(volume, 20))
    spread = _positive(np.sqrt(rolling_variance(volume, 20) * 20 / 19))
    return {
        "volume_z_20": (volume - mean) / spread,
        "volume_trend_5_20": rolling_mean(volume, 5) / mean - 1,
    }


def from_closes(close: np.ndarray, volume: np.ndarray) -> dict[str, np.ndarray]:
    """Return what volume tells beside closing prices.

    ============================ ==============================================================
    obv_ratio_20                 volume of rises less volume of falls over 20 changes, as a share
                                 of their whole volume, -1 to 1: the change of on-balance volume
                                 made free of units
    obv_ema_gap_20               (on-balance volume - its EMA(20)) / mean volume of 20: in days of
                                 ordinary trading. Where the sum begins does not matter
                                 (Granville, 1963)
    dollar_volume_20             log10 of the mean of close times volume over 20, price units
    amihud_20                    mean of |log return| over 20, each per million traded (close
                                 times volume / 10^6); NaN where a bar had no volume (Amihud,
                                 2002, Journal of Financial Markets 5)
    volume_return_correlation_20 correlation of log return and volume over 20 bars, -1 to 1
    ============================ ==============================================================
    """
    import talib

    count = len(close)
    returns, traded = np.diff(np.log(close)), volume[1:]
    signed = rolling_sum(np.sign(returns) * traded, 20, count)
    balance = talib.OBV(close, volume)
    money = close * volume
    illiquid = np.abs(returns) / np.where(money[1:] > 0, money[1:] / 1e6, np.nan)
    return {
        "obv_ratio_20": signed / _positive(rolling_sum(traded, 20, count)),
        "obv_ema_gap_20": (balance - talib.EMA(balance, 20)) / _positive(rolling_mean(volume, 20)),
        "dollar_volume_20": np.log10(_positive(rolling_mean(money, 20))),
        "amihud_20": rolling_mean(illiquid, 20, count),
        "volume_return_correlation_20": _correlation(returns, traded, 20, count),
    }


def from_ranges(
    high: np.ndarray, low: np.ndarray, close: np.ndarray, volume: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what volume tells beside highs, lows and closes.

    ===================== =====================================================================
    vwap_20_gap           close / (typical price weighted by volume over 20 bars) - 1, fraction
    chaikin_money_flow_20 volume weighted by the place of the close in its bar (-1 at the low, 1
                          at the high, 0 for a bar without range), over the volume of 20 bars
    ===================== =====================================================================
    """
    traded = _positive(rolling_sum(volume, 20))
    typical = (high + low + close) / 3
    span = high - low
    place = np.divide(2 * close - high - low, span, out=np.zeros(len(close)), where=span > 0)
    return {
        "vwap_20_gap": close / (rolling_sum(typical * volume, 20) / traded) - 1,
        "chaikin_money_flow_20": rolling_sum(place * volume, 20) / traded,
    }


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)


def _correlation(x: np.ndarray, y: np.ndarray, window: int, length: int) -> np.ndarray:
    """Return the correlation of each full window, NaN where one side does not vary."""
    mean_x, mean_y, both = (rolling_mean(v, window, length) for v in (x, y, x * y))
    spread = rolling_variance(x, window, length) * rolling_variance(y, window, length)
    return np.clip((both - mean_x * mean_y) / np.sqrt(_positive(spread)), -1, 1)
