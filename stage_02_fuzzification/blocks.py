"""Causal array work in blocks that fit a core's cache.

A panel of a whole market is hundreds of megabytes. An expression over it that is written as one
NumPy statement after another sends every intermediate result through main memory, and most of
its time is spent there. The same statements over blocks of some 130 kilobytes stay in the cache,
where they work in buffers that all blocks share: memory asked for and given back block by block
would be cleared by the operating system each time, which costs more than the work.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

BLOCK_VALUES = 16_384
"""Values of a block: 128 kB each, so that half a dozen intermediate results fit a second-level
cache of a megabyte."""
SHORTEST_BLOCK = 240
"""Sessions of a block at least; and at least four times the past that it has to carry along."""


def over_blocks(
    work: Callable[..., np.ndarray], past: int, buffers: int, *inputs: np.ndarray
) -> np.ndarray:
    """Apply a function of the last ``past`` sessions and today to a whole history.

    Parameters
    ----------
    work : callable
        Takes ``buffers`` arrays to write in and a block of each input, all of one shape
        (past + t, c), and returns the results of the last t sessions, shape (t, c). It must not
        change the inputs; what it returns may lie in a buffer.
    past : int
        Sessions before the first one that ``work`` can answer for.
    buffers : int
    *inputs : array, shape (T, ...)
        One or several of the same shape, sessions first.

    Returns
    -------
    array, shape (T, ...)
        NaN in the first ``past`` sessions. What stands in a cell does not depend on how the
        history is cut into blocks, since ``work`` sees nothing but that cell's own past.
    """
    count = inputs[0].shape[0]
    result = np.empty(inputs[0].shape)
    result[:past] = np.nan
    if count <= past or result.size == 0:
        return result
    flat = [values.reshape(count, -1) for values in inputs]
    out = result.reshape(count, -1)
    length = max(SHORTEST_BLOCK, 4 * past)
    width = max(8, BLOCK_VALUES // length)
    pool = np.empty((buffers + len(inputs), (past + length) * width))
    for first in range(past, count, length):
        rows = slice(first - past, min(count, first + length))
        for left in range(0, out.shape[1], width):
            columns = slice(left, min(out.shape[1], left + width))
            shape = (rows.stop - rows.start, columns.stop - columns.start)
            block = pool[:, : shape[0] * shape[1]].reshape(-1, *shape)
            for values, copy in zip(flat, block[buffers:], strict=True):
                copy[:] = values[rows, columns]
            out[first : rows.stop, columns] = work(*block)
    return result


def window_sums(values: np.ndarray, window: int, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the sum of every ``window`` neighbouring rows, shape (T - window + 1, ...).

    A window's sum is put together from sums of its halves, these from theirs, and so on: about
    log2(window) additions a value, in an order that hangs on the window's length alone. Unlike a
    running sum it carries nothing along, so a result depends on nothing but its window, to the
    last bit, and a NaN reaches the windows that hold it and no others.

    ``one`` and ``other`` are two buffers of at least that shape; the result lies in ``one``.
    """
    if window == 1:
        return values
    half = window // 2
    part = window_sums(values, half, other, one)
    both = np.add(part[half:], part[:-half], out=one[: len(part) - half])
    if window % 2:
        both = both[:-1]
        both += values[window - 1 :]
    return both
