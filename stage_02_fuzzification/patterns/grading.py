"""The few array tools that all patterns share: ramps, the weakest link, windows of the past."""

from __future__ import annotations

import numpy as np


def ramp(values: np.ndarray, zero: float, full: float) -> np.ndarray:
    """Return a degree that grows linearly from 0 at ``zero`` to 1 at ``full``.

    ``full`` may lie below ``zero``: then small values count. NaN stays NaN.
    """
    degree: np.ndarray = np.clip((values - zero) / (full - zero), 0.0, 1.0)
    return degree


def weakest(known: np.ndarray, *degrees: np.ndarray) -> np.ndarray:
    """Return the smallest of several degrees (Zadeh's "and"), NaN where nothing is known.

    Where a degree is NaN although the session is known, the pattern has no such part: 0.
    """
    lowest = degrees[0]
    for degree in degrees[1:]:
        lowest = np.minimum(lowest, degree)
    return np.where(known, np.nan_to_num(lowest), np.nan)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return ``part / whole``, NaN where the whole is not positive."""
    return part / np.where(whole > 0, whole, np.nan)


def ago(values: np.ndarray, bars: int) -> np.ndarray:
    """Return the values of ``bars`` rows before, NaN at the beginning (shape kept)."""
    if bars == 0:
        return values
    past = np.full(values.shape, np.nan)
    past[bars:] = values[: max(0, len(values) - bars)]
    return past


def highest(values: np.ndarray, window: int) -> np.ndarray:
    """Return the maximum of the last ``window`` rows, this one included; NaN until it is full.

    By doubling: the maximum over 2n rows is that of two neighbouring maxima over n, so a year
    costs nine passes. A maximum has no rounding: the result depends on the window alone.
    """
    best, span = values, 1
    while 2 * span <= window:
        best, span = np.maximum(best, ago(best, span)), 2 * span
    return np.maximum(best, ago(best, window - span)) if span < window else best


def lowest(values: np.ndarray, window: int) -> np.ndarray:
    """Return the minimum of the last ``window`` rows, this one included; NaN until it is full."""
    return -highest(-values, window)


def total(values: np.ndarray, window: int) -> np.ndarray:
    """Return the sum of the last ``window`` rows, always added oldest first; NaN until full."""
    result = ago(values, window - 1)
    for bars in range(window - 2, -1, -1):
        result = result + ago(values, bars)
    return result
