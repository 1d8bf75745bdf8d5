"""Bars that stand on two sessions: copied ones, and which of the two is the copy."""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.histories.history import History

FILLED_LEAST, FILLED_SHARE = 5, 0.02
TRANSPLANT_VOLUME = 10_000
"""Shares below which price and volume repeat by chance: a hundred round lots and a few ticks."""
TRANSPLANT_CROWD = 3
"""Symbols whose bars agree on the same two sessions, from which the two count as mixed up."""
TRANSPLANT_REVISION = 0.25
"""Log difference up to which two volumes may be one, revised: late trades are added for days."""
TOLD_APART = 20.0
"""Odds from which one of two equal bars is told to be the copy."""
MISFIT = 5.0
"""Overnight scales, on both sides, from which a bar does not belong where it stands."""


def filled_sessions(bars: History, copies: np.ndarray) -> np.ndarray:
    """Say which copies of the bar before stand on a session that a vendor filled.

    A bar whose four prices and volume all repeat is chance at most once in a hundred thousand
    liquid bars; at least five symbols on one session, and one in fifty of those with a bar, are
    not chance.
    """
    count = np.bincount(bars.at, minlength=1)
    copied = np.bincount(bars.at[copies], minlength=len(count))
    filled = (copied >= FILLED_LEAST) & (copied >= FILLED_SHARE * count)
    return np.asarray(copies & filled[bars.at])


def transplanted(bars: History, excluded: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say which bars are copies of the symbol's own bar of another session.

    Two bars are one if all four prices and the volume agree. Vendors revise a bar's volume and its
    close (late trades, the auction's price): bars that agree in open, high and low and nearly in
    volume are one if the same two sessions agree so for several symbols (in five years of clean
    bars of 500 symbols no two do), or if all four prices agree and one of the bars does not fit
    where it stands. Bars without range or volume do not count: a
    standing price repeats by itself.

    The copy is the one that fits worse: the overnight steps into its session and out of it are
    less likely. Where two sessions are mixed up for several symbols, the evidence of all adds up.
    Where the odds are under 20:1, both count: a good bar taken for wrong costs one bar, a copy
    trusted shows the future. Of two adjacent bars only the earlier is looked for here, since a
    vendor's habit is to carry bars forward (``COPIED``); it has to fit worse for several symbols at
    once, or to stand far off the bar before it.

    Parameters
    ----------
    excluded : bool array
        Rows that repeat because prices stand still.

    Returns
    -------
    copy, undecided : bool arrays
        Disjoint: bars told to be copies, and those of which one of two is.
    twin : int array
        Row of the other bar; -1 where there is none.
    """
    earlier, later = _pairs(bars, excluded)
    copy, undecided = np.zeros((2, len(bars.symbol)), dtype=bool)
    twin = np.full(len(bars.symbol), -1)
    if not len(earlier):
        return copy, undecided, twin
    equal = bars.values[earlier, 3:] == bars.values[later, 3:]
    code = bars.at[earlier].astype(np.int64) * (int(bars.at.max()) + 1) + bars.at[later]
    _, group = np.unique(code, return_inverse=True)
    crowd = np.bincount(group)[group] >= TRANSPLANT_CROWD
    alien = _alien(bars, earlier) | _alien(bars, later)
    adjacent = later == earlier + 1
    one = equal.all(axis=1) | crowd | (equal[:, 0] & alien & ~adjacent)
    earlier, later, group, crowd, adjacent = (
        part[one] for part in (earlier, later, group, crowd, adjacent)
    )
    excess = _misfit(bars, earlier, adjacent, 0) - _misfit(bars, later, adjacent, 1)
    excess = np.nan_to_num(np.where(crowd, _sum_by(group, excess), excess))
    off = _sides(bars, earlier)[0] >= MISFIT * bars.gap_scale(earlier)
    told = np.abs(excess) >= np.log(TOLD_APART)
    first = told & (excess > 0) & (~adjacent | crowd | off)
    second = told & (excess < 0) & ~adjacent
    both = ~told & ~adjacent
    undecided[earlier[both]] = undecided[later[both]] = True
    copy[earlier[first]] = copy[later[second]] = True
    twin[later], twin[earlier] = earlier, later
    return copy, undecided & ~copy, twin


def _pairs(bars: History, excluded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of rows of a symbol that agree in open, high, low and, nearly, in volume."""
    values = bars.values
    alive = (values[:, 1] > values[:, 2]) & (values[:, 4] >= TRANSPLANT_VOLUME) & ~excluded
    rows = np.flatnonzero(alive)
    order = rows[np.lexsort((rows, *values[rows, :3].T, bars.symbol[rows]))]
    key = np.column_stack([bars.symbol[order], values[order, :3]])
    volume = np.log(values[order, 4])
    same = (key[1:] == key[:-1]).all(axis=1) & (np.abs(np.diff(volume)) <= TRANSPLANT_REVISION)
    return order[:-1][same], order[1:][same]


def _sides(bars: History, rows: np.ndarray) -> np.ndarray:
    """Return sizes of the own overnight steps into and out of each bar, shape (2, N)."""
    near, inside = bars.around(rows, 0, 1)
    return np.abs(np.where(inside, bars.own_step[near], np.nan)).T


def _alien(bars: History, rows: np.ndarray) -> np.ndarray:
    """Say which bars stand off both neighbours."""
    return np.asarray((_sides(bars, rows) >= MISFIT * bars.gap_scale(rows)).all(axis=0))


def _misfit(bars: History, rows: np.ndarray, adjacent: np.ndarray, inner: int) -> np.ndarray:
    """Return how unlikely the steps into and out of each bar are; of adjacent ones, the outer.

    Minus the log density of Student's t with two degrees of freedom in overnight scales, as of
    ordinary nights (``NIGHT_TAIL`` of the splits), as if two steps were known: a bar with one
    night of news fits better than one that is off on both sides.
    """
    sides = _sides(bars, rows) / bars.gap_scale(rows)
    unlikely = 1.5 * np.log1p(sides**2 / 2)
    known = np.isfinite(unlikely)
    mean = np.where(known, unlikely, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    mean = np.where(known.any(axis=0), mean, np.nan)
    return np.where(adjacent, unlikely[inner], 2 * mean)


def _sum_by(group: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the sum of the known values of each row's group."""
    return np.bincount(group, weights=np.nan_to_num(value))[group]
