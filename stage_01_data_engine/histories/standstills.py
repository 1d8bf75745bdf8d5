"""Standstills: prices that do not move for longer than the symbol's own trading explains."""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.histories.history import History

STALE_CHANCE = 0.01
"""Expected number of standstills of this length in the symbol's whole history, if its own share
of unchanged bars were independent from day to day. Below it, a standstill is not trading."""
STALE_LEAST = 2
"""Repeats that make a standstill at the least (three equal bars)."""


def stale_runs(bars: History) -> np.ndarray:
    """Say which bars belong to a standstill: every bar after its first.

    A bar stands still when its close equals the one before and so do open, high and low, or all
    four are the one price. Volume is not asked: vendors carry it forward, set it to zero or make
    it up. The least length is ``log(0.01 / bars) / log(p)`` repeats, at least two, where ``p`` is
    the share of bars at which the symbol came to a standstill: a thin stock may stand still for
    days, an index may not.
    """
    values = bars.values
    still, flat = np.zeros((2, len(values)), dtype=bool)
    now, before = values[1:, :4], values[:-1, :4]
    same_close = now[:, 3] == before[:, 3]
    still[1:] = ((now == before) | (np.isnan(now) & np.isnan(before))).all(axis=1)
    flat[1:] = same_close & ((now == now[:, 3:]) | np.isnan(now)).all(axis=1)
    still = (still | flat) & bars.follows & (bars.gap == 1)
    starts = still & ~np.concatenate([[False], still[:-1]])
    count = np.bincount(bars.symbol) if len(values) else np.empty(0)
    began = np.bincount(bars.symbol, weights=starts)
    share = (began + 1) / (count + 2)
    least = np.ceil(np.log(STALE_CHANCE / np.maximum(count, 1)) / np.log(share) - 1e-9)
    run = np.cumsum(starts) * still
    length = np.bincount(run)[run]
    return still & (length >= np.maximum(least, STALE_LEAST)[bars.symbol])
