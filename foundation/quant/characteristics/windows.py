"""Sums over windows of sessions, of all symbols at once."""

from __future__ import annotations

import numpy as np


def window_sum(values: np.ndarray, window: int) -> np.ndarray:
    """Return the sum over the last ``window`` rows of (T, N), NaN before the first full window.

    Windows of two are added to windows of four, and so on (pairwise summation): log2(window)
    additions of whole arrays, in an order that depends on the window alone. A value rests on its
    window to the last bit, wherever the history begins.
    """
    out = np.full(values.shape, np.nan)
    count = len(values) - window + 1
    if count <= 0:
        return out
    part, size, done, total = values, 1, 0, None
    while True:
        if window & size:
            piece = part[done : done + count]
            total = piece if total is None else total + piece
            done += size
        if done == window:
            break
        part, size = part[:-size] + part[size:], 2 * size
    out[window - 1 :] = total
    return out
