"""What the quantile model learns to foresee. These look ahead: labels, never features."""

from __future__ import annotations

import numpy as np

from foundation.quant.returns import forward_log_returns


def standardised_returns(closes: np.ndarray, volatility: np.ndarray, horizon: int) -> np.ndarray:
    """Return the log return over the horizon in units of its forecast volatility, (T, N).

    Close to close: row ``t`` is ``ln(close[t + horizon] / close[t]) / volatility[t]``. NaN in
    the last ``horizon`` rows and where a close or the volatility is absent.
    """
    return forward_log_returns(closes, horizon) / volatility


def target_before_stop(
    highs: np.ndarray, lows: np.ndarray, closes: np.ndarray, volatility: np.ndarray, horizon: int
) -> np.ndarray:
    """Say whether a target one volatility above is touched before a stop one below, (T, N).

    Parameters
    ----------
    highs, lows, closes : float64 arrays, shape (T, N)
        Where a high or low is absent its close stands in, so that a close-only series is
        touched by closes only.
    volatility : float64 array, shape (T, N)
        Forecast volatility of the log return over the horizon at each row: the target is
        ``close * exp(+volatility)``, the stop ``close * exp(-volatility)``.
    horizon : int
        Sessions after the row in which a touch counts.

    Returns
    -------
    float64 array, shape (T, N)
        1 where the target came first, 0 where the stop came first, where both fell into one
        bar (the order within a bar is unknown, so the worse one counts) and where neither was
        touched; NaN where the label is not known: in the last ``horizon`` rows, or without
        close, volatility or the close that ends the horizon.

    References
    ----------
    The triple-barrier label of Lopez de Prado (2018), Advances in Financial Machine Learning,
    section 3.4, with the vertical barrier counted as a miss.
    """
    known = ~np.isnan(forward_log_returns(closes, horizon)) & ~np.isnan(volatility)
    highs = np.where(np.isnan(highs), closes, highs)
    lows = np.where(np.isnan(lows), closes, lows)
    target, stop = closes * np.exp(volatility), closes * np.exp(-volatility)
    undecided, hit = known.copy(), np.zeros(closes.shape)
    last = len(closes) - horizon
    for ahead in range(1, horizon + 1):
        rows = slice(ahead, ahead + max(last, 0))
        open_ = undecided[: max(last, 0)]
        stopped = open_ & (lows[rows] <= stop[: max(last, 0)])
        reached = open_ & ~stopped & (highs[rows] >= target[: max(last, 0)])
        hit[: max(last, 0)][reached] = 1.0
        open_[stopped | reached] = False
    return np.where(known, hit, np.nan)
