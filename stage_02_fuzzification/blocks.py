"""Causal array work in blocks that fit a core's cache.

A panel of a whole market is hundreds of megabytes. An expression over it that is written as one
NumPy statement after another sends every intermediate result through main memory, and most of
its time is spent there. The same statements over blocks of some 60 kilobytes stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

BLOCK_VALUES = 8_192
"""Values of a block: 64 kB each, so that half a dozen intermediate results fit a second-level
cache of 512 kB."""
SHORTEST_BLOCK = 240
"""Sessions of a block at least; and at least four times the past that it has to carry along."""


def over_blocks(work: Callable[..., np.ndarray], past: int, *inputs: np.ndarray) -> np.ndarray:
    """Apply a function of the last ``past`` sessions and today to a whole history.

    Parameters
    ----------
    work : callable
        Takes a block of each input, shape (past + t, c), and returns shape (t, c): the results
        of the last t sessions. It must not change its inputs.
    past : int
        Sessions before the first one that ``work`` can answer for.
    *inputs : array, shape (T, ...)
        One or several of the same shape, sessions first.

    Returns
    -------
    array, shape (T, ...)
        NaN in the first ``past`` sessions. What stands in a cell does not depend on how the
        history is cut into blocks, since ``work`` sees nothing but that cell's own past.
    """
    shape = inputs[0].shape
    result = np.full(shape, np.nan) if shape[0] <= past else np.empty(shape)
    if shape[0] <= past or result.size == 0:
        return result
    result[:past] = np.nan
    flat = [values.reshape(shape[0], -1) for values in inputs]
    out = result.reshape(shape[0], -1)
    length = max(SHORTEST_BLOCK, 4 * past)
    width = max(8, BLOCK_VALUES // length)
    for first in range(past, shape[0], length):
        rows = slice(first - past, min(shape[0], first + length))
        for left in range(0, out.shape[1], width):
            columns = slice(left, left + width)
            cut = [np.ascontiguousarray(values[rows, columns]) for values in flat]
            out[first : rows.stop, columns] = work(*cut)
    return result


def window_sums(values: np.ndarray, window: int) -> np.ndarray:
    """Return the sum of every ``window`` neighbouring rows, shape (T - window + 1, ...).

    A window's sum is put together from sums of its halves, these from theirs, and so on: about
    log2(window) additions a value, in an order that hangs on the window's length alone. Unlike a
    running sum it carries nothing along, so a result depends on nothing but its window, to the
    last bit, and a NaN reaches the windows that hold it and no others.
    """
    if window == 1:
        return values
    half = window // 2
    part = window_sums(values, half)
    both = part[half:] + part[:-half]
    return both if window % 2 == 0 else both[:-1] + values[window - 1 :]
