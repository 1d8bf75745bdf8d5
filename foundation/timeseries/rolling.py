"""Sums over windows of rows, whose bits do not depend on where the history begins."""

from __future__ import annotations

import numpy as np


def rolling_sum(values: np.ndarray, window: int, length: int | None = None) -> np.ndarray:
    """Return the sum over the last ``window`` rows of (T, ...), NaN before the first full window.

    Windows of two are added to windows of four, and so on (pairwise summation): log2(window)
    additions of whole arrays, in an order that depends on the window alone. A value rests on its
    window to the last bit, wherever the history begins.

    Parameters
    ----------
    values : float array, shape (T, ...)
    window : int
        At least 1.
    length : int, optional
        Rows of the answer, by default those of ``values``. A shorter input, as changes from row
        to row are, is aligned to the end.
    """
    length = len(values) if length is None else length
    out = np.full((length, *values.shape[1:]), np.nan)
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
    out[length - count :] = total
    return out
