"""What the quantile model learns to foresee. These look ahead: labels, never features."""

from __future__ import annotations

import numpy as np

from foundation.quant.returns import forward_log_returns, log_returns


def entry_prices(opens: np.ndarray, closes: np.ndarray) -> np.ndarray:
    """Return the price at which a decision of row ``t`` can be carried out, shape (T, N).

    The open of the next session. For a symbol that reports no open at all it is the close of
    row ``t`` itself: such a series can be studied, not traded. NaN in the last row, where the
    next session is not known yet, and where the next open is absent.
    """
    ahead = np.full(closes.shape, np.nan)
    ahead[:-1] = opens[1:]
    return np.where(np.isnan(opens).all(axis=0), closes, ahead)


def returns_from_entry(entry: np.ndarray, closes: np.ndarray, horizon: int) -> np.ndarray:
    """Return ``ln(close[t + horizon] / entry[t])``, shape (T, N); NaN where either is absent."""
    out = np.full(closes.shape, np.nan)
    if len(closes) > horizon:
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(closes > 0, np.log(closes), np.nan)
            out[:-horizon] = logs[horizon:] - np.where(entry > 0, np.log(entry), np.nan)[:-horizon]
    return out


def realised_volatility_ahead(closes: np.ndarray, horizon: int) -> np.ndarray:
    """Return the root of the sum of squared daily log returns of the next sessions, (T, N).

    NaN in the last ``horizon`` rows and where any of these returns is absent.
    """
    squares = log_returns(closes) ** 2
    out = np.full(closes.shape, np.nan)
    if len(closes) > horizon:
        ahead = np.lib.stride_tricks.sliding_window_view(squares[1:], horizon, axis=0)
        out[:-horizon] = np.sqrt(ahead.sum(axis=-1))
    return out


def target_before_stop(
    highs: np.ndarray,
    lows: np.ndarray,
    closes: np.ndarray,
    volatility: np.ndarray,
    horizon: int,
    entry: np.ndarray | None = None,
) -> np.ndarray:
    """Say whether a target one volatility above is touched before a stop one below, (T, N).

    Parameters
    ----------
    highs, lows, closes : float64 arrays, shape (T, N)
        Where a high or low is absent its close stands in, so that a close-only series is
        touched by closes only.
    volatility : float64 array, shape (T, N)
        Forecast volatility of the log return over the horizon at each row: the target is
        ``entry * exp(+volatility)``, the stop ``entry * exp(-volatility)``.
    horizon : int
        Sessions after the row in which a touch counts.
    entry : float64 array, shape (T, N), optional
        Price from which target and stop are measured; the row's close where None.

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
    entry = closes if entry is None else entry
    known = ~np.isnan(forward_log_returns(closes, horizon) + volatility + entry)
    highs = np.where(np.isnan(highs), closes, highs)
    lows = np.where(np.isnan(lows), closes, lows)
    target, stop = entry * np.exp(volatility), entry * np.exp(-volatility)
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
