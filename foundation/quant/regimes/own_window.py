"""Four market regimes by rule, on past data only, with probabilities that sum to one.

Three statistics are measured on a common scale (about standard normal for a random walk of
constant volatility), and a softmax over them names the regime:

- trending: ``(|z| - E|Z|) / sd|Z|`` with ``z`` the t-statistic of the mean return over
  ``trend_window`` sessions and ``Z`` standard normal;
- mean-reverting: minus the z-statistic of the variance ratio ``VR(q)`` over
  ``reversal_window`` sessions (Lo & MacKinlay 1988, "Stock market prices do not follow random
  walks", RFS 1, eqs 12-14, homoskedastic form);
- volatile: the normal quantile of the rank of present volatility within its own past
  ``stress_window`` sessions (van der Waerden score);
- choppy: a constant, ``choppy_score``: directionless, without reversal and without stress,
  that is, nothing else stands out.

It is a description by rule, not a fitted model: there is no truth to be right about except on
simulated markets, where the tests hold it against planted regimes.
"""

from __future__ import annotations

import math

import numpy as np

from foundation.quant.settings import OwnWindowSettings

MEAN_ABS_NORMAL = math.sqrt(2 / math.pi)
SD_ABS_NORMAL = math.sqrt(1 - 2 / math.pi)
STILL = 1e-12
"""A deviation of returns at or below this is rounding: prices stood still."""


def own_window_probabilities(returns: np.ndarray, settings: OwnWindowSettings) -> np.ndarray:
    """Return regime probabilities, shape (T, N, 4), in the order of ``REGIMES``.

    Parameters
    ----------
    returns : float64 array, shape (T, N)
        Log returns; NaN where absent. Row ``t`` of the answer uses rows ``<= t``.

    Notes
    -----
    NaN where any of the statistics lacks a full window of returns or where prices stood still
    over it, and where the row's own return is absent. A session without a return is skipped:
    windows count a symbol's own returns.
    """
    own, order = _known_first(np.asarray(returns, dtype=float))
    scores = np.stack(
        [
            trend_score(own, settings.trend_window),
            reversal_score(own, settings.reversal_window, settings.reversal_lag),
            np.full(own.shape, settings.choppy_score),
            stress_score(own, settings.volatility_window, settings.stress_window),
        ],
        axis=-1,
    )
    weights = settings.sharpness * scores
    weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    probabilities = np.empty_like(weights)
    np.put_along_axis(probabilities, order[..., None], weights, axis=0)
    probabilities[np.isnan(returns)] = np.nan
    return probabilities


def trend_score(returns: np.ndarray, window: int) -> np.ndarray:
    """Return the standardised strength of the drift, either way, shape (T, N)."""
    mean, deviation = _moments(returns, window)
    z = np.abs(mean) / deviation * math.sqrt(window)
    return (z - MEAN_ABS_NORMAL) / SD_ABS_NORMAL


def reversal_score(returns: np.ndarray, window: int, lag: int) -> np.ndarray:
    """Return minus the z-statistic of the variance ratio, shape (T, N).

    ``VR = var(sum of q returns) / (q * var(return))`` over overlapping sums within the window;
    its variance under a random walk is about ``2 (2q - 1)(q - 1) / (3 q n)``. Positive: moves
    tend to be undone.
    """
    sums = np.full(returns.shape, np.nan)
    if len(returns) >= lag:
        sums[lag - 1 :] = np.lib.stride_tricks.sliding_window_view(returns, lag, axis=0).sum(-1)
    _, single = _moments(returns, window)
    _, several = _moments(sums, window - lag + 1)
    ratio = several**2 / (lag * single**2)
    error = math.sqrt(2 * (2 * lag - 1) * (lag - 1) / (3 * lag * window))
    return -(ratio - 1) / error


def stress_score(returns: np.ndarray, window: int, past: int) -> np.ndarray:
    """Return the normal quantile of volatility's rank in its own past, shape (T, N).

    Rank ``k`` of ``n`` values (ties share their mean rank) becomes the quantile of
    ``(k - 1/2) / n``, so that it stays finite.
    """
    import pandas as pd
    from scipy.special import ndtri

    _, volatility = _moments(returns, window)
    rank = pd.DataFrame(volatility).rolling(past).rank().to_numpy()
    return ndtri((rank - 0.5) / past)


def _moments(values: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and sample deviation of the last values; NaN where nothing varies."""
    import pandas as pd

    rolling = pd.DataFrame(values).rolling(window)
    deviation = rolling.std().to_numpy()
    return rolling.mean().to_numpy(), np.where(deviation > STILL, deviation, np.nan)


def _known_first(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move each symbol's known values to the front, in order, and say where they came from.

    A symbol's own time: its windows then count its own returns, whatever sessions it missed.
    """
    order = np.argsort(np.isnan(values), axis=0, kind="stable")
    return np.take_along_axis(values, order, axis=0), order
