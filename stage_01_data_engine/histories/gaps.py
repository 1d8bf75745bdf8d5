"""Gaps of more than a month, and whether the symbol still means the same instrument after them.

An instrument that was halted comes back as itself: its price has moved as far as its own volatility
and the market's move explain, as much money is turned over, and its days are as restless as before.
Another company under the old symbol has a price, a size and a temper of its own. The three breaks,
each in its own standard deviation over such a gap, are added up as squares and held against the
chi-squared distribution. Their tails are fatter than its: where it says one in five hundred, about
one halt in a hundred goes further (see the evidence page).
"""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.histories.history import BEFORE, History, median_of

MONTH, YEAR = 21, 252
REUSE_CHANCE = 0.002
LEVEL_TAIL = 1.5
"""Standard deviation of a long own return in robust daily scales times the root of its length: the
robust scale leaves out the days of news, which is where a share's long returns come from."""
TURNOVER_DRIFT = (0.077, 0.00033)
"""Variance of the log ratio of a month's median turnover to another's: at once, and a session."""
RESTLESS_DRIFT = (0.20, 0.0003)
"""The same for the median absolute own return."""


def long_gaps(bars: History) -> tuple[np.ndarray, np.ndarray]:
    """Say at which bars an instrument resumes after more than a month, and where as another.

    A symbol counts as re-used after a gap of a year (no halt lasts so long without the listing
    being lost), or after a month if level, turnover and restlessness together break further than
    one halt in a hundred does.

    Returns
    -------
    gap, reused : bool array
        Disjoint.
    """
    from scipy.stats import chi2

    gap = bars.gap > MONTH
    rows = np.flatnonzero(gap)
    squares = np.stack([_level(bars, rows), _turnover(bars, rows), _restless(bars, rows)]) ** 2
    known = np.isfinite(squares)
    total = np.where(known, squares, 0.0).sum(axis=0)
    chance = chi2.sf(total, np.maximum(known.sum(axis=0), 1))
    other = (bars.gap[rows] > YEAR) | (chance < REUSE_CHANCE)
    reused = np.zeros(len(gap), dtype=bool)
    reused[rows[other]] = True
    return gap & ~reused, reused


def _level(bars: History, rows: np.ndarray) -> np.ndarray:
    """Return the price's own move over the gap in its standard deviation."""
    index = np.concatenate([[0.0], np.cumsum(bars.market)])
    begin = bars.at[rows - 1]
    market = index[bars.at[rows] + 1] - index[begin + 1]
    reach = LEVEL_TAIL * bars.own_scale(rows) * np.sqrt(bars.gap[rows])
    return np.asarray((bars.returns[rows] - market) / reach)


def _turnover(bars: History, rows: np.ndarray) -> np.ndarray:
    return _change(bars, rows, bars.turnover, TURNOVER_DRIFT)


def _restless(bars: History, rows: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        size = np.log(np.abs(bars.own_returns))
    return _change(bars, rows, np.where(np.isfinite(size), size, np.nan), RESTLESS_DRIFT)


def _change(
    bars: History, rows: np.ndarray, level: np.ndarray, drift: tuple[float, float]
) -> np.ndarray:
    """Return how far a month's median changes over the gap, in its standard deviation."""
    before, after = (
        median_of(np.where(inside, level[near], np.nan))
        for near, inside in (bars.around(rows, -BEFORE, -1), bars.around(rows, 0, BEFORE - 1))
    )
    return np.asarray((after - before) / np.sqrt(drift[0] + drift[1] * bars.gap[rows]))
