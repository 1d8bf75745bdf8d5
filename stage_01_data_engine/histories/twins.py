"""Twins: symbols that share one and the same price series."""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.histories.history import History

TWIN_BARS = 5
"""Sessions on which two symbols must share all their prices. Once happens by chance."""
TWIN_SHARE = 0.9
"""... and on at least this share of the sessions between the first such and the last."""


def twins(bars: History) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """Say which bars stand, price for price, under another symbol too.

    Two symbols are twins if they share open, high, low and close on at least five sessions, and
    on nine in ten of the sessions between the first such and the last on which both have bars.
    Rows are ordered by session and prices once, so equal ones lie side by side: the cost grows
    with the number of rows, not of pairs.

    Returns
    -------
    shared : bool array
    pairs : list of (symbol, symbol, sessions shared)
    """
    prices = np.nan_to_num(bars.values[:, :4], nan=-1.0)
    order = np.lexsort((bars.symbol, *prices.T, bars.at))
    key = np.column_stack([bars.at[order], prices[order]])
    same = np.concatenate([[False], (key[1:] == key[:-1]).all(axis=1)])
    group = np.cumsum(~same)
    first = np.searchsorted(group, group)
    later = np.flatnonzero(same)
    # Each copy is paired with the first of its group: enough to name all of a family.
    rows_a, rows_b = order[first[later]], order[later]
    count = int(bars.symbol.max(initial=-1)) + 1
    code = bars.symbol[rows_a] * count + bars.symbol[rows_b]
    shared = np.zeros(len(bars.symbol), dtype=bool)
    pairs = []
    names, which, times = np.unique(code, return_inverse=True, return_counts=True)
    for n in np.flatnonzero(times >= TWIN_BARS):
        a, b = divmod(int(names[n]), count)
        mine = which == n
        span = bars.at[rows_a[mine]].min(), bars.at[rows_a[mine]].max()
        both = np.intersect1d(
            _sessions_of(bars, a, span), _sessions_of(bars, b, span), assume_unique=True
        )
        if times[n] >= TWIN_SHARE * len(both):
            shared[rows_a[mine]] = shared[rows_b[mine]] = True
            pairs.append((a, b, int(times[n])))
    return shared, pairs


def _sessions_of(bars: History, symbol: int, span: tuple[int, int]) -> np.ndarray:
    low, high = np.searchsorted(bars.symbol, [symbol, symbol + 1])
    at = bars.at[low:high]
    return at[(at >= span[0]) & (at <= span[1])]
