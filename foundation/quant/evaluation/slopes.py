"""Derivatives of proper scores by the forecast: which way it should have been moved.

Each is of a score in ``scores`` that is convex in the forecast as it is written here, so that a
forecast moved against them by enough cannot do worse than one before (Zinkevich 2003, ICML).
NaN where a forecast or an observation is NaN.
"""

from __future__ import annotations

import numpy as np

from foundation.quant.evaluation.scores import qlike


def pinball_slope(
    quantiles: np.ndarray, observed: np.ndarray, levels: tuple[float, ...]
) -> np.ndarray:
    """Return ``1{y < q} - tau`` for each level, (..., Q): a subgradient of ``pinball_loss``."""
    q, y = np.asarray(quantiles, dtype=float), np.asarray(observed, dtype=float)[..., None]
    slope = (y < q) - np.asarray(levels, dtype=float)
    return np.where(np.isfinite(q) & np.isfinite(y), slope, np.nan)


def brier_slope(probability: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """Return ``2 (p - y)``, the derivative of ``brier_score``."""
    return 2 * (np.asarray(probability, dtype=float) - np.asarray(happened, dtype=float))


def qlike_slope(log_volatility: np.ndarray, realised: np.ndarray) -> np.ndarray:
    """Return the derivative of ``qlike`` by the logarithm of the volatility: ``2 (1 - r / v)``.

    Parameters
    ----------
    log_volatility : float array
        In its logarithm QLIKE is convex; ``v`` is the variance ``exp(2 x)``.
    realised : float array
        Realised variance ``r``; NaN where it is not positive, as the score is.
    """
    variance = np.exp(2 * np.asarray(log_volatility, dtype=float))
    scored = np.isfinite(qlike(variance, realised))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(scored, 2 * (1 - np.asarray(realised, dtype=float) / variance), np.nan)
