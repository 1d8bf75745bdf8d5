"""How far one series moves with another: the slope over a window."""

from __future__ import annotations

import numpy as np

from foundation.timeseries.rolling import rolling_sum


def rolling_slope(x: np.ndarray, y: np.ndarray, window: int, least: float) -> np.ndarray:
    """Return the least-squares slope of ``y`` on ``x`` over the last sessions, shape (T, N).

    Parameters
    ----------
    x, y : float64 arrays that broadcast to (T, N)
        NaN where absent; sessions on which either is absent are left out.
    window : int
        Sessions looked back on.
    least : float
        Pairs that a slope needs.

    Returns
    -------
    float64 array, shape (T, N)
        In units of y per unit of x. NaN before the first full window, with fewer pairs, or where
        ``x`` did not vary.
    """
    x, y = np.broadcast_arrays(x, y)
    both = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(both, x, 0.0), np.where(both, y, 0.0)
    count = rolling_sum(both.astype(float), window)
    with np.errstate(invalid="ignore"):
        n = np.where(count >= least, count, np.nan)
    sum_x, sum_y = rolling_sum(x, window), rolling_sum(y, window)
    xx = rolling_sum(x * x, window) - sum_x**2 / n
    xy = rolling_sum(x * y, window) - sum_x * sum_y / n
    with np.errstate(invalid="ignore"):
        varies = xx > 1e-12 * rolling_sum(x * x, window)
    return np.where(varies, xy / np.where(varies, xx, 1.0), np.nan)
