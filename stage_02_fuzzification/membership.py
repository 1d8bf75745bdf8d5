"""Five overlapping triangular states, calibrated on the past only.

The centres of the states stand at the mean of the past window and at one and two of its
standard deviations on either side; neighbouring triangles cross at one half, so the degrees of
every value sum to one. The outer states are open-ended: beyond two standard deviations a value
is fully "very high" or "very low".
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

STATE_COUNT = 5


def grade(position: np.ndarray) -> np.ndarray:
    """Return the degrees of the five states.

    Parameters
    ----------
    position : array, any shape
        Where values lie on the scale of states: 0 is the centre of "very low", 2 the mean, 4
        the centre of "very high" (one unit is one standard deviation). NaN means absent.

    Returns
    -------
    array, shape (*position.shape, 5)
        Degrees in [0, 1], summing to one; all NaN where the position is NaN.
    """
    inside = np.clip(position, 0.0, STATE_COUNT - 1.0)
    # One plane per state: five passes over contiguous memory beat one broadcast temporary.
    degrees = np.empty((*inside.shape, STATE_COUNT))
    for state in range(STATE_COUNT):
        degrees[..., state] = np.maximum(1.0 - np.abs(inside - state), 0.0)
    return degrees


def position(values: np.ndarray, window: int, minimum_valid: float) -> np.ndarray:
    """Return where each value lies among the states of the window before it.

    Parameters
    ----------
    values : array, shape (T, ...)
        One or many series, sessions first. NaN means absent.
    window : int
        Number of sessions before (and without) the current one.
    minimum_valid : float
        Share of the window that must be present.

    Returns
    -------
    array, shape (T, ...)
        ``2 + (value - mean) / sd`` with the window's mean and population standard deviation.
        NaN where the value is absent or the window holds too little. Where the window is
        constant (spread below 1e-12 of its level), an equal value lies at 2 and any other
        at the open end on its side.
    """
    mean, spread = past_moments(values, window, minimum_valid)
    flat = spread <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
    distance = values - mean
    tiny = np.abs(distance) <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
    scaled = distance / np.where(flat, 1.0, spread)
    at_the_end = np.where(tiny, 0.0, np.sign(distance) * STATE_COUNT)
    return 2.0 + np.where(flat, at_the_end, scaled)


def past_moments(
    values: np.ndarray, window: int, minimum_valid: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and population standard deviation of the ``window`` values before each one.

    Each window is summed on its own rather than by a running sum, so a result depends on
    nothing but its window: longer histories give the same bits.
    """
    mean = np.full(values.shape, np.nan)
    spread = np.full(values.shape, np.nan)
    if values.shape[0] > window:
        past = sliding_window_view(values[:-1], window, axis=0)
        present = ~np.isnan(past)
        count = present.sum(axis=-1)
        enough = count >= max(2, int(np.ceil(minimum_valid * window)))
        safe = np.where(enough, count, 1)
        centre = np.where(present, past, 0.0).sum(axis=-1) / safe
        deviation = np.where(present, past - centre[..., None], 0.0)
        variance = np.einsum("...w,...w->...", deviation, deviation) / safe
        mean[window:] = np.where(enough, centre, np.nan)
        spread[window:] = np.where(enough, np.sqrt(variance), np.nan)
    return mean, spread
