"""Where a value lies among the states of its own past.

The centres of the five states stand at the mean of the past window and at one and two steps on
either side, a step being ``sigma`` standard deviations. The outer states are open-ended.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import MEDIUM
from stage_02_fuzzification.blocks import over_blocks, window_sums

TRUSTED_RATIO = 2.0**-18
"""Variance over squared mean above which a variance from a sum of squares is taken.

Such a variance loses about as many bits as the ratio has: at 2**-18 (a spread of 1/512 of the
level) some 26 of 53 are left beside the mean's own, which puts a position within 1e-10 per
standard deviation. At and below it a window is summed about its mean.
"""
FLAT = 1e-12
"""Spread, relative to the level, at and below which a window counts as constant."""
PAST_THE_END = 3.0
"""Steps from the centre at which a value stands that leaves a constant window."""
_GATHERED = 20_000
"""Windows that are summed about their mean in one go (10 MB at 60 sessions)."""


def position(values: np.ndarray, window: int, minimum_valid: float, sigma: float) -> np.ndarray:
    """Return where each value lies among the states of the window before it.

    Parameters
    ----------
    values : array, shape (T, ...)
        One or many series, sessions first. NaN means absent.
    window : int
        Number of sessions before (and without) the current one.
    minimum_valid : float
        Share of the window that must be present.
    sigma : float
        Standard deviations between the centres of neighbouring states.

    Returns
    -------
    array, shape (T, ...)
        ``2 + (value - mean) / (sigma sd)`` with the window's mean and population standard
        deviation. NaN where the value is absent or the window holds too little. Where the
        window is constant (spread below 1e-12 of its level), an equal value lies at 2 and any
        other one step past the end on its side (-1 or 5). A cell depends on its window and
        its value alone, to the last bit.
    """

    needed = max(2, int(np.ceil(minimum_valid * window)))

    def work(*block: np.ndarray) -> np.ndarray:
        a, b, c, d, e, given = block
        past, now = given[:-1], given[window:]
        absent = np.isnan(past)
        count: np.ndarray | float = float(window)
        filled = past
        if absent.any():
            filled = e[:-1]
            filled[:] = past
            filled[absent] = 0.0
            count = window_sums((~absent).astype(float), window, a, b).copy()
            count[count < needed] = np.nan
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            mean = window_sums(filled, window, a, b)
            mean /= count
            squares = np.multiply(filled, filled, out=c[:-1])
            variance = window_sums(squares, window, d, b)
            variance /= count
            square = np.multiply(mean, mean, out=c[: len(mean)])
            variance -= square
            square *= TRUSTED_RATIO
            doubtful = ~(variance > square)
            placed = np.subtract(now, mean, out=mean)
            placed /= np.sqrt(variance, out=variance)
            placed *= 1.0 / sigma
            placed += MEDIUM
        if doubtful.any():
            rows, columns = np.nonzero(doubtful & np.isfinite(count) & ~np.isnan(now))
            for first in range(0, len(rows), _GATHERED):
                at = rows[first : first + _GATHERED], columns[first : first + _GATHERED]
                gathered = np.lib.stride_tricks.sliding_window_view(past, window, axis=0)[at]
                placed[at] = _about_the_mean(gathered, now[at], sigma)
        return placed

    return over_blocks(work, window, 5, values)


def _about_the_mean(windows: np.ndarray, now: np.ndarray, sigma: float) -> np.ndarray:
    """Place values (K,) by windows (K, w) with gaps, summing deviations from the mean itself."""
    # Measured from today's value, so that a high level costs no digits.
    away = windows - now[:, None]
    absent = np.isnan(away)
    away[absent] = 0.0
    count = windows.shape[1] - absent.sum(axis=1)
    mean = away.sum(axis=1) / count
    away -= mean[:, None]
    away[absent] = 0.0
    spread = np.sqrt(np.einsum("kw,kw->k", away, away) / count)
    least = FLAT * np.maximum(np.abs(now + mean), 1e-300)
    steps = -mean / np.where(spread > least, sigma * spread, 1.0)
    beyond = np.where(np.abs(mean) > least, -np.sign(mean) * PAST_THE_END, 0.0)
    return MEDIUM + np.where(spread > least, steps, beyond)
