"""Proper scoring rules, all negatively oriented: smaller is better.

Categories are ordered codes ``0 .. K-1``; distributions lie on the last axis. A NaN in a
forecast or an observation gives a NaN score, so a pair that cannot be scored stays visible.

References: Gneiting & Raftery (2007), "Strictly proper scoring rules, prediction, and
estimation", JASA 102; Epstein (1969), "A scoring system for probability forecasts of ranked
categories", J. Appl. Meteor. 8; Murphy (1971), "A note on the ranked probability score",
J. Appl. Meteor. 10; Brier (1950), Mon. Wea. Rev. 78; Patton (2011), "Volatility forecast
comparison using imperfect volatility proxies", J. Econometrics 160.
"""

from __future__ import annotations

import numpy as np

from foundation.kernel import ModelError, OperatorError


def _one_hot(observed: np.ndarray, categories: int) -> np.ndarray:
    """Return (..., K) indicators; rows of NaN where the observation is NaN."""
    codes = np.asarray(observed, dtype=float)
    seen = codes[~np.isnan(codes)]
    if seen.size and (seen.min() < 0 or seen.max() >= categories or (seen % 1).any()):
        raise OperatorError(
            f"Observed codes must be whole numbers from 0 to {categories - 1}",
            value=sorted(set(seen.tolist()))[:10],
            remedy="code the categories lowest first, NaN where none was observed",
        )
    hot = (codes[..., None] == np.arange(categories)).astype(float)
    hot[np.isnan(codes)] = np.nan
    return hot


def _check_distributions(probabilities: np.ndarray) -> np.ndarray:
    p = np.asarray(probabilities, dtype=float)
    absent = np.isnan(p).all(axis=-1)
    bad = ~absent & ~((p >= -1e-12).all(axis=-1) & (np.abs(p.sum(axis=-1) - 1) <= 1e-6))
    if bad.any():
        raise ModelError(
            "Every forecast distribution must be non-negative and sum to one (or be all NaN)",
            value=p[bad][0].tolist(),
            remedy="normalise the model's probabilities before scoring them",
        )
    return p


def log_score(probabilities: np.ndarray, observed: np.ndarray, *, floor: float = 0.0) -> np.ndarray:
    """Return the logarithmic (ignorance) score ``-ln p(observed)``, in nats.

    Parameters
    ----------
    probabilities : float array, shape (..., K)
    observed : float array of codes, shape (...)
    floor : float
        Probabilities below it are lifted to it before the logarithm. The default lifts
        nothing, so an outcome that was called impossible scores infinity. A caller who sets a
        floor must say so beside the result.
    """
    p = _check_distributions(probabilities)
    hot = _one_hot(observed, p.shape[-1])
    chosen = (np.clip(p, 0.0, None) * hot).sum(axis=-1)
    with np.errstate(divide="ignore"):
        return -np.log(np.maximum(chosen, floor))


def ranked_probability_score(probabilities: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return the ranked probability score, divided by ``K - 1`` so that it lies in [0, 1].

    ``1/(K-1) * sum_{k<K} (F_k - 1{observed <= k})^2`` with ``F`` the forecast's cumulative
    distribution: a miss by two categories costs more than a miss by one (Epstein 1969).
    """
    p = _check_distributions(probabilities)
    hot = _one_hot(observed, p.shape[-1])
    gaps = np.cumsum(p - hot, axis=-1)[..., :-1]
    return (gaps**2).mean(axis=-1)


def brier_score(probability: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """Return the Brier score ``(p - y)^2`` of an event; ``happened`` is 1, 0 or NaN."""
    return (np.asarray(probability, dtype=float) - np.asarray(happened, dtype=float)) ** 2


def pinball_loss(
    quantiles: np.ndarray, observed: np.ndarray, levels: tuple[float, ...]
) -> np.ndarray:
    """Return the pinball (quantile, check) loss, shape (..., Q), in units of the observation.

    Parameters
    ----------
    quantiles : float array, shape (..., Q)
    observed : float array, shape (...)
    levels : Q probabilities in (0, 1)
        ``max(tau * (y - q), (tau - 1) * (y - q))`` for each level tau (Koenker & Bassett 1978).
    """
    tau = _check_levels(levels, np.shape(quantiles)[-1])
    error = np.asarray(observed, dtype=float)[..., None] - np.asarray(quantiles, dtype=float)
    return np.maximum(tau * error, (tau - 1) * error)


def crps_from_quantiles(
    quantiles: np.ndarray, observed: np.ndarray, levels: tuple[float, ...]
) -> np.ndarray:
    """Return the CRPS approximated on a grid of quantiles: twice the mean pinball loss.

    The continuous ranked probability score equals ``2 * integral of the pinball loss over
    tau`` (Laio & Tamea 2007); a mean over few levels is a coarse but proper stand-in. Compare
    such values only between forecasts on the same levels.
    """
    return 2.0 * pinball_loss(quantiles, observed, levels).mean(axis=-1)


def interval_coverage(low: np.ndarray, high: np.ndarray, observed: np.ndarray) -> float:
    """Return the share of observations within [low, high], over pairs without NaN."""
    low, high, observed = (np.asarray(a, dtype=float) for a in (low, high, observed))
    known = ~(np.isnan(low) | np.isnan(high) | np.isnan(observed))
    if not known.any():
        return float("nan")
    return float(((observed >= low) & (observed <= high))[known].mean())


def qlike(variance: np.ndarray, realised: np.ndarray) -> np.ndarray:
    """Return QLIKE ``r/v - ln(r/v) - 1`` of a variance forecast against a realised proxy.

    Zero when they are equal. Robust to noise in the proxy (Patton 2011). NaN where either is
    not positive.
    """
    v, r = np.asarray(variance, dtype=float), np.asarray(realised, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((v > 0) & (r > 0), r / v, np.nan)
    return ratio - np.log(ratio) - 1


def _check_levels(levels: tuple[float, ...], expected: int) -> np.ndarray:
    tau = np.asarray(levels, dtype=float)
    if tau.shape != (expected,) or not ((tau > 0) & (tau < 1)).all():
        raise OperatorError(
            f"Quantile levels must be {expected} probabilities strictly between 0 and 1",
            value=levels,
            remedy="give one level per quantile, e.g. (0.1, 0.5, 0.9)",
        )
    return tau
