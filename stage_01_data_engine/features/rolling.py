"""Windows over one unbroken stretch of bars: what every feature module stands on.

Each result has the length asked for and is NaN until its window is full. It depends on the
bars of its window and on nothing else, so that the last bars of a stretch give the same
numbers as the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foundation.timeseries.rolling import rolling_sum

SESSIONS_PER_YEAR = 252


def windows(values: np.ndarray, window: int) -> np.ndarray:
    """Return every full window of a 1-D array as a read-only view, shape (T - window + 1, window).

    What ``numpy.lib.stride_tricks.sliding_window_view`` returns, in a twentieth of its overhead,
    which over five hundred symbols is what time goes to.
    """
    values = np.ascontiguousarray(values)
    step = values.itemsize
    shape = (len(values) - window + 1, window)
    view: np.ndarray = np.ndarray(shape, values.dtype, values.data, 0, (step, step))
    view.flags.writeable = False
    return view


def over_windows(
    reduce: Callable[..., np.ndarray], values: np.ndarray, window: int, length: int | None = None
) -> np.ndarray:
    """Return ``reduce(windows, axis=1)`` of each full window.

    ``length`` is that of the answer, by default that of ``values``. A shorter input, as
    changes from bar to bar are, is aligned to the end.
    """
    length = len(values) if length is None else length
    out = np.full(length, np.nan)
    if len(values) >= window:
        # NumPy sums a lone window in another order than several: with a second one, which is
        # dropped, a value's last bit does not depend on how many bars follow.
        lone = len(values) == window
        found = reduce(windows(np.append(values, values[-1]) if lone else values, window), axis=1)
        found = found[:1] if lone else found
        out[length - len(found) :] = found
    return out


def rolling_mean(values: np.ndarray, window: int, length: int | None = None) -> np.ndarray:
    """Return the mean of each full window."""
    return rolling_sum(values, window, length) / window


def rolling_max(values: np.ndarray, window: int) -> np.ndarray:
    """Return the maximum of each full window."""
    import talib

    if len(values) < window:
        return np.full(len(values), np.nan)
    rolled: np.ndarray = talib.MAX(values, window)
    return rolled


def rolling_min(values: np.ndarray, window: int) -> np.ndarray:
    """Return the minimum of each full window."""
    import talib

    if len(values) < window:
        return np.full(len(values), np.nan)
    rolled: np.ndarray = talib.MIN(values, window)
    return rolled


def realised_volatility(close: np.ndarray, window: int) -> np.ndarray:
    """Return the standard deviation (n - 1) of the last log returns, times sqrt(252)."""
    deviation = over_windows(_deviation, np.diff(np.log(close)), window, len(close))
    return deviation * np.sqrt(SESSIONS_PER_YEAR)


def rolling_variance(values: np.ndarray, window: int, length: int | None = None) -> np.ndarray:
    """Return the population variance of each full window, from sums of values and squares.

    Zero where it is less than 1e-12 of the mean square: what is left there is rounding.
    """
    mean = rolling_mean(values, window, length)
    square = rolling_mean(values * values, window, length)
    variance = square - mean * mean
    return np.where(variance > 1e-12 * square, variance, 0 * square)


def true_range(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> np.ndarray:
    """Return max(high, close before) - min(low, close before) from the second bar on."""
    return np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])


def stood_still(high: np.ndarray, low: np.ndarray, window: int) -> np.ndarray:
    """Say whether no price of the window differs from any other."""
    return np.asarray(rolling_max(high, window) <= rolling_min(low, window))


def where_moving(values: np.ndarray, high: np.ndarray, low: np.ndarray, window: int) -> np.ndarray:
    """Return the values, NaN where the price stood still over the window."""
    return np.where(stood_still(high, low, window), np.nan, values)


def any_of_last(flags: np.ndarray, window: int) -> np.ndarray:
    """Say whether a flag was up on any of the last ``window`` bars."""
    seen = np.concatenate([[0], np.cumsum(flags)])
    begin = np.maximum(np.arange(len(flags)) + 1 - window, 0)
    return np.asarray(seen[1:] > seen[begin])


def lagged(values: np.ndarray, bars: int) -> np.ndarray:
    """Return the value ``bars`` bars ago; NaN on the first ones."""
    out = np.full(len(values), np.nan)
    if bars < len(values):
        out[bars:] = values[: len(values) - bars]
    return out


def _deviation(windows: np.ndarray, axis: int) -> np.ndarray:
    return np.asarray(windows.std(axis=axis, ddof=1))
