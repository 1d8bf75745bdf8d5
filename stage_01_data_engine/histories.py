"""What a symbol's bars say about one another: steps, misprints, standstills, gaps and twins.

Each function takes one ``History`` (all symbols' good bars in symbol and session order) and
returns a boolean array over its rows. Nothing here quarantines: a step of a half can be a split
or a crash, and only a corporate-action record can tell for sure. Each uses only rows of the
window, hence nothing later than the as-of close; what needs the sessions that follow (a misprint,
a split) is decided as soon as they are there and on fewer of them at the end of the window.

Scale. Whether a move is large depends on the instrument and the time. ``History.scale`` is 1.4826
times the median absolute log return of the twenty bars before (a robust standard deviation: one
outlier in the window does not move it), at least 0.5%: under that, a tick is a large part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

BEFORE = 20
"""Bars before a move that tell how large moves are: a month of trading."""
FEWEST = 5
"""Bars before a move below which its scale is not known and nothing is said."""
AFTER = 5
"""Bars after a step that show whether the price stays: a week."""
LEAST_SCALE = 0.005
LARGE = 5.0
"""Scales from which a move counts as large: once in five thousand sessions of a share (Student's t
with four degrees of freedom), so that what is asked beside it decides. In times when such a gap is
ordinary, one that happens to lie near 4:3 says nothing (airlines and oil, March 2020)."""

SPLIT_RATIOS = np.array(
    [5 / 4, 4 / 3, 3 / 2, 5 / 3, 2, 5 / 2, 3, 7 / 2, *range(4, 11), 12, 15, 20, 25, 30, 40, 50]
)
"""New shares for one old, as companies declare them; reverse splits are their inverses."""
SPLIT_SLACK = (0.03, 0.05)
"""How far, in logs, a step may lie from a declared ratio: 3% (an ordinary opening gap), or 5% of
the log ratio itself where that is more. Above 3:1 ratios lie so far apart that 5% is still near."""
SPLIT_TURNOVER = 2.5
"""Money turned over on the day of a split, in medians of the month before, at most this. A split
changes the number of shares, not the money; a crash of a quarter or more trades several times
the usual money. Not asked above 3:1, where no trading explains the step."""
CROWD = 10
"""Symbols from which the session's common step is taken out of a symbol's own."""
CERTAIN_RATIO = np.log(2.9)
"""Log ratio from which neither turnover nor its absence counts."""
BLIND_SLACK = 0.02
"""Slack below 3:1 where volume is not reported: the ratio alone has to convince."""

PRINT_LEAST = 0.08
"""A misprint leaves its level by at least ``LARGE`` scales and by at least 8%: a real session may
gap 5% on news and be back a day later."""
PRINT_RETURN = (0.2, 2.0, 0.5)
"""How far from its old level the price may be at the next open and close: a fifth of the step, or
two scales where that is more (the next session has its own ordinary move), never half the step."""

STALE_CHANCE = 0.01
"""Expected number of standstills of this length in the symbol's whole history, if its own share
of unchanged bars were independent from day to day. Below it, a standstill is not trading."""
STALE_LEAST = 2
"""Repeats that make a standstill at the least (three equal bars)."""

MONTH, YEAR = 21, 252
REUSE_SCALES = 3.0
"""A level break over a gap of g sessions: more than this many scales times sqrt(g) (long gaps are
rare, so that one in 370 of them reported for nothing burdens nobody) ..."""
REUSE_LEAST = 0.25
"""... and more than a quarter."""

TWIN_BARS = 5
"""Sessions on which two symbols must share all their prices. Once happens by chance."""
TWIN_SHARE = 0.9
"""... and on at least this share of the sessions between the first such and the last."""

FILLED_LEAST, FILLED_SHARE = 5, 0.02
TRANSPLANT_VOLUME = 10_000
"""Shares below which price and volume repeat by chance: a hundred round lots and a few ticks."""


@dataclass(frozen=True)
class History:
    """Bars in symbol and session order, one a symbol and session.

    Attributes
    ----------
    symbol : int array (R,)
        Ascending.
    at : int array (R,)
        Position of the bar's session among the sessions of the window; ascending per symbol.
    values : float64 array (R, 5)
        Open, high, low, close, volume; NaN where not reported. Closes are above zero.
    """

    symbol: np.ndarray
    at: np.ndarray
    values: np.ndarray

    @cached_property
    def follows(self) -> np.ndarray:
        """Whether the row before is of the same symbol."""
        same = np.zeros(len(self.symbol), dtype=bool)
        same[1:] = self.symbol[1:] == self.symbol[:-1]
        return same

    @cached_property
    def log_close(self) -> np.ndarray:
        return np.asarray(np.log(self.values[:, 3]))

    @cached_property
    def returns(self) -> np.ndarray:
        """Log return since the bar before; NaN on a symbol's first bar."""
        return self._since_before(self.log_close)

    @cached_property
    def gap(self) -> np.ndarray:
        """Sessions since the bar before: 1 where none is missing; 0 on a symbol's first bar."""
        gap = np.zeros(len(self.at), dtype=int)
        gap[1:] = np.diff(self.at)
        return np.where(self.follows, gap, 0)

    @cached_property
    def step(self) -> np.ndarray:
        """Log of open over the close before; the return where no open is reported."""
        step = np.full(len(self.at), np.nan)
        with np.errstate(invalid="ignore"):
            step[1:] = np.log(self.values[1:, 0]) - self.log_close[:-1]
        step[~self.follows] = np.nan
        return np.where(np.isnan(step), self.returns, step)

    @cached_property
    def own_step(self) -> np.ndarray:
        """``step`` less the session's median over all symbols, where at least ten have one.

        What the whole market did overnight is no instrument's own change of basis.
        """
        import pandas as pd

        by_session = pd.Series(self.step).groupby(self.at)
        shared = by_session.transform("median").to_numpy()
        enough = by_session.transform("count").to_numpy() >= CROWD
        return np.asarray(self.step - np.where(enough, shared, 0.0))

    def _since_before(self, level: np.ndarray) -> np.ndarray:
        change = np.full(len(level), np.nan)
        change[1:] = np.diff(level)
        change[~self.follows] = np.nan
        return change

    def around(self, rows: np.ndarray, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Return row numbers ``rows + first .. rows + last`` and whether they are of the symbol.

        Shape (len(rows), last - first + 1) both; numbers out of bounds are clipped and False.
        """
        wanted = rows[:, None] + np.arange(first, last + 1)
        clipped = np.clip(wanted, 0, max(len(self.symbol) - 1, 0))
        inside = (wanted == clipped) & (self.symbol[clipped] == self.symbol[rows][:, None])
        return clipped, inside

    def scale(self, rows: np.ndarray) -> np.ndarray:
        """Return the robust standard deviation of the twenty returns before each row.

        NaN with fewer than five of them.
        """
        near, inside = self.around(rows, -BEFORE, -1)
        size = np.where(inside, np.abs(self.returns[near]), np.nan)
        return np.maximum(1.4826 * _median(size), LEAST_SCALE)

    def usual_turnover(self, rows: np.ndarray) -> np.ndarray:
        """Return the median of close x volume over the twenty bars before; NaN if under five."""
        near, inside = self.around(rows, -BEFORE, -1)
        money = self.values[near, 3] * self.values[near, 4]
        return _median(np.where(inside, money, np.nan))


def _median(block: np.ndarray) -> np.ndarray:
    """Return the median along the last axis without NaN; NaN where fewer than five are left."""
    enough = np.isfinite(block).sum(axis=1) >= FEWEST
    out = np.full(len(block), np.nan)
    if enough.any():
        out[enough] = np.nanmedian(block[enough], axis=1)
    return out


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


def bad_prints(bars: History) -> np.ndarray:
    """Say which bars look like misprints: away from their level for one session, then back.

    The close leaves by at least five scales and 8%, and both the next open and the next close are
    back at the old level, give or take an ordinary move (``PRINT_RETURN``). A true reversal opens
    where trading left off and moves from there; a misprint is gone at the open.
    """
    moved = np.flatnonzero(np.nan_to_num(np.abs(bars.returns)) >= PRINT_LEAST)
    found = np.zeros(len(bars.symbol), dtype=bool)
    near, inside = bars.around(moved, -1, 1)
    known = inside.all(axis=1) & (bars.gap[near[:, 1:]] <= MONTH).all(axis=1)
    moved, near = moved[known], near[known]
    left = bars.returns[moved]
    level = bars.log_close[near[:, 0]]
    back_close = bars.log_close[near[:, 2]] - level
    next_open = np.log(bars.values[near[:, 2], 0]) - level
    back_open = np.where(np.isnan(next_open), back_close, next_open)
    scale = bars.scale(moved)
    fifth, scales, half = PRINT_RETURN
    slack = np.clip(scales * scale, fifth * np.abs(left), half * np.abs(left))
    back = (np.abs(back_close) <= slack) & (np.abs(back_open) <= slack)
    large = np.abs(left) >= LARGE * scale
    found[moved[back & large]] = True
    return found


def long_gaps(bars: History) -> tuple[np.ndarray, np.ndarray]:
    """Say at which bars an instrument resumes after more than a month, and where as another.

    A symbol counts as re-used after a gap of a year (no halt lasts so long without the listing
    being lost), or after a month if the price level breaks by more than a quarter and by more
    than three scales times the square root of the gap (what the instrument's own volatility
    explains over that time).

    Returns
    -------
    gap, reused : bool array
        Disjoint.
    """
    gap = bars.gap > MONTH
    rows = np.flatnonzero(gap)
    reach = REUSE_SCALES * bars.scale(rows) * np.sqrt(bars.gap[rows])
    size = np.abs(bars.returns[rows])
    other = (bars.gap[rows] > YEAR) | (size > np.fmax(reach, REUSE_LEAST))
    reused = np.zeros(len(gap), dtype=bool)
    reused[rows[other]] = True
    return gap & ~reused, reused


def split_steps(bars: History, excluded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say at which bars the price basis seems to change as in an unadjusted split.

    The step from the last close to the open, with or without the market's common step, lies near
    a declared ratio (``SPLIT_RATIOS``); both are at least five scales; no extraordinary turnover
    comes with it (below 3:1); and the price stays: the median close of this bar and the next five
    lies nearer to the new level than to the old, that of the five before does not. Spin-offs and
    class dividends of the same size look alike and are meant to be found as well.

    Parameters
    ----------
    excluded : bool array
        Rows already explained otherwise (misprints, re-used symbols).

    Returns
    -------
    found : bool array
    ratio : float64 array
        New shares for one old that the step suggests; NaN where nothing was found.
    """
    found = np.zeros(len(bars.symbol), dtype=bool)
    ratio = np.full(len(bars.symbol), np.nan)
    steps = np.stack([bars.step, bars.own_step])
    least = np.nan_to_num(np.abs(steps).min(axis=0))
    rows = np.flatnonzero((least >= np.log(SPLIT_RATIOS[0]) - SPLIT_SLACK[0]) & ~excluded)
    rows = rows[bars.gap[rows] <= MONTH]
    logs = np.log(SPLIT_RATIOS)
    # Whether a stock took part in the market's move cannot be told: either may be near a ratio.
    away = np.abs(np.abs(steps[:, rows])[:, :, None] - logs).min(axis=0)
    nearest = away.argmin(axis=1)
    distance = away.min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        turnover = bars.values[rows, 3] * bars.values[rows, 4] / bars.usual_turnover(rows)
    blind = ~np.isfinite(turnover)
    slack = np.fmax(SPLIT_SLACK[0], SPLIT_SLACK[1] * logs[nearest])
    certain = logs[nearest] >= CERTAIN_RATIO
    slack = np.where(blind & ~certain, BLIND_SLACK, slack)
    calm = certain | blind | (turnover <= SPLIT_TURNOVER)
    large = least[rows] >= LARGE * bars.scale(rows)
    good = (distance <= slack) & calm & large & _stays(bars, rows)
    found[rows[good]] = True
    ratio[rows[good]] = np.exp(-np.sign(bars.step[rows]) * logs[nearest])[good]
    return found, ratio


def _stays(bars: History, rows: np.ndarray) -> np.ndarray:
    """Say at which steps one level gives way to another.

    The median close of this bar and the five after it lies past the middle of the step, that of
    the five before it does not.
    """
    if len(rows) == 0:
        return np.zeros(0, dtype=bool)
    before = bars.log_close[rows - 1]
    step = bars.step[rows]

    def share(first: int, last: int) -> np.ndarray:
        near, inside = bars.around(rows, first, last)
        level = np.nanmedian(np.where(inside, bars.log_close[near], np.nan), axis=1)
        return np.asarray((level - before) / step)

    return (share(0, AFTER) > 0.5) & (share(-AFTER, -1) < 0.5)


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


def transplanted(bars: History) -> tuple[np.ndarray, np.ndarray]:
    """Say which bars stand, with all four prices and volume, on another session of the symbol too.

    One of the two was copied to a session where it does not belong; when the later one is the
    original, the future stands in the past. Bars without range or volume do not count: a standing
    price repeats by itself. Repeats on adjacent bars are ``COPIED``, not this.

    Returns
    -------
    found : bool array
    twin : int array
        Row of the other bar (the nearest one in file order); -1 where there is none.
    """
    values = bars.values
    alive = (values[:, 1] > values[:, 2]) & (values[:, 4] >= TRANSPLANT_VOLUME)
    rows = np.flatnonzero(alive)
    order = rows[np.lexsort((rows, *values[rows].T, bars.symbol[rows]))]
    key = np.column_stack([bars.symbol[order], values[order]])
    same = (key[1:] == key[:-1]).all(axis=1) & (np.diff(order) > 1)
    twin = np.full(len(values), -1)
    twin[order[1:][same]] = order[:-1][same]
    twin[order[:-1][same]] = order[1:][same]
    return twin >= 0, twin
