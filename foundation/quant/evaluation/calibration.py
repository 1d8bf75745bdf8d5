"""Calibration: does what is called 60% happen 60% of the time?

References: Murphy & Winkler (1977), "Reliability of subjective probability forecasts", Appl.
Statist. 26; Naeini, Cooper & Hauskrecht (2015), "Obtaining well calibrated probabilities using
Bayesian binning", AAAI.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.kernel import OperatorError


@dataclass(frozen=True)
class ReliabilityBin:
    """Mean forecast probability against observed frequency of the events in one bin."""

    low: float
    high: float
    forecast: float
    observed: float
    count: int


def reliability_bins(
    probability: np.ndarray, happened: np.ndarray, *, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Return the filled bins of equal width over [0, 1], lowest first.

    Parameters
    ----------
    probability, happened : float arrays of one shape
        Forecast probability of an event, and 1 or 0. Pairs with a NaN are left out.
    bins : int
        Number of equal-width bins; ``[low, high)``, the last one closed.
    """
    if bins < 1:
        raise OperatorError("There must be at least one bin", value=bins, remedy="use e.g. 10")
    p = np.asarray(probability, dtype=float).ravel()
    y = np.asarray(happened, dtype=float).ravel()
    known = ~(np.isnan(p) | np.isnan(y))
    p, y = p[known], y[known]
    place = np.minimum((p * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    forecast = np.bincount(place, weights=p, minlength=bins)
    observed = np.bincount(place, weights=y, minlength=bins)
    return tuple(
        ReliabilityBin(
            low=i / bins,
            high=(i + 1) / bins,
            forecast=float(forecast[i] / count[i]),
            observed=float(observed[i] / count[i]),
            count=int(count[i]),
        )
        for i in np.flatnonzero(count)
    )


def expected_calibration_error(
    probability: np.ndarray, happened: np.ndarray, *, bins: int = 10
) -> float:
    """Return the expected calibration error: count-weighted mean |observed - forecast|.

    Lies in [0, 1]; NaN where no pair is known. It depends on the bins, so name them beside it.
    """
    filled = reliability_bins(probability, happened, bins=bins)
    total = sum(b.count for b in filled)
    if not total:
        return float("nan")
    return sum(b.count * abs(b.observed - b.forecast) for b in filled) / total


def confidence_gap(probabilities: np.ndarray, observed: np.ndarray) -> float:
    """Return mean confidence minus accuracy of the most probable category.

    Positive: overconfident. ``probabilities`` has shape (..., K), ``observed`` holds codes;
    pairs with a NaN are left out, NaN where none is left. Ties go to the lower category.
    """
    p = np.asarray(probabilities, dtype=float).reshape(-1, np.shape(probabilities)[-1])
    y = np.asarray(observed, dtype=float).ravel()
    known = ~(np.isnan(p).any(axis=1) | np.isnan(y))
    if not known.any():
        return float("nan")
    return float(p[known].max(axis=1).mean() - (p[known].argmax(axis=1) == y[known]).mean())
